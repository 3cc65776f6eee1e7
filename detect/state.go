package detect

import (
	"cmp"

	"corrgraph/internal/state"
)

// State saves the history, or restores it.
func (h *NodeHistory) State(c *state.Coder) {
	for _, r := range []*running{&h.dev, &h.size, &h.gap, &h.rate, &h.vol} {
		r.state(c)
	}
	c.Values(&h.lastMove, &h.burstFrom, &h.windowFrom, &h.outAt, &h.windowSquares, &h.outPeak, &h.outOthers, &h.shift, &h.windowMoves, &h.outHeld)
	c.Values(&h.burst, &h.outSel, &h.outKind, &h.live, &h.partial, &h.raised)
}

// State saves the history, or restores it.
func (h *RelationHistory) State(c *state.Coder) {
	for _, r := range []*running{&h.a, &h.b, &h.residual} {
		r.state(c)
	}
	c.Values(&h.cov, &h.worthA, &h.worthB, &h.outAt, &h.held, &h.live)
}

func (r *running) state(c *state.Coder) { c.Values(&r.mean, &r.vari, &r.n) }

// State saves the policy's memory, or restores it into a new policy with the same options.
func (p *Policy) State(c *state.Coder) {
	state.Map(c, p.events, cmp.Compare[string], func(id *string, ev **eventState) {
		c.Values(id)
		if c.Reading() {
			*ev = newEventState()
		}
		(*ev).state(c)
	})
}

func (ev *eventState) state(c *state.Coder) {
	c.Values(&ev.hourFrom, &ev.raised)
	var cases state.Table[*episode]
	state.Map(c, ev.cases, compareIdentities, func(id *identity, s **episode) {
		if c.Reading() {
			*s = &episode{}
		}
		x := *s
		c.Values(&id.kind, &id.layer, &id.a, &id.b, &x.stage, &x.listed, &x.since, &x.offered, &x.ended, &x.anomaly)
		cases.Add(x)
	})
	state.Slice(c, &ev.order, func(s **episode) { cases.Ref(c, s) })
}

func compareIdentities(a, b identity) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.layer, b.layer), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
}
