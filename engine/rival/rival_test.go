package rival

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/ledger/rule"
	"corrgraph/odds"
	"corrgraph/series"
)

// follows are a leader's moves, and those of a follower that makes a share of each 5 s later.
func follows(share float64) Pair {
	r := rand.New(rand.NewPCG(1, 2))
	p := Pair{Sign: 1}
	at := odds.Time(1_750_000_000_000)
	for range 400 {
		at = at.Add(20_000 + odds.Millis(r.IntN(40_000)))
		x := r.NormFloat64()
		p.Leader = append(p.Leader, series.Increment{At: at, Raw: x})
		p.Follower = append(p.Follower, series.Increment{At: at.Add(5000), Raw: share * x})
	}
	return p
}

func TestTheContrastFindsTheLag(t *testing.T) {
	p := follows(0.5)
	inverse := p
	inverse.Sign = -1
	inverse.Follower = slices.Clone(p.Follower)
	for i := range inverse.Follower {
		inverse.Follower[i].Raw = -inverse.Follower[i].Raw
	}
	c := Of([]int64{2500, 5000, 7500}, slices.Values([]Pair{p, inverse, {Sign: 1}}))
	r := c.Rule(1000)
	if !r.Calls || r.From != 4000 || r.To != 6000 || math.Abs(r.Beta-0.5) > 0.05 {
		t.Errorf("%+v", *r)
	}
	if o, ok := c.Opinion(); !ok || o.Lag != 5000 || o.Rho < 0.9 || o.LLR <= 1 {
		t.Errorf("%+v %v", o, ok)
	}
	// The other way round nobody leads.
	back := Of([]int64{2500, 5000, 7500}, slices.Values([]Pair{{Leader: p.Follower, Follower: p.Leader, Sign: 1}}))
	if r := back.Rule(1000); r.Calls || r.Beta != 0 {
		t.Errorf("the follower leads: %+v", *r)
	}
	if o, ok := new(Contrast).Opinion(); ok {
		t.Errorf("an opinion of nothing: %+v", o)
	}
}

func TestWhichRulesCall(t *testing.T) {
	for _, c := range []struct {
		fitted *Rule
		want   []string
	}{
		{nil, []string{rule.Copy}},
		{&Rule{Beta: 0.5, To: 10}, []string{rule.Copy}}, // it names another leader
		{&Rule{Beta: 0.5, To: 10, Calls: true}, []string{rule.HayashiYoshida, rule.Copy}},
	} {
		var got []string
		Each(c.fitted, 300, func(name string, r Rule) {
			got = append(got, name)
			if name == rule.Copy && (r.Beta != 1 || r.From != 0 || r.To != 300) {
				t.Errorf("%+v", r)
			}
		})
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c.fitted, got)
		}
	}
}
