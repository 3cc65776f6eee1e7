package answer

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/internal/table"
	"corrgraph/leadlag/paths"
	"corrgraph/odds"
)

// curveRows is the most lags that Curve shows, half its bars' length at |ρ| = 1.
const (
	curveRows = 31
	curveBar  = 30
)

// Curve writes the comparison of two series: the findings, then the correlation by lag as
// bars, of too many lags the largest of each stretch.
func Curve(w io.Writer, s Style, a, b string, r *paths.Report) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s has %s, %s has %s\n", a, words.Plural(r.TicksA, "tick"), b, words.Plural(r.TicksB, "tick"))
	switch {
	case !r.Defined:
		out.WriteString("Nothing to compare: both must move at least once.\n")
	case r.BestLagMS == nil:
		out.WriteString("Their moves never overlap at these lags.\n")
	default:
		out.WriteString(finding(a, b, r))
		bars(&out, s, r)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func finding(a, b string, r *paths.Report) string {
	first, then := a, b
	lag := odds.Millis(*r.BestLagMS)
	if lag < 0 {
		first, then, lag = b, a, -lag
	}
	text := fmt.Sprintf("%s moves first and %s follows after %s", first, then, words.Span(lag))
	if lag == 0 {
		text = a + " and " + b + " move together"
	}
	text += fmt.Sprintf(": correlation %.3f, %s of %s", *r.BestRho, words.Share(*r.Beta), a)
	if r.LLR != nil {
		text += fmt.Sprintf(", lead-lag ratio %.2f (above 1: %s leads)", *r.LLR, a)
	}
	return text + ".\nThe best of many lags is not a test by itself; q-values come from replay.\n\n"
}

func bars(b *bytes.Buffer, s Style, r *paths.Report) {
	n := len(r.LagsMS)
	rows := min(n, curveRows)
	t := table.New(">Lag", ">Corr", ">z", ">Overlaps", "")
	for i := range rows {
		from, to := i*n/rows, (i+1)*n/rows
		k := from
		for j := from; j < to; j++ {
			// The best lag keeps its row even in a tie.
			if math.Abs(r.Rho[j]) > math.Abs(r.Rho[k]) || r.LagsMS[j] == *r.BestLagMS {
				k = j
				if r.LagsMS[j] == *r.BestLagMS {
					break
				}
			}
		}
		bar := strings.Repeat("█", int(math.Round(min(1, math.Abs(r.Rho[k]))*curveBar)))
		if r.Rho[k] < 0 {
			bar = strings.ReplaceAll(bar, "█", "░")
		}
		p := table.Paint(0)
		if r.LagsMS[k] == *r.BestLagMS {
			p, bar = table.Green, bar+" best"
		}
		t.Add(words.Span(odds.Millis(r.LagsMS[k])), fmt.Sprintf("%.3f", r.Rho[k]), fmt.Sprintf("%.1f", r.Z[k]), fmt.Sprint(r.Overlaps[k]), table.Cell{Text: bar, Paint: p})
	}
	t.Write(b, s)
}
