package keep

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// asked is the retention of the log that the report requires.
const asked = 7 * 24 * time.Hour

// Retention is the gate audit_retention: it writes through a real auditor.
func Retention(ctx context.Context, l *lab.Lab) (f lab.Finding, err error) {
	p, err := l.Place(ctx, lab.Setup{Empty: true})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	cfg, err := l.Load(p)
	if err != nil {
		return f, err
	}
	if cfg.Audit.Keep < asked {
		f.Measured, f.Evidence = fmt.Sprintf("kept %s", cfg.Audit.Keep), "audit.keep of the configuration"
		return f, nil
	}
	st, err := sqlite.Open(ctx, filepath.Join(p.Dir, "audit.db"), sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	r, err := retain(ctx, st, cfg.Audit.Keep, odds.TimeOf(l.Now()))
	if err != nil {
		return f, err
	}
	return judgeRetention(cfg.Audit.Keep, &r), nil
}

func judgeRetention(keep time.Duration, r *retained) (f lab.Finding) {
	f.Pass = keep >= asked && r.aged == 0 && r.kept == r.young && r.alarm && !r.early && r.held <= r.cap
	f.Measured = fmt.Sprintf("kept %s, %d aged rows stay, alarm %v", keep, r.aged, r.alarm)
	f.Evidence = fmt.Sprintf("of %d rows older than that and %d younger, %d and %d stay; then of %d rows under a cap of %d, %d stay; alarm raised %v (before the cap was reached: %v)",
		r.old, r.young, r.aged, r.kept, r.flood, r.cap, r.held, r.alarm, r.early)
	return f
}

// retained is the result of an auditor's retention.
type retained struct {
	old, young, aged, kept int  // rows written and found by age
	flood, cap, held       int  // rows written under a cap, and found
	early, alarm           bool // state of the alarm, before and after the cap was reached
}

// retain writes rows of two ages through a real auditor, then more than its cap.
func retain(ctx context.Context, log auditLog, keep time.Duration, now odds.Time) (r retained, err error) {
	r = retained{old: 3000, young: 500, flood: 6000, cap: 2000}
	err = through(ctx, log, store.AuditorOptions{Keep: keep}, func(a *store.Auditor) error {
		past := now.Add(-2 * odds.MillisOf(keep))
		if err := write(ctx, a, "OLD", past, r.old); err != nil {
			return err
		}
		// Written in two parts: pruning follows a batch, and removes twice as many rows.
		for range 5 {
			if err := write(ctx, a, "YOUNG", now, r.young/5); err != nil {
				return err
			}
			if err := written(ctx, a); err != nil {
				return err
			}
		}
		r.early = a.Stats().CapReached
		return nil
	})
	if err != nil {
		return r, err
	}
	if r.aged, r.kept, err = held(ctx, log); err != nil {
		return r, err
	}
	err = through(ctx, log, store.AuditorOptions{Keep: keep, Rows: r.cap}, func(a *store.Auditor) error {
		for range 12 {
			if err := write(ctx, a, "YOUNG", now, r.flood/12); err != nil {
				return err
			}
			if err := written(ctx, a); err != nil {
				return err
			}
		}
		// The last batch is written; rows beyond the cap are removed a moment later.
		_, _, err := lab.Within(ctx, 5*time.Second, func(context.Context) (bool, error) {
			r.alarm = r.alarm || a.Stats().CapReached
			return r.alarm && a.Stats().Rows <= r.cap, nil
		})
		return err
	})
	if err != nil {
		return r, err
	}
	h, err := log.AuditHeld(ctx)
	r.held = h.Rows
	return r, err
}

// auditLog is a log that can be searched.
type auditLog interface {
	store.AuditLog
	AuditTail(ctx context.Context, limit int) ([]store.AuditRow, error)
}

// through runs an auditor while f uses it.
func through(ctx context.Context, log store.AuditLog, o store.AuditorOptions, f func(*store.Auditor) error) error {
	o.Wait = 5 * time.Millisecond
	a := store.NewAuditor(log, o)
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(run) }()
	err := f(a)
	cancel()
	return errors.Join(err, <-ended)
}

func write(ctx context.Context, a *store.Auditor, operation string, at odds.Time, n int) error {
	for range n {
		if err := a.Log(ctx, store.AuditRow{At: at, Operation: operation, Status: "OK", Actor: "gate"}); err != nil {
			return err
		}
	}
	return nil
}

// written waits until the queue is empty.
func written(ctx context.Context, a *store.Auditor) error {
	_, ok, err := lab.Within(ctx, lab.Patience, func(context.Context) (bool, error) { return a.Stats().Waiting == 0, nil })
	if err == nil && !ok {
		err = fmt.Errorf("audit rows wait for %s", lab.Patience)
	}
	return err
}

// held counts the rows of each age.
func held(ctx context.Context, log auditLog) (old, young int, err error) {
	rows, err := log.AuditTail(ctx, 10_000)
	for i := range rows {
		if rows[i].Operation == "OLD" {
			old++
		} else {
			young++
		}
	}
	return old, young, err
}
