package instance

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// refusals turns refusals of guards into measurements like those of operations:
// requests shed, limited and cut at their deadline per second, and the average
// number of open circuits. They have no latency, and no row if there were none.
type refusals struct {
	of          []refusal
	from        time.Time // start of the period not yet recorded
	open, looks int
}

type refusal struct {
	name     string
	counter  prometheus.Collector
	was, now float64
}

func newRefusals(m *telemetry.Metrics) refusals {
	return refusals{of: []refusal{{name: "SHED", counter: m.Shed}, {name: "REFUSED", counter: m.RateLimited}, {name: "QUERY_TIMEOUT", counter: m.QueryTimeouts}}}
}

// look counts the circuits that are open now.
func (r *refusals) look(h *service.Health) {
	circuits := []string{h.Store.Circuit, h.Log.Circuit}
	for i := range h.Layers {
		circuits = append(circuits, h.Layers[i].Circuit)
	}
	for _, c := range circuits {
		if c == guard.Open.String() {
			r.open++
		}
	}
	r.looks++
}

// until returns the measurements up to the end of a window.
func (r *refusals) until(w telemetry.Window) (out []store.Performance) {
	row := func(name string, perSecond float64) {
		if perSecond > 0 {
			out = append(out, store.Performance{
				At: odds.TimeOf(w.To), Component: service.Component, Operation: name, PerSecond: perSecond, MemoryMB: float64(w.Memory) / 1e6, CPU: w.CPU,
			})
		}
	}
	from := r.from
	if from.IsZero() {
		from = w.From
	}
	over := max(w.To.Sub(from), time.Millisecond).Seconds()
	for i := range r.of {
		x := &r.of[i]
		x.now = telemetry.Sum(x.counter)
		row(x.name, (x.now-x.was)/over)
	}
	row("CIRCUIT_OPEN", float64(r.open)/float64(max(1, r.looks)))
	return out
}

// written starts a new period after measurements were stored. Measurements that the
// store refused, with a full disk for instance, go into the next row.
func (r *refusals) written(to time.Time) {
	for i := range r.of {
		r.of[i].was = r.of[i].now
	}
	r.from, r.open, r.looks = to, 0, 0
}
