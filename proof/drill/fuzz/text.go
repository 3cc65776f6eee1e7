package fuzz

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Sentence returns the verdict in words.
func (r *Report) Sentence() string {
	if r.Kept {
		return fmt.Sprintf("KEPT: %d requests, no violation, nothing leaked, health %s", r.Requests, r.Health)
	}
	return "BROKEN: " + strings.Join(r.Broken, "; ")
}

// Text writes a report for people.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "fuzz of %s, seed %d: %d requests in %.0f s, %d of them not HTTP, %d sent again on a new connection\n\n", r.URL, r.Seed, r.Requests, r.Seconds, r.Below, r.Again)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, table := range []struct {
		name string
		rows []Answers
	}{{"route", r.Routes}, {"kind", r.Kinds}} {
		fmt.Fprintf(t, "%s\trequests\t2xx\t3xx\t4xx\t429\t5xx\t503\tnone\tviolations\t\n", table.name)
		for i := range table.rows {
			x := &table.rows[i]
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", x.Name, x.Requests, x.class(2), x.class(3),
				x.class(4)-x.Statuses[429], x.Statuses[429], x.class(5)-x.Statuses[503], x.Statuses[503], x.Statuses[0], x.Violations)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(t, "metric\tbefore\tafter\tmost\tbound\t\n")
	for _, l := range r.Leaks {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t\n", l.Metric, l.Before, l.After, l.Most, l.Bound)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(&b, "before and after: the lowest while nothing is sent; of memory, in the first and last minute of the half with known names")
	if len(r.Skipped) > 0 {
		fmt.Fprintf(&b, "left out: %s\n", strings.Join(r.Skipped, ", "))
	}
	for i := range r.First {
		r.First[i].text(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Sentence())
	_, err := w.Write(b.Bytes())
	return err
}

// text writes a violation, shortened.
func (o *Violation) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "\nrequest %d (%s; %s): %s\n  %s %s\n", o.Number, o.Route, o.What, strings.Join(o.Broken, "; "), o.Method, short(o.Target))
	for _, h := range o.Headers {
		fmt.Fprintf(b, "  %s\n", short(h))
	}
	if o.Bytes > 0 {
		fmt.Fprintf(b, "  body of %d bytes: %s\n", o.Bytes, short(o.Body))
	}
	fmt.Fprintf(b, "  answer %d: %s\n", o.Status, short(o.Answer))
}

// short shortens a quoted text; --json has all of it.
func short(s string) string {
	if len(s) > 600 {
		return s[:600] + "…"
	}
	return s
}
