package ticklog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"corrgraph/internal/heap"
	"corrgraph/odds"
)

// ByTime yields the batches of a log in event-time order, whatever the order in which their
// chunks were appended; batches of one event time are in append order. Chunks appended
// after the start are not read; chunks trimmed in the meantime may be missing. The sequence
// ends at the first error, which is yielded with a nil batch. Equal events share one
// *odds.Event over the whole sequence. Batches that came late are among them.
//
// Only chunks that overlap in event time are in memory together, plus 16 bytes for every
// chunk of the log. Cost: that of decoding.
func ByTime(ctx context.Context, log Reader) iter.Seq2[*odds.Batch, error] {
	return ByTimeAround(ctx, log, nil)
}

// ByTimeAround is ByTime for a log that may be damaged: a chunk that can't be read is told
// to damaged and passed over.
func ByTimeAround(ctx context.Context, log Reader, damaged func(Damage)) iter.Seq2[*odds.Batch, error] {
	return Between(ctx, log, odds.Ever, odds.Never, damaged)
}

// Between is ByTimeAround for the batches after one event time, up to and including another. Only
// the chunks that they are in are read; every chunk of the log is listed.
func Between(ctx context.Context, log Reader, after, until odds.Time, damaged func(Damage)) iter.Seq2[*odds.Batch, error] {
	return func(yield func(*odds.Batch, error) bool) {
		c := chunks{log: log, damaged: damaged}
		all, err := c.list(ctx, after, until)
		if err == nil {
			err = c.byTime(ctx, all, func(b *odds.Batch) bool { return b.At <= after || b.At <= until && yield(b, nil) })
		}
		if err != nil {
			yield(nil, fmt.Errorf("tick log: %w", err))
		}
	}
}

// place is a chunk's position in reading order.
type place struct {
	from odds.Time
	at   Position
}

// openChunk is a chunk being read; batches is never empty.
type openChunk struct {
	at      Position
	batches []*odds.Batch
}

// before orders chunks by the event time of the next batch, then by position.
func (c *openChunk) before(d *openChunk) bool {
	return cmp.Or(cmp.Compare(c.batches[0].At, d.batches[0].At), cmp.Compare(c.at, d.at)) < 0
}

// timeMerge walks chunks by their first event time.
type timeMerge struct {
	*chunks
	next   []place // not yet opened
	opened heap.Heap[*openChunk]
}

// byTime passes the batches of the chunks at some places on in event-time order, those of one
// event time in append order, until yield returns false. It sorts the places.
func (c *chunks) byTime(ctx context.Context, at []place, yield func(*odds.Batch) bool) error {
	slices.SortFunc(at, func(a, b place) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.at, b.at)) })
	m := timeMerge{c, at, heap.New((*openChunk).before)}
	for {
		if err := m.open(ctx); err != nil {
			return err
		}
		if m.opened.Len() == 0 {
			return nil
		}
		c := m.opened.Top()
		b := c.batches[0]
		if c.batches = c.batches[1:]; len(c.batches) == 0 {
			m.opened.Pop()
		} else {
			m.opened.Fix()
		}
		if !yield(b) {
			return nil
		}
	}
}

// open opens every chunk that could contain the next batch.
func (m *timeMerge) open(ctx context.Context) error {
	for len(m.next) > 0 && (m.opened.Len() == 0 || m.next[0].from <= m.opened.Top().batches[0].At) {
		at := m.next[0].at
		m.next = m.next[1:]
		e, err := m.fetch(ctx, at)
		p, err := m.unpack(ctx, &e, err)
		if err != nil {
			return err
		}
		if len(p.Batches) > 0 {
			m.opened.Push(&openChunk{at, p.Batches})
		}
	}
	return nil
}

// chunks loads the chunks of a log.
type chunks struct {
	log     Reader
	damaged func(Damage) // nil: damage is an error
	dec     Decoder
}

// list returns the places of the chunks that reach beyond one event time and begin up to another,
// in append order.
func (c *chunks) list(ctx context.Context, after, until odds.Time) (all []place, err error) {
	last, err := c.log.Last(ctx)
	if err != nil {
		return nil, err
	}
	for e, err := range c.log.List(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if e.Position > last {
			break
		}
		if e.To > after && e.From <= until {
			all = append(all, place{e.From, e.Position})
		}
	}
	return all, nil
}

// errGone is the damage of a chunk that is listed and not there. One that was trimmed in the
// meantime gives ErrTrimmed instead.
var errGone = fmt.Errorf("%w: it is listed, but not there", ErrDamaged)

// fetch reads a chunk without decoding it. With an error, the entry has its position only.
func (c *chunks) fetch(ctx context.Context, at Position) (Entry, error) {
	for e, err := range c.log.Read(ctx, at) {
		if err != nil {
			return Entry{Position: at}, err
		}
		if e.Position == at {
			return e, nil
		}
		break
	}
	return Entry{Position: at}, errGone
}

// unpack decodes what fetch returned. The part is zero if the chunk was trimmed in the
// meantime, or is damaged and passed over.
func (c *chunks) unpack(ctx context.Context, e *Entry, err error) (p Part, _ error) {
	if errors.Is(err, ErrTrimmed) {
		return Part{}, nil
	}
	if err == nil {
		p, err = c.dec.decode(e)
	}
	switch {
	case err == nil:
		return p, nil
	case c.damaged == nil || ctx.Err() != nil:
		return Part{}, fmt.Errorf("chunk %d: %w", e.Position, err)
	}
	c.damaged(c.dec.damage(e, err))
	return Part{}, nil
}
