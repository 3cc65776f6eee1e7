package paths

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// A Hayashi–Yoshida worked by hand: both move once, over (0, 10]. The intervals
// overlap at every lag inside ±10, touching is no overlap, and of equal lags the
// one nearest zero is best, of these the lesser.
func TestTiesTakeTheLeastLag(t *testing.T) {
	p := Path{[]int64{0, 10}, []float64{0, 3}}
	for _, c := range []struct {
		grid     []int64
		best     int64
		overlaps []int64
	}{
		{[]int64{-10, -9, 0, 9, 10}, 0, []int64{0, 1, 1, 1, 0}},
		{[]int64{-2, 2}, -2, []int64{1, 1}},
		{[]int64{-3, 2}, 2, []int64{1, 1}},
		{[]int64{4, 7}, 4, []int64{1, 1}},
	} {
		got := HayashiYoshida(p, p, c.grid)
		if !got.Found || got.BestLag != c.best || !slices.Equal(got.Overlaps, c.overlaps) || got.BestRho != 1 || got.Beta != 1 || got.NullVar[got.Best] != 81 {
			t.Errorf("%v: %+v", c.grid, got)
		}
	}
}

// LLR needs a correlation on either side of zero.
func TestLeadLagRatio(t *testing.T) {
	a := Path{[]int64{0, 10, 20}, []float64{0, 1, -1}}
	b := Path{[]int64{5, 15, 25}, []float64{0, 2, -2}}
	// Covariances at ±5 are 10 and −4, of √(5·20): ρ² of 1 and 0.16.
	if c := HayashiYoshida(a, b, []int64{-5, 0, 5}); !c.LLRDefined || math.Abs(c.LLR-6.25) > 1e-12 {
		t.Errorf("ratio %v, %v; want 6.25", c.LLR, c.LLRDefined)
	}
	if c := HayashiYoshida(b, a, []int64{-5, 0, 5}); !c.LLRDefined || math.Abs(c.LLR-0.16) > 1e-12 {
		t.Errorf("exchanged: ratio %v, %v; want 0.16", c.LLR, c.LLRDefined)
	}
	for _, grid := range [][]int64{{0, 5}, {5}, {-100, 5}} {
		if c := HayashiYoshida(a, b, grid); c.LLRDefined || c.LLR != 0 {
			t.Errorf("%v: ratio %v, nothing behind zero", grid, c.LLR)
		}
	}
	if c := HayashiYoshida(a, b, []int64{-5, 0}); !c.LLRDefined || c.LLR != 0 {
		t.Errorf("nothing ahead: ratio %v, %v; want 0", c.LLR, c.LLRDefined)
	}
}

// A bin holds the lag of its first edge and not that of its last.
func TestCorrelogramAtItsEdges(t *testing.T) {
	a := Path{[]int64{0, 100}, []float64{0, 3}}
	for lag, want := range map[int64][]int{9: {0, 0}, 10: {1, 0}, 19: {1, 0}, 20: {0, 1}, 29: {0, 1}, 30: {0, 0}} {
		b := Path{[]int64{50, 100 + lag}, []float64{0, -2}}
		got := Correlogram(a, b, []int64{10, 20, 30})
		if !slices.Equal(got.N, want) || got.U[0]+got.U[1] != -6*float64(want[0]+want[1]) || got.V[0]+got.V[1] != 36*float64(want[0]+want[1]) {
			t.Errorf("lag %d: %+v, want hits %v", lag, got, want)
		}
	}
}

// Clean keeps the limits themselves and names the tick beyond them.
func TestCleanAtItsLimits(t *testing.T) {
	p := Path{[]int64{-MaxTime, 0, MaxTime}, []float64{-MaxValue, 0, MaxValue}}
	if got, err := Clean(p); err != nil || &got.T[0] != &p.T[0] {
		t.Errorf("%v, %v; want the path itself", got, err)
	}
	for want, bad := range map[string]Path{
		"not a path: 1 times and 0 values":                                 {T: []int64{1}},
		"not a path: tick 1: time 9007199254740993 is out of range":        {[]int64{0, MaxTime + 1}, []float64{0, 0}},
		"not a path: tick 0: time -9007199254740993 is out of range":       {[]int64{-MaxTime - 1}, []float64{0}},
		"not a path: tick 1: value 1.0000000000000001e+75 is out of range": {[]int64{0, 1}, []float64{0, 1.0000000000000001e75}},
		"not a path: tick 2: the value is not a number":                    {[]int64{0, 1, 2}, []float64{0, 0, math.NaN()}},
		"not a path: tick 1: time 4 after 5":                               {[]int64{5, 4}, []float64{0, 0}},
	} {
		if got, err := Clean(bad); err == nil || err.Error() != want || got.T != nil {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
	}
	if got, err := Clean(Path{}); err != nil || len(got.T) != 0 {
		t.Errorf("an empty path: %v, %v", got, err)
	}
}

func TestGridsAtTheirLimits(t *testing.T) {
	if grid, err := ParseGrid("1:1000000:1"); err != nil || len(grid) != MaxLags || grid[MaxLags-1] != MaxLags {
		t.Errorf("%d lags, %v", len(grid), err)
	}
	if grid, err := ParseGrid("5:5:7"); err != nil || !slices.Equal(grid, []int64{5}) {
		t.Errorf("%v, %v", grid, err)
	}
	for text, want := range map[string]string{
		"1:2":                    `grid "1:2": want FROM:TO:STEP in ms`,
		"a:2:1":                  `grid "a:2:1": "a" is not a whole number of ms`,
		"2:1:1":                  `grid "2:1:1": want FROM ≤ TO and STEP > 0`,
		"0:1:0":                  `grid "0:1:0": want FROM ≤ TO and STEP > 0`,
		"0:1000000:1":            `grid "0:1000000:1": 1000001 lags, at most 1000000`,
		"0:0:999999999999999999": `grid "0:0:999999999999999999": "999999999999999999" is not a whole number of ms`,
	} {
		if _, err := ParseGrid(text); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// An error without a line is about the file as a whole.
func TestInputErrorText(t *testing.T) {
	for want, e := range map[string]*InputError{
		"a.csv: empty":     {File: "a.csv", Reason: "empty"},
		"a.csv:7: no tick": {File: "a.csv", Line: 7, Reason: "no tick"},
	} {
		if got := fmt.Sprint(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDisorderPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"falling times": func() { HayashiYoshida(Path{[]int64{2, 1}, []float64{1, 2}}, Path{}, nil) },
		"falling grid":  func() { HayashiYoshida(Path{}, Path{}, []int64{2, 1}) },
		"one edge":      func() { Correlogram(Path{}, Path{}, []int64{1}) },
		"lengths":       func() { HayashiYoshida(Path{[]int64{2}, nil}, Path{}, nil) },
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
