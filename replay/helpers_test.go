package replay

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"corrgraph/feed/canonical"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/store/sqlite"
)

// long skips a test in short runs: under the race detector the large recordings take
// minutes, and they start no goroutines that smaller ones do not.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("reads large recordings; run without -short")
	}
}

// recordings finds real files. If they are missing, the test fails where they are required,
// and is skipped elsewhere.
func recordings(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../shared/data", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no recordings %s under ../shared/data", pattern)
		}
		t.Skipf("no recordings %s under ../shared/data", pattern)
	}
	return files
}

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(context.Background(), path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func newDB(t *testing.T) string { return filepath.Join(t.TempDir(), "odds.db") }

// replayInto replays files into the store of a path and returns its dump.
func replayInto(t *testing.T, db string, files ...string) ([]byte, Summary) {
	t.Helper()
	st := openStore(t, db)
	defer st.Close()
	sum, err := Run(context.Background(), st, Options{Paths: files})
	if err != nil {
		t.Fatal(err)
	}
	return dump(t, st), sum
}

func dump(t *testing.T, st *sqlite.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := st.CanonicalDump(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sameDump fails at the first line that differs.
func sameDump(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			t.Errorf("%s: line %d of %d and %d differs:\n got %.400s\nwant %.400s", what, i+1, len(g), len(w), g[i], w[i])
			return
		}
	}
	t.Errorf("%s: %d lines, want %d", what, len(g), len(w))
}

// market is a small simulated market: two events that a city links,
// streams and polls, suspensions and wrong quotes.
func market(t *testing.T) (out []*odds.Batch) {
	t.Helper()
	kept := []string{"mlb-nyy-bos", "wnba-nyl-lva"}
	if _, err := simulate.Run(simulate.Options{Seed: 5, Minutes: 240}, func(b *odds.Batch) error {
		one := *b
		one.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u odds.Update) bool {
			return u.Market != "h2h" || !slices.Contains(kept, u.Event.ID)
		})
		if len(one.Updates) > 0 {
			out = append(out, &one)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// write writes batches as a table.
func write(t *testing.T, batches []*odds.Batch) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ticks.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := canonical.NewWriter(f)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

// where returns the batches of selected instants.
func where(batches []*odds.Batch, keep func(odds.Time) bool) (out []*odds.Batch) {
	for _, b := range batches {
		if keep(b.At) {
			out = append(out, b)
		}
	}
	return out
}

// feedInto runs batches through the pipeline without any file.
func feedInto(t *testing.T, db string, batches []*odds.Batch) []byte {
	t.Helper()
	st := openStore(t, db)
	defer st.Close()
	i := 0
	next := func() (*odds.Batch, error) {
		if i == len(batches) {
			return nil, io.EOF
		}
		i++
		return batches[i-1], nil
	}
	if _, err := Batches(context.Background(), st, next, Options{}); err != nil {
		t.Fatal(err)
	}
	return dump(t, st)
}
