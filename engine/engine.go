package engine

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Engine holds the live state. Its methods must be called from one goroutine.
type Engine struct {
	opt Options

	newest  odds.Time // of what was given
	now     odds.Time // of what was applied
	legs    *series.Coalescer
	decided odds.Time // end of the last decision window
	rounds  int       // of decisions so far

	venues  map[string]*venue
	sources map[string]*source
	events  map[string]*event
	order   []*event
	known   map[*odds.Event]known
	cat     *catalog.Catalog

	families map[graph.FamilyKey]*family
	list     []*family
	unready  []*family // without an axis yet
	axes     map[odds.Millis]*leadlag.Axis
	groups   map[string]*grouping
	drawn    map[drawnKey]*drawn

	moved   []move // of the present batch
	waiting []move // to be correlated, whole instants at a time
	dirty   []*market
	panel   series.Panel
	member  []series.Member
	work    leadlag.Scratch
	devig   devigBuf

	calls  callBook
	alarms detectors
	count  Counts
	met    atomic.Int64 // coincidences
	news   News
	found  map[*pair]graph.Edge // pairs found by themselves at the last search
}

// Counts is what an engine has seen.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Partial                            int // updates whose outcomes were no complete set
	Coincidences                       int // moves of one series that met moves of another within reach
	Pairs                              [5]int
	LeftOut                            map[string]int
}

// move is one increment of the present batch.
type move struct {
	n   *node
	inc series.Increment
	rms float64 // of the node before the move
}

// New returns an empty engine.
func New(opt Options) *Engine {
	opt.fill()
	return &Engine{
		opt: opt, legs: series.NewCoalescer(opt.CoalesceWindow), venues: map[string]*venue{}, sources: map[string]*source{}, events: map[string]*event{},
		known: map[*odds.Event]known{}, cat: catalog.New(opt.Facts, catalog.Options{}), families: map[graph.FamilyKey]*family{}, axes: map[odds.Millis]*leadlag.Axis{},
		groups: map[string]*grouping{}, drawn: map[drawnKey]*drawn{}, count: Counts{LeftOut: map[string]int{}}, alarms: newWatchman(),
	}
}

// Now is the newest event time applied.
func (e *Engine) Now() odds.Time { return e.now }

// Counts returns what has been seen so far.
func (e *Engine) Counts() Counts {
	c := e.count
	c.Coincidences = int(e.met.Load())
	c.LeftOut = maps.Clone(c.LeftOut)
	for _, l := range e.cat.Watched().LeftOut {
		c.LeftOut[l.Layer.Key()+" "+l.Reason] += l.Pairs
	}
	return c
}

// Apply takes the next batch. Batches must come in event-time order; one from
// before the newest is an error, for the feed's merge has put them in order. A
// stream's batch is held back for as long as other legs of its markets may come.
func (e *Engine) Apply(b *odds.Batch) error {
	if b.At < e.newest {
		return fmt.Errorf("engine: batch of %s at %v comes after %v", b.Source, b.At, e.newest)
	}
	e.newest = b.At
	return e.legs.Push(b, e.apply)
}

// apply takes a batch whose updates are as whole as they will be.
func (e *Engine) apply(b *odds.Batch) error {
	if b.At > e.now { // all moves of one instant are in
		if len(e.waiting) >= waitMost {
			e.correlate()
		}
		e.decideUpTo(b.At)
	}
	e.now = b.At
	src := e.source(b)
	e.count.Batches++
	for i := range b.Updates {
		e.update(src, b, &b.Updates[i])
	}
	e.settle(b.At)
	e.forecast()
	e.tell()
	e.waiting = append(e.waiting, e.moved...)
	e.moved = e.moved[:0]
	return nil
}

func (e *Engine) source(b *odds.Batch) *source {
	s := e.sources[b.Source]
	if s == nil {
		s = &source{name: b.Source, polled: b.Polled}
		e.sources[b.Source] = s
	}
	if b.Resolution > s.stated {
		s.stated = b.Resolution
	}
	if b.Polled && b.At > s.clock.Last {
		s.joined = s.clock.Tick(b.At)
	}
	return s
}

func (e *Engine) venue(name string) *venue {
	v := e.venues[name]
	if v == nil {
		v = &venue{name: name, index: len(e.venues)}
		e.venues[name] = v
	}
	return v
}

// waitMost is how many moves wait to be correlated together, if no decision
// comes first.
const waitMost = 4096

