package ingest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"corrgraph/feed"
	"corrgraph/internal/lag"
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Receipt is the result for the batches of one request.
type Receipt struct {
	Accepted   int       // quotes now in the log
	Duplicates int       // quotes that were in the log already
	Refused    []Refusal // batches that were refused
}

// Refusal is one refused batch.
type Refusal struct {
	Batch  int    // index in the request
	Reason string // "late" or "future"
	Detail string // the limit that it exceeds
	Quotes int
}

// request is one call of Accept that waits for its receipt.
type request struct {
	batches []*odds.Batch // nobody's but Run's once it is claimed
	claimed atomic.Bool   // by Run, or by a sender that waits no longer
	begun   time.Time     // when it began to wait; zero for a piece of another one
	synced  int64         // Ingester.synced then
	receipt Receipt
	fresh   []*odds.Batch // batches to append, in event-time order
	err     error
	done    chan struct{} // closed once receipt and err are set
}

// claim reports whether the request is the caller's: Run's, to be judged, or its sender's, to
// be given up. Only the first caller has it.
func (r *request) claim() bool { return r.claimed.CompareAndSwap(false, true) }

// Ingester accepts ticks. Run must be called once; the other methods are safe for
// concurrent use while it runs.
type Ingester struct {
	o        Options
	requests chan *request // bounded; senders wait in it, and if it is full they get ErrBusy
	beats    chan *beat    // of whoever drives the clock, who waits for each
	ready    atomic.Bool   // the log has been read back
	closing  chan struct{} // closed when no more requests are taken
	stopped  chan struct{} // closed when Run returns
	skew     atomic.Int64  // how far ahead of the clock a tick may be, ms
	heldBack atomic.Int64  // batches waiting for the frontier
	slowest  atomic.Pointer[Slowest]
	forced   atomic.Uint64 // batches that did not wait, because too many did
	synced   atomic.Int64  // ns spent on appends to the log
	lag      lag.Lag       // of requests, without what they waited for the log
	feeds    feeds
	waits    atomic.Pointer[Ahead] // nil: nothing in the log is ahead of the clock
	damaged  func(ticklog.Damage)  // nil: a chunk that can't be read is an error

	// The rest belongs to Run's goroutine.
	at      ticklog.Position // of the newest chunk that was told
	unsure  bool             // the last append failed, and the log may hold something of it
	lost    bool             // the log holds something that was not told
	since   int              // quotes told since a door was handed over
	stage   stage
	judge   judge
	ahead   ahead
	enc     ticklog.Encoder
	told    odds.Time // the latest clock at which something was appended
	verdict odds.Time // of the newest head; it never falls
	legs    odds.Time // clock of the last chunk with a stream's batch that no clock record has followed; 0: none
}

// New returns an Ingester that has not read its log yet.
func New(o Options) *Ingester {
	o.fill()
	g := &Ingester{
		o: o, requests: make(chan *request, o.Queue), beats: make(chan *beat), closing: make(chan struct{}), stopped: make(chan struct{}),
		feeds: newFeeds(), stage: newStage(&o), told: odds.Ever,
	}
	if o.Damaged != nil {
		g.damaged = (&damages{tell: o.Damaged, told: map[ticklog.Position]bool{}}).note
	}
	g.judge = newJudge(&g.stage, o.Remember)
	g.SetFutureSkew(o.FutureSkew)
	return g
}

// SetFutureSkew changes how far ahead of the clock a tick may be. Zero means 10 s.
func (g *Ingester) SetFutureSkew(m odds.Millis) { g.skew.Store(int64(orElse(m, byDefaultSkew))) }

// Feeds returns the statistics of every source and venue, sorted by source and venue.
// The slice is shared and must not be changed.
func (g *Ingester) Feeds() []feed.Stats { return g.feeds.list() }

// HeldBack returns how many accepted batches wait until no source can add to their instant.
func (g *Ingester) HeldBack() int { return int(g.heldBack.Load()) }

// Slowest returns the source that held up what is learnt from when somebody was heard last, or a
// timer looked.
func (g *Ingester) Slowest() Slowest {
	if s := g.slowest.Load(); s != nil {
		return *s
	}
	return Slowest{}
}

