package detect

import (
	"math"

	"corrgraph/odds"
)

// PalpableError is the arbitrage margin above which one of the prices is almost certainly a
// palpable error, which the venue will not honour.
const PalpableError = 0.10

const (
	staleFloor    = minute // maximum age of a leg, unless two steps of its source are longer
	errorDiscount = 0.2
)

// Arbitrages appends the arbitrage of every line that has one: the best takeable price of
// each outcome, over at least two venues. Prices include the margin; fees and limits are
// unknown. Not covered: two different lines (a middle), two different markets, and lay
// prices. Of each venue it reads the fields up to Prices, SeenAt and Resolution. Cost:
// O(lines × venues × selections).
func Arbitrages(v *MarketView, dst []Anomaly) []Anomaly {
	if v.Raw || !v.Whole || len(v.Selections) < 2 {
		return dst
	}
	for i := range v.Venues {
		line := v.Venues[i].Line
		if !v.firstOfLine(i, line) {
			continue
		}
		if sum, ok := v.bestSum(line, true); ok && sum < 1 {
			dst = append(dst, v.arbitrage(line, sum, true))
		} else if sum, ok := v.bestSum(line, false); ok && sum < 1 {
			dst = append(dst, v.arbitrage(line, sum, false))
		}
	}
	return dst
}

// sameLine compares lines; NaN (no line) equals NaN.
func sameLine(a, b float64) bool { return a == b || a != a && b != b }

func (v *MarketView) firstOfLine(i int, line float64) bool {
	for j := range i {
		if sameLine(v.Venues[j].Line, line) {
			return false
		}
	}
	return true
}

// fresh reports whether a venue's price may still be available.
func (v *MarketView) fresh(w *VenueView) bool {
	return v.At.Sub(w.SeenAt) <= max(2*w.Resolution, staleFloor)
}

// best returns the venue with the best price of a selection, or -1.
func (v *MarketView) best(s int, line float64, fresh bool) int {
	at, price := -1, 1.0
	for i := range v.Venues {
		w := &v.Venues[i]
		if w.State == odds.Open && w.Prices[s] > price && sameLine(w.Line, line) && (!fresh || v.fresh(w)) {
			at, price = i, w.Prices[s]
		}
	}
	return at
}

// bestSum adds up 1/best price. ok is false if an outcome has no price or one venue has all
// best prices.
func (v *MarketView) bestSum(line float64, fresh bool) (sum float64, ok bool) {
	first := -1
	for s := range v.Selections {
		i := v.best(s, line, fresh)
		if i < 0 {
			return 0, false
		}
		if s == 0 {
			first = i
		}
		ok = ok || i != first
		sum += 1 / v.Venues[i].Prices[s]
	}
	return sum, ok
}

func (v *MarketView) arbitrage(line, sum float64, fresh bool) Anomaly {
	profit := 1/sum - 1
	a := Anomaly{Kind: Arbitrage, Layer: odds.Direct, Event: v.Event, At: v.At, Size: profit}
	a.Evidence = Evidence{Unit: "share of the stake won for certain", Now: profit}
	oldest := 0.0
	for s := range v.Selections {
		w := &v.Venues[v.best(s, line, fresh)]
		a.Nodes = append(a.Nodes, w.Nodes[s])
		a.Evidence.Ticks = append(a.Evidence.Ticks, v.tick(w, s))
		limit := float64(max(2*w.Resolution, staleFloor))
		oldest = math.Max(oldest, float64(v.At.Sub(w.SeenAt))/limit)
	}
	confidence := math.Max(0, 1-oldest/2)
	if profit > PalpableError {
		confidence *= errorDiscount
	}
	if !fresh {
		a.Suppressed = "a leg is stale"
	}
	a.Grade(math.Min(3, 1+profit/0.02), confidence)
	return a
}
