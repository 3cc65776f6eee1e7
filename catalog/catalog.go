package catalog

import (
	"cmp"
	"slices"
	"strconv"

	"corrgraph/odds"
)

// Options of a Catalog.
type Options struct {
	// Window is how far apart two sources' starts of one match may be. Zero means 12 h, so
	// that a second meeting on the next day is a separate event.
	Window odds.Millis
	// FirstSeen is how far apart two sources' first sightings of one match may be if either
	// gives no start. Zero means 3 days.
	FirstSeen odds.Millis
	// Caps limit what each layer watches.
	Caps Caps
}

const hour odds.Millis = 3_600_000

// Ambiguity is a name or event with more than one possible meaning, and therefore left
// unmerged.
type Ambiguity struct {
	Kind       string   // "participant", "event"
	Name       string   // as its source spells it
	Candidates []string // ids it could mean
	Why        string
}

// Match is the result of Resolve.
type Match struct {
	Event   *Event // owned by the catalogue: read it between calls, Clone to keep it
	Swapped bool   // the source's home is the event's away
	Created bool   // no source had reported it before
	Links   []Link // pairs of events that are watched from now on
}

// Side converts a side from the source's orientation to the event's.
func (m Match) Side(s odds.Side) odds.Side {
	switch {
	case m.Swapped && s == odds.Home:
		return odds.Away
	case m.Swapped && s == odds.Away:
		return odds.Home
	default:
		return s
	}
}

// Catalog decides which events of different sources are the same. It is mutable and not
// safe for concurrent use.
type Catalog struct {
	facts     *Facts
	options   Options
	events    map[string]*entry
	bound     map[sourceID]*binding
	meetings  map[pair][]*entry // in order of creation
	links     neighbours
	ambiguous []Ambiguity
	doubted   map[string]bool // participants already listed
}

type sourceID struct{ source, id string }

// entry is an event with the catalogue's private data.
type entry struct {
	Event
	sources []string
	pair    pair
}

// binding is the result of resolving a source's event.
type binding struct {
	entry   *entry
	last    *odds.Event // the last description; sources copy on write
	swapped bool
	first   bool // this source was the first to report the event
}

// New returns an empty catalogue. facts may be nil.
func New(facts *Facts, o Options) *Catalog {
	if facts == nil {
		facts = &Facts{}
	}
	o.Window = cmp.Or(o.Window, 12*hour)
	o.FirstSeen = cmp.Or(o.FirstSeen, 72*hour)
	return &Catalog{
		facts: facts, options: o,
		events: map[string]*entry{}, bound: map[sourceID]*binding{}, meetings: map[pair][]*entry{},
		links: newNeighbours(o.Caps), doubted: map[string]bool{},
	}
}

// Resolve returns the catalogue's event for e, which source reported at event time
// at. That is the event to which the source's id was resolved before, even if its
// start has changed since; else another source's event with the same two
// participants in either order, in the same sport and league, that starts within
// the window; else a new event, with the id e.ID, or "source:id" if that is taken.
// Two ids of one source are never merged. An event that could be several is new and
// is listed in Ambiguities.
//
// at may decrease only as far as sources are out of order. e is retained and must
// not change. Cost: O(1) for ids seen before, else O(meetings of the two).
func (c *Catalog) Resolve(source string, e *odds.Event, at odds.Time) Match {
	id := sourceID{source, e.ID}
	b := c.bound[id]
	if b == nil {
		return c.bind(id, e, at)
	}
	m := Match{Event: &b.entry.Event, Swapped: b.swapped}
	b.entry.LastSeen = max(b.entry.LastSeen, at)
	if b.last != e {
		m.Links = c.refresh(b, source, e)
	}
	return m
}

// bind resolves a source's event seen for the first time.
func (c *Catalog) bind(id sourceID, e *odds.Event, at odds.Time) Match {
	w := c.who(id.source, e)
	found, doubt := c.find(id.source, e, w, at)
	if other := c.events[id.id]; found == nil && other != nil && w == other.pair && !slices.Contains(other.sources, id.source) {
		// Recordings of several venues share one id per event.
		found, doubt = other, nil
	}
	b := &binding{entry: found, last: e}
	c.bound[id] = b
	if found != nil {
		b.swapped = w.reversed != found.pair.reversed
		found.sources = append(found.sources, id.source)
		found.LastSeen = max(found.LastSeen, at)
		found.Start = cmp.Or(found.Start, e.Start)
		return Match{Event: &found.Event, Swapped: b.swapped}
	}
	b.first = true
	b.entry = &entry{Event: Event{ID: c.freeID(id), FirstSeen: at, LastSeen: at}, sources: []string{id.source}}
	c.events[b.entry.ID] = b.entry
	links := c.describe(b.entry, e, w)
	if doubt != nil {
		doubt.Name = b.entry.Title
		c.ambiguous = append(c.ambiguous, *doubt)
	}
	return Match{Event: &b.entry.Event, Created: true, Links: links}
}

