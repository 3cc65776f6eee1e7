package family

import (
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// searchCap limits how many pairs are searched individually.
const searchCap = 4096

// Search tests individually every pair whose family is not discovered and which has enough
// moves. The pairs of one layer are tested together. The pair of a one-pair family was
// already judged with it.
func (s *Families) Search() {
	s.found = map[*Pair]graph.Edge{}
	for _, layer := range odds.Layers {
		pairs := s.searchable(layer)
		cases := make([]leadlag.Case, len(pairs))
		for i, p := range pairs {
			axis := p.Family.ev.Axis
			ev := leadlag.NewEvidence(axis, true)
			replay(ev, p, s.opt.Seed, s.block, &s.work)
			cases[i] = leadlag.Case{Evidence: ev, Stratum: int(axis.Resolution), OneClock: p.A.SameClock(p.B), Read: p.A.Read() || p.B.Read(), Copy: p.Family.copies}
		}
		for i, v := range leadlag.Judge(cases) {
			if v.Discovered {
				s.found[pairs[i]] = s.ownEdge(pairs[i], &v)
			}
		}
	}
}

// searchable lists the pairs of a layer to be searched individually.
func (s *Families) searchable(layer odds.Layer) (pairs []*Pair) {
	for _, f := range s.list {
		if f.Key.Layer != layer || !f.judged || f.Verdict.Discovered || len(f.pairs) < 2 || f.block {
			continue
		}
		for _, p := range f.pairs {
			if p.A.Count() < ownMoves || p.B.Count() < ownMoves {
				continue
			}
			if len(pairs) == searchCap {
				s.Counts.LeftOut[layer.Key()+" pairs searched by themselves"]++
				continue
			}
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// ownEdge is the edge of an individually discovered pair.
func (s *Families) ownEdge(p *Pair, v *leadlag.Verdict) graph.Edge {
	g := s.Edge(p)
	src, dst := p.A, p.B
	if v.Directed && v.Leader == leadlag.BA {
		src, dst = dst, src
	}
	l := v.Link
	g.Source, g.Target, g.Kind = src.ID, dst.ID, "follows"
	g.Score, g.Beta, g.Lag, g.LagLow, g.LagHigh, g.N = p.Sign*l.Corr, p.Sign*l.Beta, l.Lag, l.LagLow, l.LagHigh, l.N
	g.P, g.Q, g.Confidence, g.Discovered = v.P, v.Q, v.Confidence, v.Discovered
	g.Simultaneous, g.Copied, g.Evidence = !v.Directed, false, graph.FromOwn
	g.Traits = p.Family.traits(v)
	if g.Simultaneous {
		g.Kind, g.Lag, g.LagLow = "moves with", 0, 0
		g.Source, g.Target = min(src.ID, dst.ID), max(src.ID, dst.ID)
	}
	return g
}
