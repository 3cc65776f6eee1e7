package family

import (
	"math/rand/v2"
	"slices"
	"sync"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
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
	return out
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
			count(ev, leadlag.AB, q.B, p.A, &work)
			count(ev, leadlag.BA, p.A, q.B, &work)
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
// likely with few moves as with many.
const checkMoves = 1024

// count adds a target's newest moves against a source.
func count(ev *leadlag.Evidence, dir leadlag.Flow, target, source *board.Node, work *leadlag.Scratch) {
	src, upto := source.Moves(), 0
	moves := target.Moves()
	for _, inc := range moves[max(0, len(moves)-checkMoves):] {
		for upto < len(src) && src[upto].At <= inc.At {
			upto++
		}
		ev.Add(dir, inc, src[:upto], dir == leadlag.BA, nil, work)
	}
}
