package react

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// large is the move in r.m.s. of its series that is a reaction: the same that makes calls.
const large = 2

// Keeper is the marks of an engine's events.
type Keeper struct {
	Unplaced int // marks of events without a price so far
	Dropped  int // marks of forgotten events beyond the newest reaction.Most

	board *board.Board
	of    map[*board.Event]*match
	past  []reaction.EventMark // scores of forgotten events, as they were forgotten
}

// New returns an empty keeper.
func New(b *board.Board) *Keeper { return &Keeper{board: b, of: map[*board.Event]*match{}} }

// Take takes a batch that the board has applied. Cost: O(1) while nothing was told of the events in
// it, else O(moves, and books of its events).
func (k *Keeper) Take(b *odds.Batch) {
	if len(k.of) > 0 {
		k.moves()
		for i, ev := range k.board.Quoted {
			if w := k.of[ev]; w != nil && (i == 0 || k.board.Quoted[i-1] != ev) {
				w.look(ev, k.board.Now)
			}
		}
	}
	for i := range b.Marks {
		k.say(b, &b.Marks[i])
	}
}

// moves takes the large moves of the present batch.
func (k *Keeper) moves() {
	for i := range k.board.Moved {
		mv := &k.board.Moved[i]
		n := mv.Node
		if n.Book == nil || !(mv.RMS > 0) || math.Abs(mv.Inc.Raw) < large*mv.RMS {
			continue
		}
		if w := k.of[n.Event]; w != nil {
			if x := w.find(n.Book); x != nil {
				w.jump(x, jump{mv.Inc.At.Add(-n.Resolution()), mv.Inc.At, reaction.Moved})
			}
		}
	}
}

// say takes a mark. What another source has told already is one.
func (k *Keeper) say(b *odds.Batch, m *odds.Mark) {
	known := k.board.Catalog.Called(b.Source, m.Event.ID)
	if known == nil || k.board.Event(known.ID) == nil {
		k.Unplaced++
		return
	}
	ev := k.board.Event(known.ID)
	w := k.of[ev]
	if w == nil {
		w = newMatch(b.At)
		k.of[ev] = w
		w.look(ev, k.board.Now)
	}
	for i := range slices.Backward(w.marks) {
		if x := &w.marks[i]; x.Kind == m.Kind {
			if x.Value == m.Value {
				return
			}
			break
		}
	}
	w.say(reaction.EventMark{
		Event: ev.ID, Sport: ev.Sport, League: ev.League, Kind: m.Kind, Value: m.Value, Was: m.Was, At: b.At, Ended: m.Ended, Books: []reaction.Reaction{},
	})
}

// Of lists the marks of an event, oldest first, with what is known of the reactions now; nil if
// there are none.
func (k *Keeper) Of(ev *board.Event) []reaction.EventMark {
	w := k.of[ev]
	if w == nil {
		return nil
	}
	return w.told(k.board.Now)
}

// told is a copy of the marks in which nothing is awaited any more.
func (w *match) told(now odds.Time) []reaction.EventMark {
	c := *w
	c.marks = slices.Clone(w.marks)
	if w.open >= 0 {
		c.marks[w.open].Books = slices.Clone(w.marks[w.open].Books)
		c.close(now, reaction.AtEnd)
	}
	return c.marks
}

// Scores lists the newest reaction.Most marks of scores, of forgotten events too, by time. Cost:
// O(marks · log marks).
func (k *Keeper) Scores() []reaction.EventMark {
	all := slices.Clone(k.past)
	for _, ev := range k.board.Order {
		for _, m := range k.Of(ev) {
			if m.Scored() {
				all = append(all, m)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b reaction.EventMark) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Value, b.Value))
	})
	return all[max(0, len(all)-reaction.Most):]
}

// Cause is the newest score that was told of an event before a time, if that is not longer ago than
// reactions are waited for; nil if there is none.
func (k *Keeper) Cause(event string, at odds.Time) *detect.Cause {
	ev := k.board.Event(event)
	if ev == nil || k.of[ev] == nil {
		return nil
	}
	for _, m := range slices.Backward(k.of[ev].marks) {
		if m.Scored() && m.At <= at && at <= m.At.Add(reaction.Horizon) {
			return &detect.Cause{Kind: m.Kind, Value: m.Value, Was: m.Was, At: m.At}
		}
	}
	return nil
}

// Forget drops events; their scores stay.
func (k *Keeper) Forget(gone map[*board.Event]bool) {
	for _, ev := range k.board.Order {
		if w := k.of[ev]; w != nil && gone[ev] {
			for _, m := range w.told(k.board.Now) {
				if m.Scored() {
					k.past = append(k.past, m)
				}
			}
			delete(k.of, ev)
		}
	}
	if n := len(k.past) - reaction.Most; n > 0 {
		k.Dropped += n
		k.past = slices.Delete(k.past, 0, n)
	}
}
