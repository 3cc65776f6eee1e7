package engine

import (
	"math"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// priorMoves is how many coinciding moves of its own weigh as much as its family
// in a pair's correlation and propagation ratio.
const priorMoves = 30

// edge reads the edge of a pair off its family's verdict and its own moves.
func (e *Engine) edge(p *pair) graph.Edge {
	f := p.fam
	v := &f.verdict
	src, dst := p.a, p.b
	if v.Directed && v.Leader == leadlag.BA {
		src, dst = dst, src
	}
	own := e.own(p)
	k := float64(own.N) / float64(own.N+priorMoves)
	if len(f.pairs) == 1 {
		k, own.N = 0, v.Link.N // the family is the pair
	}
	l := v.Link
	g := graph.Edge{
		Layer: p.layer, Event: p.ev.id, Source: src.ID, Target: dst.ID, Kind: "follows",
		Score: p.sign * ((1-k)*l.Corr + k*own.Corr()), Beta: p.sign * ((1-k)*l.Beta + k*own.Beta()),
		Lag: l.Lag, LagLow: l.LagLow, LagHigh: l.LagHigh, N: own.N, P: v.P, Q: v.Q,
		Confidence: v.Confidence, Evidence: graph.FromFamily, Copied: f.copied,
		Simultaneous: !v.Directed, FirstSeen: p.first, DetectedAt: min(src.lastSeen(), dst.lastSeen()),
	}
	key := f.key
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
	if p.trend != nil {
		g.Trend = p.trend.summary()
	}
	return g
}

// shown is an edge as edge gave it, and what it was read from: the rest of that is
// changed by decisions alone.
type shown struct {
	edge   graph.Edge
	rounds int
	a, b   int // moves of both sides
	alone  bool
}

// shown is the edge of a pair that somebody looks at, read anew only when it may be
// another one: views are renewed far more often than most pairs move.
func (e *Engine) shown(p *pair) graph.Edge {
	a, b, alone := p.a.Count(), p.b.Count(), len(p.fam.pairs) == 1
	s := p.shown
	if s == nil || s.rounds != e.rounds || s.a != a || s.b != b || s.alone != alone {
		s = &shown{e.edge(p), e.rounds, a, b, alone}
		p.shown = s
	}
	g := s.edge
	g.DetectedAt = min(p.a.lastSeen(), p.b.lastSeen())
	return g
}

func (n *node) lastSeen() odds.Time {
	if n.b != nil {
		return n.b.seen
	}
	return n.SeenAt
}

// own sums a pair's moves in its family's window.
func (e *Engine) own(p *pair) leadlag.Sums {
	return ownSums(p, p.a.Moves(), p.b.Moves())
}
