package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"corrgraph/ticklog"
)

// appends are the calls of Append that wait to be committed together.
type appends struct {
	mu      sync.Mutex
	waiting []*appendCall // guarded by mu; one for each caller that waits
}

// appendCall is one call of Append.
type appendCall struct {
	chunks []ticklog.Chunk
	done   chan struct{} // closed once at and err are known
	at     []ticklog.Position
	err    error
}

// Append implements ticklog.Log. Cost: one commit, and the bytes.
func (l tickLog) Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error) {
	s := l.s
	if s.writer == nil {
		return nil, fmt.Errorf("store %s: opened for reading only: %w", s.path, fs.ErrPermission)
	}
	a := &appendCall{chunks: chunks, done: make(chan struct{})}
	s.appends.add(a)
	select {
	case s.writing <- struct{}{}: // our turn: for everyone who waits
		defer func() { <-s.writing }()
		s.commitAppends()
		<-a.done // by us or by who had the turn before us
		return a.at, a.err
	case <-a.done:
		return a.at, a.err
	case <-s.closed:
	case <-ctx.Done():
	}
	if s.appends.withdraw(a) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("store %s: %w", s.path, fs.ErrClosed)
	}
	<-a.done
	return a.at, a.err
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
		if a.err != nil {
			a.at = nil
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
		last, err := c.one(ctx, s.table[lastChunk])
		if err != nil {
			return err
		}
		at := place{last[0], last[1]}
		for _, a := range all {
			a.at = make([]ticklog.Position, len(a.chunks))
			rows := make([]logRow, len(a.chunks))
			for i := range a.chunks {
				at = s.after(at)
				a.at[i], rows[i] = at.position(), logRow{at, &a.chunks[i]}
			}
			if err := logTable.write(ctx, c, rows); err != nil {
				return err
			}
		}
		return nil
	})
}

// after returns the place after the last one: in this Store's own session, which
// begins with its first chunk. The caller has its turn to write.
func (s *Store) after(last place) place {
	if s.session == 0 || last.seq == mostSeq {
		s.session = last.session + 1
	}
	if last.session < s.session {
		return place{s.session, 1}
	}
	return place{s.session, last.seq + 1}
}
