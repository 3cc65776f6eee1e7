package board

import (
	"math"

	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/series"
)

func (d *Board) venue(name string) *Venue {
	v := d.venues[name]
	if v == nil {
		fee, known := d.opt.Commission[name]
		v = &Venue{Name: name, Index: len(d.venues), Commission: fee, FeeUnknown: !known && odds.IsExchange(name), Account: d.opt.Accounts.Of(name)}
		d.venues[name] = v
	}
	return v
}

func (b *Book) grow(n int) {
	for len(b.price) < n {
		b.ids = append(b.ids, "")
		b.price = append(b.price, 0)
		b.offer = append(b.offer, math.NaN())
		b.size = append(b.size, 0)
		b.line = append(b.line, math.NaN())
		b.gone = append(b.gone, odds.Unknown)
		b.value = append(b.value, math.NaN())
		b.prev = append(b.prev, math.NaN())
		b.Nodes = append(b.Nodes, nil)
		b.Others = append(b.Others, nil)
		b.rest = append(b.rest, math.NaN())
		b.restMoved = append(b.restMoved, math.NaN())
		b.history = append(b.history, detect.NodeHistory{})
	}
}

// Current reports whether the book's values can be used as prices now: the market is open,
// its prices are not stale, and it is present.
func (b *Book) Current() bool { return b.status == odds.Open && !b.stale && b.present() }

// Status is that of the whole market.
func (b *Book) Status() odds.Status { return b.status }

// present reports whether the newest answer that could hold the book's prices does. Where a
// request is not heard from any more, its answers last for two and a half steps.
func (b *Book) present() bool {
	if b.answer == nil {
		return true
	}
	return b.answer.Over == 0 && b.Source.Clock.Lasts(b.Market.Event.Last.Sub(b.SeenAt))
}

// Changed reports whether the book was quoted at the given time and selection k's value
// changed in the present batch.
func (b *Book) Changed(k int, at odds.Time) bool { return b.touch == at && b.value[k] != b.prev[k] }

// same reports whether the legs repeat every price and line of the book. A poll or image
// that lacks an outcome does not: that outcome is now unknown.
func (b *Book) same(legs []leg, all bool) bool {
	if len(legs) == 0 || all && len(legs) != b.stated() {
		return false
	}
	for i := range legs {
		l := &legs[i]
		if l.plan.b != b {
			k, ok := b.Market.find(l.name)
			if !ok {
				return false
			}
			l.plan.b, l.plan.k = b, k
		}
		k := l.plan.k
		if b.price[k] != l.q.Price || b.gone[k] != l.q.Status || !sameLine(b.line[k], l.line) {
			return false
		}
		b.size[k] = l.q.Size
	}
	return true
}

// lose makes a book unknown whose venue said what there is no room for. b may be nil.
func (b *Book) lose() {
	if b != nil {
		b.status = odds.Unknown
		b.pause()
	}
}

// sameLine compares lines; NaN, no line, equals NaN.
func sameLine(a, b float64) bool { return a == b || a != a && b != b }

// stated counts the outcomes for which the book holds a price or a state.
func (b *Book) stated() (n int) {
	for _, g := range b.gone {
		if g != odds.Unknown {
			n++
		}
	}
	return n
}

// Walk is how far the book's series moved in a phase.
func (b *Book) Walk(live bool) (w series.Walk) {
	if live != b.Live {
		return b.former
	}
	for _, n := range b.Nodes {
		if n != nil && n.Live == live {
			w.Add(&n.Node, b.looks)
		}
	}
	return w
}

// enter begins a phase: its series are others, and its prices change at a pace of their own.
func (b *Book) enter(live bool) {
	if b.Live != live {
		b.former, b.looks, b.pace, b.Live = b.Walk(b.Live), 0, series.Pace{}, live
	}
}

// Line is the line of a selection; NaN none.
func (b *Book) Line(k int) float64 { return b.line[k] }

// Offer is the price of a selection while it is shown, else NaN; no bet is offered at a Middle.
func (b *Book) Offer(k int) float64 { return b.offer[k] }

// Takes reports whether the operator can take the price of selection k: see [account.Terms.Takes].
func (b *Book) Takes(k int) bool { return b.Venue.Account.Takes(b.offer[k], b.size[k]) }

// Middle reports whether the book's prices lie between back and lay.
func (b *Book) Middle() bool { return b.terms.Middle }

// shown is the line that the book shows: of the home side, of over or under; NaN none.
func (b *Book) shown() float64 {
	for k, line := range b.line {
		switch {
		case !b.lists(k) || math.IsNaN(line):
		case b.Market.Selections[k].Side == odds.Away:
			return 0 - line
		default:
			return line + 0
		}
	}
	return math.NaN()
}

// pause marks the book as showing no price now.
func (b *Book) pause() {
	for k := range b.value {
		b.value[k], b.prev[k], b.offer[k] = math.NaN(), math.NaN(), math.NaN()
		if n := b.Nodes[k]; n != nil {
			n.Break()
		}
	}
	b.joined = false
}
