package tail

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Wallace's approximation against the exact quantiles, over what decides anything.
func TestNormalOfIsNearTheExactTail(t *testing.T) {
	normal := distuv.Normal{Mu: 0, Sigma: 1}
	for _, nu := range []float64{7, 8, 10, 15, 31, 63, 200} {
		for z, off := range map[float64]float64{2: 0.025, 3: 0.025, 4: 0.025, 5: 0.05} {
			p := normal.Survival(z)
			exact := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile(1 - p)
			if got := NormalOf(exact, nu); math.Abs(got-z) > off {
				t.Errorf("t = %.3f with %v degrees of freedom is %.4f, want %v", exact, nu, got, z)
			}
		}
	}
}

func TestNormalOfKeepsOrderAndSign(t *testing.T) {
	for _, nu := range []float64{7, 15, 63, 1e6} {
		before := 0.0
		for x := 0.0; x < 50; x += 0.25 {
			z := NormalOf(x, nu)
			if z < before || z > x {
				t.Fatalf("t = %v with %v degrees of freedom is %v after %v", x, nu, z, before)
			}
			if NormalOf(-x, nu) != -z {
				t.Fatalf("%v and %v are no mirror images", NormalOf(-x, nu), z)
			}
			before = z
		}
	}
	if few, many := NormalOf(4, 7), NormalOf(4, 63); few >= many {
		t.Errorf("4 is %v after 8 points and %v after 64: a short history says less", few, many)
	}
}

func TestNothingIsSaidWhereNothingIsKnown(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name          string
		now, mean, sd float64
		n             int
	}{
		{"seven points", 9, 0, 1, MinHistory - 1},
		{"no points", 9, 0, 1, 0},
		{"no spread", 9, 0, 0, 64},
		{"a negative spread", 9, 0, -1, 64},
		{"an unknown spread", 9, 0, nan, 64},
		{"an unknown mean", 9, nan, 1, 64},
		{"unknown now", nan, 0, 1, 64},
		{"an endless distance in an endless spread", math.Inf(1), 0, math.Inf(1), 64},
	} {
		if z := Departure(c.now, c.mean, c.sd, c.n); z != 0 {
			t.Errorf("%s: %v", c.name, z)
		}
		if z := Ratio(c.now, c.mean, c.sd, c.n); z != 0 {
			t.Errorf("%s: ratio %v", c.name, z)
		}
	}
}

func TestDepartureInUnitsOfTheNextPoint(t *testing.T) {
	// Of 8 points the next one scatters by √(9/8) of their spread.
	if r, want := Ratio(3, 1, 0.5, 8), 4/math.Sqrt(9.0/8); math.Abs(r-want) > 1e-12 {
		t.Errorf("ratio %v, want %v", r, want)
	}
	if z, r := Departure(1.9, 1, 0.5, 8), Ratio(1.9, 1, 0.5, 8); z != r || r >= 2 {
		t.Errorf("under 2 the ratio itself is returned: %v, %v", z, r)
	}
	if z, r := Departure(-3, 1, 0.5, 8), Ratio(-3, 1, 0.5, 8); z != NormalOf(r, 7) || z >= 0 || z < r {
		t.Errorf("beyond, what it means among so few points: %v of %v", z, r)
	}
	// Scale and origin are the number's own affair.
	if a, b := Departure(3, 1, 0.5, 20), Departure(1300, 1100, 50, 20); math.Abs(a-b) > 1e-12 {
		t.Errorf("%v, a hundred times as large and 1000 further %v", a, b)
	}
	if x, y := NextRoot(1), NextRoot(math.MaxInt); x != math.Sqrt2 || y != 1 {
		t.Errorf("after one point %v, after endless ones %v", x, y)
	}
}
