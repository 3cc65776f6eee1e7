package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Run sends the load and reports. It blocks until the duration is over and the last
// answer is in, or ctx ends: then it reports what there is, with the cause of ctx.
// Errors: ErrOptions; the server's when it can't be asked at all. A breach is no
// error.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	from, err := newOrigin(&o.Target)
	if err != nil {
		return nil, err
	}
	a := newAsker(&o.Target)
	defer a.close()
	now := time.Now()
	m := newMarket(max(o.SeedEvents, o.Events), now.UTC().Truncate(24*time.Hour), o.TicksPerRequest, o.Duplicates, o.Seed)
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
	d := &driver{plan: newPlan(o.Mix, o.Clients, o.Seed), paths: paths, market: m, clients: newClients(from, o.Tokens, o.Clients), ctx: ctx}
	defer d.close()
	r := d.attack(&o)
	r.Seeded = seeded
	return r, context.Cause(ctx)
}

// settle waits until seeded events are to be seen: they are published a moment
// after they are acknowledged.
func settle(ctx context.Context, a *asker, events int) error {
	for range 100 {
		var page eventList
		if err := a.get(ctx, "/v1/events?limit="+strconv.Itoa(min(events, 100)), &page); err != nil || len(page.Events) >= min(events, 100) {
			return err
		}
		if err := a.wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: seeded events did not appear in /v1/events", errNothing)
}

// driver is what vegeta sends requests through. All but its counters is fixed
// before the run.
type driver struct {
	plan    *plan
	paths   [routes][]string
	market  *market
	clients []*client
	ctx     context.Context // of the run: RoundTrip is handed none that ends with it

	in                             [routes]atomic.Uint64 // bytes
	out                            atomic.Uint64
	accepted, duplicates, rejected atomic.Uint64
}

func (d *driver) close() {
	for _, c := range d.clients {
		c.close()
	}
}

// seqHeader is by which vegeta numbers requests.
const seqHeader = "X-Vegeta-Seq"

// RoundTrip implements http.RoundTripper: the number of the request says what it
// is. net/http's own transport would cost two more goroutine switches and some
// fifty allocations a request, on cores that the server needs.
func (d *driver) RoundTrip(req *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(req.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", seqHeader, err)
	}
	e := d.plan.at(seq)
	status, err := d.do(e)
	if err != nil {
		return nil, shortError(Reason(err))
	}
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, Request: req,
	}, nil
}

func (d *driver) do(e errand) (status int, err error) {
	c := d.clients[e.client]
	var size int64
	if e.route == Ticks {
		status, size, err = c.send(d.ctx, time.Now, func(k *conn) {
			k.body = d.market.batch(k.body[:0], time.Now())
			c.post(k, "/v1/ticks", NDJSON.contentType(), k.body)
			d.out.Add(uint64(len(k.body)))
		}, true, d.count)
	} else {
		all := d.paths[e.route]
		path := all[e.pick%uint64(len(all))]
		status, size, err = c.send(d.ctx, time.Now, func(k *conn) { c.get(k, path) }, false, nil)
	}
	d.in[e.route].Add(uint64(size))
	return status, err
}

// count reads a receipt.
func (d *driver) count(a answer) {
	if a.status != http.StatusAccepted {
		return
	}
	var r receipt
	if json.Unmarshal(a.body, &r) == nil {
		d.accepted.Add(uint64(r.Accepted))
		d.duplicates.Add(uint64(r.Duplicates))
		d.rejected.Add(uint64(r.Rejected))
	}
}

// shortError is an error that is its text.
type shortError string

func (e shortError) Error() string { return string(e) }

// slack is how long after its duration a run may still send what is due.
const slack = 250 * time.Millisecond

// attack sends the load and sums it up.
func (d *driver) attack(o *Options) *Report {
	s := newSchedule(o.Rate, o.Duration, time.Now, nap)
	at := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: d}), vegeta.Workers(uint64(min(64, o.InFlight))),
		vegeta.MaxWorkers(uint64(o.InFlight)), vegeta.MaxBody(0))
	stop := context.AfterFunc(d.ctx, func() { at.Stop() })
	defer stop()
	rec, late := newRecorder(o.Mix, o.Clients), newLatencies(3)
	if o.Progress != nil {
		rec.done = func(x Second) { o.Progress(progress(x, rec, o.Duration)) }
	}
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, o.URL
		return nil
	}
	used, known := cpuTime()
	begun := time.Now()
	for res := range at.Attack(target, s, o.Duration+slack, "") {
		x := d.sampled(res, s, o.Expect)
		late.add(x.late)
		rec.add(&x)
	}
	took := time.Since(begun)
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

// sampled reads a result of vegeta's.
func (d *driver) sampled(res *vegeta.Result, s *schedule, expect []int) sample {
	e := d.plan.at(res.Seq)
	x := sample{route: e.route, client: e.client, late: s.lateness(res.Seq, res.Timestamp), service: res.Latency}
	x.end = s.due(res.Seq) + x.late + x.service
	x.failure = failure(int(res.Code), res.Error, expect)
	return x
}

// failure says why an answer counts as failed; empty when it doesn't.
func failure(status int, text string, expect []int) string {
	switch {
	case status == 0:
		if i := strings.Index(text, `": `); i >= 0 { // Get "http://…": reason
			text = text[i+3:]
		}
		return text
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
		// A run whose last answers come late took longer than it was meant to.
		r.Achieved = float64(r.Requests) / max(r.Seconds, o.Duration.Seconds())
	}
	r.judge(o)
	return r
}

var _ http.RoundTripper = (*driver)(nil)
