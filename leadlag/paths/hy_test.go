package paths

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/leadlag/fdr"

	"pgregory.net/rapid"
)

// TestHayashiYoshidaWorked can be checked by hand: a moves +1, then −2; b repeats
// it 5 ms later at twice the size.
func TestHayashiYoshidaWorked(t *testing.T) {
	a := Path{[]int64{0, 10, 20}, []float64{0, 1, -1}}
	b := Path{[]int64{5, 15, 25}, []float64{0, 2, -2}}
	c := HayashiYoshida(a, b, []int64{-15, -5, 0, 5, 10, 15})
	if want := []float64{0, -4, 6, 10, 6, -4}; !slices.Equal(c.Cov, want) {
		t.Errorf("cov %v, want %v", c.Cov, want)
	}
	if want := []int64{0, 1, 3, 2, 3, 1}; !slices.Equal(c.Overlaps, want) {
		t.Errorf("overlaps %v, want %v", c.Overlaps, want)
	}
	if c.BestLag != 5 || math.Abs(c.BestRho-1) > 1e-15 || c.Beta != 2 || c.SSA != 5 || c.SSB != 20 {
		t.Errorf("got %+v", c)
	}
}

func TestHayashiYoshidaDegenerate(t *testing.T) {
	two := Path{[]int64{0, 10}, []float64{1, 2}}
	flat := Path{[]int64{0, 10}, []float64{1, 1}}
	for name, c := range map[string]Contrast{
		"nothing":  HayashiYoshida(Path{}, Path{}, []int64{0, 1}),
		"one tick": HayashiYoshida(two, Path{[]int64{3}, []float64{1}}, []int64{0, 1}),
		"flat":     HayashiYoshida(two, flat, []int64{0, 1}),
	} {
		if c.Defined || c.Found || c.LLRDefined || !slices.Equal(c.Rho, []float64{0, 0}) || !slices.Equal(c.Z, []float64{0, 0}) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := HayashiYoshida(two, flat, []int64{0}); c.Overlaps[0] != 1 || c.SSA != 1 {
		t.Errorf("flat: %+v", c)
	}
	if c := HayashiYoshida(two, two, nil); !c.Defined || c.Found {
		t.Errorf("no lags: %+v", c)
	}
	if c := HayashiYoshida(two, two, []int64{100}); !c.Defined || c.Found {
		t.Errorf("out of reach: %+v", c)
	}
}

// drawPath draws a clean path of at least low ticks whose values are quarters, so
// that sums are exact.
func drawPath(t *rapid.T, low int, name string) Path {
	gaps := rapid.SliceOfN(rapid.Int64Range(1, 40), low, 30).Draw(t, name)
	p := Path{make([]int64, len(gaps)), make([]float64, len(gaps))}
	at := rapid.Int64Range(-100, 100).Draw(t, name+" start")
	for i, g := range gaps {
		at += g
		p.T[i], p.V[i] = at, float64(rapid.IntRange(-8, 8).Draw(t, name+" value"))/4
	}
	return p
}

func drawGrid(t *rapid.T) []int64 {
	if rapid.Bool().Draw(t, "regular") {
		from, step := rapid.Int64Range(-60, 20).Draw(t, "from"), rapid.Int64Range(1, 9).Draw(t, "step")
		grid := make([]int64, rapid.IntRange(1, 30).Draw(t, "lags"))
		for i := range grid {
			grid[i] = from + int64(i)*step
		}
		return grid
	}
	grid := rapid.SliceOfNDistinct(rapid.Int64Range(-80, 80), 1, 20, rapid.ID).Draw(t, "grid")
	slices.Sort(grid)
	return grid
}

// doubleSum is the definition.
func doubleSum(a, b Path, lag int64) (cov, null float64, overlaps int64) {
	for i := 1; i < len(a.T); i++ {
		for j := 1; j < len(b.T); j++ {
			if max(a.T[i-1], b.T[j-1]-lag) < min(a.T[i], b.T[j]-lag) {
				p := (a.V[i] - a.V[i-1]) * (b.V[j] - b.V[j-1])
				cov, null, overlaps = cov+p, null+p*p, overlaps+1
			}
		}
	}
	return cov, null, overlaps
}

func TestBothFormsAreTheDoubleSum(t *testing.T) {
	check(t, func(t *rapid.T) {
		a, b, grid := drawPath(t, 2, "a"), drawPath(t, 2, "b"), drawGrid(t)
		sweep, scan := newContrast(grid), newContrast(grid)
		sweep.sweep(newSteps(a), newSteps(b))
		scan.scan(newSteps(a), newSteps(b))
		for g, lag := range grid {
			cov, null, overlaps := doubleSum(a, b, lag)
			for _, c := range []Contrast{sweep, scan} {
				if c.Cov[g] != cov || c.NullVar[g] != null || c.Overlaps[g] != overlaps {
					t.Fatalf("lag %d: cov %v, null variance %v, %d overlaps; want %v, %v, %d",
						lag, c.Cov[g], c.NullVar[g], c.Overlaps[g], cov, null, overlaps)
				}
			}
		}
	})
}

func mirrored(grid []int64) []int64 {
	out := make([]int64, len(grid))
	for i, g := range grid {
		out[len(grid)-1-i] = -g
	}
	return out
}

func TestSwapFlipsTheLag(t *testing.T) {
	check(t, func(t *rapid.T) {
		a, b, grid := drawPath(t, 0, "a"), drawPath(t, 0, "b"), drawGrid(t)
		c, back := HayashiYoshida(a, b, grid), HayashiYoshida(b, a, mirrored(grid))
		slices.Reverse(back.Rho)
		slices.Reverse(back.Z)
		slices.Reverse(back.Overlaps)
		if !slices.Equal(c.Rho, back.Rho) || !slices.Equal(c.Z, back.Z) || !slices.Equal(c.Overlaps, back.Overlaps) {
			t.Fatalf("rho %v and %v", c.Rho, back.Rho)
		}
		if c.Found != back.Found || abs(c.BestLag) != abs(back.BestLag) {
			t.Fatalf("best lag %d and %d", c.BestLag, back.BestLag)
		}
		// A tie between −θ and θ is always given to −θ: the one exception to the flip.
		if c.Found && c.BestLag != -back.BestLag && math.Abs(c.Rho[slices.Index(grid, -c.BestLag)]) < math.Abs(c.BestRho)-1e-12 {
			t.Fatalf("best lag %d, swapped %d", c.BestLag, back.BestLag)
		}
	})
}

func TestShiftAndScale(t *testing.T) {
	check(t, func(t *rapid.T) {
		a, b, grid := drawPath(t, 0, "a"), drawPath(t, 0, "b"), drawGrid(t)
		shift := rapid.Int64Range(-1e12, 1e12).Draw(t, "shift")
		times := math.Ldexp(1, rapid.IntRange(-40, 40).Draw(t, "scale"))
		a2 := Path{slices.Clone(a.T), a.V}
		b2 := Path{slices.Clone(b.T), slices.Clone(b.V)}
		for i := range a2.T {
			a2.T[i] += shift
		}
		for i := range b2.T {
			b2.T[i] += shift
			b2.V[i] *= times
		}
		c, d := HayashiYoshida(a, b, grid), HayashiYoshida(a2, b2, grid)
		if !closeTo(c.Rho, d.Rho, 1e-14) || !closeTo(c.Z, d.Z, 1e-14) || c.BestLag != d.BestLag {
			t.Fatalf("rho %v and %v, z %v and %v", c.Rho, d.Rho, c.Z, d.Z)
		}
		if c.Beta*times != d.Beta {
			t.Fatalf("beta %v times %v is not %v", c.Beta, times, d.Beta)
		}
		edges := []int64{0, 1, 5, 20, 60}
		u, v := Correlogram(a, b, edges), Correlogram(a2, b2, edges)
		for k := range u.U {
			if u.U[k]*times != v.U[k] || u.V[k]*times*times != v.V[k] || u.N[k] != v.N[k] {
				t.Fatalf("correlogram %v and %v", u, v)
			}
		}
	})
}

// walk is a random walk of n ticks, on average gap ms apart.
func walk(rng *rand.Rand, n int, gap float64) Path {
	p := Path{make([]int64, n), make([]float64, n)}
	var t int64
	var v float64
	for i := range p.T {
		t += 1 + int64(gap*rng.ExpFloat64())
		v += rng.NormFloat64()
		p.T[i], p.V[i] = t, v
	}
	return p
}

// TestGiantPrice checks that a quiet stretch keeps its digits beside a huge move.
func TestGiantPrice(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 0))
	a, b := walk(rng, 300, 20), walk(rng, 300, 20)
	b.T[0] = a.T[150]
	for j := 1; j < len(b.T); j++ {
		b.T[j] = b.T[j-1] + 1 + int64(20*rng.ExpFloat64())
	}
	a.V[150] += 1e9 // the two moves of a around it overlap the early increments of b alone
	grid := make([]int64, 400)
	for g := range grid {
		grid[g] = int64(g) * 10
	}
	c := newContrast(grid)
	c.sweep(newSteps(a), newSteps(b))
	for g, lag := range grid {
		if cov, null, _ := doubleSum(a, b, lag); math.Abs(c.NullVar[g]-null) > 1e-12*null || math.Abs(c.Cov[g]-cov) > 1e-9*math.Sqrt(null) {
			t.Fatalf("lag %d: cov %v and null variance %v, want %v and %v", lag, c.Cov[g], c.NullVar[g], cov, null)
		}
	}
}

