package detect

import (
	"fmt"
	"slices"
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
	case Arbitrage, LayArbitrage:
		fmt.Fprintf(&b, ": best prices win %.2f %% whichever outcome wins, before limits", 100*a.Size)
		if v.Bets != nil && slices.ContainsFunc(v.Bets.Legs, func(l Bet) bool { return l.FeeUnknown }) {
			b.WriteString("; the fee of an exchange is unknown and not deducted")
		}
		if a.Size > PalpableError {
			b.WriteString("; so much is almost certainly a wrong price")
		}
	case External:
		fmt.Fprintf(&b, ": %s %.3g, written by another program, no history to compare with", v.Unit, v.Now)
	case Value:
		fmt.Fprintf(&b, ": by the fair probability of %d other groups of venues it is worth %+.2f %% of the stake after fees; a forecast says that the price may move, not who wins", v.N, 100*v.Now)
	case LeaderChanged, LeaderLost:
		fmt.Fprintf(&b, ": %s; %.0f %% of the last %d waves were answered, before at least %.0f %%", Describe(a.Kind), 100*v.Now, v.N, 100*v.Usual)
	case HiddenEdge:
		fmt.Fprintf(&b, ": the leader has moved, %+.3g log-odds are due, %+.3g have come", v.Usual, v.Now)
		if v.Origin != nil {
			fmt.Fprintf(&b, "; %v", v.Origin)
		}
	default:
		fmt.Fprintf(&b, ": %s; %.4g %s, usually %.4g ± %.2g (n = %d)", Describe(a.Kind), v.Now, v.Unit, v.Usual, v.Spread, v.N)
	}
	return b.String()
}
