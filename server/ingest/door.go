package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"corrgraph/feed"
	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Cuts takes checkpoints. Its methods are called from Run's goroutine, between two appends.
type Cuts interface {
	// Due reports whether a door is wanted. quotes have been told since the last one; last says
	// that no more will be. It must be quick.
	Due(quotes int, last bool) bool
	// Cut takes what the Ingester remembers. The sink has been told all of the log up to
	// Door.At, and has been given what was settled by it; nothing that comes later.
	Cut(d *Door)
}

// Door is what an Ingester remembers at a position of its log. It never changes.
type Door struct {
	At    ticklog.Position
	Clock odds.Time // when something was appended last
	AsOf  odds.Time // the newest instant that was settled
	Until odds.Time // the clock up to which what waited was let go

	verdict, legs odds.Time
	marks         map[string]heard
	waited        bool
	frontier      frontier
	forced        uint64
	waiting       []*odds.Batch // in the order in which they are settled
	older, newer  []uint64      // updates that are recognised
	feeds         []feed.Stats
}

const doorMagic = "corrgraph door\n"

// DoorVersion changes with anything that a Door holds.
const DoorVersion = 2

// door is what g remembers. Cost: O(sources, and batches that wait).
func (g *Ingester) door() *Door {
	d := &Door{
		At: g.at, Clock: g.told, AsOf: g.stage.frontier.given, Until: g.stage.clock, verdict: g.verdict, legs: g.legs, marks: make(map[string]heard, len(g.stage.marks.of)),
		waited: g.stage.marks.waited, frontier: g.stage.frontier, forced: g.stage.forced, waiting: g.stage.order.list(), feeds: g.feeds.list(),
	}
	for name, h := range g.stage.marks.of {
		d.marks[name] = *h
	}
	d.older, d.newer = g.judge.known.List()
	return d
}

// list returns what waits, in the order in which it is released.
func (o *order) list() []*odds.Batch {
	all := slices.Clone(o.waiting.Items())
	slices.SortFunc(all, func(a, b held) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	out := make([]*odds.Batch, len(all))
	for i := range all {
		out[i] = all[i].b
	}
	return out
}

// cut hands over what g remembers, if that is wanted and the log holds nothing that was not told.
func (g *Ingester) cut(last bool) {
	if g.o.Cuts == nil || g.at == 0 || g.unsure || g.lost || g.ahead.next != nil || !g.o.Cuts.Due(g.since, last) {
		return
	}
	g.since = 0
	g.o.Cuts.Cut(g.door())
}

// resume makes g remember what a door says.
func (g *Ingester) resume(d *Door) {
	g.at, g.told, g.verdict, g.legs = d.At, d.Clock, d.verdict, d.legs
	for name, h := range d.marks {
		g.stage.marks.of[name] = &h
	}
	g.stage.marks.waited, g.stage.frontier, g.stage.forced, g.stage.clock = d.waited, d.frontier, d.forced, d.Until
	g.stage.frontier.window = g.o.CoalesceWindow
	for _, b := range d.waiting {
		g.judge.names.all(b)
		g.stage.order.add(b)
	}
	g.judge.known = ticklog.Restored(g.o.Remember, d.older, d.newer)
	g.feeds.restore(d.feeds)
}

// restore takes over the counters of feeds. How late they came, and what was refused, is of the
// process that ended.
func (f *feeds) restore(all []feed.Stats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = nil
	for _, was := range all {
		s := f.feedLocked(was.Source, was.Venue)
		s.Quotes, s.Late, s.Last, s.Polled = was.Quotes, was.Late, was.Last, was.Polled
	}
}

// Save writes the door for [RestoreDoor].
func (d *Door) Save(w io.Writer) error {
	c := state.NewWriter(w, doorMagic, DoorVersion)
	d.state(c)
	if err := c.Close(); err != nil {
		return fmt.Errorf("ingest: save: %w", err)
	}
	return nil
}

// RestoreDoor reads what Save has written. Damaged input, or another version, is an error that
// wraps one of package internal/state.
func RestoreDoor(r io.Reader) (_ *Door, err error) {
	c, err := state.NewReader(r, doorMagic, DoorVersion)
	if err != nil {
		return nil, fmt.Errorf("ingest: restore: %w", err)
	}
	d := &Door{marks: map[string]heard{}}
	d.state(c)
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("ingest: restore: %w", err)
	}
	return d, nil
}

