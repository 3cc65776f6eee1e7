package engine

import (
	"slices"
	"sort"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/engine/rival"
	"corrgraph/ledger"
	"corrgraph/ledger/rule"
	"corrgraph/odds"
)

// closedCall keeps what scoring a settled prediction needs.
type closedCall struct {
	ledger.Prediction
	pair           *family.Pair
	source, target *board.Node
}

// How far from a prediction the comparison times of equal activity may lie.
const (
	baseReach = 3 * 3_600_000 // ms
	baseMost  = 64            // times drawn per prediction
)

// settle takes a settled prediction: it is scored now or held for Finish.
func (s *forecasts) settle(c closedCall) {
	if s.hold {
		s.held = append(s.held, c)
		return
	}
	s.score(&c)
}

// score reports a settled prediction, with its base rate and the calls of its rivals.
func (s *forecasts) score(c *closedCall) {
	if c.Outcome.Matured() {
		c.Base, c.BaseN = c.base()
		c.Baselines = c.baselines()
	}
	s.news.Settled = append(s.news.Settled, c.Prediction)
}

// scoreHeld scores the predictions held for Finish.
func (s *forecasts) scoreHeld() {
	for i := range s.held {
		s.score(&s.held[i])
	}
	s.held = nil
}

// base is the base rate of a prediction: the share of times of equal activity at which a
// call of the same size would have been a hit. At such times a venue moved on the
// follower's selection, and neither leader nor follower did.
func (c *closedCall) base() (rate float64, n int) {
	times := c.target.Market.Selections[c.target.Sel].MovedAt
	lo, _ := slices.BinarySearch(times, c.IssuedAt.Add(-baseReach))
	hi, _ := slices.BinarySearch(times, c.IssuedAt.Add(baseReach))
	step := max(1, (hi-lo)/baseMost)
	hits := 0
	for i := lo; i < hi; i += step {
		t := times[i]
		if movedAt(c.source, t) || movedAt(c.target, t) {
			continue
		}
		n++
		if called(c.target, t, c.From.Sub(c.IssuedAt), c.To.Sub(c.IssuedAt), c.Size) {
			hits++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(hits) / float64(n), n
}

// baselines returns whether each baseline that made a call on the same occasion was right.
func (c *closedCall) baselines() map[string]bool {
	out := map[string]bool{}
	if c.Move == 0 {
		return out
	}
	slack := c.pair.Family.Slack()
	led := c.Led()
	c.pair.Family.Baselines(func(name string, r rival.Rule) {
		if name == rule.HayashiYoshida && !led {
			return // it names a leader
		}
		out[name] = called(c.target, c.IssuedAt, max(1, r.From-slack), r.To+slack, r.Beta*c.Move*c.pair.Sign)
	})
	return out
}

// after is the index of a node's first move at or after a time.
func after(n *board.Node, t odds.Time) int {
	moves := n.Moves()
	return sort.Search(len(moves), func(i int) bool { return moves[i].At >= t })
}

func movedAt(n *board.Node, t odds.Time) bool {
	i := after(n, t)
	return i < len(n.Moves()) && n.Moves()[i].At == t
}

// called reports whether a call of the given size issued at t would have been a hit.
func called(n *board.Node, t odds.Time, from, to odds.Millis, size float64) bool {
	moves := n.Moves()
	var at []odds.Time
	var raw []float64
	for i := after(n, t+1); i < len(moves) && moves[i].At <= t.Add(to); i++ {
		at, raw = append(at, moves[i].At), append(raw, moves[i].Raw)
	}
	return rule.Called(at, raw, t, t.Add(from), t.Add(to), size)
}
