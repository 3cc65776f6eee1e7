package detect

import "corrgraph/odds"

// SeverityOf returns size × confidence in a word. Strength is the size in units
// of the detector's own threshold: 1 is just abnormal, 2 twice as far out.
//
//	strength × confidence  ≥ 2 CRITICAL, ≥ 1.5 HIGH, ≥ 1 MEDIUM, else LOW
//
// The rule is the same in every layer, so every severity can be reached in every
// layer: strength has no upper end. What the source can show limits it; see [Ceiling].
func SeverityOf(strength, confidence float64) Severity {
	switch w := strength * confidence; {
	case w >= 2:
		return SeverityCritical
	case w >= 1.5:
		return SeverityHigh
	case w >= 1:
		return SeverityMedium
	default:
		return SeverityLow
	}
}

// How long a case of a kind stands before it is over, in the market. An arbitrage or a
// follower that is late is gone within a minute. A wrong quote, or a venue that lost touch,
// stands for minutes.
const (
	opportunity = minute
	mistake     = 10 * minute
)

// Ceiling returns the highest severity that a source of a resolution can support for a kind.
//
//   - Arbitrage of either kind, value and hidden edges: CRITICAL if the source looks at least three
//     times while one usually stands (steps of 20 s), HIGH if once (60 s). Slower polls show
//     that two prices disagreed at two moments, not that both could be had: MEDIUM. So does
//     arbitrage at a source of unknown resolution (0), which has been polled once; all else
//     rests on many polls.
//   - Other anomalies of quotes: CRITICAL if the source looks three times in ten minutes
//     (steps of 200 s). A slower poll shows what was quoted at its instant, and not whether
//     it still is: HIGH.
//   - Kinds that compare windows of a quarter of an hour and more: no limit, because the
//     windows are made of many steps.
func Ceiling(kind string, resolution odds.Millis) Severity {
	switch kind {
	case Arbitrage, LayArbitrage, HiddenEdge, Value:
		switch {
		case resolution <= 0 && IsArbitrage(kind):
		case 3*resolution <= opportunity:
			return SeverityCritical
		case resolution <= opportunity:
			return SeverityHigh
		}
		return SeverityMedium
	case OutlierQuote, Desynchronisation, Incoherence, MoveSize, MoveClustering, Premature, Delayed:
		if 3*resolution > mistake {
			return SeverityHigh
		}
	}
	return SeverityCritical
}

// Grade sets strength and confidence, and the fields that follow from them.
func (a *Anomaly) Grade(strength, confidence float64) {
	a.Strength, a.Confidence = strength, confidence
	a.Severity = SeverityOf(strength, confidence)
	a.Band = odds.BandOf(confidence)
}

// GradeAt is Grade with what a source of the given resolution can show as limit; see
// [Ceiling].
func (a *Anomaly) GradeAt(strength, confidence float64, resolution odds.Millis) {
	a.Grade(strength, confidence)
	a.limit(Ceiling(a.Kind, resolution))
}

// limit lowers the severity to most.
func (a *Anomaly) limit(most Severity) {
	if a.Severity.rank() > most.rank() {
		a.Severity = most
	}
}

// rank orders severities; an unknown one ranks lowest.
func (s Severity) rank() int {
	switch s {
	case SeverityCritical:
		return 4
	case SeverityHigh:
		return 3
	case SeverityMedium:
		return 2
	case SeverityLow:
		return 1
	}
	return 0
}
