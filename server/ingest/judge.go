package ingest

import (
	"fmt"
	"slices"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Reasons for refusing a batch.
const (
	late   = "late"
	future = "future"
)

// judge classifies each batch: late, future, duplicate or fresh. It reads no clock
// and is for one goroutine.
type judge struct {
	outOfOrder odds.Millis
	newest     odds.Time // of accepted batches
	present    odds.Time // newest of those that were not ahead of the clock
	floor      odds.Time // batches at or before it are late
	known      *ticklog.Seen
	added      []uint64 // hashes added since the last mark
	names      interner
}

func newJudge(outOfOrder odds.Millis, remember int) judge {
	return judge{outOfOrder: outOfOrder, newest: odds.Ever, present: odds.Ever, floor: odds.Ever, known: ticklog.NewSeen(remember), names: interner{}}
}

// mark is a state to which the judge can return.
type mark struct{ newest, present, floor odds.Time }

func (j *judge) mark() mark {
	j.added = j.added[:0]
	return mark{j.newest, j.present, j.floor}
}

// undo forgets what was judged since the last mark, when it could not be appended.
func (j *judge) undo(m mark) {
	j.newest, j.present, j.floor = m.newest, m.present, m.floor
	for _, h := range j.added {
		j.known.Remove(h)
	}
}

// sift fills in the receipt of a request and its fresh batches, in order. now is
// the wall clock; skew is how far ahead of it a tick may be.
func (j *judge) sift(r *request, now odds.Time, skew odds.Millis) {
	for i, b := range r.batches {
		if reason, detail := j.bar(b, now, skew); reason != "" {
			if j.knows(b) && (reason == late || len(b.Updates) > 0) {
				r.receipt.Duplicates += b.Quotes() // late or ahead, but only a repetition
				continue
			}
			r.receipt.Refused = append(r.receipt.Refused, Refusal{i, reason, detail, b.Quotes()})
			continue
		}
		fresh := j.unknown(b)
		n := 0
		for k := range fresh {
			n += fresh[k].Prices()
			fresh[k].Event = j.names.event(b.Source, fresh[k].Event)
		}
		r.receipt.Duplicates += b.Quotes() - n
		if len(fresh) == 0 && len(b.Updates) > 0 {
			continue
		}
		r.receipt.Accepted += n
		own := *b
		own.Updates = fresh
		r.fresh = append(r.fresh, &own)
		j.come(b.At, now)
	}
	ordered(r.fresh)
}

// recall records a batch that is in the log.
func (j *judge) recall(b *odds.Batch, now odds.Time) {
	for i := range b.Updates {
		u := &b.Updates[i]
		j.known.Add(j.known.Hash(b, u))
		u.Event = j.names.event(b.Source, u.Event)
	}
	j.come(b.At, now)
}

// come advances the time before which batches are late. A batch ahead of the clock
// advances it no further than to the clock: one source that is ahead makes no other late.
func (j *judge) come(at, now odds.Time) {
	j.newest = max(j.newest, at)
	if at <= now {
		j.present = max(j.present, at)
	}
	j.floor = max(j.floor, min(j.newest, now).Add(-j.outOfOrder)-1)
}

// close makes late whatever is not newer than the accepted ticks and their
// coalescing window, so that nothing need wait for it. It returns the time up to which
// that is so, and whether it changed anything. Ticks ahead of the clock go on waiting.
func (j *judge) close(window odds.Millis, now odds.Time) (until odds.Time, changed bool) {
	until = j.newest
	if until > now {
		until = j.present
	}
	if until == odds.Ever || j.floor >= until {
		return until, false
	}
	j.floor = until.Add(window)
	return until, true
}

// turned reports whether the clock was put back: ticks have been applied that are further
// ahead of it than any may be, and b, which is of the present, would be late for that
// reason alone.
func (j *judge) turned(b *odds.Batch, now odds.Time, skew odds.Millis) bool {
	return j.floor > now.Add(skew) && b.At <= now.Add(skew) && !j.knows(b)
}

// bar returns why a batch must be refused; empty if it need not be.
func (j *judge) bar(b *odds.Batch, now odds.Time, skew odds.Millis) (reason, detail string) {
	switch {
	case b.At <= j.floor:
		return late, fmt.Sprintf("%s is too late to take its place: ticks up to %s have been applied", b.At, j.floor)
	case b.At > now.Add(skew):
		return future, fmt.Sprintf("%s is more than %s ahead of the clock, which says %s", b.At, skew.Std(), now)
	}
	return "", ""
}

// knows reports whether all updates of b are duplicates.
func (j *judge) knows(b *odds.Batch) bool {
	for i := range b.Updates {
		if !j.known.Has(j.known.Hash(b, &b.Updates[i])) {
			return false
		}
	}
	return true
}

// unknown returns the updates of b that are not duplicates, and records them.
func (j *judge) unknown(b *odds.Batch) []odds.Update {
	fresh := make([]odds.Update, 0, len(b.Updates))
	for i := range b.Updates {
		if h := j.known.Hash(b, &b.Updates[i]); j.known.Add(h) {
			j.added = append(j.added, h)
			fresh = append(fresh, b.Updates[i])
		}
	}
	return fresh
}

// interner returns the same pointer for a source event as long as its description
// is unchanged: the engine looks events up by it.
type interner map[[2]string]*odds.Event

const internMost = 1 << 17

func (t *interner) event(source string, e *odds.Event) *odds.Event {
	k := [2]string{source, e.ID}
	if was := (*t)[k]; was != nil && equal(was, e) {
		return was
	}
	if len(*t) >= internMost {
		*t = interner{}
	}
	(*t)[k] = e
	return e
}

// equal reports whether two descriptions are equal.
func equal(a, b *odds.Event) bool {
	return a == b || a.Sport == b.Sport && a.League == b.League && a.Start == b.Start && a.Home == b.Home && a.Away == b.Away &&
		a.Title == b.Title && slices.Equal(a.Participants, b.Participants)
}
