package answer

import (
	"cmp"
	"context"
	"slices"

	"corrgraph/detect"
)

// OneAnomaly reads one anomaly of a store as an example: a wrong quote if there is one, else
// the strongest.
type OneAnomaly struct{ StoredAnomalies }

// EachAnomaly implements AnomalyReader.
func (r OneAnomaly) EachAnomaly(ctx context.Context, event string, minConfidence float64, yield func(*detect.Anomaly) bool) error {
	all, err := r.Anomalies(ctx, event, minConfidence)
	if a := example(all); a != nil {
		yield(a)
	}
	return err
}

// example chooses among anomalies; nil if none was raised.
func example(all []detect.Anomaly) *detect.Anomaly {
	all = slices.DeleteFunc(all, func(a detect.Anomaly) bool { return a.Suppressed != "" })
	if len(all) == 0 {
		return nil
	}
	wrong := func(a *detect.Anomaly) int {
		if a.Kind == detect.OutlierQuote {
			return 1
		}
		return 0
	}
	best := slices.MaxFunc(all, func(a, b detect.Anomaly) int {
		return cmp.Or(cmp.Compare(wrong(&a), wrong(&b)), cmp.Compare(a.Strength*a.Confidence, b.Strength*b.Confidence))
	})
	return &best
}
