package chance

import "math"

// posterior is a Gaussian over the weights of a logistic regression.
type posterior struct {
	mean  []float64
	prior []float64   // means before the first outcome
	of    []float64   // variances before the first outcome
	cov   [][]float64 // row i holds columns 0 … i
}

// term is one feature that is not 0.
type term struct {
	at int
	x  float64
}

// grow adds a weight and returns its number.
func (p *posterior) grow(mean, variance float64) int {
	n := len(p.mean)
	p.mean, p.prior, p.of = append(p.mean, mean), append(p.prior, mean), append(p.of, variance)
	row := make([]float64, n+1)
	row[n] = variance
	p.cov = append(p.cov, row)
	return n
}

// at returns the log-odds and their variance.
func (p *posterior) at(terms []term) (eta, variance float64) {
	for i, t := range terms {
		eta += p.mean[t.at] * t.x
		variance += p.cov[t.at][t.at] * t.x * t.x
		for _, u := range terms[:i] {
			variance += 2 * p.cov[max(t.at, u.at)][min(t.at, u.at)] * t.x * u.x
		}
	}
	return eta, math.Max(variance, 0)
}

// covariance writes that of every weight with the log-odds into along and returns it.
func (p *posterior) covariance(terms []term, along []float64) []float64 {
	along = along[:0]
	for range p.mean {
		along = append(along, 0)
	}
	for _, t := range terms {
		for j, c := range p.cov[t.at] {
			along[j] += c * t.x
		}
		for j := t.at + 1; j < len(p.cov); j++ {
			along[j] += p.cov[j][t.at] * t.x
		}
	}
	return along
}

// learn takes an outcome in with a weight. offset is a known part of the log-odds. Then it
// forgets a share of all it knows: the posterior moves back to the prior by that much. along
// is room to work in; it is returned.
func (p *posterior) learn(terms []term, offset float64, hit bool, weight, forget float64, along []float64) []float64 {
	eta, variance := p.at(terms)
	along = p.covariance(terms, along)
	chance := sigmoid(mode(offset+eta, variance, hit, weight))
	pull := weight * (indicator(hit) - chance)
	info := weight * chance * (1 - chance)
	info /= 1 + info*variance
	keep := 1 - forget
	for i, a := range along {
		p.mean[i] += a*pull - forget/2*(p.mean[i]-p.prior[i])
		row, less := p.cov[i], info*a
		for j, b := range along[:len(row)] {
			row[j] = (row[j] - less*b) * keep
		}
		row[i] += forget * p.of[i]
	}
	return along
}

// mode is the most probable value of log-odds that were Gaussian before the outcome. The
// equation has one root; a step of Newton's that would leave the interval around it, or stay
// on its edge, halves the interval instead.
func mode(eta, variance float64, hit bool, weight float64) float64 {
	y := indicator(hit)
	low, high := eta-variance*weight*(1-y), eta+variance*weight*y
	z := eta
	for range 50 {
		chance := sigmoid(z)
		excess := z - eta - weight*variance*(y-chance)
		if math.Abs(excess) < 1e-12 {
			return z
		}
		if excess > 0 {
			high = math.Min(high, z)
		} else {
			low = math.Max(low, z)
		}
		next := z - excess/(1+weight*variance*chance*(1-chance))
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if next == z {
			return z
		}
		z = next
	}
	return z
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
