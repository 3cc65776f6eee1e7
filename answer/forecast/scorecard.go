// Package forecast lists calls and adds up their record: the answers of `forecasts` and
// `scorecard`.
package forecast

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"corrgraph/answer"
	"corrgraph/answer/words"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/engine/marks"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
	"corrgraph/store"
)

// Scorecard is the answer of `scorecard`: the record of the forecasts.
type Scorecard struct{ ledger.Scorecard }

// PredictionReader reads all predictions, the families that made them, and anomalies.
type PredictionReader interface {
	Predictions(ctx context.Context) ([]ledger.Prediction, error)
	Families(ctx context.Context) ([]graph.Family, error)
	Anomalies(ctx context.Context, event string, minConfidence float64) ([]detect.Anomaly, error)
	store.DocumentReader
}

// ScorecardAt summarises the predictions as of asOf: later ones are left out, and
// those settled later are pending. Predictions of unknown families have only their
// layer.
func ScorecardAt(ctx context.Context, r PredictionReader, asOf odds.Time) (*Scorecard, error) {
	all, err := r.Predictions(ctx)
	if err != nil {
		return nil, err
	}
	families, err := r.Families(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]graph.FamilyKey, len(families))
	for i := range families {
		keys[i] = families[i].Key
	}
	known := knownBy(all, asOf)
	c := &Scorecard{engine.ScorecardOf(keys, known)}
	var u money.Unforecast
	if _, err := store.ReadDocument(ctx, r, store.UnforecastBets, &u); err != nil {
		return nil, err
	}
	c.Value(known, u.By(asOf), u.DelayMs)
	anomalies, err := r.Anomalies(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	for i := range anomalies {
		e := &anomalies[i].Evidence
		e.Marks = marksBy(e.Marks, asOf)
	}
	c.AnomalyMarks = marks.Score(anomalies)
	return c, nil
}

// StoredScorecard returns the newest scorecard of a store, an empty one if there is none.
func StoredScorecard(ctx context.Context, d store.DocumentReader) (*Scorecard, error) {
	c := &Scorecard{}
	ok, err := store.ReadDocument(ctx, d, "scorecard", &c.Scorecard)
	if !ok {
		c.Scorecard = ledger.NewScorecard(nil, nil)
	}
	return c, err
}

// Text writes the forecasts' hit rates beside the base rate and simple baselines,
// for families with a matured forecast, at most limit (0: all).
func (c *Scorecard) Text(w io.Writer, s answer.Style, limit int) error {
	var b bytes.Buffer
	o := &c.Overall
	if o.Issued == 0 {
		b.WriteString("No forecast was made yet.\n")
		_, err := w.Write(b.Bytes())
		return err
	}
	fmt.Fprintf(&b, "%s made before the fact, one of a follower at a time, %d matured, %s: %s. Out of sample: a forecast uses only what was known when it was made.\n",
		plural(c.Calls, "forecast"), o.Matured, plural(o.Hits, "hit"), rate(o.HitRate, o.HitLow, o.HitHigh, o.Matured))
	fmt.Fprintf(&b, "Base rate, the same rule at times of equal activity: %s. Moved by half of its leaders' own move: %s.\n", base(o), rate(o.Half.Rate, o.Half.Low, o.Half.High, o.Half.N))
	if l, x := &c.Led, &c.Others; l.Matured > 0 && x.Matured > 0 {
		fmt.Fprintf(&b, "With a certain leader: %s, base rate %s. Of venues that only move together with the movers: %s, base rate %s.\n",
			rate(l.HitRate, l.HitLow, l.HitHigh, l.Matured), base(l), rate(x.HitRate, x.HitLow, x.HitHigh, x.Matured), base(x))
	}
	fmt.Fprintf(&b, "Not matured: %d already moved, %d without a quote, %d pending. Intervals are of 95 %%, clustered by event (%d).\n\n", o.AlreadyMoved, o.Void, o.Pending, o.Events)
	familyScores(&b, s, c.Families, limit)
	baselines(&b, s, &c.Scorecard)
	calibration(&b, s, c.Calibration)
	worth(&b, s, &c.Record)
	marked(&b, s, c.AnomalyMarks)
	_, err := w.Write(b.Bytes())
	return err
}

