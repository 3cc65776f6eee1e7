package lab

import (
	"fmt"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

func TestJudgeForecasts(t *testing.T) {
	of := func(since string, n, within uint64) *dto.Metric {
		return &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("since"), Value: &since}},
			Histogram: &dto.Histogram{SampleCount: &n, Bucket: []*dto.Bucket{
				{UpperBound: new(0.025), CumulativeCount: new(uint64)}, {UpperBound: new(0.05), CumulativeCount: &within}, {UpperBound: new(0.1), CumulativeCount: &n},
			}},
		}
	}
	for _, c := range []struct {
		n, within uint64
		pass      bool
	}{{1000, 990, true}, {1000, 989, false}, {99, 99, false}, {0, 0, false}} {
		f := Finding{Pass: true}
		past := &dto.MetricFamily{Metric: []*dto.Metric{of("log", 5000, 0)}}
		forecastsIn(past).judge(forecastsIn(&dto.MetricFamily{Metric: []*dto.Metric{of("receipt", 1000, 0), of("log", 5000+c.n, c.within)}}), &f)
		if f.Pass != c.pass || !strings.Contains(f.Measured, fmt.Sprint(c.within, " of ", c.n)) {
			t.Errorf("%d of %d: %+v", c.within, c.n, f)
		}
	}
	f := Finding{Pass: true}
	if forecastsIn(nil).judge(forecastsIn(nil), &f); f.Pass {
		t.Error("without the metric it passes")
	}
}
