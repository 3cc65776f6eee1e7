package review

import (
	"testing"

	"corrgraph/odds"
	"corrgraph/store"
)

const noon odds.Time = 1_780_000_000_000

func TestOf(t *testing.T) {
	b := NewBook([]store.Review{
		{ID: 1, Action: Acknowledge, Kind: "k", Event: "e", Node: "n", At: noon, Actor: "ann", Note: "looking", MadeAt: noon + 1},
		{ID: 2, Action: Verdict, Kind: "k", Event: "e", Node: "n", At: noon, Actor: "bea", Verdict: "true", MadeAt: noon + 2, Expires: noon + 100},
		{ID: 3, Action: Mute, Event: "quiet", Actor: "ann", MadeAt: noon, Expires: noon + 100},
	})
	o := b.Of("k", "e", "n", noon, noon+50)
	if o.AcknowledgedBy != "ann" || *o.AcknowledgedAt != noon+1 || o.Verdict != "true" || o.VerdictBy != "bea" || o.Note != "looking" || o.MutedBy != "" {
		t.Errorf("%+v", o)
	}
	if o := b.Of("k", "e", "n", noon, noon+100); o.Verdict != "" || o.AcknowledgedBy != "ann" {
		t.Errorf("after its verdict expired: %+v", o)
	}
	for _, other := range []Opinion{b.Of("x", "e", "n", noon, noon), b.Of("k", "e", "n", noon+1, noon), b.Of("k", "e", "x", noon, noon), (*Book)(nil).Of("k", "e", "n", noon, noon)} {
		if other != (Opinion{}) {
			t.Errorf("another anomaly: %+v", other)
		}
	}
	if o := b.Of("any", "quiet", "any", noon, noon+99); o.MutedBy != "ann" || *o.MutedUntil != noon+100 {
		t.Errorf("muted: %+v", o)
	}
	if o := b.Of("any", "quiet", "any", noon, noon+100); o != (Opinion{}) {
		t.Errorf("the mute is over: %+v", o)
	}
}

func TestPrecisionCountsTheLastVerdictOnEachAnomaly(t *testing.T) {
	verdict := func(at odds.Time, said string, minutes odds.Time) store.Review {
		return store.Review{Action: Verdict, Kind: "k", Event: "e", Node: "n", At: at, Verdict: said, MadeAt: at + minutes*60_000}
	}
	b := NewBook([]store.Review{
		verdict(noon, "false", 1), verdict(noon, "true", 2), verdict(noon+1, "true", 4), verdict(noon+2, "false", 6), verdict(noon+3, "unsure", 8),
	})
	l := b.List(2)
	if len(l.Reviews) != 2 || l.Reviews[0].Verdict != "unsure" || len(l.Precision) != 1 {
		t.Fatalf("%+v", l)
	}
	p := l.Precision[0]
	if p.Kind != "k" || p.True != 2 || p.False != 1 || p.Unsure != 1 || p.Share < 0.66 || p.Share > 0.67 || p.Low >= p.Share || p.High <= p.Share || p.MedianMinute != 6 {
		t.Errorf("%+v", p)
	}
	if l := NewBook([]store.Review{verdict(noon, "unsure", 1)}).List(9); l.Precision[0].Share != 0 || l.Precision[0].High != 1 {
		t.Errorf("nobody was sure: %+v", l.Precision)
	}
	if l := (*Book)(nil).List(9); l.Reviews == nil || l.Precision == nil {
		t.Errorf("%+v", l)
	}
}
