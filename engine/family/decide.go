package family

import (
	"math"
	"slices"
	"strings"

	"corrgraph/engine/board"
	"corrgraph/engine/clock"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// ownMoves is how many moves both sides of a pair need to be searched individually.
const ownMoves = 250

// Decide judges all families on the moves taken so far.
func (s *Families) Decide(at odds.Time) {
	s.rounds++
	s.correlate()
	s.turn(at)
	s.Bet(at)
	for _, ev := range s.board.Order {
		for _, m := range ev.Markets {
			s.rerank(m)
		}
	}
	s.prepare()
	for _, layer := range odds.Layers {
		s.judge(layer, at)
	}
	s.regroup()
	s.markCopies()
	s.mediate()
}

// prepare gives every family the axis that fits its sources' resolution, and recounts its
// moves when that has changed.
func (s *Families) prepare() {
	var anew []*Family
	var axes []*leadlag.Axis
	for _, f := range s.list {
		r := f.resolution()
		if r == 0 {
			continue
		}
		if f.ev != nil {
			if d := math.Abs(float64(r-f.ev.Axis.Resolution)) / float64(r); d <= 0.01 {
				continue
			}
		}
		anew, axes = append(anew, f), append(axes, s.axis(r))
	}
	s.each(len(anew), func(i int, work *leadlag.Scratch) { s.rebuild(anew[i], axes[i], work) })
}

// resolution is the coarser of the family's two source resolutions; 0 while a poll clock
// has too few ticks to have a step.
func (f *Family) resolution() (r odds.Millis) {
	if len(f.pairs) == 0 {
		return 0 // its events were forgotten
	}
	p := f.pairs[len(f.pairs)-1]
	for _, n := range []*board.Node{p.A, p.B} {
		src := n.Source()
		own := n.Resolution()
		if src == nil || own == 0 || src.Polled && src.Clock.Polls < 5 {
			return 0
		}
		r = max(r, own)
	}
	return r
}

// oneClock reports whether the series of all its pairs were always read in the same answers.
func (f *Family) oneClock() bool {
	for _, p := range f.pairs {
		if f.clocks {
			break
		}
		f.clocks = !p.A.SameClock(p.B)
	}
	return !f.clocks
}

// read reports whether moves of either side are seen when a venue is read, as late as a step.
func (f *Family) read() bool {
	if len(f.pairs) == 0 {
		return f.wasRead
	}
	p := f.pairs[len(f.pairs)-1]
	f.wasRead = p.A.Read() || p.B.Read()
	return f.wasRead
}

// skewed are the venues whose clocks are wrong.
func (s *Families) skewed() map[string]bool {
	out := map[string]bool{}
	for _, x := range s.board.Clocks() {
		if x.Skew != (clock.Skew{}) {
			out[x.Venue] = true
		}
	}
	return out
}

// doubts notes which ends of a family are venues with a wrong clock, and returns which ones
// republish old prices of another.
func (s *Families) doubts(f *Family, skewed map[string]bool) (copies [2]bool) {
	var wrong, stale []string
	for i, name := range []string{f.a, f.b} {
		if f.Key.Layer != odds.Direct {
			break
		}
		if v := s.board.Venue(name); v != nil && v.CopyOf != nil {
			copies[i], stale = true, append(stale, name+" republishes "+v.CopyOf.Name)
		}
		if skewed[name] {
			wrong = append(wrong, name)
		}
	}
	f.copies = copies
	f.skewed, f.stale = strings.Join(wrong, ", "), strings.Join(stale, ", ")
	return copies
}

func (s *Families) judge(layer odds.Layer, at odds.Time) {
	var cases []leadlag.Case
	var fams []*Family
	strata := map[stratum]int{}
	skewed := s.skewed()
	for _, f := range s.list {
		if f.Key.Layer != layer || f.ev == nil {
			continue
		}
		st := stratum{f.ev.Axis.Resolution, f.block}
		if _, ok := strata[st]; !ok {
			strata[st] = len(strata)
		}
		cases = append(cases, leadlag.Case{Evidence: f.ev, Stratum: strata[st], Dependent: f.block, OneClock: f.oneClock(), Read: f.read(), Copy: s.doubts(f, skewed)})
		fams = append(fams, f)
	}
	for i, v := range leadlag.JudgeAgainst(cases, s.moreDecoys(layer, cases, fams)) {
		f := fams[i]
		anew := !f.judged || v.Directed != f.Verdict.Directed || v.Leader != f.Verdict.Leader
		if f.Verdict, f.judged, f.at = v, true, at; anew {
			f.name = f.named().String()
		}
		f.zero[0], f.zero[1] = f.ev.ZeroLag()
		f.paired = len(f.pairs)
		if v.Found() {
			f.curve = f.ev.Curve(v.Leads())
		}
		if v.Discovered && f.found == 0 {
			f.found = at
		}
		if f.baseline == nil && f.Directed() {
			f.baseline = f.scan()
		}
		f.adopt(at)
	}
}

// poolEnough is how many decoys a stratum of consensus families needs for a meaningfully
// small p-value.
const poolEnough = 600

// moreDecoys draws additional decoys for strata with too few consensus families for a pool
// of their own, if any family stands out from its decoys. No tail formula holds for them. A
// pool is reused until the number of moves behind it has doubled, so that all draws
// together cost a few passes over the data.
func (s *Families) moreDecoys(layer odds.Layer, cases []leadlag.Case, fams []*Family) map[int][]float64 {
	pools := map[int][]float64{}
	byStratum := map[int][]int{}
	for i, c := range cases {
		if c.Dependent {
			byStratum[c.Stratum] = append(byStratum[c.Stratum], i)
		}
	}
	for id, members := range byStratum {
		key := drawnKey{layer, fams[members[0]].ev.Axis.Resolution}
		moves := 0
		for _, i := range members {
			a, b := cases[i].Evidence.Moves()
			moves += a + b
		}
		d := s.drawn[key]
		if d == nil || moves > 2*d.moves {
			passes := (poolEnough - 1) / (len(members) * leadlag.Decoys)
			if passes == 0 || !standsOut(cases, members) {
				continue
			}
			d = &drawn{moves: moves, scores: s.draw(fams, members, passes)}
			s.drawn[key] = d
		}
		pools[id] = d.scores
	}
	return pools
}

func (s *Families) draw(fams []*Family, members []int, passes int) (scores []float64) {
	drawn := make([][]float64, len(members)*passes)
	s.each(len(drawn), func(k int, work *leadlag.Scratch) {
		f, pass := fams[members[k/passes]], k%passes
		ev := leadlag.NewNearEvidence(f.ev.Axis, true)
		for _, p := range f.pairs {
			replay(ev, p, s.opt.Seed+uint64(pass+1)*0x9e3779b97f4a7c15, s.block, work)
		}
		drawn[k] = ev.DecoyScores(nil)
	})
	return slices.Concat(drawn...)
}

func standsOut(cases []leadlag.Case, members []int) bool {
	var decoys []float64
	best := 0.0
	for _, i := range members {
		decoys = cases[i].Evidence.DecoyScores(decoys)
		best = math.Max(best, cases[i].Evidence.Search().S)
	}
	slices.Sort(decoys)
	return len(decoys) > 0 && best >= decoys[len(decoys)*98/100]
}

// stratum groups comparable families: their decoys are pooled.
type stratum struct {
	resolution odds.Millis
	block      bool
}
