package catalog

import (
	"cmp"
	"hash/fnv"
	"slices"
	"sort"
	"strconv"
	"strings"

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
	facts    *Facts
	options  Options
	events   map[string]*entry
	bound    map[sourceID][]*binding // what an id has meant, the newest last
	meetings map[pair][]*entry       // in order of creation
	shared   map[string][]*entry     // by the id that a source gave: who else uses it; in order of creation
	runners  map[string][]*entry     // races by each of their runners, in order of creation
	named    lookalikes
	links    neighbours
	doubts   doubts
}

type sourceID struct{ source, id string }

// entry is an event with the catalogue's private data.
type entry struct {
	Event
	sources []string
	pair    pair
	starts  []odds.Time // all that sources have given for it, the newest mostStarts
	asked   string      // the first title given, as Normalize returns it
	field   []string    // runners of a race, normalized and sorted
	meeting string      // the race meeting that its id names
}

// binding is what a source means by one of its ids.
type binding struct {
	entry   *entry
	last    *odds.Event // the last description; sources copy on write
	start   odds.Time   // the last one that the source gave
	swapped bool
	first   bool // this source was the first to report the event
}

const (
	mostStarts = 8
	mostUses   = 8   // events that one id of a source is remembered for
	mostRivals = 256 // newest events that a new one is compared with
)

// New returns an empty catalogue. facts may be nil.
func New(facts *Facts, o Options) *Catalog {
	if facts == nil {
		facts = &Facts{}
	}
	o.Window = cmp.Or(o.Window, 12*hour)
	o.FirstSeen = cmp.Or(o.FirstSeen, 72*hour)
	return &Catalog{
		facts: facts, options: o,
		events: map[string]*entry{}, bound: map[sourceID][]*binding{}, meetings: map[pair][]*entry{},
		shared: map[string][]*entry{}, runners: map[string][]*entry{}, named: lookalikes{}, links: newNeighbours(o.Caps),
	}
}

// Resolve returns the catalogue's event for e, which source reported at event time
// at. That is the event to which the source's id was resolved before, even if its
// start has changed since or the two sides have exchanged their roles; else another
// source's event with the same two participants in either order, in the same sport
// and league, that starts at about the same time (see [Catalog.when]); else the same
// race or the same question; else a new event, with the id e.ID, or "source:id" if
// that is taken.
//
// An id alone proves nothing: if its description names other participants or asks
// something else, the source has used it again, and it is another event from then
// on. Two ids of one source are never merged, except those of one race. Whatever
// could be two things is kept apart, and listed in Ambiguities.
//
// at may decrease only as far as sources are out of order. e is retained and must
// not change. Cost: O(1) for ids seen before, else O(meetings of the two), of which
// at most the newest 256 are looked at.
func (c *Catalog) Resolve(source string, e *odds.Event, at odds.Time) Match {
	id := sourceID{source, e.ID}
	uses := c.bound[id]
	for _, b := range uses {
		if b.last == e {
			b.entry.LastSeen = max(b.entry.LastSeen, at)
			return Match{Event: &b.entry.Event, Swapped: b.swapped}
		}
	}
	w := c.who(source, e, at)
	why := ""
	for _, b := range slices.Backward(uses) {
		still := c.still(b, e, w, at)
		if still.same {
			return c.refresh(b, id, e, w, still, at)
		}
		why = cmp.Or(why, still.why)
	}
	m := c.bind(id, e, w, at)
	if len(uses) > 0 {
		was := uses[len(uses)-1].entry
		c.doubts.add(Ambiguity{
			Kind: "id", Name: e.ID, Source: source, SourceID: e.ID, Candidates: []string{was.ID, m.Event.ID},
			Why: why, Done: "two events: the prices of one never go on under the other", Since: at,
		})
	}
	return m
}

// bind resolves what a source means by an id for the first time.
func (c *Catalog) bind(id sourceID, e *odds.Event, w pair, at odds.Time) Match {
	found, doubt := c.find(id.source, e, w, at)
	if found == nil && doubt == nil {
		found, doubt = c.race(id, e, w, at)
	}
	if found == nil {
		if same, why := c.sameID(id, e, w, at); same != nil || why != nil {
			found, doubt = same, why
		}
	}
	b := &binding{entry: found, last: e, start: e.Start}
	uses := c.bound[id]
	c.bound[id] = append(uses[max(0, len(uses)-mostUses+1):], b)
	if found != nil {
		b.swapped = w.known() && found.pair.known() && w.reversed != found.pair.reversed
		if !slices.Contains(found.sources, id.source) {
			found.sources = append(found.sources, id.source)
		}
		found.LastSeen = max(found.LastSeen, at)
		found.Start = cmp.Or(found.Start, e.Start)
		found.learn(e)
		c.share(id.id, found)
		return Match{Event: &found.Event, Swapped: b.swapped}
	}
	if doubt == nil {
		doubt = cmp.Or(c.listedTwice(id.source, e, w), c.named.find(id.source, e, w))
	}
	b.first = true
	b.entry = &entry{Event: Event{ID: c.freeID(id), FirstSeen: at, LastSeen: at}, sources: []string{id.source}}
	c.events[b.entry.ID] = b.entry
	c.share(id.id, b.entry)
	links := c.describe(b.entry, e, w)
	if doubt != nil {
		doubt.Name, doubt.Source, doubt.SourceID, doubt.Since = b.entry.Title, id.source, id.id, at
		doubt.Candidates, doubt.Done = append([]string{b.entry.ID}, doubt.Candidates...), "kept apart, as "+b.entry.ID
		c.doubts.add(*doubt)
	}
	return Match{Event: &b.entry.Event, Created: true, Links: links}
}

