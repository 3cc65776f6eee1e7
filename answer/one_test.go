package answer

import (
	"testing"

	"corrgraph/detect"
)

// TestExampleOfAnAnomaly: a wrong quote before a stronger something else, and nothing
// that was suppressed.
func TestExampleOfAnAnomaly(t *testing.T) {
	wrong := detect.Anomaly{Kind: detect.OutlierQuote, Strength: 1, Confidence: 0.5}
	strong := detect.Anomaly{Kind: detect.MoveSize, Strength: 9, Confidence: 0.9}
	sure := detect.Anomaly{Kind: detect.MoveSize, Strength: 5, Confidence: 1}
	hidden := detect.Anomaly{Kind: detect.OutlierQuote, Strength: 99, Confidence: 1, Suppressed: "cool-down"}
	for name, c := range map[string]struct {
		all  []detect.Anomaly
		want float64 // strength; 0: none
	}{
		"nothing":         {nil, 0},
		"all suppressed":  {[]detect.Anomaly{hidden, hidden}, 0},
		"a wrong quote":   {[]detect.Anomaly{strong, wrong, hidden, sure}, 1},
		"the strongest":   {[]detect.Anomaly{sure, hidden, strong}, 9},
		"one alone":       {[]detect.Anomaly{sure}, 5},
		"surely stronger": {[]detect.Anomaly{{Strength: 2, Confidence: 0.9}, {Strength: 8, Confidence: 0.2}}, 2},
	} {
		got := example(c.all)
		if c.want == 0 && got != nil || c.want > 0 && (got == nil || got.Strength != c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
