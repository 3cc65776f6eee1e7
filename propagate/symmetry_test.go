package propagate_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// The numbers of an edge may reach their limits and not pass them.
func TestEdgesAtTheirLimits(t *testing.T) {
	const longest = odds.Millis(1) << 40
	next := func(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }
	for name, c := range map[string]struct {
		change func(*graph.Edge)
		kept   bool
	}{
		"score 1":             {func(e *graph.Edge) { e.Score = 1 }, true},
		"score -1":            {func(e *graph.Edge) { e.Score = -1 }, true},
		"score 0":             {func(e *graph.Edge) { e.Score = 0 }, true},
		"score above":         {func(e *graph.Edge) { e.Score = next(1) }, false},
		"score below":         {func(e *graph.Edge) { e.Score = -next(1) }, false},
		"confidence 0":        {func(e *graph.Edge) { e.Confidence = 0 }, true},
		"confidence 1":        {func(e *graph.Edge) { e.Confidence = 1 }, true},
		"confidence above":    {func(e *graph.Edge) { e.Confidence = next(1) }, false},
		"confidence below":    {func(e *graph.Edge) { e.Confidence = -next(0) }, false},
		"confidence NaN":      {func(e *graph.Edge) { e.Confidence = math.NaN() }, false},
		"the largest beta":    {func(e *graph.Edge) { e.Beta = -math.MaxFloat64 }, true},
		"beta NaN":            {func(e *graph.Edge) { e.Beta = math.NaN() }, false},
		"beta infinite":       {func(e *graph.Edge) { e.Beta = math.Inf(-1) }, false},
		"no lag":              {func(e *graph.Edge) { e.Lag = 0 }, true},
		"the longest lag":     {func(e *graph.Edge) { e.Lag = longest }, true},
		"a longer lag":        {func(e *graph.Edge) { e.Lag = longest + 1 }, false},
		"a negative lag":      {func(e *graph.Edge) { e.Lag = -1 }, false},
		"the longest high":    {func(e *graph.Edge) { e.LagHigh = longest }, true},
		"a longer high":       {func(e *graph.Edge) { e.LagHigh = longest + 1 }, false},
		"a negative low":      {func(e *graph.Edge) { e.LagLow = math.MinInt64 }, true}, // counts as 0
		"a high below a lag":  {func(e *graph.Edge) { e.LagLow, e.LagHigh = 1, 2 }, true},
		"a low above the lag": {func(e *graph.Edge) { e.LagLow, e.LagHigh = 99, 99 }, true},
	} {
		e := graphtest.Link("source", "target", 0.5, 7)
		c.change(&e)
		n := network([]graph.Edge{e})
		p, ok := n.Best("source", "target", 1, nil)
		if ok != c.kept || n.Refused != map[bool]int{true: 0, false: 1}[c.kept] || !n.Has("target") {
			t.Errorf("%s: a path %v, %d refused", name, ok, n.Refused)
		}
		if ok && (p.LagLow < 0 || p.LagLow > p.Lag || p.Lag > p.LagHigh) {
			t.Errorf("%s: %d ms in [%d, %d]", name, p.Lag, p.LagLow, p.LagHigh)
		}
	}
}

func TestAnEmptyNetwork(t *testing.T) {
	for name, n := range map[string]*propagate.Network{"no set": network(), "no edge": network(nil, []graph.Edge{})} {
		if nodes, edges := n.Len(); nodes != 0 || edges != 0 || n.Has("") {
			t.Errorf("%s: %d nodes, %d edges", name, nodes, edges)
		}
		if _, ok := n.Best("a", "b", 0, nil); ok {
			t.Errorf("%s has a path", name)
		}
		if d, k := n.Downstream("a", 0, nil), n.KBest("a", "b", 1, 0, nil); d == nil || len(d) != 0 || k == nil || len(k) != 0 {
			t.Errorf("%s: %v, %v", name, d, k)
		}
	}
}

