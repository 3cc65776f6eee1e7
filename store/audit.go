package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"corrgraph/odds"
)

// AuditRow is one operation in the audit log.
type AuditRow struct {
	At        odds.Time // wall clock
	Operation string    // "GRAPH_BUILD", "L4_BUILD_FAILED", "REPLAY"…
	Subject   string    // the event, node or file it was about; may be empty
	Layer     odds.Layer
	Status    string // "OK", "FAILED", "REFUSED"…
	Detail    string
	Took      time.Duration
}

// Performance is one measurement of an operation over a span of time, read from
// a histogram.
type Performance struct {
	At                       odds.Time // wall clock
	Component, Operation     string
	P50, P99                 time.Duration
	PerSecond, MemoryMB, CPU float64 // CPU in per cent of one core
}

// Check is one row of the readiness matrix.
type Check struct {
	Component, Name       string
	Severity              string // "CRITICAL", "HIGH", "MEDIUM", "LOW"
	Status                string // "PASS", "FAIL", "PENDING"
	Description, Evidence string
	LastChecked           odds.Time // wall clock; 0 never
}

// AuditLog is where an Auditor writes.
type AuditLog interface {
	// Audit appends rows in one transaction.
	Audit(ctx context.Context, rows []AuditRow) error
	// PruneAudit removes at most step of the oldest rows, those before `before`
	// or beyond the newest keep.
	PruneAudit(ctx context.Context, before odds.Time, keep, step int) error
}

// ErrAuditClosed is returned by Auditor.Log when Run has ended.
var ErrAuditClosed = errors.New("the audit log is closed")

// AuditorOptions bound an Auditor. The zero value is the default.
type AuditorOptions struct {
	Queue int           // rows that may wait. Zero means 4096
	Batch int           // rows written at once. Zero means 256
	Keep  time.Duration // age kept, counted from the newest row. Zero means 7 days
	Rows  int           // rows kept. Zero means 1,000,000 (about 150 MB)
}

// Auditor takes audit rows off the hot path: Log queues them, Run writes them in
// batches. When the queue is full Log waits: rows are never dropped.
type Auditor struct {
	log      AuditLog
	o        AuditorOptions
	queue    chan AuditRow // bounded; overflow blocks the sender
	stopping chan struct{} // closed when Run takes no more
	sending  sync.RWMutex  // held for reading while a row is on its way into queue
	failed   error         // why Run stops; written before stopping is closed
	newest   odds.Time     // owned by Run
}

// NewAuditor returns an Auditor that writes to log. Run must be called once.
func NewAuditor(log AuditLog, o AuditorOptions) *Auditor {
	for _, d := range []struct {
		p *int
		v int
	}{{&o.Queue, 4096}, {&o.Batch, 256}, {&o.Rows, 1_000_000}} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	if o.Keep == 0 {
		o.Keep = 7 * 24 * time.Hour
	}
	return &Auditor{log: log, o: o, queue: make(chan AuditRow, o.Queue), stopping: make(chan struct{})}
}

// Log queues a row. It blocks while the queue is full and returns an error, the
// row then not being kept, when ctx ends first, when Run has ended
// (ErrAuditClosed) or when the log could not be written (Run's error as well).
func (a *Auditor) Log(ctx context.Context, row AuditRow) error {
	a.sending.RLock()
	defer a.sending.RUnlock()
	select {
	case <-a.stopping: // a queue with room must not win against the end
		return errors.Join(ErrAuditClosed, a.failed)
	default:
	}
	select {
	case a.queue <- row:
		return nil
	case <-a.stopping:
		return errors.Join(ErrAuditClosed, a.failed)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Waiting returns how many rows are queued.
func (a *Auditor) Waiting() int { return len(a.queue) }

// Run writes queued rows until ctx ends, then what is still queued, and returns
// nil. An error of the log ends it at once and says how many rows were lost.
func (a *Auditor) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		select {
		case row := <-a.queue:
			if err := a.write(ctx, row); err != nil {
				return a.stop(err)
			}
		case <-ctx.Done():
		}
	}
	a.stop(nil)
	for len(a.queue) > 0 {
		if err := a.write(ctx, <-a.queue); err != nil {
			return fmt.Errorf("%w (%d rows more were waiting)", err, len(a.queue))
		}
	}
	return nil
}

// stop refuses further rows and waits for those on their way.
func (a *Auditor) stop(err error) error {
	a.failed = err
	close(a.stopping)
	a.sending.Lock()
	defer a.sending.Unlock()
	if err != nil {
		err = fmt.Errorf("%w (%d rows more were waiting)", err, len(a.queue))
	}
	return err
}

// write writes a batch: row and what is queued behind it. A quiet queue makes
// small batches and a busy one full ones, without a timer.
func (a *Auditor) write(ctx context.Context, row AuditRow) error {
	rows := append(make([]AuditRow, 0, a.o.Batch), row)
	for len(rows) < a.o.Batch && len(a.queue) > 0 {
		rows = append(rows, <-a.queue)
	}
	for i := range rows {
		a.newest = max(a.newest, rows[i].At)
	}
	ctx = context.WithoutCancel(ctx) // the last rows are written after ctx has ended
	if err := a.log.Audit(ctx, rows); err != nil {
		return fmt.Errorf("%d audit rows: %w", len(rows), err)
	}
	// Twice what comes in may go: a log over its bound shrinks.
	return a.log.PruneAudit(ctx, a.newest.Add(-odds.MillisOf(a.o.Keep)), a.o.Rows, 2*len(rows))
}
