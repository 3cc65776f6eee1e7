package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"corrgraph/feed/canonical"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// The part of the simulated demo market that scratch instances hold: two matches
// that share a team, a third that has nothing in common with them (needed for
// mismatched pairs), and one of another sport in the same city, so that all four
// layers have edges. There are few enough quotes for an instance to start within a
// second.
var (
	SeedEvents = []string{"mlb-nyy-bos", "mlb-tor-nyy", "mlb-chc-stl", "wnba-nyl-lva"}
	seedVenues = []string{"sharpline", "quickbet", "midway", "slowhouse", "pollhouse"}
	seedMarket = []string{"h2h", "totals"}
)

const (
	seedMinutes = 360
	seedNumber  = 7 // of the market; any other would do
)

// SeedBatches returns the batches of the seed in event-time order.
func SeedBatches() (out []*odds.Batch, err error) {
	_, err = simulate.Run(simulate.Options{Seed: seedNumber, Minutes: seedMinutes}, func(b *odds.Batch) error {
		b.Updates = slices.DeleteFunc(b.Updates, func(u odds.Update) bool {
			return !slices.Contains(SeedEvents, u.Event.ID) || !slices.Contains(seedVenues, u.Venue) || !slices.Contains(seedMarket, u.Market)
		})
		if len(b.Updates) > 0 {
			out = append(out, b)
		}
		return nil
	})
	return out, err
}

// seedChunk is how many batches a chunk of the seed's tick log holds.
const seedChunk = 512

// seeded returns the path of a store with the seed in its tick log. It is made once
// and never written to; instances get copies.
func (l *Lab) seeded(ctx context.Context) (path string, err error) {
	if l.seed != "" {
		return l.seed, nil
	}
	all, err := SeedBatches()
	if err != nil {
		return "", err
	}
	path = filepath.Join(l.dir, "seed.db")
	if err := WriteLog(ctx, path, all); err != nil {
		return "", err
	}
	l.seed = path
	return path, nil
}

// WriteLog makes a store whose tick log holds batches.
func WriteLog(ctx context.Context, path string, all []*odds.Batch) (err error) {
	st, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var enc ticklog.Encoder
	for part := range slices.Chunk(all, seedChunk) {
		if _, err := st.Log().Append(ctx, enc.Pack(part)); err != nil {
			return err
		}
	}
	return nil
}

// copyStore copies a store that is not open.
func copyStore(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Body encodes batches as the CSV that POST /v1/ticks accepts.
func Body(batches []*odds.Batch) ([]byte, error) {
	var b bytes.Buffer
	w := canonical.NewWriter(&b)
	for _, x := range batches {
		if err := w.Write(x); err != nil {
			return nil, err
		}
	}
	err := w.Flush()
	return b.Bytes(), err
}

// Bodies encodes batches as requests of limited size in quotes.
func Bodies(batches []*odds.Batch, quotes int) (out [][]byte, err error) {
	from, n := 0, 0
	cut := func(to int) error {
		b, err := Body(batches[from:to])
		out, from, n = append(out, b), to, 0
		return err
	}
	for i, b := range batches {
		if n > 0 && n+b.Quotes() > quotes {
			if err := cut(i); err != nil {
				return nil, err
			}
		}
		n += b.Quotes()
	}
	if from < len(batches) {
		err = cut(len(batches))
	}
	return out, err
}

// Count counts quotes.
func Count(batches []*odds.Batch) (n int) {
	for _, b := range batches {
		n += b.Quotes()
	}
	return n
}

// Logged counts the quotes in the tick log of a store that is not open.
func Logged(ctx context.Context, path string) (n int64, err error) {
	st, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return 0, err
	}
	stats, err := st.Log().Stats(ctx)
	if err = errors.Join(err, st.Close()); err != nil {
		err = fmt.Errorf("counting the tick log: %w", err)
	}
	return stats.Quotes, err
}
