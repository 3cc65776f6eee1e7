package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"corrgraph/odds"
)

// AuditLog is where an Auditor writes.
type AuditLog interface {
	// Audit appends rows in one transaction.
	Audit(ctx context.Context, rows []AuditRow) error
	// AuditHeld tells what the log holds, at no great cost.
	AuditHeld(ctx context.Context) (AuditHeld, error)
	// PruneAudit removes at most step of the oldest rows, as far as they are out
	// of bounds, in the order they were written, and tells how many.
	PruneAudit(ctx context.Context, b AuditBounds, step int) (removed int, err error)
}

// ErrAuditClosed is returned by Auditor.Log when Run has ended.
var ErrAuditClosed = errors.New("the audit log is closed")

// AuditorOptions bound an Auditor. The zero value is the default.
type AuditorOptions struct {
	Queue int           // rows that may wait. Zero means 4096
	Batch int           // rows written at once. Zero means 1024
	Wait  time.Duration // how long a row waits for its batch to fill. Zero means 100 ms
	Keep  time.Duration // age kept, counted from the newest row. Zero means 7 days
	Rows  int           // rows kept at most. Zero means 1,000,000
	Bytes int64         // bytes of rows kept at most, by AuditRow.Size. Zero means 256 MiB
	Retry time.Duration // first wait after a failed write, doubled up to 50 times. Zero means 100 ms
}

func (o *AuditorOptions) defaults() {
	o.Queue = or(o.Queue, 4096)
	o.Batch = or(o.Batch, 1024)
	o.Wait = or(o.Wait, 100*time.Millisecond)
	o.Keep = or(o.Keep, 7*24*time.Hour)
	o.Rows = or(o.Rows, 1_000_000)
	o.Bytes = or(o.Bytes, 256<<20)
	o.Retry = or(o.Retry, 100*time.Millisecond)
}

func or[T int | int64 | time.Duration](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}

// AuditorStats are counters and gauges of an Auditor.
type AuditorStats struct {
	AuditHeld
	Waiting  int   // rows queued or in a batch that is not yet written
	Written  int64 // rows, since Run began
	Pruned   int64 // rows, since Run began
	Failures int64 // writes and prunings that failed and were tried again
	// CapReached reports that the latest pruning removed rows younger than Keep,
	// because of Rows or Bytes. It is an alarm: the log keeps less than asked.
	CapReached bool
}

// Auditor takes audit rows off the hot path: Log queues them, Run writes them in
// batches and keeps the log within its bounds. When the queue is full Log waits:
// rows are never dropped. While the log can't be written, a full disk say, Run
// tries again and again, and back-pressure holds.
type Auditor struct {
	log      AuditLog
	o        AuditorOptions
	queue    chan AuditRow // bounded; overflow blocks the sender
	stopping chan struct{} // closed when Run takes no more
	sending  sync.RWMutex  // held for reading while a row is on its way into queue

	mu    sync.Mutex
	stats AuditorStats // guarded by mu; Waiting there is of the batch alone

	rows    []AuditRow  // the batch; owned by Run
	pruning AuditBounds // what the log is being pruned to, zero when it is within its bounds; owned by Run
}

// NewAuditor returns an Auditor that writes to log. Run must be called once.
func NewAuditor(log AuditLog, o AuditorOptions) *Auditor {
	o.defaults()
	return &Auditor{log: log, o: o, queue: make(chan AuditRow, o.Queue), stopping: make(chan struct{}), rows: make([]AuditRow, 0, o.Batch)}
}

