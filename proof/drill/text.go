package drill

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Sentence returns the verdict in words.
func (v *Verdict) Sentence() string {
	s := fmt.Sprintf("%d requests, %d failed reads of unaffected parts, %d refused ticks", v.Requests, v.FailedReads, v.Refused)
	if v.Shown != nil {
		s += fmt.Sprintf(", %s shown after %.2f s", degraded, *v.Shown)
	}
	if v.Recovered != nil {
		s += fmt.Sprintf(", %s again %.2f s after the end", healthy, *v.Recovered)
	}
	if v.Kept {
		return "KEPT: " + s
	}
	return "BROKEN: " + strings.Join(v.Broken, "; ") + " (" + s + ")"
}

// Text writes a report for people.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s at %s, %g requests per second\n\n", r.Fault, r.URL, r.Rate)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "second\tphase\trequests\tfailed\trefused\tp50 ms\tp99 ms\tmax ms\tL1-4\t  health\t")
	for _, s := range r.Timeline {
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\t%d\t%.2f\t%.2f\t%.1f\t%s\t  %s\t\n", s.Second, s.Phase, s.Requests, s.Failed, s.Refused, s.P50Ms, s.P99Ms, s.MaxMs, s.Layers, s.Health)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(&b, "L1-4: the worst status of each layer in a graph, H healthy, F failed, O off\n\n")
	fmt.Fprintln(t, "probe\trequests\tfailed\trefused\tp50 ms\tp99 ms\tmax ms\t")
	for _, c := range r.Probes {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.2f\t%.2f\t%.1f\t\n", c.Probe, c.Requests, c.Failed, c.Refused, c.P50Ms, c.P99Ms, c.MaxMs)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, why := range slices.Sorted(maps.Keys(r.Verdict.Failures)) {
		fmt.Fprintf(&b, "failed: %s: %d\n", why, r.Verdict.Failures[why])
	}
	for _, what := range slices.Sorted(maps.Keys(r.Verdict.LayerFaults)) {
		fmt.Fprintf(&b, "wrong: %s: %d graphs\n", what, r.Verdict.LayerFaults[what])
	}
	fmt.Fprintln(&b, r.Verdict.Sentence())
	_, err := w.Write(b.Bytes())
	return err
}

// Text writes a report for people.
func (r *KillReport) Text(w io.Writer) error {
	verdict := "BROKEN"
	if r.Kept {
		verdict = "KEPT"
	}
	_, err := fmt.Fprintf(w, "%d kills (seed %d), %d tick requests, sent %d times\n"+
		"ticks: %d acknowledged, %d refused, %d never answered, %d in the tick log\n"+
		"recovery ms, from start to ready: p50 %.0f, p99 %.0f, max %.0f\n"+
		"%s: %d acknowledged ticks lost, %d doubled, %d never sent\n",
		r.Runs, r.Seed, r.Requests, r.Sent, r.Acknowledged, r.Refused, r.Unanswered, r.Logged,
		r.RecoveryP50Ms, r.RecoveryP99Ms, r.RecoveryMaxMs, verdict, r.Lost, r.Doubled, r.Strange)
	return err
}
