package catalog

import (
	"math"
	"regexp"
	"strings"

	"corrgraph/odds"
)

// Outcome is what a quote is a price of, in the terms of the event and equal at all venues.
type Outcome struct {
	Subject string    // the player or team it is about; empty for the match itself
	Name    string    // "home", "over", "home or draw", or the outcome in its source's spelling
	Side    odds.Side // in the event's orientation
	Line    float64   // stated in the outcome's name ("Over 2.5"); NaN if none
}

// words are the usual names of outcomes, normalised.
var words = map[string]odds.Side{
	"home": odds.Home, "away": odds.Away, "draw": odds.Draw, "tie": odds.Draw, "x": odds.Draw, "tied": odds.Draw, "drawn": odds.Draw,
	"over": odds.Over, "o": odds.Over, "under": odds.Under, "u": odds.Under, "yes": odds.Yes, "no": odds.No, "1": odds.Home, "2": odds.Away,
}

// pairs are the usual names of two results of a match together.
var pairs = map[string]string{
	"1x": "home or draw", "x1": "home or draw", "2x": "away or draw", "x2": "away or draw", "12": "home or away", "21": "home or away",
}

// Outcome returns the outcome of a market of kind k that a source calls selection, of the
// given subject. side is its role if the parser knew it. Names are compared as those of teams are (see Normalize):
// a draw may be called Draw, Tie or X, a side by any spelling of its team, by home or by 1;
// the player may stand before Over ("Al Stone Over"), the line behind it ("Over 2.5").
// hasLine says that the quote has a line: without one, and without a number behind it, a
// last word Over may be part of a runner's name. Cost: O(len(selection)).
func (c *Catalog) Outcome(m Match, k odds.Kind, subject, selection string, side odds.Side, hasLine bool) Outcome {
	o := Outcome{Subject: strings.TrimSpace(subject), Name: strings.TrimSpace(selection), Line: math.NaN()}
	name := o.Name
	if rest, line, ok := cutNumber(name); ok && side == odds.OtherSide && c.sideOf(m, k, name) == odds.OtherSide {
		if s := c.lastWord(&o, m, rest); s != odds.OtherSide {
			o.Side, o.Line = s, line
			return o.named()
		}
		if s := c.sideOf(m, k, rest); s == odds.Home || s == odds.Away {
			o.Side, o.Line = s, line
			return o.named()
		}
	}
	switch {
	case side != odds.OtherSide:
		o.Side = m.Side(side)
		if w := c.sideOf(m, k, name); w == odds.OtherSide {
			c.lastWord(&o, m, name)
		}
		return o.named()
	case hasLine:
		if o.Side = c.lastWord(&o, m, name); o.Side != odds.OtherSide {
			return o.named()
		}
	}
	if o.Side = c.sideOf(m, k, name); o.Side != odds.OtherSide {
		return o.named()
	}
	if both, ok := c.two(m, k, name); ok {
		o.Name = both
	}
	return o
}

// named sets the name of an outcome that has a side.
func (o Outcome) named() Outcome {
	o.Name = o.Side.String()
	return o
}

// lastWord reads "Al Stone Over": the side is the last word, and what stands before it is
// the subject, if none is known. It sets the subject only where there is a side.
func (c *Catalog) lastWord(o *Outcome, m Match, name string) odds.Side {
	before, last := "", name
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		before, last = strings.TrimSpace(name[:i]), name[i+1:]
	}
	s := words[Normalize(last)]
	if s < odds.Over || len(last) == 1 && before != "" {
		return odds.OtherSide
	}
	if before != "" && Normalize(before) != Normalize(o.Subject) {
		if o.Subject != "" {
			before = o.Subject + " " + before
		}
		o.Subject = before
	}
	return s
}

var (
	counted = regexp.MustCompile(`(?i) (?:goals?|points?|pts|runs?|games?|sets?|corners?|cards?|kills?|maps?|rounds?)$`)
	glued   = regexp.MustCompile(`(?i)^(over|under|o|u)([\d.½¼¾]+)$`)
)

// cutNumber splits "Over 2.5", "Over 2.5 Goals", "O2.5" and "Oak City (-3.5)".
func cutNumber(name string) (rest string, line float64, ok bool) {
	if !strings.ContainsAny(name, "0123456789½¼¾") {
		return "", 0, false
	}
	name = counted.ReplaceAllString(name, "")
	number := ""
	if m := glued.FindStringSubmatch(name); m != nil {
		rest, number = m[1], m[2]
	} else if i := strings.LastIndexByte(name, ' '); i > 0 {
		rest, number = strings.TrimSpace(name[:i]), strings.Trim(name[i+1:], "()")
	}
	if number == "" || strings.Trim(number, "+-−.0123456789½¼¾/") != "" {
		return "", 0, false
	}
	line, err := odds.ParseLine(number)
	return rest, line, err == nil && odds.ValidLine(line)
}

// sideOf finds the side that a name means: a usual word, or a spelling of one of the two
// sides. 1, X and 2 are sides in markets of the match's result alone.
func (c *Catalog) sideOf(m Match, k odds.Kind, name string) odds.Side {
	n := Normalize(name)
	if s, ok := words[n]; ok {
		if (n == "1" || n == "x" || n == "2") && !(k.Result() && m.Event.Home != "") {
			return odds.OtherSide
		}
		return m.Side(s)
	}
	e := c.events[m.Event.ID]
	if e == nil || !e.pair.known() || n == "" {
		return odds.OtherSide
	}
	key := n
	if ids := c.facts.Lookup(e.pair.sport, e.pair.league, name); len(ids) == 1 {
		key = ids[0]
	}
	is := func(p participant) bool { return key == p.key || n == Normalize(p.name) }
	switch {
	case is(e.pair.home):
		return odds.Home
	case is(e.pair.away):
		return odds.Away
	}
	return odds.OtherSide
}

// two reads an outcome that covers two results: "Oak City or Draw", "1X".
func (c *Catalog) two(m Match, k odds.Kind, name string) (string, bool) {
	if m.Event.Home == "" || !k.Result() {
		return "", false
	}
	if p, ok := pairs[Normalize(name)]; ok {
		if m.Swapped {
			p = strings.NewReplacer("home or draw", "away or draw", "away or draw", "home or draw").Replace(p)
		}
		return p, true
	}
	for _, sep := range []string{" or ", "/"} {
		a, b, ok := strings.Cut(name, sep)
		if !ok {
			continue
		}
		x, y := c.sideOf(m, k, a), c.sideOf(m, k, b)
		if x == y || min(x, y) == odds.OtherSide || max(x, y) > odds.Draw {
			return "", false
		}
		return min(x, y).String() + " or " + max(x, y).String(), true
	}
	return "", false
}