// TestReachIsWhatSweepVisits and the rule keeps the work below both forms' own.
func TestWorkIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 0))
	a, b := walk(rng, 400, 20), walk(rng, 300, 30)
	grid := func(step int64) (out []int64) {
		for lag := int64(-1200); lag <= 1200; lag += step {
			out = append(out, lag)
		}
		return out
	}
	coarse, fine := grid(100), grid(1)
	var want int64
	for _, y := range b.T {
		for _, x := range a.T {
			if y-x >= -1200 && y-x <= 1200 {
				want++
			}
		}
	}
	if n := reach(a.T, b.T, coarse); n != want || reach(a.T, b.T, fine) != want {
		t.Errorf("%d differences on the coarse grid, %d on the fine one, want %d", n, reach(a.T, b.T, fine), want)
	}
	if !sweepPays(want, 700, len(fine)) || sweepPays(want, 700, 3) {
		t.Error("the cheaper form was not chosen")
	}
}

// TestNoiseFindsNothing shuffles the times of a true pair's moves. The p-value of a
// shuffle's best score among 99 other shuffles is then uniform (Kolmogorov–Smirnov),
// whereas that of the pair itself is the smallest possible.
func TestNoiseFindsNothing(t *testing.T) {
	const rounds, shuffles = 60, 99
	edges := []int64{20, 40, 80, 160, 320, 640, 1280}
	rng := rand.New(rand.NewPCG(11, 0))
	var p []float64
	detected := 0
	for range rounds {
		a, b := followed(rng, 150, 200)
		decoys := make([]float64, shuffles)
		for k := range decoys {
			decoys[k] = topScore(a, shuffled(rng, b), edges)
		}
		scores := []float64{topScore(a, b, edges), topScore(a, shuffled(rng, b), edges)}
		got := fdr.DecoyP(scores, decoys)
		if got[0] <= 0.02 {
			detected++
		}
		p = append(p, got[1])
	}
	if detected < rounds*9/10 {
		t.Errorf("only %d of %d true pairs stand out", detected, rounds)
	}
	slices.Sort(p)
	var distance float64
	for i, x := range p {
		distance = max(distance, x-float64(i)/rounds, float64(i+1)/rounds-x)
	}
	if limit := 1.63/math.Sqrt(rounds) + 1.0/(shuffles+1); distance > limit { // 1 %
		t.Errorf("p-values of shuffles are %.3f from uniform, limit %.3f", distance, limit)
	}
}

