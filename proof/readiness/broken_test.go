package readiness

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// TestMain lets the test program be the service that gates start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		serve(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// serve runs an instance until the process is killed.
func serve(args []string) {
	var o config.Options
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "--set" {
			o.Set = append(o.Set, args[i+1])
		}
	}
	c, err := config.Load(o)
	if err == nil {
		var i *instance.Instance
		if i, err = instance.Open(context.Background(), &c.Config, instance.Options{Log: os.Stderr}); err == nil {
			err = i.Run(context.Background())
		}
	}
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

// run runs one gate with keys of the configuration changed.
func run(t *testing.T, name string, set ...string) store.Check {
	t.Helper()
	var got store.Check
	o := Options{Config: config.Options{Set: set}, Dir: t.TempDir(), Kills: 1, LoadFor: time.Second, LoadRate: 20}
	err := Run(t.Context(), o, []string{name}, func(_ context.Context, c store.Check) error { got = c; return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s: %s", got.Status, got.Measured, got.Evidence)
	return got
}

// TestGatesFailOnABrokenService starts real instances whose configuration breaks
// what a gate checks.
func TestGatesFailOnABrokenService(t *testing.T) {
	if testing.Short() {
		t.Skip("starts instances")
	}
	for name, set := range map[string][]string{
		"rate_limit":      {"limits.client_burst=100000"},
		"audit_complete":  {"audit.level=ERRORS"},
		"metrics_export":  {"telemetry.metrics=false"},
		"circuit_breaker": {"breakers.failures=4", "breakers.delay=100ms"},
		"audit_retention": {"audit.keep=1d"},
	} {
		t.Run(name, func(t *testing.T) {
			if c := run(t, name, set...); c.Status != Fail {
				t.Errorf("with %s it is %s", set, c.Status)
			}
		})
	}
}

// TestGatesPassOnASoundService is the other half, for gates whose measure is not
// time: on a busy machine those would fail for the right reason.
func TestGatesPassOnASoundService(t *testing.T) {
	if testing.Short() {
		t.Skip("starts instances")
	}
	for _, name := range []string{"audit_complete", "metrics_export", "trace_propagation", "audit_retention", "sql_compliance", "crash_recovery"} {
		t.Run(name, func(t *testing.T) {
			if c := run(t, name); c.Status != Pass {
				t.Errorf("%s", c.Status)
			}
		})
	}
}

func TestAProcessThatDoesNotStartIsPending(t *testing.T) {
	for _, name := range []string{"crash_recovery", "memory_ceiling", "load"} {
		var got store.Check
		o := Options{Program: []string{filepath.Join(t.TempDir(), "no-such-program")}, Dir: t.TempDir()}
		err := Run(t.Context(), o, []string{name}, func(_ context.Context, c store.Check) error { got = c; return nil })
		if err != nil || got.Status != Pending || !strings.Contains(got.Evidence, "no-such-program") {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	err := Run(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "none")}, nil, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestSQLFailsWithoutItsTables(t *testing.T) {
	for name, spoil := range map[string]string{
		"no view":          "DROP VIEW anomaly_candidates",
		"no performance":   "DROP TABLE audit_performance_metrics",
		"no readiness":     "DROP TABLE production_readiness_matrix",
		"bounds are gone":  "PRAGMA ignore_check_constraints = ON",
		"nothing (passes)": "",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.db")
			st, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true, Offline: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1) // a pragma belongs to its connection
			if _, err := db.ExecContext(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			f, err := judgeSQL(t.Context(), db)
			if err != nil || f.Pass != (spoil == "") {
				t.Errorf("%v, %+v", err, f)
			}
		})
	}
}

// endlessStore is a store whose endless queries end as it says.
type endlessStore struct {
	after time.Duration
	err   error
	read  error
}

func (p endlessStore) Probe(ctx context.Context, _ int) (time.Duration, error) {
	return p.after, errors.Join(client.Pause(ctx, p.after), p.err)
}

func (p endlessStore) KnowsEvent(context.Context, string) (bool, error) { return true, p.read }

func TestProbes(t *testing.T) {
	const wait = 51 * time.Millisecond
	for name, c := range map[string]struct {
		st                  endlessStore
		took, cut, failures int
	}{
		"cut in time":     {endlessStore{wait, store.ErrDeadline, nil}, 3, 4, 0},
		"never cut":       {endlessStore{wait, nil, nil}, 0, 0, 0},
		"fails otherwise": {endlessStore{wait, store.ErrInUse, nil}, 0, 0, 0},
		"readers starve":  {endlessStore{wait, store.ErrDeadline, store.ErrDeadline}, 3, 4, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := probeAll(t.Context(), c.st, 3, 4)
			if err != nil || len(s.took) != c.took || s.cut != c.cut || min(s.failed, 1) != c.failures || s.reads < 4*51 || s.slowest != 0 {
				t.Errorf("%s: %+v, %v", name, s, err)
			}
			for _, d := range s.took {
				if d != wait {
					t.Errorf("%s: cut after %s", name, d)
				}
			}
		})
	}
}

// book is an audit log in memory.
type book struct {
	mu    sync.Mutex
	rows  []store.AuditRow
	stuck bool // it is never pruned
}

func (b *book) Audit(_ context.Context, rows []store.AuditRow) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, rows...)
	return nil
}

func (b *book) AuditHeld(context.Context) (h store.AuditHeld, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.Rows = len(b.rows); h.Rows > 0 {
		h.Oldest, h.Newest = b.rows[0].At, b.rows[h.Rows-1].At
	}
	return h, nil
}

func (b *book) PruneAudit(_ context.Context, x store.AuditBounds, step int) (n int, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stuck && n < step && len(b.rows) > 0 && (b.rows[0].At < x.Before || len(b.rows) > x.Rows) {
		b.rows, n = b.rows[1:], n+1
	}
	return n, nil
}

func (b *book) AuditTail(context.Context, int) ([]store.AuditRow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]store.AuditRow(nil), b.rows...), nil
}

func TestRetentionSeesALogThatIsNotPruned(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, err := retain(t.Context(), &book{stuck: stuck}, 7*24*time.Hour, odds.TimeOf(noon()))
			if err != nil {
				t.Fatal(err)
			}
			if kept := r.aged > 0 || r.held > r.cap; kept != stuck {
				t.Errorf("stuck %v: %+v", stuck, r)
			}
		})
	}
}
