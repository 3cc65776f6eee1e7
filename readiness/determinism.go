package readiness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

func determinism(ctx context.Context, l *lab) (f Finding, err error) {
	all, err := seedBatches()
	if err != nil {
		return f, err
	}
	var dumps [2]dumped
	for i, quotes := range [2]int{500, 4000} {
		// What comes late by the wall clock is refused: not what is tested.
		if dumps[i], err = l.results(ctx, all, quotes, setup{empty: true, set: []string{"ingest.idle_flush=1m"}}); err != nil {
			return f, err
		}
	}
	return judgeDumps(dumps, count(all)), nil
}

// dumped is the results of one instance.
type dumped struct {
	sum      string
	size     int64
	requests int
	receipt
}

// results sends ticks to a new instance in requests of so many quotes and returns
// what it stored.
func (l *lab) results(ctx context.Context, all []*odds.Batch, quotes int, s setup) (d dumped, err error) {
	texts, err := bodies(all, quotes)
	if err != nil {
		return d, err
	}
	x, err := l.start(ctx, s)
	if err != nil {
		return d, err
	}
	for _, text := range texts {
		got, err := x.admin.ticks(ctx, text)
		if err != nil {
			return d, errors.Join(err, x.stop())
		}
		d.Accepted += got.Accepted
		d.Duplicates += got.Duplicates
		d.Rejected += got.Rejected
	}
	d.requests = len(texts)
	if err := x.stop(); err != nil { // which applies and saves everything
		return d, err
	}
	st, err := sqlite.Open(ctx, x.store, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return d, err
	}
	h := sha256.New()
	n := &counter{}
	err = errors.Join(st.CanonicalDump(ctx, io.MultiWriter(h, n)), st.Close())
	d.sum, d.size = hex.EncodeToString(h.Sum(nil)), n.n
	return d, err
}

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func judgeDumps(d [2]dumped, quotes int) (f Finding) {
	same := d[0].sum == d[1].sum && d[0].size == d[1].size
	f.Pass = same && d[0].Accepted == d[1].Accepted && d[0].Accepted > 0 && d[0].Rejected+d[1].Rejected == 0
	f.Measured = "dumps differ"
	if same {
		f.Measured = fmt.Sprintf("equal, %d kB", d[0].size/1000)
	}
	f.Evidence = fmt.Sprintf("%d quotes in %d and in %d requests, %d and %d accepted, %d and %d refused; SHA-256 of the results %.16s and %.16s",
		quotes, d[0].requests, d[1].requests, d[0].Accepted, d[1].Accepted, d[0].Rejected, d[1].Rejected, d[0].sum, d[1].sum)
	return f
}
