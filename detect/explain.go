package detect

import (
	"fmt"
	"strings"
)

// Explain describes the anomaly and the numbers compared in one sentence, for
// Evidence.Text. Detectors leave the text empty, because most candidates are never read;
// [Policy] fills it in.
func (a *Anomaly) Explain() string {
	var b strings.Builder
	for i, n := range a.Nodes {
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(string(n))
	}
	v := &a.Evidence
	switch a.Kind {
	case Arbitrage:
		fmt.Fprintf(&b, ": best prices win %.2f %% for certain, before fees and limits", 100*a.Size)
		if a.Size > PalpableError {
			b.WriteString("; so much is almost certainly a wrong price")
		}
	case External:
		fmt.Fprintf(&b, ": %s %.3g, written by another program, no history to compare with", v.Unit, v.Now)
	case HiddenEdge:
		fmt.Fprintf(&b, ": the leader has moved, %+.3g log-odds are due, %+.3g have come", v.Usual, v.Now)
	default:
		fmt.Fprintf(&b, ": %s; %.4g %s, usually %.4g ± %.2g (n = %d)", Describe(a.Kind), v.Now, v.Unit, v.Usual, v.Spread, v.N)
	}
	return b.String()
}
