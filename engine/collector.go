package engine

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
)

// Collector accumulates an engine's news for callers that want all results at the end, such
// as the replay of a recording. The zero value is ready to use. It is not safe for
// concurrent use.
type Collector struct {
	Predictions []ledger.Prediction // settled so far; all of them after Finish, in order of issue
	Anomalies   []detect.Anomaly    // the last report of each, in the order they were first seen
	Unforecast  []*money.Bet        // closed bets of value that no forecast made

	news News
	seen map[detect.Key]int    // index into Anomalies
	bets map[string]*money.Bet // what is known of those of calls, by call
}

// Collect takes e's news since the last call.
func (c *Collector) Collect(e *Engine) {
	e.Drain(&c.news)
	c.Predictions = append(c.Predictions, c.news.Settled...)
	for i := range c.news.Anomalies {
		c.anomaly(&c.news.Anomalies[i])
	}
	for i := range c.news.Priced {
		c.priced(&c.news.Priced[i])
	}
}

func (c *Collector) anomaly(a *detect.Anomaly) {
	k := a.Key()
	if i, ok := c.seen[k]; ok {
		c.Anomalies[i] = *a
		return
	}
	if c.seen == nil {
		c.seen = map[detect.Key]int{}
	}
	c.seen[k] = len(c.Anomalies)
	c.Anomalies = append(c.Anomalies, *a)
}

func (c *Collector) priced(t *Told) {
	switch {
	case t.Call == "":
		c.Unforecast = append(c.Unforecast, t.Bet)
	case c.bets == nil:
		c.bets = map[string]*money.Bet{t.Call: t.Bet}
	default:
		c.bets[t.Call] = t.Bet
	}
}

// Finish finishes e and takes the remaining news, including pending predictions. It must be
// the last call.
func (c *Collector) Finish(e *Engine) {
	e.Finish()
	c.Collect(e)
	c.Predictions = append(c.Predictions, e.Pending()...)
	for i := range c.Predictions {
		p := &c.Predictions[i]
		if b := c.bets[p.ID]; b != nil && p.Outcome != ledger.AlreadyMoved {
			p.Money = b
		}
	}
	slices.SortFunc(c.Predictions, func(a, b ledger.Prediction) int { return ledger.Order(&a, &b) })
}
