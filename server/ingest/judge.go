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

// judge classifies each batch: refused as late or future, duplicate, or fresh. It reads no
// clock and is for one goroutine.
type judge struct {
	stage *stage // what was accepted, and how far the frontier is
	known *ticklog.Seen
	names interner

	// Of the group that is being judged:
	added []uint64             // hashes
	group map[string]odds.Time // newest event time of each source, at most the clock
}

func newJudge(s *stage, remember int) judge {
	return judge{stage: s, known: ticklog.NewSeen(remember), names: interner{}, group: map[string]odds.Time{}}
}

// begin begins a group.
func (j *judge) begin() {
	j.added = j.added[:0]
	clear(j.group)
}

// undo forgets the group, which could not be appended.
func (j *judge) undo() {
	for _, h := range j.added {
		j.known.Remove(h)
	}
	j.begin()
}

// sift fills in the receipt of a request and its fresh batches, in order. now is
// the wall clock; skew is how far ahead of it a tick may be.
func (j *judge) sift(r *request, now odds.Time, skew odds.Millis) {
	for i, b := range r.batches {
		if reason, detail := j.bar(b, now, skew); reason != "" {
			if j.knows(b) && (reason == late || len(b.Updates)+len(b.Marks) > 0) {
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
		said := j.unsaid(b)
		if len(fresh)+len(said) == 0 && len(b.Updates)+len(b.Marks) > 0 {
			continue
		}
		r.receipt.Accepted += n
		own := *b
		own.Updates, own.Marks, own.Late = fresh, said, j.stage.late(b.At)
		r.fresh = append(r.fresh, &own)
		j.group[b.Source] = max(j.newest(b.Source), min(b.At, now))
	}
	ordered(r.fresh)
}

// newest returns the newest event time accepted of a source. A batch ahead of the clock counts
// as of its time when it came: a source that is ahead makes nobody late.
func (j *judge) newest(source string) odds.Time {
	if at, ok := j.group[source]; ok {
		return at
	}
	return j.stage.marks.newest(source)
}

// remember records that the updates of a batch are in the log.
func (j *judge) remember(b *odds.Batch) {
	for i := range b.Updates {
		j.known.Add(j.known.Hash(b, &b.Updates[i]))
	}
	for i := range b.Marks {
		j.known.Add(j.known.HashMark(b, &b.Marks[i]))
	}
}

// bar returns why a batch must be refused; empty if it need not be.
func (j *judge) bar(b *odds.Batch, now odds.Time, skew odds.Millis) (reason, detail string) {
	bound := j.stage.marks.outOfOrder(b.Source)
	switch newest := j.newest(b.Source); {
	case newest != odds.Ever && b.At < newest.Add(-bound):
		return late, fmt.Sprintf("%s is more than %s older than the newest tick of source %s, %s: ingest.out_of_order, or ingest.sources for this one, says how much may be",
			b.At, bound.Std(), shown(b.Source), newest)
	case b.At > now.Add(skew):
		return future, fmt.Sprintf("%s is more than %s ahead of the clock, which says %s", b.At, skew.Std(), now)
	}
	return "", ""
}

// knows reports whether all updates and marks of b are duplicates.
func (j *judge) knows(b *odds.Batch) bool {
	for i := range b.Updates {
		if !j.known.Has(j.known.Hash(b, &b.Updates[i])) {
			return false
		}
	}
	return !slices.ContainsFunc(b.Marks, func(m odds.Mark) bool { return !j.known.Has(j.known.HashMark(b, &m)) })
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

// unsaid is unknown of marks.
func (j *judge) unsaid(b *odds.Batch) (said []odds.Mark) {
	for i := range b.Marks {
		m := b.Marks[i]
		if h := j.known.HashMark(b, &m); j.known.Add(h) {
			j.added = append(j.added, h)
			m.Event = j.names.event(b.Source, m.Event)
			said = append(said, m)
		}
	}
	return said
}