// A query of k below 1 is one for the best, and a depth below 1 the usual one.
func TestCountsBelowOne(t *testing.T) {
	n := network(graphtest.Levels(9, 2))
	for _, k := range []int{0, -3, 1} {
		if p := n.KBest(node(0, 0), node(2, 1), k, 0, nil); len(p) != 1 {
			t.Errorf("k of %d: %d paths", k, len(p))
		}
	}
	for _, depth := range []int{0, -1, propagate.DefaultDepth} {
		if _, ok := n.Best(node(0, 0), node(8, 1), depth, nil); !ok {
			t.Errorf("depth %d: eight hops are too many", depth)
		}
		if _, ok := n.Best(node(0, 0), node(9, 1), depth, nil); ok {
			t.Errorf("depth %d: nine hops are not too many", depth)
		}
	}
}

// Which way round a selection is read is a convention: turning one over flips the
// sign of what arrives at it, and changes nothing else.
func TestTurningANodeOverChangesItsSignAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, edges := small(t, true)
		over := rapid.SampledFrom(nodes).Draw(t, "over")
		turned := slices.Clone(edges)
		for i := range turned {
			if turned[i].Beta == 0 {
				edges[i].Beta, turned[i].Beta = 0.1, 0.1 // 0 has no sign to turn
			}
			if (turned[i].Source == over) != (turned[i].Target == over) {
				turned[i].Beta = -turned[i].Beta
			}
		}
		a, b := network(edges), network(turned)
		for _, source := range nodes {
			for _, target := range nodes {
				p, ok := a.Best(source, target, 6, nil)
				q, turnedOK := b.Best(source, target, 6, nil)
				sign := 1.0
				if (source == over) != (target == over) {
					sign = -1
				}
				if ok != turnedOK || p.Weight != q.Weight || p.Opposing != q.Opposing || math.Abs(p.Impact) != math.Abs(q.Impact) {
					t.Fatalf("%s → %s: %+v and %+v", source, target, p, q)
				}
				if ok && p.Opposing < p.Weight && p.Impact != sign*q.Impact {
					t.Fatalf("%s → %s: impact %v became %v", source, target, p.Impact, q.Impact)
				}
			}
		}
	})
}

// One more edge never makes a best path worse, and lags of twice the length make
// each path twice as long.
func TestMoreEdgesNeverHarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, edges := small(t, false)
		if len(edges) == 0 {
			return
		}
		fewer, all := network(edges[:len(edges)-1]), network(edges)
		slow := slices.Clone(edges)
		for i := range slow {
			slow[i].Lag *= 2
		}
		doubled := network(slow)
		for _, source := range nodes {
			for _, target := range nodes {
				p, ok := fewer.Best(source, target, 4, nil)
				q, still := all.Best(source, target, 4, nil)
				if ok && !still || p.Weight > q.Weight {
					t.Fatalf("%s → %s: %v of weight %v became %v of %v", source, target, ok, p.Weight, still, q.Weight)
				}
				if r, _ := doubled.Best(source, target, 4, nil); r.Lag != 2*q.Lag || r.Weight != q.Weight || len(r.Hops) != len(q.Hops) {
					t.Fatalf("%s → %s: %d ms became %d", source, target, q.Lag, r.Lag)
				}
			}
		}
	})
}

// A scratch may be used with one network after the other, of any size.
func TestAScratchServesAnyNetwork(t *testing.T) {
	var s propagate.Scratch
	for _, levels := range []int{8, 2, 8, 30, 1} {
		n := network(graphtest.Levels(levels, 3))
		for range 2 {
			p, ok := n.Best(node(0, 0), node(levels, 2), levels, &s)
			if !ok || len(p.Hops) != levels {
				t.Fatalf("%d levels: %v, %d hops", levels, ok, len(p.Hops))
			}
			if got := len(n.Downstream(node(0, 0), levels, &s)); got != 3*levels {
				t.Fatalf("%d levels: %d nodes downstream, want %d", levels, got, 3*levels)
			}
			if got := len(n.KBest(node(0, 0), node(levels, 2), 2, levels, &s)); got != min(2, levels) {
				t.Fatalf("%d levels: %d paths", levels, got)
			}
		}
	}
}
