package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
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
	parts     []ticklog.Part  // guarded by mu; told
	accepted  []odds.Time     // guarded by mu; of each call of Tell
	instants  [][]*odds.Batch // guarded by mu; settled
	settled   int             // guarded by mu; calls of Settle
	quiet     []odds.Millis   // guarded by mu; for each call of Quiet the newest instant settled then, after noon
	recovered int             // guarded by mu; instants at that time, -1 before
	closed    bool            // guarded by mu
}

func (s *sink) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *sink) Tell(parts []ticklog.Part, accepted odds.Time) {
	s.with(func() { s.parts, s.accepted = append(s.parts, parts...), append(s.accepted, accepted) })
}

func (s *sink) Settle(instants [][]*odds.Batch) {
	s.with(func() { s.instants, s.settled = append(s.instants, instants...), s.settled+1 })
}

func (s *sink) Quiet() {
	s.with(func() { s.quiet = append(s.quiet, s.instants[len(s.instants)-1][0].At.Sub(noon)) })
}

func (s *sink) Recovered(open func()) {
	s.with(func() { s.recovered = len(s.instants) })
	open()
}

func (s *sink) GoOn(tail func(context.Context) iter.Seq2[ticklog.Part, error]) {
	for p, err := range tail(context.Background()) {
		if err == nil {
			s.Tell([]ticklog.Part{p}, 0)
		}
	}
	s.Recovered(func() {})
}

func (s *sink) Close() { s.with(func() { s.closed = true }) }

// quiets lists what was the newest instant when it was quiet.
func (s *sink) quiets() (out []odds.Millis) {
	s.with(func() { out = slices.Clone(s.quiet) })
	return out
}

// told lists the event times that were told so far, after noon, in the order of the log; late
// ones are marked.
func (s *sink) told() (out []string) {
	s.with(func() {
		for _, p := range s.parts {
			for _, b := range p.Batches {
				mark := ""
				if b.Late {
					mark = " late"
				}
				out = append(out, fmt.Sprint(b.Source, b.At.Sub(noon), mark))
			}
		}
	})
	return out
}

// times lists the instants settled so far, after noon.
func (s *sink) times() (out []odds.Millis) {
	s.with(func() {
		for _, batches := range s.instants {
			out = append(out, batches[0].At.Sub(noon))
		}
	})
	return out
}

// run starts an Ingester in the current bubble, after some preparation, and returns a function
// that ends it.
func run(t *testing.T, o Options, prepare ...func(*Ingester)) (g *Ingester, to *sink, end func()) {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clockFrom(noon)
	}
	g, to = New(o), &sink{recovered: -1}
	for _, p := range prepare {
		p(g)
	}
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
