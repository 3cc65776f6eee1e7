package ticklog

import (
	"context"
	"fmt"
	"iter"

	"corrgraph/odds"
)

// InOrder yields a log in append order, as it was told. A chunk with a [Head] is one part as
// it stands. Consecutive chunks without one are a recording, which is read in event-time
// order over all of them: it gives one part for each instant, put in order by a [Combiner].
// Chunks appended after the start are not read; chunks trimmed in the meantime may be missing.
// The sequence ends at the first error, which is yielded with a zero Part. Equal events share
// one *odds.Event over the whole sequence.
//
// A chunk that can't be read is told to damaged and passed over, as if the log did not hold
// it: a recording goes on behind it. If damaged is nil, it is an error.
//
// In memory are the chunks of a recording that overlap in event time, one chunk with a head,
// and at most 32 bytes for every chunk of the log. Cost: that of decoding, and a recording is
// fetched twice, because its end must be known before its first instant is.
func InOrder(ctx context.Context, log Reader, damaged func(Damage)) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		o := inOrder{chunks: chunks{log: log, damaged: damaged}, yield: func(p Part) bool { return yield(p, nil) }}
		if err := o.run(ctx); err != nil {
			yield(Part{}, fmt.Errorf("tick log: %w", err))
		}
	}
}

// After is the part of a log after a position, for whoever knows what came before. Of an earlier
// position there is nothing to be read.
func After(log Reader, at Position) Reader { return after{log, at.Next()} }

// UpTo is the part of a log up to a position, whatever is appended meanwhile.
func UpTo(log Reader, last Position) Reader { return upTo{log, last} }

type upTo struct {
	Reader
	last Position
}

// Read implements Reader.
func (u upTo) Read(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return u.cut(u.Reader.Read(ctx, from))
}

// List implements Reader.
func (u upTo) List(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return u.cut(u.Reader.List(ctx, from))
}

func (u upTo) cut(all iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range all {
			if err == nil && e.Position > u.last || !yield(e, err) {
				return
			}
		}
	}
}

// Last implements Reader.
func (u upTo) Last(ctx context.Context) (Position, error) {
	last, err := u.Reader.Last(ctx)
	return min(last, u.last), err
}

type after struct {
	Reader
	first Position
}

// Read implements Reader.
func (a after) Read(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return a.Reader.Read(ctx, max(from, a.first))
}

// List implements Reader.
func (a after) List(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return a.Reader.List(ctx, max(from, a.first))
}

// inOrder is one reading of a log in append order.
type inOrder struct {
	chunks
	recording []place       // chunks without a head since the last with one
	instant   []*odds.Batch // those of the recording's present instant
	combiner  Combiner
	yield     func(Part) bool
	stopped   bool // yield returned false
}

func (o *inOrder) run(ctx context.Context) error {
	all, err := o.list(ctx, odds.Ever, odds.Never)
	if err != nil {
		return err
	}
	for _, c := range all {
		p, err := o.look(ctx, c)
		if p == nil && err == nil {
			continue
		}
		if err := o.tellRecording(ctx); err != nil {
			return err
		}
		if o.stopped || err != nil {
			return err
		}
		if o.tell(*p); o.stopped {
			return nil
		}
	}
	return o.tellRecording(ctx)
}

// look returns what a chunk with a head holds, and makes any other part of the recording.
func (o *inOrder) look(ctx context.Context, c place) (*Part, error) {
	e, err := o.fetch(ctx, c.at)
	if err == nil && headless(e.Payload) {
		o.recording = append(o.recording, c)
		return nil, nil
	}
	p, err := o.unpack(ctx, &e, err)
	if p.Head != (Head{}) {
		return &p, nil
	}
	if len(p.Batches) > 0 { // its version is that of a batch that came late
		o.recording = append(o.recording, c)
	}
	return nil, err
}

// headless reports that a chunk is of a version without heads, as far as that can be told
// before it is decoded.
func headless(payload []byte) bool {
	n := len(magic)
	return len(payload) > n && string(payload[:n]) == magic && payload[n] >= version1 && payload[n] < version4
}

// tellRecording yields the instants of the recording, and ends it.
func (o *inOrder) tellRecording(ctx context.Context) error {
	o.instant = o.instant[:0]
	err := o.byTime(ctx, o.recording, func(b *odds.Batch) bool {
		if len(o.instant) > 0 && o.instant[0].At != b.At {
			o.tellInstant()
		}
		o.instant = append(o.instant, b)
		return !o.stopped
	})
	o.recording = o.recording[:0]
	if err == nil && len(o.instant) > 0 && !o.stopped {
		o.tellInstant()
	}
	return err
}

func (o *inOrder) tellInstant() {
	o.tell(Part{Batches: o.combiner.Combine(o.instant)})
	clear(o.instant)
	o.instant = o.instant[:0]
}

func (o *inOrder) tell(p Part) { o.stopped = !o.yield(p) }
