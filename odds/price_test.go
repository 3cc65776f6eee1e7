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
