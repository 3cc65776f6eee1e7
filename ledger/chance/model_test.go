package chance

import (
	"fmt"
	"math"
	"testing"

	"corrgraph/ledger"
)

// A planted world is found: after 4,000 outcomes nearly nothing is lost to one who knows it.
func TestPlantedChancesAreFound(t *testing.T) {
	for seed := range uint64(3) {
		w, m := newWorld(seed), New()
		w.live(m, 4000, nil)
		var told, known, constant, off float64
		const n = 4000
		w.live(m, n, func(stated, chance float64, hit bool) {
			y := indicator(hit)
			told += (stated - y) * (stated - y)
			known += (chance - y) * (chance - y)
			constant += (0.2 - y) * (0.2 - y)
			off += math.Abs(stated - chance)
		})
		if skill := (constant - told) / (constant - known); skill < 0.95 {
			t.Errorf("seed %d: %.3f of the skill that is possible", seed, skill)
		}
		if off/n > 0.03 {
			t.Errorf("seed %d: stated chances are off by %.3f", seed, off/n)
		}
	}
}

// What is stated comes true that often, also where the level drifts away from what was learnt.
func TestStatedRatesComeTrue(t *testing.T) {
	for _, drift := range []float64{0, 1, -1} {
		w, m := newWorld(11), New()
		w.live(m, 5000, nil)
		w.level += drift
		w.live(m, 5000, nil)
		var stated []float64
		var hits []bool
		w.live(m, 10_000, func(p, _ float64, hit bool) { stated, hits = append(stated, p), append(hits, hit) })
		for _, b := range ledger.Calibrate(stated, hits, make([]string, len(hits)), 10) {
			if b.N >= 300 {
				near(t, fmt.Sprintf("drift %v, stated %.2f (n %d)", drift, b.Claimed, b.N), b.Rate, b.Claimed, 0.03+1.96*math.Sqrt(b.Rate*(1-b.Rate)/float64(b.N)))
			}
		}
	}
}

// A jump of the level is followed within some hundred outcomes, however many came before it.
func TestAJumpIsFollowed(t *testing.T) {
	for _, jump := range []float64{1, -1} {
		w, m := newWorld(17), New()
		w.live(m, 15_000, nil)
		w.level += jump
		w.live(m, 300, nil)
		var stated, came float64
		w.live(m, 600, func(p, _ float64, hit bool) { stated, came = stated+p/600, came+indicator(hit)/600 })
		near(t, fmt.Sprintf("mean stated chance after a jump of %v", jump), stated, came, 0.04)
	}
}

// However often the same comes true, nothing is certain.
func TestNothingIsCertain(t *testing.T) {
	for _, hits := range []int{0, 1} {
		m := New()
		teach(m, plain("mlb"), 20_000*hits, 20_000)
		if p := m.Predict(plain("mlb")); p < least || p > 1-least || math.Abs(p-float64(hits)) > 0.01 {
			t.Errorf("after 20,000 times %d: %v", hits, p)
		}
		l := m.leagues["mlb"]
		for _, over := range []float64{-1e3, 1e3} {
			if p := l.recalibrated(over, 0.5); p < least || p > 1-least {
				t.Errorf("log-odds of %v make %v", over, p)
			}
		}
	}
}

// With few outcomes a league's own rate shows, drawn to the common one with the weight of 20.
func TestFewOutcomes(t *testing.T) {
	m := New()
	near(t, "nothing known", m.Predict(plain("mlb")), 1.0/3, 1e-9)
	teach(m, plain("mlb"), 1, 5)
	near(t, "one of five, and nothing else", m.Predict(plain("mlb")), 0.25, 0.05)
	teach(m, plain("mlb"), 400, 4000)
	near(t, "the common rate", m.Predict(plain("mlb")), 0.1, 0.02)
	near(t, "a new league", m.Predict(plain("wnba")), 0.1, 0.02)

	teach(m, plain("wnba"), 3, 5)
	if p := m.Predict(plain("wnba")); p < 0.1 || p > 0.25 {
		t.Errorf("three of five where one of ten is usual: %.3f", p)
	}
	teach(m, plain("wnba"), 3, 5)
	teach(m, plain("wnba"), 6, 10)
	if p := m.Predict(plain("wnba")); p < 0.2 || p > 0.45 {
		t.Errorf("twelve of twenty where one of ten is usual: %.3f", p)
	}
	teach(m, plain("wnba"), 240, 400)
	near(t, "many", m.Predict(plain("wnba")), 0.6, 0.03)
	near(t, "the other league", m.Predict(plain("mlb")), 0.1, 0.03)
}

// Even misleading outcomes of a few unlike calls leave the others near the rate.
func TestFiveOutcomesOfUnlikeCalls(t *testing.T) {
	for seed := range uint64(20) {
		w, m := newWorld(seed), New()
		w.live(m, 5, nil)
		base := m.base(m.leagues[w.league])
		w.live(m, 1, func(stated, _ float64, _ bool) {
			near(t, fmt.Sprintf("seed %d after five outcomes", seed), stated, base, 0.15)
		})
	}
}

// A new follower, market or family starts at the rate of its league.
func TestNewNamesStartAtTheLeaguesRate(t *testing.T) {
	m := New()
	old := plain("mlb")
	old.Families = []string{"a"}
	teach(m, old, 300, 1000)
	for name, f := range map[string]*Features{
		"follower": {Follower: "new", Market: "h2h"},
		"market":   {Follower: "ann", Market: "new"},
		"family":   {Follower: "ann", Market: "h2h", Families: []string{"new"}},
	} {
		f.League, f.With, f.ToStart = "mlb", old.With, old.ToStart
		near(t, name, m.Predict(f), 0.3, 0.05)
	}
}

