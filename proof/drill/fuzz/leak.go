package fuzz

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// gauges are the metrics that reveal a leak, each with the growth that is allowed:
// the larger of a number and a share of the earlier value. Pools and connections of
// the store are made on first use; between two collections the heap swings to twice
// the live size and more, and memory returns to the system late.
func gauges() []gauge {
	return []gauge{
		{"go_goroutines", 16, 0.2, false},
		{"process_open_fds", 12, 0.2, false},
		{"go_memstats_heap_inuse_bytes", 48 << 20, 0.5, true},
		{"process_resident_memory_bytes", 96 << 20, 0.5, true},
	}
}

// started is the metric that changes with the process.
const started = "process_start_time_seconds"

type gauge struct {
	name   string
	more   float64
	share  float64
	memory bool // compared over the half with known names, by its minimum under load: it falls only at collections
}

// reading is a set of metrics at a time since the fuzz began.
type reading struct {
	at     time.Duration
	values map[string]float64
}

// windows are the periods that are compared: for memory the first and last minute
// of the second half, for all else the quiet periods before the first and after the
// second.
type windows struct{ before, after, quietBefore, quietAfter stretch }

type stretch struct{ from, to time.Duration }

// Leak is the growth of one metric.
type Leak struct {
	Metric string  `json:"metric"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Most   float64 `json:"most"`     // maximum in between
	Bound  float64 `json:"bound"`    // limit of After
	Leaked bool    `json:"leaked"`   // After exceeds it
	Known  bool    `json:"known"`    // both were read
	Memory bool    `json:"memory"`   // compared over the second half only
	Ratio  float64 `json:"of_bound"` // After / Bound
}

// judgeLeaks compares readings before and after. It uses the minimum of a window: a
// leak can't be low for a moment.
func judgeLeaks(all []reading, w windows) []Leak {
	var out []Leak
	for _, g := range gauges() {
		before, after := w.quietBefore, w.quietAfter
		if g.memory {
			before, after = w.before, w.after
		}
		l := Leak{Metric: g.name, Memory: g.memory, Before: lowest(all, g.name, before), After: lowest(all, g.name, after)}
		for i := range all {
			l.Most = max(l.Most, all[i].values[g.name])
		}
		if l.Known = !math.IsInf(l.Before, 1) && !math.IsInf(l.After, 1); l.Known {
			l.Bound = l.Before + max(g.more, g.share*l.Before)
			l.Leaked, l.Ratio = l.After > l.Bound, l.After/l.Bound
		} else {
			l.Before, l.After = 0, 0
		}
		out = append(out, l)
	}
	return out
}

// lowest returns the minimum of a metric within a period, +Inf if there is none.
func lowest(all []reading, name string, within stretch) float64 {
	low := math.Inf(1)
	for i := range all {
		if v, ok := all[i].values[name]; ok && all[i].at >= within.from && all[i].at <= within.to {
			low = min(low, v)
		}
	}
	return low
}

// restarted reports whether the process has changed since the start.
func restarted(all []reading) bool {
	first, ok := 0.0, false
	for i := range all {
		v, known := all[i].values[started]
		if known && ok && v != first {
			return true
		}
		if known && !ok {
			first, ok = v, true
		}
	}
	return false
}

// watched extracts the judged metrics from a scrape.
func watched(page map[string]*dto.MetricFamily) map[string]float64 {
	values := map[string]float64{}
	names := []string{started}
	for _, g := range gauges() {
		names = append(names, g.name)
	}
	for _, name := range names {
		for _, m := range page[name].GetMetric() {
			values[name] = m.GetGauge().GetValue() + m.GetUntyped().GetValue() // one of the two is set
		}
	}
	return values
}
