package live

import (
	"context"
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
	type take struct {
		ps   []ledger.Prediction
		keys []graph.FamilyKey
		card Card
		n    uint64
	}
	got := make(chan take, 1)
	seen := *done
	err := l.do(ctx, func() {
		b := &l.loop.book
		t := take{n: b.dropped + uint64(len(b.settled)) + b.issued, card: Card{AsOf: l.loop.e.Now(), Dropped: b.dropped}}
		if t.n != seen {
			t.ps, t.keys = append(b.predictions(), l.loop.e.Pending()...), l.loop.e.FamilyKeys()
		}
		got <- t
	})
	if err != nil {
		return err
	}
	t := <-got
	if t.n == seen {
		return nil
	}
	*done = t.n
	for i := range t.ps {
		if at := t.ps[i].IssuedAt; t.card.Since == 0 || at < t.card.Since {
			t.card.Since = at
		}
	}
	t.card.Scorecard = engine.ScorecardOf(t.keys, t.ps)
	l.card.Store(&t.card)
	return nil
}
