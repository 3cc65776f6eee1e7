package board

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// values computes a book's log-odds from its prices: margin removed over the complete set
// of open outcomes, line included. An incomplete set gives raw log-odds and is counted. A
// withdrawn runner or a missing side changes the basis of all other values: no increment
// spans such a change.
func (d *Board) values(b *Book) {
	m, buf := b.Market, &d.devig
	b.basis = 0
	buf.odds, buf.idx = buf.odds[:0], buf.idx[:0]
	known := 0
	for k := range m.Selections {
		b.value[k], b.offer[k] = math.NaN(), math.NaN()
		if b.gone[k] != odds.Removed && b.gone[k] != odds.Closed {
			known++
		}
		if b.gone[k] == odds.Open && b.price[k] > 0 {
			b.offer[k] = b.price[k]
			buf.idx = append(buf.idx, k)
			buf.odds = append(buf.odds, odds.Odds(b.price[k]))
		}
	}
	if m.Raw {
		for _, k := range buf.idx {
			b.value[k] = math.Log(b.price[k])
		}
		return
	}
	if len(buf.idx) >= 2 && len(buf.idx) == known && m.winners == 1 {
		if r, err := odds.Devig(d.opt.Devig, buf.odds, buf.probs[:0]); err == nil {
			buf.probs = r.Probs
			b.basis = basisOf(buf.idx)
			for i, k := range buf.idx {
				b.value[k] = m.join(k, b.line[k], logit(float64(r.Probs[i])))
			}
			return
		}
	}
	if m.winners == 1 {
		d.Counts.Partial++
	}
	for _, k := range buf.idx {
		b.value[k] = m.join(k, b.line[k], logit(1/b.price[k]))
	}
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

// mainLines splits an update that quotes several lines of a market into one update per
// line; nil when there is only one. The two sides of a handicap have opposite signs, so one
// selection at both signs is two lines.
func mainLines(u *odds.Update, match catalog.Match) []lineUpdate {
	for i := range u.Quotes {
		q, first := &u.Quotes[i], &u.Quotes[0]
		k, key := math.Abs(q.Line), math.Abs(first.Line)
		mirrored := q.Line == -first.Line && q.Line != 0 && q.Selection == first.Selection
		if mirrored || k != key && !(math.IsNaN(k) && math.IsNaN(key)) {
			return splitLines(u, match)
		}
	}
	return nil
}

type lineUpdate struct {
	odds.Update
	alternate float64 // NaN for the main line
}

// splitLines groups an update's quotes by line: of handicaps by the line of the event's
// home side, whichever side the source calls home. The main line is the one marked by the
// source, else the one whose prices are closest to even.
func splitLines(u *odds.Update, match catalog.Match) []lineUpdate {
	by := map[float64]int{}
	var out []lineUpdate
	for _, q := range u.Quotes {
		k := q.Line
		if match.Side(q.Side) == odds.Away && !math.IsNaN(k) { // the two sides of a handicap have opposite signs
			k = -k
		}
		key := k
		if math.IsNaN(k) {
			key = math.Inf(1)
		}
		i, ok := by[key]
		if !ok {
			i = len(out)
			by[key] = i
			one := *u
			one.Quotes = nil
			out = append(out, lineUpdate{one, k})
		}
		out[i].Quotes = append(out[i].Quotes, q)
	}
	slices.SortStableFunc(out, func(a, b lineUpdate) int { return cmp.Compare(a.evenness(), b.evenness()) })
	out[0].alternate = math.NaN()
	return out
}

// evenness ranks lines: marked lines first, then by distance from even money.
func (l *lineUpdate) evenness() float64 {
	worst := 0.0
	for _, q := range l.Quotes {
		if q.Main {
			return -1
		}
		if q.Price > 1 {
			worst = max(worst, math.Abs(logit(1/q.Price)))
		}
	}
	if len(l.Quotes) < 2 {
		worst += 100 // a line with one side missing ranks last
	}
	return worst
}
