package ingest

import (
	"slices"

	"corrgraph/odds"
)

// interner returns the same pointer for a source event as long as its description
// is unchanged: the engine looks events up by it.
type interner map[[2]string]*odds.Event

const internMost = 1 << 17

func (t *interner) event(source string, e *odds.Event) *odds.Event {
	k := [2]string{source, e.ID}
	if was := (*t)[k]; was != nil && equal(was, e) {
		return was
	}
	if len(*t) >= internMost {
		*t = interner{}
	}
	(*t)[k] = e
	return e
}

// equal reports whether two descriptions are equal.
func equal(a, b *odds.Event) bool {
	return a == b || a.Sport == b.Sport && a.League == b.League && a.Start == b.Start && a.Home == b.Home && a.Away == b.Away &&
		a.Title == b.Title && slices.Equal(a.Participants, b.Participants)
}

// all replaces the events of a batch, which must not have been passed on yet.
func (t *interner) all(b *odds.Batch) {
	for i := range b.Updates {
		u := &b.Updates[i]
		u.Event = t.event(b.Source, u.Event)
	}
	for i := range b.Marks {
		m := &b.Marks[i]
		m.Event = t.event(b.Source, m.Event)
	}
}
