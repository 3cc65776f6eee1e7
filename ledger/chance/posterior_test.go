package chance

import (
	"math"
	"math/rand/v2"
	"testing"
)

// pair is a posterior of two weights.
func pair() *posterior {
	p := &posterior{}
	p.grow(-0.4, 0.5)
	p.grow(0.3, 0.2)
	return p
}

// The mode solves its equation, wherever it lies.
func TestModeIsTheMostProbable(t *testing.T) {
	for _, eta := range []float64{-300, -20, -2, 0, 0.5, 7, 300} {
		for _, variance := range []float64{0, 1e-12, 0.1, 3, 1000} {
			for _, hit := range []bool{false, true} {
				z := mode(eta, variance, hit, 0.5)
				near(t, "excess at the mode", (z-eta-0.5*variance*(indicator(hit)-sigmoid(z)))/(1+variance), 0, 1e-9)
			}
		}
	}
}

// One outcome changes two weights as the textbook's formulae for matrices of two by two say:
// the precision grows by chance · (1 − chance) · x xᵀ.
func TestAnOutcomeAddsItsPrecision(t *testing.T) {
	x := []float64{1, -2}
	p := pair()
	p.learn([]term{{0, x[0]}, {1, x[1]}}, 0.2, true, 0.5, 0, nil)

	q := pair()
	eta, variance := q.at([]term{{0, x[0]}, {1, x[1]}})
	near(t, "log-odds", eta, -1, 1e-12)
	near(t, "variance", variance, 0.5+4*0.2, 1e-12)
	chance := sigmoid(mode(0.2+eta, variance, true, 0.5))
	info := 0.5 * chance * (1 - chance)
	a, b, d := 1/0.5+info*x[0]*x[0], info*x[0]*x[1], 1/0.2+info*x[1]*x[1]
	det := a*d - b*b
	near(t, "first variance", p.cov[0][0], d/det, 1e-12)
	near(t, "covariance", p.cov[1][0], -b/det, 1e-12)
	near(t, "second variance", p.cov[1][1], a/det, 1e-12)
	near(t, "first mean", p.mean[0], -0.4+0.5*x[0]*0.5*(1-chance), 1e-12)
	near(t, "second mean", p.mean[1], 0.3+0.2*x[1]*0.5*(1-chance), 1e-12)
}

// What is not seen again is forgotten: the posterior goes back to the prior, never beyond.
func TestWhatIsForgottenReturnsToThePrior(t *testing.T) {
	p := pair()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		x := []term{{0, 1}, {1, rng.NormFloat64()}}
		p.learn(x, 0, rng.Float64() < sigmoid(1+2*x[1].x), 1, 0, nil)
	}
	if p.mean[1] < 1 || p.cov[1][1] > 0.1 {
		t.Fatalf("after 500 outcomes: mean %v, variance %v", p.mean[1], p.cov[1][1])
	}
	for range 5000 {
		p.learn(nil, 0, true, 1, 0.01, nil)
	}
	for i, row := range p.cov {
		near(t, "mean", p.mean[i], p.prior[i], 1e-6)
		near(t, "variance", row[i], p.of[i], 1e-6)
	}
	near(t, "covariance", p.cov[1][0], 0, 1e-6)
}

// Of weights that vary together, the log-odds vary as the full matrix says.
func TestVarianceOfLogOdds(t *testing.T) {
	p := &posterior{}
	for i := range 5 {
		p.grow(float64(i), 1)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range p.cov {
		for j := range p.cov[i] {
			p.cov[i][j] += 0.1 * rng.Float64()
		}
	}
	terms := []term{{4, 0.5}, {0, 1}, {2, -3}} // in any order
	_, got := p.at(terms)
	along := p.covariance(terms, nil)
	var want float64
	for _, a := range terms {
		want += along[a.at] * a.x
		for _, b := range terms {
			c := p.cov[max(a.at, b.at)][min(a.at, b.at)]
			got -= c * a.x * b.x
		}
	}
	near(t, "variance less the sum over the matrix", math.Abs(got), 0, 1e-12)
	_, got = p.at(terms)
	near(t, "variance along its own direction", want, got, 1e-12)
}

// The less a regression is sure of what it says, the nearer the stated chance is to the rate.
func TestUncertaintyDrawsToTheRate(t *testing.T) {
	last := math.Inf(1)
	for _, variance := range []float64{0, 1, 10, 1000} {
		l := newLeague(nil, rate{})
		l.posterior = posterior{}
		l.grow(logit(0.4), variance)
		over := l.stated([]term{{0, 1}}, 0.1)
		if want := (logit(0.4) - logit(0.1)) / math.Sqrt(1+math.Pi*variance/8); over >= last {
			t.Errorf("variance %v: %.3f over the rate, no less than with a smaller one", variance, over)
		} else {
			near(t, "log-odds over the rate", over, want, 1e-9)
		}
		last = over
	}
}
