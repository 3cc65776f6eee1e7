package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"corrgraph/odds"
)

// AuditLog is the destination of an Auditor.
type AuditLog interface {
	// Audit appends rows in one transaction.
	Audit(ctx context.Context, rows []AuditRow) error
	// AuditHeld summarises the log's content. It is cheap.
	AuditHeld(ctx context.Context) (AuditHeld, error)
	// PruneAudit removes at most step of the oldest rows that exceed the bounds, in write
	// order, and returns their number.
	PruneAudit(ctx context.Context, b AuditBounds, step int) (removed int, err error)
}

// ErrAuditClosed is returned by Auditor.Log after Run has ended.
var ErrAuditClosed = errors.New("the audit log is closed")

// AuditorOptions configure an Auditor. The zero value is the default.
type AuditorOptions struct {
	Queue int           // maximum number of waiting rows. Zero means 4096
	Batch int           // rows per write. Zero means 1024
	Wait  time.Duration // how long a row waits for its batch to fill. Zero means 100 ms
	Keep  time.Duration // maximum age, counted from the row written last. Zero means 7 days
	Rows  int           // maximum number of rows. Zero means 1,000,000
	Bytes int64         // maximum bytes of rows, by AuditRow.Size. Zero means 256 MiB
	Retry time.Duration // first wait after a failed write, doubled up to 50 times as long. Zero means 100 ms
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
	Waiting  int   // rows queued or in a batch not yet written
	Written  int64 // rows, since the start of Run
	Pruned   int64 // rows, since the start of Run
	Failures int64 // failed writes and prunings, which were retried
	// CapReached reports that the latest pruning removed rows younger than Keep, because of
	// Rows or Bytes. It is an alarm: the log holds less history than requested.
	CapReached bool
}

// Auditor takes audit writes off the hot path: Log queues rows, Run writes them in batches
// and keeps the log within its bounds. If the queue is full Log waits: rows are never
// dropped. While the log cannot be written (a full disk, say), Run keeps retrying and
// back-pressure holds.
type Auditor struct {
	log      AuditLog
	o        AuditorOptions
	queue    chan AuditRow // bounded; overflow blocks the sender
	stopping chan struct{} // closed when Run accepts no more rows
	sending  sync.RWMutex  // read-locked while a row is being sent to queue

	mu    sync.Mutex
	stats AuditorStats // guarded by mu; its Waiting covers the batch alone

	rows    []AuditRow  // the batch; owned by Run
	latest  odds.Time   // the earliest time in the batch written last; owned by Run
	pruning AuditBounds // current target of pruning, zero if the log is within its bounds; owned by Run
}

// NewAuditor returns an Auditor that writes to log. Run must be called once.
func NewAuditor(log AuditLog, o AuditorOptions) *Auditor {
	o.defaults()
	return &Auditor{log: log, o: o, queue: make(chan AuditRow, o.Queue), stopping: make(chan struct{}), rows: make([]AuditRow, 0, o.Batch)}
}

// Log queues a row. It blocks while the queue is full. If ctx ends first, or Run has ended
// (ErrAuditClosed), it returns an error and the row is not kept.
func (a *Auditor) Log(ctx context.Context, row AuditRow) error {
	a.sending.RLock()
	defer a.sending.RUnlock()
	select {
	case <-a.stopping: // select could choose the queue although Run is stopping
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

// Run writes queued rows until ctx ends, then the rest of the queue, and returns nil. If
// the log cannot be written at that point, it returns an error with the number of rows
// lost.
func (a *Auditor) Run(ctx context.Context) error {
	a.look(ctx)
	for ctx.Err() == nil {
		a.collect(ctx)
		if a.write(ctx) {
			a.prune(ctx)
		}
	}
	close(a.stopping)
	a.sending.Lock() // waits for rows being sent
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

// collect fills the batch. It waits indefinitely for the first row, and for more until the
// batch is full or Wait is over.
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

// write writes the batch, retrying until it succeeds or ctx ends.
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
	// If ctx ended midway, it would be unknown whether the rows were written.
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
	a.latest = slices.MinFunc(a.rows, func(x, y AuditRow) int { return cmp.Compare(x.At, y.At) }).At
	clear(a.rows)
	a.rows = a.rows[:0]
	return nil
}

// note updates the stats.
func (a *Auditor) note(f func(*AuditorStats)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.stats)
}

// look measures the log. If the log cannot be read, it is measured again with the next
// pruning; until then only the rows written are known.
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

// prune brings an oversized log back within its bounds, in one small step after each batch:
// twice a batch, so that the log shrinks faster than it grows. It goes slightly below the
// bounds, so that it is not needed at every batch.
func (a *Auditor) prune(ctx context.Context) {
	if a.latest < a.pruning.Before { // the clock was ahead when that was due
		a.pruning = AuditBounds{}
	}
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

// due returns the bounds to prune to, or zero if the log is within its bounds: by age about
// a hundredth of Keep late, by size that much below the bound.
func (a *Auditor) due() AuditBounds {
	s := a.Stats()
	keep := odds.MillisOf(a.o.Keep)
	// Not by the newest row: one of a clock that was ahead would have all others removed.
	aged := s.Oldest < a.latest.Add(-keep-keep/128)
	capped := s.Rows > a.o.Rows || s.Bytes > a.o.Bytes
	if !aged && !capped {
		return AuditBounds{}
	}
	b := AuditBounds{Before: a.latest.Add(-keep), Rows: a.o.Rows, Bytes: a.o.Bytes}
	if capped {
		b.Rows -= b.Rows / 128
		b.Bytes -= b.Bytes / 128
	}
	a.note(func(s *AuditorStats) { s.CapReached = capped && !aged })
	return b
}
