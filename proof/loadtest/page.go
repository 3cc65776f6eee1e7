package loadtest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"maps"
	"math"
	"slices"
)

// SVG writes the charts of a report: latency over time, rate and failures over
// time, and each route's latency by percentile.
func (r *Report) SVG(w io.Writer) error {
	var b bytes.Buffer
	times, rates := r.lines()
	seconds := upTo(math.Max(1, float64(len(r.Timeline)-1)))
	chart(&b, 0, "Latency from when a request was due, all routes, ms, by second", seconds, logAxis(times), times)
	chart(&b, chartHeight, "Requests and failures per second", seconds, linear(highest(rates)), rates)
	curves := r.curves()
	nines := axis{low: 0, high: 5}
	for i, text := range []string{"0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"} {
		nines.marks = append(nines.marks, mark{float64(i), text})
	}
	chart(&b, 2*chartHeight, "Latency by percentile, ms", nines, logAxis(curves), curves)
	_, err := w.Write(panels(3, b.Bytes()))
	return err
}

// lines returns the curves over time.
func (r *Report) lines() (times, rates []series) {
	times = []series{{name: "p50"}, {name: "p99"}, {name: "max"}}
	rates = []series{{name: "requests"}, {name: "failures"}}
	for _, s := range r.Timeline {
		if s.Requests == 0 {
			continue
		}
		for i, v := range []float64{s.P50Ms, s.P99Ms, s.MaxMs} {
			times[i].x, times[i].y = append(times[i].x, float64(s.Second)), append(times[i].y, v)
		}
		for i, v := range []uint64{s.Requests, s.Failures} {
			rates[i].x, rates[i].y = append(rates[i].x, float64(s.Second)), append(rates[i].y, float64(v))
		}
	}
	return times, rates
}

// curves returns the latencies of the routes over the number of nines.
func (r *Report) curves() (out []series) {
	for _, x := range append(slices.Clone(r.Routes), r.All) {
		s := series{name: x.Route}
		for _, p := range x.Curve {
			if nines := -math.Log10(1 - p.Percent/100); nines <= 5 {
				s.x, s.y = append(s.x, nines), append(s.y, p.Ms)
			}
		}
		out = append(out, s)
	}
	return out
}

func highest(all []series) (most float64) {
	for _, s := range all {
		for _, v := range s.y {
			most = math.Max(most, v)
		}
	}
	return most
}

func logAxis(all []series) axis {
	low := math.Inf(1)
	for _, s := range all {
		for _, v := range s.y {
			low = math.Min(low, v)
		}
	}
	if math.IsInf(low, 1) {
		low = 1
	}
	return decades(low, highest(all))
}

const pageHead = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Load test</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1f2328;background:#fff}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}td,th{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #d0d7de}
td:first-child,th:first-child{text-align:left}.pass{color:#1a7f37}.fail{color:#d1242f}svg{width:100%;height:auto}</style></head><body>
`

// HTML writes a self-contained page with the report.
func (r *Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	class := "fail"
	if r.Passed {
		class = "pass"
	}
	b.WriteString(pageHead)
	fmt.Fprintf(&b, "<h1>Load test</h1>\n<p class=%q><strong>%s</strong></p>\n", class, html.EscapeString(r.Verdict()))
	fmt.Fprintf(&b, "<p>%s, mix %s, %d clients. Latency counts from when a request was due, so that a stall counts for every request that waited; %s.</p>\n",
		html.EscapeString(r.URL), html.EscapeString(r.Mix), len(r.Clients), html.EscapeString(r.Generator.String()))
	if err := r.SVG(&b); err != nil {
		return err
	}
	b.WriteString("<h2>Routes</h2>\n<table><tr><th>route<th>requests<th>failed<th>p50 ms<th>p90 ms<th>p99 ms<th>p99.9 ms<th>max ms<th>p99 from sent<th>MB in</tr>\n")
	for _, x := range append(slices.Clone(r.Routes), r.All) {
		l := x.Latency
		fmt.Fprintf(&b, "<tr><td>%s<td>%d<td>%d<td>%.2f<td>%.2f<td>%.2f<td>%.2f<td>%.1f<td>%.2f<td>%.1f</tr>\n",
			html.EscapeString(x.Route), x.Requests, x.Failed, l.P50Ms, l.P90Ms, l.P99Ms, l.P999Ms, l.MaxMs, x.Service.P99Ms, float64(x.BytesIn)/1e6)
	}
	b.WriteString("</table>\n")
	if len(r.All.Failures) > 0 {
		b.WriteString("<h2>Failures</h2>\n<table><tr><th>route<th>why<th>requests</tr>\n")
		for _, x := range r.Routes {
			for _, why := range slices.Sorted(maps.Keys(x.Failures)) {
				fmt.Fprintf(&b, "<tr><td>%s<td>%s<td>%d</tr>\n", html.EscapeString(x.Route), html.EscapeString(why), x.Failures[why])
			}
		}
		b.WriteString("</table>\n")
	}
	fmt.Fprintf(&b, "<h2>Ticks</h2>\n<p>%d accepted, %d duplicates, %d rejected.</p>\n</body></html>\n", r.Ticks.Accepted, r.Ticks.Duplicates, r.Ticks.Rejected)
	_, err := w.Write(b.Bytes())
	return err
}
