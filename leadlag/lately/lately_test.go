package lately

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"corrgraph/odds"
)

func TestStudentIsNearTheExactQuantile(t *testing.T) {
	for _, nu := range []float64{4, 5, 8, 15, 63, 1e6} {
		exact := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile(0.975)
		if got := student(nu); math.Abs(got/exact-1) > 0.01 {
			t.Errorf("with %v degrees of freedom: %.3f, want %.3f", nu, got, exact)
		}
	}
}

// Five of 25 events, worked by hand: with equal squares the interval is that of a mean.
func TestTheNewestByTheirLastMove(t *testing.T) {
	var parts []Part
	for i := range 25 {
		p := Part{Event: uint64(i), Last: odds.Time(1000 * i), U: -1, Lead: -1, SS: 1, SSTo: 4}
		if i >= 20 {
			p.U, p.Lead = 0.2*float64(i-20), 1 // 0, 0.2 … 0.8: mean 0.4, SD 0.1·√10
		}
		parts = append(parts, p)
	}
	parts[3], parts[22] = parts[22], parts[3] // in any order
	got := Of(parts)
	half := student(4) * math.Sqrt(0.1/5) / 2
	want := Newest{Events: 5, Since: 20_000, Correlation: 0.2, Low: 0.2 - half, High: 0.2 + half, Lead: 0.5, LeadLow: 0.5, LeadHigh: 0.5}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
	if got.Events != 5 || got.Since != 20_000 || !near(got.Correlation, 0.2) || !near(got.Low, want.Low) || !near(got.High, want.High) ||
		!near(got.Lead, 0.5) || !near(got.LeadLow, 0.5) || !near(got.LeadHigh, 0.5) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// One that shares its sums with others spoils only the fifth that it is in.
func TestSharedSums(t *testing.T) {
	of := func(many int) Newest {
		var parts []Part
		for i := range 30 {
			parts = append(parts, Part{Event: uint64(i), Last: odds.Time(i), U: 1, SS: 1, SSTo: 1, Many: i == many})
		}
		return Of(parts)
	}
	if of(23).Events != 6 || of(24) != (Newest{}) {
		t.Errorf("%+v, %+v", of(23), of(24))
	}
}
