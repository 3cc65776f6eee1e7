package live

import (
	"cmp"
	"maps"
	"strings"

	"corrgraph/internal/state"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
)

// savedBook is what a checkpoint holds of a book. What it points to never changes.
type savedBook struct {
	settled    []*ledger.Prediction // kept ones, in order
	dropped    uint64               // before them
	anomalies  []AnomalyUpdate
	lapsed     uint64 // before them
	unforecast []*money.Bet
	forgotten  uint64 // before them

	issued, seq, marked, priced uint64

	outcomes map[outcomeKey]uint64
	kinds    map[anomalyKey]uint64
	bets     map[string]*money.Bet
	events   map[string]eventBook
}

// share returns what is in the book now, for another goroutine. Cost: O(events, anomalies kept),
// and a pointer for each prediction.
func (k *book) share() *savedBook {
	s := &savedBook{
		settled: k.settled.all(), dropped: k.settled.dropped, anomalies: k.anomalies.all(), lapsed: k.anomalies.dropped, unforecast: k.unforecast.all(), forgotten: k.unforecast.dropped,
		issued: k.issued, seq: k.seq, marked: k.marked, priced: k.priced,
		outcomes: maps.Clone(k.outcomes), kinds: maps.Clone(k.kinds), bets: maps.Clone(k.bets), events: make(map[string]eventBook, len(k.events)),
	}
	for id, e := range k.events {
		e.shared = true
		s.events[id] = *e
	}
	return s
}

// resume fills an empty book.
func (k *book) resume(s *savedBook) {
	k.settled.resume(s.settled, s.dropped)
	for i, p := range k.settled.all() {
		k.at[p.ID] = k.settled.dropped + uint64(i)
	}
	k.anomalies.resume(s.anomalies, s.lapsed)
	k.unforecast.resume(s.unforecast, s.forgotten)
	k.issued, k.seq, k.marked, k.priced = s.issued, s.seq, s.marked, s.priced
	k.outcomes, k.kinds, k.bets = s.outcomes, s.kinds, s.bets
	for id, e := range s.events {
		k.events[id] = &e
	}
}

// resume fills an empty ring with values that dropped others came before.
func (r *ring[T]) resume(values []T, dropped uint64) {
	late := max(0, len(values)-r.most)
	r.values, r.dropped = values[late:], dropped+uint64(late)
}

func (s *savedBook) state(c *state.Coder) {
	if c.Reading() {
		s.outcomes, s.kinds, s.bets, s.events = map[outcomeKey]uint64{}, map[anomalyKey]uint64{}, map[string]*money.Bet{}, map[string]eventBook{}
	}
	c.Values(&s.settled, &s.dropped, &s.anomalies, &s.lapsed, &s.unforecast, &s.forgotten, &s.issued, &s.seq, &s.marked, &s.priced, &s.bets)
	state.Map(c, s.outcomes, func(a, b outcomeKey) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.outcome, b.outcome))
	}, func(k *outcomeKey, n *uint64) { c.Values(&k.layer, &k.outcome, n) })
	state.Map(c, s.kinds, func(a, b anomalyKey) int {
		return AnomalyCount{a.kind, a.layer, a.suppressed, 0}.compare(AnomalyCount{b.kind, b.layer, b.suppressed, 0})
	}, func(k *anomalyKey, n *uint64) { c.Values(&k.kind, &k.layer, &k.suppressed, n) })
	state.Map(c, s.events, strings.Compare, func(id *string, e *eventBook) {
		c.Values(id)
		s.event(c, e)
	})
}

// event codes the book of an event: by their numbers, what the whole book holds too.
func (s *savedBook) event(c *state.Coder, e *eventBook) {
	state.Slice(c, &e.anomalies, func(a *AnomalyUpdate) {
		switch n := s.place(c, a.Seq-1-s.lapsed, len(s.anomalies)); {
		case n == len(s.anomalies):
			c.Values(a)
		case c.Reading():
			*a = s.anomalies[n]
		}
	})
	state.Slice(c, &e.settled, func(p *ledger.Prediction) { c.Values(p) })
}

// place codes which of some values something is; most if it is none.
func (s *savedBook) place(c *state.Coder, n uint64, most int) int {
	at := c.Len(int(min(n, uint64(most))))
	if at < 0 || at > most {
		c.Fail(state.ErrCorrupt)
		return most
	}
	return at
}
