// Package logtest holds the contract of ticklog.Log: Run checks a driver against it, and
// Memory is the simplest driver that fulfils it, for tests of packages that use a log.
package logtest

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Memory is a log that ends with the process. The zero value is empty and ready to use.
type Memory struct {
	// Fail is called before every Append, which returns its error; nil never fails.
	Fail func() error

	mu      sync.Mutex
	entries []ticklog.Entry  // guarded by mu; payloads are never modified
	last    ticklog.Position // guarded by mu
}

// Append implements ticklog.Log.
func (m *Memory) Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if m.Fail != nil {
		if err := m.Fail(); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := make([]ticklog.Position, len(chunks))
	for i, c := range chunks {
		m.last++
		at[i] = m.last
		c.Payload = slices.Clone(c.Payload)
		m.entries = append(m.entries, ticklog.Entry{Position: m.last, Chunk: c, Bytes: len(c.Payload)})
	}
	return at, nil
}

// Read implements ticklog.Reader.
func (m *Memory) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return func(yield func(ticklog.Entry, error) bool) {
		if first, _ := m.First(ctx); from != 0 && from < first {
			yield(ticklog.Entry{}, ticklog.ErrTrimmed)
			return
		}
		for {
			e, ok := m.at(from)
			if err := context.Cause(ctx); err != nil {
				yield(ticklog.Entry{}, err)
				return
			}
			if !ok || !yield(e, nil) {
				return
			}
			from = e.Position.Next()
		}
	}
}

// at returns the first entry at or after a position.
func (m *Memory) at(p ticklog.Position) (ticklog.Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearchFunc(m.entries, p, func(e ticklog.Entry, p ticklog.Position) int { return cmp.Compare(e.Position, p) })
	if i == len(m.entries) {
		return ticklog.Entry{}, false
	}
	return m.entries[i], true
}

// List implements ticklog.Reader.
func (m *Memory) List(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return func(yield func(ticklog.Entry, error) bool) {
		for e, err := range m.Read(ctx, from) {
			e.Payload = nil
			if !yield(e, err) {
				return
			}
		}
	}
}

// First implements ticklog.Log.
func (m *Memory) First(context.Context) (ticklog.Position, error) {
	e, _ := m.at(0)
	return e.Position, nil
}

// Last implements ticklog.Reader.
func (m *Memory) Last(context.Context) (ticklog.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, nil
}

// Trim implements ticklog.Log.
func (m *Memory) Trim(_ context.Context, before ticklog.Position) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for n < len(m.entries)-1 && m.entries[n].Position < before {
		n++
	}
	m.entries = slices.Clone(m.entries[n:])
	return n, nil
}

// Stats implements ticklog.Log.
func (m *Memory) Stats(context.Context) (s ticklog.Stats, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Chunks = len(m.entries)
	for i := range m.entries {
		e := &m.entries[i]
		s.Bytes += int64(e.Bytes)
		s.Quotes += int64(e.Quotes)
		if i == 0 {
			s.Oldest, s.Newest = e.From, e.To
		}
		s.Oldest, s.Newest = min(s.Oldest, e.From), max(s.Newest, e.To)
	}
	return s, nil
}

var _ ticklog.Log = (*Memory)(nil)

// Batches returns n batches of one market with changing prices, one every two milliseconds
// from a time on, as input for tests.
func Batches(from odds.Time, n int, source string) (out []*odds.Batch) {
	e := &odds.Event{ID: "e", Sport: "baseball"}
	for i := range n {
		at := from + odds.Time(2*i)
		out = append(out, &odds.Batch{Source: source, At: at, Recv: at, Updates: []odds.Update{
			{Event: e, Venue: "v", Market: "h2h", Quotes: []odds.Quote{{Selection: "home", Price: 1.5 + float64(i)/100}, {Selection: "away", Price: 2}}},
		}})
	}
	return out
}
