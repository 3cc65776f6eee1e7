package loadtest

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
)

// series is one line of a chart.
type series struct {
	name string
	x, y []float64
}

// axis maps values to positions between 0 and 1.
type axis struct {
	low, high float64
	log       bool
	marks     []mark
}

type mark struct {
	at   float64
	text string
}

func (a axis) place(v float64) float64 {
	if a.log {
		return (math.Log10(math.Max(v, a.low)) - math.Log10(a.low)) / (math.Log10(a.high) - math.Log10(a.low))
	}
	return (v - a.low) / (a.high - a.low)
}

// linear returns an axis from zero to at least most, with round marks.
func linear(most float64) axis {
	step := math.Pow(10, math.Floor(math.Log10(math.Max(most, 1))))
	if most/step < 3 {
		step /= 2
	}
	a := axis{high: math.Max(step, math.Ceil(most/step)*step)}
	for v := 0.0; v <= a.high; v += step {
		a.marks = append(a.marks, mark{v, fmt.Sprintf("%g", v)})
	}
	return a
}

// upTo returns a linear axis that ends at most, for time.
func upTo(most float64) axis {
	a := linear(most)
	a.high = most
	a.marks = slices.DeleteFunc(a.marks, func(m mark) bool { return m.at > most })
	return a
}

// decades returns a logarithmic axis that covers low to high.
func decades(low, high float64) axis {
	from, to := math.Floor(math.Log10(math.Max(low, 1e-3))), math.Ceil(math.Log10(math.Max(high, 2e-3)))
	if to <= from {
		to = from + 1
	}
	a := axis{low: math.Pow(10, from), high: math.Pow(10, to), log: true}
	for e := from; e <= to; e++ {
		v := math.Pow(10, e)
		a.marks = append(a.marks, mark{v, fmt.Sprintf("%g", v)})
	}
	return a
}

const (
	chartWidth, chartHeight         = 900.0, 220.0
	plotLeft, plotTop               = 60.0, 28.0
	plotWidth, plotHeight           = 690.0, 160.0
	legendLeft              float64 = plotLeft + plotWidth + 14
)

func palette(i int) string {
	return []string{"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a", "#bc4c00", "#2da44e", "#6639ba"}[i%11]
}

// chart draws lines into one panel, with its top at y.
func chart(b *bytes.Buffer, y float64, title string, ax, ay axis, lines []series) {
	fmt.Fprintf(b, `<g transform="translate(0 %g)"><text x="%g" y="18" class="t">%s</text>`+"\n", y, plotLeft, html.EscapeString(title))
	for _, m := range ay.marks {
		at := plotTop + plotHeight*(1-ay.place(m.at))
		fmt.Fprintf(b, `<line x1="%g" x2="%g" y1="%.1f" y2="%.1f" class="g"/><text x="%g" y="%.1f" class="y">%s</text>`+"\n",
			plotLeft, plotLeft+plotWidth, at, at, plotLeft-6, at+4, m.text)
	}
	for _, m := range ax.marks {
		fmt.Fprintf(b, `<text x="%.1f" y="%g" class="x">%s</text>`+"\n", plotLeft+plotWidth*ax.place(m.at), plotTop+plotHeight+16, m.text)
	}
	for i, l := range lines {
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="`, palette(i))
		for k := range l.x {
			fmt.Fprintf(b, "%.1f,%.1f ", plotLeft+plotWidth*ax.place(l.x[k]), plotTop+plotHeight*(1-math.Min(1, math.Max(0, ay.place(l.y[k])))))
		}
		fmt.Fprintf(b, `"/><text x="%g" y="%g" fill="%s">%s</text>`+"\n", legendLeft, plotTop+10+15*float64(i), palette(i), html.EscapeString(l.name))
	}
	b.WriteString("</g>\n")
}

// panels wraps drawn panels into an SVG document.
func panels(n int, drawn []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="system-ui,sans-serif" font-size="11">`+"\n", chartWidth, chartHeight*float64(n))
	b.WriteString("<style>.t{font-size:13px;font-weight:600}.g{stroke:#d0d7de;stroke-width:.5}.y{text-anchor:end}.x{text-anchor:middle}</style>\n")
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#fff"/>`+"\n", chartWidth, chartHeight*float64(n))
	b.Write(drawn)
	b.WriteString("</svg>\n")
	return b.Bytes()
}
