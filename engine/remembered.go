package engine

import (
	"cmp"
	"slices"
	"sort"

	"corrgraph/engine/board"
	"corrgraph/odds"
	"corrgraph/series"
)

// Remembered is the move history of an event's series.
type Remembered struct {
	Since odds.Time  // no move is missing from then on; 0 if none is remembered
	Moves []PastMove // oldest first; moves of one instant ordered by node
	Older int        // remembered moves before these
	Newer int        // remembered moves after these
}

// PastMove is one increment as a series remembers it.
type PastMove struct {
	Node odds.NodeID
	At   odds.Time
	Raw  float64 // log-odds (or log price), the move as observed
	RMS  float64 // of the node's moves until now; 0 unknown
	Seen
}

// Remembered returns the newest `most` remembered moves of an event's series from `from` to
// `to`, both included. ok is false if there is no such event. As in the news, leave-one-out
// consensuses are excluded. Moves of the earlier phase are dropped when a venue goes in
// play. Cost: moves returned × series of the event, about a nanosecond each.
func (e *Engine) Remembered(id string, from, to odds.Time, most int) (r Remembered, ok bool) {
	return RememberedBy(e.board, id, from, to, most)
}

// RememberedBy is Remembered of a board alone.
func RememberedBy(b *board.Board, id string, from, to odds.Time, most int) (r Remembered, ok bool) {
	ev := b.Event(id)
	if ev == nil {
		return r, false
	}
	var rest []unread
	var pre, live odds.Time // the first move in each phase
	for _, n := range public(ev) {
		moves := n.Moves()
		if len(moves) == 0 {
			continue
		}
		first := moves[0].At
		if n.Count() > len(moves) {
			r.Since = max(r.Since, first)
		}
		begun := &pre
		if n.Live {
			begun = &live
		}
		if *begun == 0 || first < *begun {
			*begun = first
		}
		lo := sort.Search(len(moves), func(i int) bool { return moves[i].At >= from })
		hi := lo + sort.Search(len(moves)-lo, func(i int) bool { return moves[lo+i].At > to })
		r.Older += lo
		r.Newer += len(moves) - hi
		rest = append(rest, unread{n, moves[lo:hi]})
	}
	r.Since = max(r.Since, cmp.Or(live, pre))
	for len(r.Moves) < most {
		t := newest(rest)
		if t == nil {
			break
		}
		last := t.moves[len(t.moves)-1]
		t.moves = t.moves[:len(t.moves)-1]
		r.Moves = append(r.Moves, PastMove{t.n.ID, last.At, last.Raw, t.n.RMS(), seen(t.n, last.Stamp)})
	}
	slices.Reverse(r.Moves)
	for i := range rest {
		r.Older += len(rest[i].moves)
	}
	return r, true
}

// unread is the rest of a series, to be read from its end.
type unread struct {
	n     *board.Node
	moves []series.Increment
}

// newest is the series whose last unread move is the newest; nil if all are read.
func newest(rest []unread) (best *unread) {
	var at odds.Time
	for i := range rest {
		t := &rest[i]
		if len(t.moves) == 0 {
			continue
		}
		if own := t.moves[len(t.moves)-1].At; best == nil || own > at || own == at && t.n.ID > best.n.ID {
			best, at = t, own
		}
	}
	return best
}

// public are the series whose moves are published: those of venues and of the full
// consensus.
func public(ev *board.Event) (out []*board.Node) {
	for _, m := range ev.Markets {
		m.Series(func(n *board.Node) {
			if n.Public() {
				out = append(out, n)
			}
		})
	}
	return out
}