func rate(r, low, high float64, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%.0f–%.0f %%, n = %d)", 100*r, 100*low, 100*high, n)
}

// base is the base rate, where there was enough to compare with.
func base(o *ledger.Score) string {
	if !o.Based() {
		return "–"
	}
	return percent(o.BaseRate)
}

// based is how many comparison times a told base rate has; 0 if there are too few.
func based(o *ledger.Score) int {
	if !o.Based() {
		return 0
	}
	return o.BaseN
}

func familyScores(b *bytes.Buffer, s answer.Style, families []ledger.FamilyScore, limit int) {
	t := table.New("Layer", "When → then", "Where", "Hit rate", ">Base rate", ">Brier", ">of base rate", "Lead time", ">Late", ">Wrong sign", ">Missed")
	left := 0
	for i := range families {
		f := &families[i]
		if f.Matured == 0 || limit > 0 && t.Len() == limit {
			left++
			continue
		}
		lead := "–"
		if f.Hits > 0 {
			lead = words.Span(f.LeadTimeMs)
		}
		t.Add(odds.Layer(f.Layer).Key(), cmp.Or(f.Leader, "others")+" → "+f.Follower, words.Place(f.Sport, f.League, f.Market, f.Phase),
			rate(f.HitRate, f.HitLow, f.HitHigh, f.Matured), base(&f.Score), fmt.Sprintf("%.3f", f.Brier), score(f.BrierBase, based(&f.Score)),
			lead, fmt.Sprint(f.Late), fmt.Sprint(f.WrongSign), fmt.Sprint(f.Missed))
	}
	if t.Len() > 0 {
		t.Write(b, s)
	}
	if left > 0 {
		fmt.Fprintf(b, "%s with fewer or no matured forecasts.\n", plural(left, "more link"))
	}
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// score prints a score of n calls.
func score(x float64, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", x)
}

func baselines(b *bytes.Buffer, s answer.Style, c *ledger.Scorecard) {
	o := &c.Overall
	same := table.New("Stated on the same forecasts", ">Brier", ">Log-loss", ">n")
	add := func(who string, brier, logLoss float64, n int) {
		same.Add(who, score(brier, n), score(logLoss, n), fmt.Sprint(n))
	}
	add("these forecasts", o.Brier, o.LogLoss, o.Matured)
	add("their last word", o.BrierLast, o.LogLossLast, o.Matured)
	for _, n := range []string{ledger.BaselineConstant, ledger.BaselineFamily, ledger.BaselineCopy, ledger.BaselineHY} {
		r := c.Baselines[n]
		add(outcomeWords[n], r.Brier, r.LogLoss, r.N)
	}
	b.WriteByte('\n')
	same.Write(b, s)
	t := table.New("Rival", "Hit rate", ">Brier of its own calls")
	for _, n := range slices.Sorted(maps.Keys(c.Rivals)) {
		r := c.Rivals[n]
		did := rate(r.HitRate, r.HitLow, r.HitHigh, r.Calls)
		if n == ledger.RivalBase {
			did = fmt.Sprintf("%.0f %% (n = %d)", 100*r.HitRate, r.Calls)
		}
		if r.Calls > 0 {
			t.Add(cmp.Or(outcomeWords[n], n), did, score(r.Brier, r.Calls))
		}
	}
	if t.Len() > 0 {
		b.WriteByte('\n')
		t.Write(b, s)
	}
}

// words describe baselines and rivals.
var outcomeWords = map[string]string{
	ledger.BaselineConstant: "the league's rate so far",
	ledger.BaselineFamily:   "the rate of its pair of venues",
	ledger.BaselineCopy:     "the rate of all so far: it copies",
	ledger.RivalCopy:        "the follower copies at once",
	ledger.RivalHY:          "Hayashi–Yoshida lag of the first day",
	ledger.RivalBase:        "always the base rate",
}

func calibration(b *bytes.Buffer, s answer.Style, bins []ledger.CalibrationBin) {
	t := table.New("Forecast probability", "Hit rate")
	for _, bin := range bins {
		if bin.N > 0 {
			t.Add(fmt.Sprintf("%.0f %%", 100*bin.Claimed), rate(bin.Rate, bin.RateLow, bin.RateHigh, bin.N))
		}
	}
	if t.Len() > 0 {
		b.WriteByte('\n')
		t.Write(b, s)
	}
}
