package keep

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// holds checks that a good case passes, and that each broken one fails.
func holds[T any](t *testing.T, good func() T, judge func(T) lab.Finding, broken map[string]func(*T)) {
	t.Helper()
	if f := judge(good()); !f.Pass || f.Measured == "" || f.Evidence == "" {
		t.Errorf("good: %+v", f)
	}
	for name, spoil := range broken {
		x := good()
		spoil(&x)
		if f := judge(x); f.Pass || f.Measured == "" || f.Evidence == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestJudgeRetention(t *testing.T) {
	const week = 7 * 24 * time.Hour
	type seen struct {
		keep time.Duration
		r    retained
	}
	good := func() seen {
		return seen{week, retained{old: 3000, young: 500, kept: 500, flood: 6000, cap: 2000, held: 2000, alarm: true}}
	}
	holds(t, good, func(s seen) lab.Finding { return judgeRetention(s.keep, &s.r) }, map[string]func(*seen){
		"kept too short":           func(s *seen) { s.keep = week - time.Second },
		"an old row stays":         func(s *seen) { s.r.aged = 1 },
		"a young one goes":         func(s *seen) { s.r.kept = 499 },
		"one over the cap":         func(s *seen) { s.r.held = 2001 },
		"no alarm":                 func(s *seen) { s.r.alarm = false },
		"an alarm without a cause": func(s *seen) { s.r.early = true },
	})
}

func TestJudgeDeadline(t *testing.T) {
	good := func() probed {
		s := probed{alone: 21, together: 64, cut: 64, reads: 9}
		for i := range s.alone {
			d := 60 * time.Millisecond
			if i >= 11 { // ten may be slower
				d = time.Second
			}
			s.took = append(s.took, d)
		}
		return s
	}
	holds(t, good, func(s probed) lab.Finding { return judgeDeadline(&s) }, map[string]func(*probed){
		"too late at the median": func(s *probed) { s.took[0] = 61 * time.Millisecond },
		"one was not cut":        func(s *probed) { s.took = s.took[1:] },
		"none was cut":           func(s *probed) { s.took = nil },
		"too few":                func(s *probed) { s.alone, s.took = 20, s.took[:20] },
		"one of many not cut":    func(s *probed) { s.cut = 63 },
		"a reader starves":       func(s *probed) { s.failed = 1 },
		"nobody read":            func(s *probed) { s.reads = 0 },
	})
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

// endlessStore is a store whose endless queries end in a given way.
type endlessStore struct {
	after time.Duration
	err   error
	read  error
}

func (p endlessStore) Probe(ctx context.Context, _ int) (time.Duration, error) {
	return p.after, errors.Join(pause.For(ctx, p.after), p.err)
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
			r, err := retain(t.Context(), &book{stuck: stuck}, 7*24*time.Hour, odds.TimeOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
			if err != nil {
				t.Fatal(err)
			}
			if kept := r.aged > 0 || r.held > r.cap; kept != stuck {
				t.Errorf("stuck %v: %+v", stuck, r)
			}
		})
	}
}
