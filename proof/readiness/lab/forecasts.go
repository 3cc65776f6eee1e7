package lab

import (
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// The promise of forecasts.
const (
	forecastFast = 50 * time.Millisecond // for 99 in a hundred, since their tick was in the log
	leastTold    = 100                   // published one after the other, for the figure
)

// JudgeForecasts adds to a finding how long forecasts took, by the service's histogram.
func JudgeForecasts(f *Finding, m *dto.MetricFamily) {
	n, within := uint64(0), uint64(0)
	for _, x := range m.GetMetric() {
		if l := x.GetLabel(); len(l) != 1 || l[0].GetValue() != "log" {
			continue
		}
		n += x.GetHistogram().GetSampleCount()
		for _, b := range x.GetHistogram().GetBucket() {
			if b.GetUpperBound() == forecastFast.Seconds() {
				within += b.GetCumulativeCount()
			}
		}
	}
	f.Pass = f.Pass && n >= leastTold && 100*within >= 99*n
	f.Measured += fmt.Sprintf(", %d of %d forecasts within %s", within, n, forecastFast)
	f.Evidence += fmt.Sprintf("; forecasts were told %d times, %d of them within %s since the newest tick behind them was in the log (want 99 %% of at least %d)", n, within, forecastFast, leastTold)
}
