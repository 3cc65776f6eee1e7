package engine

import (
	"corrgraph/detect"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// News is what happened since the last [Engine.Drain], each list in the order it
// happened.
type News struct {
	Moves     []Move
	Issued    []ledger.Prediction // pending
	Settled   []ledger.Prediction // answered, with base rate and rivals
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

// Drain exchanges the news for an emptied n, so that its memory is used again. It
// says something only with Options.Stream.
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
	if e.opt.Stream && !ev.touched {
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

// settled takes a prediction that is answered: as news of a stream, else to be
// scored when the recording has ended. A stream's base rate is drawn from what
// came before the answer, a recording's from both sides of the forecast.
func (e *Engine) settled(c closedCall) {
	if !e.opt.Stream {
		e.calls.closed = append(e.calls.closed, c)
		return
	}
	if c.Outcome.Matured() {
		c.Base, c.BaseN = c.base()
		c.Baselines = c.rival()
	}
	e.news.Settled = append(e.news.Settled, c.Prediction)
}
