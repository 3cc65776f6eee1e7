package oddsapi

import (
	"slices"
	"time"
)

// phase is how near a start is.
type phase string

const (
	nothing  phase = "no_events" // is known
	idle     phase = "idle"
	upcoming phase = "upcoming"
	inPlay   phase = "in_play"
	soon     phase = "soon"
)

const day = 24 * time.Hour

// step is the time between two captures in a phase; 0 none are made.
func (o *Options) step(p phase) time.Duration {
	switch p {
	case idle:
		return o.Idle
	case upcoming:
		return o.Upcoming
	case inPlay:
		return o.InPlay
	case soon:
		return o.Soon
	}
	return 0
}

// segment is a time in which a sport stays in one phase.
type segment struct {
	from, to time.Time
	phase    phase
}

// starts are when the events of a sport begin, in order, each time once. Nil means that nobody
// knows yet.
type starts []time.Time

func newStarts(times []time.Time) starts {
	slices.SortFunc(times, time.Time.Compare)
	return append(starts{}, slices.CompactFunc(times, time.Time.Equal)...)
}

// phase is the phase at a time, and until when it lasts, at most to.
func (s starts) phase(o *Options, at, to time.Time) (p phase, until time.Time) {
	i, _ := slices.BinarySearchFunc(s, at, func(x, at time.Time) int { // the first that is still to come
		if x.After(at) {
			return 1
		}
		return -1
	})
	p, until = nothing, to
	sooner := func(t time.Time) {
		if t.After(at) && t.Before(until) {
			until = t
		}
	}
	if s == nil || len(s) > 0 {
		p = idle
	}
	if i < len(s) {
		next := s[i]
		sooner(next)
		switch left := next.Sub(at); {
		case left <= o.SoonBefore:
			return soon, until
		case left <= day:
			p = upcoming
			sooner(next.Add(-o.SoonBefore))
		default:
			sooner(next.Add(-day))
		}
	}
	if o.InPlay > 0 && i > 0 && at.Sub(s[i-1]) < o.InPlayFor {
		sooner(s[i-1].Add(o.InPlayFor))
		if step := o.step(p); step == 0 || o.InPlay < step {
			p = inPlay
		}
	}
	return p, until
}

// segments calls f for each segment between two times until it returns false.
func (s starts) segments(o *Options, from, to time.Time, f func(segment) bool) {
	for from.Before(to) {
		p, until := s.phase(o, from, to)
		if !f(segment{from, until, p}) {
			return
		}
		from = until
	}
}

// due is when the next capture after one at a time is due, if the step of each phase is
// stretched; the zero time if that is not before to.
func (s starts) due(o *Options, last, to time.Time, stretch func(phase) float64) (at time.Time, p phase) {
	s.segments(o, last, to, func(x segment) bool {
		by := stretch(x.phase)
		step := float64(o.step(x.phase)) * by
		if step <= 0 || step > float64(to.Sub(last)) {
			return true
		}
		t := last.Add(time.Duration(step))
		if t.Before(x.from) {
			t = x.from
		}
		if t.Before(x.to) {
			at, p = t, x.phase
		}
		return at.IsZero()
	})
	return at, p
}

// first is the first time between two at which captures are made at all; the zero time if there is
// none.
func (s starts) first(o *Options, from, to time.Time) (at time.Time, p phase) {
	s.segments(o, from, to, func(x segment) bool {
		if o.step(x.phase) > 0 {
			at, p = x.from, x.phase
		}
		return at.IsZero()
	})
	return at, p
}

// cluster is how close starts are that share the capture just before them.
const cluster = 5 * time.Minute

// closings are the times of the captures just before starts, one a cluster of starts, between
// two times.
func (s starts) closings(o *Options, from, to time.Time) (out []time.Time) {
	var first time.Time
	for _, x := range s {
		if !first.IsZero() && x.Sub(first) <= cluster {
			continue
		}
		first = x
		switch c := x.Add(-o.Soon); {
		case c.After(to):
			return out
		case !c.Before(from):
			out = append(out, c)
		}
	}
	return out
}
