package score

import (
	"strings"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// Verdict classifies an edge by the truth.
type Verdict uint8

// The verdicts. False and Backwards are wrong claims.
const (
	False     Verdict = iota // nothing links the two
	Backwards                // linked, but with follower and leader exchanged
	Implied                  // not planted, but planted links join the two
	Planted                  // a planted link, with the right direction or undirected
)

// unit is a market of an event at a venue. All its selections and lines count as
// one, since they mirror one another.
type unit struct{ venue, event, market string }

func unitOf(n odds.NodeID) unit {
	venue, event, market, _, ok := n.Parts()
	if !ok {
		return unit{event: string(n)}
	}
	market, _, _ = strings.Cut(market, "@")
	return unit{venue, event, market}
}

func (u unit) consensus() bool { return u.venue == odds.ConsensusVenue }

type pair struct{ a, b unit }

// unordered returns a pair in a fixed order.
func unordered(a, b unit) pair {
	if a.venue+a.event+a.market > b.venue+b.event+b.market {
		a, b = b, a
	}
	return pair{a, b}
}

// judge knows the planted links and their implications.
type judge struct {
	links   map[pair]*truth.Link
	place   map[unit]place
	members map[unit][]unit // venues of a market, by its consensus unit
	step    map[string]odds.Millis
	slowest odds.Millis // step of the slowest venue, which a consensus inherits
}

// place is a unit's position among the units that planted links join to it.
type place struct {
	component int
	delay     odds.Millis // sum of lags on the path from the component's first unit
}

// finest is the resolution of a stream.
const finest odds.Millis = 20

func newJudge(t *truth.Truth) *judge {
	j := &judge{links: map[pair]*truth.Link{}, place: map[unit]place{}, members: map[unit][]unit{}, step: map[string]odds.Millis{}, slowest: finest}
	for _, v := range t.Venues {
		j.step[v.Name] = max(finest, v.StepMs)
		j.slowest = max(j.slowest, v.StepMs)
	}
	next := map[unit][]*truth.Link{}
	var order []unit
	for i := range t.Links {
		l := &t.Links[i]
		a, b := unitOf(l.Leader), unitOf(l.Follower)
		j.links[pair{a, b}] = l
		next[a], next[b] = append(next[a], l), append(next[b], l)
		order = append(order, a, b)
	}
	for i, u := range order {
		j.spread(u, i, next)
	}
	return j
}

// spread gives every unit joined to u by links its component and delay.
func (j *judge) spread(u unit, component int, next map[unit][]*truth.Link) {
	if _, ok := j.place[u]; ok {
		return
	}
	todo := []unit{u}
	j.settle(u, place{component: component})
	for len(todo) > 0 {
		u, todo = todo[0], todo[1:]
		for _, l := range next[u] {
			other, lag := unitOf(l.Follower), l.LagMs
			if other == u {
				other, lag = unitOf(l.Leader), -l.LagMs
			}
			if _, ok := j.place[other]; !ok {
				j.settle(other, place{component, j.place[u].delay + lag})
				todo = append(todo, other)
			}
		}
	}
}

func (j *judge) settle(u unit, p place) {
	j.place[u] = p
	if !u.consensus() {
		c := unit{odds.ConsensusVenue, u.event, u.market}
		j.members[c] = append(j.members[c], u)
	}
}

// judge returns the verdict on source → target, and the planted link between the
// two in either direction, if there is one.
func (j *judge) judge(source, target unit, simultaneous bool) (Verdict, *truth.Link) {
	if l := j.links[pair{source, target}]; l != nil {
		return Planted, l
	}
	if l := j.links[pair{target, source}]; l != nil {
		if simultaneous {
			return Planted, l
		}
		return Backwards, l
	}
	if source.consensus() != target.consensus() {
		return j.againstConsensus(source, target, simultaneous), nil
	}
	a, okA := j.place[source]
	b, okB := j.place[target]
	switch {
	case !okA || !okB || a.component != b.component:
		return False, nil
	case !simultaneous && a.delay-b.delay > j.resolution(source, target):
		return Backwards, nil
	}
	return Implied, nil
}

// againstConsensus judges an edge between a venue and the consensus of its market.
// It is implied if another venue of the consensus truly leads the venue, or truly
// follows it if the edge says that the consensus follows.
func (j *judge) againstConsensus(source, target unit, simultaneous bool) Verdict {
	consensus, venue, sign := source, target, odds.Millis(1)
	if target.consensus() {
		consensus, venue, sign = target, source, -1
	}
	p, ok := j.place[venue]
	if !ok || consensus.event != venue.event || consensus.market != venue.market {
		return False
	}
	v := False
	for _, m := range j.members[consensus] {
		q := j.place[m]
		if m == venue || q.component != p.component {
			continue
		}
		if simultaneous || sign*(p.delay-q.delay) > 0 {
			return Implied
		}
		v = Backwards
	}
	return v
}

// resolution is the coarser time step of two units.
func (j *judge) resolution(a, b unit) odds.Millis { return max(j.stepOf(a), j.stepOf(b)) }

func (j *judge) stepOf(u unit) odds.Millis {
	if u.consensus() {
		return j.slowest
	}
	return max(finest, j.step[u.venue])
}
