package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Sum returns the sum of a counter over all its labels.
func Sum(counter prometheus.Collector) (sum float64) {
	all := make(chan prometheus.Metric)
	go func() {
		counter.Collect(all)
		close(all)
	}()
	for m := range all {
		var v dto.Metric
		if m.Write(&v) == nil {
			sum += v.GetCounter().GetValue()
		}
	}
	return sum
}
