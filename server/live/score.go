package live

import (
	"cmp"
	"context"
	"slices"
	"time"

	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Card is a scorecard over the newest predictions.
type Card struct {
	ledger.Scorecard
	AsOf    odds.Time // event time
	Since   odds.Time // when the oldest prediction in it was issued; 0 where there is none
	Dropped uint64    // older ones that it does not hold
}

// scoreEvery is how often the scorecard is added up anew.
const scoreEvery = 5 * time.Second

// Scorecard returns the newest scorecard, at most a few seconds old.
func (l *Live) Scorecard() *Card {
	if c := l.card.Load(); c != nil {
		return c
	}
	return &Card{Scorecard: ledger.NewScorecard(nil)}
}

// score adds up the scorecard beside the loop until ctx ends.
func (l *Live) score(ctx context.Context) {
	tick := time.NewTicker(scoreEvery)
	defer tick.Stop()
	var done uint64
	for {
		if l.scoreOnce(ctx, &done) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Live) scoreOnce(ctx context.Context, done *uint64) error {
	got := make(chan *tally, 1)
	seen := *done
	if err := l.do(ctx, func() { got <- l.loop.tally(seen) }); err != nil {
		return err
	}
	t := <-got
	if t == nil {
		return nil
	}
	*done = t.n
	l.card.Store(t.card())
	return nil
}

// tally is what a scorecard is added up from.
type tally struct {
	asOf    odds.Time
	ps      []ledger.Prediction
	keys    []graph.FamilyKey
	dropped uint64
	n       uint64 // predictions issued and answered so far
}

// tally takes it, on the loop's goroutine; nil where nothing is new since seen.
func (lp *loop) tally(seen uint64) *tally {
	b := &lp.book
	n := b.dropped + uint64(len(b.settled)) + b.issued
	if n == seen {
		return nil
	}
	return &tally{lp.e.Now(), append(b.predictions(), lp.e.Pending()...), lp.e.FamilyKeys(), b.dropped, n}
}

// card adds up.
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
	c.Scorecard = engine.ScorecardOf(t.keys, t.ps)
	return c
}

// conclude judges and adds up what there is at the end, so that what is saved
// follows from the ticks alone and not from when somebody looked.
func (lp *loop) conclude() {
	lp.pub.judge()
	if t := lp.tally(0); t != nil {
		lp.l.card.Store(t.card())
	}
}
