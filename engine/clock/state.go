package clock

import (
	"strings"

	"corrgraph/internal/state"
)

// Refs holds the numbers by which sources and answers are referred to in a saved state.
type Refs struct {
	Sources state.Table[*Source]
	answers state.Table[*Answer]
}

// State saves the sources by name, or restores them into an empty map.
func (c Sources) State(x *state.Coder, r *Refs) {
	sources := c.Sorted()
	state.Slice(x, &sources, func(p **Source) {
		r.source(x, p)
		s := *p
		c[s.Name] = s
		state.Slice(x, &s.requests, func(p **Source) {
			r.source(x, p)
			(*p).first = s
		})
	})
	for _, s := range sources {
		r.Answer(x, &s.newest)
	}
}

// State saves the clock, or restores it.
func (k *Poll) State(c *state.Coder) {
	c.Values(&k.Last, &k.Prev, &k.Polls, &k.steps, &k.Missed)
}

func (r *Refs) source(c *state.Coder, p **Source) {
	if c.Reading() {
		*p = &Source{}
	}
	s := *p
	c.Values(&s.Name, &s.Polled, &s.Joined, &s.stated, &s.since)
	s.Clock.State(c)
	r.Sources.Add(s)
}

// Answer codes an answer in full where it comes first and as a reference after that.
func (r *Refs) Answer(c *state.Coder, p **Answer) {
	known := *p == nil || r.answers.Has(*p)
	c.Values(&known)
	if known {
		r.answers.Ref(c, p)
		return
	}
	if c.Reading() {
		*p = &Answer{}
	}
	a := *p
	r.Sources.Ref(c, &a.Source)
	c.Values(&a.At, &a.cells, &a.Over)
	if a.Source == nil {
		c.Fail(state.ErrCorrupt)
	}
	r.answers.Add(a)
}

// State saves the tracks, or restores them into an empty map.
func (c Tracks) State(x *state.Coder) {
	state.Map(x, c, trackKey.compare, func(k *trackKey, p **Track) {
		if x.Reading() {
			*p = &Track{}
		}
		t := *p
		x.Values(&k.source, &k.venue, &t.last, &t.gaps, &t.next, &t.fresh, &t.step, &t.delays, &t.nth)
		state.Slice(x, &t.least, func(r *reach) { x.Values(&r.from, &r.least) })
		if len(t.gaps) > mostGaps || len(t.delays) > mostDelays || t.next < 0 || t.next >= mostGaps || t.nth < 0 || t.nth >= mostDelays || len(t.least) > drifts {
			x.Fail(state.ErrCorrupt)
		}
	})
}

// State saves how far sources have been heard, or restores it.
func (h *Heard) State(c *state.Coder) {
	if h.of == nil {
		h.of = map[string]*delay{}
	}
	c.Values(&h.live, &h.clock)
	state.Map(c, h.of, strings.Compare, func(source *string, x **delay) {
		if c.Reading() {
			*x = &delay{}
		}
		c.Values(source, &(*x).newest, &(*x).most, &(*x).hour)
	})
}