// Log queues a row. It blocks while the queue is full and returns an error, the
// row then not being kept, when ctx ends first or when Run has ended
// (ErrAuditClosed).
func (a *Auditor) Log(ctx context.Context, row AuditRow) error {
	a.sending.RLock()
	defer a.sending.RUnlock()
	select {
	case <-a.stopping: // a queue with room must not win against the end
		return ErrAuditClosed
	default:
	}
	select {
	case a.queue <- row:
		return nil
	case <-a.stopping:
		return ErrAuditClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stats returns current counters and gauges. Safe for concurrent use; cheap.
func (a *Auditor) Stats() AuditorStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stats
	s.Waiting += len(a.queue)
	return s
}

// Run writes queued rows until ctx ends, then what is still queued, and returns
// nil; or, where the log can't be written then, an error that says how many rows
// were lost.
func (a *Auditor) Run(ctx context.Context) error {
	a.look(ctx)
	for ctx.Err() == nil {
		a.collect(ctx)
		if a.write(ctx) {
			a.prune(ctx)
		}
	}
	close(a.stopping)
	a.sending.Lock() // waits for rows on their way
	defer a.sending.Unlock()
	ctx = context.WithoutCancel(ctx) // the last rows are written after ctx has ended
	for {
		if err := a.try(ctx); err != nil {
			return fmt.Errorf("%d audit rows were lost: %w", len(a.rows)+len(a.queue), err)
		}
		if len(a.queue) == 0 {
			return nil
		}
		for len(a.rows) < a.o.Batch && len(a.queue) > 0 {
			a.rows = append(a.rows, <-a.queue)
		}
	}
}

// collect fills the batch: it waits for a first row without end, and for others
// until the batch is full or Wait is over.
func (a *Auditor) collect(ctx context.Context) {
	wait := ctx
	for len(a.rows) < a.o.Batch {
		select {
		case row := <-a.queue:
			a.rows = append(a.rows, row)
			a.note(func(s *AuditorStats) { s.Waiting = len(a.rows) })
		case <-wait.Done():
			return
		}
		if len(a.rows) == 1 {
			var cancel context.CancelFunc
			wait, cancel = context.WithTimeout(ctx, a.o.Wait)
			defer cancel()
		}
	}
}

// write writes the batch, trying again until it is written or ctx ends.
func (a *Auditor) write(ctx context.Context) bool {
	for wait := a.o.Retry; ctx.Err() == nil; wait = min(2*wait, 50*a.o.Retry) {
		if a.try(ctx) == nil {
			return true
		}
		pause, cancel := context.WithTimeout(ctx, wait)
		<-pause.Done()
		cancel()
	}
	return false
}

// try writes the batch once and empties it.
func (a *Auditor) try(ctx context.Context) error {
	if len(a.rows) == 0 {
		return nil
	}
	// An end of ctx in the middle would leave open whether the rows were written.
	if err := a.log.Audit(context.WithoutCancel(ctx), a.rows); err != nil {
		a.note(func(s *AuditorStats) { s.Failures++ })
		return err
	}
	a.note(func(s *AuditorStats) {
		s.Written += int64(len(a.rows))
		s.Waiting = 0
		for i := range a.rows {
			s.Rows++
			s.Bytes += a.rows[i].Size()
			s.Newest = max(s.Newest, a.rows[i].At)
		}
		if s.Oldest == 0 {
			s.Oldest = a.rows[0].At
		}
	})
	clear(a.rows)
	a.rows = a.rows[:0]
	return nil
}

// note changes the stats.
func (a *Auditor) note(f func(*AuditorStats)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.stats)
}

// look takes stock of the log. A log that can't be read now is looked at again
// with the next pruning; until then the stock is what was written.
func (a *Auditor) look(ctx context.Context) {
	held, err := a.log.AuditHeld(ctx)
	a.note(func(s *AuditorStats) {
		if err == nil {
			s.AuditHeld = held
		} else if ctx.Err() == nil {
			s.Failures++
		}
	})
}

// prune brings a log that is out of its bounds back, one small step after each
// batch: twice a batch, so that it shrinks faster than it grows. It then goes a
// little below the bounds, so as not to be needed at every batch.
func (a *Auditor) prune(ctx context.Context) {
	if a.pruning == (AuditBounds{}) {
		if a.pruning = a.due(); a.pruning == (AuditBounds{}) {
			return
		}
	}
	n, err := a.log.PruneAudit(ctx, a.pruning, 2*a.o.Batch)
	a.note(func(s *AuditorStats) {
		s.Pruned += int64(n)
		if err != nil && ctx.Err() == nil {
			s.Failures++
		}
	})
	if err == nil && n < 2*a.o.Batch {
		a.pruning = AuditBounds{}
	}
	a.look(ctx)
}

// due returns what to prune to, zero where the log is within its bounds: by age
// some hundredth of Keep late, by size that much below the bound.
func (a *Auditor) due() AuditBounds {
	s := a.Stats()
	keep := odds.MillisOf(a.o.Keep)
	aged := s.Oldest < s.Newest.Add(-keep-keep/128)
	capped := s.Rows > a.o.Rows || s.Bytes > a.o.Bytes
	if !aged && !capped {
		return AuditBounds{}
	}
	b := AuditBounds{Before: s.Newest.Add(-keep), Rows: a.o.Rows, Bytes: a.o.Bytes}
	if capped {
		b.Rows -= b.Rows / 128
		b.Bytes -= b.Bytes / 128
	}
	a.note(func(s *AuditorStats) { s.CapReached = capped && !aged })
	return b
}
