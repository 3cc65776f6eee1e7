package loadtest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Latency summarises times in ms.
type Latency struct {
	MeanMs float64 `json:"mean_ms"`
	P50Ms  float64 `json:"p50_ms"`
	P90Ms  float64 `json:"p90_ms"`
	P99Ms  float64 `json:"p99_ms"`
	P999Ms float64 `json:"p99_9_ms"`
	MaxMs  float64 `json:"max_ms"`
}

// RouteReport is the result for one route, or all.
type RouteReport struct {
	Route    string            `json:"route"`
	Requests uint64            `json:"requests"`
	Failed   uint64            `json:"failed"`
	Failures map[string]uint64 `json:"failures"` // by status or error
	BytesIn  uint64            `json:"bytes_in"` // bodies, as sent
	Latency  Latency           `json:"latency"`  // counted from when the request was due
	Service  Latency           `json:"service"`  // counted from when it was sent, as a closed-loop generator would report it
	Curve    []CurvePoint      `json:"curve"`    // of Latency
}

// CurvePoint is one percentile.
type CurvePoint struct {
	Percent float64 `json:"percent"`
	Ms      float64 `json:"ms"`
}

// percents returns the percentiles of a curve: evenly spaced in the number of
// nines.
func percents() []float64 {
	return []float64{0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999, 100}
}

// Second is one second of a run.
type Second struct {
	Second     int                `json:"second"`
	Requests   uint64             `json:"requests"`
	Failures   uint64             `json:"failures"`
	P50Ms      float64            `json:"p50_ms"`
	P99Ms      float64            `json:"p99_ms"`
	MaxMs      float64            `json:"max_ms"`
	P99ByRoute map[string]float64 `json:"p99_ms_by_route"`
	ByRoute    map[string]Counts  `json:"by_route"`
}

// Counts are requests and failures of one route in one second.
type Counts struct {
	Requests uint64 `json:"requests"`
	Failures uint64 `json:"failures"`
}

// Client is the result for one client.
type Client struct {
	Requests uint64 `json:"requests"`
	Failures uint64 `json:"failures"`
}

// Generator is the load generator's own cost.
type Generator struct {
	Known        bool    `json:"known"`            // the system reports the process's CPU time
	CorePercent  float64 `json:"core_percent"`     // of one core
	UsPerRequest float64 `json:"us_per_request"`   //
	Cores        int     `json:"cores"`            // of the machine
	LateP99Ms    float64 `json:"sent_late_p99_ms"` // delay between due time and sending
}

// TickReport is the result for the ticks sent.
type TickReport struct {
	Accepted   uint64 `json:"accepted"`
	Duplicates uint64 `json:"duplicates"`
	Rejected   uint64 `json:"rejected"`
}

// Heard is what a service says of one source of ticks, since its start.
type Heard struct {
	Source  string            `json:"source"`
	Quotes  uint64            `json:"quotes"`  // accepted
	Refused map[string]uint64 `json:"refused"` // by reason
}

// Breach is a broken promise.
type Breach struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Limit    string `json:"limit"`
}

// Report is the result of a run.
type Report struct {
	URL       string        `json:"url"`
	Mix       string        `json:"mix"`
	Target    float64       `json:"target_per_second"`
	Achieved  float64       `json:"achieved_per_second"` // requests answered or failed per second of the actual duration
	Seconds   float64       `json:"seconds"`
	Planned   uint64        `json:"planned"`
	Requests  uint64        `json:"requests"`
	Failed    uint64        `json:"failed"`
	Rate      float64       `json:"failure_rate"`
	BytesIn   uint64        `json:"bytes_in"`
	BytesOut  uint64        `json:"bytes_out"`
	Seeded    int           `json:"seeded_ticks"`
	All       RouteReport   `json:"all"`
	Routes    []RouteReport `json:"routes"`
	Ticks     TickReport    `json:"ticks"`
	Sources   []Heard       `json:"sources,omitempty"` // as the service counted them; of runs with several
	Clients   []Client      `json:"clients"`
	Timeline  []Second      `json:"timeline"`
	Generator Generator     `json:"generator"`
	Passed    bool          `json:"passed"`
	Breaches  []Breach      `json:"breaches"`
}

