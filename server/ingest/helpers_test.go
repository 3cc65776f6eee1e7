package ingest

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

const noon odds.Time = 1_780_000_000_000

var errDisk = errors.New("no space left")

// failing is a log whose first append fails.
func failing(err error) *logtest.Memory {
	return &logtest.Memory{Fail: func() error { e := err; err = nil; return e }}
}

// gated is a log whose appends wait for a gate.
type gated struct {
	logtest.Memory
	gate    chan struct{}
	appends int
}

func newGated() *gated {
	g := &gated{gate: make(chan struct{})}
	g.Fail = func() error { <-g.gate; g.appends++; return nil }
	return g
}

// damaged is a log that can't be read.
type damaged struct{ logtest.Memory }

func (*damaged) List(context.Context, ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return func(yield func(ticklog.Entry, error) bool) { yield(ticklog.Entry{}, errDisk) }
}

// sink records what it is given.
type sink struct {
	mu        sync.Mutex
	instants  [][]*odds.Batch // guarded by mu
	accepted  []odds.Time     // guarded by mu; of each delivery
	quiet     int             // guarded by mu
	recovered int             // guarded by mu; instants at that time, -1 before
	closed    bool            // guarded by mu
}

func (s *sink) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *sink) Deliver(instants [][]*odds.Batch, accepted odds.Time) {
	s.with(func() { s.instants, s.accepted = append(s.instants, instants...), append(s.accepted, accepted) })
}
func (s *sink) Quiet() { s.with(func() { s.quiet++ }) }
func (s *sink) Recovered(open func()) {
	s.with(func() { s.recovered = len(s.instants) })
	open()
}
func (s *sink) Close() { s.with(func() { s.closed = true }) }

// times lists the instants delivered so far, after noon.
func (s *sink) times() (out []odds.Millis) {
	s.with(func() {
		for _, batches := range s.instants {
			out = append(out, batches[0].At.Sub(noon))
		}
	})
	return out
}

// run starts an Ingester in the current bubble and returns a function that ends it.
func run(t *testing.T, o Options) (g *Ingester, to *sink, end func()) {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clockFrom(noon)
	}
	g, to = New(o), &sink{recovered: -1}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, to) }()
	synctest.Wait()
	return g, to, func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// clockFrom is a clock that begins at a time now, in a bubble.
func clockFrom(at odds.Time) func() time.Time {
	begin := time.Now()
	return func() time.Time { return at.Std().Add(time.Since(begin)) }
}

// batch returns two quotes of a source's own venue.
func batch(source string, after odds.Millis, price float64) *odds.Batch {
	return &odds.Batch{Source: source, At: noon.Add(after), Updates: []odds.Update{{
		Event: &odds.Event{ID: "match", Sport: "tennis", Home: "A", Away: "B"}, Venue: source + "book", Market: "h2h",
		Quotes: []odds.Quote{{Selection: "A", Side: odds.Home, Price: price}, {Selection: "B", Side: odds.Away, Price: 2}},
	}}}
}

// send has one request accepted.
func send(t *testing.T, g *Ingester, batches ...*odds.Batch) Receipt {
	t.Helper()
	got, err := g.Accept(t.Context(), batches)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
