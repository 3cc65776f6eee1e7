package family

import (
	"cmp"
	"iter"
	"slices"

	"corrgraph/engine/adopted"
	"corrgraph/engine/board"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Bet bets on the waves of the known edges that are over by a time, and lets those whose
// followers no longer answer forget what they showed before; changed reports whether there are
// any. Decide does so too; in between a change is noticed sooner. Call it only when all moves of an
// instant are in. Cost: O(pairs of known edges + their new moves).
func (s *Families) Bet(at odds.Time) (changed bool) {
	heard := s.heard()
	for _, f := range s.list {
		if f.known == nil || f.ev == nil || !f.known.Take(f.series(heard, at), at, f.Directed()) {
			continue
		}
		s.correlate() // what is remembered is about to be counted
		if f.former == nil {
			f.former = &former{f.Verdict, f.since}
		}
		f.since = f.known.Since()
		s.rebuild(f, f.ev.Axis, &s.work)
		changed = true
		s.rounds++ // edges are shown anew
	}
	return changed
}

// parts is in how many parts the evidence of a memory is kept.
const parts = 4

// turn closes the present part of all evidence once it is over, and forgets what is older than
// the memory.
func (s *Families) turn(at odds.Time) {
	if s.opt.Memory == 0 {
		return
	}
	span := odds.Time(s.opt.Memory / parts)
	was := cmp.Or(s.turned, at/span)
	s.turned = at / span
	since := (s.turned - parts + 1) * span
	if was >= s.turned {
		return
	}
	for _, f := range s.list {
		if f.ev == nil || !slices.ContainsFunc(f.pairs, func(p *Pair) bool { return p.Event.Last >= at.Add(-odds.Millis(span)) }) {
			continue // out of season: nothing newer speaks against what it showed
		}
		f.since = max(f.since, since)
		for range min(parts, s.turned-was) {
			f.ev.Turn(parts-1, since)
		}
		for _, p := range f.pairs {
			p.cluster = nil
		}
	}
}

// former is a family before it began to change.
type former struct {
	verdict leadlag.Verdict
	since   odds.Time
}

// asFormer runs do with the families of a layer that are changing as they were before: that is
// what they depart from.
func (s *Families) asFormer(layer odds.Layer, do func()) {
	exchange := func() {
		for _, f := range s.list {
			if o := f.former; o != nil && f.Key.Layer == layer {
				f.Verdict, o.verdict, f.since, o.since = o.verdict, f.Verdict, o.since, f.since
			}
		}
	}
	exchange()
	do()
	exchange()
}

// heard is when each venue was quoted last.
func (s *Families) heard() map[*board.Venue]odds.Time {
	out := map[*board.Venue]odds.Time{}
	for _, ev := range s.board.Order {
		for _, m := range ev.Markets {
			for _, b := range m.Books {
				out[b.Venue] = max(out[b.Venue], b.SeenAt)
			}
		}
	}
	return out
}

// quietFor is how long after its last quote an event has no waves any more.
const quietFor = odds.Millis(6 * 3_600_000)

// series are the pairs of a known edge of the events that are quoted.
func (f *Family) series(heard map[*board.Venue]odds.Time, at odds.Time) (out []adopted.Series) {
	for _, p := range f.pairs {
		if p.Event.Last < at.Add(-quietFor) {
			continue
		}
		a, b := p.A, p.B
		if f.known.Back() {
			a, b = p.B, p.A
		}
		x := adopted.Series{Event: p.Event.ID, Leader: a.Moves(), Follower: b.Moves(), RMS: a.RMS(), Sign: p.Sign, Heard: b.LastSeen()}
		if src := b.Source(); b.Book != nil && src != nil && !src.Polled && b.Open {
			x.Heard = heard[b.Book.Venue] // a stream's price stands until it says otherwise
		}
		out = append(out, x)
	}
	return out
}

// adopt takes a decision to the edge under watch, if there is or should be one. Links of
// matches are not watched: they have hours of the day and days of the week of their own, which
// their histories know.
func (f *Family) adopt(at odds.Time) {
	var r *adopted.Rule
	if l := &f.Verdict.Link; f.Key.Layer < odds.CrossEvent && f.Directed() && l.LagHigh > 0 && l.Beta != 0 {
		slack := f.Slack()
		r = &adopted.Rule{Back: f.Verdict.Leader == leadlag.BA, Beta: l.Beta, From: max(1, l.LagLow-slack), To: l.LagHigh + slack}
	}
	if f.known != nil && !f.known.Judged(r, at) {
		f.known = nil
	} else if f.known == nil && r != nil {
		f.known = adopted.New(*r, at)
	}
	if !f.known.Changing() {
		f.former = nil
	}
}

// Told yields a pair of each known edge of a layer that is changing: once for each event that
// was watched when it was noticed and is quoted still.
func (s *Families) Told(layer odds.Layer, at odds.Time) iter.Seq[*Pair] {
	return func(yield func(*Pair) bool) {
		for _, f := range s.list {
			if f.Key.Layer != layer || f.former == nil || !f.known.Told() {
				continue
			}
			event := ""
			for _, p := range f.pairs {
				if p.Event.ID != event && p.first < f.known.Since() && p.Event.Last >= at.Add(-quietFor) {
					if event = p.Event.ID; !yield(p) {
						return
					}
				}
			}
		}
	}
}

// Known is the edge under watch, and its verdict before it began to change; nil if it is not
// changing.
func (f *Family) Known() (*adopted.Edge, *leadlag.Verdict) {
	if f.former == nil {
		return f.known, nil
	}
	return f.known, &f.former.verdict
}
