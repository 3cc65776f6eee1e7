package live

import (
	"context"
	"slices"
	"time"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/engine/marks"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Card is a scorecard over the newest predictions.
type Card struct {
	ledger.Scorecard
	Unforecast *money.Unforecast // bets that no forecast made; nil before the first tick

	AsOf    odds.Time // event time
	Since   odds.Time // when its oldest prediction was issued; 0 if there is none
	Dropped uint64    // older predictions not in it
	Whole   bool      // the log had been read back
}

// scoreEvery is how often the scorecard is computed.
const scoreEvery = 5 * time.Second

// scorer computes the scorecard on a goroutine of its own, from a record of its own: the loop
// hands over only what is new.
type scorer struct {
	calls *calls
	tally func(seen extent) *tally // runs on the loop's goroutine
	out   *published
	rec   record
}

// run computes scorecards until ctx ends.
func (s *scorer) run(ctx context.Context) {
	tick := time.NewTicker(scoreEvery)
	defer tick.Stop()
	for {
		t, err := ask(ctx, s.calls, func() *tally { return s.tally(s.rec.of) })
		if err != nil {
			return
		}
		if t != nil {
			s.out.card.Store(s.rec.card(t))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// tally is what is new for a scorecard.
type tally struct {
	asOf       odds.Time
	open       []ledger.Prediction
	settled    []*ledger.Prediction          // since the last tally, in order
	replaced   map[uint64]*ledger.Prediction // earlier ones with news of their bets, by number
	unforecast []*money.Bet                  // since the last tally
	keys       []graph.FamilyKey
	others     *money.Unforecast // without its bets
	marked     []detect.Anomaly  // all that have their marks; nil if none got them since
	of         extent
}

// extent is how much a scorecard rests on.
type extent struct {
	news       uint64 // predictions issued and settled, and news of bets, so far
	answered   int    // questions of the open predictions; some are because the time for an answer is over
	settled    uint64 // predictions handed over so far
	dropped    uint64 // of those, no longer kept
	unforecast uint64 // bets handed over so far
	forgotten  uint64 // of those, no longer kept
	marked     uint64 // updates of anomalies with marks, so far
	whole      bool   // the log has been read back
}

// tally returns what is new since seen, of which the zero extent has seen nothing; nil if
// nothing is. It runs on the loop's goroutine. Cost: O(open predictions + new ones + families).
func (lp *loop) tally(seen extent) *tally {
	b, open := lp.book, lp.e.Pending()
	of := extent{
		news: b.settled.total() + b.issued + b.priced, settled: b.settled.total(), dropped: b.settled.dropped,
		unforecast: b.unforecast.total(), forgotten: b.unforecast.dropped, marked: b.marked,
		whole: lp.pub.recovered,
	}
	for i := range open {
		if open[i].Outcome != ledger.Pending {
			of.answered++
		}
		if open[i].Half != ledger.Unknown {
			of.answered++
		}
	}
	if of == seen {
		return nil
	}
	t := &tally{
		asOf: lp.e.Now(), open: open, settled: b.settled.from(seen.settled), replaced: make(map[uint64]*ledger.Prediction, len(b.replaced)),
		unforecast: b.unforecast.from(seen.unforecast), keys: lp.e.FamilyKeys(), others: lp.e.Comparison(nil), of: of,
	}
	for n := range b.replaced {
		if n < seen.settled {
			t.replaced[n] = *b.settled.at(n)
		}
	}
	clear(b.replaced)
	if of.marked != seen.marked {
		t.marked = b.withMarks()
	}
	b.scored = of.settled
	return t
}

// record is the scorer's own copy of what a scorecard rests on.
type record struct {
	of         extent
	calls      ledger.Calls
	open       []*ledger.Prediction
	settled    []*ledger.Prediction // kept ones, in order
	unforecast []*money.Bet         // kept ones, in order; never overwritten
	keys       []graph.FamilyKey
	families   map[string]ledger.FamilyScore // by keys
	marks      []money.AnomalyMarks
}

// take adds what is new.
func (r *record) take(t *tally) {
	gone, more := map[*ledger.Prediction]bool{}, slices.Clone(t.settled)
	for _, p := range r.open {
		gone[p] = true
	}
	for n, p := range t.replaced {
		if at := n - r.of.dropped; r.settled[at] != p {
			gone[r.settled[at]] = true
			r.settled[at] = p
			more = append(more, p)
		}
	}
	r.settled = append(r.settled, t.settled...)
	late := len(r.settled) - int(t.of.settled-t.of.dropped)
	for _, p := range r.settled[:late] {
		gone[p] = true
	}
	more = slices.DeleteFunc(more, func(p *ledger.Prediction) bool { return gone[p] })
	r.settled = slices.Delete(r.settled, 0, late)
	r.open = r.open[:0]
	for i := range t.open {
		r.open = append(r.open, &t.open[i])
	}
	r.calls.Replace(gone, append(more, r.open...))
	r.unforecast = append(r.unforecast, t.unforecast...)
	r.unforecast = r.unforecast[len(r.unforecast)-int(t.of.unforecast-t.of.forgotten):]
	if !slices.Equal(r.keys, t.keys) {
		r.keys, r.families = t.keys, engine.FamilyScores(t.keys)
	}
	if t.marked != nil {
		r.marks = marks.Score(t.marked)
	}
	r.of = t.of
}

// card takes what is new and computes the scorecard.
func (r *record) card(t *tally) *Card {
	r.take(t)
	c := &Card{AsOf: t.asOf, Since: r.calls.Since(), Dropped: t.of.dropped, Whole: t.of.whole, Unforecast: t.others}
	c.Unforecast.Bets = slices.Clip(r.unforecast)
	c.Scorecard = r.calls.Scorecard(r.families, c.Unforecast.Bets, c.Unforecast.DelayMs)
	if r.marks != nil {
		c.AnomalyMarks = r.marks
	}
	return c
}
