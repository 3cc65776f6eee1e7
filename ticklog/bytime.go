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
// *odds.Event over the whole sequence.
//
// Only chunks that overlap in event time are in memory together, plus 16 bytes for every
// chunk of the log. Cost: that of decoding.
func ByTime(ctx context.Context, log Reader) iter.Seq2[*odds.Batch, error] {
	return ByTimeAround(ctx, log, nil)
}

// ByTimeAround is ByTime for a log that may be damaged: a chunk that can't be read is told
// to damaged and passed over.
func ByTimeAround(ctx context.Context, log Reader, damaged func(Damage)) iter.Seq2[*odds.Batch, error] {
	return func(yield func(*odds.Batch, error) bool) {
		m := timeMerge{log: log, damaged: damaged, opened: heap.New((*openChunk).before)}
		if err := m.run(ctx, func(b *odds.Batch) bool { return yield(b, nil) }); err != nil {
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

// timeMerge walks the chunks by their first event time.
type timeMerge struct {
	log     Reader
	damaged func(Damage) // nil: damage ends the sequence
	dec     Decoder
	next    []place // not yet opened
	opened  heap.Heap[*openChunk]
}

func (m *timeMerge) run(ctx context.Context, yield func(*odds.Batch) bool) error {
	if err := m.list(ctx); err != nil {
		return err
	}
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

// list records every chunk of the log, in reading order.
func (m *timeMerge) list(ctx context.Context) error {
	last, err := m.log.Last(ctx)
	if err != nil {
		return err
	}
	for e, err := range m.log.List(ctx, 0) {
		if err != nil {
			return err
		}
		if e.Position > last {
			break
		}
		m.next = append(m.next, place{e.From, e.Position})
	}
	slices.SortFunc(m.next, func(a, b place) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.at, b.at)) })
	return nil
}

// open opens every chunk that could contain the next batch.
func (m *timeMerge) open(ctx context.Context) error {
	for len(m.next) > 0 && (m.opened.Len() == 0 || m.next[0].from <= m.opened.Top().batches[0].At) {
		p := m.next[0]
		m.next = m.next[1:]
		e, batches, err := m.load(ctx, p.at)
		switch {
		case err == nil:
		case m.damaged == nil || ctx.Err() != nil:
			return fmt.Errorf("chunk %d: %w", p.at, err)
		default:
			m.damaged(m.dec.damage(&e, err))
		}
		if len(batches) > 0 {
			m.opened.Push(&openChunk{p.at, batches})
		}
	}
	return nil
}

// errGone is the damage of a chunk that is listed and not there. One that was trimmed in the
// meantime gives ErrTrimmed instead.
var errGone = fmt.Errorf("%w: it is listed, but not there", ErrDamaged)

// load reads a chunk; nil if it was trimmed in the meantime. With an error, e is what could
// be read of it.
func (m *timeMerge) load(ctx context.Context, at Position) (e Entry, batches []*odds.Batch, err error) {
	for e, err := range m.log.Read(ctx, at) {
		switch {
		case errors.Is(err, ErrTrimmed):
			return e, nil, nil
		case err != nil:
			return Entry{Position: at}, nil, err
		case e.Position == at:
			batches, err = m.dec.decode(&e)
			return e, batches, err
		}
		break
	}
	return Entry{Position: at}, nil, errGone
}
