package engine

import (
	"cmp"
	"slices"
	"sort"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/internal/heap"
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

// Past is the series of an event whose moves are published, those of venues and of the full
// consensus, at one instant. It may be read elsewhere while the engine goes on.
type Past []past

// past is one series.
type past struct {
	board.Node
	resolution odds.Millis
}

// Past takes out the series of an event, if there is such an event. Several may call it at once,
// but beside nothing else. Cost: O(series of the event).
func (e *Engine) Past(id string) (Past, bool) { return PastOf(e.board, id) }

// PastOf is Past of a board alone.
func PastOf(b *board.Board, id string) (p Past, ok bool) {
	ev := b.Event(id)
	if ev == nil {
		return nil, false
	}
	for _, m := range ev.Markets {
		m.Series(func(n *board.Node) {
			if n.Public() {
				p = append(p, past{family.Still(n), seen(n, 0).Resolution})
			}
		})
	}
	return p, true
}

// Newest returns the newest `most` remembered moves from `from` to `to`, both included. Moves of
// the earlier phase are dropped when a venue goes in play. Cost: O(moves returned · log series).
func (p Past) Newest(from, to odds.Time, most int) (r Remembered) {
	rest := heap.New((*unread).after)
	var pre, live odds.Time // the first move in each phase
	for i := range p {
		n, moves := &p[i], p[i].Moves()
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
		r.Older += hi
		r.Newer += len(moves) - hi
		if hi > lo {
			rest.Push(&unread{n, moves[lo:hi]})
		}
	}
	r.Since = max(r.Since, cmp.Or(live, pre))
	for len(r.Moves) < most && rest.Len() > 0 {
		t, last := rest.Top(), rest.Top().last()
		r.Moves = append(r.Moves, PastMove{t.n.ID, last.At, last.Raw, t.n.RMS(), Seen{last.Stamp, t.n.resolution, t.n.Live}})
		if t.moves = t.moves[:len(t.moves)-1]; len(t.moves) == 0 {
			rest.Pop()
		} else {
			rest.Fix()
		}
	}
	slices.Reverse(r.Moves)
	r.Older -= len(r.Moves)
	return r
}

// unread is the rest of a series, to be read from its end. There is at least one move.
type unread struct {
	n     *past
	moves []series.Increment
}

func (u *unread) last() *series.Increment { return &u.moves[len(u.moves)-1] }

// after reports whether the last move is newer than another's.
func (u *unread) after(o *unread) bool {
	return cmp.Or(cmp.Compare(u.last().At, o.last().At), cmp.Compare(u.n.ID, o.n.ID)) > 0
}
