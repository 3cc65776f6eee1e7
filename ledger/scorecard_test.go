package ledger

import (
	"math"
	"testing"

	"corrgraph/odds"
)

// two are the families of ten.
var two = map[string]FamilyScore{"A": {Layer: 1, Leader: "x", Follower: "y"}, "B": {Layer: 2, Leader: "u", Follower: "v"}}

// ten predictions of two families, small enough to add up by hand.
func ten() []Prediction {
	one := func(event, key string, layer odds.Layer, out Outcome, p, base float64, n int, lead odds.Millis) Prediction {
		return Prediction{Event: event, Family: key, Layer: layer, Outcome: out, P: p, Base: base, BaseN: n, LeadTime: lead}
	}
	ps := []Prediction{
		one("1", "B", odds.CrossMarket, Void, 0.5, 0, 0, 0),
		one("2", "A", odds.Direct, Hit, 0.8, 0.2, 10, 300),
		one("3", "A", odds.Direct, Hit, 0.6, 0.1, 20, 100),
		one("1", "A", odds.Direct, Missed, 0.6, 0.3, 10, 0),
		one("2", "A", odds.Direct, Late, 0.5, 0.2, 10, 0),
		one("3", "A", odds.Direct, WrongSign, 0.1, 0.2, 10, 0),
		one("1", "A", odds.Direct, AlreadyMoved, 0.9, 0, 0, 0),
		one("2", "A", odds.Direct, Pending, 0.9, 0, 0, 0),
		one("1", "B", odds.CrossMarket, Hit, 1, 0.4, 5, 200),
		one("1", "B", odds.CrossMarket, Missed, 0, 0.4, 5, 0),
	}
	ps[1].Baselines = map[string]bool{RivalHY: true, RivalCopy: false}
	ps[2].Baselines = map[string]bool{RivalHY: false}
	ps[3].Baselines = map[string]bool{RivalHY: true}
	ps[6].Baselines = map[string]bool{RivalHY: true} // never matured, so not an occasion
	return ps
}

func TestScorecardAddsUp(t *testing.T) {
	c := NewScorecard(ten(), two)
	o := c.Overall
	if o.Issued != 10 || o.Matured != 7 || o.Hits != 3 || o.Late != 1 || o.WrongSign != 1 || o.Missed != 2 ||
		o.AlreadyMoved != 1 || o.Void != 1 || o.Pending != 1 || o.BaseN != 70 || o.LeadTimeMs != 200 {
		t.Errorf("counts: %+v", o)
	}
	// Hits and misses by event: 1 has 1 of 2, 2 has 1 of 2, 3 has 1 of 3.
	_, low, high := Clustered([]bool{true, false, true, false, true, false, false}, []string{"1", "1", "2", "2", "3", "3", "3"})
	same(t, "hit rate", o.HitRate, 3.0/7)
	same(t, "low", o.HitLow, low)
	same(t, "high", o.HitHigh, high)
	same(t, "base rate", o.BaseRate, (0.2+0.1+0.3+0.2+0.2+0.4+0.4)/7)
	same(t, "Brier", o.Brier, (0.04+0.16+0.36+0.25+0.01+0+0)/7)
	same(t, "Brier of the base rate", o.BrierBase, (0.64+0.81+0.09+0.04+0.04+0.36+0.16)/7)

	if len(c.Families) != 2 || c.Families[0].Leader != "x" || c.Families[0].Matured != 5 || c.Families[1].Follower != "v" || c.Families[1].Void != 1 {
		t.Errorf("families: %+v", c.Families)
	}
	if len(c.Layers) != 2 || c.Layers[odds.Direct.Key()].Hits != 2 || c.Layers[odds.CrossMarket.Key()].HitRate != 0.5 {
		t.Errorf("layers: %+v", c.Layers)
	}
}

func TestScorecardCalibration(t *testing.T) {
	bins := NewScorecard(ten(), two).Calibration
	if len(bins) != 10 {
		t.Fatalf("%d bins", len(bins))
	}
	want := map[int][2]int{0: {1, 0}, 1: {1, 0}, 5: {1, 0}, 6: {2, 1}, 8: {1, 1}, 9: {1, 1}}
	for k, b := range bins {
		if got := [2]int{b.N, b.Hits}; got != want[k] {
			t.Errorf("bin %d holds %v, want %v", k, got, want[k])
		}
	}
	same(t, "claimed", bins[6].Claimed, 0.6)
	same(t, "rate", bins[6].Rate, 0.5)
}

func TestScorecardRivals(t *testing.T) {
	c := NewScorecard(ten(), two)
	hy, copied, base := c.Rivals[RivalHY], c.Rivals[RivalCopy], c.Rivals[RivalBase]
	if hy.Calls != 3 || hy.Hits != 2 || copied.Calls != 1 || copied.Hits != 0 || base.Calls != 7 {
		t.Errorf("baselines: %+v", c.Rivals)
	}
	// Laplace: 1/2 before the first, 2/3 after a hit, 2/4 after a hit and a miss.
	same(t, "Brier of HY", hy.Brier, (0.25+4.0/9+0.25)/3)
	same(t, "rate of HY", hy.HitRate, 2.0/3)
	same(t, "base rate", base.HitRate, c.Overall.BaseRate)
	same(t, "Brier of the base rate", base.Brier, c.Overall.BrierBase)
}

// TestBaseRateUnknown adds a prediction without comparison times: it does not count as an
// occasion with a base rate of 0.
func TestBaseRateUnknown(t *testing.T) {
	ps := append(ten(), Prediction{Family: "A", Layer: odds.Direct, Outcome: Hit, P: 0.5})
	before, after := NewScorecard(ten(), two), NewScorecard(ps, two)
	same(t, "base rate", after.Overall.BaseRate, before.Overall.BaseRate)
	same(t, "Brier of the base rate", after.Overall.BrierBase, before.Overall.BrierBase)
	same(t, "base rate's hit rate", after.Rivals[RivalBase].HitRate, before.Overall.BaseRate)
	if n := after.Rivals[RivalBase].Calls; n != 7 {
		t.Errorf("the base rate made %d calls", n)
	}
}

func TestScorecardLeadTimes(t *testing.T) {
	var ps []Prediction
	for _, lead := range []odds.Millis{0, 499, 500, 119_999, 3_600_000} {
		ps = append(ps, Prediction{Outcome: Hit, LeadTime: lead})
	}
	ps = append(ps, Prediction{Outcome: Missed, LeadTime: 1})
	got := map[odds.Millis]int{}
	end := odds.Millis(0)
	for _, b := range NewScorecard(ps, two).LeadTimes {
		if b.FromMs != end {
			t.Errorf("a gap before %d", b.FromMs)
		}
		if b.ToMs != nil {
			end = *b.ToMs
		}
		if b.Hits > 0 {
			got[b.FromMs] = b.Hits
		}
	}
	if len(got) != 4 || got[0] != 2 || got[500] != 1 || got[60_000] != 1 || got[600_000] != 1 {
		t.Errorf("%v", got)
	}
}

func TestScorecardOfNothing(t *testing.T) {
	for _, ps := range [][]Prediction{nil, ten()[:1]} {
		c := NewScorecard(ps, two)
		o := c.Overall
		if o.Matured != 0 || o.HitRate != 0 || o.HitLow != 0 || o.HitHigh != 1 || o.Brier != 0 || o.BaseRate != 0 || len(c.Calibration) != 10 {
			t.Errorf("%+v", o)
		}
	}
}

func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
