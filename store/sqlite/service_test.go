package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/store/storetest"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// pragma reads a pragma that answers with one number.
func pragma(t testing.TB, c *db.Conn, name string) (v int64) {
	t.Helper()
	row, err := c.One(context.Background(), db.Statement{SQL: "PRAGMA " + name, Deadline: db.Commit})
	if err != nil {
		t.Fatal(err)
	}
	return row[0]
}

// marked is a chunk whose only batch names its sender.
func marked(at odds.Time, source string) ticklog.Chunk {
	var enc ticklog.Encoder
	return enc.Pack([]*odds.Batch{{Source: source, At: at, Recv: at}})
}

// logged counts the batches of the log by source.
func logged(t *testing.T, s *Store) map[string]int {
	t.Helper()
	n := map[string]int{}
	for b, err := range ticklog.ByTime(t.Context(), s.Log()) {
		if err != nil {
			t.Fatal(err)
		}
		n[b.Source]++
	}
	return n
}

func TestNothingIsAcknowledgedOnceTheFileIsGone(t *testing.T) {
	s := open(t, Options{Durable: true})
	away := s.Path() + ".away"
	for _, step := range []struct {
		name string
		do   func() error
		want error
	}{
		{"as opened", func() error { return nil }, nil},
		{"removed", func() error { return os.Rename(s.Path(), away) }, store.ErrReplaced},
		{"replaced", func() error { return os.WriteFile(s.Path(), nil, 0o600) }, store.ErrReplaced},
		{"put back", func() error { return os.Rename(away, s.Path()) }, nil},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Log().Append(t.Context(), marked(1, step.name)); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
		if err := s.Writable(t.Context()); !errors.Is(err, step.want) {
			t.Errorf("%s: writable: %v, want %v", step.name, err, step.want)
		}
	}
	if got := logged(t, s); got["as opened"] != 1 || got["put back"] != 1 || len(got) != 2 {
		t.Errorf("the log holds %v", got)
	}
}

func TestTheLogKeepsItsContract(t *testing.T) {
	for name, o := range map[string]Options{"plain": {}, "durable": {Durable: true}} {
		t.Run(name, func(t *testing.T) {
			logtest.Run(t, func(t *testing.T) (ticklog.Log, func() ticklog.Log) {
				s := open(t, o)
				return s.Log(), func() ticklog.Log {
					s.Close()
					again, err := Open(t.Context(), s.Path(), o)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { again.Close() })
					s = patient(again)
					return s.Log()
				}
			})
		})
	}
}

