package ingest

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"corrgraph/feed"
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
	batches []*odds.Batch
	receipt Receipt
	fresh   []*odds.Batch // batches to append, in event-time order
	err     error
	done    chan struct{} // closed once receipt and err are set
}

// Ingester accepts ticks. Run must be called once; the other methods are safe for
// concurrent use while it runs.
type Ingester struct {
	o        Options
	requests chan *request // bounded; if full, senders get ErrBusy
	ready    atomic.Bool   // the log has been read back
	closing  chan struct{} // closed when no more requests are taken
	stopped  chan struct{} // closed when Run returns
	skew     atomic.Int64  // how far ahead of the clock a tick may be, ms
	heldBack atomic.Int64  // batches waiting in order
	feeds    feeds
	waits    atomic.Pointer[Ahead] // nil: nothing in the log is ahead of the clock

	// The rest belongs to Run's goroutine.
	judge judge
	order order
	ahead ahead
	enc   ticklog.Encoder
}

// New returns an Ingester that has not read its log yet.
func New(o Options) *Ingester {
	o.fill()
	g := &Ingester{
		o: o, requests: make(chan *request, o.Queue), closing: make(chan struct{}), stopped: make(chan struct{}),
		feeds: newFeeds(), judge: newJudge(o.OutOfOrder, o.Remember), order: newOrder(),
	}
	g.SetFutureSkew(o.FutureSkew)
	return g
}

// SetFutureSkew changes how far ahead of the clock a tick may be. Zero means 10 s.
func (g *Ingester) SetFutureSkew(m odds.Millis) { g.skew.Store(int64(orElse(m, 10_000))) }

// Feeds returns the statistics of every source and venue, sorted by source and venue.
// The slice is shared and must not be changed.
func (g *Ingester) Feeds() []feed.Stats { return g.feeds.list() }

// HeldBack returns how many accepted batches wait for earlier ones.
func (g *Ingester) HeldBack() int { return int(g.heldBack.Load()) }

// Refusing lists the sources of which most quotes were refused lately, by name.
func (g *Ingester) Refusing() []Refusing { return g.feeds.refusing() }

// Ahead returns the first batch of the log that waits for the clock to reach it; nil if
// none does.
func (g *Ingester) Ahead() *Ahead { return g.waits.Load() }

// Accept takes batches, each in the order of its source, and owns them from then
// on. It returns once the accepted ones are on disk. After ErrRecovering,
// ErrStopped, ErrBusy or an error of the log nothing was accepted. If ctx ends
// first, its cause is returned and the batches may or may not have been accepted.
// In every case it is safe to send them again.
func (g *Ingester) Accept(ctx context.Context, batches []*odds.Batch) (Receipt, error) {
	if !g.ready.Load() {
		return Receipt{}, ErrRecovering
	}
	r := &request{batches: batches, done: make(chan struct{})}
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
		err = context.Cause(ctx)
	}
	select {
	case <-r.done: // if both happen at once, the receipt wins
		return r.receipt, r.err
	default:
		return Receipt{}, err
	}
}

