// Package fuzz sends all kinds of requests to a running service, odd and invalid
// ones too, and checks the answers and the service's use of resources. It serves
// `corrgraph chaos fuzz`.
//
// It learns the operations from the service's OpenAPI document. A request follows
// from the seed, its number, the time and the events that the service holds.
// Verdicts are pure functions of answers and metrics; everything else reads the
// clock and opens sockets.
package fuzz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
)

// ErrOptions marks invalid options.
var ErrOptions = errors.New("wrong options")

// Options of Run. Zero means default.
type Options struct {
	client.Target               // its timeout: zero means 10 s
	Duration      time.Duration // under load after warming up: one half with all kinds of requests, one with ticks of known names. Zero means 10 min
	Warm          time.Duration // under load before the first comparison. Zero means 10 s
	Quiet         time.Duration // without load, before each comparison. Zero means 5 s
	Connections   int           // zero means 8
	Rate          float64       // maximum requests per second. Zero means 500
	Seed          uint64        // zero means 1
	AdminRoutes   bool          // include what only admins may do: faults, backups, gates, profiles

	// Progress is called about once a second. Nil: not reported.
	Progress func(elapsed, of time.Duration, requests, violations int)
}

func (o Options) withDefaults() (Options, error) {
	o.Duration, o.Warm, o.Quiet = cmp.Or(o.Duration, 10*time.Minute), cmp.Or(o.Warm, 10*time.Second), cmp.Or(o.Quiet, 5*time.Second)
	o.Connections, o.Rate, o.Seed = cmp.Or(o.Connections, 8), cmp.Or(o.Rate, 500), cmp.Or(o.Seed, 1)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	switch {
	case o.Duration < 0 || o.Warm < 0 || o.Quiet < 0:
		return o, fmt.Errorf("%w: times below 0", ErrOptions)
	case o.Connections < 1 || o.Connections > 1024:
		return o, fmt.Errorf("%w: %d connections, want 1 to 1024", ErrOptions, o.Connections)
	case !(o.Rate > 0 && o.Rate <= 1e5):
		return o, fmt.Errorf("%w: rate %g, want above 0 and up to 100000", ErrOptions, o.Rate)
	}
	return o, nil
}

// mostViolations is how many violations are kept; further ones are only counted.
const mostViolations = 20

// hopeless is how many connections in a row may be refused before the service
// counts as dead.
const hopeless = 50

// Report is the result of a fuzz.
type Report struct {
	URL        string      `json:"url"`
	Seed       uint64      `json:"seed"`
	Seconds    float64     `json:"seconds"` // under load
	Requests   int         `json:"requests"`
	Below      int         `json:"not_http"`   // of these, refused by the HTTP server before they became requests
	Again      int         `json:"sent_again"` // on a new connection, because a kept one had been closed
	Routes     []Answers   `json:"routes"`
	Kinds      []Answers   `json:"kinds"`
	Skipped    []string    `json:"skipped"` // operations left out
	Alive      bool        `json:"alive"`   // at the end, and still the same process
	Health     string      `json:"health"`  // at the end
	Leaks      []Leak      `json:"leaks"`
	Violations int         `json:"violations"`
	First      []Violation `json:"first_violations"`
	Kept       bool        `json:"kept"`
	Broken     []string    `json:"broken"` // broken promises, in words
}

// Run sends requests of all kinds to a service and checks its answers and its use
// of resources. It returns the cause when ctx ends; a broken promise is not an
// error.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c, err := client.New(o.Target.Options(1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	defer c.Close()
	f := &fuzz{o: &o, c: c, routes: tallies{}, kinds: tallies{}, begun: time.Now()}
	if f.g, f.skipped, err = prepare(ctx, c, &o); err != nil {
		return nil, err
	}
	w, err := f.run(ctx)
	if err != nil {
		return nil, err
	}
	return f.report(ctx, w), nil
}

// fuzz is one run.
type fuzz struct {
	o       *Options
	c       *client.Client
	g       *generator
	skipped []string
	begun   time.Time
	known   bool          // ticks use only known names; set between phases
	next    atomic.Uint64 // number of the next shot
	dead    atomic.Int64  // connections refused in a row

	mu         sync.Mutex
	routes     tallies     // guarded by mu
	kinds      tallies     // guarded by mu
	violations int         // guarded by mu
	first      []Violation // guarded by mu
	below      int         // guarded by mu
	again      int         // guarded by mu
	readings   []reading   // guarded by mu
	loaded     time.Duration
}

