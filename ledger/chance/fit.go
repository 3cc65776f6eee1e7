package chance

import "slices"

// Limits of one league. Outcomes beyond them count without an offset or rate of their own.
const (
	followersMost = 64
	marketsMost   = 16
	familiesMost  = 4096
	leaguesMost   = 64
)

// Variances before the first outcome, of a weight and of an offset.
const (
	weightVariance = 0.1
	offsetVariance = 0.05
)

const (
	outcomeWeight = 0.5  // outcomes of one match are not independent: each counts as half a one
	forgetting    = 1e-6 // an outcome; the regression remembers about a million
)

// fit is a regression with its offsets of followers and markets.
type fit struct {
	posterior
	followers, markets map[string]int // which weight is whose
}

// newFit starts from what above has learnt, or from nothing.
func newFit(above *fit, base rate) fit {
	f := fit{followers: map[string]int{}, markets: map[string]int{}}
	p := base.towards(firstRate, firstWeight)
	f.grow(logit(p), 1/(min(strength, base.N+firstWeight)*p*(1-p)))
	for range common - 1 {
		f.grow(0, weightVariance)
	}
	if above != nil {
		f.mean, f.prior = slices.Clone(above.mean[:common]), slices.Clone(above.mean[:common])
	}
	return f
}

// terms lists the features of a call that are not 0. Names without an offset are left out.
func (f *fit) terms(call *Features, x *[common]float64, to []term) []term {
	to = to[:0]
	for i, v := range x {
		if v != 0 {
			to = append(to, term{i, v})
		}
	}
	if i, ok := f.followers[call.Follower]; ok {
		to = append(to, term{i, 1})
	}
	if i, ok := f.markets[call.Market]; ok {
		to = append(to, term{i, 1})
	}
	return to
}

// meet gives the follower and the market of a call their offsets, where there is room. An
// offset starts where it stands in above.
func (f *fit) meet(call *Features, above *fit) (follower, market bool) {
	var followers, markets map[string]int
	var mean []float64
	if above != nil {
		followers, markets, mean = above.followers, above.markets, above.mean
	}
	follower = f.place(f.followers, call.Follower, followersMost, followers, mean)
	market = f.place(f.markets, call.Market, marketsMost, markets, mean)
	return follower, market
}

func (f *fit) place(names map[string]int, name string, most int, above map[string]int, mean []float64) bool {
	if _, ok := names[name]; ok {
		return true
	}
	if len(names) >= most {
		return false
	}
	start := 0.0
	if i, ok := above[name]; ok {
		start = mean[i]
	}
	names[name] = f.grow(start, offsetVariance)
	return true
}
