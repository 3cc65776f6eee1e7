package engine

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// decideUpTo closes every decision window that ends at or before a time.
// Windows are tumbling: they start at whole multiples of their length.
func (e *Engine) decideUpTo(at odds.Time) {
	step := odds.Time(e.opt.DecideEvery)
	end := at / step * step
	if e.decided == 0 {
		e.decided = end
		return
	}
	if end > e.decided {
		e.decided = end
		e.decide(end)
	}
}

// decide judges all families on what is known now.
func (e *Engine) decide(at odds.Time) {
	e.rounds++
	e.correlate()
	for _, ev := range e.order {
		for _, m := range ev.markets {
			e.rerank(m)
		}
	}
	e.prepare()
	for _, layer := range odds.Layers {
		e.judge(layer, at)
	}
	e.regroup()
	e.markCopies()
	e.trends(at)
	e.closeQuiet(at)
	if e.opt.SearchEachDecision {
		e.found = e.searchPairs()
	}
	e.news.Decided = true
	if e.opt.ForgetAfter > 0 {
		e.forget(at.Add(-e.opt.ForgetAfter))
	}
}

// quiet is how long at least nobody has quoted an event whose anomalies are over: its match is,
// and what nobody looks at any more would stay on for ever.
const quiet = odds.Millis(3_600_000)

// step is the longest time that a source of the event takes between two prices.
func (ev *event) step() (d odds.Millis) {
	for _, m := range ev.markets {
		for _, b := range m.boards {
			if b.src != nil {
				d = max(d, b.src.resolution())
			}
		}
	}
	return d
}

// closeQuiet ends the anomalies of events that have become quiet.
func (e *Engine) closeQuiet(at odds.Time) {
	w := &e.alarms
	w.found = w.found[:0]
	for _, ev := range e.order {
		if ev.last < at.Add(-max(quiet, 3*ev.step())) {
			w.found = w.policy.Close(ev.id, ev.last, w.found)
			w.found = w.edges.Close(ev.id, ev.last, w.found)
		}
	}
	for i := range w.found {
		e.report(w.found[i])
	}
}

// prepare gives every family the axis that its sources resolve, counting its moves
// anew when that has changed.
func (e *Engine) prepare() {
	var anew []*family
	var axes []*leadlag.Axis
	for _, f := range e.list {
		r := f.resolution()
		if r == 0 {
			continue
		}
		if f.ev != nil {
			if d := math.Abs(float64(r-f.ev.Axis.Resolution)) / float64(r); d <= 0.01 {
				continue
			}
		}
		anew, axes = append(anew, f), append(axes, e.axis(r))
	}
	e.each(len(anew), func(i int, work *leadlag.Scratch) { e.rebuild(anew[i], axes[i], work) })
}

// resolution is the coarser one of the family's sources; 0 while a poll clock
// has not ticked often enough to have a step.
func (f *family) resolution() (r odds.Millis) {
	if len(f.pairs) == 0 {
		return 0 // its events are forgotten
	}
	p := f.pairs[len(f.pairs)-1]
	for _, n := range []*node{p.a, p.b} {
		s := n.source()
		if s == nil || s.resolution() == 0 || s.polled && s.clock.Polls < 5 {
			return 0
		}
		r = max(r, s.resolution())
	}
	return r
}

func (e *Engine) judge(layer odds.Layer, at odds.Time) {
	var cases []leadlag.Case
	var fams []*family
	strata := map[stratum]int{}
	for _, f := range e.list {
		if f.key.Layer != layer || f.ev == nil {
			continue
		}
		s := stratum{f.ev.Axis.Resolution, f.block}
		if _, ok := strata[s]; !ok {
			strata[s] = len(strata)
		}
		cases = append(cases, leadlag.Case{Evidence: f.ev, Stratum: strata[s], Dependent: f.block})
		fams = append(fams, f)
	}
	for i, v := range leadlag.JudgeAgainst(cases, e.moreDecoys(layer, cases, fams)) {
		f := fams[i]
		f.verdict, f.judged, f.at = v, true, at
		if v.Discovered && f.found == 0 {
			f.found = at
		}
		if f.rival == nil && f.directed() {
			f.rival = f.scan()
		}
	}
}

// poolEnough is how many decoys a stratum of consensus families needs before a
// p-value can be small enough to mean something.
const poolEnough = 600

// drawn is a pool of further decoys and how many moves it was drawn from.
type drawn struct {
	moves  int
	scores []float64
}

// moreDecoys draws further decoys for strata of consensus families that are too
// few to have a pool of their own, where any of them stands out of the decoys it
// has. No tail formula speaks for them. A pool serves until the moves behind it
// have doubled, so that all draws together cost a few passes over the data.
func (e *Engine) moreDecoys(layer odds.Layer, cases []leadlag.Case, fams []*family) map[int][]float64 {
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
		d := e.drawn[key]
		if d == nil || moves > 2*d.moves {
			passes := (poolEnough - 1) / (len(members) * leadlag.Decoys)
			if passes == 0 || !standsOut(cases, members) {
				continue
			}
			d = &drawn{moves: moves, scores: e.draw(fams, members, passes)}
			e.drawn[key] = d
		}
		pools[id] = d.scores
	}
	return pools
}

type drawnKey struct {
	layer      odds.Layer
	resolution odds.Millis
}

