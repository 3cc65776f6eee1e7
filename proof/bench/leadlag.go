package bench

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"corrgraph/leadlag/paths"
)

// day is one day of two series, a leading b by 15 s, and the grid of lags to
// search.
type day struct {
	A, B   paths.Path
	Grid   []int64
	Expect struct { // empty if the day is simulated
		Rho     []float64
		BestLag int64 `json:"best_lag"`
	}
	note string
}

// Size of the day on which lead-lag estimation is measured.
const (
	ticksA, ticksB = 17_507, 10_516
	dayLag         = 15_000 // ms
)

func leadlagTasks() []task {
	return []task{
		{"leadlag_61_lags", func(context.Context) (work, error) { return onDay(contrastWork) }},
		{"correlogram_coincidence", func(context.Context) (work, error) { return onDay(correlogramWork) }},
		{"evidence_coincidence", func(context.Context) (work, error) { return evidenceWork(true), nil }},
		{"evidence_coincidence_no_decoys", func(context.Context) (work, error) { return evidenceWork(false), nil }},
	}
}

func onDay(of func(*day) work) (work, error) {
	d, err := newDay()
	if err != nil {
		return work{}, err
	}
	return of(d), nil
}

// newDay reads the recorded day from shared/leadlag in the working directory or
// above it; without one it simulates a day of the same size.
func newDay() (*day, error) {
	at, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		d, err := readDay(filepath.Join(at, "shared", "leadlag", "real_btc_full_day.json.gz"))
		if !errors.Is(err, fs.ErrNotExist) {
			return d, err
		}
		if up := filepath.Dir(at); up != at {
			at = up
			continue
		}
		return simulatedDay(), nil
	}
}

func readDay(name string) (*day, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := &day{note: "a recorded day of two exchanges"}
	if err := json.NewDecoder(z).Decode(d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if d.A, err = paths.Clean(d.A); err == nil {
		d.B, err = paths.Clean(d.B)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d.size()
	return d, nil
}

func (d *day) size() {
	d.note += fmt.Sprintf(", %d × %d ticks", len(d.A.T), len(d.B.T))
}

// simulatedDay is a random walk with one step per second, which b reads 15 s after
// a; each is observed at random seconds of the day.
func simulatedDay() *day {
	const seconds = 86_400
	r := rand.New(rand.NewPCG(seed, seconds))
	walk := make([]float64, seconds)
	for i := 1; i < seconds; i++ {
		walk[i] = walk[i-1] + 1e-4*r.NormFloat64()
	}
	read := func(n, late int) (p paths.Path) {
		at := r.Perm(seconds - late)[:n]
		slices.Sort(at)
		for _, s := range at {
			p.T, p.V = append(p.T, int64(s+late)*1000), append(p.V, walk[s])
		}
		return p
	}
	d := &day{A: read(ticksA, 0), B: read(ticksB, dayLag/1000), note: "a simulated day: no recorded one in shared/leadlag"}
	for lag := int64(-30_000); lag <= 30_000; lag += 1000 {
		d.Grid = append(d.Grid, lag)
	}
	d.size()
	return d
}

func contrastWork(d *day) work {
	var c paths.Contrast
	return work{
		op: func() error {
			c = paths.HayashiYoshida(d.A, d.B, d.Grid)
			return nil
		},
		check: func() error { return d.check(&c) },
		note:  d.note + ", 61 lags from -30 s to 30 s",
	}
}

// check compares a contrast with the recorded truth, if there is one, and at its
// best lag with the double sum that defines it.
func (d *day) check(c *paths.Contrast) error {
	if !c.Found || c.BestLag != dayLag {
		return fmt.Errorf("the best lag is %d ms, want %d", c.BestLag, dayLag)
	}
	if rho := d.correlation(c.BestLag); math.Abs(c.BestRho-rho) > 1e-10 {
		return fmt.Errorf("rho at %d ms is %v, want %v", c.BestLag, c.BestRho, rho)
	}
	for g, rho := range d.Expect.Rho {
		if math.Abs(c.Rho[g]-rho) > 1e-12 {
			return fmt.Errorf("rho at %d ms is %v, want %v", d.Grid[g], c.Rho[g], rho)
		}
	}
	return nil
}

// correlation is the Hayashi–Yoshida correlation at one lag, by definition.
func (d *day) correlation(lag int64) float64 {
	a, b := d.A, d.B
	var cov, ssA, ssB float64
	first := 1
	for i := 1; i < len(a.T); i++ {
		da := a.V[i] - a.V[i-1]
		ssA += da * da
		for first < len(b.T) && b.T[first]-lag <= a.T[i-1] {
			first++
		}
		for j := first; j < len(b.T) && b.T[j-1]-lag < a.T[i]; j++ {
			cov += da * (b.V[j] - b.V[j-1])
		}
	}
	for j := 1; j < len(b.T); j++ {
		ssB += (b.V[j] - b.V[j-1]) * (b.V[j] - b.V[j-1])
	}
	return cov / math.Sqrt(ssA*ssB)
}

func correlogramWork(d *day) work {
	edges := paths.CorrelogramEdges()
	truth, n := d.correlogram(edges)
	var got paths.Bins
	return work{
		op: func() error {
			got = paths.Correlogram(d.A, d.B, edges)
			return nil
		},
		check: func() error {
			for k := range truth.N {
				if got.N[k] != truth.N[k] || math.Abs(got.U[k]-truth.U[k]) > 1e-10 || math.Abs(got.V[k]-truth.V[k]) > 1e-10 {
					return fmt.Errorf("bin %d holds U %v, V %v, N %d; want %v, %v, %d", k, got.U[k], got.V[k], got.N[k], truth.U[k], truth.V[k], truth.N[k])
				}
			}
			return nil
		},
		per:  n,
		note: fmt.Sprintf("one of the %d coincidences of %s, %d bins", n, d.note, len(edges)-1),
	}
}

// correlogram computes the event correlogram by definition, and counts its
// coincidences.
func (d *day) correlogram(edges []int64) (out paths.Bins, n int) {
	bins := len(edges) - 1
	out = paths.Bins{U: make([]float64, bins), V: make([]float64, bins), N: make([]int, bins)}
	a, b := d.A, d.B
	for j := 1; j < len(b.T); j++ {
		sums, hits := make([]float64, bins), make([]int, bins)
		for i := len(a.T) - 1; i >= 1; i-- {
			lag := b.T[j] - a.T[i]
			if lag >= edges[bins] {
				break
			}
			if lag < edges[0] {
				continue
			}
			k, exact := slices.BinarySearch(edges, lag)
			if !exact {
				k--
			}
			sums[k] += a.V[i] - a.V[i-1]
			hits[k]++
			n++
		}
		for k := range sums {
			if hits[k] > 0 {
				p := (b.V[j] - b.V[j-1]) * sums[k]
				out.U[k] += p
				out.V[k] += p * p
				out.N[k]++
			}
		}
	}
	return out, n
}
