package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"corrgraph/odds"
)

// How a match that is put off is told from another match of the same two under its id.
const (
	begun  = hour     // quoted for so long after its start: it began
	played = 3 * hour // quoted for so long after its start: it took place

	putOff = 14 * 24 * hour // nobody quotes it for so long, and it starts later by as much: it is over
	cutOff = 3 * 24 * hour  // the same for a match that had begun
)

// sameness is how a source's new description compares with what its id meant.
type sameness struct {
	same    bool
	swapped bool // the description's home is the event's away
	spelled bool // the names are spelled differently
	why     string
}

// still reports whether a source's id means the event it meant before. What a description
// leaves out contradicts nothing.
func (c *Catalog) still(b *binding, e *odds.Event, w pair, at odds.Time) sameness {
	ev := b.entry
	switch field := fieldOf(e); {
	case w.known() && ev.pair.known():
		return c.sameTwo(b, e, w, at)
	case w.known() != ev.pair.known():
		return sameness{same: true, swapped: b.swapped}
	case field != nil && ev.field != nil:
		if n := common(field, ev.field); 2*n < min(len(field), len(ev.field)) {
			return sameness{why: "the id was used before for a race of other runners"}
		}
		return sameness{same: true}
	case e.Title != "" && ev.asked != "" && !continues(ev.asked, Normalize(e.Title)):
		return sameness{why: fmt.Sprintf("the id was used before for %q, and now for %q", ev.Title, e.Title)}
	case c.over(b, e.Start, at):
		return sameness{why: "the id was used before for something long over"}
	}
	return sameness{same: true}
}

// sameTwo compares participants.
func (c *Catalog) sameTwo(b *binding, e *odds.Event, w pair, at odds.Time) sameness {
	was := b.entry.pair
	swapped, l := c.orient(was, w, e)
	moved := e.Start != 0 && b.start != 0 && apart(e.Start, b.start) > c.options.Window
	two := func(p pair) string { return p.home.name + " v " + p.away.name }
	switch {
	case l == differ:
		return sameness{why: "the id was used before for other participants: " + two(was) + ", and now for " + two(w)}
	case l == spelled && moved:
		return sameness{why: "names and start differ from what the id was used for before: " + two(was) + ", and now " + two(w)}
	case w.game != 0 && was.game != 0 && w.game != was.game:
		return sameness{why: fmt.Sprintf("the id was used before for game %d, and now for game %d", was.game, w.game)}
	case w.sport != was.sport && w.sport != "" && was.sport != "" && moved:
		return sameness{why: "sport and start differ from what the id was used for before"}
	case c.over(b, e.Start, at):
		return sameness{why: "the same two meet again: the earlier match was over"}
	}
	return sameness{same: true, swapped: swapped, spelled: l == spelled}
}

// over reports whether the match is over by the time that the source gives another start
// for its id.
func (c *Catalog) over(b *binding, start, at odds.Time) bool {
	if start == 0 || b.start == 0 {
		return false
	}
	moved, seen := start.Sub(b.start), b.entry.LastSeen
	limit := putOff
	if seen >= b.start.Add(begun) {
		limit = cutOff
	}
	return seen >= b.start.Add(played) && moved > c.options.Window || at.Sub(seen) > limit && moved > limit
}

// perhapsAnother says why a start that the source moves may be that of another match; empty
// if it hardly is.
func (c *Catalog) perhapsAnother(b *binding, start, at odds.Time) string {
	if start == 0 || b.start == 0 || at < b.start.Add(begun) {
		return ""
	}
	switch moved := start.Sub(b.start); {
	case moved > c.options.Window:
		return "its start was put off to another day after it should have begun: it may be another match of the same two"
	case moved > c.near(&b.entry.Event):
		return "its start was put off by hours after it should have begun: it may be the second game of the day"
	}
	return ""
}

// likeness of two names; higher is better.
type likeness uint8

const (
	differ likeness = iota
	spelled
	equal
)

// orient aligns the participants of a description with those of the event.
func (c *Catalog) orient(was, now pair, e *odds.Event) (swapped bool, l likeness) {
	straight := min(c.like(was.home, now.home, e), c.like(was.away, now.away, e))
	crossed := min(c.like(was.home, now.away, e), c.like(was.away, now.home, e))
	return crossed > straight, max(straight, crossed)
}

