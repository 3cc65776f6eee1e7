package paths

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type golden struct {
	Name   string
	A, B   Path
	Grid   []int64
	Expect struct {
		Defined  bool
		SSA      float64 `json:"ss_a"`
		SSB      float64 `json:"ss_b"`
		Cov, Rho []float64
		NullVar  []float64 `json:"null_var"`
		Z        []float64
		Overlaps []int64
		BestLag  *int64   `json:"best_lag"`
		Ties     []int64  `json:"best_lag_ties"`
		BestRho  *float64 `json:"best_rho"`
		Beta     *float64
		LLR      *float64
		Event    struct {
			Edges  []int64
			AB, BA Bins
		}
	}
}

// goldens reads the test vectors beside the repository, which are several hundred kilobytes
// and not copied into it.
func goldens(tb testing.TB, pattern string) (cases []golden) {
	tb.Helper()
	names, err := filepath.Glob("../../../shared/leadlag/" + pattern + ".json.gz")
	if err != nil || len(names) == 0 {
		if os.Getenv("CI") == "true" {
			tb.Fatal("the golden vectors under ../../../shared/leadlag are missing")
		}
		tb.Skip("no golden vectors under ../../../shared/leadlag: nothing to compare with")
	}
	for _, name := range names {
		cases = append(cases, readGolden(tb, name))
	}
	return cases
}

func readGolden(tb testing.TB, name string) (c golden) {
	tb.Helper()
	f, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&c); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	for _, p := range []*Path{&c.A, &c.B} {
		if *p, err = Clean(*p); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
	}
	return c
}

// TestGolden compares every number of both exact forms with the brute-force double sums.
func TestGolden(t *testing.T) {
	cases := goldens(t, "*")
	if len(cases) < 46 {
		t.Errorf("%d cases, want 46", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			checkContrast(t, c, HayashiYoshida(c.A, c.B, c.Grid))
			if len(c.A.T) > 1 && len(c.B.T) > 1 {
				t.Run("sweep", func(t *testing.T) { checkContrast(t, c, forced(c, (*Contrast).sweep)) })
				t.Run("scan", func(t *testing.T) { checkContrast(t, c, forced(c, (*Contrast).scan)) })
			}
			if !slices.Equal(CorrelogramEdges(), c.Expect.Event.Edges) {
				t.Fatal("other edges")
			}
			checkEvents(t, c, "ab", Correlogram(c.A, c.B, CorrelogramEdges()), c.Expect.Event.AB)
			checkEvents(t, c, "ba", Correlogram(c.B, c.A, CorrelogramEdges()), c.Expect.Event.BA)
		})
	}
}

// forced computes the contrast by one form, regardless of the rule.
func forced(c golden, form func(*Contrast, steps, steps)) Contrast {
	got := newContrast(c.Grid)
	x, y := newSteps(c.A), newSteps(c.B)
	got.SSA, got.SSB = x.squares(), y.squares()
	form(&got, x, y)
	if got.Defined = got.SSA > 0 && got.SSB > 0; got.Defined {
		got.finish()
	}
	return got
}

func checkContrast(t *testing.T, c golden, got Contrast) {
	t.Helper()
	want := c.Expect
	if got.Defined != want.Defined || got.Found != (want.BestLag != nil) || got.LLRDefined != (want.LLR != nil) {
		t.Fatalf("defined, found, llr: %v %v %v", got.Defined, got.Found, got.LLRDefined)
	}
	norm := math.Sqrt(want.SSA) * math.Sqrt(want.SSB)
	near(t, "rho", got.Rho, want.Rho, 1e-12)
	near(t, "cov", got.Cov, want.Cov, 1e-12*norm)
	near(t, "z", got.Z, want.Z, 1e-11)
	for g, v := range want.NullVar {
		if math.Abs(got.NullVar[g]-v) > 1e-12*v {
			t.Errorf("null_var[%d] is %v, want %v", g, got.NullVar[g], v)
		}
	}
	for g, n := range want.Overlaps {
		if got.Overlaps[g] != n {
			t.Fatalf("overlaps[%d] is %d, want %d", g, got.Overlaps[g], n)
		}
	}
	near(t, "ss", []float64{got.SSA / max(want.SSA, 1e-300), got.SSB / max(want.SSB, 1e-300)},
		[]float64{want.SSA / max(want.SSA, 1e-300), want.SSB / max(want.SSB, 1e-300)}, 1e-14)
	if want.BestLag != nil {
		if got.BestLag != *want.BestLag {
			t.Errorf("best lag is %d, want %d of %v", got.BestLag, *want.BestLag, want.Ties)
		}
		near(t, "best", []float64{got.BestRho, got.Beta / *want.Beta}, []float64{*want.BestRho, 1}, 1e-12)
	}
	if want.LLR != nil && math.Abs(got.LLR-*want.LLR) > 1e-11**want.LLR {
		t.Errorf("llr is %v, want %v", got.LLR, *want.LLR)
	}
}

func checkEvents(t *testing.T, c golden, side string, got, want Bins) {
	t.Helper()
	near(t, side+".U", got.U, want.U, 1e-12*math.Sqrt(c.Expect.SSA)*math.Sqrt(c.Expect.SSB))
	var top float64
	for _, v := range append(c.Expect.Event.AB.V, c.Expect.Event.BA.V...) {
		top = max(top, v)
	}
	near(t, side+".V", got.V, want.V, 1e-12*top)
	for k, n := range want.N {
		if got.N[k] != n {
			t.Errorf("%s.N[%d] is %d, want %d", side, k, got.N[k], n)
		}
	}
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s[%d] is %v, want %v: off by %g", what, i, got[i], want[i], got[i]-want[i])
			return
		}
	}
}

func BenchmarkRealDay61Lags(b *testing.B) {
	c := goldens(b, "real_btc_full_day")[0]
	for _, form := range []struct {
		name string
		run  func()
	}{
		{"chosen", func() { HayashiYoshida(c.A, c.B, c.Grid) }},
		{"sweep", func() { forced(c, (*Contrast).sweep) }},
		{"scan", func() { forced(c, (*Contrast).scan) }},
	} {
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				form.run()
			}
			ticks := len(c.A.T) + len(c.B.T)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(ticks*len(c.Grid)), "ns/(tick·lag)")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(reach(c.A.T, c.B.T, c.Grid)), "ns/difference")
		})
	}
}

func BenchmarkCorrelogramRealDay(b *testing.B) {
	c := goldens(b, "real_btc_full_day")[0]
	edges := CorrelogramEdges()
	n := coincidences(c.A.T, c.B.T, edges)
	b.ReportAllocs()
	for b.Loop() {
		Correlogram(c.A, c.B, edges)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/coincidence")
}

func coincidences(a, b []int64, edges []int64) int64 {
	return reach(a[1:], b[1:], []int64{edges[0], edges[len(edges)-1] - 1})
}
