package loadtest

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"corrgraph/client"
)

// ErrOptions marks invalid options.
var ErrOptions = errors.New("wrong options")

// Options of Run.
type Options struct {
	client.Target               // its timeout: zero means 10 s
	Rate          float64       // requests per second. Zero means 5000
	Duration      time.Duration // zero means 60 s
	Clients       int           // each with its own token and connections. Zero means 8
	Mix           Mix           // zero means DefaultMix
	Events        int           // events that are read, and moved by ticks. Zero means 50
	// SeedEvents is how many events get a history first, so that there are graphs.
	// Zero: none.
	SeedEvents  int
	SeedHistory time.Duration // event time of that history. Zero means 2 h
	// Sources is how many sources the eight venues are spread over; each request for ticks has
	// some of all. With more than one, every source must have been heard and none may have been
	// refused anything. Zero means 1.
	Sources         int
	TicksPerRequest int     // zero means 16; a multiple of four
	Duplicates      float64 // share of tick requests that repeat the previous one. Zero means 0.02
	InFlight        int     // requests in flight; beyond it they wait, and the wait counts. Zero means 1024
	Seed            uint64  // zero means 1

	MaxFailureRate float64                 // share of requests that may fail; 0: none
	MaxP99         map[Route]time.Duration // counted from when the request was due
	MinRate        float64                 // minimum share of Rate. Zero means 0.98
	Expect         []int                   // statuses from 400 that do not count as failures
	// TicksFirst makes it a test of overload: MaxFailureRate is of the requests for ticks alone,
	// and in no second may more of them fail than reads do, by share.
	TicksFirst bool

	// Progress is called once a second, on the recording goroutine. Nil: not reported.
	Progress func(Progress)

	nap func(time.Duration) // precise sleep; nil: the system's
}

// Progress is the state of a run.
type Progress struct {
	Elapsed, Duration time.Duration
	Requests          uint64
	Failures          uint64
	PerSecond         float64       // in the last second
	P99               time.Duration // in the last second, of all routes
}

// timeout sets the default timeout of a request and validates it.
func timeout(t *client.Target) error {
	t.Timeout = cmp.Or(t.Timeout, 10*time.Second)
	if t.Timeout < 0 {
		return fmt.Errorf("%w: timeout %v", ErrOptions, t.Timeout)
	}
	return nil
}

// withDefaults replaces zero values and validates the rest.
func (o Options) withDefaults() (Options, error) {
	o.Rate, o.Duration, o.Clients = cmp.Or(o.Rate, 5000), cmp.Or(o.Duration, time.Minute), cmp.Or(o.Clients, 8)
	o.Events, o.SeedHistory, o.Sources = cmp.Or(o.Events, 50), cmp.Or(o.SeedHistory, 2*time.Hour), cmp.Or(o.Sources, 1)
	o.TicksPerRequest, o.Duplicates = cmp.Or(o.TicksPerRequest, 16), cmp.Or(o.Duplicates, 0.02)
	o.InFlight, o.Seed, o.MinRate = cmp.Or(o.InFlight, 1024), cmp.Or(o.Seed, 1), cmp.Or(o.MinRate, 0.98)
	if o.nap == nil {
		o.nap = nap
	}
	if o.Mix.sum() == 0 {
		o.Mix = DefaultMix()
	}
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{o.Rate > 0 && o.Rate <= 1e6, "rate: want above 0 and up to a million a second"},
		{o.Duration >= time.Second, "duration: want a second or more"},
		{o.Clients > 0 && o.Clients <= 10_000, "clients: want 1 to 10000"},
		{o.Events > 0 && o.SeedEvents >= 0 && o.SeedEvents <= 100_000, "events: want 1 or more"},
		{o.Sources > 0 && o.Sources <= venues, "sources: want 1 to 8"},
		{o.TicksPerRequest >= quotesPerTurn && o.TicksPerRequest <= 10_000, "ticks per request: want 4 to 10000"},
		{o.Duplicates >= 0 && o.Duplicates < 1, "duplicates: want a share below 1"},
		{o.InFlight > 0, "in flight: want 1 or more"},
		{o.MaxFailureRate >= 0 && o.MaxFailureRate <= 1, "failure rate: want 0 to 1"},
		{o.SeedHistory >= time.Minute, "seed history: want a minute or more"},
	} {
		if !c.ok {
			return o, fmt.Errorf("%w: %s", ErrOptions, c.what)
		}
	}
	return o, timeout(&o.Target)
}