// correlate counts the waiting moves in the evidence of their families. Each
// family is one worker's, which takes the moves in their order, so that the sums
// do not depend on how many workers there are.
func (e *Engine) correlate() {
	e.ready()
	workers := e.workers()
	if len(e.waiting) < waitMost/8 {
		workers = 1
	}
	if workers == 1 {
		e.share(0, 1, &e.work)
	} else {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() { e.share(w, workers, &leadlag.Scratch{}) })
		}
		wg.Wait()
	}
	e.waiting = e.waiting[:0]
}

// ready gives families of streams their axis before their first moves are counted.
// What a poll resolves is known after a few polls: those families wait for the
// next decision, which counts their moves anew.
func (e *Engine) ready() {
	wait := e.unready[:0]
	for _, f := range e.unready {
		switch r := f.resolution(); {
		case f.ev != nil:
		case r > 0 && !f.polled():
			f.ev = leadlag.NewEvidence(e.axis(r), true)
		default:
			wait = append(wait, f)
		}
	}
	clear(e.unready[len(wait):])
	e.unready = wait
}

// polled reports whether a poll's clock is behind either side.
func (f *family) polled() bool {
	for _, n := range []*node{f.pairs[0].a, f.pairs[0].b} {
		if s := n.source(); s == nil || s.polled {
			return true
		}
	}
	return false
}

func (e *Engine) workers() int {
	if e.opt.Workers > 0 {
		return e.opt.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// each calls f for every index below n, side by side where that is worth it. What
// f does for one index must not depend on what it does for another. The scratch
// is the worker's own.
func (e *Engine) each(n int, f func(i int, work *leadlag.Scratch)) {
	workers := min(e.workers(), n)
	if workers <= 1 {
		for i := range n {
			f(i, &e.work)
		}
		return
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	for range workers {
		wg.Go(func() {
			var work leadlag.Scratch
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i, &work)
			}
		})
	}
	wg.Wait()
}

// shareTurn is after how many moves, about a tenth of a millisecond, a worker lets
// others have its processor: together they would take all there are for 50 ms.
const shareTurn = 16

// share counts the moves in the families of one worker.
func (e *Engine) share(worker, workers int, work *leadlag.Scratch) {
	var flips leadlag.Flips
	met := 0
	defer func() { e.met.Add(int64(met)) }()
	for i := range e.waiting {
		if i%shareTurn == shareTurn-1 {
			runtime.Gosched()
		}
		mv := &e.waiting[i]
		var axis *leadlag.Axis // that flips were drawn for
		for k := range mv.n.partners {
			pt := &mv.n.partners[k]
			f := pt.fam
			if f.index%workers != worker || f.ev == nil || pt.resting {
				continue // without an axis yet, the next decision catches up
			}
			if axis != f.ev.Axis {
				axis = f.ev.Axis
				flips = leadlag.FlipsOf(e.opt.Seed, mv.n.Hash, mv.inc.At, axis.Block(mv.n.consensus))
			}
			inc := mv.inc
			inc.White *= pt.sign
			inc.Raw *= pt.sign
			met += f.ev.Add(pt.dir, inc, pt.other.Moves(), pt.dir == leadlag.BA, &flips, work)
		}
	}
}

// rebuild counts all remembered moves of a family anew on an axis.
func (e *Engine) rebuild(f *family, x *leadlag.Axis, work *leadlag.Scratch) {
	f.ev = leadlag.NewEvidence(x, true)
	for _, p := range f.pairs {
		replay(f.ev, p, e.opt.Seed, work)
	}
}

// replay counts all remembered moves of a pair.
func replay(ev *leadlag.Evidence, p *pair, seed uint64, work *leadlag.Scratch) {
	replayFlow(ev, leadlag.AB, p.b, p.a, p.sign, seed, work)
	replayFlow(ev, leadlag.BA, p.a, p.b, p.sign, seed, work)
}

func replayFlow(ev *leadlag.Evidence, dir leadlag.Flow, target, source *node, sign float64, seed uint64, work *leadlag.Scratch) {
	src, upto := source.Moves(), 0
	for _, inc := range target.Moves() {
		for upto < len(src) && src[upto].At <= inc.At {
			upto++
		}
		flips := leadlag.FlipsOf(seed, target.Hash, inc.At, ev.Axis.Block(target.consensus))
		inc.White *= sign
		inc.Raw *= sign
		ev.Add(dir, inc, src[:upto], dir == leadlag.BA, &flips, work)
	}
}

func (e *Engine) axis(r odds.Millis) *leadlag.Axis {
	x := e.axes[r]
	if x == nil {
		x = leadlag.NewAxis(r)
		e.axes[r] = x
	}
	return x
}

func missing(x float64) bool { return math.IsNaN(x) }
