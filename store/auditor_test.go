package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
)

// memory is an audit log in memory that can be made to fail.
type memory struct {
	mu      sync.Mutex
	rows    []AuditRow
	batches []int
	prunes  int
	broken  error
}

func (m *memory) Audit(_ context.Context, rows []AuditRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.rows = append(m.rows, rows...)
	m.batches = append(m.batches, len(rows))
	return nil
}

func (m *memory) AuditHeld(context.Context) (AuditHeld, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held(), m.broken
}

func (m *memory) held() AuditHeld {
	h := AuditHeld{Rows: len(m.rows)}
	for i := range m.rows {
		h.Bytes += m.rows[i].Size()
	}
	if h.Rows > 0 {
		h.Oldest, h.Newest = m.rows[0].At, m.rows[h.Rows-1].At
	}
	return h
}

func (m *memory) PruneAudit(_ context.Context, b AuditBounds, step int) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prunes++
	for h := m.held(); n < step && n < h.Rows; n++ {
		h := m.held()
		if !(m.rows[0].At < b.Before || b.Rows > 0 && h.Rows > b.Rows || b.Bytes > 0 && h.Bytes > b.Bytes) {
			break
		}
		m.rows = m.rows[1:]
	}
	return n, m.broken
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// start runs an Auditor in the bubble; stop ends it and returns Run's error.
func start(t *testing.T, m *memory, o AuditorOptions) (a *Auditor, stop func() error) {
	a = NewAuditor(m, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, func() error {
		cancel()
		return <-ended
	}
}

func (a *Auditor) mustLog(t *testing.T, rows ...AuditRow) {
	t.Helper()
	for _, r := range rows {
		if err := a.Log(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// pass lets the bubble's time pass.
func pass(t *testing.T, d time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	<-ctx.Done()
}

func row(at int) AuditRow { return AuditRow{At: odds.Time(at), Operation: "OP", Status: "OK"} }

func TestBatchesFillOrWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		a, stop := start(t, m, AuditorOptions{Batch: 10})
		for i := range 25 {
			a.mustLog(t, row(i))
		}
		pass(t, 99*time.Millisecond)
		synctest.Wait()
		if s := a.Stats(); s.Waiting != 5 || s.Written != 20 {
			t.Errorf("before the wait is over: %+v", s)
		}
		pass(t, time.Millisecond)
		synctest.Wait()
		if !slices.Equal(m.batches, []int{10, 10, 5}) {
			t.Errorf("batches of %v", m.batches)
		}
		a.mustLog(t, row(99))
		if err := stop(); err != nil || len(m.rows) != 26 {
			t.Errorf("at the end %d rows: %v", len(m.rows), err)
		}
	})
}

func TestAFullDiskHoldsSendersBackAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{broken: ErrFull}
		a, stop := start(t, m, AuditorOptions{Queue: 4, Batch: 2})
		for i := range 6 { // a batch and a queue
			a.mustLog(t, row(i))
			synctest.Wait()
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.Log(soon, row(6)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a row with no room: %v", err)
		}
		if s := a.Stats(); s.Failures < 10 || s.Failures > 30 || s.Waiting != 6 || s.Written != 0 {
			t.Errorf("after a minute: %+v", s)
		}
		m.fail(nil)
		pass(t, 6*time.Second)
		synctest.Wait()
		if s := a.Stats(); s.Waiting != 0 || s.Written != 6 {
			t.Errorf("with room again: %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		for i, r := range m.rows {
			if r.At != odds.Time(i) {
				t.Errorf("row %d is %v", i, r.At)
			}
		}
	})
}

func TestAnUnwritableLogAtTheEndSaysWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{broken: ErrFull}
		a, stop := start(t, m, AuditorOptions{Queue: 10, Batch: 2})
		for i := range 7 {
			a.mustLog(t, row(i))
		}
		synctest.Wait()
		err := stop()
		if !errors.Is(err, ErrFull) || !strings.Contains(fmt.Sprint(err), "7 audit rows were lost") {
			t.Errorf("Run: %v", err)
		}
		if err := a.Log(t.Context(), row(9)); !errors.Is(err, ErrAuditClosed) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestBoundsAreKeptWithFewPrunings(t *testing.T) {
	day := int(24 * time.Hour / time.Millisecond)
	for _, test := range []struct {
		name   string
		o      AuditorOptions
		step   int // between rows, ms
		capped bool
		within func(s AuditorStats) bool
	}{
		{"age", AuditorOptions{}, day / 1000, false, func(s AuditorStats) bool { return s.Rows >= 7000 && s.Rows < 7100 }},
		{"rows", AuditorOptions{Rows: 5000}, 1, true, func(s AuditorStats) bool { return s.Rows > 4900 && s.Rows <= 5020 }},
		{"bytes", AuditorOptions{Bytes: 70 * 3000}, 1, true, func(s AuditorStats) bool { return s.Bytes > 70*2900 && s.Bytes <= 70*3020 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{}
				test.o.Batch = 10
				a, stop := start(t, m, test.o)
				for i := range 10_000 {
					a.mustLog(t, row(1+i*test.step))
				}
				pass(t, time.Second)
				if err := stop(); err != nil {
					t.Error(err)
				}
				s := a.Stats()
				if !test.within(s) || s.CapReached != test.capped || int(s.Pruned) != 10_000-s.Rows {
					t.Errorf("held: %+v", s)
				}
				if m.prunes > 700 { // of 1,000 batches
					t.Errorf("%d prunings", m.prunes)
				}
				if s.AuditHeld != m.held() {
					t.Errorf("stats tell %+v, the log %+v", s.AuditHeld, m.held())
				}
			})
		})
	}
}

// A clock that was ahead once had everything removed that came before it, and everything
// after it as soon as it was written.
func TestARowOfTheFutureRemovesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		a, stop := start(t, m, AuditorOptions{Batch: 10, Keep: time.Hour})
		const week = 7 * 24 * 3_600_000
		for i := range 100 {
			a.mustLog(t, row(1000+i))
			if i == 40 {
				a.mustLog(t, row(1000+week))
			}
		}
		if err := stop(); err != nil || len(m.rows) != 101 {
			t.Errorf("%d of 101 rows are left, %v", len(m.rows), err)
		}
	})
}
