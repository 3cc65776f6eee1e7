package engine

import (
	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// News is what happened since the last [Engine.Drain]. Each list is in order of occurrence.
type News struct {
	Moves     []Move
	Issued    []ledger.Prediction // pending
	Settled   []ledger.Prediction // settled, with base rate and baselines; see Options.ScoreAtFinish
	Anomalies []detect.Anomaly    // raised, worsened, ended or suppressed; a later one replaces an earlier one of the same kind, event, nodes and At
	Touched   []string            // known events that were quoted, each once
	Forgotten []string            // forgotten events; one that is also touched has come back since
	Decided   bool                // families were judged
}

// Move is one increment of a series.
type Move struct {
	Node  odds.NodeID
	Event string
	At    odds.Time
	Raw   float64 // log-odds (or log price), the move as observed
	Value float64 // after the move
	Price float64 // as quoted; 0 for a consensus
	RMS   float64 // of the node before the move; 0 unknown
}

// Drain exchanges the news for an emptied n, to reuse its memory. News accumulate until
// drained, ideally after each batch; see [Collector].
func (e *Engine) Drain(n *News) {
	e.news.Touched = e.board.TakeTouched(e.news.Touched)
	n.Moves, n.Issued, n.Settled = n.Moves[:0], n.Issued[:0], n.Settled[:0]
	n.Anomalies, n.Touched, n.Forgotten, n.Decided = n.Anomalies[:0], n.Touched[:0], n.Forgotten[:0], false
	*e.news, *n = *n, *e.news
}

// tell adds the moves of a batch.
func (n *News) tell(moved []board.Move) {
	for i := range moved {
		mv := &moved[i]
		if x := mv.Node; x.Public() {
			n.Moves = append(n.Moves, Move{x.ID, x.Event.ID, mv.Inc.At, mv.Inc.Raw, x.Value, x.Price(), mv.RMS})
		}
	}
}
