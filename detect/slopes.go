package detect

import "math"

// The slope that joins line and price is a prior. Just there, where a run line changes its
// sign or a handicap passes 3 points of football, a point is worth several times as much, and
// in play more and more until the end. So a departure counts only as far as no slope within
// these multiples of the prior explains it: a venue that stays on an old line at even prices
// departs, one that shows another line at the price that belongs to it does not.
const (
	leastSlope     = 0.5
	mostSlope      = 4.0
	leastSlopeLive = 0.25
)

// beyond is what is left of a departure in joined values whose lines differ by worth, as
// joined.
func beyond(dev, worth float64, live bool) float64 {
	if worth == 0 || worth != worth {
		return dev
	}
	least, most := leastSlope, mostSlope
	if live {
		least, most = leastSlopeLive, math.Inf(1)
	}
	low, high := dev+(least-1)*worth, dev+(most-1)*worth
	switch {
	case low*high <= 0:
		return 0
	case math.Abs(low) < math.Abs(high):
		return low
	}
	return high
}

// shift is how much more the line adds to a venue's value of a selection than to those of
// the other groups, on average; 0 if that is not known. Cost: O(venues).
func (v *MarketView) shift(w *VenueView, s int) float64 {
	if s >= len(w.Worth) {
		return 0
	}
	sum, n := 0.0, 0.0
	for i := range v.Venues {
		o := &v.Venues[i]
		if o.Group != w.Group && s < len(o.Worth) && o.Values[s] == o.Values[s] {
			sum += o.Worth[s]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return w.Worth[s] - sum/n
}
