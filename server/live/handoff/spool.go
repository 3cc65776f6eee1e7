package handoff

import (
	"bytes"
	"io"
	"sync"
)

// Spool hands bytes from one goroutine to another without making the one that writes wait: it
// holds what was written and not read yet. It is for one writer and one reader at a time.
type Spool struct {
	mu      sync.Mutex
	changed sync.Cond
	blocks  [][]byte // guarded by mu
	err     error    // guarded by mu; io.EOF once all is written
}

// NewSpool returns an empty spool.
func NewSpool() *Spool {
	s := &Spool{}
	s.changed.L = &s.mu
	return s
}

// Write implements io.Writer. After End it fails.
func (s *Spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, io.ErrClosedPipe
	}
	s.blocks = append(s.blocks, bytes.Clone(b))
	s.changed.Broadcast()
	return len(b), nil
}

// End says that nothing more is written: because of err, or because all is there. Only the first
// call counts.
func (s *Spool) End(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if s.err = err; err == nil {
		s.err = io.EOF
	}
	s.changed.Broadcast()
}

// WriteTo implements io.WriterTo: it waits for what is written and passes it on, until End.
func (s *Spool) WriteTo(w io.Writer) (n int64, err error) {
	for {
		b, err := s.next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		k, err := w.Write(b)
		if n += int64(k); err != nil {
			return n, err
		}
	}
}

func (s *Spool) next() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.blocks) == 0 && s.err == nil {
		s.changed.Wait()
	}
	if len(s.blocks) == 0 {
		return nil, s.err
	}
	b := s.blocks[0]
	s.blocks[0] = nil
	s.blocks = s.blocks[1:]
	return b, nil
}
