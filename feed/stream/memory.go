package stream

import (
	"cmp"
	"fmt"
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// event returns an event with what a row says of it.
func (d *Decoder) event(facts *odds.Event) *event {
	ev := d.events[facts.ID]
	if ev == nil {
		if len(d.events) >= d.limits.Events {
			d.shrink(fmt.Sprintf("events beyond %d", d.limits.Events))
		}
		own := *facts
		ev = &event{Event: &own}
		d.events[facts.ID] = ev
		return ev
	}
	if e := ev.with(facts); e != nil {
		ev.renamed = e.Home != ev.Home || e.Away != ev.Away
		ev.Event = e
	}
	return ev
}

// with returns the event with other facts; nil if they are known.
func (ev *event) with(facts *odds.Event) *odds.Event {
	var e *odds.Event
	change := func() {
		if e == nil {
			own := *ev.Event
			e = &own
		}
	}
	set := func(to func(*odds.Event) *string, v string) {
		if v != "" && *to(ev.Event) != v {
			change()
			*to(e) = v
		}
	}
	set(func(e *odds.Event) *string { return &e.Sport }, facts.Sport)
	set(func(e *odds.Event) *string { return &e.League }, facts.League)
	set(func(e *odds.Event) *string { return &e.Home }, facts.Home)
	set(func(e *odds.Event) *string { return &e.Away }, facts.Away)
	set(func(e *odds.Event) *string { return &e.Title }, facts.Title)
	if facts.Start != 0 && facts.Start != ev.Start {
		change()
		e.Start = facts.Start
	}
	return e
}

func (d *Decoder) newBook(at place) *book {
	if len(d.byID) >= d.limits.Markets {
		d.shrink(fmt.Sprintf("markets beyond %d", d.limits.Markets))
		d.events[at.event.ID] = at.event
	}
	b := &book{place: at, id: at.event.ID + "/" + at.venue + "/" + at.name, index: map[selected]*entry{}, state: frames.Subscribed}
	for _, more := range [...]string{at.settlement, map[bool]string{true: "lay"}[at.lay], map[bool]string{true: "middle"}[at.middle], map[bool]string{true: "raw"}[at.format == odds.Raw]} {
		if more != "" {
			b.id += "/" + more
		}
	}
	for d.byID[b.id] != nil { // names with slashes
		b.id += "'"
	}
	d.byID[b.id], d.markets[at] = b, b
	at.event.books = append(at.event.books, b)
	return b
}

// newEntry makes room for an outcome; nil if there is none.
func (d *Decoder) newEntry(b *book, at selected) *entry {
	if len(b.entries) >= d.limits.Wide {
		d.unknown(fmt.Sprintf("selections of a market beyond %d", d.limits.Wide))
		return nil
	}
	if d.entries >= d.limits.Selections {
		b.event.heard = d.f.Recv
		if d.shrink(fmt.Sprintf("selections beyond %d", d.limits.Selections)); d.entries >= d.limits.Selections || b.gone {
			return nil
		}
	}
	e := &entry{book: b, at: at}
	b.index[at] = e
	b.entries = append(b.entries, e)
	d.entries++
	return e
}

// clear forgets the outcomes of a book.
func (d *Decoder) clear(b *book) {
	for _, e := range b.entries {
		d.forgetEntry(e)
	}
	clear(b.entries)
	clear(b.changed)
	b.entries, b.changed = b.entries[:0], b.changed[:0]
	b.status = odds.Open
}

func (d *Decoder) forgetEntry(e *entry) {
	if e.key != "" && d.byKey[e.key] == e {
		delete(d.byKey, e.key)
	}
	if e.book.index[e.at] == e {
		delete(e.book.index, e.at)
		d.entries--
	}
}

// forget removes a book; its event keeps it in its list.
func (d *Decoder) forget(b *book) {
	d.clear(b)
	b.gone = true
	delete(d.byID, b.id)
	delete(d.markets, b.place)
}

// shrink forgets the tenth of the events that was heard of longest ago.
func (d *Decoder) shrink(why string) {
	d.unknown(why)
	list := make([]*event, 0, len(d.events))
	for _, ev := range d.events {
		list = append(list, ev)
	}
	slices.SortFunc(list, func(a, b *event) int {
		return cmp.Or(cmp.Compare(a.heard, b.heard), cmp.Compare(a.ID, b.ID))
	})
	for _, ev := range list[:(len(list)+9)/10] {
		for _, b := range slices.Clone(ev.books) {
			d.leave(b, odds.Unknown)
		}
		delete(d.events, ev.ID)
	}
}