// followed returns a path and one that repeats each move lag ms later, with noise.
func followed(rng *rand.Rand, n int, lag int64) (a, b Path) {
	a = walk(rng, n, 800)
	b = Path{slices.Clone(a.T), slices.Clone(a.V)}
	for i := range b.T {
		b.T[i] += lag + int64(rng.IntN(20))
		b.V[i] += 0.3 * rng.NormFloat64()
	}
	for i := 1; i < len(b.T); i++ {
		b.T[i] = max(b.T[i], b.T[i-1]+1)
	}
	return a, b
}

// shuffled puts the increments of p in random order, at the same times.
func shuffled(rng *rand.Rand, p Path) Path {
	d := increments(p.V)[1:]
	rng.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
	out := Path{p.T, make([]float64, len(p.V))}
	for i, x := range d {
		out.V[i+1] = out.V[i] + x
	}
	return out
}

func increments(v []float64) []float64 {
	d := make([]float64, len(v))
	for i := 1; i < len(v); i++ {
		d[i] = v[i] - v[i-1]
	}
	return d
}

func topScore(a, b Path, edges []int64) (top float64) {
	bins := Correlogram(a, b, edges)
	for k, u := range bins.U {
		if bins.V[k] > 0 {
			top = max(top, math.Abs(u)/math.Sqrt(bins.V[k]))
		}
	}
	return top
}

// BenchmarkGridSize keeps the paths and the range of lags, and refines the grid.
func BenchmarkGridSize(b *testing.B) {
	rng := rand.New(rand.NewPCG(12, 0))
	x, y := walk(rng, 10_000, 500), walk(rng, 10_000, 500)
	for _, step := range []int64{10_000, 1000, 100, 10} {
		var grid []int64
		for lag := int64(-10_000); lag <= 10_000; lag += step {
			grid = append(grid, lag)
		}
		b.Run(lagsName(len(grid)), func(b *testing.B) {
			for b.Loop() {
				HayashiYoshida(x, y, grid)
			}
		})
		irregular := slices.Clone(grid)
		irregular[len(irregular)-1]++
		b.Run(lagsName(len(grid))+"-irregular", func(b *testing.B) {
			for b.Loop() {
				HayashiYoshida(x, y, irregular)
			}
		})
	}
}

func closeTo(got, want []float64, tolerance float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool { return math.Abs(g-w) <= tolerance })
}
