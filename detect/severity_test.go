package detect

import (
	"testing"

	"corrgraph/odds"
)

// What a source can show limits the severity; a poll of five minutes makes nothing of quotes
// CRITICAL.
func TestCeiling(t *testing.T) {
	const second = odds.Millis(1000)
	for _, c := range []struct {
		kind       string
		resolution odds.Millis
		want       Severity
	}{
		{Arbitrage, 0, SeverityMedium}, // polled once
		{Arbitrage, 20, SeverityCritical},
		{Arbitrage, 20 * second, SeverityCritical},
		{Arbitrage, 21 * second, SeverityHigh},
		{HiddenEdge, 60 * second, SeverityHigh},
		{HiddenEdge, 61 * second, SeverityMedium},
		{Arbitrage, 300 * second, SeverityMedium},
		{LayArbitrage, 21 * second, SeverityHigh},
		{LayArbitrage, 300 * second, SeverityMedium},
		{OutlierQuote, 200 * second, SeverityCritical},
		{OutlierQuote, 201 * second, SeverityHigh},
		{Incoherence, 3600 * second, SeverityHigh},
		{PairBreakdown, 3600 * second, SeverityCritical},
	} {
		if got := Ceiling(c.kind, c.resolution); got != c.want {
			t.Errorf("%s at %v: %s, want %s", c.kind, c.resolution.Std(), got, c.want)
		}
		a := Anomaly{Kind: c.kind}
		if a.GradeAt(9, 1, c.resolution); a.Severity != c.want {
			t.Errorf("%s at %v: graded %s, want %s", c.kind, c.resolution.Std(), a.Severity, c.want)
		}
		if a.GradeAt(0.5, 1, c.resolution); a.Severity != SeverityLow {
			t.Errorf("%s: a limit raised a severity to %s", c.kind, a.Severity)
		}
	}
}

// An arbitrage that outlasts real ones stays, as nothing urgent, until it is gone: two venues
// still disagree.
func TestPhantom(t *testing.T) {
	p := NewPolicy(PolicyOptions{})
	offer := func(strength float64, at odds.Time) (Anomaly, Verdict) {
		a := Anomaly{Kind: Arbitrage, Layer: odds.Direct, Event: "m", Nodes: []odds.NodeID{"a/m/h2h/home", "b/m/h2h/away"}, At: at}
		a.Grade(strength, 1)
		return p.Offer(a, at)
	}
	const start = odds.Time(1_000_000_000)
	if a, v := offer(2, start); v != Raised || a.Severity == SeverityLow {
		t.Fatalf("verdict %d, %s", v, a.Severity)
	}
	if _, v := offer(2, start.Add(PhantomAfter)); v != Continues {
		t.Errorf("as long as a real one: verdict %d", v)
	}
	a, v := offer(2, start.Add(PhantomAfter+1))
	if v != Doubted || a.Suppressed != "" || a.Severity != SeverityLow || a.Evidence.Suspected != Phantom || a.At != start {
		t.Errorf("verdict %d, %+v", v, a)
	}
	for _, later := range []odds.Millis{PhantomAfter + 2, 2 * PhantomAfter, 10 * PhantomAfter} {
		if _, v := offer(3, start.Add(later)); v != Continues {
			t.Errorf("%v later: verdict %d", later, v)
		}
	}
	end := start.Add(11 * PhantomAfter)
	gone := p.EndLook("m", odds.Direct, end, nil)
	if len(gone) != 1 || gone[0].Until != end || gone[0].Severity != SeverityLow || gone[0].Evidence.Suspected != Phantom {
		t.Errorf("%+v", gone)
	}
	if a, v := offer(2, end.Add(hour)); v != Raised || a.Evidence.Suspected != "" {
		t.Errorf("another one: verdict %d, %+v", v, a)
	}
}
