package engine

import (
	"cmp"
	"slices"

	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Finish decides on everything up to now, and scores the predictions that were held
// back for it. Batches may still follow.
func (e *Engine) Finish() {
	_ = e.legs.Flush(e.apply) // apply never fails
	e.decide(e.now)
	for i := range e.calls.closed {
		e.score(&e.calls.closed[i])
	}
	e.calls.closed = nil
}

// Families reports every family that had anything to judge, by key.
func (e *Engine) Families() (out []graph.Family) {
	for _, f := range e.list {
		if f.judged && f.verdict.Found() {
			out = append(out, f.report())
		}
	}
	slices.SortFunc(out, func(a, b graph.Family) int { return cmp.Compare(a.Key.String(), b.Key.String()) })
	return out
}

// Edges reports the edges of all pairs whose family is discovered, of pairs
// found by themselves, and the best guess for the others of L3 and L4. A pair
// that was quoted before and in play has the edge of the phase seen last.
func (e *Engine) Edges() []graph.Edge {
	e.found = e.searchPairs()
	best := map[edgeKey]graph.Edge{}
	for _, f := range e.list {
		for _, p := range f.pairs {
			e.offerEdge(best, p, e.edge)
		}
	}
	out := make([]graph.Edge, 0, len(best))
	for _, g := range best {
		out = append(out, g)
	}
	slices.SortFunc(out, byEnds)
	return out
}

func byEnds(a, b graph.Edge) int {
	return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
}

// offerEdge takes the edge of a pair, as read gives it, where there is something to
// say of it, and no newer edge of the same two nodes.
func (e *Engine) offerEdge(best map[edgeKey]graph.Edge, p *pair, read func(*pair) graph.Edge) {
	f := p.fam
	if !f.judged || !f.verdict.Found() {
		return
	}
	g, ok := e.found[p]
	if !ok {
		if !f.verdict.Discovered && f.key.Layer < odds.CrossEvent {
			return
		}
		g = read(p)
	}
	k := edgeKey{g.Layer, g.Event, min(g.Source, g.Target), max(g.Source, g.Target)}
	if old, seen := best[k]; !seen || g.DetectedAt > old.DetectedAt || g.DetectedAt == old.DetectedAt && g.Confidence > old.Confidence {
		best[k] = g
	}
}

type edgeKey struct {
	layer odds.Layer
	event string
	a, b  odds.NodeID
}

// searchCap bounds how many pairs are searched by themselves.
const searchCap = 4096

// searchPairs judges, by itself, every pair whose family says nothing but which
// has moves enough to speak: one layer's pairs together. Pairs of a family of
// one were judged with it.
func (e *Engine) searchPairs() map[*pair]graph.Edge {
	found := map[*pair]graph.Edge{}
	for _, layer := range odds.Layers {
		var pairs []*pair
		var cases []leadlag.Case
		for _, f := range e.list {
			if f.key.Layer != layer || !f.judged || f.verdict.Discovered || len(f.pairs) < 2 || f.block {
				continue
			}
			for _, p := range f.pairs {
				if p.a.Count() < ownMoves || p.b.Count() < ownMoves {
					continue
				}
				if len(pairs) == searchCap {
					e.count.LeftOut[layer.Key()+" pairs searched by themselves"]++
					continue
				}
				ev := leadlag.NewEvidence(f.ev.Axis, true)
				replay(ev, p, e.opt.Seed, &e.work)
				pairs = append(pairs, p)
				cases = append(cases, leadlag.Case{Evidence: ev, Stratum: int(f.ev.Axis.Resolution)})
			}
		}
		for i, v := range leadlag.Judge(cases) {
			if v.Discovered {
				found[pairs[i]] = e.ownEdge(pairs[i], &v)
			}
		}
	}
	return found
}

// ownEdge is the edge of a pair that was found by itself.
func (e *Engine) ownEdge(p *pair, v *leadlag.Verdict) graph.Edge {
	g := e.edge(p)
	src, dst := p.a, p.b
	if v.Directed && v.Leader == leadlag.BA {
		src, dst = dst, src
	}
	l := v.Link
	g.Source, g.Target, g.Kind = src.ID, dst.ID, "follows"
	g.Score, g.Beta, g.Lag, g.LagLow, g.LagHigh, g.N = p.sign*l.Corr, p.sign*l.Beta, l.Lag, l.LagLow, l.LagHigh, l.N
	g.P, g.Q, g.Confidence, g.Discovered = v.P, v.Q, v.Confidence, v.Discovered
	g.Simultaneous, g.Copied, g.Evidence = !v.Directed, false, graph.FromOwn
	if g.Simultaneous {
		g.Kind, g.Lag, g.LagLow = "moves with", 0, 0
		g.Source, g.Target = min(src.ID, dst.ID), max(src.ID, dst.ID)
	}
	return g
}

// Group is a set of venues of a league that count as one.
type Group struct {
	Sport, League string
	Venues        []string
}

// Groups reports the venues that move as one, by league.
func (e *Engine) Groups() (out []Group) {
	names := make([]string, len(e.venues))
	for name, v := range e.venues {
		names[v.index] = name
	}
	leagues := map[string][2]string{}
	for _, ev := range e.order {
		leagues[league(ev.sport, ev.league)] = [2]string{ev.sport, ev.league}
	}
	for lg, g := range e.groups {
		members := map[int][]string{}
		for v, k := range g.id {
			members[k] = append(members[k], names[v])
		}
		for _, m := range members {
			slices.Sort(m)
			out = append(out, Group{leagues[lg][0], leagues[lg][1], m})
		}
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Sport, b.Sport), cmp.Compare(a.League, b.League), slices.Compare(a.Venues, b.Venues))
	})
	return out
}

