package kalshi

import "math"

// ladder is one side of a book: bids by price, ascending.
type ladder []level

// find returns where a price is or belongs.
func (l ladder) find(price int32) (at int, found bool) {
	lo, hi := 0, len(l)
	for lo < hi {
		mid := (lo + hi) / 2
		if l[mid].price < price {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(l) && l[lo].price == price
}

// add changes the size at a price. It is false if less would be there than nothing: then
// something was lost.
func (l *ladder) add(price int32, delta int64) bool {
	i, found := l.find(price)
	switch {
	case !found && delta < 0:
		return false
	case !found && delta > 0:
		*l = append(*l, level{})
		copy((*l)[i+1:], (*l)[i:])
		(*l)[i] = level{price, delta}
	case found:
		e := &(*l)[i]
		if e.size += delta; e.size < 0 || e.size > mostSize {
			return false
		}
		if e.size == 0 {
			*l = append((*l)[:i], (*l)[i+1:]...)
		}
	}
	return true
}

// mostSize limits what may lie at one price, in hundredths of a contract.
const mostSize = 1e17

// set replaces all levels. Of a price that comes twice the last one counts.
func (l *ladder) set(levels []level, yesPrice bool) {
	*l = (*l)[:0]
	for _, e := range levels {
		if yesPrice {
			e.price = whole - e.price
		}
		i, found := l.find(e.price)
		switch {
		case found:
			(*l)[i].size = e.size
		case e.size > 0:
			*l = append(*l, level{})
			copy((*l)[i+1:], (*l)[i:])
			(*l)[i] = e
		}
	}
}

// best returns the highest bid; the zero level is none.
func (l ladder) best() level {
	for i := len(l) - 1; i >= 0; i-- {
		if l[i].size > 0 {
			return l[i]
		}
	}
	return level{}
}

// top is the best of both sides in YES prices, and what lies there; 0 none.
type top struct {
	bid, ask         int32
	bidSize, askSize int64
}

// prob returns the middle of a book, 0 if it is no price: a side is empty, the book is crossed, or
// it is too wide.
func (t top) prob(maxWidth float64) float64 {
	if t.bid == 0 || t.ask == 0 || t.bid > t.ask {
		return 0
	}
	bid, ask := float64(t.bid)/whole, float64(t.ask)/whole
	if logit(ask)-logit(bid) > maxWidth {
		return 0
	}
	return (bid + ask) / 2
}

// logit returns the log-odds of a probability inside (0, 1).
func logit(p float64) float64 { return math.Log(p / (1 - p)) }
