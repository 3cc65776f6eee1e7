package odds

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestFromRefusesImpossibleValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		from func(float64) (Odds, error)
		want error
		bad  []float64
	}{
		{"decimal", FromDecimal, ErrDecimal, []float64{1.01e12, 1.7e308, 1, 0.9, 0, -2, nan, inf, -inf}},
		{"american", FromAmerican, ErrAmerican, []float64{0, 99.9, -99.9, 1, -1, nan, inf, -inf, -1e300}},
		{"probability", FromProb, ErrProb, []float64{0, 1, -0.1, 1.1, nan, inf, 1e-320}},
		{"cents", FromCents, ErrCents, []float64{0, 100, -1, 101, nan, inf, 1e-310}},
		{"log-odds", FromLogOdds, ErrLogOdds, []float64{nan, inf, -inf, 40, -800}},
		{"fraction", func(x float64) (Odds, error) { return FromFraction(x, 2) }, ErrFraction, []float64{0, -5, nan, inf}},
		{"fraction of", func(x float64) (Odds, error) { return FromFraction(5, x) }, ErrFraction, []float64{0, -2, nan, inf}},
	} {
		for _, x := range c.bad {
			if o, err := c.from(x); !errors.Is(err, c.want) || o != 0 {
				t.Errorf("%s %v: %v, %v; want %v", c.name, x, float64(o), err, c.want)
			}
		}
	}
}

func TestPriceIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(1e-6, 1-1e-6).Draw(t, "p")
		l := Prob(p).LogOdds()
		if math.Abs(float64(l.Prob())-p) > 1e-12 {
			t.Fatalf("log-odds of %v lead back to %v", p, l.Prob())
		}
		if mirror := Prob(1 - p).LogOdds(); math.Abs(float64(l+mirror)) > 1e-8 {
			t.Fatalf("log-odds %v and %v of complements don't cancel", l, mirror)
		}
		o, err := FromProb(p)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(o.LogOdds()-l)) > 1e-8 {
			t.Fatalf("log-odds %v by odds, %v by probability", o.LogOdds(), l)
		}
		a, err := FromAmerican(o.American())
		if err != nil || math.Abs(float64(a/o)-1) > 1e-12 {
			t.Fatalf("American %v leads back to %v, want %v (%v)", o.American(), a, o, err)
		}
		b, err := FromLogOdds(float64(l))
		if err != nil || math.Abs(float64(b/o)-1) > 1e-9 {
			t.Fatalf("log-odds %v lead back to %v, want %v (%v)", l, b, o, err)
		}
	})
}

func TestNumericPathAllocatesNothing(t *testing.T) {
	var sink Odds
	n := testing.AllocsPerRun(100, func() {
		a, _ := FromAmerican(-172)
		b, _ := FromProb(0.3)
		sink += a + b
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// 5/2 is 3.5, +250, 2/7 and 28.57 cents: worked by hand.
func TestOnePriceInEveryNotation(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		got  func() (Odds, error)
		want Odds
	}{
		"decimal":            {func() (Odds, error) { return FromDecimal(3.5) }, 3.5},
		"american, long":     {func() (Odds, error) { return FromAmerican(250) }, 3.5},
		"american, short":    {func() (Odds, error) { return FromAmerican(-400) }, 1.25},
		"american, evens":    {func() (Odds, error) { return FromAmerican(100) }, 2},
		"american, -100":     {func() (Odds, error) { return FromAmerican(-100) }, 2},
		"fraction":           {func() (Odds, error) { return FromFraction(5, 2) }, 3.5},
		"probability":        {func() (Odds, error) { return FromProb(0.25) }, 4},
		"cents":              {func() (Odds, error) { return FromCents(80) }, 1.25},
		"log-odds, evens":    {func() (Odds, error) { return FromLogOdds(0) }, 2},
		"log-odds, 1 in 5":   {func() (Odds, error) { return FromLogOdds(-math.Log(4)) }, 5},
		"the longest":        {func() (Odds, error) { return FromDecimal(Most) }, Most},
		"just above certain": {func() (Odds, error) { return FromDecimal(math.Nextafter(1, 2)) }, Odds(math.Nextafter(1, 2))},
	} {
		if got, err := c.got(); err != nil || math.Abs(float64(got/c.want-1)) > 1e-15 {
			t.Errorf("%s: %v, %v; want %v", name, float64(got), err, float64(c.want))
		}
	}
	for _, o := range []Odds{1, 0, -2, Odds(math.Nextafter(Most, 2*Most)), Odds(nan), Odds(math.Inf(1))} {
		if o.Valid() {
			t.Errorf("%v is valid", float64(o))
		}
	}
	for _, p := range []Prob{0, 1, -0.5, Prob(nan)} {
		if p.Valid() {
			t.Errorf("a probability of %v is valid", float64(p))
		}
	}
}

func TestConversionsAtEvensAndTheEnds(t *testing.T) {
	evens := Odds(2)
	if l := evens.LogOdds(); l != 0 || math.Signbit(float64(l)) {
		t.Errorf("the log-odds of evens are %v", float64(l))
	}
	if evens.American() != 100 || evens.Prob() != 0.5 || Prob(0.5).Odds() != 2 || Prob(0.5).LogOdds() != 0 {
		t.Error("evens are not evens in every notation")
	}
	// Beyond the range of float64 a probability rounds to a certainty; it stays one.
	for l, want := range map[LogOdds]Prob{-800: 0, 40: 1, 0: 0.5} {
		if got := l.Prob(); got != want {
			t.Errorf("log-odds of %v are a probability of %v, want %v", float64(l), float64(got), float64(want))
		}
	}
	for _, p := range []Prob{1e-300, 1e-15, 1 - 1e-15} {
		if l := float64(p.LogOdds()); math.IsInf(l, 0) || math.IsNaN(l) {
			t.Errorf("log-odds of %v are %v", float64(p), l)
		}
	}
}

// A longer price is a smaller chance, in every measure of it.
func TestLongerIsLessLikely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		win := rapid.Map(rapid.Float64Range(-10, 10), func(x float64) Odds { return Odds(1 + math.Exp(x)) })
		a, b := win.Draw(t, "a"), win.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		if a.Prob() < b.Prob() || a.LogOdds() < b.LogOdds() || float64(b)-float64(a) > 1e-9*float64(b) && (a < 2) == (b < 2) && a.American() >= b.American() {
			t.Fatalf("%v and %v: %v and %v, %v and %v", a, b, a.Prob(), b.Prob(), a.American(), b.American())
		}
	})
}
