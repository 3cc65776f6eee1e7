package engine

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

type devigBuf struct {
	odds  []odds.Odds
	probs []odds.Prob
	idx   []int
}

// values computes a board's log-odds from its prices: margin removed over the
// complete set of open outcomes, line joined. An incomplete set gives raw
// log-odds and is counted. A runner that is withdrawn, or a side that is missing,
// changes the basis of all the others' values: no increment crosses that.
func (e *Engine) values(b *board) {
	m, d := b.m, &e.devig
	b.basis = 0
	d.odds, d.idx = d.odds[:0], d.idx[:0]
	known := 0
	for k := range m.sels {
		b.value[k], b.offer[k] = math.NaN(), math.NaN()
		if b.gone[k] != odds.Removed && b.gone[k] != odds.Closed {
			known++
		}
		if b.gone[k] == odds.Open && b.price[k] > 0 {
			b.offer[k] = b.price[k]
			d.idx = append(d.idx, k)
			d.odds = append(d.odds, odds.Odds(b.price[k]))
		}
	}
	if m.raw {
		for _, k := range d.idx {
			b.value[k] = math.Log(b.price[k])
		}
		return
	}
	if len(d.idx) >= 2 && len(d.idx) == known && m.winners == 1 {
		if r, err := odds.Devig(e.opt.Devig, d.odds, d.probs[:0]); err == nil {
			d.probs = r.Probs
			b.basis = basisOf(d.idx)
			for i, k := range d.idx {
				b.value[k] = m.join(k, b.line[k], logit(float64(r.Probs[i])))
			}
			return
		}
	}
	if m.winners == 1 {
		e.count.Partial++
	}
	for _, k := range d.idx {
		b.value[k] = m.join(k, b.line[k], logit(1/b.price[k]))
	}
}

// basisOf names a complete set of outcomes; never 0.
func basisOf(idx []int) uint64 {
	h := uint64(1)
	for _, k := range idx {
		h = h*0x100000001b3 + uint64(k) + 1
	}
	return h | 1
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// join adds what the line is worth, so that a main line that moves is a move.
func (m *market) join(k int, line, x float64) float64 {
	return float64(odds.JoinLine(odds.LogOdds(x), m.sels[k].side, line, m.slope))
}

// splitLines sorts an update's quotes by line. The main line is the one that the
// source marks, else the one whose prices are closest to even.
func splitLines(u *odds.Update) []lineUpdate {
	by := map[float64]int{}
	var out []lineUpdate
	for _, q := range u.Quotes {
		k := q.Line
		if q.Side == odds.Away && !missing(k) { // the two sides of a handicap have opposite signs
			k = -k
		}
		key := k
		if missing(k) {
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

// evenness ranks lines: marked ones first, then by distance from even money.
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
		worst += 100 // half a line
	}
	return worst
}
