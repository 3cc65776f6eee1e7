package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"corrgraph/answer"
	"corrgraph/odds"
	"corrgraph/replay"
)

// summaryText writes what a replay learned.
func summaryText(w io.Writer, s answer.Style, r *replay.Summary, db string) error {
	var b bytes.Buffer
	head := fmt.Sprintf("%d quotes of %d events", r.Quotes, r.Events)
	if r.AsOf != 0 {
		head += " up to " + r.AsOf.String()
	}
	fmt.Fprintf(&b, "%s\n", s.Bold(head))
	if r.Events == 0 { // counts of nothing say nothing
		b.WriteString("No price was read.\n")
		rejected(&b, r)
		_, err := w.Write(b.Bytes())
		return err
	}
	fmt.Fprintf(&b, "%d price changes on %d nodes in %.1f s\n", r.Ticks, r.Nodes, r.Seconds)
	rejected(&b, r)
	if r.Duplicates > 0 {
		fmt.Fprintf(&b, "already stored: %d quotes\n", r.Duplicates)
	}
	for _, l := range odds.Layers {
		fmt.Fprintf(&b, "%s %-13s %7d pairs watched, %6d links found\n", l.Key(), l, r.Pairs[l.Key()], r.Edges[l.Key()])
	}
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(&b, "pairs not watched: %s\n", reasons(r.LeftOut))
	}
	fmt.Fprintf(&b, "families: %d judged, %d found, %d of them with a leader\n", r.Families, r.Discovered, r.Directed)
	fmt.Fprintf(&b, "false discoveries expected from the live check on mismatched events: %.1f %%\n", 100*r.DecoyDiscoveryRate)
	fmt.Fprintf(&b, "false leaders expected from the live check on exchanged roles: %.1f %%\n", 100*r.DirectionDecoyRate)
	fmt.Fprintf(&b, "anomalies: %s\n", cmp.Or(reasons(r.Anomalies), "none"))
	for i := range r.Clocks {
		fmt.Fprintf(&b, "%s\n", answer.Plain(r.Clocks[i].String()))
	}
	p := &r.Predictions
	fmt.Fprintf(&b, "forecasts: %d issued, %d matured", p.Issued, p.Matured)
	if p.Matured > 0 {
		fmt.Fprintf(&b, ", hit rate %.0f %% (%.0f–%.0f %%), base rate %s", 100*p.HitRate, 100*p.HitLow, 100*p.HitHigh, p.Base())
	}
	fmt.Fprintf(&b, "\n\nNext: corrgraph leaders --db %s\n", db)
	_, err := w.Write(b.Bytes())
	return err
}

// rejected writes what was read and not stored.
func rejected(b *bytes.Buffer, r *replay.Summary) {
	if len(r.Rejected) > 0 {
		fmt.Fprintf(b, "rejected: %s\n", reasons(r.Rejected))
		for _, x := range r.Rejects {
			fmt.Fprintf(b, "  %s\n", answer.Plain(x.String()))
		}
	}
	if len(r.Beyond) > 0 {
		fmt.Fprintf(b, "not applied, a limit was reached (docs/LIMITS.md): %s\n", reasons(r.Beyond))
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintf(b, "passed over: %s\n", reasons(r.Skipped))
	}
}

// reasons lists counts by name, the largest first.
func reasons(by map[string]int) string {
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b))
	})
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, by[n])
	}
	return strings.Join(names, ", ")
}
