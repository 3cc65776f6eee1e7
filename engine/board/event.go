package board

import (
	"slices"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Other is the event at the other end.
func (l *Link) Other(ev *Event) *Event {
	if l.A == ev {
		return l.B
	}
	return l.A
}

// LeagueKey names a league of a sport.
func LeagueKey(sport, lg string) string { return sport + "/" + lg }

// Event returns an event by its id, or nil if there is none.
func (d *Board) Event(id string) *Event { return d.events[id] }

// resolve finds the event a source refers to. A source passes the same pointer until its
// description changes, so that most calls are cache hits. refused is why there is no room
// for the event, or empty.
func (d *Board) resolve(in *odds.Event, b *odds.Batch) (k known, refused string) {
	says := saying{b.Source, in}
	if k, ok := d.known[says]; ok && k.ev.said == in {
		k.ev.Last = max(k.ev.Last, b.At)
		d.touch(k.ev)
		d.Catalog.Seen(k.match.Event, b.At)
		return k, ""
	}
	if refused = d.takes(b, in); refused != "" {
		return k, refused
	}
	m := d.Catalog.Resolve(b.Source, in, b.At)
	ev := d.events[m.Event.ID]
	if ev == nil {
		ev = &Event{ID: m.Event.ID, Sport: m.Event.Sport, League: m.Event.League, Match: m.Event, league: LeagueKey(m.Event.Sport, m.Event.League)}
		d.events[ev.ID] = ev
		d.Order = append(d.Order, ev)
	}
	for i := range m.Links {
		d.link(&m.Links[i])
	}
	ev.Last, ev.said = max(ev.Last, b.At), in
	ev.spell()
	d.touch(ev)
	if len(d.known) > 1<<16 {
		clear(d.known)
	}
	k = known{ev, m}
	d.known[says] = k
	return k, ""
}

// spell forgets what outcomes were called when the names of the two sides have changed.
func (ev *Event) spell() {
	if sides := [2]string{ev.Match.Home, ev.Match.Away}; sides != ev.sides {
		ev.sides, ev.outcomes = sides, nil
		for _, c := range ev.cells {
			c.plan = nil
		}
	}
}

// link records that two events are neighbours.
func (d *Board) link(l *catalog.Link) {
	a, b := d.events[l.A], d.events[l.B]
	if a == nil || b == nil {
		// The catalogue reports a new event's links before its first market, so the missing
		// event is the one being resolved.
		return
	}
	if l.Layer == odds.CrossEvent && b.Match.Start < a.Match.Start || l.Layer == odds.CrossSport && b.Sport < a.Sport {
		a, b = b, a
	}
	k := &Link{Link: *l, A: a, B: b}
	a.Links, b.Links = append(a.Links, k), append(b.Links, k)
	d.observer.Linked(k)
}

func (d *Board) touch(ev *Event) {
	if !ev.touched {
		ev.touched = true
		d.touched = append(d.touched, ev)
	}
}

// TakeTouched appends the ids of the events quoted since the last call, each once.
func (d *Board) TakeTouched(ids []string) []string {
	for _, ev := range d.touched {
		ev.touched = false
		ids = append(ids, ev.ID)
	}
	clear(d.touched)
	d.touched = d.touched[:0]
	return ids
}

// Step is the longest interval between two prices among the event's sources.
func (ev *Event) Step() (d odds.Millis) {
	for _, m := range ev.Markets {
		for _, b := range m.Books {
			if b.Source != nil {
				d = max(d, b.Resolution())
			}
		}
	}
	return d
}

// QuotedLast returns when the k-th event was quoted last, in the order of those times. There
// must be so many.
func (d *Board) QuotedLast(k int) odds.Time {
	last := make([]odds.Time, len(d.Order))
	for i, ev := range d.Order {
		last[i] = ev.Last
	}
	slices.Sort(last)
	return last[k]
}

// Quiet lists the events not quoted since a time.
func (d *Board) Quiet(before odds.Time) map[*Event]bool {
	gone := map[*Event]bool{}
	for _, ev := range d.Order {
		if ev.Last < before {
			gone[ev] = true
		}
	}
	return gone
}

// Forget drops events and returns their ids in order. The catalogue drops whatever it last
// saw before the given time.
func (d *Board) Forget(gone map[*Event]bool, before odds.Time) (ids []string) {
	out := func(ev *Event) bool { return gone[ev] }
	d.Order = slices.DeleteFunc(d.Order, out)
	d.touched = slices.DeleteFunc(d.touched, out)
	d.nodes = slices.DeleteFunc(d.nodes, func(n *Node) bool { return gone[n.Event] })
	for _, ev := range d.Order {
		ev.Links = slices.DeleteFunc(ev.Links, func(l *Link) bool { return gone[l.A] || gone[l.B] })
	}
	for ev := range gone {
		d.prices -= ev.prices
		delete(d.events, ev.ID)
		ids = append(ids, ev.ID)
	}
	slices.Sort(ids)
	clear(d.known)
	d.Catalog.Forget(before)
	return ids
}
