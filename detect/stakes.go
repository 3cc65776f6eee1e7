package detect

import (
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
)

// Bet is one leg of an arbitrage. Stakes are for a total outlay of 1.
type Bet struct {
	Node       odds.NodeID `json:"node"`
	Lay        bool        `json:"lay,omitempty"` // a bet against the outcome
	Price      float64     `json:"price"`         // decimal odds as quoted
	Line       *float64    `json:"line,omitempty"`
	Commission float64     `json:"commission,omitempty"`  // share of net winnings that the venue keeps
	FeeUnknown bool        `json:"fee_unknown,omitempty"` // it keeps one that is not known and not deducted
	Stake      float64     `json:"stake"`                 // of a lay, the backer's
	Liability  float64     `json:"liability"`             // what is lost if the bet loses: the stake, or of a lay stake × (price − 1)
	Size       float64     `json:"size,omitempty"`        // stake available; 0 unknown
	Currency   string      `json:"currency,omitempty"`    // of Size and Amount, where it is stated
	Amount     float64     `json:"amount,omitempty"`      // stake of Bets.Outlay, in Currency; 0: not sized
	AgeMs      odds.Millis `json:"age_ms"`                // by the venue's own stamp if there is one
	MaxAgeMs   odds.Millis `json:"max_age_ms"`            // older prices are not relied on
}

// Bets is what an arbitrage pays. Venues' commission is deducted.
type Bets struct {
	Profit float64 `json:"profit"` // share of the outlay won whichever outcome wins
	// Push is what is won if the match ends on the line or drawn, so that stakes or half
	// stakes are returned; nil if it can't.
	Push  *float64    `json:"push,omitempty"`
	Limit float64     `json:"limit,omitempty"` // largest outlay that sizes and the venues' limits allow; 0 if none is known
	AgeMs odds.Millis `json:"age_ms"`          // of the oldest leg
	Sized
	Legs []Bet `json:"legs"`
}

// Clone returns a copy that shares no memory with b; nil of nil.
func (b *Bets) Clone() *Bets {
	if b == nil {
		return nil
	}
	c := *b
	c.Push, c.Legs = own(b.Push), slices.Clone(b.Legs)
	for i := range c.Legs {
		c.Legs[i].Line = own(c.Legs[i].Line)
	}
	return &c
}

func own(x *float64) *float64 {
	if x == nil {
		return nil
	}
	c := *x
	return &c
}

// ticket is a bet that may be placed: on an outcome, or against it.
type ticket struct {
	v *MarketView
	w *VenueView
	s int
}

func (t *ticket) price() float64 { return t.w.Prices[t.s] }

// net is the decimal odds at which the bet pays on the money at risk, commission deducted.
// Laying at l risks l−1 to win 1.
func (t *ticket) net() float64 {
	keep := 1 - t.w.Commission
	if t.v.Lay {
		return 1 + keep/(t.price()-1)
	}
	return 1 + keep*(t.price()-1)
}

// size returns the stake available, 0 if unknown.
func (t *ticket) size() float64 {
	if t.s < len(t.w.Sizes) && t.w.Sizes[t.s] > 0 {
		return t.w.Sizes[t.s]
	}
	return 0
}

// tickets are the legs of an arbitrage candidate.
type tickets []ticket

// venues reports whether the bets are placed at two venues or more. Two spellings that differ
// in case are one bookmaker.
func (ts tickets) venues() bool {
	for i := range ts {
		if !strings.EqualFold(ts[i].w.Venue, ts[0].w.Venue) {
			return true
		}
	}
	return false
}

// sum adds up the chances that the net prices imply.
func (ts tickets) sum() (sum float64) {
	for i := range ts {
		sum += 1 / ts[i].net()
	}
	return sum
}

// books groups the bets by venue: commission is taken on what is won at a venue in all. It
// returns each bet's venue as a number below n. Cost: O(bets), as of all that follows.
func (ts tickets) books() (of []int, n int) {
	of = make([]int, len(ts))
	seen := make(map[string]int, len(ts))
	for i := range ts {
		k, ok := seen[ts[i].w.Venue]
		if !ok {
			k = len(seen)
			seen[ts[i].w.Venue] = k
		}
		of[i] = k
	}
	return of, len(seen)
}

// chances adds up 1/price of the bets at each venue.
func (ts tickets) chances() (of []int, q []float64) {
	of, n := ts.books()
	q = make([]float64, n)
	for i := range ts {
		q[of[i]] += 1 / ts[i].price()
	}
	return of, q
}