// newRouteReport sums up a tally.
func newRouteReport(name string, t *tally, bytes uint64) RouteReport {
	r := RouteReport{
		Route: name, Requests: t.requests, Failed: t.failed(), Failures: t.failures, BytesIn: bytes,
		Latency: t.fromDue.summary(), Service: t.service.summary(),
	}
	for _, p := range percents() {
		r.Curve = append(r.Curve, CurvePoint{p, ms(t.fromDue.at(p))})
	}
	return r
}

// judge compares a report with the promised limits.
func (r *Report) judge(o *Options) {
	r.Breaches = []Breach{}
	breach := func(what, measured, limit string) { r.Breaches = append(r.Breaches, Breach{what, measured, limit}) }
	rate, what := r.Rate, "failed requests"
	if o.TicksFirst {
		rate, what = r.lost(), "failed requests for ticks"
		if n := r.unfair(); n > 0 {
			breach("order", fmt.Sprintf("in %d of %d s more of the ticks failed than of the reads, by share", n, len(r.Timeline)), "reads refused before ticks")
		}
	}
	if rate > o.MaxFailureRate || r.Requests == 0 {
		breach(what, percent(rate), "at most "+percent(o.MaxFailureRate))
	}
	if r.Achieved < o.MinRate*o.Rate {
		breach("requests per second", fmt.Sprintf("%.0f", r.Achieved), fmt.Sprintf("at least %.0f", o.MinRate*o.Rate))
	}
	if sent := r.Ticks.Accepted + r.Ticks.Duplicates + r.Ticks.Rejected; sent > 0 {
		if share := float64(r.Ticks.Rejected) / float64(sent); share > o.MaxFailureRate {
			breach("rejected ticks", percent(share), "at most "+percent(o.MaxFailureRate))
		}
	}
	for _, route := range slices.Sorted(maps.Keys(o.MaxP99)) {
		limit := o.MaxP99[route]
		i := slices.IndexFunc(r.Routes, func(x RouteReport) bool { return x.Route == route.String() })
		switch {
		case i < 0:
			breach("p99 of "+route.String(), "not asked", "at most "+limit.String())
		case r.Routes[i].Latency.P99Ms > ms(limit):
			breach("p99 of "+route.String(), fmt.Sprintf("%.2f ms", r.Routes[i].Latency.P99Ms), "at most "+limit.String())
		}
	}
	r.Passed = len(r.Breaches) == 0
}

// lost is the share of the requests for ticks that failed; 1 if there were none.
func (r *Report) lost() float64 {
	for _, x := range r.Routes {
		if x.Route == Ticks.String() && x.Requests > 0 {
			return float64(x.Failed) / float64(x.Requests)
		}
	}
	return 1
}

// unfair counts the seconds in which a larger share of the requests for ticks failed than of
// the reads, health left out. Seconds without reads count if ticks failed.
func (r *Report) unfair() (n int) {
	for _, s := range r.Timeline {
		var reads Counts
		for name, x := range s.ByRoute {
			if name != Ticks.String() && name != Health.String() {
				reads.Requests += x.Requests
				reads.Failures += x.Failures
			}
		}
		if ticks := s.ByRoute[Ticks.String()]; ticks.Failures*max(1, reads.Requests) > reads.Failures*max(1, ticks.Requests) {
			n++
		}
	}
	return n
}

// judgeSources adds what the service says of the sources: each must have been heard, and none
// refused because of what another one sent.
func (r *Report) judgeSources(heard []Heard, want int) {
	r.Sources = heard
	for i := range want {
		name := sourceName(i)
		at := slices.IndexFunc(heard, func(h Heard) bool { return h.Source == name })
		switch {
		case at < 0 || heard[at].Quotes == 0:
			r.Breaches = append(r.Breaches, Breach{"source " + name, "not heard", "heard"})
		case len(heard[at].Refused) > 0:
			r.Breaches = append(r.Breaches, Breach{"source " + name, fmt.Sprintf("refused %v", heard[at].Refused), "nothing refused"})
		}
	}
	r.Passed = len(r.Breaches) == 0
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// Verdict returns the result in a sentence.
func (r *Report) Verdict() string {
	s := fmt.Sprintf("%.0f requests per second of %.0f for %s, %d of %d failed (%s)",
		r.Achieved, r.Target, time.Duration(r.Seconds*1e9).Round(time.Second/10), r.Failed, r.Requests, percent(r.Rate))
	if r.Passed {
		return "PASS: " + s
	}
	s = "FAIL: " + s
	for _, b := range r.Breaches {
		s += fmt.Sprintf("; %s: %s, want %s", b.What, b.Measured, b.Limit)
	}
	return s
}
