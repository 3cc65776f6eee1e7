package engine

import (
	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/worth"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// News is what happened since the last [Engine.Drain]. Each list is in order of occurrence.
type News struct {
	Moves     []Move
	Issued    []ledger.Prediction // pending; at the end of their instant
	Revised   []ledger.Prediction // pending, with what they state now
	Answered  []ledger.Prediction // with their outcome, each once; Half may still be unknown
	Settled   []ledger.Prediction // settled, with base rate and baselines; see Options.ScoreAtFinish
	Anomalies []detect.Anomaly    // raised, worsened, ended, suppressed or marked; a later one replaces an earlier one of the same kind, event, nodes and At
	Priced    []worth.Told        // bets of which more has become known: of calls, and those that no forecast made once they are closed
	Touched   []string            // known events that were quoted, each once
	Forgotten []string            // forgotten events; one that is also touched has come back since
	Decided   bool                // families were judged, or one is found to be changing
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
	Seen
}

// Seen is how surely the time of a move is known.
type Seen struct {
	Own        odds.Time   // the venue's own stamp of the new price; 0 unknown
	Resolution odds.Millis // how much earlier it may have moved; 0 for a consensus
	Live       bool        // the venue quotes it in play
}

func seen(n *board.Node, own odds.Time) Seen {
	s := Seen{Own: own, Live: n.Live}
	if n.Book != nil {
		s.Resolution = n.Book.Resolution()
	}
	return s
}

// Drain exchanges the news for an emptied n, to reuse its memory. News accumulate until
// drained, ideally after each batch; see [Collector].
func (e *Engine) Drain(n *News) {
	e.news.Touched = e.board.TakeTouched(e.news.Touched)
	n.Moves, n.Issued, n.Revised, n.Answered, n.Settled = n.Moves[:0], n.Issued[:0], n.Revised[:0], n.Answered[:0], n.Settled[:0]
	n.Anomalies, n.Priced, n.Touched, n.Forgotten, n.Decided = n.Anomalies[:0], n.Priced[:0], n.Touched[:0], n.Forgotten[:0], false
	*e.news, *n = *n, *e.news
}

// tell adds the moves of a batch.
func (n *News) tell(moved []board.Move) {
	for i := range moved {
		mv := &moved[i]
		if x := mv.Node; x.Public() {
			n.Moves = append(n.Moves, Move{x.ID, x.Event.ID, mv.Inc.At, mv.Inc.Raw, x.Value, x.Price(), mv.RMS, seen(x, mv.Inc.Stamp)})
		}
	}
}
