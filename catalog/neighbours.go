package catalog

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// Link is a pair of events whose consensus series layer 3 or 4 watches.
type Link struct {
	Layer  odds.Layer
	A, B   string // event ids; A was known before B
	Entity string // the entity they share
	Kind   string // kind of the entity: the relation
}

// neighbours links each new event to the events it shares an entity with: events of its own
// sport through a team or player (layer 3), events of other sports through anything else
// (layer 4).
type neighbours struct {
	caps   Caps
	events map[string][]*Event // by entity, in the order of arrival
	degree map[[2]string]int   // links so far, by event and entity
	counts Counts
}

func newNeighbours(caps Caps) neighbours {
	return neighbours{caps: caps.defaults(), events: map[string][]*Event{}, degree: map[[2]string]int{}}
}

// add returns the links of a new event. Each pair is linked once, through the narrowest
// shared entity. Per entity an event gets at most the cap of links, those nearest in start
// time first; the rest are only counted.
func (n *neighbours) add(ev *Event) []Link {
	var links []Link
	linked := map[string]bool{}
	for _, entity := range ev.Entities {
		kind := kindOf(entity)
		layer, limit := odds.CrossSport, n.caps.OtherSport
		if kind == Team || kind == Player {
			layer, limit = odds.CrossEvent, n.caps.SameSport
		}
		for _, other := range n.candidates(ev, entity, layer) {
			mine, theirs := [2]string{ev.ID, entity}, [2]string{other.ID, entity}
			switch {
			case linked[other.ID]:
			case other.LastSeen < ev.FirstSeen.Add(-layer.Window()):
				n.counts.leave(layer, "last quoted before the window of the layer", 1)
			case n.degree[mine] >= limit || n.degree[theirs] >= limit:
				n.counts.leave(layer, "more neighbours through one entity than the cap", 1)
			default:
				linked[other.ID] = true
				n.degree[mine]++
				n.degree[theirs]++
				links = append(links, Link{layer, other.ID, ev.ID, entity, kind})
				n.counts.watch(layer, 1)
			}
		}
		n.events[entity] = append(n.events[entity], ev)
	}
	return links
}

// candidates are an entity's events of the right sport, nearest in start time first.
func (n *neighbours) candidates(ev *Event, entity string, layer odds.Layer) (out []*Event) {
	for _, other := range n.events[entity] {
		same := other.Sport == ev.Sport
		if same && layer == odds.CrossEvent || !same && layer == odds.CrossSport && ev.Sport != "" && other.Sport != "" {
			out = append(out, other)
		}
	}
	slices.SortStableFunc(out, func(a, b *Event) int {
		return cmp.Compare(apart(a.about(), ev.about()), apart(b.about(), ev.about()))
	})
	return out
}

func (n *neighbours) forget(gone map[string]bool) {
	for entity, list := range n.events {
		list = slices.DeleteFunc(list, func(e *Event) bool { return gone[e.ID] })
		if n.events[entity] = list; len(list) == 0 {
			delete(n.events, entity)
		}
	}
	for key := range n.degree {
		if gone[key[0]] {
			delete(n.degree, key)
		}
	}
}
