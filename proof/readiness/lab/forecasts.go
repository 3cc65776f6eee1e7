package lab

import (
	"context"
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"

	"corrgraph/client"
)

// The promise of forecasts.
const (
	forecastFast = 50 * time.Millisecond // for 99 in a hundred, since their tick was in the log
	leastTold    = 100                   // published one after the other, for the figure
)

// Forecasts counts the forecasts that a service has told since its start, and those that were
// fast.
type Forecasts struct{ told, fast uint64 }

// ForecastsTold asks a service for them.
func ForecastsTold(ctx context.Context, c *client.Client) (Forecasts, error) {
	page, err := c.Metrics(ctx)
	if err != nil {
		return Forecasts{}, NotRun("metrics: %w", err)
	}
	return forecastsIn(page["corrgraph_tick_to_forecast_seconds"]), nil
}

// Judge adds to a finding how long the forecasts took that were told since x.
func (x Forecasts) Judge(ctx context.Context, c *client.Client, f *Finding) error {
	now, err := ForecastsTold(ctx, c)
	if err == nil {
		x.judge(now, f)
	}
	return err
}

func (x Forecasts) judge(now Forecasts, f *Finding) {
	n, fast := now.told-x.told, now.fast-x.fast
	f.Pass = f.Pass && n >= leastTold && 100*fast >= 99*n
	f.Measured += fmt.Sprintf(", %d of %d forecasts within %s", fast, n, forecastFast)
	f.Evidence += fmt.Sprintf("; forecasts were told %d times, %d of them within %s since the newest tick behind them was in the log (want 99 %% of at least %d)", n, fast, forecastFast, leastTold)
}

// forecastsIn reads them from the histogram of the time since their tick was in the log.
func forecastsIn(m *dto.MetricFamily) (x Forecasts) {
	for _, s := range m.GetMetric() {
		if l := s.GetLabel(); len(l) != 1 || l[0].GetValue() != "log" {
			continue
		}
		x.told += s.GetHistogram().GetSampleCount()
		for _, b := range s.GetHistogram().GetBucket() {
			if b.GetUpperBound() == forecastFast.Seconds() {
				x.fast += b.GetCumulativeCount()
			}
		}
	}
	return x
}
