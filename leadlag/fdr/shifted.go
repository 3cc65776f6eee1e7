package fdr

import "math"

// shifted is the two-group model with effects away from zero: |z| ~ N(μ, τ²), τ² ≥ 1. If
// strong effects stand apart from the nulls, the model centred on zero wrongly expects as
// many weak ones and mistakes the largest nulls for them.
type shifted struct{ pi1, mu, tau float64 }

// leastShifted is the minimum number of effects behind a shift.
const leastShifted = 5

// fitShifted fits the model to |z| by EM, in at most 500 rounds. ok is false if the fit
// rests on fewer than leastShifted effects or is not clearly better than a model of the
// given log-likelihood: by more than log n, twice what Schwarz's criterion demands for one
// more parameter.
func fitShifted(square []float64, against float64) (m shifted, ok bool) {
	m = shifted{pi1: 0.1, mu: 4, tau: 1.5}
	n := float64(len(square))
	var effects float64
	for range 500 {
		var sum, sq float64
		effects = 0
		for _, z2 := range square {
			g, z := m.posterior(z2), math.Sqrt(z2)
			effects += g
			sum += g * z
			sq += g * z2
		}
		if effects < leastShifted {
			return m, false
		}
		next := shifted{pi1: (effects + 1) / (n + 10), mu: sum / effects}
		next.tau = math.Sqrt(math.Max(1, sq/effects-next.mu*next.mu))
		moved := math.Abs(next.pi1-m.pi1) + math.Abs(next.mu-m.mu) + math.Abs(next.tau-m.tau)
		m = next
		if moved < 1e-7 {
			break
		}
	}
	var like float64
	for _, z2 := range square {
		like += math.Log((1-m.pi1)*null(z2) + m.pi1*m.effect(z2))
	}
	return m, like > against+math.Log(n)
}

// null and effect are densities of |z|, in units of 1/√(2π).
func null(z2 float64) float64 { return 2 * math.Exp(-z2/2) }

func (m shifted) effect(z2 float64) float64 {
	z := math.Sqrt(z2)
	a, b := (z-m.mu)/m.tau, (z+m.mu)/m.tau
	return (math.Exp(-a*a/2) + math.Exp(-b*b/2)) / m.tau
}

func (m shifted) posterior(z2 float64) float64 {
	e, o := m.pi1*m.effect(z2), (1-m.pi1)*null(z2)
	return e / (e + o)
}

// likelihood is the log-likelihood of |z| under the model centred on zero.
func (m twoGroups) likelihood(square []float64, pi1, s2 float64) (like float64) {
	for _, z2 := range square {
		like += math.Log((1-pi1)*null(z2) + pi1*2*math.Exp(-z2/(2*(1+s2)))/math.Sqrt(1+s2))
	}
	return like
}
