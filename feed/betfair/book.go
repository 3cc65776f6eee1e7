package betfair

import (
	"math"
	"slices"

	"corrgraph/odds"
)

// level is one price of a ladder and the stake available at it.
type level struct{ price, size float64 }

// byPrice is one side of a full-depth book, prices ascending.
type byPrice []level

func (l *byPrice) set(price, size float64) {
	i, found := slices.BinarySearchFunc(*l, price, func(e level, p float64) int {
		switch {
		case e.price < p:
			return -1
		case e.price > p:
			return 1
		}
		return 0
	})
	switch {
	case size > 0 && found:
		(*l)[i].size = size
	case size > 0:
		*l = slices.Insert(*l, i, level{price, size})
	case found:
		*l = slices.Delete(*l, i, i+1)
	}
}

// maxLevels limits the levels of a byLevel ladder; Betfair sends at most 10.
const maxLevels = 64

// byLevel is one side of a book by depth, best first; size 0 means empty.
type byLevel []level

func (l *byLevel) set(at, price, size float64) {
	if !(at >= 0 && at < maxLevels) {
		return
	}
	for len(*l) <= int(at) {
		*l = append(*l, level{})
	}
	(*l)[int(at)] = level{price, size}
}

// best returns the first filled level.
func (l byLevel) best() level {
	for _, e := range l {
		if e.size > 0 {
			return e
		}
	}
	return level{}
}

// book holds the offers for one runner, in the ladders the stream carries. Back is the side
// a backer can take, so its best price is the highest.
type book struct {
	back, lay     byPrice    // atb, atl
	levels        [4]byLevel // batb, batl, bdatb, bdatl
	best, display bool       // batb/batl and bdatb/bdatl have been seen
}

func (b *book) apply(rc *runnerChange) {
	for _, l := range rc.ATB {
		b.back.set(l[0], l[1])
	}
	for _, l := range rc.ATL {
		b.lay.set(l[0], l[1])
	}
	for i, ladder := range [4][][3]float64{rc.BATB, rc.BATL, rc.BDATB, rc.BDATL} {
		for _, l := range ladder {
			b.levels[i].set(l[0], l[1], l[2])
		}
	}
	b.best = b.best || rc.BATB != nil || rc.BATL != nil
	b.display = b.display || rc.BDATB != nil || rc.BDATL != nil
}

// top returns the best back and lay levels; a side without offers is zero.
func (b *book) top() (back, lay level) {
	switch {
	case b.display:
		back, lay = b.levels[2].best(), b.levels[3].best()
	case b.best:
		back, lay = b.levels[0].best(), b.levels[1].best()
	default:
		if n := len(b.back); n > 0 {
			back = b.back[n-1]
		}
		if len(b.lay) > 0 {
			lay = b.lay[0]
		}
	}
	if !usable(back.price) {
		back = level{}
	}
	if !usable(lay.price) {
		lay = level{}
	}
	return back, lay
}

// usable reports whether x is a price that Betfair can quote (1.01 to 1000).
func usable(x float64) bool { return x > 1 && x <= 1000 }

// price returns the runner's price by the rule of the package comment, or 0 for none, and
// the stake available to back.
func (b *book) price(ltp, maxWidth float64) (price, size float64) {
	back, lay := b.top()
	crossed := back.size > 0 && lay.size > 0 && back.price > lay.price
	if back.size > 0 && lay.size > 0 && !crossed && logit(back.price)-logit(lay.price) <= maxWidth {
		return 2 / (1/back.price + 1/lay.price), back.size
	}
	if !usable(ltp) {
		return 0, 0
	}
	if !crossed && back.size > 0 {
		ltp = max(ltp, back.price)
	}
	if !crossed && lay.size > 0 {
		ltp = min(ltp, lay.price)
	}
	return ltp, back.size
}

// logit returns the log-odds of the probability 1/price, for price > 1.
func logit(price float64) float64 { return -math.Log(price - 1) }

// runner is one selection of a market: an id and a handicap.
type runner struct {
	id      int64
	hc      float64
	name    string // its selection, fixed
	side    odds.Side
	line    float64 // of its quotes; NaN if none
	main    bool
	removed bool
	book    book
	ltp     float64
	dirty   bool // changed since it was last priced

	sent     float64 // last price emitted; 0 if none
	sentGone odds.Status
	sentMain bool
}

func (r *runner) apply(rc *runnerChange) {
	r.book.apply(rc)
	if rc.LTP != nil {
		r.ltp = *rc.LTP
	}
	r.dirty = true
}

// quote returns the runner's quote if it has changed, or in any case if all is set. A
// runner that never had a price is unpriced.
func (r *runner) quote(maxWidth float64, all bool) (odds.Quote, bool) {
	if !r.dirty && !all {
		return odds.Quote{}, false
	}
	r.dirty = false
	q := odds.Quote{Selection: r.name, Side: r.side, Line: r.line, Main: r.main}
	switch {
	case r.removed:
		q.Status = odds.Removed
	default:
		if q.Price, q.Size = r.book.price(r.ltp, maxWidth); q.Price == 0 {
			q.Status, q.Size = odds.Unpriced, 0
			if r.sent != 0 || r.sentGone == odds.Suspended {
				q.Status = odds.Suspended
			}
		}
	}
	if q.Price == r.sent && q.Status == r.sentGone && q.Main == r.sentMain && !all {
		return odds.Quote{}, false
	}
	r.sent, r.sentGone, r.sentMain = q.Price, q.Status, q.Main
	return q, true
}
