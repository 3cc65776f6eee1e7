package live

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Receipt says what became of the batches of one request.
type Receipt struct {
	Accepted   int       // quotes that are in the log now
	Duplicates int       // quotes that were there already
	Refused    []Refusal // batches that were not taken
}

// Refusal is one batch that was not taken.
type Refusal struct {
	Batch  int // index
	Reason string
	Detail string
	Quotes int
}

// request is what waits at the door.
type request struct {
	batches []*odds.Batch
	receipt Receipt
	fresh   []*odds.Batch // what is left to be kept
	err     error
	done    chan struct{}
}

// door is where ticks come in: one goroutine decides in which order, which are
// late or known, and puts whole groups of requests into the log at once.
type door struct {
	l        *Live
	requests chan *request // bounded; where it is full, senders are told to come again
	closing  chan struct{} // closed when no more are taken

	newest odds.Time // of what was accepted
	floor  odds.Time // what is not after it is late
	known  *ticklog.Seen
	added  []uint64 // hashes of the present group
	names  interner
	feeds  feeds
	enc    ticklog.Encoder
}

// Bounds of a group: a larger one makes those at its head wait, a smaller one
// pays for more commits.
const (
	groupRequests = 64
	groupQuotes   = 1 << 16
)

func newDoor(l *Live) *door {
	return &door{
		l: l, requests: make(chan *request, l.o.Queue), closing: make(chan struct{}), floor: odds.Ever, newest: odds.Ever,
		known: ticklog.NewSeen(l.o.Remember), names: interner{}, feeds: newFeeds(),
	}
}

