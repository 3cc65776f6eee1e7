package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// resolution selects the classic buckets of a histogram. Native histograms have 10
// % wide buckets everywhere.
type resolution int

const (
	fast    resolution = iota // 2 µs to 1 s: work inside the process
	request                   // 100 µs to 10 s: waits of a client or for a disk
	venue                     // 10 ms to 10 min: delays of a source's prices
)

func (r resolution) buckets() []float64 {
	switch r {
	case fast:
		return []float64{2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1}
	case request:
		return []float64{1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	default:
		return []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}
	}
}

// seconds returns the options of a histogram of durations, classic and native at
// once.
func seconds(name, help string, r resolution) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: prefix + name, Help: help, Buckets: r.buckets(),
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

func histograms(name, help string, r resolution, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(seconds(name, help, r), labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
}
