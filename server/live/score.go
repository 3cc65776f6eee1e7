package live

import (
	"cmp"
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
}

// scoreEvery is how often the scorecard is computed.
const scoreEvery = 5 * time.Second

// scorer computes the scorecard on a goroutine of its own.
type scorer struct {
	calls *calls
	tally func(seen extent) *tally // runs on the loop's goroutine
	out   *published
}

// run computes scorecards until ctx ends.
func (s *scorer) run(ctx context.Context) {
	tick := time.NewTicker(scoreEvery)
	defer tick.Stop()
	var done extent
	for {
		t, err := ask(ctx, s.calls, func() *tally { return s.tally(done) })
		if err != nil {
			return
		}
		if t != nil {
			done = t.of
			s.out.card.Store(t.card())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// tally is the input of a scorecard.
type tally struct {
	asOf    odds.Time
	ps      []ledger.Prediction
	keys    []graph.FamilyKey
	others  *money.Unforecast
	marked  []detect.Anomaly
	dropped uint64
	of      extent
}

// extent is how much a scorecard rests on.
type extent struct {
	news     uint64 // predictions issued and settled, and news of bets and marks, so far
	answered int    // questions of the open predictions; some are because the time for an answer is over
}

// tally returns the input; nil if nothing is new since seen. It runs on the loop's
// goroutine. Cost: O(open predictions), and O(all of them) if something is new.
func (lp *loop) tally(seen extent) *tally {
	b, open := lp.book, lp.e.Pending()
	of := extent{news: b.settled.dropped + uint64(len(b.settled.values)) + b.issued + b.priced + b.marked}
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
	return &tally{lp.e.Now(), append(b.settled.all(), open...), lp.e.FamilyKeys(), lp.e.Comparison(b.unforecast.all()), b.withMarks(), b.settled.dropped, of}
}

// card computes the scorecard.
func (t *tally) card() *Card {
	c := &Card{AsOf: t.asOf, Dropped: t.dropped}
	for i := range t.ps {
		if at := t.ps[i].IssuedAt; c.Since == 0 || at < c.Since {
			c.Since = at
		}
	}
	slices.SortFunc(t.ps, func(a, b ledger.Prediction) int {
		return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.ID, b.ID))
	})
	c.Scorecard, c.Unforecast = engine.ScorecardOf(t.keys, t.ps), t.others
	c.Value(t.ps, t.others.Bets, t.others.DelayMs)
	c.AnomalyMarks = marks.Score(t.marked)
	return c
}
