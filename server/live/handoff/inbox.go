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
}

// MostSettled is how many quotes wait for the learner at most: a decision takes seconds, in
// which ticks go on. Beyond that senders wait.
const MostSettled = 1 << 19

// Inbox is the queue of the learner.
type Inbox struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   []Parcel // guarded by mu
	quotes  int      // guarded by mu; in queue
	busy    bool     // guarded by mu; the learner is at what it took out
	closed  bool     // guarded by mu
}

// NewInbox returns an empty inbox.
func NewInbox() *Inbox {
	x := &Inbox{}
	x.changed.L = &x.mu
	return x
}

// Put adds a parcel, and waits while there is no room for it.
func (x *Inbox) Put(p Parcel) {
	for _, batches := range p.Instants {
		for _, b := range batches {
			p.quotes += b.Quotes() + 1
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.quotes > 0 && x.quotes+p.quotes > MostSettled {
		x.changed.Wait()
	}
	x.queue = append(x.queue, p)
	x.quotes += p.quotes
	x.changed.Broadcast()
}

// Waiting is how many quotes wait for the learner.
func (x *Inbox) Waiting() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.quotes
}

// Next waits for a parcel; ok is false once there are no more.
func (x *Inbox) Next() (p Parcel, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = false
	for len(x.queue) == 0 {
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
	for !x.closed && (x.busy || len(x.queue) > 0) {
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
