package engine

import (
	"cmp"
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Collector accumulates an engine's news for callers that want all results at the end, such
// as the replay of a recording. The zero value is ready to use. It is not safe for
// concurrent use.
type Collector struct {
	Predictions []ledger.Prediction // settled so far; all of them after Finish, in order of issue
	Anomalies   []detect.Anomaly    // the last report of each, in the order they were first seen

	news News
	seen map[anomalyKey]int // index into Anomalies
}

// anomalyKey identifies an anomaly across its reports: a later one replaces an earlier one.
type anomalyKey struct {
	kind, event string
	node        odds.NodeID
	at          odds.Time
}

// Collect takes e's news since the last call.
func (c *Collector) Collect(e *Engine) {
	e.Drain(&c.news)
	c.Predictions = append(c.Predictions, c.news.Settled...)
	for i := range c.news.Anomalies {
		c.anomaly(&c.news.Anomalies[i])
	}
}

func (c *Collector) anomaly(a *detect.Anomaly) {
	k := anomalyKey{kind: a.Kind, event: a.Event, at: a.At}
	if len(a.Nodes) > 0 {
		k.node = a.Nodes[len(a.Nodes)-1]
	}
	if i, ok := c.seen[k]; ok {
		c.Anomalies[i] = *a
		return
	}
	if c.seen == nil {
		c.seen = map[anomalyKey]int{}
	}
	c.seen[k] = len(c.Anomalies)
	c.Anomalies = append(c.Anomalies, *a)
}

// Finish finishes e and takes the remaining news, including pending predictions. It must be
// the last call.
func (c *Collector) Finish(e *Engine) {
	e.Finish()
	c.Collect(e)
	c.Predictions = append(c.Predictions, e.Pending()...)
	slices.SortFunc(c.Predictions, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
	})
}
