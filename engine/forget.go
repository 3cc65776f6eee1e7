package engine

import (
	"slices"

	"corrgraph/odds"
)

// forget drops the events last quoted before a time: their series, pairs and
// standing anomalies. What families have learned from them stays. Forecasts about
// them are answered with what is known.
func (e *Engine) forget(before odds.Time) {
	gone := map[*event]bool{}
	for _, ev := range e.order {
		if ev.last < before {
			gone[ev] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	e.dismiss(gone)
	for _, f := range e.list {
		f.pairs = slices.DeleteFunc(f.pairs, func(p *pair) bool { return p.lost(gone) })
	}
	e.order = slices.DeleteFunc(e.order, func(ev *event) bool { return gone[ev] })
	for _, ev := range e.order {
		ev.leave(gone)
	}
	for k := range e.alarms.relations {
		if gone[k.a.ev] || gone[k.b.ev] {
			delete(e.alarms.relations, k)
		}
	}
	e.news.Touched = slices.DeleteFunc(e.news.Touched, func(id string) bool { return gone[e.events[id]] })
	for ev := range gone {
		delete(e.events, ev.id)
		e.alarms.policy.Forget(ev.id)
		e.alarms.edges.Forget(ev.id)
		e.news.Forgotten = append(e.news.Forgotten, ev.id)
	}
	slices.Sort(e.news.Forgotten)
	clear(e.known)
	e.cat.Forget(before)
}

// dismiss closes the open forecasts about events that go, and those that rest on
// their nodes.
func (e *Engine) dismiss(gone map[*event]bool) {
	for _, c := range slices.Clone(e.calls.open) {
		if !c.closed && (gone[c.target.ev] || gone[c.source.ev]) {
			e.close(c, e.now)
		}
	}
	e.calls.open.sweep(gone)
	e.waiting = slices.DeleteFunc(e.waiting, func(mv move) bool { return gone[mv.n.ev] })
}

// lost reports whether one of the pair's ends is gone.
func (p *pair) lost(gone map[*event]bool) bool { return gone[p.a.ev] || gone[p.b.ev] }

// leave cuts what an event that stays has in common with those that go.
func (ev *event) leave(gone map[*event]bool) {
	ev.links = slices.DeleteFunc(ev.links, func(l *link) bool { return gone[l.a] || gone[l.b] })
	for _, m := range ev.markets {
		for k := range m.sels {
			if n := m.sels[k].cons; n != nil {
				n.partners = slices.DeleteFunc(n.partners, func(pt partner) bool { return gone[pt.other.ev] })
				n.overdue = slices.DeleteFunc(n.overdue, func(c *call) bool { return gone[c.source.ev] })
			}
		}
	}
}
