package paths

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// check is rapid.Check with the same cases every time, unless a seed is given on the
// command line.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

func lagsName(n int) string { return "lags=" + strconv.Itoa(n) }

// bruteBins is the definition.
func bruteBins(a, b Path, edges []int64) Bins {
	n := len(edges) - 1
	out := Bins{make([]float64, n), make([]float64, n), make([]int, n)}
	for j := 1; j < len(b.T); j++ {
		for k := range n {
			var c float64
			hits := 0
			for i := 1; i < len(a.T); i++ {
				if lag := b.T[j] - a.T[i]; lag >= edges[k] && lag < edges[k+1] {
					c += a.V[i] - a.V[i-1]
					hits++
				}
			}
			if hits > 0 {
				p := (b.V[j] - b.V[j-1]) * c
				out.U[k] += p
				out.V[k] += p * p
				out.N[k]++
			}
		}
	}
	return out
}

func TestCorrelogramIsTheDefinition(t *testing.T) {
	check(t, func(t *rapid.T) {
		a, b := drawPath(t, 0, "a"), drawPath(t, 0, "b")
		edges := rapid.SliceOfNDistinct(rapid.Int64Range(-90, 200), 2, 40, rapid.ID).Draw(t, "edges")
		slices.Sort(edges)
		got, want := Correlogram(a, b, edges), bruteBins(a, b, edges)
		if !slices.Equal(got.U, want.U) || !slices.Equal(got.V, want.V) || !slices.Equal(got.N, want.N) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// TestCrowdedEdges has more edges in a cell than one guess can separate.
func TestCrowdedEdges(t *testing.T) {
	const far = 1 << 40
	edges := []int64{-5, far, far + 1, far + 2, far + 3, far + 9, 1 << 41}
	a := Path{[]int64{-3, 0, 1, 2, 4}, []float64{0, 1, 3, 2, 7}}
	b := Path{[]int64{2, far + 3, far + 4, far + 12}, []float64{5, 6, 4, 1}}
	got, want := Correlogram(a, b, edges), bruteBins(a, b, edges)
	if !slices.Equal(got.U, want.U) || !slices.Equal(got.V, want.V) || !slices.Equal(got.N, want.N) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBinTable tries every lag of the command's edges, and the ends of bins that are equal,
// huge, or crowded into wide cells.
func TestBinTable(t *testing.T) {
	fixed := CorrelogramEdges()
	table := newBinTable(fixed)
	k := 0
	for lag := fixed[0]; lag < fixed[len(fixed)-1]; lag++ {
		if lag >= fixed[k+1] {
			k++
		}
		if got := table.bin(lag - fixed[0]); got != k {
			t.Fatalf("lag %d is in bin %d, want %d", lag, got, k)
		}
	}
	equal := make([]int64, 5000)
	for i := range equal {
		equal[i] = int64(i) * 3000
	}
	crowded := []int64{-5, 1 << 40, 1<<40 + 1, 1<<40 + 2, 1<<40 + 3, 1 << 53}
	for _, edges := range [][]int64{equal, crowded, {7, 8}} {
		table := newBinTable(edges)
		for k := range edges[1:] {
			for _, lag := range []int64{edges[k], edges[k+1] - 1, (edges[k] + edges[k+1]) / 2} {
				if got := table.bin(lag - edges[0]); got != k {
					t.Errorf("lag %d is in bin %d, want %d", lag, got, k)
				}
			}
		}
	}
	if n := len(table.cells); n > 256 {
		t.Errorf("%d cells for the command's edges, want at most 256: they live in the nearest cache", n)
	}
}

func TestCorrelogramEdges(t *testing.T) {
	edges := CorrelogramEdges()
	if len(edges) != 59 || edges[0] != 20 || edges[1] != 23 || edges[58] != 66299 {
		t.Errorf("%d edges: %v", len(edges), edges)
	}
}

func TestCorrelogramAllocates(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 0))
	edges := CorrelogramEdges()
	small, large := walk(rng, 50, 2000), walk(rng, 2000, 2000)
	few := testing.AllocsPerRun(20, func() { Correlogram(small, small, edges) })
	many := testing.AllocsPerRun(20, func() { Correlogram(large, large, edges) })
	if few != many {
		t.Errorf("%v allocations for 50 ticks, %v for 2000", few, many)
	}
}

// BenchmarkCorrelogram is the odds-like case: a tick each 5 s.
func BenchmarkCorrelogram(b *testing.B) {
	rng := rand.New(rand.NewPCG(14, 0))
	x, y := walk(rng, 20_000, 5000), walk(rng, 20_000, 5000)
	edges := CorrelogramEdges()
	n := coincidences(x.T, y.T, edges)
	b.ReportAllocs()
	for b.Loop() {
		Correlogram(x, y, edges)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/coincidence")
}
