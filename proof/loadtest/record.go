package loadtest

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// slowest is the highest latency of a histogram; longer ones count as this.
const slowest = 5 * time.Minute

// latencies is a histogram of latencies from 1 µs.
type latencies struct{ h *hdrhistogram.Histogram }

func newLatencies(digits int) latencies {
	return latencies{hdrhistogram.New(1, slowest.Microseconds(), digits)}
}

func (l latencies) add(d time.Duration) {
	_ = l.h.RecordValue(min(max(d.Microseconds(), 1), slowest.Microseconds())) // the value is within bounds
}

func (l latencies) at(percent float64) time.Duration {
	return time.Duration(l.h.ValueAtQuantile(percent)) * time.Microsecond
}

func (l latencies) summary() Latency {
	return Latency{
		MeanMs: l.h.Mean() / 1e3, P50Ms: ms(l.at(50)), P90Ms: ms(l.at(90)), P99Ms: ms(l.at(99)), P999Ms: ms(l.at(99.9)),
		MaxMs: ms(time.Duration(l.h.Max()) * time.Microsecond),
	}
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// sample is one finished request.
type sample struct {
	route   Route
	client  int
	end     time.Duration // since the beginning
	late    time.Duration // from when it was due to when it was sent
	service time.Duration // from when it was sent to the end of its answer
	failure string        // why it counts as failed; empty if it doesn't
}

// tally sums up one route, or all.
type tally struct {
	fromDue, service latencies
	requests         uint64
	failures         map[string]uint64
}

func newTally() *tally {
	return &tally{newLatencies(3), newLatencies(3), 0, map[string]uint64{}}
}

func (t *tally) add(s *sample) {
	t.requests++
	t.fromDue.add(s.late + s.service)
	t.service.add(s.service)
	if s.failure != "" {
		t.failures[s.failure]++
	}
}

func (t *tally) failed() (n uint64) {
	for _, k := range t.failures {
		n += k
	}
	return n
}

// recorder sums up samples. It is for one goroutine.
type recorder struct {
	routes  [routes]*tally // nil if the route is not in the mix
	all     *tally
	clients []Client
	seconds []Second
	now     struct { // the current second
		second Second
		all    latencies
		routes [routes]latencies
		failed [routes]uint64
	}
	done func(Second) // called with each full second; nil: not reported
}

func newRecorder(m Mix, clients int) *recorder {
	r := &recorder{all: newTally(), clients: make([]Client, clients)}
	r.now.all = newLatencies(2)
	for i, w := range m {
		if w > 0 {
			r.routes[i], r.now.routes[i] = newTally(), newLatencies(2)
		}
	}
	return r
}

func (r *recorder) add(s *sample) {
	for int(s.end/time.Second) > r.now.second.Second {
		r.roll()
	}
	r.all.add(s)
	r.routes[s.route].add(s)
	r.clients[s.client].Requests++
	r.now.second.Requests++
	r.now.all.add(s.late + s.service)
	r.now.routes[s.route].add(s.late + s.service)
	if s.failure != "" {
		r.clients[s.client].Failures++
		r.now.second.Failures++
		r.now.failed[s.route]++
	}
}

// roll closes the current second. Answers that end in a later second than their
// neighbours count in that one.
func (r *recorder) roll() {
	x := r.now.second
	l := r.now.all.summary()
	x.P50Ms, x.P99Ms, x.MaxMs = l.P50Ms, l.P99Ms, l.MaxMs
	x.P99ByRoute, x.ByRoute = map[string]float64{}, map[string]Counts{}
	r.now.all.h.Reset()
	for i := range r.now.routes {
		if h := r.now.routes[i]; h.h != nil && h.h.TotalCount() > 0 {
			x.P99ByRoute[Route(i).String()] = ms(h.at(99))
			x.ByRoute[Route(i).String()] = Counts{uint64(h.h.TotalCount()), r.now.failed[i]}
			h.h.Reset()
		}
	}
	r.now.failed = [routes]uint64{}
	r.seconds = append(r.seconds, x)
	r.now.second = Second{Second: x.Second + 1}
	if r.done != nil {
		r.done(x)
	}
}

// finish closes the last second, if it has any samples.
func (r *recorder) finish() {
	if r.now.second.Requests > 0 {
		r.roll()
	}
}
