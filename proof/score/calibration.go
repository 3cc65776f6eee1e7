package score

import (
	"math"
	"slices"

	"corrgraph/ledger"
	"corrgraph/odds"
)

// Band counts the edges of a confidence band.
type Band struct {
	Band       odds.Band `json:"band"`
	N          int       `json:"n"`
	False      int       `json:"false"` // including backwards ones
	FalseShare float64   `json:"false_share"`
	Low        float64   `json:"false_low"` // 95 % Wilson interval
	High       float64   `json:"false_high"`
}

// Bin compares claimed confidence with the share of true edges.
type Bin struct {
	From    float64 `json:"from"`
	To      float64 `json:"to"`
	N       int     `json:"n"`
	True    int     `json:"true"`
	Claimed float64 `json:"claimed"` // mean confidence
	Share   float64 `json:"share"`   // share that was true
	Low     float64 `json:"low"`     // 95 % Wilson interval
	High    float64 `json:"high"`
	Inside  bool    `json:"inside"` // Claimed lies in the interval

	sum float64
}

// judged adds an edge, at any confidence, to bands, bins and Brier score.
func (r *Report) judged(confidence float64, v Verdict) {
	if v == Implied {
		return
	}
	if !(confidence >= 0) { // NaN claims nothing
		confidence = 0
	}
	confidence = min(confidence, 1)
	y := 0.0
	if v == Planted {
		y = 1
	}
	r.Judged++
	r.squares += (confidence - y) * (confidence - y)
	b := &r.Calibration[min(len(r.Calibration)-1, int(confidence*float64(len(r.Calibration))))]
	b.N++
	b.True += int(y)
	b.sum += confidence
	band := odds.BandOf(confidence)
	i := slices.IndexFunc(r.Bands, func(b Band) bool { return b.Band == band })
	r.Bands[i].N++
	r.Bands[i].False += 1 - int(y)
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// finish derives every share from its counts, except FalseShare of tallies.
func (r *Report) finish() {
	r.tallies(func(t *Tally) {
		t.Power, t.DirectedShare, t.RightShare = ratio(t.Found, t.Links), ratio(t.Directed, t.OnLinks), ratio(t.DirectionRight, t.Directed)
	})
	r.Nulls.Share = ratio(r.Nulls.Discovered, r.Nulls.Pairs)
	r.Lag.RightShare, r.Lag.Coverage = ratio(r.Lag.Right, r.Lag.N), ratio(r.Lag.Covered, r.Lag.N)
	r.Lag.MedianError = median(r.lagErrors)
	r.Beta = Beta{len(r.betaErrors), median(r.betaErrors)}
	for i := range r.Bands {
		b := &r.Bands[i]
		b.FalseShare = ratio(b.False, b.N)
		b.Low, b.High = ledger.Wilson(b.False, b.N)
	}
	for i := range r.Calibration {
		b := &r.Calibration[i]
		b.From, b.To = float64(i)/float64(len(r.Calibration)), float64(i+1)/float64(len(r.Calibration))
		b.Claimed, b.Share = b.sum/math.Max(1, float64(b.N)), ratio(b.True, b.N)
		b.Low, b.High = ledger.Wilson(b.True, b.N)
		b.Inside = b.N > 0 && b.Low <= b.Claimed && b.Claimed <= b.High
	}
	r.Brier = r.squares / math.Max(1, float64(r.Judged))
	o := &r.Outliers
	o.Recall, o.Precision = ratio(o.Found, o.Planted), ratio(o.Right, o.Anomalies)
}

// shares sets the false shares of one market.
func (r *Report) shares() {
	r.tallies(func(t *Tally) { t.FalseShare = ratio(t.False+t.Backwards, t.True+t.False+t.Backwards) })
}

func (r *Report) tallies(do func(*Tally)) {
	do(&r.Edges)
	for i := range r.Layers {
		do(&r.Layers[i])
		do(&r.Families[i])
	}
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
