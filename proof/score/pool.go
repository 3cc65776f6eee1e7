package score

import "slices"

// Pool combines the reports of several markets made with the same options: counts
// add up, shares follow from the sums, and the false share of a tally is the mean
// over markets, which is what a false-discovery rate promises. Reports must come
// from Score (JSON lacks the errors needed for medians) and have equal numbers of
// bins. No reports give a zero Report.
func Pool(reports []Report) Report {
	if len(reports) == 0 {
		return Report{}
	}
	p := reports[0]
	p.Layers, p.Families, p.Bands, p.Calibration = slices.Clone(p.Layers), slices.Clone(p.Families), slices.Clone(p.Bands), slices.Clone(p.Calibration)
	p.lagErrors, p.betaErrors = slices.Clone(p.lagErrors), slices.Clone(p.betaErrors)
	for i := range reports[1:] {
		p.plus(&reports[i+1])
	}
	p.tallies(func(t *Tally) { t.FalseShare /= float64(len(reports)) })
	p.finish()
	return p
}

func (r *Report) plus(o *Report) {
	r.Markets += o.Markets
	r.Edges.plus(&o.Edges)
	for i := range r.Layers {
		r.Layers[i].plus(&o.Layers[i])
		r.Families[i].plus(&o.Families[i])
	}
	r.Nulls.Pairs += o.Nulls.Pairs
	r.Nulls.Reported += o.Nulls.Reported
	r.Nulls.Discovered += o.Nulls.Discovered
	r.Lag.N += o.Lag.N
	r.Lag.Right += o.Lag.Right
	r.Lag.Polled += o.Lag.Polled
	r.Lag.Covered += o.Lag.Covered
	r.lagErrors = append(r.lagErrors, o.lagErrors...)
	r.betaErrors = append(r.betaErrors, o.betaErrors...)
	for i := range r.Bands {
		r.Bands[i].N += o.Bands[i].N
		r.Bands[i].False += o.Bands[i].False
	}
	for i := range r.Calibration {
		r.Calibration[i].N += o.Calibration[i].N
		r.Calibration[i].True += o.Calibration[i].True
		r.Calibration[i].sum += o.Calibration[i].sum
	}
	r.Judged += o.Judged
	r.squares += o.squares
	r.Outliers.Planted += o.Outliers.Planted
	r.Outliers.Found += o.Outliers.Found
	r.Outliers.Anomalies += o.Outliers.Anomalies
	r.Outliers.Right += o.Outliers.Right
}

// plus adds counts, and false shares for Pool to divide.
func (t *Tally) plus(o *Tally) {
	t.Links += o.Links
	t.Found += o.Found
	t.Reported += o.Reported
	t.Discovered += o.Discovered
	t.True += o.True
	t.Implied += o.Implied
	t.Copied += o.Copied
	t.Backwards += o.Backwards
	t.False += o.False
	t.OnLinks += o.OnLinks
	t.Directed += o.Directed
	t.DirectionRight += o.DirectionRight
	t.FalseShare += o.FalseShare
}
