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
		c.Values(&f.bins, &f.spans, &f.far, &f.moves, &f.ss, &f.ssRaw)
	}
	c.Values(&e.decoy)
	if len(e.decoy) == 0 {
		e.decoy = nil
	}
	if c.Reading() && c.Err() == nil && !e.fits() {
		c.Fail(state.ErrCorrupt)
	}
}

// fits reports whether the sums have the lengths of their axis.
func (e *Evidence) fits() bool {
	x := e.Axis
	for d := range e.flows {
		f := &e.flows[d]
		if len(f.bins) != x.Bins()+1 || len(f.spans) != len(x.spans) || len(f.far) != farBins {
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
