package answer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"corrgraph/catalog"
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

func sure(confidence float64) table.Cell {
	return table.Cell{Text: Sure(confidence), Paint: bandPaint(odds.BandOf(confidence))}
}

// phase returns "pre" and "live" in words.
func phase(p string) string {
	switch p {
	case "pre":
		return "pre-match"
	case "live":
		return "in-play"
	}
	return p
}

// place describes the market of a pair of venues: "baseball/mlb h2h pre-match".
// Unknown parts are left out.
func place(sport, league, market, of string) string {
	return strings.Join(strings.Fields(strings.Trim(sport+"/"+league, "/")+" "+market+" "+phase(of)), " ")
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// small formats p and q values.
func small(x float64) string {
	if x > 0 && x < 0.0001 {
		return strconv.FormatFloat(x, 'e', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', 4, 64)
}

// clock formats a time, to the second if possible; "–" if unknown.
func clock(t odds.Time) string {
	if t == 0 {
		return "–"
	}
	return t.String()
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// Names maps node and event ids to words. The zero value returns the ids.
type Names struct {
	events map[string]catalog.Event
	titles map[string]int // number of events with the title: a series is several matches of two teams
}

// NamesOf returns the names of catalogued events.
func NamesOf(events []catalog.Event) Names {
	n := Names{events: make(map[string]catalog.Event, len(events)), titles: map[string]int{}}
	for _, e := range events {
		n.events[e.ID] = e
		n.titles[title(&e)]++
	}
	return n
}

func title(e *catalog.Event) string {
	if e.Title == "" && e.Home != "" && e.Away != "" {
		return e.Away + " @ " + e.Home
	}
	return e.Title
}

// Event returns the title of an event, with its day if others have the same title,
// or its id if there is none.
func (n Names) Event(id string) string {
	e := n.events[id]
	t := title(&e)
	switch {
	case t == "":
		return id
	case n.titles[t] > 1 && e.Start != 0:
		return t + " " + e.Start.String()[:len("2006-01-02")]
	}
	return t
}

// Node returns a node in words: "draftkings · Los Angeles Angels @ Baltimore
// Orioles · h2h · home". Ids of other programs are unchanged.
func (n Names) Node(id odds.NodeID) string {
	venue, event, market, selection, ok := id.Parts()
	if !ok {
		return string(id)
	}
	return strings.Join([]string{venue, n.Event(event), market, selection}, " · ")
}

// NodeIn is Node without the event if that is the event in question.
func (n Names) NodeIn(event string, id odds.NodeID) string {
	venue, of, market, selection, ok := id.Parts()
	if !ok || of != event {
		return n.Node(id)
	}
	return strings.Join([]string{venue, market, selection}, " · ")
}

// pairIn returns both ends of an edge in words; a shared part is named once.
func (n Names) pairIn(event string, source, target odds.NodeID, simultaneous bool) string {
	arrow := " → "
	if simultaneous {
		arrow = " – "
	}
	sv, se, sm, ss, ok := source.Parts()
	tv, te, tm, ts, ok2 := target.Parts()
	if ok && ok2 && se == te && sm == tm && ss == ts {
		what := sm + " · " + ss
		if se != event {
			what = n.Event(se) + " · " + what
		}
		return sv + arrow + tv + " · " + what
	}
	return n.NodeIn(event, source) + arrow + n.NodeIn(event, target)
}
