package ledger

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestScoringPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"Brier":       func() { Brier([]float64{1}, nil) },
		"calibration": func() { Calibrate([]float64{math.NaN()}, []bool{true}, []string{""}, 10) },
		"Wilson":      func() { Wilson(2, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestWilson(t *testing.T) {
	low, high := Wilson(8, 10) // Newcombe 1998
	if math.Abs(low-0.4901625) > 1e-6 || math.Abs(high-0.9433178) > 1e-6 {
		t.Errorf("8 of 10: [%v, %v]", low, high)
	}
	if low, high := Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("0 of 0: [%v, %v]", low, high)
	}
	for n := 1; n < 200; n++ {
		for hits := 0; hits <= n; hits++ {
			low, high := Wilson(hits, n)
			rate := float64(hits) / float64(n)
			if !(0 <= low && low <= rate && rate <= high && high <= 1 && low < high) {
				t.Fatalf("%d of %d: [%v, %v]", hits, n, low, high)
			}
		}
	}
}

// TestWilsonCoverage sums the binomial: near 95 % at every rate but the extremes.
func TestWilsonCoverage(t *testing.T) {
	const n = 100
	for _, rate := range []float64{0.05, 0.2, 0.5, 0.9} {
		var covered float64
		for hits := 0; hits <= n; hits++ {
			if low, high := Wilson(hits, n); low <= rate && rate <= high {
				covered += distuv.Binomial{N: n, P: rate}.Prob(float64(hits))
			}
		}
		if covered < 0.93 || covered > 0.98 {
			t.Errorf("rate %v is covered in %.4f of cases", rate, covered)
		}
	}
}

func TestBrierAndCalibration(t *testing.T) {
	prob := []float64{0, 0.25, 0.25, 0.29, 1, 0.3}
	hit := []bool{false, true, false, false, true, true}
	score, ok := Brier(prob, hit)
	if want := (0.5625 + 0.0625 + 0.0841 + 0.49) / 6; !ok || math.Abs(score-want) > 1e-15 {
		t.Errorf("Brier score %v, want %v", score, want)
	}
	if _, ok := Brier(nil, nil); ok {
		t.Error("a Brier score of nothing")
	}
	table := Calibrate(prob, hit, make([]string, len(hit)), 4)
	got := []int{table[0].N, table[1].N, table[2].N, table[3].N, table[1].Hits}
	if want := []int{1, 4, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
	if b := table[1]; math.Abs(b.Claimed-1.09/4) > 1e-15 || b.Rate != 0.5 || b.Low != 0.25 || b.High != 0.5 {
		t.Errorf("second bin %+v", b)
	}
	if b := table[2]; b.RateLow != 0 || b.RateHigh != 1 || b.Claimed != 0 {
		t.Errorf("empty bin %+v", b)
	}
}
