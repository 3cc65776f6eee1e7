package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/store/storetest"
	"corrgraph/ticklog"
)

// open opens a store in which only probes have the deadline of a request, so that a busy
// machine does not fail unrelated tests.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	return patient(strict(t, o))
}

func patient(s *Store) *Store {
	for i := range s.table {
		if st := &s.table[i]; st.Deadline == db.Request && name(i) != probe {
			st.Deadline = db.Listing
		}
	}
	return s
}

// strict opens a store with its real deadlines.
func strict(t testing.TB, o Options) *Store {
	t.Helper()
	o.Create = true
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "s.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// other is a connection like that of another program, with SQLite's defaults.
func other(t testing.TB, path string) *db.Conn {
	t.Helper()
	c, err := db.OpenConn(path, "mode=rwc", "_pragma=busy_timeout(1000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func run(t testing.TB, c *db.Conn, sql string, args ...driver.Value) {
	t.Helper()
	if _, err := c.Exec(context.Background(), db.Statement{SQL: sql, Deadline: db.Commit}, args...); err != nil {
		t.Fatal(err)
	}
}

const foreignInsert = `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type, correlation_score,
	latency_ms, expected_propagation, detected_at, confidence, severity_level) VALUES (?,?,?,?,?,?,?,?,?,?,NULL)`

func insertForeign(t testing.TB, c *db.Conn, e graph.Edge) {
	t.Helper()
	run(t, c, foreignInsert, int64(e.Layer), e.Event, string(e.Source), string(e.Target), e.Kind, e.Score, int64(e.Lag), e.Beta, int64(e.DetectedAt), e.Confidence)
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (storetest.Backend, func(graph.Edge)) {
		s := open(t, Options{Offline: true}) // a busy machine must not fail the contract
		return s, func(e graph.Edge) { insertForeign(t, other(t, s.Path()), e) }
	})
}

func TestEveryStatementPrepares(t *testing.T) {
	s := open(t, Options{})
	all := s.table[:]
	all = append(all, dumped()...)
	for _, insert := range []func() db.Statement{
		ownEdgeTable.Insert, eventTable.Insert, familyTable.Insert, groupTable.Insert, anomalyTable.Insert, predictionTable.Insert,
		documentTable.Insert, logTable.Insert, auditTable.Insert, performanceTable.Insert, checkTable.Insert,
	} {
		all = append(all, insert())
	}
	c, seen := other(t, s.Path()), map[string]bool{}
	for i, st := range all {
		if st.SQL == "" || st.Deadline == 0 || st.Name == "" || seen[st.Name] {
			t.Errorf("statement %d (%q) has no SQL, no deadline or no name of its own", i, st.Name)
		}
		seen[st.Name] = true
		explain := db.Statement{SQL: "EXPLAIN " + st.SQL, Deadline: db.Commit}
		if err := c.Query(t.Context(), explain, func([]driver.Value) error { return db.ErrEnough }, make([]driver.Value, 40)...); err != nil {
			t.Errorf("%s: %v", st.SQL, err)
		}
	}
}

// Everything a request waits for is an index search, in its order, at any size.
func TestRequestsNeitherScanNorSort(t *testing.T) {
	s := strict(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 2000, 50, 200)); err != nil {
		t.Fatal(err)
	}
	c := other(t, s.Path())
	small := regexp.MustCompile(`SCAN (families|venue_groups|audit_log$|audit_size|external_version|CONSTANT|documents|n$)`) // whole small tables, or from the end
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			run(t, c, "ANALYZE")
		}
		for _, st := range s.table {
			if st.Deadline != db.Request || !st.Quick {
				continue
			}
			err := c.Query(t.Context(), db.Statement{SQL: "EXPLAIN QUERY PLAN " + st.SQL, Deadline: db.Commit}, func(row []driver.Value) error {
				step := fmt.Sprint(row[3])
				scan := strings.HasPrefix(step, "SCAN") && !small.MatchString(step)
				// A sort by rowid of what a search found is of a node's few edges.
				sort := strings.Contains(step, "TEMP B-TREE") && strings.Contains(st.SQL, "abs_score")
				if scan || sort || strings.Contains(step, "ANY(") {
					t.Errorf("%s: %s", st.SQL, step)
				}
				return nil
			}, make([]driver.Value, 10)...)
			if err != nil {
				t.Errorf("%s: %v", st.SQL, err)
			}
		}
	}
}

