package family

import (
	"math/rand/v2"
	"slices"
	"sync"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// copies is how many mismatched copies of the graph are judged.
const copies = 20

// Mismatch judges the mismatched copies. They only read the series and run in parallel; the
// result does not depend on how many run at once.
func (s *Families) Mismatch() graph.Mismatch {
	fams, pools := s.venueFamilies()
	var out graph.Mismatch
	for _, f := range fams {
		if f.Verdict.Discovered {
			out.Discovered++
		}
	}
	counts := make([][2]int, copies) // families, discoveries
	var wg sync.WaitGroup
	slots := make(chan struct{}, s.workers()) // a copy waits for a free slot
	for c := range copies {
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wg.Done() }()
			counts[c] = s.mismatched(fams, pools, uint64(c))
		}()
	}
	wg.Wait()
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
	s.exchanged(&out)
	return out
}

// exchanged counts the leaders that are found where roles are exchanged.
func (s *Families) exchanged(out *graph.Mismatch) {
	var cases []leadlag.Case
	var verdicts []leadlag.Verdict
	for _, f := range s.list {
		if !f.judged || f.ev == nil || f.Verdict.Events == 0 {
			continue
		}
		cases = append(cases, leadlag.Case{Evidence: f.ev, OneClock: !f.clocks, Read: f.wasRead, Copy: f.copies})
		verdicts = append(verdicts, f.Verdict)
		if f.Directed() {
			out.Led++
		}
	}
	led := make([]int, copies)
	s.each(copies, func(i int, _ *leadlag.Scratch) {
		led[i] = leadlag.ExchangedLeaders(cases, verdicts, s.opt.Seed+uint64(i)*0x9e3779b97f4a7c15)
	})
	for _, n := range led {
		out.LedFalse += float64(n) / copies
	}
	out.DirectionRate = out.LedFalse / float64(max(1, out.Led))
}

func (s *Families) venueFamilies() (fams []*Family, pools map[int][]float64) {
	pools = map[int][]float64{}
	for _, f := range s.list {
		if f.Key.Layer == odds.Direct && !f.block && f.judged && f.Verdict.Found() {
			fams = append(fams, f)
			k := int(f.ev.Axis.Resolution)
			pools[k] = f.ev.DecoyScores(pools[k])
		}
	}
	return fams, pools
}

// mismatched judges one copy: in every family each A is paired with the B of another pair,
// whose event shares no participant and was quoted at the same time.
func (s *Families) mismatched(fams []*Family, pools map[int][]float64, copy uint64) [2]int {
	var cases []leadlag.Case
	var work leadlag.Scratch
	for i, f := range fams {
		r := rand.New(rand.NewPCG(s.opt.Seed, copy<<32|uint64(i)))
		ev := leadlag.NewNearEvidence(f.ev.Axis, false)
		met := 0
		step := 1
		if most := s.opt.CheckPairs; most > 0 {
			step = max(1, (len(f.pairs)+most-1)/most)
		}
		for k := 0; k < len(f.pairs); k += step {
			p := f.pairs[k]
			q := f.stranger(k, r)
			if q == nil {
				continue
			}
			met++
			cluster := ev.Cluster(p.Event.ID)
			count(ev, leadlag.AB, q.B, p.A, cluster, &work)
			count(ev, leadlag.BA, p.A, q.B, cluster, &work)
			ev.ReplaySlow(newest(p.A, checkSlow), newest(q.B, checkSlow), s.block, leadlag.Slow{Sign: 1, Cluster: cluster}, &work)
		}
		if met > 0 {
			cases = append(cases, leadlag.Case{Evidence: ev, Stratum: int(f.ev.Axis.Resolution)})
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

// stranger draws a pair of another event for pair k; nil if a few draws find none.
func (f *Family) stranger(k int, r *rand.Rand) *Pair {
	p := f.pairs[k]
	for range 8 {
		q := f.pairs[r.IntN(len(f.pairs))]
		if q.Event != p.Event && !shares(p.Event, q.Event) && overlap(p.A, q.B) {
			return q
		}
	}
	return nil
}

func shares(ev, o *board.Event) bool {
	for _, id := range ev.Match.Entities[:min(2, len(ev.Match.Entities))] {
		if slices.Contains(o.Match.Entities, id) {
			return true
		}
	}
	return false
}

func overlap(a, b *board.Node) bool {
	m, n := a.Moves(), b.Moves()
	return len(m) > 0 && len(n) > 0 && m[0].At <= n[len(n)-1].At && n[0].At <= m[len(m)-1].At
}

// checkMoves is how many of a series' newest moves the check uses. False discoveries are as
// likely with few moves as with many. At slow lags each costs more.
const checkMoves, checkSlow = 1024, 256

func newest(n *board.Node, most int) []series.Increment {
	moves := n.Moves()
	return moves[max(0, len(moves)-most):]
}

// count adds a target's newest moves against a source.
func count(ev *leadlag.Evidence, dir leadlag.Flow, target, source *board.Node, cluster *leadlag.Cluster, work *leadlag.Scratch) {
	src, upto := source.Moves(), 0
	for _, inc := range newest(target, checkMoves) {
		for upto < len(src) && src[upto].At <= inc.At {
			upto++
		}
		ev.Add(dir, inc, src[:upto], dir == leadlag.BA, nil, cluster, work)
	}
}
