package leadlag

import (
	"corrgraph/internal/state"
	"corrgraph/odds"
)

// State saves the sums, or restores them into a NewEvidence of the same axis and choice of
// decoys.
func (e *Evidence) State(c *state.Coder) {
	c.Values(&e.zero, &e.nearOnly)
	for d := range e.flows {
		f := &e.flows[d]
		c.Values(&f.bins, &f.spans, &f.far, &f.moves, &f.ss, &f.ssRaw, &f.blocks, &f.nulls)
	}
	e.clusterState(c)
	c.Values(&e.decoy, &e.seed, &e.whole)
	if len(e.decoy) == 0 {
		e.decoy = nil
	}
	if c.Reading() && c.Err() == nil && !e.fits() {
		c.Fail(state.ErrCorrupt)
		return
	}
	e.buckets(c)
}

func (e *Evidence) clusterState(c *state.Coder) {
	events := e.events
	c.Values(&events)
	for _, event := range events {
		t, n := e.Cluster(event), len(e.Axis.edges)-1
		c.Values(&t.last, &t.many, &t.zero, &t.bins, &t.ss, &t.lag, &t.own, &t.own2)
		if len(t.bins[AB]) != n || len(t.bins[BA]) != n {
			c.Fail(state.ErrCorrupt)
			return
		}
	}
}

// fits reports whether the sums have the lengths of their axis.
func (e *Evidence) fits() bool {
	x := e.Axis
	for d := range e.flows {
		f := &e.flows[d]
		if len(f.bins) != len(x.edges) || len(f.spans) != len(x.spans) || len(f.far) != farBins {
			return false
		}
		if n := len(x.Slow()); len(f.blocks) != n || n > 0 && len(f.nulls) != slowNulls {
			return false
		}
	}
	return len(e.decoy) == 0 || len(e.decoy) == (1+2*x.Bins())*Decoys
}

// StateOf saves evidence that may be nil, or restores it on the axis of its resolution.
func StateOf(c *state.Coder, e **Evidence, axis func(odds.Millis) *Axis) {
	there, resolution := *e != nil, odds.Millis(0)
	if there {
		resolution = (*e).Axis.Resolution
	}
	c.Values(&there, &resolution)
	if !there || c.Err() != nil {
		return
	}
	if c.Reading() {
		*e = NewEvidence(axis(resolution), true)
	}
	(*e).State(c)
}
