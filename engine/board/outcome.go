package board

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// outcome is an outcome of an event's market with its names for comparison.
type outcome struct {
	catalog.Outcome
	about string // the subject, normalised
	name  string // the name, normalised
}

type outcomeKey struct {
	market, subject, selection string
	side                       odds.Side
	hasLine, swapped           bool
}

// planned is what a source's quote in some place of a market's update was found to be.
// Venues list their outcomes in the same order again and again.
type planned struct {
	key outcomeKey
	out *outcome
	b   *Book // where it was; nil none yet
	k   int   // its selection there
}

// leg is one quote of an update.
type leg struct {
	*outcome
	plan *planned
	q    *odds.Quote
	line float64 // its own; NaN none
	key  float64 // the line of the home side, of over or under; +Inf none
}

// mostOutcomes limits the names of outcomes that an event remembers.
const mostOutcomes = 1 << 14

// legs finds what the quotes of an update are prices of.
func (d *Board) legs(kn known, c *cell, u *odds.Update) []leg {
	d.leg = d.leg[:0]
	if n := len(u.Quotes); n > len(c.plan) {
		c.plan = append(c.plan, make([]planned, n-len(c.plan))...)
	}
	kind := d.kind(kn.ev, u.Market)
	for i := range u.Quotes {
		q, p := &u.Quotes[i], &c.plan[i]
		key := outcomeKey{u.Market, q.Subject, q.Selection, q.Side, !math.IsNaN(q.Line), kn.match.Swapped}
		if p.out == nil || p.key != key {
			*p = planned{key: key, out: d.outcome(kn, kind, &key)}
		}
		l := leg{outcome: p.out, plan: p, q: q, line: q.Line}
		if math.IsNaN(l.line) {
			l.line = p.out.Line
		}
		if l.line == 0 && !kind.Lines && (kind.Result() || l.Side == odds.OtherSide) {
			l.line = math.NaN() // how some tables write that there is none
		}
		switch {
		case math.IsNaN(l.line):
			l.key = math.Inf(1)
		case l.Side == odds.Away: // the two sides of a handicap have opposite signs
			l.key = 0 - l.line
		default:
			l.key = l.line + 0 // −0 is the line 0
		}
		d.leg = append(d.leg, l)
	}
	if l := d.leg; kind.Lines && len(l) == 2 && l[0].line == l[1].line && l[0].line != 0 && odds.SidesOf(l[0].Side, l[1].Side) == odds.SidesOf(odds.Home, odds.Away) {
		d.Counts.Conflicts += 2 // both sides can't give the same start: which line is wrong can't be known
		l[0].q, l[1].q = l[0].q.Without(), l[1].q.Without()
	}
	return d.leg
}

// trim drops the plan of a cell that is much longer than what it holds.
func (c *cell) trim() {
	held := 64
	for _, b := range c.books {
		held += 4 * len(b.price)
	}
	if len(c.plan) > held {
		c.plan = nil
	}
}

func (d *Board) outcome(kn known, kind odds.Kind, key *outcomeKey) *outcome {
	ev := kn.ev
	if o := ev.outcomes[*key]; o != nil {
		return o
	}
	o := &outcome{Outcome: d.Catalog.Outcome(kn.match, kind, key.subject, key.selection, key.side, key.hasLine)}
	o.about, o.name = catalog.Normalize(o.Subject), o.Name
	if o.Side == odds.OtherSide {
		o.name = cmp.Or(catalog.Normalize(o.Name), o.Name)
	}
	if ev.outcomes == nil || len(ev.outcomes) >= mostOutcomes {
		ev.outcomes = map[outcomeKey]*outcome{}
	}
	ev.outcomes[*key] = o
	return o
}

// kind is what is known of a market by its name.
func (d *Board) kind(ev *Event, market string) odds.Kind {
	k := kindKey{ev.Sport, market}
	kind, ok := d.kinds[k]
	if !ok {
		if len(d.kinds) >= mostOutcomes {
			clear(d.kinds)
		}
		kind = odds.KindOf(ev.Sport, market)
		d.kinds[k] = kind
	}
	return kind
}

type kindKey struct{ sport, market string }

// group is the part of an update that belongs to one market.
type group struct {
	legs []leg
	line float64 // NaN for the main line
}

// split splits an update by subject and line. One line of each subject is the main one: the
// line that the source marks, else the one whose prices are closest to even. A change that a
// stream sends of lines that the venue shows already stays with them.
func (d *Board) split(c *cell, u *odds.Update, legs []leg, change bool) []group {
	d.group = append(d.group[:0], group{legs, math.NaN()})
	if len(legs) == 0 || plain(legs) && !(change && len(c.books) > 1) {
		return d.group
	}
	d.group = d.group[:0]
	slices.SortStableFunc(legs, func(a, b leg) int { return cmp.Or(cmp.Compare(a.about, b.about), cmp.Compare(a.key, b.key)) })
	for from := 0; from < len(legs); {
		to := from + 1
		for to < len(legs) && legs[to].about == legs[from].about {
			to++
		}
		d.lines(c, u, legs[from:to], change)
		from = to
	}
	return d.group
}

// plain reports whether all legs are of one subject and line.
func plain(legs []leg) bool {
	for i := range legs[1:] {
		if l := &legs[i+1]; l.key != legs[0].key || l.outcome != legs[0].outcome && l.about != legs[0].about {
			return false
		}
	}
	return true
}

// lines splits the legs of one subject, ordered by line.
func (d *Board) lines(c *cell, u *odds.Update, legs []leg, change bool) {
	first := len(d.group)
	for from := 0; from < len(legs); {
		to := from + 1
		for to < len(legs) && legs[to].key == legs[from].key {
			to++
		}
		line := legs[from].key
		if math.IsInf(line, 1) {
			line = math.NaN()
		}
		d.group = append(d.group, group{legs[from:to], line})
		from = to
	}
	lines := d.group[first:]
	if change {
		if main, known := c.main(u, legs[0].about); known && c.shows(u, lines) {
			for i := range lines {
				if lines[i].line == main {
					lines[i].line = math.NaN()
				}
			}
			return
		}
	}
	best, least := 0, math.Inf(1)
	for i := range lines {
		if e := lines[i].evenness(); e < least {
			best, least = i, e
		}
	}
	lines[best].line = math.NaN()
}

// main is the line that the venue's main market of a subject shows.
func (c *cell) main(u *odds.Update, about string) (line float64, known bool) {
	for _, b := range c.books {
		if b.Market.about == about && math.IsNaN(b.Market.Line) && b.Market.of(u) {
			return b.shown(), true
		}
	}
	return math.NaN(), false
}

// shows reports whether the venue shows one of a subject's lines already, as the main one or
// another.
func (c *cell) shows(u *odds.Update, lines []group) bool {
	known := make(map[float64]bool, len(c.books))
	for _, b := range c.books {
		if m := b.Market; m.about == lines[0].legs[0].about && m.of(u) {
			line := m.Line
			if math.IsNaN(line) {
				line = b.shown()
			}
			known[line] = true
		}
	}
	return slices.ContainsFunc(lines, func(g group) bool { return known[g.line] })
}

// evenness ranks lines: marked lines first, then by distance from even money.
func (g *group) evenness() float64 {
	worst := 0.0
	for i := range g.legs {
		q := g.legs[i].q
		if q.Main {
			return -1
		}
		if q.Price > 1 {
			worst = max(worst, math.Abs(logit(1/q.Price)))
		}
	}
	if len(g.legs) < 2 {
		worst += 100 // a line with one side missing ranks last
	}
	return worst
}
