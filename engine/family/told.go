package family

import (
	"cmp"

	"corrgraph/engine/board"
	"corrgraph/engine/rival"
	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// State saves verdicts, or restores them into new ones. axis makes the axis of a resolution.
func (v *Verdicts) State(c *state.Coder, axis func(odds.Millis) *leadlag.Axis) {
	if c.Reading() {
		v.families, v.own, v.pages = map[graph.FamilyKey]*finding{}, map[pairKey]graph.Edge{}, map[string]map[pairKey]page{}
		v.groups = map[string][][]string{}
	}
	state.Map(c, v.families, compareKeys, func(k *graph.FamilyKey, x **finding) {
		if c.Reading() {
			*x = &finding{}
		}
		c.Values(k)
		(*x).state(c, axis)
	})
	state.Map(c, v.own, pairKey.compare, func(k *pairKey, g *graph.Edge) {
		k.state(c)
		c.Values(g)
	})
	codePages(c, v.pages)
	c.Values(&v.groups)
}

func (x *finding) state(c *state.Coder, axis func(odds.Millis) *leadlag.Axis) {
	c.Values(&x.verdict, &x.judged, &x.copied, &x.changing, &x.mediation.verdict, &x.mediation.via, &x.mediation.leader, &x.mediation.moves, &x.skewed, &x.stale)
	c.Values(&x.found, &x.at, &x.name, &x.since, &x.report, &x.seen, &x.curve)
	fitted, has, resolution := x.baseline != nil, x.axis != nil, odds.Millis(0)
	if has {
		resolution = x.axis.Resolution
	}
	if c.Values(&fitted, &has, &resolution); fitted {
		if c.Reading() {
			x.baseline = &rival.Rule{}
		}
		c.Values(&x.baseline.Beta, &x.baseline.From, &x.baseline.To, &x.baseline.Calls)
	}
	if c.Reading() && has {
		x.axis = axis(resolution)
	}
}

func compareKeys(a, b graph.FamilyKey) int {
	return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Sport, b.Sport), cmp.Compare(a.League, b.League), cmp.Compare(a.Market, b.Market),
		cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Leader, b.Leader), cmp.Compare(a.Follower, b.Follower))
}

func (k pairKey) compare(o pairKey) int {
	return cmp.Or(cmp.Compare(k.layer, o.layer), cmp.Compare(k.a, o.a), cmp.Compare(k.b, o.b),
		cmp.Compare(board.Phase(k.liveA), board.Phase(o.liveA)), cmp.Compare(board.Phase(k.liveB), board.Phase(o.liveB)))
}

func (k *pairKey) state(c *state.Coder) { c.Values(&k.layer, &k.a, &k.b, &k.liveA, &k.liveB) }

// codePages codes what only time tells of the pairs of each event.
func codePages(c *state.Coder, all map[string]map[pairKey]page) {
	state.Map(c, all, cmp.Compare[string], func(event *string, of *map[pairKey]page) {
		c.Values(event)
		if c.Reading() {
			*of = map[pairKey]page{}
		}
		state.Map(c, *of, pairKey.compare, func(k *pairKey, x *page) {
			k.state(c)
			c.Values(&x.trend, &x.first, &x.found)
		})
	})
}

// orders codes whom s obeys.
func (s *Families) orders(c *state.Coder) {
	there := s.obeyed != nil
	if c.Values(&there); !there {
		return
	}
	if c.Reading() {
		s.obeyed = &Verdicts{}
	}
	s.obeyed.State(c, s.axis)
}

// paging codes what the next verdicts are made of beside the families.
func (s *Families) paging(c *state.Coder, r *Refs) {
	if c.Reading() {
		s.pages = map[string]map[pairKey]page{}
	}
	codePages(c, s.pages)
	state.Map(c, s.advanced, r.board.Events.Order, func(ev **board.Event, yes *bool) {
		r.board.Events.Ref(c, ev)
		*yes = true
	})
}
