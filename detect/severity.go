package detect

import "corrgraph/odds"

// SeverityOf returns size × confidence in a word. Strength is the size in units
// of the detector's own threshold: 1 is just abnormal, 2 twice as far out.
//
//	strength × confidence  ≥ 2 CRITICAL, ≥ 1.5 HIGH, ≥ 1 MEDIUM, else LOW
//
// The rule is the same in every layer, so every severity can be reached in every
// layer: strength has no upper end.
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

// Grade sets strength and confidence, and the fields that follow from them.
func (a *Anomaly) Grade(strength, confidence float64) {
	a.Strength, a.Confidence = strength, confidence
	a.Severity = SeverityOf(strength, confidence)
	a.Band = odds.BandOf(confidence)
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
