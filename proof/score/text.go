package score

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"
)

// Text writes the report as tables for people.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Scored against the truth of %d simulated market(s), preset %s.\n", r.Markets, r.Preset)
	b.WriteString("Implied edges join venues that planted links join indirectly: real, and excluded from all shares.\n\n")
	tallies(&b, "Links", append([]Tally{r.Edges}, r.Layers...))
	tallies(&b, "Families", r.Families)
	fmt.Fprintf(&b, "Independent pairs      %d in the market, %d reported as linked (%s)\n", r.Nulls.Pairs, r.Nulls.Discovered, percent(r.Nulls.Discovered, r.Nulls.Pairs))
	fmt.Fprintf(&b, "Lag                    right for %d of %d (%s), median error %.1f %%; inside its interval for %s\n",
		r.Lag.Right, r.Lag.N, percent(r.Lag.Right, r.Lag.N), 100*r.Lag.MedianError, percent(r.Lag.Covered, r.Lag.N))
	fmt.Fprintf(&b, "Size of the follow     median error %.1f %% over %d\n", 100*r.Beta.MedianError, r.Beta.N)
	fmt.Fprintf(&b, "Wrong quotes           %d of %d found (%s); %d of %d reports right (%s)\n\n", r.Outliers.Found, r.Outliers.Planted,
		percent(r.Outliers.Found, r.Outliers.Planted), r.Outliers.Right, r.Outliers.Anomalies, percent(r.Outliers.Right, r.Outliers.Anomalies))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "Confidence\tedges\tfalse\tfalse share\t95 % interval\t")
	for _, x := range r.Bands {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%.1f–%.1f %%\t\n", x.Band, x.N, x.False, percent(x.False, x.N), 100*x.Low, 100*x.High)
	}
	fmt.Fprintln(t, "\t\t\t\t\t\nStated\tedges\ttrue\ttrue share\t95 % interval\t")
	for _, x := range r.Calibration {
		if x.N > 0 {
			fmt.Fprintf(t, "%.2f\t%d\t%d\t%s\t%.1f–%.1f %%\t\n", x.Claimed, x.N, x.True, percent(x.True, x.N), 100*x.Low, 100*x.High)
		}
	}
	t.Flush()
	fmt.Fprintf(&b, "Brier score %.4f over %d edges\n", r.Brier, r.Judged)
	_, err := w.Write(b.Bytes())
	return err
}

func tallies(b *bytes.Buffer, title string, rows []Tally) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tplanted\tfound\tpower\tdiscovered\ttrue\timplied\twrong way\tfalse\tfalse share\tdirected\tof these right\t\n", title)
	for _, x := range rows {
		share := "–"
		if x.True+x.False+x.Backwards > 0 {
			share = fmt.Sprintf("%.1f %%", 100*x.FalseShare)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t\n", x.Layer, x.Links, x.Found, percent(x.Found, x.Links), x.Discovered,
			x.True, x.Implied, x.Backwards, x.False, share, percent(x.Directed, x.OnLinks), percent(x.DirectionRight, x.Directed))
	}
	t.Flush()
	b.WriteString("\n")
}

// percent formats k of n in per cent; a dash if n is 0.
func percent(k, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
}
