package board

import (
	"cmp"
	"math"

	"corrgraph/odds"
)

// values computes a book's log-odds from its prices: margin removed over the complete set
// of open outcomes, line included. An incomplete set gives raw log-odds and is counted. A
// withdrawn runner or a missing side changes the basis of all other values: no increment
// spans such a change.
func (d *Board) values(b *Book) {
	m, buf := b.Market, &d.devig
	b.basis, buf.odds, buf.idx = 0, buf.odds[:0], buf.idx[:0]
	listed := 0
	for k := range m.Selections {
		b.value[k], b.offer[k] = math.NaN(), math.NaN()
		if b.lists(k) {
			listed++
		}
		if b.gone[k] == odds.Open && b.price[k] > 0 {
			b.offer[k] = b.price[k]
			buf.idx = append(buf.idx, k)
			buf.odds = append(buf.odds, odds.Odds(b.price[k]))
		}
	}
	whole := len(buf.idx) >= 2 && len(buf.idx) == listed && b.complete()
	if m.Raw {
		for _, k := range buf.idx {
			b.value[k] = math.Log(b.price[k])
		}
		return
	}
	if whole {
		if r, err := odds.Devig(d.opt.Devig, buf.odds, buf.probs[:0]); err == nil {
			buf.probs = r.Probs
			b.basis = basisOf(buf.idx)
			for i, k := range buf.idx {
				b.value[k] = m.join(k, b.line[k], logit(float64(r.Probs[i])))
			}
			return
		}
	}
	if b.winners() == 1 {
		d.Counts.Partial++
	}
	for _, k := range buf.idx {
		b.value[k] = m.join(k, b.line[k], logit(1/b.price[k]))
	}
}

// lists reports whether the book shows an outcome, with a price or without.
func (b *Book) lists(k int) bool {
	return b.gone[k] == odds.Open || b.gone[k] == odds.Suspended || b.gone[k] == odds.Unpriced
}

// winners is how many outcomes win.
func (b *Book) winners() int { return cmp.Or(b.terms.Winners, b.Market.kind.Winners) }

// complete reports whether the outcomes that the book lists, priced or not, are known to be
// all there are, and that one of them wins: the source says either, or the market's name does.
func (b *Book) complete() bool {
	switch {
	case b.winners() != 1 || b.terms.Complete == odds.StatedNo || b.Market.kind.EachWay:
		return false
	case b.terms.Complete == odds.StatedYes && (b.terms.Winners == 1 || b.Market.kind.Single()):
		return true
	}
	listed, sides, sum := 0, odds.Sides(0), 0.0
	for k := range b.gone {
		if b.lists(k) {
			listed, sum = listed+1, sum+1/max(1, b.price[k])
			sides = sides.With(b.Market.Selections[k].Side)
		}
	}
	return sides.Len() == listed && b.Market.kind.Complete(sides) && !b.Market.kind.LacksDraw(sides, sum)
}

// basisOf identifies a complete set of outcomes; never 0.
func basisOf(idx []int) uint64 {
	h := uint64(1)
	for _, k := range idx {
		h = h*0x100000001b3 + uint64(k) + 1
	}
	return h | 1
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// join adds the worth of the line, so that a shift of the main line counts as a move.
func (m *Market) join(k int, line, x float64) float64 {
	return float64(odds.JoinLine(odds.LogOdds(x), m.Selections[k].Side, line, m.slope))
}