// Forced returns how many batches were settled before slower sources could add to their
// instant, because too many quotes waited.
func (g *Ingester) Forced() uint64 { return g.forced.Load() }

// Refusing lists the sources of which most quotes were refused lately, by name.
func (g *Ingester) Refusing() []Refusing { return g.feeds.refusing() }

// Ahead returns the first batch of the log that waits for the clock to reach it; nil if
// none does.
func (g *Ingester) Ahead() *Ahead { return g.waits.Load() }

// Late returns the longest that a request of live ticks has waited since the last call, the
// one at hand included, for the processor: without the appends to the log meanwhile, which
// nobody but the disk makes faster. It is for one goroutine.
func (g *Ingester) Late() time.Duration { return g.lag.Worst(time.Now()) }

// Full reports whether further requests get ErrBusy now.
func (g *Ingester) Full() bool { return len(g.requests) == cap(g.requests) }

// Accept takes batches, each in the order of its source, and owns them from then
// on. It returns once the accepted ones are on disk. After ErrRecovering,
// ErrStopped, ErrBusy or an error of the log nothing was accepted, but of a
// recording that is sent the minutes before the failure may have been. If ctx ends
// before it is their turn, that is ErrBusy with the cause of ctx; if it ends later,
// its cause is returned and the batches may or may not have been accepted. In every
// case it is safe to send them again.
func (g *Ingester) Accept(ctx context.Context, batches []*odds.Batch) (Receipt, error) {
	if !g.ready.Load() {
		return Receipt{}, ErrRecovering
	}
	r := &request{batches: batches, done: make(chan struct{}), begun: time.Now(), synced: g.synced.Load()}
	select {
	case <-g.closing:
		return Receipt{}, ErrStopped
	case g.requests <- r:
	default:
		return Receipt{}, ErrBusy
	}
	var err error
	select {
	case <-r.done:
		return r.receipt, r.err
	case <-g.stopped:
		err = ErrStopped
	case <-ctx.Done():
		if err = context.Cause(ctx); r.claim() {
			r.batches = nil // it stays in the queue until its turn
			return Receipt{}, fmt.Errorf("%w: %w", ErrBusy, err)
		}
	}
	select {
	case <-r.done: // if both happen at once, the receipt wins
		return r.receipt, r.err
	default:
		return Receipt{}, err
	}
}

// Run reads the log back, then accepts ticks until ctx ends, settles everything
// accepted and returns nil; or it returns the error of the log that stopped it, or
// ErrTurned. It closes the sink in any case.
func (g *Ingester) Run(ctx context.Context, to Sink) error {
	defer close(g.stopped)
	defer to.Close()
	if err := g.recover(ctx, to); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer g.ahead.close()
	err := g.serve(ctx, to)
	close(g.closing)
	g.refuseAll()
	if err == nil {
		g.cut(true)
	}
	g.settle(to, g.stage.rest())
	return err
}

// wait publishes what waits for the clock.
func (g *Ingester) wait() {
	var first *Ahead
	if b := g.ahead.next; b != nil {
		first = &Ahead{b.Source, b.At}
	}
	if was := g.waits.Load(); was == nil || first == nil || *was != *first {
		g.waits.Store(first)
	}
}

func (g *Ingester) now() odds.Time { return odds.TimeOf(g.o.Clock()) }

// tolerance is how far ahead of the clock a tick may be.
func (g *Ingester) tolerance() odds.Millis { return odds.Millis(g.skew.Load()) }

// settle passes on what was released.
func (g *Ingester) settle(to Sink, r released) {
	g.heldBack.Store(int64(g.stage.order.waiting.Len()))
	g.forced.Store(g.stage.forced)
	if was, is := g.slowest.Load(), g.stage.marks.slow; was == nil || was.Source != is.Source || is.UpTo.Sub(was.UpTo) >= 1000 || is.Behind-was.Behind >= 1000 {
		g.slowest.Store(&is)
	}
	if len(r.instants) > 0 {
		to.Settle(r.instants)
	}
	if r.quiet {
		to.Quiet()
	}
}

// Quotes counts the prices in batches.
func Quotes(batches []*odds.Batch) (n int) {
	for _, b := range batches {
		n += b.Quotes()
	}
	return n
}