// like compares two names that one source gave one id.
func (c *Catalog) like(a, b participant, e *odds.Event) likeness {
	_, knowsA := c.facts.Entity(a.key)
	_, knowsB := c.facts.Entity(b.key)
	means := func(name, id string) bool { return slices.Contains(c.facts.Lookup(e.Sport, e.League, name), id) }
	switch {
	case a.key == b.key:
		return equal
	case knowsA && knowsB:
		return differ
	case means(a.name, b.key), means(b.name, a.key), fuller(a.name, b.name):
		return spelled
	}
	return differ
}

// fuller reports whether one name says more than the other of the same participant:
// "Ruud" and "C. Ruud" are "Casper Ruud", but no second team is the first.
func fuller(a, b string) bool {
	short, long := strings.Fields(Normalize(a)), strings.Fields(Normalize(b))
	if len(short) > len(long) {
		short, long = long, short
	}
	for _, word := range short {
		i := slices.IndexFunc(long, func(w string) bool {
			return w == word || utf8.RuneCountInString(word) == 1 && strings.HasPrefix(w, word)
		})
		if i < 0 {
			return false
		}
		long = slices.Delete(slices.Clone(long), i, i+1)
	}
	return !slices.ContainsFunc(long, tellsApart)
}

// tellsApart reports whether a word makes another thing of what it is added to.
func tellsApart(word string) bool {
	switch word {
	case "women", "ii", "iii", "b", "reserves", "youth", "juniors", "junior", "academy", "state", "amateurs", "u", "not", "no", "never", "without", "or", "and":
		return true
	}
	digits := strings.TrimLeft(word, "0123456789")
	return digits == "" && len(word) != 2 || len(word) > 1 && word[0] == 'u' && strings.Trim(word[1:], "0123456789") == ""
}

// noteChange lists what a source corrected in an event that it still means.
func (c *Catalog) noteChange(b *binding, id sourceID, e *odds.Event, w pair, now sameness, at odds.Time) {
	ev := &b.entry.Event
	a := Ambiguity{Name: ev.Title, Source: id.source, SourceID: id.id, Candidates: []string{ev.ID}, Since: at}
	if now.swapped != b.swapped && !w.unordered {
		a.Kind, a.Why = "roles", "the source exchanged home and away"
		a.Done = "each side keeps its series: home means " + ev.Home + " throughout"
		c.doubts.add(a)
	}
	if now.spelled {
		a.Kind, a.Why = "name", "the source now spells its participants "+w.home.name+" v "+w.away.name
		a.Done = "taken for the same two"
		c.doubts.add(a)
	}
	if why := c.perhapsAnother(b, e.Start, at); why != "" {
		a.Kind, a.Why, a.Done = "event", why, "taken for the same"
		c.doubts.add(a)
	}
}

// noteLate lists an event whose participants became known so late that it cannot be merged.
func (c *Catalog) noteLate(ev *entry, id sourceID, e *odds.Event, w pair, at odds.Time) {
	other, doubt := c.find(id.source, e, w, ev.FirstSeen)
	if other != nil {
		doubt = doubtful("its participants became known only after it had been quoted", []*entry{other})
	}
	if doubt != nil {
		doubt.Name, doubt.Source, doubt.SourceID, doubt.Since = ev.ID, id.source, id.id, at
		doubt.Candidates, doubt.Done = append([]string{ev.ID}, doubt.Candidates...), "kept apart: both have been quoted"
		c.doubts.add(*doubt)
	}
}

// noteAgreement lists another source's event that a corrected start makes look like the
// same match.
func (c *Catalog) noteAgreement(ev *entry, id sourceID, e *odds.Event, w pair, at odds.Time) {
	other, _ := c.find(id.source, e, w, at)
	if other == nil || slices.ContainsFunc(other.sources, func(s string) bool { return slices.Contains(ev.sources, s) }) {
		return
	}
	a := doubtful("since its start was corrected it looks like the same match", []*entry{ev, other})
	a.Name, a.Source, a.SourceID, a.Since = ev.Title, id.source, id.id, at
	a.Done = "kept apart: both have been quoted"
	c.doubts.add(*a)
}

// SourceID is what a source calls an event.
type SourceID struct{ Source, ID string }

// Sources returns what sources call each event, by the catalogue's id; the newest meaning of an
// id counts. Cost: O(ids of all sources).
func (c *Catalog) Sources() map[string][]SourceID {
	out := map[string][]SourceID{}
	for id, uses := range c.bound {
		if len(uses) > 0 {
			ev := uses[len(uses)-1].entry.ID
			out[ev] = append(out[ev], SourceID{id.source, id.id})
		}
	}
	for _, ids := range out {
		slices.SortFunc(ids, func(a, b SourceID) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
		})
	}
	return out
}
