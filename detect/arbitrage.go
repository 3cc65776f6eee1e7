package detect

import (
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
)

// PalpableError is the arbitrage margin above which one of the prices is almost certainly a
// palpable error, which the venue will not honour.
const PalpableError = 0.10

const (
	staleFloor    = minute // every venue's prices may be this old
	errorDiscount = 0.2
	rounding      = 1e-12 // prices whose chances add up to 1, such as −179 and +179, win as little by rounding alone
)

// Arbitrages appends the arbitrage of every form of the market that has one: bets on all
// outcomes, or against all of them, at the best takeable prices of at least two venues, that
// win whichever outcome wins. Venues' commission is deducted; the evidence has the stakes.
// A push returns stakes and loses nothing. Not covered: two different lines (a middle), and
// two different markets, but see [Crossed]. Cost: O(forms × venues × selections), and times
// selections where venues list parts of a form.
func Arbitrages(v *MarketView, dst []Anomaly) []Anomaly {
	if v.Raw || len(v.Selections) < 2 {
		return dst
	}
	for i := range v.Venues {
		f, ok := v.form(i)
		if !ok || v.known(i, &f) {
			continue
		}
		for _, fresh := range [2]bool{true, false} {
			if n := len(dst); f.promising(fresh) {
				if dst = f.arbitrage(fresh, dst); len(dst) > n {
					break
				}
			}
		}
	}
	return dst
}

// Crossed appends the arbitrages of a market's back prices with its lay prices: an outcome
// backed at one venue at a higher price than it is laid at another. What the other outcomes
// are does not matter, as long as both venues list the same. Cost: that of [Arbitrages] for
// either market, for each form of the other.
func Crossed(back, lay *MarketView, dst []Anomaly) []Anomaly {
	if back.Raw || lay.Raw || back.Lay || !lay.Lay {
		return dst
	}
	for i := range back.Venues {
		f := back.offer(i)
		if !f.coherent() || back.seen(i, &f) {
			continue
		}
		for j := range lay.Venues {
			if g := lay.offer(j); !lay.seen(j, &g) && f.alike(&g) {
				dst = f.crossed(&g, dst)
			}
		}
	}
	return dst
}

// age is how old a venue's prices are: by its own stamp, if there is one.
func (v *MarketView) age(w *VenueView) odds.Millis {
	at := w.SeenAt
	if w.StampedAt != 0 {
		at = min(at, w.StampedAt)
	}
	return v.At.Sub(at)
}

// maxAge is the age up to which a venue's prices are relied on: two of its usual intervals,
// or two steps of its source until they are known.
func (w *VenueView) maxAge() odds.Millis {
	usual := w.Usual
	if usual == 0 {
		usual = w.Resolution
	}
	return max(2*usual, staleFloor)
}

func (v *MarketView) fresh(w *VenueView) bool { return v.age(w) <= w.maxAge() }

// best returns the venue where an outcome pays most, commission deducted, or -1. except is a
// venue left out.
func (f *form) best(s int, fresh bool, except string) int {
	at, most := -1, 1.0
	for i := range f.v.Venues {
		w := &f.v.Venues[i]
		if !f.takes(w, s) || except != "" && strings.EqualFold(w.Venue, except) || fresh && !f.v.fresh(w) {
			continue
		}
		t := ticket{f.v, w, s}
		if net := t.net(); net > most {
			at, most = i, net
		}
	}
	return at
}

// promising reports whether the best prices win before commission, so that it is worth
// finding out the stakes.
func (f *form) promising(fresh bool) bool {
	sum := 0.0
	for s, listed := range f.listed {
		if !listed {
			continue
		}
		i := f.best(s, fresh, "")
		if i < 0 {
			return false
		}
		sum += 1 / f.v.Venues[i].Prices[s]
	}
	return f.v.Lay && sum > 1 || !f.v.Lay && sum < 1
}

