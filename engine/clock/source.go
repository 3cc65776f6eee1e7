package clock

import (
	"cmp"
	"maps"
	"slices"

	"corrgraph/odds"
)

// Source is one clock: that of a stream, or of one request that is polled again and again.
// Requests that split a source between them are clocks of their own.
type Source struct {
	Name   string
	Polled bool
	Clock  Poll
	Joined bool // the present poll follows the last one

	stated   odds.Millis
	since    odds.Time // answers from before it were to another request
	newest   *Answer   // to any request of the source
	first    *Source   // the source's first request; nil for that one and for streams
	requests []*Source // further requests of the source
}

// Resolution is the smallest time difference the source's stamps can distinguish; 0 if
// unknown.
func (s *Source) Resolution() odds.Millis {
	r := s.stated
	switch {
	case s.Polled && s.first != nil && s.Clock.Step() == 0:
		r = max(r, s.first.Clock.Step())
	case s.Polled:
		r = max(r, s.Clock.Step())
	case r == 0:
		r = 20
	}
	return min(r, odds.Coarsest)
}

// Lasts reports whether what the source said so long ago is relied on: a stream's prices stand.
func (s *Source) Lasts(ago odds.Millis) bool { return !s.Polled || s.Clock.Lasts(ago) }

// Requests is how many requests share the source.
func (s *Source) Requests() int { return 1 + len(s.requests) }

// Sources holds all sources by name.
type Sources map[string]*Source

// Of finds or adds the source of a batch; nil if that would be more than most.
func (c Sources) Of(b *odds.Batch, most int) *Source {
	s := c[b.Source]
	if s == nil {
		if len(c) >= most {
			return nil
		}
		s = &Source{Name: b.Source, Polled: b.Polled}
		c[b.Source] = s
	}
	if b.Resolution > s.stated {
		s.stated = b.Resolution
		for _, r := range s.requests {
			r.stated = max(r.stated, s.stated)
		}
	}
	return s
}

// Sorted lists the sources by name.
func (c Sources) Sorted() []*Source {
	return slices.SortedFunc(maps.Values(c), func(a, b *Source) int { return cmp.Compare(a.Name, b.Name) })
}

const (
	// MostRequests is how many requests of a source are told apart at one time.
	MostRequests = 1000
	// unhurried is the step assumed of a request that was seen once: parts of a split request
	// come within seconds.
	unhurried odds.Millis = 60_000
)

// pace is the step between the answers to a request.
func (s *Source) pace() odds.Millis { return cmp.Or(s.Clock.Step(), unhurried) }

// another returns the clock of one more request of a source: a new one, or that of a request
// that has not been answered for twenty steps; nil if all are in use.
func (s *Source) another(at odds.Time) *Source {
	if len(s.requests) < MostRequests {
		s.requests = append(s.requests, &Source{Name: s.Name, Polled: true, stated: s.stated, first: s})
		return s.requests[len(s.requests)-1]
	}
	for _, r := range s.requests {
		if at.Sub(r.Clock.Last) > 20*r.pace() {
			*r = Source{Name: s.Name, Polled: true, stated: s.stated, first: s, since: at}
			return r
		}
	}
	return nil
}
