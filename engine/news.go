package engine

import (
	"cmp"
	"slices"

	"corrgraph/detect"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// News is what happened since the last [Engine.Drain], each list in the order it
// happened.
type News struct {
	Moves     []Move
	Issued    []ledger.Prediction // pending
	Settled   []ledger.Prediction // answered, with base rate and baselines; see Options.ScoreAtFinish
	Anomalies []detect.Anomaly    // raised, worsened, ended or suppressed: a later one of the same kind, event, nodes and At replaces it
	Touched   []string            // events that were quoted and are known, each once
	Forgotten []string            // events that were forgotten; one that is touched too came again afterwards
	Decided   bool                // families were judged
}

// Move is one increment of a series.
type Move struct {
	Node  odds.NodeID
	Event string
	At    odds.Time
	Raw   float64 // log-odds (or log price) as they moved
	Value float64 // after the move
	Price float64 // as quoted; 0 for a consensus
	RMS   float64 // of the node before the move; 0 unknown
}

// Drain exchanges the news for an emptied n, so that its memory is used again. News
// pile up until somebody drains them: after each batch at best, see [Collector].
func (e *Engine) Drain(n *News) {
	for _, id := range e.news.Touched {
		if ev := e.events[id]; ev != nil {
			ev.touched = false
		}
	}
	n.Moves, n.Issued, n.Settled = n.Moves[:0], n.Issued[:0], n.Settled[:0]
	n.Anomalies, n.Touched, n.Forgotten, n.Decided = n.Anomalies[:0], n.Touched[:0], n.Forgotten[:0], false
	e.news, *n = *n, e.news
}

// touch notes that an event was quoted.
func (e *Engine) touch(ev *event) {
	if !ev.touched {
		ev.touched = true
		e.news.Touched = append(e.news.Touched, ev.id)
	}
}

// tell reports the moves of the present batch. A consensus that leaves out one
// group is a measuring device of its pairs and nobody's news.
func (e *Engine) tell() {
	for i := range e.moved {
		mv := &e.moved[i]
		if n := mv.n; !n.consensus || n.m.sels[n.sel].cons == n {
			e.news.Moves = append(e.news.Moves, Move{n.ID, n.ev.id, mv.inc.At, mv.inc.Raw, n.Value, n.price(), mv.rms})
		}
	}
}

// settled takes a prediction that is answered.
func (e *Engine) settled(c closedCall) {
	if e.opt.ScoreAtFinish {
		e.calls.closed = append(e.calls.closed, c)
		return
	}
	e.score(&c)
}

// score reports an answered prediction, with its base rate and what the baselines
// would have called.
func (e *Engine) score(c *closedCall) {
	if c.Outcome.Matured() {
		c.Base, c.BaseN = c.base()
		c.Baselines = c.rival()
	}
	e.news.Settled = append(e.news.Settled, c.Prediction)
}

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
