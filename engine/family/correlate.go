package family

import (
	"runtime"
	"sync"
	"sync/atomic"

	"corrgraph/engine/board"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Take queues moves to be added to the evidence of their families.
func (s *Families) Take(moved []board.Move) {
	for i := range moved {
		mv := &moved[i]
		s.waiting = append(s.waiting, move{mv.Node, s.watched[mv.Node], mv.Inc})
	}
}

// waitMost is how many moves may queue before they are correlated ahead of the next
// decision.
const waitMost = 4096

// CountFull counts the queued moves once there are many, and those of ten minutes that are
// over at slow lags. Call it only when all moves before an instant are in.
func (s *Families) CountFull(at odds.Time) {
	if len(s.waiting) >= waitMost {
		s.correlate()
	}
	over := s.block
	if s.block = leadlag.Block(at); over == s.block {
		return
	}
	s.ready()
	s.each(len(s.list), func(i int, work *leadlag.Scratch) {
		f := s.list[i]
		if f.ev == nil || f.ev.Axis.Polled() {
			return
		}
		for _, p := range f.pairs {
			if leadlag.Block(max(p.A.ChangedAt, p.B.ChangedAt)) >= over && !s.rests(p) {
				f.ev.AddSlow(p.A.Moves(), p.B.Moves(), over, p.slow(s.opt.Seed, p.part()), work)
			}
		}
	})
}

func (p *Pair) slow(seed uint64, cluster *leadlag.Cluster) leadlag.Slow {
	return leadlag.Slow{Sign: p.Sign, Seed: seed ^ p.A.Hash ^ p.B.Hash, Dependent: p.Family.block, Cluster: cluster}
}

// correlate adds the queued moves to the evidence of their families. Each family belongs to
// one worker, which takes the moves in order, so that the sums do not depend on the number
// of workers.
func (s *Families) correlate() {
	s.ready()
	workers := s.workers()
	if len(s.waiting) < waitMost/8 {
		workers = 1
	}
	if workers == 1 {
		s.share(0, 1, &s.work)
	} else {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() { s.share(w, workers, &leadlag.Scratch{}) })
		}
		wg.Wait()
	}
	clear(s.waiting)
	s.waiting = s.waiting[:0]
}

// ready gives stream families their axis before their first moves are counted. A poll's
// resolution is known only after a few polls: such families wait for the next decision,
// which recounts their moves.
func (s *Families) ready() {
	wait := s.unready[:0]
	for _, f := range s.unready {
		switch r := f.resolution(); {
		case f.ev != nil:
		case r > 0 && !f.pollBehind():
			f.ev = leadlag.NewEvidence(s.axis(r), true)
		default:
			wait = append(wait, f)
		}
	}
	clear(s.unready[len(wait):])
	s.unready = wait
}

// pollBehind reports whether either side is read from a poll.
func (f *Family) pollBehind() bool {
	for _, n := range []*board.Node{f.pairs[0].A, f.pairs[0].B} {
		if s := n.Source(); s == nil || s.Polled {
			return true
		}
	}
	return false
}

// SetWorkers changes how many goroutines it uses at most; 0 means one per processor.
func (s *Families) SetWorkers(n int) { s.opt.Workers = n }

func (s *Families) workers() int {
	if s.opt.Workers > 0 {
		return s.opt.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// each calls f for every index below n, in parallel if that pays. Calls of f must be
// independent of each other. Each worker has its own scratch.
func (s *Families) each(n int, f func(i int, work *leadlag.Scratch)) {
	workers := min(s.workers(), n)
	if workers <= 1 {
		for i := range n {
			f(i, &s.work)
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

// shareTurn is how many moves, about a tenth of a millisecond of work, a worker counts
// before it yields. Without yielding, the workers would hold all processors for 50 ms.
const shareTurn = 16

// share counts the moves of one worker's families.
func (s *Families) share(worker, workers int, work *leadlag.Scratch) {
	var flips leadlag.Flips
	met := 0
	defer func() { s.met.Add(int64(met)) }()
	for i := range s.waiting {
		if i%shareTurn == shareTurn-1 {
			runtime.Gosched()
		}
		mv := &s.waiting[i]
		var axis *leadlag.Axis // the axis the flips were drawn for
		for k := range mv.w.partners {
			pt := &mv.w.partners[k]
			f := pt.fam
			if f.index%workers != worker || f.ev == nil || pt.resting {
				continue // without an axis the next decision catches up
			}
			if axis != f.ev.Axis {
				axis = f.ev.Axis
				flips = leadlag.FlipsOf(s.opt.Seed, mv.n.Hash, mv.inc.At, axis.Block(mv.n.Consensus))
			}
			inc := mv.inc
			inc.White *= pt.sign
			inc.Raw *= pt.sign
			met += f.ev.Add(pt.dir, inc, pt.Other.Moves(), pt.dir == leadlag.BA, &flips, pt.Pair.part(), work)
		}
	}
}

// part is the event's part in the family's evidence.
func (p *Pair) part() *leadlag.Cluster {
	if p.cluster == nil {
		p.cluster = p.Family.ev.Cluster(p.Event.ID)
	}
	return p.cluster
}

// rebuild recounts all remembered moves of a family on a new axis.
func (s *Families) rebuild(f *Family, x *leadlag.Axis, work *leadlag.Scratch) {
	f.ev = leadlag.NewEvidence(x, true)
	for _, p := range f.pairs {
		p.cluster = nil
		replay(f.ev, p, s.opt.Seed, s.block, work)
	}
}

// replay counts all remembered moves of a pair that are evidence still, at slow lags those
// before a block.
func replay(ev *leadlag.Evidence, p *Pair, seed uint64, block int64, work *leadlag.Scratch) {
	cluster, since := ev.Cluster(p.Event.ID), p.Family.since
	ev.ReplaySlow(series.Since(p.A.Moves(), since), series.Since(p.B.Moves(), since), block, p.slow(seed, cluster), work)
	replayFlow(ev, leadlag.AB, p.B, p.A, p.Sign, since, seed, cluster, work)
	replayFlow(ev, leadlag.BA, p.A, p.B, p.Sign, since, seed, cluster, work)
}

func replayFlow(ev *leadlag.Evidence, dir leadlag.Flow, target, source *board.Node, sign float64, since odds.Time, seed uint64, cluster *leadlag.Cluster, work *leadlag.Scratch) {
	src, upto := series.Since(source.Moves(), since), 0
	for _, inc := range series.Since(target.Moves(), since) {
		for upto < len(src) && src[upto].At <= inc.At {
			upto++
		}
		flips := leadlag.FlipsOf(seed, target.Hash, inc.At, ev.Axis.Block(target.Consensus))
		inc.White *= sign
		inc.Raw *= sign
		ev.Add(dir, inc, src[:upto], dir == leadlag.BA, &flips, cluster, work)
	}
}

func (s *Families) axis(r odds.Millis) *leadlag.Axis {
	x := s.axes[r]
	if x == nil {
		x = leadlag.NewAxis(r)
		s.axes[r] = x
	}
	return x
}
