package catalog

import (
	"cmp"
	"slices"
	"strings"

	"corrgraph/odds"
)

// lookalikes finds events by a name that sources spell differently: the last one of each side.
type lookalikes map[string][]*entry

// add records an event under both of its sides.
func (l lookalikes) add(ev *entry) {
	if !ev.pair.known() {
		return
	}
	for _, side := range []participant{ev.pair.home, ev.pair.away} {
		key := ev.pair.sport + "\x00" + lastName(side.name)
		l[key] = append(newest(l[key]), ev)
	}
}

// find is the doubt about a new event that starts with another source's and differs from it by the
// spelling of a name, as far as can be seen; nil if there is none. Nobody plays two others at one
// time, but in sports in which many take part at once.
func (l lookalikes) find(source string, e *odds.Event, w pair) *Ambiguity {
	if !w.known() || e.Start == 0 {
		return nil
	}
	var found []*entry
	why := ""
	for _, name := range []string{w.home.name, w.away.name} {
		for _, other := range l[w.sport+"\x00"+lastName(name)] {
			if slices.Contains(found, other) || slices.Contains(other.sources, source) || other.Start == 0 || other.apart(e.Start) > oneStart ||
				w.league != "" && other.League != "" && w.league != other.League || w.key() == other.pair.key() {
				continue
			}
			switch {
			case w.alike(other.pair):
				why = "both sides are spelled alike and the start is the same: it may be one match"
			case w.meetsOnce(other.pair):
				why = cmp.Or(why, "one side and the start are the same: the other side may be one under two names")
			default:
				continue
			}
			found = append(found, other)
		}
	}
	if found == nil {
		return nil
	}
	return doubtful(why, found)
}

// alike reports whether both sides could be those of another pair, in either order.
func (p pair) alike(o pair) bool {
	return sameName(p.home, o.home) && sameName(p.away, o.away) || sameName(p.home, o.away) && sameName(p.away, o.home)
}

// meetsOnce reports whether a side of another pair is also one of this, which can't be at two
// matches at once.
func (p pair) meetsOnce(o pair) bool {
	switch p.sport {
	case "golf", "motorsport", "formula1", "motorracing", "cycling", "athletics", "skiing", "swimming", "horseracing", "greyhoundracing":
		return false // two of many are set against each other
	}
	return p.home.key == o.home.key && mayBe(p.away, o.away) || p.home.key == o.away.key && mayBe(p.away, o.home) ||
		p.away.key == o.home.key && mayBe(p.home, o.away) || p.away.key == o.away.key && mayBe(p.home, o.home)
}

// mayBe reports whether two names that differ can be of one participant: not if both are known,
// and of one that could be several more is said elsewhere.
func mayBe(a, b participant) bool {
	return a.id != "" && b.id != "" && (a.key != a.id || b.key != b.id)
}

// sameName reports whether two spellings can be of one name: the last names are equal, and of the
// others, as many as both have, each begins with its counterpart: "A. Stone", "Al Stone", "Stone A."
func sameName(a, b participant) bool {
	if a.key == b.key {
		return true
	}
	if !mayBe(a, b) {
		return false
	}
	x, y := names(a.name), names(b.name)
	for i := range min(len(x), len(y)) {
		if !(strings.HasPrefix(x[i], y[i]) || strings.HasPrefix(y[i], x[i])) || i == 0 && x[i] != y[i] {
			return false
		}
	}
	return len(x) > 0 && len(y) > 0
}

// names are the words of a name, the last name first.
func names(name string) []string {
	if last, first, ok := strings.Cut(name, ","); ok {
		name = first + " " + last
	}
	words := strings.Fields(Normalize(name))
	if n := len(words); n > 1 && len(words[n-1]) > 1 {
		words = append([]string{words[n-1]}, words[:n-1]...)
	}
	return words
}

func lastName(name string) string {
	if n := names(name); len(n) > 0 {
		return n[0]
	}
	return ""
}
