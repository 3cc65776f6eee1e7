package marks

import (
	"math"
	"slices"
	"testing"

	"corrgraph/detect"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// marked is a mark that somebody looked at; 0 is nothing.
func marked(after odds.Millis, was, price, fair float64) detect.Mark {
	known := func(x float64) *float64 {
		if x == 0 {
			return nil
		}
		return &x
	}
	at, fee := odds.Time(1), 0.0
	return detect.Mark{AfterMs: after, At: &at, Was: known(was), Price: known(price), Fair: known(fair), Fee: &fee}
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func anomaly(kind, event, suppressed string, marks ...detect.Mark) detect.Anomaly {
	a := detect.Anomaly{Kind: kind, Event: event, Nodes: []odds.NodeID{"x/m/h2h/home"}, Suppressed: suppressed}
	a.Evidence.Marks, a.Evidence.Usual = marks, 0.1 // longer than usual, or to shorten
	return a
}

func TestAnomalyMarksByKindAndDelay(t *testing.T) {
	taken := marked(60_000, 2.5, 0, 0.4)
	fee := 0.1
	taken.Fee = &fee
	unknown := marked(60_000, 2, 2, 0.9)
	unknown.Fee = nil
	short := anomaly(detect.OutlierQuote, "5", "", marked(60_000, 2, 2, 0.1))
	short.Evidence.Now = 0.2 // too short: no bet
	all := []detect.Anomaly{
		anomaly(detect.Value, "1", "", marked(5000, 2, 2, 0.9)),
		anomaly(detect.OutlierQuote, "1", "", marked(5000, 3, 3, 0), marked(60_000, 3, 0, 0.4)),
		anomaly(detect.OutlierQuote, "2", "", taken),
		anomaly(detect.OutlierQuote, "3", "in play", marked(60_000, 2, 2, 0.6)),
		anomaly(detect.OutlierQuote, "4", "", unknown), // an exchange whose fee is unknown
		short,
		anomaly(detect.HiddenEdge, "1", "", detect.Mark{AfterMs: 5000}),
		anomaly(detect.MoveSize, "1", ""),
	}
	got := Score(all)
	if len(got) != 8 || got[0].Kind != detect.OutlierQuote || got[2].AfterMs != 60_000 || got[4].Kind != detect.Value {
		t.Fatalf("%+v", got)
	}
	minute := got[2]
	near(t, "raised", minute.Raised.Mean, (0.2-0.06)/2) // 3 · 0.4 − 1 and 2.35 · 0.4 − 1
	near(t, "suppressed", minute.Suppressed.Mean, 0.2)
	if r := minute.Raised; r.N != 2 || r.Events != 2 || r.Low == nil || *r.Low >= *r.Mean || minute.Suppressed.Low != nil {
		t.Errorf("%+v", minute)
	}
	if got[0].Raised.Mean != nil || got[1].Raised.N != 0 {
		t.Errorf("without a fair probability: %+v", got[:2])
	}
	slices.Reverse(all)
	if again := Score(all); *again[2].Raised.Low != *minute.Raised.Low {
		t.Error("their order changes the interval")
	}
}

func TestOfAHiddenEdgeOnlyWhatIsToShortenIsABet(t *testing.T) {
	a := anomaly(detect.HiddenEdge, "1", "", marked(5000, 2.2, 0, 0.5))
	near(t, "to shorten", Score([]detect.Anomaly{a})[0].Raised.Mean, 0.1)
	a.Evidence.Usual = -0.1
	if m := Score([]detect.Anomaly{a})[0].Raised; m.N != 0 {
		t.Errorf("to lengthen: %+v", m)
	}
}

// An arbitrage is worth what its bets win at the prices shown then, if all are shown.
func TestMarksOfAnArbitrage(t *testing.T) {
	of := func(kind string, marks ...detect.Mark) money.Mean {
		a := anomaly(kind, "1", "", marks...)
		a.Nodes = []odds.NodeID{"x/m/h2h/home", "y/m/h2h/away"}
		return Score([]detect.Anomaly{a})[0].Raised
	}
	one, other := marked(5000, 2.1, 2, 0.5), marked(5000, 2.1, 1.6, 0.5)
	near(t, "left", of(detect.Arbitrage, one, other).Mean, 1/(1/2.+1/1.6)-1)
	gone := other
	gone.Price = nil
	for name, m := range map[string]money.Mean{
		"a price that is gone": of(detect.Arbitrage, one, gone), "a leg that was not followed": of(detect.Arbitrage, one),
		"bets against outcomes": of(detect.LayArbitrage, one, other),
	} {
		if m.N != 0 {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
