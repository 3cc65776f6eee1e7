package family

import (
	"iter"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// minMoves is how many moves both sides need for a trend point.
const minMoves = 6

// trendKeep is how many windows of history an edge is compared with.
const trendKeep = 64

func (s *stat) add(x float64) {
	s.n++
	d := x - s.mean
	s.mean += d / float64(s.n)
	s.m2 += d * (x - s.mean)
}

func (s *stat) sd() float64 {
	if s.n < 2 {
		return 0
	}
	return math.Sqrt(s.m2 / float64(s.n-1))
}

// trendsAtOnce limits how many edges are compared with their history at once: each takes
// some hundred bytes, and there may be half a million.
const trendsAtOnce = 8192

// Departures adds a point to every pair of a layer that has moved enough since its last
// one, and yields the edges that depart from their own history, in chunks. The yielded
// slice is reused.
func (s *Families) Departures(layer odds.Layer, at odds.Time) iter.Seq[[]detect.Anomaly] {
	return func(yield func([]detect.Anomaly) bool) {
		var pairs []*Pair
		for _, f := range s.list {
			if f.Key.Layer == layer && f.judged && f.Verdict.Found() && (layer > odds.CrossMarket || f.Verdict.QExist <= leadlag.Rate) {
				pairs = append(pairs, f.pairs...)
			}
		}
		var found []detect.Anomaly
		for some := range slices.Chunk(pairs, trendsAtOnce) {
			if found = s.depart(layer, some, at, found[:0]); !yield(found) {
				return
			}
		}
	}
}

// depart adds points to pairs of one layer, split among the workers, and appends the
// departing edges in the order of the pairs.
func (s *Families) depart(layer odds.Layer, pairs []*Pair, at odds.Time, found []detect.Anomaly) []detect.Anomaly {
	all := make([]graph.Edge, len(pairs))
	advanced := make([]bool, len(pairs))
	s.each(len(pairs), func(i int, _ *leadlag.Scratch) {
		p := pairs[i]
		if advanced[i] = p.advance(at); !advanced[i] {
			return
		}
		all[i] = s.Edge(p)
		if all[i].Discovered && !p.found {
			p.found, p.first, all[i].FirstSeen = true, at, at
		}
	})
	moved := all[:0]
	of := map[[2]odds.NodeID]*Pair{}
	for i := range all {
		if advanced[i] {
			of[[2]odds.NodeID{all[i].Source, all[i].Target}] = pairs[i]
			moved = append(moved, all[i])
		}
	}
	conf := make([]float32, len(moved))
	for i := range moved {
		conf[i] = float32(moved[i].Confidence)
	}
	found = edges.Find(layer, moved, conf, edges.Options{Floor: detect.Reset}, found)
	for i := range found {
		if a := &found[i]; len(a.Nodes) == 2 && of[[2]odds.NodeID{a.Nodes[0], a.Nodes[1]}] != nil {
			a.Evidence.Curve = of[[2]odds.NodeID{a.Nodes[0], a.Nodes[1]}].Family.Curve()
		}
	}
	return found
}

// advance turns the moves since the last point into a new point, if both sides have at
// least minMoves.
func (p *Pair) advance(at odds.Time) bool {
	a, b := p.A.Moves(), p.B.Moves()
	newA, newB := p.A.Count()-p.seenA, p.B.Count()-p.seenB
	if newA < minMoves || newB < minMoves {
		return false
	}
	if newA > len(a) || newB > len(b) { // more moves than are remembered
		newA, newB = min(newA, len(a)), min(newB, len(b))
	}
	since := min(a[len(a)-newA].At, b[len(b)-newB].At)
	a, b = tail(a, since), tail(b, since)
	own := ownSums(p, a, b)
	p.seenA, p.seenB = p.A.Count(), p.B.Count()
	if own.N < minMoves && p.trend == nil {
		return false // no earlier evidence that could break down
	}
	if p.trend == nil {
		p.trend = &trend{}
	}
	back := otherWay(p, a, b)
	lead := 0.0
	if v := own.V + back.V; v > 0 {
		lead = (own.U - back.U) / math.Sqrt(v)
	}
	lag := p.lagNow(a, b, own)
	p.trend.push(at, point{p.Sign * own.Corr(), lag, p.Sign * own.Beta(), lead, float64(own.Moves)}, p.Layer >= odds.CrossEvent)
	return true
}

// lagSure is the z above which the newest moves alone determine the lag.
const lagSure = 3.5

// lagNow is the lag of a pair's newest moves. It comes from the window, of the family's
// width, in which they stand out most, or from the family's own window if they stand out in
// none.
func (p *Pair) lagNow(a, b []series.Increment, own leadlag.Sums) float64 {
	x := p.Family.ev.Axis
	dir, family := p.Family.Verdict.Window()
	if dir == leadlag.BA {
		a, b = b, a
	}
	best, z := own, float64(lagSure)
	if own.V > 0 {
		z = math.Max(z, math.Abs(own.U)/math.Sqrt(own.V))
	}
	for _, sp := range x.Spans() {
		if sp.Last-sp.First != family.Last-family.First {
			continue
		}
		from, to := x.Limits(sp)
		s := leadlag.Window(b, a, from, to).Signed(p.Sign)
		if s.N >= minMoves && s.V > 0 && s.U*p.Family.Verdict.Link.U > 0 && math.Abs(s.U)/math.Sqrt(s.V) > z {
			best, z = s, math.Abs(s.U)/math.Sqrt(s.V)
		}
	}
	if best.U == 0 || best.N < minMoves { // too few to tell: keep the last lag
		return p.trend.now.lag
	}
	return math.Max(0, best.Lag/best.U)
}

func (t *trend) push(at odds.Time, x point, weekly bool) {
	if t.at != 0 {
		if len(t.ring) < trendKeep {
			t.ring = append(t.ring, t.now)
		} else {
			t.ring[t.n%trendKeep] = t.now
		}
		t.n++
		if weekly {
			if t.hours == nil {
				t.hours = &[7 * 24]stat{}
			}
			t.hours[hourOfWeek(t.at)].add(t.now.score)
		}
	}
	t.now, t.at = x, at
}

func hourOfWeek(t odds.Time) int {
	s := t.Std()
	return int(s.Weekday())*24 + s.Hour()
}

// summary reduces the ring to the figures detectors compare with.
func (t *trend) summary() graph.Trend {
	var s [5]stat
	n := min(t.n, trendKeep)
	for i := range n {
		for k, x := range t.ring[i].array() {
			s[k].add(x)
		}
	}
	lag, shift := t.lags()
	now := t.now.array()
	var h stat
	if t.hours != nil {
		h = t.hours[hourOfWeek(t.at)]
	}
	return graph.Trend{
		N:        int32(n),
		ScoreNow: float32(now[0]), ScoreMean: float32(s[0].mean), ScoreSD: float32(s[0].sd()),
		LagNow: float32(now[1]), LagMean: float32(lag.mean), LagSD: float32(lag.sd()), LagShift: float32(shift),
		BetaNow: float32(now[2]), BetaMean: float32(s[2].mean), BetaSD: float32(s[2].sd()),
		LeadNow: float32(now[3]), LeadMean: float32(s[3].mean), LeadSD: float32(s[3].sd()),
		CountNow: float32(now[4]), CountMean: float32(s[4].mean), CountSD: float32(s[4].sd()),
		WeekdayMean: float32(h.mean), WeekdaySD: float32(h.sd()), WeekdayN: int32(h.n),
		OffHours: t.offHours(),
	}
}

// lags summarises the lags before the newest graph.LagRecent, and returns the smallest
// signed distance of those newest ones from it, or 0 if they lie on both sides.
func (t *trend) lags() (usual stat, shift float64) {
	newest := []float64{t.now.lag}
	for i := t.n - 1; i >= max(0, t.n-trendKeep); i-- {
		if lag := t.ring[i%trendKeep].lag; len(newest) < graph.LagRecent {
			newest = append(newest, lag)
		} else {
			usual.add(lag)
		}
	}
	low, high := slices.Min(newest)-usual.mean, slices.Max(newest)-usual.mean
	switch {
	case usual.n == 0:
		return usual, 0
	case low > 0:
		return usual, low
	case high < 0:
		return usual, high
	}
	return usual, 0
}

// offHours reports whether the newest point fell in an hour of the day that none of at
// least a hundred earlier points fell in.
func (t *trend) offHours() bool {
	if t.hours == nil {
		return false
	}
	total, here := 0, 0
	hour := t.at.Std().Hour()
	for i := range t.hours {
		total += t.hours[i].n
		if i%24 == hour {
			here += t.hours[i].n
		}
	}
	return total >= 100 && here == 0
}

func (x point) array() [5]float64 { return [5]float64{x.score, x.lag, x.beta, x.lead, x.count} }

func tail(m []series.Increment, since odds.Time) []series.Increment {
	i := len(m)
	for i > 0 && m[i-1].At >= since {
		i--
	}
	return m[i:]
}

// ownSums sums a pair's moves in its family's window and direction.
func ownSums(p *Pair, a, b []series.Increment) leadlag.Sums {
	v := &p.Family.Verdict
	x := p.Family.ev.Axis
	switch {
	case v.Zero:
		s := leadlag.Window(b, a, 0, x.Zero())
		t := leadlag.Window(a, b, 1, x.Zero())
		s.U, s.V, s.Raw, s.N = s.U+t.U, s.V+t.V, s.Raw+t.Raw, s.N+t.N
		return s.Signed(p.Sign)
	default:
		dir, span := v.Window()
		from, to := x.Limits(span)
		if dir == leadlag.BA {
			a, b = b, a
		}
		return leadlag.Window(b, a, from, to).Signed(p.Sign)
	}
}

// otherWay sums the same window with leader and follower exchanged.
func otherWay(p *Pair, a, b []series.Increment) leadlag.Sums {
	v := &p.Family.Verdict
	dir, span := v.Window()
	from, to := p.Family.ev.Axis.Limits(span)
	if dir == leadlag.AB {
		a, b = b, a
	}
	return leadlag.Window(b, a, from, to).Signed(p.Sign)
}
