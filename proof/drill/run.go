package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/proof/loadtest"
)

// ErrOptions marks invalid options.
var ErrOptions = errors.New("wrong options")

// Options of Run.
type Options struct {
	client.Target // its timeout: zero means 5 s
	Fault         Fault
	Rate          float64       // requests per second. Zero means 500
	Before        time.Duration // time before the fault. Zero means 5 s
	After         time.Duration // time after it. Zero means 20 s
	// ShowWithin and RecoverWithin limit how long health may take to show the fault
	// and its end. Zero means 5 s and 15 s: the service probes itself every second,
	// and a breaker waits 5 s before its first trial.
	ShowWithin, RecoverWithin time.Duration

	// Progress is called after each second. Nil: not reported.
	Progress func(elapsed, of time.Duration, phase string)
}

func (o Options) withDefaults() (Options, error) {
	o.Rate, o.Timeout = cmp.Or(o.Rate, 500), cmp.Or(o.Timeout, 5*time.Second)
	o.Before, o.After = cmp.Or(o.Before, 5*time.Second), cmp.Or(o.After, 20*time.Second)
	o.ShowWithin, o.RecoverWithin = cmp.Or(o.ShowWithin, 5*time.Second), cmp.Or(o.RecoverWithin, 15*time.Second)
	switch {
	case o.Rate <= 0 || o.Rate > 1e5:
		return o, fmt.Errorf("%w: rate %g, want above 0 and up to 100000", ErrOptions, o.Rate)
	case o.Fault.Duration < time.Second || o.Fault.Duration%time.Second != 0:
		return o, fmt.Errorf("%w: duration %v, want whole seconds", ErrOptions, o.Fault.Duration)
	case o.Before < 0 || o.After < 0 || o.ShowWithin < 0 || o.RecoverWithin < 0:
		return o, fmt.Errorf("%w: times below 0", ErrOptions)
	}
	return o, nil
}

// Report is the result of a drill.
type Report struct {
	URL      string   `json:"url"`
	Fault    string   `json:"fault"`
	Kind     string   `json:"kind"`
	Rate     float64  `json:"rate"`
	From     float64  `json:"fault_from_second"`
	To       float64  `json:"fault_to_second"`
	Verdict  *Verdict `json:"verdict"`
	Timeline []Second `json:"timeline"`
	Probes   []Class  `json:"probes"`
}

