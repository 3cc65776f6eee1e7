package loadtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Text writes a report for people.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "route\trequests\tfailed\tp50 ms\tp90 ms\tp99 ms\tp99.9 ms\tmax ms\tp99 from sent\tMB in\t")
	for _, x := range append(slices.Clone(r.Routes), r.All) {
		l := x.Latency
		fmt.Fprintf(t, "%s\t%d\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.1f\t%.2f\t%.1f\t\n",
			x.Route, x.Requests, x.Failed, l.P50Ms, l.P90Ms, l.P99Ms, l.P999Ms, l.MaxMs, x.Service.P99Ms, float64(x.BytesIn)/1e6)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, x := range r.Routes {
		for _, why := range slices.Sorted(maps.Keys(x.Failures)) {
			fmt.Fprintf(&b, "failed: %s %s: %d\n", x.Route, why, x.Failures[why])
		}
	}
	if s := r.Ticks; s != (TickReport{}) {
		fmt.Fprintf(&b, "ticks: %d accepted, %d duplicates, %d rejected\n", s.Accepted, s.Duplicates, s.Rejected)
	}
	fmt.Fprintf(&b, "latency counts from when a request was due; %s\n%s\n", r.Generator, r.Verdict())
	_, err := w.Write(b.Bytes())
	return err
}

// String says how late requests were sent, and the generator's cost if known.
func (g Generator) String() string {
	s := fmt.Sprintf("requests were sent up to %.2f ms late (p99)", g.LateP99Ms)
	if !g.Known {
		return s + "; the generator's cost is unknown on this system"
	}
	return fmt.Sprintf("generator used %.0f %% of one core of %d, %.1f µs per request; ", g.CorePercent, g.Cores, g.UsPerRequest) + s
}
