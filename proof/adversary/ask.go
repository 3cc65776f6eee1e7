package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"corrgraph/answer"
	"corrgraph/answer/forecast"
	"corrgraph/answer/leaders"
	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
	"corrgraph/proof/adversary/market"
	"corrgraph/replay"
	"corrgraph/store/sqlite"
)

// try runs a market of one seed and judges each look at it.
func try(ctx context.Context, m *market.Market, seed uint64) (result, error) {
	r := result{Seed: seed}
	var before *answers
	for i := range m.Looks {
		a, err := learn(ctx, m, seed, m.Looks[i].At)
		if err != nil {
			return r, err
		}
		r.take(judge(m, &m.Looks[i], a, before))
		before = a
	}
	return r, nil
}

// learn replays what is known of a market at a time and asks what is now known of it.
func learn(ctx context.Context, m *market.Market, seed uint64, until odds.Time) (*answers, error) {
	batches, err := read(ctx, m, seed, until)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "adversary")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st, err := sqlite.Open(ctx, filepath.Join(dir, "odds.db"), sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return nil, err
	}
	defer st.Close()
	sum, err := replay.Batches(ctx, st, func() (*odds.Batch, error) {
		if len(batches) == 0 {
			return nil, io.EOF
		}
		b := batches[0]
		batches = batches[1:]
		return b, nil
	}, replay.Options{})
	if err != nil {
		return nil, err
	}
	return asked(ctx, st, &sum)
}

// read takes a market through canonical ticks.
func read(ctx context.Context, m *market.Market, seed uint64, until odds.Time) (batches []*odds.Batch, err error) {
	var text bytes.Buffer
	if err := m.Write(&text, seed, until); err != nil {
		return nil, err
	}
	rep := &feed.Report{}
	err = canonical.New(canonical.Options{}).Parse(ctx, m.Name, &text, func(b *odds.Batch) error {
		batches = append(batches, b)
		return nil
	}, rep)
	if by, _ := rep.Rejected(); err == nil && len(by) > 0 {
		err = fmt.Errorf("rows of the market were rejected: %v", by)
	}
	return batches, err
}

// asked asks a store, as the commands do, and passes what they print on.
func asked(ctx context.Context, st *sqlite.Store, sum *replay.Summary) (*answers, error) {
	names, err := answer.NamesFor(ctx, st, "")
	if err != nil {
		return nil, err
	}
	led, err1 := leaders.List(ctx, leaders.Stored{FamilyStore: st}, answer.LeagueFilter{}, sum.AsOf)
	anomalies, err2 := answer.ListAnomalies(ctx, answer.StoredAnomalies{AnomalyStore: st}, answer.AnomalyQuery{}, names, sum.AsOf)
	card, err3 := forecast.StoredScorecard(ctx, st)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var text [4][]byte
	for i, v := range []any{led, anomalies, card, sum} {
		if text[i], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return decode(text[0], text[1], text[2], text[3])
}