// run goes through the phases: warm, quiet, all kinds of requests, known names,
// quiet. Odd ticks create markets of their own, some kilobytes each, which a
// service keeps like any other: memory is compared over the second half, in which
// it learns none.
func (f *fuzz) run(ctx context.Context) (windows, error) {
	running, stop := context.WithCancel(ctx)
	var sampler sync.WaitGroup
	sampler.Go(func() { f.sample(running) })
	defer sampler.Wait()
	defer stop()
	since := func() time.Duration { return time.Since(f.begun) }
	var w windows
	f.shoot(running, f.o.Warm)
	w.quietBefore.from = since()
	if err := pause.For(ctx, f.o.Quiet); err != nil {
		return w, err
	}
	w.quietBefore.to = since()
	half := f.o.Duration / 2
	f.shoot(running, half)
	f.known = true
	most := min(half/2, time.Minute)
	w.before = stretch{since(), since() + most}
	f.shoot(running, half)
	w.quietAfter.from = since()
	w.after.from = w.quietAfter.from - most
	err := pause.For(ctx, f.o.Quiet)
	w.quietAfter.to, w.after.to = since(), since()
	return w, err
}

// sample reads the metrics until ctx ends.
func (f *fuzz) sample(ctx context.Context) {
	for told := 0; ; told++ {
		if page, err := f.c.Metrics(ctx); err == nil { // a failed reading is reported as unknown
			f.mu.Lock()
			f.readings = append(f.readings, reading{time.Since(f.begun), watched(page)})
			f.mu.Unlock()
		}
		if f.o.Progress != nil && told%2 == 0 {
			f.mu.Lock()
			violations := f.violations
			f.mu.Unlock()
			f.o.Progress(time.Since(f.begun), f.o.Warm+f.o.Duration+2*f.o.Quiet, int(f.next.Load()), violations)
		}
		if pause.For(ctx, min(500*time.Millisecond, f.o.Quiet/4)) != nil {
			return
		}
	}
}

// shoot sends on all connections for a duration, then closes them.
func (f *fuzz) shoot(ctx context.Context, d time.Duration) {
	from, first := time.Now(), f.next.Load()
	var wg sync.WaitGroup
	for range f.o.Connections {
		wg.Go(func() {
			w := &wire{c: f.c}
			defer w.close()
			for {
				n := f.next.Add(1) - 1
				due := from.Add(time.Duration(float64(n-first) / f.o.Rate * 1e9))
				if due.Sub(from) >= d || time.Since(from) >= d || f.dead.Load() >= hopeless || pause.For(ctx, time.Until(due)) != nil {
					f.next.Add(^uint64(0)) // not sent
					return
				}
				f.one(ctx, w, n)
			}
		})
	}
	wg.Wait()
	f.loaded += time.Since(from)
}

// one sends a shot and counts the result.
func (f *fuzz) one(ctx context.Context, w *wire, n uint64) {
	s := f.g.shot(n, time.Now(), f.known)
	p := w.send(ctx, s)
	if ctx.Err() != nil {
		return
	}
	if p.refused {
		f.dead.Add(1)
	} else {
		f.dead.Store(0)
	}
	broken := judgeReply(s, &p)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes.add(s.route, p.status, len(broken) > 0)
	f.kinds.add(kindOf(s.what), p.status, len(broken) > 0)
	if s.below {
		f.below++
	}
	if p.again {
		f.again++
	}
	if len(broken) == 0 {
		return
	}
	if f.violations++; len(f.first) < mostViolations {
		f.first = append(f.first, violation(s, &p, broken))
	}
}

// report sums up the run. Nothing else runs by now.
func (f *fuzz) report(ctx context.Context, w windows) *Report {
	r := &Report{
		URL: f.o.URL, Seed: f.o.Seed, Seconds: f.loaded.Seconds(), Below: f.below, Again: f.again, Skipped: f.skipped,
		Routes: sorted(f.routes), Kinds: sorted(f.kinds), Leaks: judgeLeaks(f.readings, w), Violations: f.violations, First: f.first, Broken: []string{},
	}
	var health struct {
		Status string `json:"status"`
	}
	err := f.c.Ask(ctx, "/healthz", &health)
	r.Health, r.Alive = health.Status, err == nil && !restarted(f.readings)
	for i := range r.Routes {
		r.Requests += r.Routes[i].Requests
	}
	r.conclude()
	return r
}

// sorted returns the tallies by name.
func sorted(t tallies) []Answers {
	out := make([]Answers, 0, len(t))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		out = append(out, *t[name])
	}
	return out
}

// conclude lists the broken promises.
func (r *Report) conclude() {
	broken := func(on bool, format string, args ...any) {
		if on {
			r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
		}
	}
	broken(r.Requests == 0, "no request was sent")
	broken(r.Violations > 0, "%d answers broke a promise", r.Violations)
	broken(!r.Alive, "the service is down or was restarted")
	for _, l := range r.Leaks {
		broken(!l.Known, "%s could not be read", l.Metric)
		broken(l.Leaked, "%s grew from %.0f to %.0f, above %.0f", l.Metric, l.Before, l.After, l.Bound)
	}
	r.Kept = len(r.Broken) == 0
}
