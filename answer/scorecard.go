package answer

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Scorecard is the answer of `scorecard`: the record of the forecasts.
type Scorecard struct{ ledger.Scorecard }

// PredictionReader reads all predictions, and the families that made them.
type PredictionReader interface {
	Predictions(ctx context.Context) ([]ledger.Prediction, error)
	Families(ctx context.Context) ([]graph.Family, error)
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
	of := make(map[string]ledger.FamilyScore, len(families))
	for i := range families {
		k := families[i].Key
		of[k.String()] = ledger.FamilyScore{
			Layer: int(k.Layer), Leader: k.Leader, Follower: k.Follower,
			Sport: k.Sport, League: k.League, Market: k.Market, Phase: k.Phase, Venue: k.Venue,
		}
	}
	var named []ledger.Named
	for _, p := range all {
		if p.IssuedAt > asOf {
			continue
		}
		if p.ResolvedAt > asOf {
			p.Outcome, p.LeadTime, p.Baselines = ledger.Pending, 0, nil
		}
		f, ok := of[p.Family]
		if !ok {
			f.Layer = int(p.Layer)
		}
		named = append(named, ledger.Named{Prediction: p, Of: f})
	}
	return &Scorecard{ledger.NewScorecard(named)}, nil
}

// Text writes the forecasts' hit rates beside the base rate and simple baselines,
// for families with a matured forecast, at most limit (0: all).
func (c *Scorecard) Text(w io.Writer, s Style, limit int) error {
	var b bytes.Buffer
	o := &c.Overall
	if o.Issued == 0 {
		b.WriteString("No forecast was made yet.\n")
		_, err := w.Write(b.Bytes())
		return err
	}
	fmt.Fprintf(&b, "%s made before the fact, %d matured, %s: %s. Out of sample: a forecast uses only what was known when it was made.\n",
		plural(o.Issued, "forecast"), o.Matured, plural(o.Hits, "hit"), rate(o.HitRate, o.HitLow, o.HitHigh, o.Matured))
	fmt.Fprintf(&b, "Base rate, the same rule at times of equal activity: %s. Not matured: %d already moved, %d without a quote, %d pending.\n\n",
		percent(o.BaseRate), o.AlreadyMoved, o.Void, o.Pending)
	familyScores(&b, s, c.Families, limit)
	baselines(&b, s, &c.Scorecard)
	calibration(&b, s, c.Calibration)
	_, err := w.Write(b.Bytes())
	return err
}

func rate(r, low, high float64, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%.0f–%.0f %%, n = %d)", 100*r, 100*low, 100*high, n)
}

func familyScores(b *bytes.Buffer, s Style, families []ledger.FamilyScore, limit int) {
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
			lead = Span(f.LeadTimeMs)
		}
		t.Add(odds.Layer(f.Layer).Key(), f.Leader+" → "+f.Follower, place(f.Sport, f.League, f.Market, f.Phase),
			rate(f.HitRate, f.HitLow, f.HitHigh, f.Matured), percent(f.BaseRate), fmt.Sprintf("%.3f", f.Brier), fmt.Sprintf("%.3f", f.BrierBase),
			lead, fmt.Sprint(f.Late), fmt.Sprint(f.WrongSign), fmt.Sprint(f.Missed))
	}
	if t.Len() > 0 {
		t.Write(b, s)
	}
	if left > 0 {
		fmt.Fprintf(b, "%s with fewer or no matured forecasts.\n", plural(left, "more link"))
	}
}

func baselines(b *bytes.Buffer, s Style, c *ledger.Scorecard) {
	t := table.New("Baseline", "Hit rate", ">Brier of its own calls")
	t.Add("these forecasts", rate(c.Overall.HitRate, c.Overall.HitLow, c.Overall.HitHigh, c.Overall.Matured), fmt.Sprintf("%.3f", c.Overall.Brier))
	names := make([]string, 0, len(c.Baselines))
	for n := range c.Baselines {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare)
	for _, n := range names {
		r := c.Baselines[n]
		did := rate(r.HitRate, r.HitLow, r.HitHigh, r.Calls)
		if n == ledger.BaselineRate {
			did = fmt.Sprintf("%.0f %% (n = %d)", 100*r.HitRate, r.Calls)
		}
		if r.Calls > 0 {
			t.Add(baselineWords(n), did, fmt.Sprintf("%.3f", r.Brier))
		}
	}
	b.WriteByte('\n')
	t.Write(b, s)
}

func baselineWords(name string) string {
	switch name {
	case ledger.BaselineRate:
		return "always the base rate"
	case ledger.BaselineHY:
		return "Hayashi–Yoshida lag of the first day"
	case ledger.BaselineCopy:
		return "the follower copies at once"
	}
	return name
}

func calibration(b *bytes.Buffer, s Style, bins []ledger.CalibrationBin) {
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