// Catalog returns the events and what could not be told apart.
func (e *Engine) Catalog() ([]catalog.Event, []catalog.Ambiguity) {
	return e.cat.Events(), e.cat.Ambiguities()
}

// Nodes counts the series that are kept, those of consensus included.
func (e *Engine) Nodes() (n int) {
	seen := map[odds.NodeID]bool{}
	for _, ev := range e.order {
		for _, m := range ev.markets {
			for k := range m.sels {
				if m.sels[k].cons != nil {
					seen[m.sels[k].cons.ID] = true
				}
			}
			for _, b := range m.boards {
				for _, x := range b.nodes {
					if x != nil {
						seen[x.ID] = true
					}
				}
			}
		}
	}
	return len(seen)
}

// Scorecard adds up predictions of this engine.
func (e *Engine) Scorecard(ps []ledger.Prediction) ledger.Scorecard {
	return ScorecardOf(e.FamilyKeys(), ps)
}

// FamilyKeys lists the keys of all families.
func (e *Engine) FamilyKeys() []graph.FamilyKey {
	keys := make([]graph.FamilyKey, len(e.list))
	for i, f := range e.list {
		keys[i] = f.key
	}
	return keys
}

// ScorecardOf adds up predictions of families, whichever way round their keys are
// given.
func ScorecardOf(keys []graph.FamilyKey, ps []ledger.Prediction) ledger.Scorecard {
	named := make([]ledger.Named, len(ps))
	of := map[string]ledger.FamilyScore{}
	for _, k := range keys {
		for range 2 {
			of[k.String()] = ledger.FamilyScore{
				Layer: int(k.Layer), Leader: k.Leader, Follower: k.Follower, Sport: k.Sport, League: k.League,
				Market: k.Market, Phase: k.Phase, Venue: k.Venue,
			}
			k.Leader, k.Follower = k.Follower, k.Leader
		}
	}
	for i := range ps {
		named[i] = ledger.Named{Prediction: ps[i], Of: of[ps[i].Family]}
	}
	return ledger.NewScorecard(named)
}
