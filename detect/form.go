package detect

import (
	"math"
	"slices"

	"corrgraph/odds"
)

// form is a set of outcomes of which one wins, on one line: what two venues must have in
// common for their prices to be bets on the same thing.
type form struct {
	v      *MarketView
	listed []bool
	lines  []float64 // as quoted, of each listed outcome; NaN if there is none
}

// offer is what a venue lists.
func (v *MarketView) offer(i int) form { return form{v, v.Venues[i].Listed, v.Venues[i].Lines} }

// form returns what venue i offers. ok is false if that is not known to be complete, or its
// lines contradict each other.
func (v *MarketView) form(i int) (f form, ok bool) {
	f = v.offer(i)
	return f, v.Venues[i].Complete && f.coherent()
}

// known reports whether a venue before the i-th offers the same form, complete.
func (v *MarketView) known(i int, f *form) bool {
	for j := range i {
		if g, ok := v.form(j); ok && f.same(&g) {
			return true
		}
	}
	return false
}

// seen reports whether a venue before the i-th lists the same.
func (v *MarketView) seen(i int, f *form) bool {
	for j := range i {
		if g := v.offer(j); f.same(&g) {
			return true
		}
	}
	return false
}

// alike reports whether a form of another market has the same outcomes and lines.
func (f *form) alike(g *form) bool {
	n := 0
	for s, listed := range f.listed {
		if !listed {
			continue
		}
		n++
		t := slices.Index(g.v.Selections, f.v.Selections[s])
		if t < 0 || !g.listed[t] || !sameLine(f.line(s), g.line(t)) {
			return false
		}
	}
	for _, listed := range g.listed {
		if listed {
			n--
		}
	}
	return n == 0
}

func (f *form) same(g *form) bool {
	if !slices.Equal(f.listed, g.listed) {
		return false
	}
	for s, listed := range f.listed {
		if listed && !sameLine(f.line(s), g.line(s)) {
			return false
		}
	}
	return true
}

// line is the line of an outcome; NaN if it has none.
func (f *form) line(s int) float64 { return f.v.line(f.lines, s) }

// line is the line of an outcome; NaN if it has none. Where lines mean nothing, tables write
// 0 for none.
func (v *MarketView) line(lines []float64, s int) float64 {
	if s >= len(lines) || lines[s] == 0 && !v.Kind.Lines {
		return math.NaN()
	}
	return lines[s]
}

// coherent reports whether all lines are one: a start given to one side is taken from the
// other.
func (f *form) coherent() bool {
	first := slices.Index(f.listed, true)
	for s, listed := range f.listed {
		if !listed {
			continue
		}
		want := f.line(first)
		if f.mirrored(s, first) {
			want = -want
		}
		if !sameLine(f.line(s), want) {
			return false
		}
	}
	return first >= 0
}

// mirrored reports whether two outcomes have lines of opposite signs.
func (f *form) mirrored(s, t int) bool {
	return (f.v.Sides[s] == odds.Away) != (f.v.Sides[t] == odds.Away)
}

// sameLine compares lines; NaN (no line) equals NaN.
func sameLine(a, b float64) bool { return a == b || a != a && b != b }

// takes reports whether the operator can take a venue's price of an outcome now, as one of this
// form.
func (f *form) takes(w *VenueView, s int) bool {
	return f.shows(w, s) && w.Account.Takes(w.Prices[s], (&ticket{f.v, w, s}).size())
}

// shows reports whether a venue's price of an outcome is one of this form now.
func (f *form) shows(w *VenueView, s int) bool {
	return w.State == odds.Open && !w.Middle && w.Prices[s] > 1 && w.Listed[s] && f.offered(w) && sameLine(f.line(s), f.v.line(w.Lines, s))
}

// offered reports whether a venue lists the outcomes of the form, or a part of them that no
// other form has: a handicap with one side left is still that handicap, but a match without
// the draw may be drawn no bet.
func (f *form) offered(w *VenueView) bool {
	if slices.Equal(w.Listed, f.listed) {
		return true
	}
	for s, listed := range w.Listed {
		if listed && !(f.listed[s] && f.alone(f.v.Sides[s])) {
			return false
		}
	}
	return true
}

// alone reports whether outcomes of a side occur in one form only.
func (f *form) alone(side odds.Side) bool {
	switch side {
	case odds.Over, odds.Under, odds.Yes, odds.No:
		return true
	case odds.Home, odds.Away:
		return f.v.Kind.Lines
	}
	return false
}

// drawn reports whether the form has an outcome for the draw.
func (f *form) drawn() bool {
	for s, listed := range f.listed {
		if listed && f.v.Sides[s] == odds.Draw {
			return true
		}
	}
	return false
}

// push returns what is won if the match ends on the line or drawn, as a share of what is
// won otherwise: 0 if all stakes are returned, a half if half of them are. ok is false if
// the form has no such end.
func (f *form) push() (share float64, ok bool) {
	line := math.NaN()
	for s, listed := range f.listed {
		if listed {
			line = f.line(s)
		}
	}
	switch quarters := math.Abs(math.Mod(4*line, 4)); {
	case f.drawn():
		return 0, false
	case f.v.Kind.Push, quarters == 0:
		return 0, true
	case quarters == 1, quarters == 3:
		return 0.5, true
	}
	return 0, false
}