// Accept takes batches, each in the order of its source. It returns once those
// that it accepts are on disk. Batches belong to the Live from then on. Errors:
// ErrRecovering, ErrStopped, ErrBusy, the log's; then nothing was accepted, or (when
// ctx ends) it is not known whether it was, and the same may be sent again.
func (l *Live) Accept(ctx context.Context, batches []*odds.Batch) (Receipt, error) {
	if l.state.Load().Recovering {
		return Receipt{}, ErrRecovering
	}
	r := &request{batches: batches, done: make(chan struct{})}
	select {
	case <-l.door.closing:
		return Receipt{}, ErrStopped
	case l.door.requests <- r:
	default:
		return Receipt{}, ErrBusy
	}
	var err error
	select {
	case <-r.done:
		return r.receipt, r.err
	case <-l.stopped:
		err = ErrStopped
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	select {
	case <-r.done: // at the same moment: what is known is said
		return r.receipt, r.err
	default:
		return Receipt{}, err
	}
}

func (d *door) run(ctx context.Context) {
	defer close(d.l.loop.in)
	idle := time.NewTimer(d.l.o.Idle)
	defer idle.Stop()
	for {
		select {
		case r := <-d.requests:
			d.take(d.gather(r))
			idle.Reset(d.l.o.Idle)
		case <-idle.C:
			d.quiet()
			idle.Reset(d.l.o.Idle)
		case <-ctx.Done():
			close(d.closing)
			d.refuseAll()
			return
		}
	}
}

// refuseAll answers those who still wait.
func (d *door) refuseAll() {
	for {
		select {
		case r := <-d.requests:
			r.err = ErrStopped
			close(r.done)
		default:
			return
		}
	}
}

// gather takes what waits behind r.
func (d *door) gather(r *request) []*request {
	group, quotes := []*request{r}, weight(r)
	for len(group) < groupRequests && quotes < groupQuotes {
		select {
		case r := <-d.requests:
			group = append(group, r)
			quotes += weight(r)
		default:
			return group
		}
	}
	return group
}

func weight(r *request) (n int) {
	for _, b := range r.batches {
		n += b.Quotes()
	}
	return n
}

// take decides on a group, keeps it, answers, and hands it to the loop.
func (d *door) take(group []*request) {
	newest, floor := d.newest, d.floor
	d.added = d.added[:0]
	var chunks []ticklog.Chunk
	now := odds.TimeOf(d.l.o.Clock())
	for _, r := range group {
		d.sift(r, now)
		if len(r.fresh) > 0 {
			chunks = append(chunks, d.enc.Pack(r.fresh))
		}
	}
	var err error
	if len(chunks) > 0 {
		start := d.l.up()
		// A request that was begun is finished: the deadline is the log's own.
		_, err = d.l.o.Log.Append(context.Background(), chunks...)
		d.l.timed("append", start)
	}
	if err != nil {
		d.newest, d.floor = newest, floor
		for _, h := range d.added {
			d.known.Remove(h)
		}
	}
	var fresh []*odds.Batch
	for _, r := range group {
		if r.err = err; err != nil {
			r.receipt = Receipt{}
		} else {
			fresh = append(fresh, r.fresh...)
			d.feeds.note(r.fresh, now)
			d.feeds.refused(r)
		}
		close(r.done)
	}
	if len(fresh) > 0 {
		d.l.loop.in <- delivery{batches: fresh, before: d.floor + 1, feeds: d.feeds.publish(), at: now}
	}
}

// sift sorts out what is late, from the future or known, and puts the rest of a
// request in order.
func (d *door) sift(r *request, now odds.Time) {
	for i, b := range r.batches {
		if reason, detail := d.bar(b, now); reason != "" {
			if fresh := d.unknown(b, false); len(fresh) == 0 && reason == "late" {
				r.receipt.Duplicates += b.Quotes() // it came before, in time
				continue
			}
			r.receipt.Refused = append(r.receipt.Refused, Refusal{i, reason, detail, b.Quotes()})
			continue
		}
		fresh := d.unknown(b, true)
		n := 0
		for k := range fresh {
			n += len(fresh[k].Quotes)
			fresh[k].Event = d.names.event(b.Source, fresh[k].Event)
		}
		r.receipt.Duplicates += b.Quotes() - n
		if len(fresh) == 0 && len(b.Updates) > 0 {
			continue
		}
		r.receipt.Accepted += n
		own := *b
		own.Updates = fresh
		r.fresh = append(r.fresh, &own)
		d.come(b.At)
	}
	slices.SortStableFunc(r.fresh, func(a, b *odds.Batch) int { return int(max(-1, min(1, a.At-b.At))) })
}

// recall remembers a batch that is in the log.
func (d *door) recall(b *odds.Batch) {
	for i := range b.Updates {
		u := &b.Updates[i]
		d.known.Add(d.known.Hash(b, u))
		u.Event = d.names.event(b.Source, u.Event)
	}
	d.come(b.At)
	d.feeds.note([]*odds.Batch{b}, 0)
}

// come moves the time before which nothing is taken any more.
func (d *door) come(at odds.Time) {
	d.newest = max(d.newest, at)
	d.floor = max(d.floor, d.newest.Add(-d.l.o.OutOfOrder)-1)
}

// bar says why a batch can't be taken; empty when it can.
func (d *door) bar(b *odds.Batch, now odds.Time) (reason, detail string) {
	skew := odds.Millis(d.l.skew.Load())
	switch {
	case b.At <= d.floor:
		return "late", fmt.Sprintf("%s is too late to take its place: ticks up to %s have been applied", b.At, d.floor)
	case b.At > now.Add(skew):
		return "future", fmt.Sprintf("%s is %s ahead of the clock, more than %s", b.At, b.At.Sub(now).Std(), skew.Std())
	}
	return "", ""
}

// unknown returns the updates of b that did not come before, and remembers them
// when they are to be kept.
func (d *door) unknown(b *odds.Batch, keep bool) []odds.Update {
	fresh := make([]odds.Update, 0, len(b.Updates))
	for i := range b.Updates {
		h := d.known.Hash(b, &b.Updates[i])
		switch {
		case !keep && !d.known.Has(h):
			fresh = append(fresh, b.Updates[i])
		case keep && d.known.Add(h):
			d.added = append(d.added, h)
			fresh = append(fresh, b.Updates[i])
		}
	}
	return fresh
}

// quiet lets everything through that was accepted, because nothing has come for a
// while; what comes later must be newer.
func (d *door) quiet() {
	if d.newest == odds.Ever || d.floor >= d.newest {
		return
	}
	// Legs of one market may come this much later; now they may no more, so that the
	// engine need not wait for them.
	d.floor = d.newest.Add(d.l.o.Engine.CoalesceWindow)
	d.l.loop.in <- delivery{before: d.floor + 1, feeds: d.feeds.publish(), idle: true}
}

// interner gives one source event one pointer for as long as it says the same:
// the engine looks events up by it.
type interner map[[2]string]*odds.Event

const internMost = 1 << 17

func (t *interner) event(source string, e *odds.Event) *odds.Event {
	k := [2]string{source, e.ID}
	if was := (*t)[k]; was != nil && equal(was, e) {
		return was
	}
	if len(*t) >= internMost {
		*t = interner{}
	}
	(*t)[k] = e
	return e
}

// equal reports whether two descriptions say the same.
func equal(a, b *odds.Event) bool {
	return a == b || a.Sport == b.Sport && a.League == b.League && a.Start == b.Start && a.Home == b.Home && a.Away == b.Away &&
		a.Title == b.Title && slices.Equal(a.Participants, b.Participants)
}
