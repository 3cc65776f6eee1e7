package check

import (
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"corrgraph/engine/draw"
	"corrgraph/engine/rival"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/series"
)

// copies is how many mismatched copies of the graph, and exchanges of roles, are judged.
const copies = 20

// Sample is what the check of one decision rests on. It never changes.
type Sample leadlag.Sample

// Judge judges the mismatched copies and the exchanges of roles, and asks for second opinions,
// by family. The result does not depend on the number of workers, which yield every
// millisecond or so. A nil sample has the zero value. Cost: seconds of a processor at most.
func (s *Sample) Judge(workers int) (graph.Mismatch, map[string]graph.Opinion) {
	if s == nil {
		return graph.Mismatch{}, map[string]graph.Opinion{}
	}
	return s.mismatch(workers), s.opinions(workers)
}

// mismatch judges the mismatched copies, and the exchanges of roles.
func (s *Sample) mismatch(workers int) graph.Mismatch {
	out := graph.Mismatch{At: s.At}
	pools := map[int][]float64{}
	for i := range s.Families {
		if f := &s.Families[i]; f.Decoys != nil {
			k := stratum(f)
			pools[k] = append(pools[k], f.Decoys...)
			if f.Verdict.Discovered {
				out.Discovered++
			}
		}
	}
	counts := make([][2]int, copies) // families, discoveries
	each(copies, workers, func(c int, work *leadlag.Scratch) { counts[c] = s.mismatched(uint64(c), pools, work) })
	families := 0
	for _, n := range counts {
		if n[0] > 0 {
			out.Copies++
			families += n[0]
			out.False += float64(n[1])
		}
	}
	if out.Copies > 0 {
		out.Families = families / out.Copies
		out.False /= float64(out.Copies)
		out.Rate = out.False / float64(max(1, out.Discovered))
	}
	s.exchanged(&out, workers)
	return out
}

// each calls f for every index below n. Each worker has its own scratch.
func each(n, workers int, f func(i int, work *leadlag.Scratch)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, max(1, workers)) {
		wg.Go(func() {
			var work leadlag.Scratch
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i, &work)
			}
		})
	}
	wg.Wait()
}

// exchanged counts the leaders that are found where roles are exchanged.
func (s *Sample) exchanged(out *graph.Mismatch, workers int) {
	var cases []leadlag.Case
	var verdicts []leadlag.Verdict
	for i := range s.Families {
		f := &s.Families[i]
		if f.Roles == nil {
			continue
		}
		cases, verdicts = append(cases, *f.Roles), append(verdicts, f.Verdict)
		if f.Verdict.Discovered && f.Verdict.Directed {
			out.Led++
		}
	}
	led := make([]int, copies)
	each(copies, workers, func(i int, _ *leadlag.Scratch) {
		led[i] = leadlag.ExchangedLeaders(cases, verdicts, draw.Key(s.Seed, uint64(s.At), uint64(i)))
		runtime.Gosched()
	})
	for _, n := range led {
		out.LedFalse += float64(n) / copies
	}
	out.DirectionRate = out.LedFalse / float64(max(1, out.Led))
}

// stratum tells families apart whose decoys are not comparable.
func stratum(f *leadlag.Sampled) int { return int(f.Axis.Resolution) }

// mismatched judges one copy: in every family each A is paired with the B of another pair,
// whose event shares no participant and was quoted at the same time.
func (s *Sample) mismatched(copy uint64, pools map[int][]float64, work *leadlag.Scratch) [2]int {
	var cases []leadlag.Case
	for i := range s.Families {
		f := &s.Families[i]
		if f.Decoys == nil {
			continue
		}
		if ev := mismatched(f, copy, leadlag.Block(s.At), work); ev != nil {
			cases = append(cases, leadlag.Case{Evidence: ev, Stratum: stratum(f)})
		}
	}
	found := 0
	for _, v := range leadlag.JudgeAgainst(cases, pools) {
		if v.Discovered {
			found++
		}
	}
	return [2]int{len(cases), found}
}

// mismatched is the evidence of a family's mismatched pairs, at slow lags before a block; nil
// if there are none.
func mismatched(f *leadlag.Sampled, copy uint64, block int64, work *leadlag.Scratch) (ev *leadlag.Evidence) {
	for k := range f.Pairs {
		p, q := &f.Pairs[k], stranger(f, k, copy)
		if q == nil {
			continue
		}
		if ev == nil {
			ev = leadlag.NewNearEvidence(f.Axis, false)
		}
		cluster := ev.Cluster(p.Event)
		count(ev, leadlag.AB, q.B, p.A, cluster, work)
		count(ev, leadlag.BA, p.A, q.B, cluster, work)
		ev.ReplaySlow(newest(p.A), newest(q.B), block, leadlag.Slow{Sign: 1, Cluster: cluster}, work)
		runtime.Gosched() // whoever learns, tells and answers comes first
	}
	return ev
}

// stranger draws a pair of another event for pair k; nil if a few draws find none.
func stranger(f *leadlag.Sampled, k int, copy uint64) *leadlag.SampledPair {
	p := &f.Pairs[k]
	r := rand.New(rand.NewPCG(draw.Key(f.Key, p.Key), copy))
	for range 8 {
		q := &f.Pairs[r.IntN(len(f.Pairs))]
		if q.Event != p.Event && !shares(p, q) && overlap(p.A, q.B) {
			return q
		}
	}
	return nil
}

func shares(p, q *leadlag.SampledPair) bool {
	for _, team := range p.Teams {
		if team != "" && slices.Contains(q.Teams[:], team) {
			return true
		}
	}
	return false
}

func overlap(m, n []series.Increment) bool {
	return len(m) > 0 && len(n) > 0 && m[0].At <= n[len(n)-1].At && n[0].At <= m[len(m)-1].At
}

// newest is as much of a series as is counted at slow lags, where each move costs more.
func newest(moves []series.Increment) []series.Increment { return moves[max(0, len(moves)-256):] }

// count adds a target's moves against a source.
func count(ev *leadlag.Evidence, dir leadlag.Flow, target, source []series.Increment, cluster *leadlag.Cluster, work *leadlag.Scratch) {
	upto := 0
	for _, inc := range target {
		for upto < len(source) && source[upto].At <= inc.At {
			upto++
		}
		ev.Add(dir, inc, source[:upto], dir == leadlag.BA, nil, cluster, work)
	}
}

// opinions returns the second opinions by name.
func (s *Sample) opinions(workers int) map[string]graph.Opinion {
	found := make([]*graph.Opinion, len(s.Families))
	each(len(found), workers, func(i int, _ *leadlag.Scratch) {
		if f := &s.Families[i]; f.Lags != nil {
			c := rival.Of(f.Lags, led(f))
			if o, ok := c.Opinion(); ok {
				found[i] = &o
			}
		}
	})
	out := map[string]graph.Opinion{}
	for i, o := range found {
		if o != nil {
			out[s.Families[i].Name] = *o
		}
	}
	return out
}

// led yields the pairs of a family, the leader's series first.
func led(f *leadlag.Sampled) iter.Seq[rival.Pair] {
	return func(yield func(rival.Pair) bool) {
		for i := range f.Pairs {
			x := rival.Pair{Leader: f.Pairs[i].A, Follower: f.Pairs[i].B, Sign: f.Pairs[i].Sign}
			if f.Verdict.Leader == leadlag.BA {
				x.Leader, x.Follower = x.Follower, x.Leader
			}
			if runtime.Gosched(); !yield(x) {
				return
			}
		}
	}
}