func (e *Engine) draw(fams []*family, members []int, passes int) (scores []float64) {
	drawn := make([][]float64, len(members)*passes)
	e.each(len(drawn), func(k int, work *leadlag.Scratch) {
		f, pass := fams[members[k/passes]], k%passes
		ev := leadlag.NewNearEvidence(f.ev.Axis, true)
		for _, p := range f.pairs {
			replay(ev, p, e.opt.Seed+uint64(pass+1)*0x9e3779b97f4a7c15, work)
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

// stratum is what makes families comparable: their decoys are pooled.
type stratum struct {
	resolution odds.Millis
	block      bool
}

// directed reports whether the family is a discovered edge with a leader.
func (f *family) directed() bool { return f.judged && f.verdict.Discovered && f.verdict.Directed }

// leader and follower are the family's ends in the order of its verdict.
func (f *family) ends() (leader, follower string) {
	if f.judged && f.verdict.Directed && f.verdict.Leader == leadlag.BA {
		return f.b, f.a
	}
	return f.a, f.b
}

func league(sport, lg string) string { return sport + "/" + lg }

func (e *Engine) grouping(ev *event) *grouping { return e.groups[ev.leagueKey] }

// regroup joins venues whose moves are one: zero-lag correlation and share of
// coinciding moves both at least 0.85, over all pre-match markets of a league.
func (e *Engine) regroup() {
	type sum struct {
		a, b                 int
		corr, share, n, both float64
	}
	byLeague := map[string]map[[2]int]*sum{}
	for _, f := range e.list {
		if f.key.Layer != odds.Direct || f.block || f.ev == nil || f.key.Phase != phase(false) {
			continue
		}
		lg := league(f.key.Sport, f.key.League)
		if byLeague[lg] == nil {
			byLeague[lg] = map[[2]int]*sum{}
		}
		k := [2]int{e.venues[f.a].index, e.venues[f.b].index}
		s := byLeague[lg][k]
		if s == nil {
			s = &sum{a: k[0], b: k[1]}
			byLeague[lg][k] = s
		}
		a, b := f.ev.Moves()
		r, share := f.ev.ZeroLag()
		n := float64(a + b)
		s.corr, s.share, s.n, s.both = s.corr+n*r, s.share+n*share, s.n+n, s.both+share*n/2
	}
	for lg, sums := range byLeague {
		g := &grouping{id: map[int]int{}}
		var pairs []*sum
		for _, s := range sums {
			if s.n > 0 && s.corr/s.n >= groupCorr && s.share/s.n >= groupShare && s.both >= groupCoincident {
				pairs = append(pairs, s)
			}
		}
		slices.SortFunc(pairs, func(x, y *sum) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
		for _, s := range pairs {
			g.union(s.a, s.b)
		}
		g.flatten(len(e.venues))
		e.groups[lg] = g
	}
}

func (g *grouping) union(a, b int) {
	x, y := g.of(a), g.of(b)
	lo, hi := min(x, y), max(x, y)
	for _, v := range []int{a, b} {
		g.id[v] = g.of(v)
	}
	for v, k := range g.id {
		if k == hi {
			g.id[v] = lo
		}
	}
}

// markCopies marks of A→B, A→C, B–C the edge B–C where it vanishes once A's
// lagged part is removed.
func (e *Engine) markCopies() {
	type scope struct {
		layer             odds.Layer
		sport, league, mk string
		phase, venue      string
	}
	sets := map[scope][]*family{}
	for _, f := range e.list {
		f.copied = false
		if f.judged && f.verdict.Discovered {
			k := f.key
			s := scope{k.Layer, k.Sport, k.League, k.Market, k.Phase, k.Venue}
			sets[s] = append(sets[s], f)
		}
	}
	for _, set := range sets {
		led := map[[2]string]*family{}
		for _, f := range set {
			if f.directed() {
				l, fo := f.ends()
				led[[2]string{l, fo}] = f
			}
		}
		for _, f := range set {
			f.copied = copiedIn(f, set, led)
		}
	}
}

func copiedIn(f *family, set []*family, led map[[2]string]*family) bool {
	b, c := f.ends()
	v := &f.verdict
	if v.Link.Corr == 0 {
		return false
	}
	z := v.Link.U / math.Sqrt(v.Link.V)
	n := int(math.Round(z*z/(v.Link.Corr*v.Link.Corr))) + 3
	for _, g := range set {
		a, x := g.ends()
		if !g.directed() || g == f || a == b || a == c || x != b && x != c {
			continue
		}
		ab, ac := led[[2]string{a, b}], led[[2]string{a, c}]
		if ab == nil || ac == nil || ab.verdict.Link.Lag > ac.verdict.Link.Lag+f.ev.Axis.Resolution {
			continue
		}
		if leadlag.VanishesGiven(v.Link.Corr, ab.verdict.Link.Corr, ac.verdict.Link.Corr, n) {
			return true
		}
	}
	return false
}

// Family returns what is known of f.
func (f *family) report() graph.Family {
	v := &f.verdict
	key := f.key
	key.Leader, key.Follower = f.ends()
	r, share := f.ev.ZeroLag()
	l := v.Link
	if !v.Directed {
		l.Lag = 0
	}
	return graph.Family{
		Key: key, Pairs: len(f.pairs), Score: l.Corr, Beta: l.Beta, Lag: l.Lag, LagLow: l.LagLow, LagHigh: l.LagHigh,
		N: l.N, Z: v.S, Inflation: v.Inflation, P: v.P, Q: v.Q, D: v.D, PExist: v.PExist, QExist: v.QExist,
		PDirect: v.PDirect, QDirect: v.QDirect, ConfExist: v.ConfExist, Confidence: v.Confidence, Discovered: v.Discovered,
		Simultaneous: !v.Directed, Copied: f.copied, Resolution: f.ev.Axis.Resolution, DetectedAt: f.at, FirstFound: f.found,
		ZeroLag: r, Coincide: share,
	}
}