// What a league has taught helps the next one before its first outcome.
func TestALeagueInheritsWhatOthersTaught(t *testing.T) {
	w, m := newWorld(3), New()
	w.live(m, 4000, nil)
	w.league = "baseball_kbo"
	var taught, alone float64
	first := New()
	w.live(m, 300, func(p, _ float64, hit bool) { taught += math.Pow(p-indicator(hit), 2) })
	w = newWorld(3)
	w.live(New(), 4000, nil) // the same draws
	w.league = "baseball_kbo"
	w.live(first, 300, func(p, _ float64, hit bool) { alone += math.Pow(p-indicator(hit), 2) })
	if taught > 0.95*alone {
		t.Errorf("Brier sums of the first 300: %.1f after another league, %.1f alone", taught, alone)
	}
}

// A follower that others know starts there with its offset.
func TestAFollowerIsKnownInTheNextLeague(t *testing.T) {
	w, m := newWorld(4), New()
	w.live(m, 6000, nil)
	f := plain("baseball_kbo")
	f.Follower = "eve"
	m.Learn(f, false)
	chance := func(follower string) float64 {
		f := plain("baseball_kbo")
		f.Follower = follower
		m.Learn(f, false)
		return m.Predict(f)
	}
	if bob, cas := chance("bob"), chance("cas"); bob < 1.2*cas {
		t.Errorf("bob %.3f, cas %.3f, whom others know to follow more and less", bob, cas)
	}
}

// Families that came true more often raise the chance of a call that they make.
func TestFamiliesAreTold(t *testing.T) {
	w, m := newWorld(5), New()
	call := func(family string) *Features {
		f, _, _ := w.call()
		f.Families = []string{family}
		return f
	}
	for i := range 6000 {
		family, chance := "good", 0.4
		if i%2 == 1 {
			family, chance = "bad", 0.05
		}
		m.Learn(call(family), w.rng.Float64() < chance)
	}
	var good, bad float64
	for range 500 {
		good += m.Predict(call("good")) / 500
		bad += m.Predict(call("bad")) / 500
	}
	near(t, "good", good, 0.4, 0.06)
	near(t, "bad", bad, 0.05, 0.03)

	both := call("bad") // the most promising one counts, wherever it stands
	alone := m.Predict(both)
	both.Families = []string{"bad", "good"}
	first := m.Predict(both)
	both.Families = []string{"good", "bad"}
	if last := m.Predict(both); first != last || first < 2*alone {
		t.Errorf("bad alone %.3f, bad and good %.3f, good and bad %.3f", alone, first, last)
	}
}

// Beyond its limits a model goes on with what all share, and says how often.
func TestLimits(t *testing.T) {
	m := New()
	for i := range familiesMost + 10 {
		f := plain("mlb")
		f.Follower, f.Market = fmt.Sprint("v", i%(followersMost+6)), fmt.Sprint("m", i%(marketsMost+1))
		f.Families = []string{fmt.Sprint("f", i)}
		m.Learn(f, i%4 == 0)
	}
	for i := range leaguesMost + 5 {
		m.Learn(plain(fmt.Sprint("league ", i)), true)
	}
	b := m.Beyond()
	if b.Families != 10 || b.Leagues != 6 || b.Followers == 0 || b.Markets == 0 {
		t.Errorf("beyond the limits: %+v", b)
	}
	l := m.leagues["mlb"]
	if len(m.leagues) != leaguesMost || len(l.followers) != followersMost || len(l.markets) != marketsMost || len(l.families) != familiesMost {
		t.Errorf("holds %d leagues; one has %d followers, %d markets, %d families", len(m.leagues), len(l.followers), len(l.markets), len(l.families))
	}
	if p := m.Predict(plain("league 68")); p < 0.1 || p > 0.5 {
		t.Errorf("a league without a place: %.3f", p)
	}
}

// One call of absurd values moves the others no more than any other outcome.
func TestOutliersAreBounded(t *testing.T) {
	w, m := newWorld(9), New()
	w.live(m, 2000, nil)
	usual, _, _ := w.call()
	before := m.Predict(usual)
	m.Learn(&Features{
		League: w.league, Follower: "ann", Market: "h2h", With: math.MaxInt, Against: math.MinInt, Gap: math.Inf(1), OwnLast: -1e300,
		Size: 1e300, ToStart: math.MinInt64, OwnAge: math.MaxInt64,
	}, true)
	near(t, "after an outlier", m.Predict(usual), before, 0.02)
}

// Years of outcomes leave a sound posterior.
func TestThePosteriorStaysSound(t *testing.T) {
	w, m := newWorld(13), New()
	w.live(m, 60_000, nil)
	for name, f := range map[string]*fit{"all": &m.all, "league": &m.leagues[w.league].fit} {
		for i, row := range f.cov {
			if v := row[i]; !(v > 0 && v <= f.of[i]*(1+1e-9)) {
				t.Errorf("%s: weight %d has variance %v, at first %v", name, i, v, f.of[i])
			}
		}
	}
}

func BenchmarkPredict(b *testing.B) { benchmark(b, func(m *Model, f *Features) { m.Predict(f) }) }

func BenchmarkLearn(b *testing.B) { benchmark(b, func(m *Model, f *Features) { m.Learn(f, false) }) }

// benchmark measures a model whose league is as large as it may be.
func benchmark(b *testing.B, do func(*Model, *Features)) {
	w, m := newWorld(1), New()
	var calls []*Features
	for i := range 1000 {
		f, _, hit := w.call()
		f.Follower, f.Market = fmt.Sprint("v", i%followersMost), fmt.Sprint("m", i%marketsMost)
		m.Learn(f, hit)
		calls = append(calls, f)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		do(m, calls[i%len(calls)])
	}
}
