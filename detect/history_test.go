package detect

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"

	"corrgraph/detect/tail"
	"corrgraph/internal/state"
	"corrgraph/odds"
)

func TestRunningIsAPlainMeanUpToItsMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var r running
	if r.sd(0.5) != 0.5 || r.points() != 0 || r.departure(9, 0.5) != 0 {
		t.Errorf("nothing is known yet: %+v", r)
	}
	var all []float64
	for range memory {
		x := 3 + rng.NormFloat64()
		all = append(all, x)
		r.add(x)
		mean, sd := stat.MeanStdDev(all, nil)
		if len(all) < 2 {
			sd = 0
		}
		if math.Abs(float64(r.mean)-mean) > 1e-5 || math.Abs(r.sd(0)-sd) > 1e-4 || r.points() != len(all) {
			t.Fatalf("after %d points: %v ± %v of %d, want %v ± %v", len(all), r.mean, r.sd(0), r.points(), mean, sd)
		}
	}
	if r.sd(100) != 100 {
		t.Errorf("the floor is %v, want 100", r.sd(100))
	}
}

func TestRunningForgetsWhatIsLongAgo(t *testing.T) {
	var r running
	for range 1000 {
		r.add(5)
	}
	for range 10 * memory {
		r.add(-5)
	}
	if math.Abs(float64(r.mean)+5) > 0.01 || r.sd(0) > 0.5 || r.points() != memory {
		t.Errorf("%v ± %v of %d points", r.mean, r.sd(0), r.points())
	}
	r.n = math.MaxUint16 // a series that never ends keeps counting as it did
	if r.add(-5); r.n != math.MaxUint16 || r.points() != memory {
		t.Errorf("%d points", r.n)
	}
}

func TestRelationIsTheLeastSquaresLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var h RelationHistory
	var as, bs []float64
	for range memory {
		b := rng.NormFloat64()
		a := 1 - 0.7*b + 0.1*rng.NormFloat64()
		as, bs = append(as, a), append(bs, b)
		h.add(a, b)
	}
	offset, slope := stat.LinearRegression(bs, as, nil, false)
	if math.Abs(h.slope()-slope) > 1e-4 || math.Abs(h.expect(2)-(offset+2*slope)) > 1e-4 {
		t.Errorf("slope %v, %v at 2; want %v and %v", h.slope(), h.expect(2), slope, offset+2*slope)
	}
	if h.residual.n != memory-tail.MinHistory {
		t.Errorf("%d residuals of %d looks", h.residual.n, memory)
	}
	var flat RelationHistory
	for range 20 {
		flat.add(rng.NormFloat64(), 0.5)
	}
	if flat.slope() != 0 || flat.expect(0.5) != flat.expect(0.9) {
		t.Errorf("a market that never moves has the slope %v", flat.slope())
	}
}

func TestRelationIgnoresUnknownValuesAndStartsAnewInPlay(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var h RelationHistory
	v := RelationView{Event: "match", A: "dk/match/spreads/home", B: "dk/match/h2h/home", History: &h}
	look := func(a, b float64) []Anomaly {
		v.At = v.At.Add(minute)
		v.ValueA, v.ValueB = a, b
		return Relate(&v, nil)
	}
	for range 60 {
		b := rng.NormFloat64()
		look(0.8*b+0.02*rng.NormFloat64(), b)
	}
	before := h
	if found := append(look(math.NaN(), 1), look(1, math.NaN())...); len(found) != 0 || h != before {
		t.Errorf("an unknown value was learned from: %s", list(found))
	}
	first, second := look(2, 0), look(2, 0)
	if len(first) != 0 || len(second) != 1 || second[0].At != v.At-minute || second[0].Until != 0 {
		t.Fatalf("a contradiction counts from its second look: %s, then %s", list(first), list(second))
	}
	if got := second[0].Evidence; math.Abs(got.Usual) > 0.1 || got.Now != 2 || got.Ticks[0].Node != v.A {
		t.Errorf("evidence %+v", got)
	}
	v.Live = true
	if found := look(2, 0); len(found) != 0 || h.a.n != 1 || !h.live {
		t.Errorf("in play it is judged by what was before: %s", list(found))
	}
}

