package paths

import (
	"errors"
	"fmt"
	"math"
)

// MaxTime limits the times and lags of a [Path] on both sides, so that differences of
// differences do not overflow. In epoch milliseconds it is beyond the year 280,000.
const MaxTime = 1 << 53

// MaxValue limits the values of a [Path] on both sides, so that the fourth powers in the
// null variance do not overflow.
const MaxValue = 1e75

// Path is a series of ticks: at T[i] milliseconds the value became V[i]. The functions of
// this package require strictly increasing T; see [Clean].
type Path struct {
	T []int64
	V []float64
}

// ErrPath is wrapped by every error of [Clean].
var ErrPath = errors.New("not a path")

// Clean returns p with ticks of equal time collapsed into one, with the last of their
// values. Ticks that repeat the previous value stay: their increment is 0, but they split
// the interval. It never modifies p, and returns p itself if there is nothing to collapse.
// It fails, wrapping [ErrPath], on decreasing times, on times beyond ±[MaxTime], on values
// that are NaN or beyond ±[MaxValue], and on unequal lengths. Cost: O(n).
func Clean(p Path) (Path, error) {
	if len(p.T) != len(p.V) {
		return Path{}, fmt.Errorf("%w: %d times and %d values", ErrPath, len(p.T), len(p.V))
	}
	repeats := 0
	for i, t := range p.T {
		if reason := badTick(t, p.V[i]); reason != "" {
			return Path{}, fmt.Errorf("%w: tick %d: %s", ErrPath, i, reason)
		}
		if i > 0 && t < p.T[i-1] {
			return Path{}, fmt.Errorf("%w: tick %d: time %d after %d", ErrPath, i, t, p.T[i-1])
		}
		if i > 0 && t == p.T[i-1] {
			repeats++
		}
	}
	if repeats == 0 {
		return p, nil
	}
	return collapse(p, len(p.T)-repeats), nil
}

func collapse(p Path, n int) Path {
	out := Path{make([]int64, 0, n), make([]float64, 0, n)}
	for i, t := range p.T {
		if i+1 < len(p.T) && p.T[i+1] == t {
			continue
		}
		out.T, out.V = append(out.T, t), append(out.V, p.V[i])
	}
	return out
}

// badTick returns what is wrong with a tick, or "".
func badTick(t int64, v float64) string {
	switch {
	case t < -MaxTime || t > MaxTime:
		return fmt.Sprintf("time %d is out of range", t)
	case math.IsNaN(v):
		return "the value is not a number"
	case math.Abs(v) > MaxValue:
		return fmt.Sprintf("value %g is out of range", v)
	}
	return ""
}

// mustIncrease panics unless p is clean enough to compute with.
func (p Path) mustIncrease() {
	if len(p.T) != len(p.V) {
		panic("paths: slices of different length")
	}
	mustAscend(p.T)
}

func mustAscend(t []int64) {
	for i := 1; i < len(t); i++ {
		if t[i] <= t[i-1] {
			panic("paths: times, lags and edges must increase strictly")
		}
	}
}
