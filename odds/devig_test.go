package odds

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func devig(t *testing.T, m Method, o ...Odds) Result {
	t.Helper()
	r, err := Devig(m, o, nil)
	if err != nil {
		t.Fatalf("%v of %v: %v", m, o, err)
	}
	return r
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.6f, want %.6f", what, got, want)
	}
}

// The figures of the reference implementation's README (mberk/shin).
func TestShinAgreesWithReference(t *testing.T) {
	r := devig(t, Shin, 2.6, 2.4, 4.3)
	for i, want := range []float64{0.372994, 0.404779, 0.222227} {
		near(t, "probability", float64(r.Probs[i]), want, 1e-6)
	}
	if !(r.Param > 0 && r.Param < 0.1) || r.Iterations == 0 || r.Residual > Tolerance {
		t.Errorf("z %v after %d steps, residual %g", r.Param, r.Iterations, r.Residual)
	}
}

func TestLongShotByMethod(t *testing.T) {
	for m, want := range map[Method]float64{Multiplicative: 0.0361, Shin: 0.0232, Power: 0.0225, Additive: 0.0167} {
		near(t, m.String(), float64(devig(t, m, 1.10, 8.5, 26).Probs[2]), want, 5e-5)
	}
}

func TestAdditiveNeverHandsOnNegatives(t *testing.T) {
	for _, c := range []struct {
		odds []Odds
		want string
	}{
		{[]Odds{1.02, 17, 67}, "-0.0031"},
		{[]Odds{67, 1.02, 17}, "-0.0031"},
		{[]Odds{151, 1.05, 13, 26, 51, 101}, "-0.0107"},
	} {
		r, err := Devig(Additive, c.odds, make([]Prob, len(c.odds)))
		if !errors.Is(err, ErrNoProb) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want one of %s", c.odds, err, c.want)
		}
		if r.Probs != nil {
			t.Errorf("%v: handed on %v", c.odds, r.Probs)
		}
	}
}

// A change of the margin alone must not look like a move.
func TestPureMarginChange(t *testing.T) {
	before := []Odds{2.1, 3.4, 3.6}
	after := make([]Odds, len(before))
	for i, o := range before {
		after[i] = o * 0.98
	}
	largest := func(m Method) (move float64) {
		a, b := devig(t, m, before...), devig(t, m, after...)
		for i := range a.Probs {
			move = max(move, math.Abs(float64(b.Probs[i].LogOdds()-a.Probs[i].LogOdds())))
		}
		return move
	}
	near(t, "multiplicative", largest(Multiplicative), 0, 1e-12)
	near(t, "shin", largest(Shin), 0.006, 0.002)
	near(t, "power", largest(Power), 0.0085, 0.0025)
	for i := range before {
		near(t, "raw", float64(after[i].LogOdds()-before[i].LogOdds()), 0.0335, 0.0055)
	}
}

// One move of the favourite, 1.10 to 1.14, is three sizes under three methods.
func TestFavouriteMoveByMethod(t *testing.T) {
	for m, want := range map[Method]float64{Multiplicative: -0.18, Shin: -0.24, Power: -0.30} {
		a, b := devig(t, m, 1.10, 8.5, 26), devig(t, m, 1.14, 7.5, 21)
		near(t, m.String(), float64(b.Probs[0].LogOdds()-a.Probs[0].LogOdds()), want, 0.005)
	}
}

func TestUnderroundIsScaledAndFlagged(t *testing.T) {
	for m := Multiplicative; m <= Shin; m++ {
		r := devig(t, m, 2.1, 2.1)
		if !r.Underround || r.Method != Multiplicative || r.Overround >= 0 {
			t.Errorf("%v: %+v", m, r)
		}
		near(t, "probability", float64(r.Probs[0]), 0.5, 1e-15)
	}
}

func TestDevigRefuses(t *testing.T) {
	for _, c := range []struct {
		method Method
		odds   []Odds
		want   error
	}{
		{Shin, nil, ErrOutcomes},
		{Shin, []Odds{2}, ErrOutcomes},
		{Power, []Odds{2, 1}, ErrDecimal},
		{Power, []Odds{2, Odds(math.NaN())}, ErrDecimal},
		{Additive, []Odds{2, Odds(math.Inf(1))}, ErrDecimal},
		{Method(9), []Odds{2, 2}, ErrMethod},
	} {
		if r, err := Devig(c.method, c.odds, nil); !errors.Is(err, c.want) || r.Probs != nil {
			t.Errorf("%v of %v: %v, %v; want %v", c.method, c.odds, r.Probs, err, c.want)
		}
	}
}

func TestDevigProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		win := rapid.Map(rapid.Float64Range(-6, 6), func(x float64) Odds { return Odds(1 + math.Exp(x)) })
		o := rapid.SliceOfN(win, 2, 30).Draw(t, "odds")
		m := rapid.SampledFrom([]Method{Multiplicative, Additive, Power, Shin}).Draw(t, "method")
		r, err := Devig(m, o, nil)
		if errors.Is(err, ErrNoProb) {
			if m == Multiplicative || m == Additive && len(o) == 2 {
				t.Fatalf("it can't: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Residual > 1e-9 || r.Iterations > MaxIterations {
			t.Fatalf("residual %g after %d steps", r.Residual, r.Iterations)
		}
		for i := range o {
			if !r.Probs[i].Valid() {
				t.Fatalf("probability %v of odds %v", r.Probs[i], o[i])
			}
			for j := range o {
				if o[i] < o[j] && r.Probs[i] < r.Probs[j] {
					t.Fatalf("order changed: %v of %v, %v of %v", r.Probs[i], o[i], r.Probs[j], o[j])
				}
			}
		}
	})
}

func TestShinOfTwoIsAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0.05, 0.95).Draw(t, "p")
		margin := rapid.Float64Range(0.001, 0.08).Draw(t, "margin")
		o := []Odds{Odds(1 / (p + margin/2)), Odds(1 / (1 - p + margin/2))}
		if !o[0].Valid() || !o[1].Valid() {
			t.Skip("a certainty")
		}
		shin, err := Devig(Shin, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(shin.Probs[0])-p) > 1e-9 {
			t.Fatalf("Shin %v, additive %v", shin.Probs[0], p)
		}
	})
}

func TestDevigIntoDstAllocatesNothing(t *testing.T) {
	o, dst := []Odds{2.6, 2.4, 4.3}, make([]Prob, 0, 3)
	for m := Multiplicative; m <= Shin; m++ {
		if n := testing.AllocsPerRun(100, func() { Devig(m, o, dst) }); n != 0 {
			t.Errorf("%v: %v allocations, want 0", m, n)
		}
	}
}

func BenchmarkDevig(b *testing.B) {
	o, dst := []Odds{2.6, 2.4, 4.3}, make([]Prob, 3)
	for m := Multiplicative; m <= Shin; m++ {
		b.Run(m.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Devig(m, o, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// 1.8 and 1.9 are 5/9 and 10/19: S = 185/171, a margin of 14/171.
func TestDevigWorked(t *testing.T) {
	lo, hi := 1.0, 2.0 // around the k where Σq^k is 1
	for range 60 {
		if k := (lo + hi) / 2; math.Pow(1/1.8, k)+math.Pow(1/1.9, k) > 1 {
			lo = k
		} else {
			hi = k
		}
	}
	for m, want := range map[Method]float64{
		Multiplicative: 95.0 / 185, // 95/171 of 185/171
		Additive:       88.0 / 171, // 95/171 less half the margin
		Shin:           88.0 / 171, // the same for two outcomes
		Power:          math.Pow(1/1.8, lo),
	} {
		r := devig(t, m, 1.8, 1.9)
		near(t, m.String(), float64(r.Probs[0]), want, 1e-11)
		near(t, m.String()+", the other", float64(r.Probs[1]), 1-want, 1e-11)
		near(t, "margin", r.Overround, 14.0/171, 1e-15)
		if r.Underround || r.Method != m {
			t.Errorf("%v: %+v", m, r)
		}
	}
}

// A fair book is not an overround: S = 1 leaves every price as it is.
func TestAFairBookStaysAsItIs(t *testing.T) {
	for m := Multiplicative; m <= Shin; m++ {
		r := devig(t, m, 2, 4, 4)
		if !r.Underround || r.Overround != 0 || r.Residual > 1e-15 {
			t.Errorf("%v: %+v", m, r)
		}
		for i, want := range []float64{0.5, 0.25, 0.25} {
			near(t, m.String(), float64(r.Probs[i]), want, 1e-15)
		}
	}
}

// Outcomes in another order have the same probabilities in that order.
func TestDevigHasNoOrder(t *testing.T) {
	o := []Odds{1.4, 4.5, 9, 23}
	for m := Multiplicative; m <= Shin; m++ {
		a, b := devig(t, m, o...), devig(t, m, o[3], o[2], o[1], o[0])
		for i := range o {
			near(t, m.String(), float64(b.Probs[3-i]), float64(a.Probs[i]), 1e-11)
		}
	}
}

func TestDevigUsesDstWhereItIsLargeEnough(t *testing.T) {
	o := []Odds{2, 3, 5}
	dst := make([]Prob, 7)
	r, err := Devig(Multiplicative, o, dst)
	if err != nil || len(r.Probs) != 3 || &r.Probs[0] != &dst[0] {
		t.Errorf("%d probabilities, %v", len(r.Probs), err)
	}
	dst = make([]Prob, 2)
	if r, err = Devig(Multiplicative, o, dst); err != nil || len(r.Probs) != 3 || dst[0] != 0 || dst[1] != 0 {
		t.Errorf("%d probabilities, %v; a short dst holds %v", len(r.Probs), err, dst)
	}
}

// The names that messages and help texts list are those that are taken.
func TestMethodNames(t *testing.T) {
	names := MethodNames()
	for i, name := range names {
		if m, err := ParseMethod(strings.ToUpper(name)); err != nil || int(m) != i {
			t.Errorf("%s is %v, %v", name, m, err)
		}
	}
	if len(names) != int(Shin)+1 || names[0] != Method(0).String() || !strings.Contains(ErrMethod.Error(), strings.Join(names, ", ")) {
		t.Errorf("names %q, message %q", names, ErrMethod)
	}
	names[0] = "spoiled"
	if MethodNames()[0] == "spoiled" {
		t.Error("the list is shared")
	}
	if s := Method(9).String(); s != "invalid method" {
		t.Errorf("method 9 is %q", s)
	}
	if s := Notation(99).String(); s != "invalid notation" {
		t.Errorf("notation 99 is %q", s)
	}
}
