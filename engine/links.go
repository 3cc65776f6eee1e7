package engine

import (
	"slices"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/odds"
)

// linkMarket is the market whose consensus L3 and L4 watch.
const linkMarket = "h2h"

// link is two events that share an entity: a starts first (L3) or is of the
// sport that comes first in the alphabet (L4).
type link struct {
	catalog.Link
	a, b    *event
	watched map[[2]*node]bool
}

// link remembers two neighbours; their consensus series are paired once both
// exist.
func (e *Engine) link(l *catalog.Link) {
	a, b := e.events[l.A], e.events[l.B]
	if a == nil || b == nil {
		// The catalogue names the new event's links before its first market: it is
		// the one being resolved.
		return
	}
	if l.Layer == odds.CrossEvent && b.match.Start < a.match.Start || l.Layer == odds.CrossSport && b.sport < a.sport {
		a, b = b, a
	}
	k := &link{Link: *l, a: a, b: b, watched: map[[2]*node]bool{}}
	a.links, b.links = append(a.links, k), append(b.links, k)
	e.watchLink(k)
}

// watchLink pairs the consensus series of what the shared entity does in both
// events, in whatever phase each of them is.
func (e *Engine) watchLink(l *link) {
	a, signA := e.consensusFor(l.a, l)
	b, signB := e.consensusFor(l.b, l)
	if a == nil || b == nil || l.watched[[2]*node{a, b}] {
		return
	}
	l.watched[[2]*node{a, b}] = true
	key := graph.FamilyKey{
		Layer: l.Layer, Sport: l.a.sport, League: l.a.league, Market: linkMarket, Phase: phase(a.live || b.live),
		Venue: odds.ConsensusVenue, Leader: l.Kind + ":earlier", Follower: l.Kind + ":later",
	}
	if l.Layer == odds.CrossSport {
		key.Sport, key.League = l.a.sport+"+"+l.b.sport, l.a.league+"+"+l.b.league
		key.Leader, key.Follower = l.Kind+":"+l.a.sport, l.Kind+":"+l.b.sport
	}
	e.watch(l.Layer, key, a, b, signA*signB, l.b)
}

// consensusFor is the consensus series of the shared entity's side in an event, and −1
// where it has to be read the other way round: a two-way market has one series.
func (e *Engine) consensusFor(ev *event, l *link) (*node, float64) {
	side := odds.Home
	if len(ev.match.Entities) > 1 && !e.belongs(ev.match.Entities[0], l.Entity) {
		side = odds.Away
	}
	for _, m := range ev.markets {
		if m.name != linkMarket {
			continue
		}
		for k := range m.sels {
			if m.sels[k].side == side && m.sels[k].cons != nil {
				return m.sels[k].cons, 1
			}
		}
		for k := range m.sels {
			if s := &m.sels[k]; s.cons != nil && (s.side == odds.Home || s.side == odds.Away) {
				return s.cons, -1
			}
		}
	}
	return nil, 0
}

// belongs reports whether a participant is the entity or is linked to it.
func (e *Engine) belongs(participant, entity string) bool {
	if participant == entity {
		return true
	}
	if e.opt.Facts == nil {
		return false
	}
	p, ok := e.opt.Facts.Entity(participant)
	return ok && slices.Contains(p.Links, entity)
}
