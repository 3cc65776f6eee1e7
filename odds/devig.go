package odds

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Method is a way to remove a bookmaker's margin from the prices of a complete set
// of outcomes.
type Method uint8

// The methods, where q_i is 1/odds_i and S is Σq_i.
const (
	// Multiplicative: p = q/S. Closed form, never negative, and unchanged if all prices
	// shorten together. Best for signals.
	Multiplicative Method = iota
	// Additive: p = q − (S−1)/n. Negative on long shots.
	Additive
	// Power: p = q^k.
	Power
	// Shin: the share z of insiders that explains the margin (H. S. Shin, Economic Journal
	// 1993; the iteration-free form of Jullien and Salanié 1994). Best for fair prices
	// shown to people.
	Shin
)

var methods = [...]string{"multiplicative", "additive", "power", "shin"}

// Errors of ParseMethod and Devig.
var (
	ErrMethod   = errors.New("unknown de-vig method (want " + strings.Join(methods[:], ", ") + ")")
	ErrOutcomes = errors.New("de-vigging requires at least two outcomes")
	ErrNoProb   = errors.New("de-vigging gives an outcome a probability outside (0, 1)")
)

// String returns the name that ParseMethod takes.
func (m Method) String() string {
	if int(m) >= len(methods) {
		return "invalid method"
	}
	return methods[m]
}

// MethodNames lists the names that ParseMethod accepts, default first.
func MethodNames() []string { return slices.Clone(methods[:]) }

// ParseMethod finds a method by name, ignoring case. It fails with ErrMethod.
func ParseMethod(s string) (Method, error) {
	for i, name := range methods {
		if strings.EqualFold(s, name) {
			return Method(i), nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrMethod, s)
}

// Bounds of the bisection used by Power and Shin.
const (
	MaxIterations = 100   // maximum number of steps
	Tolerance     = 1e-12 // |Σp − 1| at which it stops
)

// Result is a set of fair probabilities and details of their computation.
type Result struct {
	Probs      []Prob  // in the order of the odds; uses dst if it is large enough
	Method     Method  // the method used; Multiplicative if Underround
	Overround  float64 // S − 1: 0.05 is a margin of five points
	Underround bool    // S ≤ 1: there is no margin; the probabilities are scaled up to sum to 1
	Param      float64 // k of Power (1 or more), z of Shin (in [0, 1)); 0 otherwise
	Iterations int     // bisection steps taken, at most MaxIterations
	Residual   float64 // |Σp − 1|
}

// Devig returns the fair probabilities of a complete set of outcomes. They are stored in
// dst, without allocation, if its capacity suffices. It fails with ErrOutcomes for fewer
// than two outcomes, ErrDecimal for invalid odds, ErrMethod for an unknown method, and
// ErrNoProb if a probability would leave (0, 1). Additive does so on long shots, the other
// methods only on absurd margins. After ErrNoProb, Probs is nil and the rest of Result is
// valid. For two outcomes Shin equals Additive. Cost: O(n) for Multiplicative and Additive,
// at most MaxIterations·O(n) for Power and Shin.
func Devig(method Method, odds []Odds, dst []Prob) (Result, error) {
	if len(odds) < 2 {
		return Result{}, fmt.Errorf("%w: have %d", ErrOutcomes, len(odds))
	}
	if int(method) >= len(methods) {
		return Result{}, fmt.Errorf("%w: %d", ErrMethod, method)
	}
	sum := 0.0
	for _, o := range odds {
		if !o.Valid() {
			return Result{}, fmt.Errorf("%w: %v", ErrDecimal, float64(o))
		}
		sum += 1 / float64(o)
	}
	if cap(dst) < len(odds) {
		dst = make([]Prob, len(odds))
	}
	r := Result{Probs: dst[:len(odds)], Method: method, Overround: sum - 1, Underround: sum <= 1}
	if r.Underround {
		r.Method = Multiplicative
	}
	switch r.Method {
	case Additive:
		for i, o := range odds {
			r.Probs[i] = Prob(1/float64(o) - r.Overround/float64(len(odds)))
		}
	case Power:
		r.power(odds)
	case Shin:
		r.shin(odds, sum)
	default:
		for i, o := range odds {
			r.Probs[i] = Prob(1 / (float64(o) * sum))
		}
	}
	return r.checked(odds)
}

// checked fills in Residual and rejects impossible probabilities.
func (r Result) checked(odds []Odds) (Result, error) {
	total := 0.0
	for i, p := range r.Probs {
		if !p.Valid() {
			r.Probs = nil
			return r, fmt.Errorf("%w: %v gives odds of %v %.4f", ErrNoProb, r.Method, float64(odds[i]), float64(p))
		}
		total += float64(p)
	}
	r.Residual = math.Abs(total - 1)
	return r, nil
}

// power solves Σq^k = 1. Before that Probs holds ln q.
func (r *Result) power(odds []Odds) {
	largest := math.Inf(-1)
	for i, o := range odds {
		l := -math.Log(float64(o))
		r.Probs[i] = Prob(l)
		largest = max(largest, l)
	}
	total := func(k float64) (sum float64) {
		for _, l := range r.Probs {
			sum += math.Exp(k * float64(l))
		}
		return sum
	}
	// n·q_max^k = 1 bounds k, because no term exceeds the favourite's.
	r.Param, r.Iterations = bisect(1, max(1, -math.Log(float64(len(odds)))/largest), total)
	for i, l := range r.Probs {
		r.Probs[i] = Prob(math.Exp(r.Param * float64(l)))
	}
}

// shin solves Σp(z) = 1. Before that Probs holds q²/S. The textbook form (√(z²+4(1−z)q²/S)
// − z) / 2(1−z) is rearranged, because it cancels near z = 1.
func (r *Result) shin(odds []Odds, sum float64) {
	for i, o := range odds {
		r.Probs[i] = Prob(1 / (float64(o) * float64(o) * sum))
	}
	prob := func(z, a float64) float64 { return 2 * a / (math.Sqrt(z*z+4*(1-z)*a) + z) }
	total := func(z float64) (sum float64) {
		for _, a := range r.Probs {
			sum += prob(z, float64(a))
		}
		return sum
	}
	r.Param, r.Iterations = bisect(0, 1, total)
	for i, a := range r.Probs {
		r.Probs[i] = Prob(prob(r.Param, float64(a)))
	}
}

// bisect finds the point between lo and hi at which the decreasing function f passes 1.
func bisect(lo, hi float64, f func(float64) float64) (x float64, steps int) {
	for x = lo + (hi-lo)/2; steps < MaxIterations && lo < x && x < hi; x = lo + (hi-lo)/2 {
		steps++
		switch d := f(x) - 1; {
		case math.Abs(d) <= Tolerance:
			return x, steps
		case d > 0:
			lo = x
		default:
			hi = x
		}
	}
	return x, steps
}
