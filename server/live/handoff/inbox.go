package handoff

import (
	"sync"

	"corrgraph/odds"
)

// Parcel is one item for the learner.
type Parcel struct {
	Instants [][]*odds.Batch // to learn from, in event-time order
	quotes   int
	Quiet    bool          // no further leg of what was settled can come
	Judge    bool          // draw up the judgement anew
	Do       func()        // something to be done in its turn
	End      chan struct{} // the log is read back; closed once all of it is learnt
	Left     *Left         // to be read from the log and learnt from before what comes next; nil: nothing
}

// MostSettled is how many quotes wait for the learner in memory at most, unless said otherwise: a
// decision takes seconds, in which ticks go on.
const MostSettled = 1 << 19

// Inbox is the queue of the learner. What there is no room for is left in the log once that has
// been read back: the learner reads it from there, and nobody waits for it.
type Inbox struct {
	room   int
	leaves bool // the log can be read again

	mu      sync.Mutex
	changed sync.Cond
	queue   []Parcel  // guarded by mu
	quotes  int       // guarded by mu; in queue
	last    odds.Time // guarded by mu; the newest instant that was put
	live    bool      // guarded by mu; the log has been read back
	left    *Left     // guarded by mu; it comes after the queue; nil: nothing is left out
	reading int       // guarded by mu; quotes of what was left that are not learnt yet
	busy    bool      // guarded by mu; the learner is at what it took out
	closed  bool      // guarded by mu
}

// NewInbox returns an empty inbox with room for that many quotes. leaves says that the learner can
// read settled instants from the log.
func NewInbox(room int, leaves bool) *Inbox {
	x := &Inbox{room: room, leaves: leaves, last: odds.Ever}
	x.changed.L = &x.mu
	return x
}

// Put adds a parcel. If there is no room for it, it is left in the log; while the log is read back
// Put waits for room.
func (x *Inbox) Put(p Parcel) {
	p.quotes = Weight(p.Instants...)
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.changed.Broadcast()
	for x.quotes > 0 && x.quotes+p.quotes > x.room && !(x.leaves && x.live) {
		x.changed.Wait()
	}
	if n := len(p.Instants); n > 0 {
		newest := p.Instants[n-1][0].At
		defer func() { x.last = newest }()
		if x.left == nil && x.quotes > 0 && x.quotes+p.quotes > x.room {
			x.left = &Left{After: x.last}
		}
		if x.left != nil {
			x.left.Until, x.left.Quiet = newest, false
			x.left.Quotes += p.quotes
			return
		}
	}
	x.live = x.live || p.End != nil
	switch {
	case x.left == nil:
	case p.Quiet:
		x.left.Quiet = true
		return
	case p.End != nil: // all of it comes before the end
		x.left.End = p.End
		return
	}
	x.queue = append(x.queue, p)
	x.quotes += p.quotes
}

// Live says that what there is no room for is left in the log from now on, as if it had been read back.
func (x *Inbox) Live() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.live = true
}

// Weight is what instants count in the inbox: their quotes, and one for each batch.
func Weight(instants ...[]*odds.Batch) (n int) {
	for _, batches := range instants {
		for _, b := range batches {
			n += b.Quotes() + 1
		}
	}
	return n
}

// Waiting is how many quotes wait for the learner, in memory or in the log.
func (x *Inbox) Waiting() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := x.quotes + x.reading
	if x.left != nil {
		n += x.left.Quotes
	}
	return n
}

// Behind reports whether something is left in the log for the learner, or being read from there.
func (x *Inbox) Behind() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.left != nil || x.reading > 0
}

// Learnt says that so many quotes of what was left are learnt.
func (x *Inbox) Learnt(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.reading = max(0, x.reading-n)
}

// Next waits for a parcel; ok is false once there are no more.
func (x *Inbox) Next() (p Parcel, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy, x.reading = false, 0
	for len(x.queue) == 0 {
		if x.left != nil {
			p.Left, x.left = x.left, nil
			x.busy, x.reading = true, p.Left.Quotes
			return p, true
		}
		x.changed.Broadcast()
		if x.closed {
			return p, false
		}
		x.changed.Wait()
	}
	x.busy = true
	p = x.queue[0]
	x.queue[0] = Parcel{}
	x.queue = x.queue[1:]
	x.quotes -= p.quotes
	x.changed.Broadcast()
	return p, true
}

// Drain waits until all of it is learnt.
func (x *Inbox) Drain() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for !x.closed && (x.busy || len(x.queue) > 0 || x.left != nil) {
		x.changed.Wait()
	}
}

// Close says that there will be no more parcels.
func (x *Inbox) Close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.changed.Broadcast()
}