// back spreads an outlay of 1 over bets on all outcomes so that each pays the same. A venue
// takes commission on what is won there, stakes lost there deducted: a payout of K at a
// venue where 1/price adds up to q costs q·K, and the share c of (1−q)·K is kept.
func (ts tickets) back(stake []float64) {
	of, chances := ts.chances()
	outlay := 0.0
	for i := range ts {
		q, c := chances[of[i]], ts[i].w.Commission
		stake[i] = 1 / ts[i].price() / ((1-c)*(1-q) + q)
		outlay += stake[i]
	}
	for i := range ts {
		stake[i] /= outlay
	}
}

// lay does the same for bets against all outcomes. With backers' stakes of K/price, K the
// same at one venue, the winner costs K less the stakes taken there; the stakes taken at the
// other venues are won, commission deducted.
func (ts tickets) lay(stake []float64) {
	of, chances := ts.chances()
	outlay := 0.0
	for i := range ts {
		stake[i] = 1 / ts[i].price() / (1 - ts[i].w.Commission*chances[of[i]])
		outlay += stake[i] * (ts[i].price() - 1)
	}
	for i := range ts {
		stake[i] /= outlay
	}
}

// cross does the same for a bet on an outcome and one against it.
func (ts tickets) cross(stake []float64) {
	a, b := 1/ts[0].net(), 1/ts[1].net()
	stake[0] = a / (a + b)
	stake[1] = b / (a + b) / (ts[1].price() - 1)
}

// missed returns what is won or lost at each venue, before commission, if no bet's outcome
// wins; n venues.
func (ts tickets) missed(stake []float64, of []int, n int) (net []float64) {
	net = make([]float64, n)
	for i := range ts {
		net[of[i]] += ts[i].result(stake[i], false)
	}
	return net
}

// kept is what is left of a venue's net result: commission is taken of a gain.
func (t *ticket) kept(net float64) float64 {
	if net > 0 {
		return net * (1 - t.w.Commission)
	}
	return net
}

// result is what a bet wins or loses.
func (t *ticket) result(stake float64, hit bool) float64 {
	switch {
	case hit && t.v.Lay:
		return -stake * (t.price() - 1)
	case hit:
		return stake * (t.price() - 1)
	case t.v.Lay:
		return stake
	}
	return -stake
}

// worst is the smallest result over all winners, each the outcome of one bet.
func (ts tickets) worst(stake []float64) float64 {
	of, n := ts.books()
	net, all := ts.missed(stake, of, n), 0.0
	counted := make([]bool, n)
	for i := range ts {
		if k := of[i]; !counted[k] {
			counted[k] = true
			all += ts[i].kept(net[k])
		}
	}
	least := math.Inf(1)
	for i := range ts {
		t, miss := &ts[i], net[of[i]]
		hit := miss - t.result(stake[i], false) + t.result(stake[i], true)
		least = min(least, all-t.kept(miss)+t.kept(hit))
	}
	return least
}

// worstOf is the smaller result of a bet on an outcome and one against it, at two venues: of
// the outcome's win, and of any other's.
func (ts tickets) worstOf(stake []float64) float64 {
	hit, miss := 0.0, 0.0
	for i := range ts {
		hit += ts[i].kept(ts[i].result(stake[i], true))
		miss += ts[i].kept(ts[i].result(stake[i], false))
	}
	return min(hit, miss)
}

// outlay is what a bet risks.
func (t *ticket) outlay(stake float64) float64 {
	if t.v.Lay {
		return stake * (t.price() - 1)
	}
	return stake
}

// bets describes the legs. Stakes are for an outlay of 1.
func (ts tickets) bets(stake []float64, profit float64) *Bets {
	b := &Bets{Profit: profit}
	for i := range ts {
		t := &ts[i]
		leg := Bet{
			Node: t.w.Nodes[t.s], Lay: t.v.Lay, Price: t.price(), Commission: t.w.Commission, FeeUnknown: t.w.FeeUnknown, Stake: stake[i], Liability: t.outlay(stake[i]),
			Size: t.size(), AgeMs: t.v.age(t.w), MaxAgeMs: t.w.maxAge(),
		}
		if line := t.v.line(t.w.Lines, t.s); line == line {
			leg.Line = &line
		}
		b.AgeMs = max(b.AgeMs, leg.AgeMs)
		b.Legs = append(b.Legs, leg)
	}
	return b
}
