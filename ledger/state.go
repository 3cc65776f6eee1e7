package ledger

import "corrgraph/internal/state"

// State saves the prediction and the quotes seen so far, or restores them.
func (o *Open) State(c *state.Coder) {
	c.Values(&o.Prediction, &o.Start, &o.Until, &o.seen, &o.done, &o.last)
}
