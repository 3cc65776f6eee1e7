package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"corrgraph/ticklog"
)

// NewSession returns the number of a session of the tick log that is not in use:
// one more than the last. A session holds the batches of one run.
func (s *Store) NewSession(ctx context.Context) (int64, error) {
	last, err := s.ask(ctx, lastSession)
	return last + 1, err
}

// appends are the calls of AppendLog that wait to be committed together.
type appends struct {
	mu      sync.Mutex
	waiting []*appendCall // guarded by mu; one for each caller that waits
}

// appendCall is one call of AppendLog.
type appendCall struct {
	session int64
	chunks  []ticklog.Chunk
	done    chan struct{} // closed once err is known
	err     error
}

// AppendLog appends chunks to a session in one transaction: all are kept or
// none. Each chunk is in event-time order; chunks may come in any order. With
// Options.Durable they are on the disk when it returns nil. Calls that wait for
// one another are committed together, so that many callers share the cost of one
// sync. A ctx that ends withdraws a call that is not yet being written; one that
// is being written is waited for. Cost: one commit, and the bytes.
func (s *Store) AppendLog(ctx context.Context, session int64, chunks ...ticklog.Chunk) error {
	if s.writer == nil {
		return fmt.Errorf("store %s: opened for reading only: %w", s.path, fs.ErrPermission)
	}
	a := &appendCall{session: session, chunks: chunks, done: make(chan struct{})}
	s.appends.add(a)
	select {
	case s.writing <- struct{}{}: // our turn: for everyone who waits
		defer func() { <-s.writing }()
		s.commitAppends()
		<-a.done // by us or by who had the turn before us
		return a.err
	case <-a.done:
		return a.err
	case <-s.closed:
	case <-ctx.Done():
	}
	if s.appends.withdraw(a) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("store %s: %w", s.path, fs.ErrClosed)
	}
	<-a.done
	return a.err
}

func (q *appends) add(a *appendCall) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, a)
}

// take empties the queue.
func (q *appends) take() []*appendCall {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.waiting
	q.waiting = nil
	return all
}

// withdraw removes a call that nobody has taken.
func (q *appends) withdraw(a *appendCall) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, b := range q.waiting {
		if a == b {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// commitAppends commits whatever waits, in one transaction. Where that fails,
// each call gets one of its own: a chunk for which there is no room must not
// fail those of others.
func (s *Store) commitAppends() {
	all := s.appends.take()
	err := s.appendAll(all)
	for _, a := range all {
		a.err = err
		if err != nil && len(all) > 1 {
			a.err = s.appendAll([]*appendCall{a})
		}
		close(a.done)
	}
}

func (s *Store) appendAll(all []*appendCall) error {
	if len(all) == 0 {
		return nil
	}
	select {
	case <-s.closed:
		return fmt.Errorf("store %s: %w", s.path, fs.ErrClosed)
	default:
	}
	ctx := context.Background() // of no single caller; every statement has its deadline
	return s.transact(ctx, s.logger, func(c *conn) error {
		for _, a := range all {
			if err := s.appendChunks(ctx, c, a.session, a.chunks); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) appendChunks(ctx context.Context, c *conn, session int64, chunks []ticklog.Chunk) error {
	last, err := c.one(ctx, s.table[lastChunk], session)
	if err != nil {
		return err
	}
	rows := make([]logRow, len(chunks))
	for i := range chunks {
		rows[i] = logRow{session, last[0] + 1 + int64(i), &chunks[i]}
	}
	return logTable.write(ctx, c, rows)
}
