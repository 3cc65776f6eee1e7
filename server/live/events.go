package live

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
)

// The list of events is renewed every rowsEvery. It backs off when that costs more
// than a fiftieth of the time, to rowsSeldom at most.
const (
	rowsEvery  = time.Second
	rowsSeldom = 10 * time.Second
)

// eventList caches the list of events. It belongs to the loop.
type eventList struct {
	rows    []EventRow // immutable; nil before the first time
	of      []catalog.League
	markets map[string]int // of each event
	made    time.Duration
	took    time.Duration
	left    []string    // events still to be listed
	next    []*EventRow // those that are
	grown   bool        // one of them is new, or has other markets
}

// begin begins to renew the list, if due.
func (l *eventList) begin(now time.Duration, p *publisher) {
	if l.rows != nil && now-l.made < max(rowsEvery, min(50*l.took, rowsSeldom)) {
		return
	}
	l.made, l.took, l.grown = now, 0, l.rows == nil
	if l.left = slices.AppendSeq(l.left[:0], maps.Keys(p.slots)); len(l.left) == 0 {
		l.finish(p.e)
	}
}

// rowsAtOnce is how many events are listed at a stretch, at about a microsecond each.
const rowsAtOnce = 256

// list goes on with the list by some events.
func (p *publisher) list(now time.Duration) {
	l := &p.events
	n := len(l.left) - min(len(l.left), rowsAtOnce)
	for _, id := range l.left[n:] {
		if r := p.row(id); r != nil {
			l.next = append(l.next, r)
			had, known := l.markets[id]
			l.grown = l.grown || !known || had != r.Markets
		}
	}
	if l.left = l.left[:n]; n == 0 {
		l.finish(p.e)
	}
	l.took += p.watch.now() - now
}

// finish puts the new list in place: by newest quote, then id.
func (l *eventList) finish(e *engine.Engine) {
	slices.SortFunc(l.next, func(a, b *EventRow) int { return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.ID, b.ID)) })
	if l.grown || len(l.next) != len(l.rows) {
		l.of, l.markets = e.Leagues(), make(map[string]int, len(l.next))
		for _, r := range l.next {
			l.markets[r.ID] = r.Markets
		}
	}
	l.rows = make([]EventRow, len(l.next))
	for i, r := range l.next {
		l.rows[i] = *r
	}
	l.next = nil
}

// row lists an event; nil if it is unknown by now.
func (p *publisher) row(id string) *EventRow {
	s, ok := p.e.EventSum(id)
	if !ok {
		return nil
	}
	r := &EventRow{Event: s.Event, Last: s.Last, Open: s.Open, Quotes: s.Quotes, Markets: s.Markets}
	if b := p.book.events[id]; b != nil {
		for k := range b.anomalies {
			if a := &b.anomalies[k]; a.Until == 0 && a.Suppressed == "" {
				r.Anomalies++
			}
		}
	}
	return r
}