// Class is the summary of one probe.
type Class struct {
	Probe    string  `json:"probe"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	Refused  int     `json:"refused"`
	P50Ms    float64 `json:"p50_ms"` // from when the request was due
	P99Ms    float64 `json:"p99_ms"`
	MaxMs    float64 `json:"max_ms"`
}

// Run drills a service: it watches, injects the fault, keeps watching until some
// time after its end, and judges. When ctx ends it clears the fault and returns the
// cause. A broken promise is not an error.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c, err := client.New(o.Target.Options(atOnce))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	defer c.Close()
	m := &monitor{c: c, o: &o, ticks: loadtest.NewSource(8, 16, time.Now(), 1)}
	if m.events, err = m.prepare(ctx); err != nil {
		return nil, err
	}
	span, all, err := m.run(ctx)
	if err != nil {
		return nil, err
	}
	p := PromiseOf(o.Fault)
	r := &Report{
		URL: o.URL, Fault: o.Fault.String(), Kind: string(o.Fault.Kind), Rate: o.Rate, From: span.From.Seconds(), To: span.To.Seconds(),
		Verdict: Judge(p, span, all), Timeline: Timeline(p, span, all), Probes: classes(p, span, all),
	}
	return r, nil
}

// atOnce limits requests in flight; further ones wait, and their wait counts.
const atOnce = 512

// monitor sends requests at a fixed rate. While it runs only its outcomes change.
type monitor struct {
	c      *client.Client
	o      *Options
	ticks  *loadtest.Source
	events []string
}

// prepare checks that faults can be injected and that there are events.
func (m *monitor) prepare(ctx context.Context) ([]string, error) {
	allowed, err := m.c.FaultsAllowed(ctx)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, fmt.Errorf("%s does not permit fault injection: set chaos.enabled in its configuration", m.o.URL)
	}
	for try := 0; ; try++ {
		events, err := m.c.EventIDs(ctx, 20)
		if err != nil || len(events) > 0 {
			return events, err
		}
		if try == 50 {
			return nil, fmt.Errorf("%s has no events, and ticks sent to it lead to none", m.o.URL)
		}
		if _, err := m.c.Do(ctx, m.tick()); err != nil {
			return nil, err
		}
		if err := pause.For(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// run sends every request and the fault when due, and returns the outcomes by due
// time.
func (m *monitor) run(ctx context.Context) (Span, []Outcome, error) {
	total := m.o.Before + m.o.Fault.Duration + m.o.After
	n := int(total.Seconds() * m.o.Rate)
	all := make([]Outcome, n)
	slots := make(chan struct{}, atOnce) // if full, the loop waits
	begun := time.Now()
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var from time.Duration // read after the goroutine has ended
	wg.Go(func() {
		var err error
		if from, err = m.inject(running, begun); err != nil {
			cancel(fmt.Errorf("inject %s: %w", m.o.Fault, err)) // without a fault there is nothing to watch
		}
	})
	second := 0
	for i := range n {
		due := time.Duration(float64(i) / m.o.Rate * 1e9)
		if pause.For(running, time.Until(begun.Add(due))) != nil {
			break
		}
		if s := int(due / time.Second); s > second && m.o.Progress != nil {
			second = s
			m.o.Progress(due, total, phase(Span{From: m.o.Before, To: m.o.Before + m.o.Fault.Duration}, due))
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			m.one(running, i, due, begun, &all[i])
		})
	}
	wg.Wait()
	if running.Err() != nil {
		err := context.Cause(running)
		if ctx.Err() != nil { // the fault may be active
			err = errors.Join(err, m.clear(ctx))
		}
		return Span{}, nil, err
	}
	span := Span{From: from, To: from + m.o.Fault.Duration, ShowWithin: m.o.ShowWithin, RecoverWithin: m.o.RecoverWithin}
	return span, all, nil
}

// inject injects the fault when due. It records when it sent the request: the fault
// can neither begin nor end before the times that follow from that.
func (m *monitor) inject(ctx context.Context, begun time.Time) (at time.Duration, err error) {
	if err := pause.For(ctx, time.Until(begun.Add(m.o.Before))); err != nil {
		return 0, err
	}
	at = time.Since(begun)
	return at, m.c.Inject(ctx, m.o.Fault.request())
}

// clear ends the fault even after ctx has ended.
func (m *monitor) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.o.Timeout)
	defer cancel()
	return m.c.ClearFaults(ctx)
}

// one sends request i.
func (m *monitor) one(ctx context.Context, i int, due time.Duration, begun time.Time, o *Outcome) {
	o.Due, o.Probe = due, at(i)
	a, err := m.o.Turn(m.c, i).Do(ctx, m.request(i, o.Probe))
	o.Took = time.Since(begun) - due
	if err != nil {
		o.Error = client.Reason(err)
		return
	}
	o.Code = a.Status
	o.read(a.Body)
}

// request returns request i for a probe.
func (m *monitor) request(i int, p Probe) client.Request {
	switch event := m.events[i%len(m.events)]; p {
	case Graph:
		return client.Request{Path: client.GraphPath(event) + "?limit=1"}
	case Anomalies:
		return client.Request{Path: "/v1/events/" + url.PathEscape(event) + "/anomalies"}
	case Leaders:
		return client.Request{Path: "/v1/leaders"}
	case Ticks:
		return m.tick()
	}
	return client.Request{Path: "/healthz"}
}

// tick returns a request with the next ticks.
func (m *monitor) tick() client.Request {
	return client.Request{Method: http.MethodPost, Path: client.TicksPath, Type: client.NDJSON, Body: m.ticks.Append(nil, time.Now())}
}

// classes summarises outcomes by probe.
func classes(p Promise, s Span, all []Outcome) []Class {
	out := make([]Class, probes)
	for i := range out {
		var mine []Outcome
		var took []time.Duration
		for k := range all {
			if all[k].Probe == Probe(i) {
				mine, took = append(mine, all[k]), append(took, all[k].Took)
			}
		}
		failed, refused := tally(p, s, mine)
		slices.Sort(took)
		out[i] = Class{Probe: Probe(i).String(), Requests: len(mine), Failed: failed, Refused: refused}
		if n := len(took); n > 0 {
			out[i].P50Ms, out[i].P99Ms, out[i].MaxMs = ms(took[n/2]), ms(took[(n-1)*99/100]), ms(took[n-1])
		}
	}
	return out
}
