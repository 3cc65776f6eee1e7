// Package words says numbers, places and doubts in the words that all answers share, and
// checks the filters of questions. It is pure and keeps no state.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"corrgraph/internal/table"
	"corrgraph/odds"
)

// unit is a unit of time: its size in ms, name, and decimals.
type unit struct {
	ms   float64
	name string
}

func unitOf(ms float64) unit {
	switch ms = math.Abs(ms); {
	case ms < 1000:
		return unit{1, "ms"}
	case ms < 120_000:
		return unit{1000, "s"}
	case ms < 2*3_600_000:
		return unit{60_000, "min"}
	case ms < 48*3_600_000:
		return unit{3_600_000, "h"}
	default:
		return unit{86_400_000, "d"}
	}
}

// in formats a span without the unit: one decimal below 10, none for whole minutes
// and longer units, where it would suggest false precision.
func (u unit) in(ms float64) string {
	v := ms / u.ms
	if u.ms == 1 || math.Abs(v) >= 9.95 || u.ms >= 60_000 && v == math.Trunc(v) || v == 0 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// Span formats milliseconds for people: "250 ms", "2.0 s", "5 min", "3.5 h".
func Span(d odds.Millis) string {
	u := unitOf(float64(d))
	return u.in(float64(d)) + " " + u.name
}

// Between formats an interval in one unit: "1.6–2.5 s".
func Between(low, high odds.Millis) string {
	u := unitOf(float64(high))
	return u.in(float64(low)) + "–" + u.in(float64(high)) + " " + u.name
}

// coarse is the resolution from which lags are given in polls.
const coarse = 1000

// Lag formats the interval of a lag: in polls for a polled source, in time
// otherwise. A resolution of 0 is unknown.
func Lag(lag, low, high, resolution odds.Millis, simultaneous bool) string {
	switch {
	case simultaneous && resolution >= coarse && high <= resolution:
		return "same poll of " + Span(resolution)
	case simultaneous && high >= coarse:
		return "within " + Span(high)
	case simultaneous:
		return "same moment"
	case low == high:
		return Span(lag)
	case resolution < coarse:
		return Span(lag) + " (" + Between(low, high) + ")"
	}
	k := int(math.Round(float64(lag) / float64(resolution)))
	switch k {
	case 0:
		return "under 1 poll, " + Between(low, high)
	case 1:
		return "about 1 poll, " + Between(low, high)
	}
	return fmt.Sprintf("about %d polls, %s", k, Between(low, high))
}

// Share formats the share of a move that is followed: "33 % of the move", "20 % of
// the move, the other way".
func Share(beta float64) string {
	s := fmt.Sprintf("%.0f %% of the move", 100*math.Abs(beta))
	if math.Abs(beta) < 0.01 {
		s = "under 1 % of the move"
	}
	if beta < 0 {
		s += ", the other way"
	}
	return s
}

// Sure formats a confidence as a word and a number: "HIGH 0.97".
func Sure(confidence float64) string {
	// Truncated, so that 0.8996 does not become "MEDIUM 0.90".
	return fmt.Sprintf("%s %.2f", odds.BandOf(confidence), math.Floor(confidence*100+1e-9)/100)
}

// SureCell is Sure in the colour of its band.
func SureCell(confidence float64) table.Cell {
	return table.Cell{Text: Sure(confidence), Paint: BandPaint(odds.BandOf(confidence))}
}

// Phase returns "pre" and "live" in words.
func Phase(p string) string {
	switch p {
	case "pre":
		return "pre-match"
	case "live":
		return "in-play"
	}
	return p
}

// Place describes the market of a pair of venues: "baseball/mlb h2h pre-match".
// Unknown parts are left out.
func Place(sport, league, market, of string) string {
	return strings.Join(strings.Fields(strings.Trim(sport+"/"+league, "/")+" "+market+" "+Phase(of)), " ")
}

// Percent formats a share: "12.5 %".
func Percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// Small formats p and q values.
func Small(x float64) string {
	if x > 0 && x < 0.0001 {
		return strconv.FormatFloat(x, 'e', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', 4, 64)
}

// Clock formats a time, to the second if possible; "–" if unknown.
func Clock(t odds.Time) string {
	if t == 0 {
		return "–"
	}
	return t.String()
}

// Plural counts things: "1 pair", "2 pairs".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// Known returns nil for the unknown time, so that JSON has null and not 1970.
func Known(t odds.Time) *odds.Time {
	if t == 0 {
		return nil
	}
	return &t
}

// BandPaint returns the colour of a confidence.
func BandPaint(b odds.Band) table.Paint {
	switch b {
	case odds.High:
		return table.Green
	case odds.Medium:
		return table.Yellow
	}
	return table.Dim
}
