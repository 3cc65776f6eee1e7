package family

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gonum "gonum.org/v1/gonum/stat"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
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
	var tr trend
	var all []point
	at := odds.Time(1_750_000_000_000)
	for range 3*trendKeep + 7 {
		x := point{rng.Float64(), 1000 + 500*rng.NormFloat64(), rng.NormFloat64(), 3 * rng.NormFloat64(), float64(rng.IntN(50))}
		at = at.Add(3_600_000)
		tr.push(at, x, false)
		all = append(all, x)

		before := all[max(0, len(all)-1-trendKeep) : len(all)-1]
		column := func(of func(point) float64, ps []point) (out []float64) {
			for _, p := range ps {
				out = append(out, of(p))
			}
			return out
		}
		score, scoreSD := spread(column(func(p point) float64 { return p.score }, before))
		beta, betaSD := spread(column(func(p point) float64 { return p.beta }, before))
		lag, lagSD := spread(column(func(p point) float64 { return p.lag }, before[:max(0, len(before)-graph.LagRecent+1)]))
		s := tr.summary()
		if int(s.N) != len(before) || len(tr.ring) > trendKeep || !close32(s.ScoreNow, x.score) || !close32(s.CountNow, x.count) ||
			!close32(s.ScoreMean, score) || !close32(s.ScoreSD, scoreSD) || !close32(s.BetaMean, beta) || !close32(s.BetaSD, betaSD) ||
			!close32(s.LagNow, x.lag) || !close32(s.LagMean, lag) || !close32(s.LagSD, lagSD) {
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
		var tr trend
		for i, lag := range c.lags {
			tr.push(odds.Time(i+1), point{lag: lag}, false)
		}
		if got := tr.summary().LagShift; got != float32(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// hourly pushes a point every hour of some hours of the day, from Monday 2025-06-16.
func hourly(days int, hours ...int) (*trend, odds.Time) {
	tr, monday := &trend{}, odds.Time(1_750_032_000_000)
	at := monday
	for day := range days {
		for _, h := range hours {
			at = monday.Add(odds.Millis(24*day+h) * 3_600_000)
			tr.push(at, point{score: 0.5 + 0.01*float64(day%7)}, true)
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
		if tr.push(at, point{}, true); tr.summary().OffHours != c.want {
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
	s := tr.summary()
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
		var tr, again trend
		next := func(i int) (odds.Time, point) {
			return odds.Time(i+1) * 3_600_000, point{rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64(), 9}
		}
		for i := range 100 {
			at, x := next(i)
			tr.push(at, x, weekly)
		}
		var b bytes.Buffer
		w := state.NewWriter(&b, "trend", 1)
		tr.state(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := state.NewReader(&b, "trend", 1)
		if err != nil {
			t.Fatal(err)
		}
		if again.state(r); r.Close() != nil {
			t.Fatal(r.Err())
		}
		for i := range 40 {
			at, x := next(100 + i)
			tr.push(at, x, weekly)
			again.push(at, x, weekly)
			if tr.summary() != again.summary() {
				t.Fatalf("weekly %v, point %d: %+v, of one that was never saved %+v", weekly, i, again.summary(), tr.summary())
			}
		}
	}
}

func TestTailAndPointsOfASeries(t *testing.T) {
	moves := []series.Increment{{At: 10, Raw: 1}, {At: 20, Raw: 2}, {At: 20, Raw: 3}, {At: 30, Raw: -4}}
	for since, want := range map[odds.Time]int{0: 4, 10: 4, 11: 3, 20: 3, 21: 1, 30: 1, 31: 0} {
		if got := tail(moves, since); len(got) != want {
			t.Errorf("%d moves since %d, want %d", len(got), since, want)
		}
	}
	for most, want := range map[int][]Point{
		0: {}, 1: {{30, 2}}, 2: {{20, 6}, {30, 2}}, 4: {{10, 1}, {20, 3}, {20, 6}, {30, 2}}, 9: {{10, 1}, {20, 3}, {20, 6}, {30, 2}},
	} {
		if got := points(moves, most); !slices.Equal(got, want) {
			t.Errorf("the newest %d points: %v, want %v", most, got, want)
		}
	}
	if got := points(nil, 5); len(got) != 0 {
		t.Errorf("points of nothing: %v", got)
	}
}

func TestVenuesAreOneFromWhichValuesOn(t *testing.T) {
	for _, c := range []struct {
		x    sameness
		want bool
	}{
		{sameness{}, false},
		{sameness{corr: 85, share: 85, n: 100, both: 20}, true},
		{sameness{corr: 84.9, share: 100, n: 100, both: 50}, false},
		{sameness{corr: 100, share: 84.9, n: 100, both: 50}, false},
		{sameness{corr: 100, share: 100, n: 100, both: 19.5}, false},
	} {
		if got := c.x.one(); got != c.want {
			t.Errorf("%+v: %v", c.x, got)
		}
	}
}

// verdict is a discovered family in which a leads b, or neither where the lag is 0.
func verdict(a, b string, corr float64, lag odds.Millis) *Family {
	f := &Family{a: a, b: b, judged: true, ev: leadlag.NewEvidence(leadlag.NewAxis(1000), false)}
	f.Key = graph.FamilyKey{Layer: odds.Direct, Leader: a, Follower: b}
	f.Verdict = leadlag.Verdict{Discovered: true, Directed: lag > 0}
	f.Verdict.Link = leadlag.Link{Corr: corr, Lag: lag, U: 10 * corr, V: 1} // z = 10·corr: about a hundred moves
	return f
}

func TestCopiesVanishOnceTheirLeaderIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []*Family
		want bool // the first is a copy
	}{
		{"no common leader", []*Family{verdict("b", "c", 0.5, 1000)}, false},
		{"explained by a", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, true},
		{"explained whichever of the two is named first", []*Family{verdict("c", "b", 0.49, 0), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, true},
		{"more than a explains", []*Family{verdict("b", "c", 0.9, 1000), verdict("a", "b", 0.5, 1000), verdict("a", "c", 0.5, 2000)}, false},
		{"a leads only one of them", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000)}, false},
		{"neither leads", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 0), verdict("a", "c", 0.7, 0)}, false},
		{"b hears of it long after c", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 9000), verdict("a", "c", 0.7, 2000)}, false},
		{"b hears of it within the resolution of c", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 3000), verdict("a", "c", 0.7, 2000)}, true},
		{"nothing to explain", []*Family{verdict("b", "c", 0, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, false},
	} {
		s := New(board.New(board.Options{}), Options{})
		s.list = c.set
		c.set[0].copied = !c.want // what was said before does not count
		s.markCopies()
		for i, f := range c.set {
			if f.copied != (c.want && i == 0) {
				t.Errorf("%s: %s and %s, copied %v", c.name, f.a, f.b, f.copied)
			}
		}
	}
	// Families of another market explain nothing.
	set := []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}
	set[0].Key.Market = "totals"
	s := New(board.New(board.Options{}), Options{})
	s.list = set
	if s.markCopies(); set[0].copied {
		t.Error("a copy of what moves in another market")
	}
}

