package catalog

import (
	"cmp"
	"slices"

	"corrgraph/internal/state"
)

// State saves the resolved events, or restores them into a new catalogue with the same
// facts and options.
func (c *Catalog) State(s *state.Coder) {
	var events state.Table[*entry]
	state.Map(s, c.events, cmp.Compare[string], func(id *string, e **entry) {
		s.Values(id)
		if s.Reading() {
			*e = &entry{}
		}
		x := *e
		s.Values(&x.Event, &x.sources, &x.starts, &x.asked, &x.field, &x.meeting)
		x.pair.state(s)
		events.Add(x)
	})
	state.Map(s, c.bound, func(a, b sourceID) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id))
	}, func(id *sourceID, uses *[]*binding) {
		s.Values(&id.source, &id.id)
		state.Slice(s, uses, func(b **binding) {
			if s.Reading() {
				*b = &binding{} // the next description is processed as new
			}
			s.Values(&(*b).start, &(*b).swapped, &(*b).first)
			events.Ref(s, &(*b).entry)
		})
	})
	lists := func(list *[]*entry) { state.Slice(s, list, func(e **entry) { events.Ref(s, e) }) }
	state.Map(s, c.meetings, comparePairs, func(p *pair, list *[]*entry) {
		p.state(s)
		lists(list)
	})
	for _, index := range []map[string][]*entry{c.shared, c.runners, c.named} {
		state.Map(s, index, cmp.Compare[string], func(key *string, list *[]*entry) {
			s.Values(key)
			lists(list)
		})
	}
	c.doubts.state(s)
	c.links.state(s, &events)
	if s.Reading() && s.Err() == nil && !c.whole() {
		s.Fail(state.ErrCorrupt)
	}
}

// whole reports whether every object the catalogue relies on was restored.
func (c *Catalog) whole() bool {
	for _, uses := range c.bound {
		if slices.ContainsFunc(uses, func(b *binding) bool { return b.entry == nil }) {
			return false
		}
	}
	for _, list := range c.meetings {
		if slices.Contains(list, nil) {
			return false
		}
	}
	for _, index := range []map[string][]*entry{c.shared, c.runners, c.named} {
		for _, list := range index {
			if slices.Contains(list, nil) {
				return false
			}
		}
	}
	return true
}

func (p *pair) state(s *state.Coder) {
	s.Values(&p.sport, &p.league, &p.reversed, &p.unordered, &p.game)
	for _, side := range []*participant{&p.home, &p.away} {
		s.Values(&side.key, &side.name, &side.id)
	}
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.home.key, b.home.key), cmp.Compare(a.away.key, b.away.key))
}

func (n *neighbours) state(s *state.Coder, events *state.Table[*entry]) {
	of := map[*Event]*entry{}
	for _, e := range events.All() {
		of[&e.Event] = e
	}
	state.Map(s, n.events, cmp.Compare[string], func(entity *string, list *[]*Event) {
		s.Values(entity)
		state.Slice(s, list, func(ev **Event) {
			e := of[*ev]
			events.Ref(s, &e)
			if e == nil {
				s.Fail(state.ErrCorrupt)
				return
			}
			*ev = &e.Event
		})
	})
	s.Values(&n.degree, &n.counts)
}
