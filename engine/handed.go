package engine

import (
	"fmt"
	"io"

	"corrgraph/engine/family"
	"corrgraph/internal/state"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

const verdictsMagic = "corrgraph verdicts\n"

// SaveVerdicts writes verdicts that a Now engine has not obeyed yet, for [RestoreVerdicts].
func SaveVerdicts(w io.Writer, all []*Verdicts) error {
	c := state.NewWriter(w, verdictsMagic, StateVersion)
	codeVerdicts(c, &all)
	if err := c.Close(); err != nil {
		return fmt.Errorf("engine: save verdicts: %w", err)
	}
	return nil
}

// RestoreVerdicts reads what SaveVerdicts has written; errors are those of [Restore].
func RestoreVerdicts(r io.Reader) (all []*Verdicts, err error) {
	defer func() {
		if x := recover(); x != nil {
			all, err = nil, fmt.Errorf("engine: restore verdicts: %w: %v", state.ErrCorrupt, x)
		}
	}()
	c, err := state.NewReader(r, verdictsMagic, StateVersion)
	if err == nil {
		codeVerdicts(c, &all)
		err = c.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("engine: restore verdicts: %w", err)
	}
	return all, nil
}

func codeVerdicts(c *state.Coder, all *[]*Verdicts) {
	axes := map[odds.Millis]*leadlag.Axis{}
	axis := func(r odds.Millis) *leadlag.Axis {
		if axes[r] == nil {
			axes[r] = leadlag.NewAxis(r)
		}
		return axes[r]
	}
	state.Slice(c, all, func(p **Verdicts) {
		if c.Reading() {
			*p = &Verdicts{families: &family.Verdicts{}}
		}
		v := *p
		c.Values(&v.At, &v.decided, &v.decision)
		v.families.State(c, axis)
		state.Slice(c, &v.found, func(f *finding) { c.Values(&f.anomaly, &f.first) })
	})
}
