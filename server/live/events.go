package live

import (
	"cmp"
	"slices"
	"time"

	"corrgraph/catalog"
)

// The list of events is renewed every rowsEvery. It backs off when that costs more
// than a fiftieth of the time, to rowsSeldom at most.
const (
	rowsEvery  = time.Second
	rowsSeldom = 10 * time.Second
)

// eventList caches the list of events. It belongs to the loop.
type eventList struct {
	rows []EventRow // immutable; nil before the first time
	of   []catalog.League
	made time.Duration
	took time.Duration
}

// at returns the list and the leagues of its events, renewed if due.
func (l *eventList) at(now time.Duration, p *publisher) ([]EventRow, []catalog.League) {
	if l.rows == nil || now-l.made >= max(rowsEvery, min(50*l.took, rowsSeldom)) {
		l.rows, l.of, l.made = p.rows(), p.e.Leagues(), now
		l.took = p.watch.now() - now
	}
	return l.rows, l.of
}

// rows lists all events by newest quote, then id.
func (p *publisher) rows() []EventRow {
	sums := p.e.EventSums()
	rows := make([]EventRow, 0, len(sums))
	for i := range sums {
		r := EventRow{Event: sums[i].Event, Last: sums[i].Last, Open: sums[i].Open, Quotes: sums[i].Quotes, Markets: sums[i].Markets}
		if b := p.book.events[r.ID]; b != nil {
			for k := range b.anomalies {
				if a := &b.anomalies[k]; a.Until == 0 && a.Suppressed == "" {
					r.Anomalies++
				}
			}
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b EventRow) int { return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.ID, b.ID)) })
	return rows
}
