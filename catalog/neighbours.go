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
		mine := [2]string{ev.ID, entity}
		for _, other := range n.candidates(ev, entity, layer, limit, linked) {
			if n.degree[mine] >= limit {
				n.counts.leave(layer, beyondCap, 1)
				continue
			}
			linked[other.ID] = true
			n.degree[mine]++
			n.degree[[2]string{other.ID, entity}]++
			links = append(links, Link{layer, other.ID, ev.ID, entity, kind})
			n.counts.watch(layer, 1)
		}
		n.events[entity] = append(n.events[entity], ev)
	}
	return links
}

// mostCandidates is how many of an entity's events, the newest, a new one is compared with.
const mostCandidates = 512

const beyondCap = "more neighbours through one entity than the cap"

// candidates are those of an entity's newest events of the right sport that may have another
// link, nearest in start time first. Only these few are sorted.
func (n *neighbours) candidates(ev *Event, entity string, layer odds.Layer, limit int, linked map[string]bool) (out []*Event) {
	all := n.events[entity]
	if old := len(all) - mostCandidates; old > 0 {
		n.counts.leave(layer, "more events of one entity than are compared", old)
		all = all[old:]
	}
	since := ev.FirstSeen.Add(-layer.Window())
	for _, other := range all {
		same := other.Sport == ev.Sport
		switch {
		case same != (layer == odds.CrossEvent), !same && (ev.Sport == "" || other.Sport == ""), linked[other.ID]:
		case other.LastSeen < since:
			n.counts.leave(layer, "last quoted before the window of the layer", 1)
		case n.degree[[2]string{other.ID, entity}] >= limit:
			n.counts.leave(layer, beyondCap, 1)
		default:
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