// Run reads the log back, then accepts ticks until ctx ends, delivers everything
// accepted and returns nil; or it returns the error of the log that stopped it, or
// ErrTurned. It closes the sink in any case.
func (g *Ingester) Run(ctx context.Context, to Sink) error {
	defer close(g.stopped)
	defer to.Close()
	err := g.ahead.open(ctx, g.o.Log, g.o.Damaged)
	defer g.ahead.close()
	if err == nil {
		err = g.recover(ctx, to)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	err = g.serve(ctx, to)
	close(g.closing)
	g.refuseAll()
	g.deliver(to, odds.Never, 0)
	return err
}

// recoverQuotes is how many quotes, or batches, are read back per delivery: a few
// deliveries wait in memory at a time.
const recoverQuotes = 4096

// recover delivers the content of the log as if it arrived again, up to what is ahead of
// the clock.
func (g *Ingester) recover(ctx context.Context, to Sink) error {
	for more := true; more; {
		var err error
		if more, err = g.recall(to); err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	to.Recovered(func() { g.ready.Store(true) })
	return nil
}

// recall delivers the next part of the log; more is false once all of it up to the clock
// has been delivered.
func (g *Ingester) recall(to Sink) (more bool, err error) {
	now := g.now()
	for n := 0; n < recoverQuotes; {
		b, err := g.ahead.take(now.Add(g.tolerance()))
		if b != nil {
			g.judge.recall(b, now)
			g.feeds.heard(b, 0)
			g.order.add(b)
			n += b.Quotes() + 1
		}
		if err != nil {
			return false, err
		}
		if b == nil {
			g.wait()
			g.deliver(to, g.judge.floor+1, 0)
			return false, nil
		}
	}
	g.deliver(to, g.judge.floor+1, 0)
	return true, nil
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

// serve takes requests until ctx ends.
func (g *Ingester) serve(ctx context.Context, to Sink) error {
	idle := time.NewTimer(g.o.Idle)
	defer idle.Stop()
	for {
		var err error
		select {
		case r := <-g.requests:
			group := g.gather(r)
			if err = g.due(to); err == nil {
				err = g.take(group, to)
			} else {
				refuse(group, ErrStopped)
			}
		case <-idle.C:
			if err = g.due(to); err == nil {
				g.quiet(to)
			}
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
		idle.Reset(g.o.Idle)
	}
}

// due delivers what the clock has reached of the log.
func (g *Ingester) due(to Sink) error {
	for more := g.ahead.next != nil; more; {
		var err error
		if more, err = g.recall(to); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers requests of which nothing was accepted.
func refuse(group []*request, err error) {
	for _, r := range group {
		r.err = err
		close(r.done)
	}
}

// refuseAll answers the requests that are still waiting.
func (g *Ingester) refuseAll() {
	for {
		select {
		case r := <-g.requests:
			refuse([]*request{r}, ErrStopped)
		default:
			return
		}
	}
}

// Limits of a group, whose requests share one append: in a larger group the first
// requests wait long, a smaller one costs more commits.
const (
	groupRequests = 64
	groupQuotes   = 1 << 16
)

// gather collects the requests waiting behind r.
func (g *Ingester) gather(r *request) []*request {
	group, quotes := []*request{r}, Quotes(r.batches)
	for len(group) < groupRequests && quotes < groupQuotes {
		select {
		case r := <-g.requests:
			group = append(group, r)
			quotes += Quotes(r.batches)
		default:
			return group
		}
	}
	return group
}

// Quotes counts the prices in batches.
func Quotes(batches []*odds.Batch) (n int) {
	for _, b := range batches {
		n += b.Quotes()
	}
	return n
}

// take judges a group, appends it, answers it and delivers the complete instants. If the
// clock was put back, nothing of the group is accepted and it returns ErrTurned.
func (g *Ingester) take(group []*request, to Sink) error {
	now, skew := g.now(), g.tolerance()
	if g.turned(group, now, skew) {
		refuse(group, ErrRecovering)
		return ErrTurned
	}
	before := g.judge.mark()
	var chunks []ticklog.Chunk
	for _, r := range group {
		g.judge.sift(r, now, skew)
		if len(r.fresh) > 0 {
			chunks = append(chunks, g.enc.Pack(r.fresh))
		}
	}
	err := g.append(chunks)
	if err != nil {
		g.judge.undo(before)
	}
	for _, r := range group {
		g.answer(r, err, now)
	}
	if err == nil && len(chunks) > 0 {
		g.deliver(to, g.judge.floor+1, now)
	}
	return nil
}

// turned reports whether a group shows that the clock was put back.
func (g *Ingester) turned(group []*request, now odds.Time, skew odds.Millis) bool {
	for _, r := range group {
		for _, b := range r.batches {
			if g.judge.turned(b, now, skew) {
				return true
			}
		}
	}
	return false
}

func (g *Ingester) append(chunks []ticklog.Chunk) error {
	if len(chunks) == 0 {
		return nil
	}
	start := time.Now()
	defer func() { g.o.Appended(time.Since(start)) }()
	// A request that has begun is finished: the log has a deadline of its own.
	_, err := g.o.Log.Append(context.Background(), chunks...)
	return err
}

// answer sends the receipt of a request.
func (g *Ingester) answer(r *request, err error, now odds.Time) {
	defer close(r.done)
	if r.err = err; err != nil {
		r.receipt = Receipt{}
		return
	}
	for _, b := range r.fresh {
		g.feeds.heard(b, now)
		g.order.add(b)
	}
	for _, no := range r.receipt.Refused {
		g.feeds.refused(r.batches[no.Batch].Source, no.Reason, no.Quotes)
	}
}

// deliver passes on every instant before a time.
func (g *Ingester) deliver(to Sink, before, accepted odds.Time) {
	var instants [][]*odds.Batch
	for {
		batches := g.order.next(before)
		if batches == nil {
			break
		}
		instants = append(instants, batches)
	}
	g.heldBack.Store(int64(g.order.waiting.Len()))
	to.Deliver(instants, accepted)
}

// quiet delivers everything accepted that is not ahead of the clock, since no tick has
// arrived for a while; later ticks must be newer.
func (g *Ingester) quiet(to Sink) {
	if until, changed := g.judge.close(g.o.CoalesceWindow, g.now()); changed {
		g.deliver(to, until+1, 0)
		to.Quiet()
	}
}

// ordered sorts batches by event time; those of one instant keep their order.
func ordered(batches []*odds.Batch) {
	slices.SortStableFunc(batches, func(a, b *odds.Batch) int { return int(max(-1, min(1, a.At-b.At))) })
}