// refresh applies a source's new description of its event.
func (c *Catalog) refresh(b *binding, source string, e *odds.Event) []Link {
	b.last = e
	ev := b.entry
	if e.Start != 0 && (b.first || ev.Start == 0) {
		ev.Start = e.Start
	}
	if !b.first || ev.pair.known() {
		return nil
	}
	w := c.who(source, e)
	if !w.known() {
		return nil
	}
	// Its nodes already carry its id, so it can no longer be merged.
	if other, doubt := c.find(source, e, w, ev.FirstSeen); other != nil {
		c.ambiguous = append(c.ambiguous, Ambiguity{"event", ev.ID, []string{other.ID}, "its participants became known only after it had been quoted"})
	} else if doubt != nil {
		doubt.Name = ev.ID
		c.ambiguous = append(c.ambiguous, *doubt)
	}
	return c.describe(ev, e, w)
}

// describe fills in a new event from its first source and returns its links.
func (c *Catalog) describe(ev *entry, e *odds.Event, w pair) []Link {
	ev.Sport, ev.League, ev.Title = w.sport, w.league, e.Title
	ev.Start = cmp.Or(e.Start, ev.Start)
	ev.pair = w
	if w.known() {
		ev.Home, ev.Away = w.home.name, w.away.name
		ev.Title = ev.Away + " @ " + ev.Home
		if w.unordered {
			ev.Title = ev.Home + " v " + ev.Away
		}
		c.meetings[w.key()] = append(c.meetings[w.key()], ev)
	}
	ev.Title = cmp.Or(ev.Title, ev.ID)
	ev.Entities = c.entities(w)
	return c.links.add(&ev.Event)
}

func (c *Catalog) freeID(id sourceID) string {
	free := id.id
	for i := 1; c.events[free] != nil; i++ {
		free = id.source + ":" + id.id
		if i > 1 {
			free += "#" + strconv.Itoa(i)
		}
	}
	return free
}

// Seen records that an event is still quoted at a time, for callers that cache the
// result of Resolve.
func (c *Catalog) Seen(e *Event, at odds.Time) { e.LastSeen = max(e.LastSeen, at) }

// Event returns an event by the catalogue's id, or nil if there is none. The catalogue owns
// it.
func (c *Catalog) Event(id string) *Event {
	if e := c.events[id]; e != nil {
		return &e.Event
	}
	return nil
}

// Events returns copies of all events, ordered by first sighting, then id.
func (c *Catalog) Events() []Event {
	out := make([]Event, 0, len(c.events))
	for _, e := range c.events {
		out = append(out, e.Clone())
	}
	slices.SortFunc(out, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.FirstSeen, b.FirstSeen), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Ambiguities returns everything left unmerged, in order of arrival.
func (c *Catalog) Ambiguities() []Ambiguity { return slices.Clone(c.ambiguous) }

// Watched counts the links of layers 3 and 4 created and left out so far.
func (c *Catalog) Watched() Counts { return c.links.counts.clone() }

// Forget drops the events last seen before t, with the ids sources use for them, and
// returns their number. A source that reports one again creates a new event. The caps still
// count links to forgotten neighbours. Cost: O(all events).
func (c *Catalog) Forget(t odds.Time) int {
	gone := map[string]bool{}
	for id, e := range c.events {
		if e.LastSeen < t {
			gone[id] = true
			delete(c.events, id)
		}
	}
	for id, b := range c.bound {
		if gone[b.entry.ID] {
			delete(c.bound, id)
		}
	}
	for key, list := range c.meetings {
		list = slices.DeleteFunc(list, func(e *entry) bool { return gone[e.ID] })
		if c.meetings[key] = list; len(list) == 0 {
			delete(c.meetings, key)
		}
	}
	c.links.forget(gone)
	return len(gone)
}