// arbitrage appends the arbitrage of a promising form, if it has one.
func (f *form) arbitrage(fresh bool, dst []Anomaly) []Anomaly {
	var ts tickets
	for s, listed := range f.listed {
		if listed {
			ts = append(ts, ticket{f.v, &f.v.Venues[f.best(s, fresh, "")], s})
		}
	}
	if !ts.venues() {
		return dst
	}
	stake := make([]float64, len(ts))
	if f.v.Lay {
		ts.lay(stake)
	} else {
		ts.back(stake)
	}
	if profit := ts.worst(stake); profit > rounding {
		dst = append(dst, f.found(ts.bets(stake, profit), ts, fresh, ts.worst))
		f.elsewhere(ts, dst[len(dst)-1].Evidence.Bets)
	}
	return dst
}

// crossed appends the arbitrage of each outcome of a form that is laid elsewhere in the form
// g.
func (f *form) crossed(g *form, dst []Anomaly) []Anomaly {
	for s, listed := range f.listed {
		if !listed {
			continue
		}
		for _, fresh := range [2]bool{true, false} {
			ts, ok := f.pair(g, s, fresh)
			if !ok || ts.sum() >= 1 {
				continue
			}
			stake := make([]float64, 2)
			ts.cross(stake)
			if profit := ts.worstOf(stake); profit > rounding {
				dst = append(dst, f.found(ts.bets(stake, profit), ts, fresh, ts.worstOf))
				b := dst[len(dst)-1].Evidence.Bets
				f.elsewhere(ts[:1], b)
				g.elsewhere(ts[1:], b)
				break
			}
		}
	}
	return dst
}

// pair returns the best bet on an outcome and the best one against it at another venue.
func (f *form) pair(g *form, s int, fresh bool) (best tickets, ok bool) {
	t := slices.Index(g.v.Selections, f.v.Selections[s])
	i, j := f.best(s, fresh, ""), g.best(t, fresh, "")
	if i < 0 || j < 0 {
		return nil, false
	}
	on, against := f.v.Venues[i].Venue, g.v.Venues[j].Venue
	if !strings.EqualFold(on, against) {
		return f.two(i, s, g, j, t), true
	}
	if k := g.best(t, fresh, on); k >= 0 {
		best = f.two(i, s, g, k, t)
	}
	if k := f.best(s, fresh, against); k >= 0 {
		if other := f.two(k, s, g, j, t); best == nil || other.sum() < best.sum() {
			best = other
		}
	}
	return best, best != nil
}

func (f *form) two(i, s int, g *form, j, t int) tickets {
	return tickets{{f.v, &f.v.Venues[i], s}, {g.v, &g.v.Venues[j], t}}
}

// found makes the anomaly of an arbitrage; worst is the smallest result of bets with given stakes.
func (f *form) found(b *Bets, ts tickets, fresh bool, worst func([]float64) float64) Anomaly {
	a := Anomaly{Kind: Arbitrage, Layer: odds.Direct, Event: f.v.Event, At: f.v.At, Size: b.Profit}
	a.Evidence = Evidence{Unit: "share of the stake won whichever outcome wins", Now: b.Profit, Bets: b}
	if share, ok := f.push(); ok {
		won := share * b.Profit
		b.Push = &won
	}
	oldest, most := 0.0, SeverityCritical
	for i := range ts {
		if b.Legs[i].Lay {
			a.Kind = LayArbitrage
		}
		a.Nodes = append(a.Nodes, b.Legs[i].Node)
		a.Evidence.Ticks = append(a.Evidence.Ticks, ts[i].v.tick(ts[i].w, ts[i].s))
		oldest = max(oldest, float64(b.Legs[i].AgeMs)/float64(b.Legs[i].MaxAgeMs))
		if c := Ceiling(a.Kind, ts[i].w.Resolution); c.rank() < most.rank() {
			most = c
		}
		if ts[i].w.Copy && SeverityMedium.rank() < most.rank() {
			most = SeverityMedium // an old price of another venue's can't be had
		}
		if ts[i].w.FeeUnknown {
			most = SeverityLow // the fee may eat the profit
		}
	}
	confidence := math.Max(0, 1-oldest/2)
	if b.Profit > PalpableError {
		confidence *= errorDiscount
	}
	a.Suppressed = b.size(ts, worst)
	if !fresh {
		a.Suppressed = "a leg is stale"
	}
	a.Grade(math.Min(3, 1+b.Profit/0.02), confidence)
	a.limit(most)
	return a
}
