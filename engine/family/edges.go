package family

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// priorMoves is the weight of the family in a pair's correlation and propagation ratio, in
// coinciding moves of the pair.
const priorMoves = 30

// Edge builds a pair's edge from its family's verdict and its own moves.
func (s *Families) Edge(p *Pair) graph.Edge { return p.edge(s.obeyed) }

// edge is Edge in Families that obey verdicts; nil: they decide.
func (p *Pair) edge(obeyed *Verdicts) graph.Edge {
	f := p.Family
	v := &f.Verdict
	src, dst := p.A, p.B
	if v.Directed && v.Leader == leadlag.BA {
		src, dst = dst, src
	}
	own := p.measure().Own(series.Since(p.A.Moves(), f.since), series.Since(p.B.Moves(), f.since))
	k := float64(own.N) / float64(own.N+priorMoves)
	kBeta := k
	if v.Zero && v.Directed {
		kBeta = 0 // its own moves are those of one poll, the family's those of the next
	}
	if len(f.pairs) == 1 {
		k, kBeta, own.N = 0, 0, v.Link.N // the family is the pair
	}
	l := v.Link
	g := graph.Edge{
		Layer: p.Layer, Event: p.Event.ID, Source: src.ID, Target: dst.ID, Kind: "follows",
		Score: p.Sign * ((1-k)*l.Corr + k*own.Corr()), Beta: p.Sign * ((1-kBeta)*l.Beta + kBeta*own.Beta()),
		Lag: l.Lag, LagLow: l.LagLow, LagHigh: l.LagHigh, N: own.N, P: v.P, Q: v.Q,
		Confidence: v.Confidence, Evidence: graph.FromFamily, Copied: f.copied,
		Simultaneous: !v.Directed, Traits: f.traits(v), DetectedAt: min(src.LastSeen(), dst.LastSeen()),
	}
	key := f.Key
	key.Leader, key.Follower = f.ends()
	g.Family = key.String()
	if len(f.pairs) == 1 {
		g.Evidence = graph.FromOwn
	} else if own.N > 0 {
		g.Evidence = graph.FromBoth
		g.Confidence = leadlag.Posterior(v.Confidence, l, own)
	}
	if g.Q > leadlag.Rate {
		g.Confidence = math.Min(g.Confidence, 0.9)
	}
	g.Discovered = v.Discovered && g.Confidence > 0.5
	if g.Simultaneous {
		g.Kind, g.Lag, g.LagLow = "moves with", 0, 0
		if g.Source > g.Target {
			g.Source, g.Target = g.Target, g.Source
		}
	}
	obeyed.dated(p, &g)
	return g
}

// shown returns the edge of a viewed pair. It is cached and rebuilt only when it may have
// changed: views are renewed far more often than most pairs move.
func (s *Families) shown(p *Pair) graph.Edge {
	a, b, alone := p.A.Count(), p.B.Count(), len(p.Family.pairs) == 1
	v := p.shown
	if v == nil || v.rounds != s.rounds || v.a != a || v.b != b || v.alone != alone {
		v = &shown{s.Edge(p), s.rounds, a, b, alone}
		p.shown = v
	}
	g := v.edge
	g.DetectedAt = min(p.A.LastSeen(), p.B.LastSeen())
	return g
}

// Edges returns the edges of all pairs in discovered families, of pairs discovered
// individually, and the best guess for the other pairs of L3 and L4. A pair quoted both
// before the match and in play has the edge of the later phase. It searches pairs anew, see
// Search.
func (s *Families) Edges() []graph.Edge {
	s.Search()
	best := map[edgeKey]graph.Edge{}
	for _, f := range s.list {
		for _, p := range f.pairs {
			s.offerEdge(best, p, s.Edge)
		}
	}
	out := make([]graph.Edge, 0, len(best))
	for _, g := range best {
		out = append(out, g)
	}
	slices.SortFunc(out, byEnds)
	return out
}

// EventEdges returns the edges of an event, each once, in the order of Edges, by layer
// number less one; nil for layers not asked for.
func (s *Families) EventEdges(ev *board.Event, layers [4]bool) (out [4][]graph.Edge) {
	best := map[edgeKey]graph.Edge{}
	take := func(n *board.Node) {
		for _, pt := range s.Partners(n) {
			if p := pt.Pair; p.A == n && p.Event == ev && layers[p.Layer-1] {
				s.offerEdge(best, p, s.shown)
			}
		}
	}
	for _, m := range ev.Markets {
		m.Series(take)
	}
	for _, l := range ev.Links { // pairs whose first end is in the other event
		if !layers[l.Layer-1] {
			continue
		}
		for _, m := range l.Other(ev).Markets {
			for k := range m.Selections {
				if n := m.Selections[k].Consensus; n != nil {
					take(n)
				}
			}
		}
	}
	for i := range layers {
		if layers[i] {
			out[i] = []graph.Edge{}
		}
	}
	for _, g := range best {
		out[g.Layer-1] = append(out[g.Layer-1], g)
	}
	for i := range out {
		slices.SortFunc(out[i], byEnds)
	}
	return out
}

func byEnds(a, b graph.Edge) int {
	return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
}

type edgeKey struct {
	layer odds.Layer
	event string
	a, b  odds.NodeID
}

// offerEdge keeps the edge of a pair, as built by read, if it has anything to report and no
// newer edge joins the same two nodes.
func (s *Families) offerEdge(best map[edgeKey]graph.Edge, p *Pair, read func(*Pair) graph.Edge) {
	f := p.Family
	if !f.judged || !f.Verdict.Found() {
		return
	}
	g, ok := s.discovered(p)
	if !ok {
		if !f.Verdict.Discovered && f.Key.Layer < odds.CrossEvent {
			return
		}
		g = read(p)
	}
	k := edgeKey{g.Layer, g.Event, min(g.Source, g.Target), max(g.Source, g.Target)}
	if old, seen := best[k]; !seen || g.DetectedAt > old.DetectedAt || g.DetectedAt == old.DetectedAt && g.Confidence > old.Confidence {
		best[k] = g
	}
}

// All returns every family that was judged, by key.
func (s *Families) All() (out []graph.Family) {
	for _, f := range s.list {
		if f.judged && f.Verdict.Found() {
			out = append(out, f.Report())
		}
	}
	slices.SortFunc(out, func(a, b graph.Family) int { return cmp.Compare(a.Key.String(), b.Key.String()) })
	return out
}

// Keys lists the keys of all families.
func (s *Families) Keys() []graph.FamilyKey {
	keys := make([]graph.FamilyKey, len(s.list))
	for i, f := range s.list {
		keys[i] = f.Key
	}
	return keys
}
