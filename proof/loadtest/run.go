package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
)

// Run sends the load and reports. It blocks until the duration is over and the last
// answer has arrived. If ctx ends, it reports the results so far with the cause of
// ctx. Errors: ErrOptions, or the server's if it can't be reached at all. A breach
// is not an error.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := newAsker(&o.Target)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	now := time.Now()
	m := newMarket(max(o.SeedEvents, o.Events), now.UTC().Truncate(24*time.Hour), o.TicksPerRequest, o.Duplicates, o.Seed, o.Sources)
	seeded := 0
	if o.SeedEvents > 0 {
		if seeded, err = a.seed(ctx, m, o.SeedHistory, now); err != nil {
			return nil, err
		}
		if err := settle(ctx, a, o.SeedEvents); err != nil {
			return nil, err
		}
	}
	paths, err := a.find(ctx, o.Mix, o.Events)
	if err != nil {
		return nil, err
	}
	d := &driver{plan: newPlan(o.Mix, o.Clients, o.Seed), paths: paths, market: m, users: newUsers(a.Client, &o.Target, o.Clients, o.InFlight)}
	defer d.close()
	r := d.attack(ctx, &o)
	r.Seeded = seeded
	if o.Sources > 1 {
		r.judgeSources(a.sources(ctx), o.Sources)
	}
	return r, context.Cause(ctx)
}

// settle waits until seeded events are visible: they are published a moment after
// they are acknowledged.
func settle(ctx context.Context, a *asker, events int) error {
	for range 100 {
		ids, err := a.EventIDs(ctx, min(events, 100))
		if err != nil || len(ids) >= min(events, 100) {
			return err
		}
		if err := pause.For(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: seeded events did not appear in /v1/events", errNothing)
}

// driver sends requests as planned for their numbers. Everything but its counters
// is fixed before the run.
type driver struct {
	plan   *plan
	paths  [routes][]string
	market *market
	users  []*user

	in                             [routes]atomic.Uint64 // bytes
	out                            atomic.Uint64
	accepted, duplicates, rejected atomic.Uint64
}

func (d *driver) close() {
	for _, u := range d.users {
		u.close()
	}
}

func (d *driver) do(e errand) (status int, err error) {
	u := d.users[e.client]
	var size int
	if e.route == Ticks {
		status, size, err = u.send(client.TicksPath, func(x *exchange) {
			x.body = d.market.batch(x.body[:0], time.Now())
			x.ticks(NDJSON.contentType(), x.body)
			d.out.Add(uint64(len(x.body)))
		}, d.count)
	} else {
		all := d.paths[e.route]
		status, size, err = u.send(all[e.pick%uint64(len(all))], nil, nil)
	}
	d.in[e.route].Add(uint64(size))
	return status, err
}

// count adds up a receipt.
func (d *driver) count(status int, body []byte) {
	if status != http.StatusAccepted {
		return
	}
	var r client.Receipt
	if json.Unmarshal(body, &r) == nil {
		d.accepted.Add(uint64(r.Accepted))
		d.duplicates.Add(uint64(r.Duplicates))
		d.rejected.Add(uint64(r.Rejected))
	}
}

// slack is how long after its duration a run may still send requests that are due.
const slack = 250 * time.Millisecond

// attack sends the load and sums up the results.
func (d *driver) attack(ctx context.Context, o *Options) *Report {
	rec, late := newRecorder(o.Mix, o.Clients), newLatencies(3)
	if o.Progress != nil {
		rec.done = func(x Second) { o.Progress(progress(x, rec, o.Duration)) }
	}
	used, known := cpuTime()
	s := newSchedule(o.Rate, o.Duration, time.Now, o.nap)
	samples := make(chan sample, 4*o.InFlight) // if full, the senders wait
	go func() {
		defer close(samples)
		s.run(ctx, o.InFlight, o.Duration+slack, func(seq uint64, late time.Duration) {
			x := d.sampled(seq, late, o.Expect)
			x.end = s.due(seq) + x.late + x.service
			samples <- x
		})
	}()
	for x := range samples {
		late.add(x.late)
		rec.add(&x)
	}
	took := s.elapsed()
	spent, _ := cpuTime()
	rec.finish()
	return d.report(o, s, rec, took, generator(known, spent-used, took, rec.all.requests, late))
}

func progress(x Second, rec *recorder, lasts time.Duration) Progress {
	return Progress{
		Elapsed: time.Duration(x.Second+1) * time.Second, Duration: lasts, Requests: rec.all.requests, Failures: rec.all.failed(),
		PerSecond: float64(x.Requests), P99: time.Duration(x.P99Ms * 1e6),
	}
}

// sampled performs request seq and returns its sample.
func (d *driver) sampled(seq uint64, late time.Duration, expect []int) sample {
	e := d.plan.at(seq)
	start := time.Now()
	status, err := d.do(e)
	return sample{route: e.route, client: e.client, late: late, service: time.Since(start), failure: failure(status, err, expect)}
}

// failure says why an answer counts as failed; empty if it doesn't.
func failure(status int, err error, expect []int) string {
	switch {
	case err != nil:
		return client.Reason(err)
	case status < 400 || slices.Contains(expect, status):
		return ""
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

func generator(known bool, used, took time.Duration, requests uint64, late latencies) Generator {
	g := Generator{Known: known, Cores: cores(), LateP99Ms: ms(late.at(99))}
	if known && requests > 0 && took > 0 {
		g.CorePercent = 100 * float64(used) / float64(took)
		g.UsPerRequest = float64(used.Nanoseconds()) / 1e3 / float64(requests)
	}
	return g
}

func (d *driver) report(o *Options, s *schedule, rec *recorder, took time.Duration, g Generator) *Report {
	r := &Report{
		URL: o.URL, Mix: o.Mix.String(), Target: o.Rate, Seconds: took.Seconds(), Planned: s.total, Requests: rec.all.requests, Failed: rec.all.failed(),
		BytesOut: d.out.Load(), Clients: rec.clients, Timeline: rec.seconds, Generator: g,
		Ticks: TickReport{d.accepted.Load(), d.duplicates.Load(), d.rejected.Load()},
	}
	for i, t := range rec.routes {
		if t != nil {
			r.Routes = append(r.Routes, newRouteReport(Route(i).String(), t, d.in[i].Load()))
			r.BytesIn += d.in[i].Load()
		}
	}
	r.All = newRouteReport("all", rec.all, r.BytesIn)
	if r.Requests > 0 {
		r.Rate = float64(r.Failed) / float64(r.Requests)
		// A run with late answers took longer than planned.
		r.Achieved = float64(r.Requests) / max(r.Seconds, o.Duration.Seconds())
	}
	r.judge(o)
	return r
}