// A contradiction of 32 looks is the new relation: it ends, and all is learned anew.
func TestALastingContradictionIsTheNewRelation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var h RelationHistory
	v := RelationView{Event: "match", History: &h}
	var found []Anomaly
	for i := range 200 {
		v.At = v.At.Add(minute)
		v.ValueB = rng.NormFloat64()
		v.ValueA = v.ValueB + 0.02*rng.NormFloat64()
		if i >= 60 {
			v.ValueA += 1
		}
		found = Relate(&v, found)
	}
	if len(found) != 2 || found[0].At != 61*minute || found[0].Until != 0 || found[1].At != 61*minute || found[1].Until != (60+newNormal)*minute {
		t.Fatalf("found %s", list(found))
	}
	if math.Abs(h.expect(0)-1) > 0.05 {
		t.Errorf("at 0 it now expects %v, want 1", h.expect(0))
	}
}

// A venue that stays away for 32 looks and half an hour has a new normal.
func TestALastingDepartureIsTheNewNormal(t *testing.T) {
	m := newNullMarket(5, 17)
	m.view.At = clock("00:00")
	for range 200 {
		m.next(10 * minute)
		Market(&m.view, nil)
	}
	w := &m.view.Venues[2]
	var found []Anomaly
	looks := 0
	for ; looks < 100 && (len(found) == 0 || found[len(found)-1].Until == 0); looks++ {
		m.next(10 * minute)
		w.Values[0] += 0.6 // bit by bit: no jump of its own
		w.Moved[0] = 0.01
		for _, a := range Market(&m.view, nil) {
			if a.Kind == Desynchronisation {
				found = append(found, a)
			}
		}
	}
	if len(found) != 2 || found[0].At != found[1].At || looks != newNormal {
		t.Fatalf("after %d looks %s", looks, list(found))
	}
	if h := m.history[2]; h.outKind != together || h.dev.n != 0 {
		t.Errorf("the usual distance is still the old one: %+v", h.dev)
	}
}

// coded saves a history and reads it into another.
func coded(t *testing.T, from, to interface{ State(*state.Coder) }) {
	t.Helper()
	var b bytes.Buffer
	w := state.NewWriter(&b, "history", 1)
	from.State(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := state.NewReader(&b, "history", 1)
	if err != nil {
		t.Fatal(err)
	}
	if to.State(r); r.Close() != nil {
		t.Fatal(r.Err())
	}
}

func TestSavedHistoriesAreTheSame(t *testing.T) {
	m := newNullMarket(6, 19)
	m.view.At = clock("00:00")
	for i := range 120 {
		m.next(minute)
		if i == 119 { // with an episode under way
			m.view.Venues[0].Values[0] += 3
			m.view.Venues[0].Moved[0] += 3
		}
		Market(&m.view, nil)
	}
	if m.history[0].outKind == together || m.history[0].burst != 0 && m.history[0].burstFrom == 0 {
		t.Fatalf("no episode: %+v", m.history[0])
	}
	for i := range m.history {
		var again NodeHistory
		if coded(t, &m.history[i], &again); again != m.history[i] {
			t.Errorf("%+v became %+v", m.history[i], again)
		}
	}
	h := RelationHistory{a: running{1, 2, 3}, b: running{4, 5, 6}, residual: running{7, 8, 9}, cov: 10, outAt: 11, held: 12, live: true}
	var again RelationHistory
	if coded(t, &h, &again); again != h {
		t.Errorf("%+v became %+v", h, again)
	}
}

func TestWindowsOfPollsHoldEightSteps(t *testing.T) {
	for _, c := range []struct{ resolution, want odds.Millis }{
		{20, 15 * minute}, {2 * minute, 15 * minute}, {2*minute + 1, 60 * minute}, {10 * minute, 60 * minute}, {10*minute + 1, 240 * minute}, {30 * minute, 240 * minute},
	} {
		if got := windowOf(c.resolution); got != c.want {
			t.Errorf("a step of %d ms: %d, want %d", c.resolution, got, c.want)
		}
	}
}