func (d *Door) state(c *state.Coder) {
	f := &d.frontier
	c.Values(&d.At, &d.Clock, &d.AsOf, &d.Until, &d.verdict, &d.legs, &d.waited, &f.given, &f.closed, &f.quiet, &d.forced, &d.older, &d.newer)
	state.Map(c, d.marks, strings.Compare, func(name *string, h *heard) {
		x := &h.delays
		c.Values(name, &h.last, &h.newest, &h.mark, &x.begun, &x.received, &x.accepted, &x.computed, &x.most, &x.counts)
	})
	state.Slice(c, &d.feeds, func(s *feed.Stats) { c.Values(&s.Source, &s.Venue, &s.Quotes, &s.Late, &s.Last, &s.Polled) })
	d.batches(c)
}

// chunkOf is how many batches that wait are packed together.
const chunkOf = 256

// batches codes what waits as the log does.
func (d *Door) batches(c *state.Coder) {
	var enc ticklog.Encoder
	var dec ticklog.Decoder
	var packed []string
	for part := range slices.Chunk(d.waiting, chunkOf) {
		packed = append(packed, string(enc.Encode(part)))
	}
	for c.Values(&packed); len(packed) > 0 && c.Reading() && c.Err() == nil; packed = packed[1:] {
		part, err := dec.Decode([]byte(packed[0]))
		if err != nil {
			c.Fail(fmt.Errorf("%w: %w", state.ErrCorrupt, err))
		}
		d.waiting = append(d.waiting, part...)
	}
	if c.Reading() && !slices.IsSortedFunc(d.waiting, func(a, b *odds.Batch) int { return int(max(-1, min(1, a.At-b.At))) }) {
		c.Fail(state.ErrCorrupt)
	}
}

// ErrTail wraps why a log can't be read on from a door.
var ErrTail = errors.New("the tick log can't be read on from there")

// Mark identifies the content of a log at a position.
func Mark(ctx context.Context, log ticklog.Reader, at ticklog.Position) (string, error) {
	for e, err := range log.Read(ctx, at) {
		if err != nil {
			return "", err
		}
		if e.Position == at {
			return fmt.Sprintf("%x", sha256.Sum256(e.Payload)), nil
		}
		break
	}
	return "", fmt.Errorf("%w: it has nothing at position %d", ErrTail, at)
}

// Fits returns an error unless a log, whose mark at d.At was known, can be read on from there at
// a time of the clock: it must still hold that, and go on with what services appended, and
// nothing of it may be ahead of the clock by more than skew. Cost: that of decoding the rest.
func (d *Door) Fits(ctx context.Context, log ticklog.Reader, mark string, now odds.Time, skew odds.Millis) error {
	is, err := Mark(ctx, log, d.At)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrTail, err)
	case is != mark:
		return fmt.Errorf("%w: it holds something else at position %d", ErrTail, d.At)
	}
	cut := now.Add(orElse(skew, byDefaultSkew))
	if max(d.Clock, d.frontier.closed) > cut {
		return fmt.Errorf("%w: the clock was put back behind it", ErrTail)
	}
	var dec ticklog.Decoder
	for e, err := range ticklog.After(log, d.At).Read(ctx, 0) {
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTail, err)
		}
		p, err := dec.DecodePart(e.Payload)
		switch n := len(p.Batches); {
		case err != nil: // it is passed over, whoever reads it
		case p.Clock == 0:
			return fmt.Errorf("%w: a recording was added at position %d, which belongs among what came before", ErrTail, e.Position)
		case p.Clock > cut, p.Verdict > cut, n > 0 && p.Batches[n-1].At > cut:
			return fmt.Errorf("%w: at position %d it is ahead of the clock", ErrTail, e.Position)
		}
	}
	return nil
}