// share records that a source calls an event by an id.
func (c *Catalog) share(id string, ev *entry) {
	if list := c.shared[id]; !slices.Contains(list, ev) {
		c.shared[id] = append(list[max(0, len(list)-mostRivals+1):], ev)
	}
}

// refresh applies a source's new description of an event that it still means.
func (c *Catalog) refresh(b *binding, id sourceID, e *odds.Event, w pair, now sameness, at odds.Time) Match {
	ev, moved := b.entry, e.Start != 0 && e.Start != b.start
	c.noteChange(b, id, e, w, now, at)
	b.last, b.start = e, cmp.Or(e.Start, b.start)
	ev.LastSeen = max(ev.LastSeen, at)
	b.swapped = now.swapped
	if e.Start != 0 && (b.first || ev.Start == 0) {
		ev.Start = e.Start
	}
	ev.learn(e)
	c.enter(ev, e)
	m := Match{Event: &ev.Event, Swapped: b.swapped}
	if !b.first || ev.pair.known() {
		if moved {
			c.noteAgreement(ev, id, e, w, at)
		}
		return m
	}
	if w.known() {
		// Its nodes already carry its id, so it can no longer be merged.
		c.noteLate(ev, id, e, w, at)
		m.Links = c.describe(ev, e, w)
	}
	return m
}

// describe fills in a new event from its first source and returns its links.
func (c *Catalog) describe(ev *entry, e *odds.Event, w pair) []Link {
	ev.Sport, ev.League, ev.Title = w.sport, w.league, e.Title
	ev.Start = cmp.Or(e.Start, ev.Start)
	ev.pair = w
	ev.learn(e)
	if w.known() {
		ev.Home, ev.Away = w.home.name, w.away.name
		ev.Title = ev.Away + " @ " + ev.Home
		if w.unordered {
			ev.Title = ev.Home + " v " + ev.Away
		}
		if w.game != 0 {
			ev.Title += " (game " + strconv.Itoa(w.game) + ")"
		}
		c.meetings[w.key()] = append(c.meetings[w.key()], ev)
		c.named.add(ev)
	}
	ev.Title = cmp.Or(ev.Title, ev.ID)
	ev.Entities = c.entities(w)
	c.enter(ev, e)
	return c.links.add(&ev.Event)
}

// learn adds what a description says of an event's start and title.
func (ev *entry) learn(e *odds.Event) {
	if e.Start != 0 && !slices.Contains(ev.starts, e.Start) {
		if len(ev.starts) == mostStarts {
			ev.starts = slices.Delete(ev.starts, 0, 1)
		}
		ev.starts = append(ev.starts, e.Start)
	}
	if e.Title != "" && ev.asked == "" && !ev.pair.known() {
		ev.asked = Normalize(e.Title)
		if ev.Title == ev.ID {
			ev.Title = e.Title
		}
	}
}

// longestID is how many bytes an event's id has at most: as many as a source may use, so that
// whoever asks for an event by its id can.
const longestID = 256

// freeID returns an id that no event has: the source's own, or if that is taken "source:id",
// "source:id#2" and so on. Of the numbers it tries 2, 4, 8… up to a free one and halves the
// rest: a source may use one id again and again.
func (c *Catalog) freeID(id sourceID) string {
	own := id.id
	if id.source != "" {
		own = id.source + ":" + id.id
	}
	if len(own)+len("#")+len(strconv.Itoa(2*len(c.events))) > longestID {
		own = shortened(own)
	}
	nth := func(i int) string {
		switch i {
		case 0:
			return id.id
		case 1:
			return own
		}
		return own + "#" + strconv.Itoa(i)
	}
	taken := func(i int) bool { return c.events[nth(i)] != nil }
	if !taken(0) {
		return nth(0)
	}
	most := 1
	for taken(most) {
		most *= 2
	}
	return nth(sort.Search(most, func(i int) bool { return !taken(i) }))
}

// shortened cuts an id to half of longestID and adds a sum of all of it.
func shortened(id string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(id)) // never fails
	return strings.ToValidUTF8(id[:longestID/2], "") + "~" + strconv.FormatUint(sum.Sum64(), 16)
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
	for id, uses := range c.bound {
		uses = slices.DeleteFunc(uses, func(b *binding) bool { return gone[b.entry.ID] })
		if c.bound[id] = uses; len(uses) == 0 {
			delete(c.bound, id)
		}
	}
	forget(c.meetings, gone)
	forget(c.shared, gone)
	forget(c.runners, gone)
	forget(c.named, gone)
	c.links.forget(gone)
	return len(gone)
}

// Knows reports whether a source's id was resolved before and its event is not forgotten.
func (c *Catalog) Knows(source, id string) bool { return len(c.bound[sourceID{source, id}]) > 0 }

// Called returns what a source meant by an id last; nil if it has named nothing so. It is owned by the
// catalogue, as in [Match].
func (c *Catalog) Called(source, id string) *Event {
	uses := c.bound[sourceID{source, id}]
	if len(uses) == 0 {
		return nil
	}
	return &uses[len(uses)-1].entry.Event
}

// Bound counts the ids of sources that are resolved.
func (c *Catalog) Bound() int { return len(c.bound) }

// forget removes events from an index.
func forget[K comparable](index map[K][]*entry, gone map[string]bool) {
	for key, list := range index {
		list = slices.DeleteFunc(list, func(e *entry) bool { return gone[e.ID] })
		if index[key] = list; len(list) == 0 {
			delete(index, key)
		}
	}
}