func TestASecondWriterIsToldAtOnceAndReadersWork(t *testing.T) {
	s := open(t, Options{})
	if _, err := Open(t.Context(), s.Path(), Options{Offline: true}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second writer: %v", err)
	}
	r, err := Open(t.Context(), s.Path(), Options{ReadOnly: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 10, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if at, err := r.Now(t.Context()); err != nil || at != storetest.Epoch {
		t.Errorf("reader beside a writer: %v, %v", at, err)
	}
	if err := r.WriteResults(t.Context(), &store.Results{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a write through a reader: %v", err)
	}
	s.Close()
	w, err := Open(t.Context(), s.Path(), Options{Offline: true})
	if err != nil {
		t.Fatalf("after the first writer has left: %v", err)
	}
	w.Close()
}

func TestWhatIsNoStoreIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	path := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	foreign := filepath.Join(dir, "foreign.db")
	c := other(t, foreign)
	run(t, c, "CREATE TABLE theirs (x)")
	newer := filepath.Join(dir, "newer.db")
	n := other(t, newer)
	run(t, n, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	run(t, n, "PRAGMA user_version = 99")
	for _, test := range []struct {
		path string
		o    Options
		want error
	}{
		{path("text.db", strings.Repeat("bookmaker,price\n", 99)), Options{Create: true}, store.ErrNotStore},
		{path("text2.db", strings.Repeat("bookmaker,price\n", 99)), Options{ReadOnly: true}, store.ErrNotStore},
		{path("empty.db", ""), Options{ReadOnly: true}, store.ErrNotStore},
		{foreign, Options{Create: true}, store.ErrNotStore},
		{foreign, Options{ReadOnly: true}, store.ErrNotStore},
		{newer, Options{}, store.ErrNewer},
		{newer, Options{ReadOnly: true}, store.ErrNewer},
		{dir, Options{Create: true}, store.ErrNotStore},
		{filepath.Join(dir, "none.db"), Options{}, fs.ErrNotExist},
		{filepath.Join(dir, "none.db"), Options{ReadOnly: true, Create: true}, fs.ErrNotExist},
		{filepath.Join(dir, "no", "s.db"), Options{Create: true}, fs.ErrNotExist},
	} {
		before, _ := os.ReadFile(test.path)
		s, err := Open(t.Context(), test.path, test.o)
		if !errors.Is(err, test.want) {
			t.Errorf("%s %+v: %v, want %v", filepath.Base(test.path), test.o, err, test.want)
		}
		if s != nil {
			s.Close()
		}
		if after, _ := os.ReadFile(test.path); string(after) != string(before) {
			t.Errorf("%s was changed", test.path)
		}
	}
}

func TestOddPathsAreFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a?mode=memory#%20 é.db")
	s, err := Open(t.Context(), path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestAReaderLeavesNothingBehind(t *testing.T) {
	s := open(t, Options{})
	s.Close()
	r, err := Open(t.Context(), s.Path(), Options{ReadOnly: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Events(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Close()
	left, _ := filepath.Glob(s.Path() + "-*")
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func chunkOf(n int) ticklog.Chunk {
	var enc ticklog.Encoder
	b := &odds.Batch{Source: "s", At: 1, Recv: 1}
	for i := range n {
		b.Updates = append(b.Updates, odds.Update{Venue: fmt.Sprint("venue", i), Market: "h2h", Quotes: []odds.Quote{{Price: 1 + 1/float64(i+1)}}})
	}
	return enc.Pack([]*odds.Batch{b})
}

func TestAFullDiskLosesNothingStored(t *testing.T) {
	s := open(t, Options{MaxPages: 120})
	ctx := t.Context()
	kept := storetest.Sample(1, 40, 2, 2)
	if err := s.WriteResults(ctx, kept); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log().Append(ctx, chunkOf(10)); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteResults(ctx, storetest.Sample(2, 20000, 2, 2)); !errors.Is(err, store.ErrFull) {
		t.Errorf("results: %v", err)
	}
	if _, err := s.Log().Append(ctx, chunkOf(10), chunkOf(100_000)); !errors.Is(err, store.ErrFull) {
		t.Errorf("log: %v", err)
	}
	edges, err := s.Edges(ctx, store.EdgeFilter{})
	if err != nil || len(edges) != len(kept.Edges) {
		t.Errorf("%d edges of %d are left: %v", len(edges), len(kept.Edges), err)
	}
	n := 0
	for _, err := range ticklog.ByTime(ctx, s.Log()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d batches in the log, want the first", n)
	}
	if _, err := s.Log().Append(ctx, chunkOf(10)); err != nil {
		t.Errorf("what fits is still taken: %v", err)
	}
}

// A copy of the current files, WAL included, is what a killed process would leave.
func TestWhatIsCommittedSurvivesAKill(t *testing.T) {
	s := open(t, Options{})
	ctx := t.Context()
	kept := storetest.Sample(1, 500, 2, 2)
	if err := s.WriteResults(ctx, kept); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log().Append(ctx, chunkOf(10)); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(t.TempDir(), "killed.db")
	err := s.db.Write(ctx, func(c *db.Conn) error {
		if _, err := c.Exec(ctx, s.table[clearEdges]); err != nil {
			return err
		}
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(s.Path() + suffix)
			if err != nil {
				return err
			}
			if err := os.WriteFile(killed+suffix, b, 0o600); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(ctx, killed, Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	edges, err := k.Edges(ctx, store.EdgeFilter{})
	if err != nil || len(edges) != len(kept.Edges) {
		t.Errorf("%d edges of %d: %v", len(edges), len(kept.Edges), err)
	}
	for _, err := range ticklog.ByTime(ctx, k.Log()) {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestBackupIsAStore(t *testing.T) {
	s := open(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 100, 2, 2)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), path, Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var want, got strings.Builder
	if err := errors.Join(s.CanonicalDump(t.Context(), &want), b.CanonicalDump(t.Context(), &got)); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Error("the copy differs")
	}
}

func TestRowsOutOfRangeAreRefused(t *testing.T) {
	s := open(t, Options{})
	c := other(t, s.Path())
	for what, spoil := range map[string]func(*graph.Edge){
		"layer":      func(e *graph.Edge) { e.Layer = 5 },
		"score":      func(e *graph.Edge) { e.Score = -1.5 },
		"confidence": func(e *graph.Edge) { e.Confidence = 1.01 },
		"node":       func(e *graph.Edge) { e.Source = "short" },
		"lag":        func(e *graph.Edge) { e.Lag = -1 },
	} {
		e := storetest.Foreign(0)
		spoil(&e)
		_, err := c.Exec(t.Context(), db.Statement{SQL: foreignInsert, Deadline: db.Commit}, int64(e.Layer), e.Event, string(e.Source), string(e.Target), e.Kind, e.Score, int64(e.Lag), e.Beta, int64(e.DetectedAt), e.Confidence)
		if err == nil || !strings.Contains(err.Error(), "CHECK") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// graphStore holds 12,000 rows of another program: 3 events × 4 layers × 1,000.
func graphStore(b *testing.B) *Store {
	s := open(b, Options{})
	c := other(b, s.Path())
	run(b, c, "BEGIN")
	for i := range 12000 {
		insertForeign(b, c, graph.Edge{
			Layer: odds.Layer(1 + i%4), Event: fmt.Sprintf("NBA-2024010%d-1200", 1+i%3), Source: odds.NodeID(fmt.Sprintf("source_node_%05d", i)),
			Target: odds.NodeID(fmt.Sprintf("target_node_%05d", i)), Kind: "cross_market", Score: float64(i%200)/100 - 1, Lag: odds.Millis(i % 1000),
			Beta: 0.1, DetectedAt: storetest.Epoch + odds.Time(i), Confidence: float64(i%101) / 100,
		})
	}
	run(b, c, "COMMIT")
	return s
}

func BenchmarkGraph(b *testing.B) {
	s := graphStore(b)
	ctx := context.Background()
	asOf := storetest.Epoch + 12000
	layer := func(l odds.Layer) error {
		edges, err := s.LayerStrongest(ctx, "NBA-20240101-1200", l, asOf.Add(-l.Window()), asOf, 50)
		if err == nil && len(edges) != 50 {
			err = fmt.Errorf("%d edges", len(edges))
		}
		return err
	}
	count := func(l odds.Layer) error {
		n, err := s.CountLayer(ctx, "NBA-20240101-1200", l, asOf.Add(-l.Window()), asOf)
		if err == nil && n != 1000 {
			err = fmt.Errorf("%d edges", n)
		}
		return err
	}
	both := func(l odds.Layer) error { return errors.Join(layer(l), count(l)) }
	for _, one := range []struct {
		name string
		ask  func(odds.Layer) error
	}{{"strongest", layer}, {"count", count}, {"both", both}} {
		b.Run(one.name+"/layer", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := one.ask(1); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(one.name+"/four at once", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				errs := make(chan error)
				for _, l := range odds.Layers {
					go func() { errs <- one.ask(l) }()
				}
				for range 4 {
					if err := <-errs; err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("event window", func(b *testing.B) {
		for b.Loop() {
			if e, err := s.EdgesInWindow(ctx, "NBA-20240101-1200", asOf); err != nil || len(e) != 4000 {
				b.Fatal(len(e), err)
			}
		}
	})
	b.Run("store window", func(b *testing.B) {
		for b.Loop() {
			if e, err := s.EdgesInWindow(ctx, "", asOf); err != nil || len(e) != 12000 {
				b.Fatal(len(e), err)
			}
		}
	})
}

func BenchmarkWriteResults(b *testing.B) {
	r := storetest.Sample(1, 20000, 100, 5000)
	b.Run("fresh", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := open(b, Options{})
			b.StartTimer()
			if err := s.WriteResults(context.Background(), r); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			s.Close()
			b.StartTimer()
		}
	})
	b.Run("again", func(b *testing.B) {
		s := open(b, Options{})
		for b.Loop() {
			if err := s.WriteResults(context.Background(), r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s := open(b, Options{})
	s.Close()
	for _, readOnly := range []bool{false, true} {
		b.Run(fmt.Sprintf("readOnly=%v", readOnly), func(b *testing.B) {
			for b.Loop() {
				s, err := Open(context.Background(), s.Path(), Options{ReadOnly: readOnly})
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}

func TestOfflineWaitsAsLongAsAListing(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n, st := range s.table {
		if st.Deadline < db.Listing && st.Deadline == db.Request {
			t.Errorf("statement %d may take %v offline", n, st.Deadline)
		}
	}
	if d := s.limited(edges, 10).Deadline; d != db.Listing {
		t.Errorf("a bounded listing may take %v offline", d)
	}
}