func TestAppendsOfManyCallersAreAllKept(t *testing.T) {
	s := open(t, Options{Durable: true})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("%d/%d", w, i)
				if _, err := s.Log().Append(t.Context(), marked(odds.Time(i), name), marked(odds.Time(i), name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := logged(t, s)
	for name, times := range n {
		if times != 2 {
			t.Errorf("%s is there %d times", name, times)
		}
	}
	if len(n) != 320 {
		t.Errorf("%d calls are in the log, want 320", len(n))
	}
}

func TestEventsAreWrittenInTurns(t *testing.T) {
	s := open(t, Options{})
	r := storetest.Sample(1, 10_000, 1, 1)
	one := store.EventResults{Event: r.Events[0], Edges: r.Edges}
	for i := range one.Edges {
		one.Edges[i].Event = one.Event.ID
	}
	written := make(chan error, 1)
	go func() { written <- s.WriteEvent(t.Context(), &one) }()
	between := 0
	for done := false; !done; {
		if _, err := s.Log().Append(t.Context(), marked(1, "x")); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-written:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
			between++
		}
	}
	if between < 4 { // five turns at least
		t.Errorf("%d appends while the event was written", between)
	}
}

func TestAFullDiskLeavesAnEventThatCanBeWrittenAgain(t *testing.T) {
	s := open(t, Options{MaxPages: 400})
	r := storetest.Sample(1, 20_000, 1, 1)
	large := store.EventResults{Event: r.Events[0], Edges: r.Edges}
	for i := range large.Edges {
		large.Edges[i].Event = large.Event.ID
	}
	if err := s.WriteEvent(t.Context(), &large); !errors.Is(err, store.ErrFull) {
		t.Fatalf("a large event: %v", err)
	}
	small := large
	small.Edges = large.Edges[:100]
	if err := s.WriteEvent(t.Context(), &small); err != nil {
		t.Fatal(err)
	}
	if edges, err := s.Edges(t.Context(), store.EdgeFilter{}); err != nil || len(edges) != 100 {
		t.Errorf("%d edges, want 100: %v", len(edges), err)
	}
}

func TestFaultsAndDelaysEndAtTheDeadline(t *testing.T) {
	var broken, slow atomic.Bool
	errFault := errors.New("chaos")
	var mu sync.Mutex
	reported := map[string]error{}
	s := open(t, Options{
		Fault: func(write bool) error {
			if broken.Load() && write {
				return fmt.Errorf("%w: %w", store.ErrFull, errFault)
			}
			return nil
		},
		Delay: func(write bool) time.Duration {
			if slow.Load() && !write {
				return time.Hour
			}
			return 0
		},
		OnStatement: func(name string, _ time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			reported[name] = err
		},
	})
	if _, err := s.Log().Append(t.Context(), marked(1, "a")); err != nil {
		t.Fatal(err)
	}
	slow.Store(true)
	s.table[asOf].Deadline = db.Request
	if _, err := s.AsOf(t.Context()); !errors.Is(err, store.ErrDeadline) {
		t.Errorf("a delay beyond the deadline: %v", err)
	}
	slow.Store(false)
	s.table[asOf].Deadline = db.Listing
	broken.Store(true)
	if _, err := s.Log().Append(t.Context(), marked(2, "b")); !errors.Is(err, errFault) {
		t.Errorf("a fault: %v", err)
	}
	if _, err := s.AsOf(t.Context()); err != nil {
		t.Errorf("a reader beside faults of writing: %v", err)
	}
	broken.Store(false)
	if _, err := s.Log().Append(t.Context(), marked(3, "c")); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if n := logged(t, s); len(n) != 2 || n["b"] > 0 {
		t.Errorf("the log has %v", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(reported) != 1 || !errors.Is(reported["as_of"], store.ErrDeadline) {
		t.Errorf("reported: %v", reported)
	}
	if c := s.Counters(); c.Timeouts != 1 || c.Failures != 1 || c.Statements < 10 {
		t.Errorf("counted: %+v", c)
	}
}

// A fault in the middle of a transaction rolls it back, and the writer keeps working.
func TestAFaultAtAnyStatementLeavesAllOrNothing(t *testing.T) {
	var left atomic.Int64
	left.Store(1 << 40)
	errFault := errors.New("chaos")
	s := open(t, Options{Fault: func(write bool) error {
		if write && left.Add(-1) < 0 {
			return errFault
		}
		return nil
	}})
	want := 0
	for n := range 12 {
		left.Store(int64(n))
		_, err := s.Log().Append(t.Context(), marked(odds.Time(n), "a"), marked(odds.Time(n), "b"))
		left.Store(1 << 40)
		if err == nil {
			want++
		} else if !errors.Is(err, errFault) {
			t.Fatal(err)
		}
		if got := logged(t, s); got["a"] != want || got["b"] != want {
			t.Fatalf("after a fault at statement %d: %v, want %d of each", n+1, got, want)
		}
	}
	if want == 0 || want == 12 {
		t.Errorf("%d of 12 succeeded: the faults were not in the transaction", want)
	}
}

// The files between two appends are what a killed process would leave.
func TestAKillBetweenChunksLeavesEveryAcknowledgedOne(t *testing.T) {
	s := open(t, Options{Durable: true})
	for n := range 6 {
		if _, err := s.Log().Append(t.Context(), marked(odds.Time(9-n), fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
		killed := filepath.Join(t.TempDir(), "killed.db")
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(s.Path() + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(killed+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k, err := Open(t.Context(), killed, Options{Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		got := logged(t, k)
		for i := range n + 1 {
			if got[fmt.Sprint(i)] != 1 {
				t.Errorf("killed after %d appends, the log has %v", n+1, got)
			}
		}
		k.Close()
	}
}

func TestSlowStatementsAreReported(t *testing.T) {
	now := time.Unix(0, 0)
	names := map[string]time.Duration{}
	s := open(t, Options{
		Clock:       func() time.Time { now = now.Add(10 * time.Millisecond); return now }, // each statement takes so long
		Slow:        10 * time.Millisecond,
		OnStatement: func(name string, took time.Duration, err error) { names[name] = took },
	})
	if _, err := s.AsOf(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names["as_of"] != 10*time.Millisecond {
		t.Errorf("reported: %v", names)
	}
	s.table[probe].Deadline = db.Listing
	if took, err := s.Probe(t.Context(), 10); err != nil || took <= 0 {
		t.Errorf("a probe: %v, %v", took, err)
	}
	if s.Counters().Slow == 0 {
		t.Error("no slow statement was counted")
	}
}

func TestManySlowQueriesDoNotStarveSearches(t *testing.T) {
	s := open(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 100, 2, 2)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var cut atomic.Int64
	for range 1000 {
		wg.Go(func() {
			if _, err := s.Probe(t.Context(), 1<<40); errors.Is(err, store.ErrDeadline) {
				cut.Add(1)
			} else {
				t.Errorf("an endless probe: %v", err)
			}
		})
	}
	for range 100 {
		if _, err := s.Now(t.Context()); err != nil {
			t.Errorf("a search beside probes: %v", err)
		}
	}
	wg.Wait()
	if cut.Load() != 1000 {
		t.Errorf("%d of 1000 probes were cut", cut.Load())
	}
	// Slow queries hold all their connections: searches need none of them, however long
	// they are held.
	held, release := make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		err := s.db.Read(t.Context(), db.Statement{Name: "slow", Deadline: db.Listing}, func(context.Context, *db.Conn) error {
			close(held)
			<-release
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	if _, err := s.Probe(t.Context(), 1); !errors.Is(err, store.ErrDeadline) {
		t.Errorf("a probe that finds no connection: %v", err)
	}
	for range 100 {
		if _, err := s.Now(t.Context()); err != nil {
			t.Errorf("a search while slow queries hold all their connections: %v", err)
		}
	}
	close(release)
	wg.Wait()
	s.table[probe].Deadline = db.Listing
	if took, err := s.Probe(t.Context(), 1000); err != nil {
		t.Errorf("a small probe afterwards: %v, %v", took, err)
	}
}

// firstVersion makes a store in the first version of the schema.
func firstVersion(t *testing.T, fill func(c *db.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "v1.db")
	c := other(t, path)
	script := fmt.Sprintf("PRAGMA journal_mode = WAL; %s\nPRAGMA application_id = %d; PRAGMA user_version = 1;", migrations()[0], applicationID)
	if err := c.Script(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	fill(c)
	return path
}

func TestAStoreOfTheFirstVersionIsUpgraded(t *testing.T) {
	chunk := marked(5, "old")
	path := firstVersion(t, func(c *db.Conn) {
		run(t, c, "INSERT INTO audit_log (at, operation, subject, status) VALUES (7, 'REPLAY', 'é', 'OK')")
		run(t, c, "INSERT INTO tick_log (session, seq, from_at, to_at, quotes, payload) VALUES (1, 1, 5, 5, 0, ?)", chunk.Payload)
		run(t, c, "INSERT INTO production_readiness_matrix (component, check_name, severity, status) VALUES ('c', 'x', 'HIGH', 'PENDING')")
		insertForeign(t, c, storetest.Foreign(0))
	})
	s, err := Open(t.Context(), path, Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.AuditTail(t.Context(), 9)
	want := store.AuditRow{ID: 1, At: 7, Operation: "REPLAY", Subject: "é", Status: "OK"}
	if err != nil || len(rows) != 1 || rows[0] != want {
		t.Errorf("audit: %+v, %v", rows, err)
	}
	held, err := s.AuditHeld(t.Context())
	if err != nil || held.Bytes != want.Size() {
		t.Errorf("held: %+v, want %d bytes: %v", held, want.Size(), err)
	}
	if n := logged(t, s); n["old"] != 1 {
		t.Errorf("log: %v", n)
	}
	stats, err := s.Log().Stats(t.Context())
	if err != nil || stats.Bytes != int64(len(chunk.Payload)) || stats.Chunks != 1 {
		t.Errorf("log: %+v, %v", stats, err)
	}
}

func TestChangesOfExternalRowsShow(t *testing.T) {
	s := open(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 50, 1, 1)); err != nil {
		t.Fatal(err)
	}
	c := other(t, s.Path())
	seen := map[int64]string{}
	for _, what := range []string{
		"SELECT 1", // nothing yet
		strings.Replace(foreignInsert, "VALUES (?,?,?,?,?,?,?,?,?,?,NULL)", "VALUES (1,'e','source_node','target_node','x',0.5,1,0.5,9,0.5,NULL)", 1),
		"UPDATE multi_layer_correlations SET confidence = 0.6 WHERE evidence = 'external'",
		"DELETE FROM multi_layer_correlations WHERE evidence = 'external'",
	} {
		run(t, c, what)
		v, err := s.ExternalVersion(t.Context())
		if err != nil || seen[v] != "" {
			t.Errorf("after %s the version is as after %s: %v", what, seen[v], err)
		}
		seen[v] = what
	}
}

func TestBackupUnderLoadHoldsEveryEarlierCommit(t *testing.T) {
	s := open(t, Options{Durable: true})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 5000, 20, 500)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var committed atomic.Int64
	var wg sync.WaitGroup
	chunk := chunkOf(2000)
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := s.Log().Append(t.Context(), marked(odds.Time(i), "x"), chunk); err != nil {
				t.Error(err)
			}
			committed.Store(int64(i + 1))
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.Now(t.Context()); err != nil && !errors.Is(err, store.ErrDeadline) {
				t.Error(err)
			}
		}
	})
	dir := t.TempDir()
	for n := range 3 {
		for committed.Load() < int64(5*(n+1)) && !t.Failed() {
			runtime.Gosched()
		}
		before := committed.Load()
		path := filepath.Join(dir, fmt.Sprint(n, ".db"))
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		after := committed.Load() + 1
		held, err := Inspect(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if chunks := int64(held.Chunks / 2); chunks < before || chunks > after || held.Edges != 5000 {
			t.Errorf("the backup holds %+v; %d appends were there before it and %d after", held, before, after)
		}
	}
	cancel()
	wg.Wait()
	if err := s.Backup(t.Context(), filepath.Join(dir, "0.db")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an earlier backup: %v", err)
	}
	gone, stop := context.WithCancelCause(t.Context())
	stop(fs.ErrClosed)
	if err := s.Backup(gone, filepath.Join(dir, "gone.db")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a caller that has left: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 3 {
		t.Errorf("left: %v", left)
	}
}

func TestInspectFindsDamage(t *testing.T) {
	s := open(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 2000, 2, 2)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Inspect(t.Context(), s.Path()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func([]byte) []byte{
		"cut short": func(b []byte) []byte { return b[:len(b)/2] },
		"zeroed":    func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+4096]); return b },
		"text":      func([]byte) []byte { return []byte(strings.Repeat("no database", 1000)) },
		"empty":     func([]byte) []byte { return nil },
	} {
		path := filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(path, spoil(slices.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Inspect(t.Context(), path); !errors.Is(err, store.ErrNotStore) && !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestReplaceRefusesAStoreInUseAndKeepsTheOld(t *testing.T) {
	s := open(t, Options{})
	ctx := t.Context()
	if _, err := s.Log().Append(ctx, marked(1, "first")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.Path())
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := s.Backup(ctx, at("copy")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log().Append(ctx, marked(2, "second")); err != nil {
		t.Fatal(err)
	}
	if err := Replace(ctx, s.Path(), at("copy"), at("old")); !errors.Is(err, store.ErrInUse) {
		t.Errorf("beside a writer: %v", err)
	}
	r, err := Open(ctx, s.Path(), Options{ReadOnly: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := Replace(ctx, s.Path(), at("copy"), at("old")); !errors.Is(err, store.ErrInUse) {
		t.Errorf("beside a reader: %v", err)
	}
	r.Close()
	if err := Replace(ctx, s.Path(), at("copy"), at("old")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{s.Path(): 1, at("old"): 2} {
		s, err := Open(ctx, path, Options{Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := logged(t, s); len(n) != want {
			t.Errorf("%s: %v", path, n)
		}
		c := other(t, path)
		if mode := journal(t, c); pragma(t, c, "user_version") != int64(Version()) || mode != "wal" {
			t.Errorf("%s has journal mode %s", path, mode)
		}
		s.Close()
	}
}

func journal(t *testing.T, c *db.Conn) (mode string) {
	t.Helper()
	err := c.Query(t.Context(), db.Statement{SQL: "PRAGMA journal_mode", Deadline: db.Commit}, func(row []driver.Value) error {
		mode = fmt.Sprint(row[0])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return mode
}

// A WAL of another file must never be read into the new one.
func TestReplaceOfADamagedStoreTakesItsWALAway(t *testing.T) {
	s := open(t, Options{})
	ctx := t.Context()
	if _, err := s.Log().Append(ctx, marked(1, "kept")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.Path())
	if err := s.Backup(ctx, filepath.Join(dir, "copy")); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged.db")
	wal, err := os.ReadFile(s.Path() + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{damaged: []byte(strings.Repeat("garbage ", 999)), damaged + "-wal": wal} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(ctx, damaged, filepath.Join(dir, "copy"), filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(damaged + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old WAL: %v", err)
	}
	r, err := Open(ctx, damaged, Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := logged(t, r); n["kept"] != 1 {
		t.Errorf("restored: %v", n)
	}
}

func BenchmarkAppendDurable(b *testing.B) {
	payload := make([]byte, 100<<10)
	for _, durable := range []bool{false, true} {
		b.Run(fmt.Sprint("durable=", durable), func(b *testing.B) {
			s := open(b, Options{Durable: durable})
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := s.Log().Append(context.Background(), ticklog.Chunk{Payload: payload}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[0].Microseconds()), "min-µs")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		})
	}
}

func BenchmarkAudit(b *testing.B) {
	s := open(b, Options{})
	rows := make([]store.AuditRow, 1024)
	at := odds.Time(0)
	for b.Loop() {
		for i := range rows {
			at++
			rows[i] = store.AuditRow{
				At: at, Operation: fmt.Sprint("OPERATION_", i%20), Subject: "0123456789abcdef0123456789abcdef", Status: "OK",
				Actor: "desk-1", TraceID: fmt.Sprintf("%032x", at), Took: time.Millisecond,
			}
		}
		if err := s.Audit(context.Background(), rows); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(rows)), "µs/row")
}

func BenchmarkBackup(b *testing.B) {
	s := open(b, Options{})
	if err := s.WriteResults(context.Background(), storetest.Sample(1, 60_000, 100, 5000)); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	n := 0
	b.Run("pages", func(b *testing.B) {
		for b.Loop() {
			n++
			if err := s.Backup(context.Background(), filepath.Join(dir, fmt.Sprint(n))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("vacuum", func(b *testing.B) {
		c := other(b, s.Path())
		for b.Loop() {
			n++
			run(b, c, "VACUUM INTO ?", filepath.Join(dir, fmt.Sprint(n)))
		}
	})
}