func TestWhyAnEdgeIsNoMore(t *testing.T) {
	const enough = 99
	judged := func(change func(f *Family, g *graph.Edge)) string {
		f, g := verdict("a", "b", 0.5, 1000), &graph.Edge{Discovered: true}
		f.Verdict.Tests = enough
		change(f, g)
		return f.why(g)
	}
	for want, change := range map[string]func(f *Family, g *graph.Edge){
		"": func(*Family, *graph.Edge) {},
		"too few polls yet to know how finely the source resolves time":  func(f *Family, _ *graph.Edge) { f.ev = nil },
		"too few moves of both within reach of each other":               func(f *Family, _ *graph.Edge) { f.judged = false },
		"not told apart from chance: q is above 5 %":                     func(_ *Family, g *graph.Edge) { g.Discovered, g.Q = false, 0.051 },
		"more likely false than true: its confidence is 50 % or less":    func(_ *Family, g *graph.Edge) { g.Discovered, g.Q = false, 0.05 },
		"copied: it vanishes once the common leader's part is taken out": func(_ *Family, g *graph.Edge) { g.Copied, g.Simultaneous = true, true },
		"no direction: neither of the two is certain to move first":      func(_ *Family, g *graph.Edge) { g.Simultaneous = true },
	} {
		if got := judged(change); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := judged(func(f *Family, _ *graph.Edge) { f.Verdict.Tests = 0 }); got != "too few moves of both within reach of each other" {
		t.Errorf("nothing could be tested: %q", got)
	}
}
