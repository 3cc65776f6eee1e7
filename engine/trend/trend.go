// Package trend keeps an edge's own history: a measurement for each decision window in which
// both sides moved enough, summed up for detectors. Nothing here is safe for concurrent use.
package trend

import (
	"math"
	"slices"

	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/odds"
)

// trendKeep is how many windows of history an edge is compared with.
const trendKeep = 64

// Trend is an edge's own history: a ring of points, and the newest point apart.
type Trend struct {
	ring  []Point // at most trendKeep
	n     int     // points in all before the newest
	now   Point
	at    odds.Time
	hours *[7 * 24]stat // of the score, by hour of the week; nil unless weekly
}

// Point is the measurement of an edge in one decision window.
type Point struct{ Score, Lag, Beta, Lead, Count float64 }

// stat is a running mean and sum of squares (Welford, 1962).
type stat struct {
	n        int
	mean, m2 float64
}

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

// Lag is that of the newest point; 0 before there is one.
func (t *Trend) Lag() float64 { return t.now.Lag }

// Push adds a point; weekly keeps its score for its hour of the week as well.
func (t *Trend) Push(at odds.Time, x Point, weekly bool) {
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
			t.hours[hourOfWeek(t.at)].add(t.now.Score)
		}
	}
	t.now, t.at = x, at
}

func hourOfWeek(t odds.Time) int {
	s := t.Std()
	return int(s.Weekday())*24 + s.Hour()
}

// Summary reduces the ring to the figures detectors compare with.
func (t *Trend) Summary() graph.Trend {
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
func (t *Trend) lags() (usual stat, shift float64) {
	newest := []float64{t.now.Lag}
	for i := t.n - 1; i >= max(0, t.n-trendKeep); i-- {
		if lag := t.ring[i%trendKeep].Lag; len(newest) < graph.LagRecent {
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
func (t *Trend) offHours() bool {
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

func (x Point) array() [5]float64 { return [5]float64{x.Score, x.Lag, x.Beta, x.Lead, x.Count} }

// State saves the trend, or restores it.
func (t *Trend) State(c *state.Coder) {
	point := func(x *Point) { c.Values(&x.Score, &x.Lag, &x.Beta, &x.Lead, &x.Count) }
	state.Slice(c, &t.ring, point)
	point(&t.now)
	c.Values(&t.n, &t.at)
	weekly := t.hours != nil
	if c.Values(&weekly); !weekly {
		return
	}
	if c.Reading() {
		t.hours = &[7 * 24]stat{}
	}
	for i := range t.hours {
		c.Values(&t.hours[i].n, &t.hours[i].mean, &t.hours[i].m2)
	}
}
