package engine

import (
	"cmp"
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Collector gathers the news of an engine whose conclusions are wanted together at
// the end, as of a recording. Its zero value is ready. It is for one goroutine.
type Collector struct {
	Predictions []ledger.Prediction // answered so far; after Finish all, in the order they were issued
	Anomalies   []detect.Anomaly    // each as it was reported last, in the order they were first seen

	news News
	seen map[anomalyKey]int // index into Anomalies
}

// anomalyKey is what makes an anomaly the one that a later report replaces.
type anomalyKey struct {
	kind, event string
	node        odds.NodeID
	at          odds.Time
}

// Collect takes the news of e since the last call.
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

// Finish finishes e and takes what is left, pending predictions included. It is the
// last call.
func (c *Collector) Finish(e *Engine) {
	e.Finish()
	c.Collect(e)
	c.Predictions = append(c.Predictions, e.Pending()...)
	slices.SortFunc(c.Predictions, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
	})
}
