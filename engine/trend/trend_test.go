package trend

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	gonum "gonum.org/v1/gonum/stat"

	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/odds"
)

// spread is a mean and a standard deviation the plain way.
func spread(x []float64) (mean, sd float64) {
	if mean = gonum.Mean(x, nil); len(x) > 1 {
		sd = gonum.StdDev(x, nil)
	}
	if len(x) == 0 {
		mean = 0
	}
	return mean, sd
}

func close32(got float32, want float64) bool {
	return math.Abs(float64(got)-want) < 1e-4*math.Max(1, math.Abs(want))
}

// A trend of any length sums up the newest 64 points before the last, and of lags those
// before the newest four.
func TestATrendSumsUpItsNewestPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var tr Trend
	var all []Point
	at := odds.Time(1_750_000_000_000)
	for range 3*trendKeep + 7 {
		x := Point{rng.Float64(), 1000 + 500*rng.NormFloat64(), rng.NormFloat64(), 3 * rng.NormFloat64(), float64(rng.IntN(50))}
		at = at.Add(3_600_000)
		tr.Push(at, x, false)
		all = append(all, x)

		before := all[max(0, len(all)-1-trendKeep) : len(all)-1]
		column := func(of func(Point) float64, ps []Point) (out []float64) {
			for _, p := range ps {
				out = append(out, of(p))
			}
			return out
		}
		score, scoreSD := spread(column(func(p Point) float64 { return p.Score }, before))
		beta, betaSD := spread(column(func(p Point) float64 { return p.Beta }, before))
		lag, lagSD := spread(column(func(p Point) float64 { return p.Lag }, before[:max(0, len(before)-graph.LagRecent+1)]))
		s := tr.Summary()
		if int(s.N) != len(before) || len(tr.ring) > trendKeep || !close32(s.ScoreNow, x.Score) || !close32(s.CountNow, x.Count) ||
			!close32(s.ScoreMean, score) || !close32(s.ScoreSD, scoreSD) || !close32(s.BetaMean, beta) || !close32(s.BetaSD, betaSD) ||
			!close32(s.LagNow, x.Lag) || !close32(s.LagMean, lag) || !close32(s.LagSD, lagSD) {
			t.Fatalf("after %d points %+v, want %v ± %v of %d, lag %v ± %v", len(all), s, score, scoreSD, len(before), lag, lagSD)
		}
	}
}

func TestAShiftOfLagsIsTheNearestOfTheNewest(t *testing.T) {
	for _, c := range []struct {
		name string
		lags []float64 // oldest first; of those but the newest four the mean is usual
		want float64
	}{
		{"one point", []float64{5}, 0},
		{"nothing usual yet", []float64{9, 9, 9, 9}, 0},
		{"as usual", []float64{10, 10, 10, 10, 10, 10}, 0},
		{"all later", []float64{10, 10, 15, 13, 19, 20}, 3},
		{"all earlier", []float64{10, 10, 5, 8, 1, 2}, -2},
		{"on both sides", []float64{10, 10, 15, 8, 19, 20}, 0},
		{"one of them as usual", []float64{10, 10, 15, 10, 19, 20}, 0},
	} {
		var tr Trend
		for i, lag := range c.lags {
			tr.Push(odds.Time(i+1), Point{Lag: lag}, false)
		}
		if got := tr.Summary().LagShift; got != float32(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// hourly pushes a point every hour of some hours of the day, from Monday 2025-06-16.
func hourly(days int, hours ...int) (*Trend, odds.Time) {
	tr, monday := &Trend{}, odds.Time(1_750_032_000_000)
	at := monday
	for day := range days {
		for _, h := range hours {
			at = monday.Add(odds.Millis(24*day+h) * 3_600_000)
			tr.Push(at, Point{Score: 0.5 + 0.01*float64(day%7)}, true)
		}
	}
	return tr, at
}

func TestOffHoursAreThoseThatNeverWere(t *testing.T) {
	const day = 24 * 3_600_000
	for _, c := range []struct {
		name string
		days int
		hour int
		want bool
	}{
		{"never at this hour in a hundred points", 50, 3, true},
		{"an hour that is usual on other days", 50, 13, false},
		{"too few points to know", 49, 3, false},
	} {
		tr, _ := hourly(c.days, 12, 13)
		at := odds.Time(1_750_032_000_000).Add(odds.Millis(c.days)*day + odds.Millis(c.hour)*3_600_000)
		if tr.Push(at, Point{}, true); tr.Summary().OffHours != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
	tr, at := hourly(3, 12)
	tr.hours = nil
	if tr.at = at; tr.offHours() {
		t.Error("a trend without hours has off hours")
	}
}

func TestAnHourOfTheWeekIsComparedWithItsLike(t *testing.T) {
	tr, _ := hourly(22, 12) // three weeks and a Monday: the newest is apart
	s := tr.Summary()
	if s.WeekdayN != 3 || !close32(s.WeekdayMean, 0.5) || s.WeekdaySD > 1e-6 {
		t.Errorf("Mondays at noon: %v ± %v of %d", s.WeekdayMean, s.WeekdaySD, s.WeekdayN)
	}
	for _, c := range []struct {
		at   odds.Time
		want int
	}{{0, 4 * 24}, {1_750_032_000_000, 24}, {1_750_032_000_000 - 1, 23}, {1_750_032_000_000 + 6*24*3_600_000, 0}} { // 1970 began on a Thursday
		if got := hourOfWeek(c.at); got != c.want {
			t.Errorf("%v is hour %d of the week, want %d", c.at, got, c.want)
		}
	}
}

func TestASavedTrendGoesOn(t *testing.T) {
	for _, weekly := range []bool{false, true} {
		rng := rand.New(rand.NewPCG(3, 4))
		var tr, again Trend
		next := func(i int) (odds.Time, Point) {
			return odds.Time(i+1) * 3_600_000, Point{rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64(), 9}
		}
		for i := range 100 {
			at, x := next(i)
			tr.Push(at, x, weekly)
		}
		var b bytes.Buffer
		w := state.NewWriter(&b, "trend", 1)
		tr.State(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := state.NewReader(&b, "trend", 1)
		if err != nil {
			t.Fatal(err)
		}
		if again.State(r); r.Close() != nil {
			t.Fatal(r.Err())
		}
		for i := range 40 {
			at, x := next(100 + i)
			tr.Push(at, x, weekly)
			again.Push(at, x, weekly)
			if tr.Summary() != again.Summary() {
				t.Fatalf("weekly %v, point %d: %+v, of one that was never saved %+v", weekly, i, again.Summary(), tr.Summary())
			}
		}
	}
}
