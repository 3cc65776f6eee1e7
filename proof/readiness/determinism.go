package readiness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/store/sqlite"
)

func determinism(ctx context.Context, l *session) (f lab.Finding, err error) {
	all, err := lab.SeedBatches()
	if err != nil {
		return f, err
	}
	var dumps [2]dumped
	for i, quotes := range [2]int{500, 4000} {
		// Ticks that are late by the wall clock are refused: not under test here.
		if dumps[i], err = l.results(ctx, all, quotes, lab.Setup{Empty: true, Set: []string{"ingest.idle_flush=1m"}}); err != nil {
			return f, err
		}
	}
	return judgeDumps(dumps, lab.Count(all)), nil
}

// dumped is the stored results of one instance.
type dumped struct {
	tables   map[string]string // SHA-256 by name
	size     int64
	requests int
	client.Receipt
}

// results sends ticks to a new instance, in requests of a given size, and returns
// what it stored.
func (l *session) results(ctx context.Context, all []*odds.Batch, quotes int, s lab.Setup) (d dumped, err error) {
	texts, err := lab.Bodies(all, quotes)
	if err != nil {
		return d, err
	}
	x, err := l.Start(ctx, s)
	if err != nil {
		return d, err
	}
	for _, text := range texts {
		got, err := lab.Ticks(ctx, x.Admin, text)
		if err != nil {
			return d, errors.Join(err, x.Stop())
		}
		d.Accepted += got.Accepted
		d.Duplicates += got.Duplicates
		d.Rejected += got.Rejected
	}
	d.requests = len(texts)
	if err := x.Stop(); err != nil { // which applies and saves everything
		return d, err
	}
	st, err := sqlite.Open(ctx, x.Store, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return d, err
	}
	h := newDigest()
	err = errors.Join(st.CanonicalDump(ctx, h), st.Close())
	d.tables, d.size = h.sums(), h.size
	return d, err
}

// digest hashes each table of a dump.
type digest struct {
	size   int64
	line   []byte // an incomplete line
	table  hash.Hash
	name   string
	tables map[string]string
}

func newDigest() *digest { return &digest{table: sha256.New(), tables: map[string]string{}} }

// Write implements io.Writer. It buffers one line at most.
func (d *digest) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			d.line = append(d.line, rest...)
			break
		}
		d.add(append(d.line, rest[:i+1]...))
		d.line, rest = d.line[:0], rest[i+1:]
	}
	return len(p), nil
}

// add processes a line. "-- SELECT … FROM table ORDER BY …", which may span several
// lines, begins a table.
func (d *digest) add(line []byte) {
	if bytes.HasPrefix(line, []byte("-- ")) {
		d.end()
		d.name = ""
	}
	if d.name == "" {
		_, after, _ := strings.Cut(string(line), " FROM ")
		d.name, _, _ = strings.Cut(after, " ")
	}
	d.table.Write(line)
}

func (d *digest) end() {
	if d.name != "" {
		d.tables[d.name] = hex.EncodeToString(d.table.Sum(nil))
	}
	d.table.Reset()
}

// sums returns the hashes at the end of the dump.
func (d *digest) sums() map[string]string {
	d.end()
	return d.tables
}

func judgeDumps(d [2]dumped, quotes int) (f lab.Finding) {
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(d[0].tables)) {
		if d[0].tables[name] != d[1].tables[name] {
			differ = append(differ, name)
		}
	}
	same := len(d[0].tables) > 0 && len(differ) == 0 && len(d[0].tables) == len(d[1].tables) && d[0].size == d[1].size
	f.Pass = same && d[0].Accepted == d[1].Accepted && d[0].Accepted > 0 && d[0].Rejected+d[1].Rejected == 0
	f.Measured = fmt.Sprintf("%d of %d tables differ", len(differ), len(d[0].tables))
	f.Evidence = fmt.Sprintf("%d quotes in %d and in %d requests, %d and %d accepted, %d and %d refused; canonical dumps of the results, %d and %d bytes, compared by the SHA-256 of each table",
		quotes, d[0].requests, d[1].requests, d[0].Accepted, d[1].Accepted, d[0].Rejected, d[1].Rejected, d[0].size, d[1].size)
	if len(differ) > 0 {
		f.Evidence += "; different: " + strings.Join(differ, ", ")
	}
	return f
}
