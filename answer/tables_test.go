package answer

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate"
	"corrgraph/store"
)

// written is what write writes.
func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// holdsAll checks that a text has all parts, in their order.
func holdsAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Errorf("no %q (after what stands before it) in\n%s", p, text)
			return
		}
		rest = after
	}
}

func TestEdgesTextHidesWhatIsNotCertain(t *testing.T) {
	uncertain, old, theirs := follows("a", "c", 0.2), follows("a", "d", 0.4), follows("p", "q", 0.5)
	uncertain.Discovered = false
	old.DetectedAt, old.Copied = noon-2*3_600_000, true
	theirs.Evidence, theirs.Discovered, theirs.N = graph.FromExternal, false, 12345
	d := &desk{edges: []graph.Edge{follows("a", "b", 0.5), uncertain, old, theirs}}
	l, err := ListEdges(t.Context(), d, store.EdgeFilter{}, Names{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, func(w io.Writer) error { return l.Text(w, Style{}, false) })
	holdsAll(t, text, "L1     a → b · m · h2h · home", "900", "a → d", "copied, out of window\n", "p → q", "external\n", "1 more link not certain enough; --all shows them.\n")
	if strings.Contains(text, "a → c") || strings.Contains(text, "12345") {
		t.Errorf("an uncertain link, or a count that the other program never stated:\n%s", text)
	}
	text = written(t, func(w io.Writer) error { return l.Text(w, Style{}, true) })
	holdsAll(t, text, "a → b", "a → c", "not certain\n", "a → d")
	if strings.Contains(text, "--all") {
		t.Errorf("all are shown, and it speaks of more:\n%s", text)
	}
	if got := written(t, func(w io.Writer) error { return (&Edges{}).Text(w, Style{}, false) }); got != "No link is certain yet.\n" {
		t.Errorf("%q", got)
	}
}

func TestEventsText(t *testing.T) {
	events := []catalog.Event{
		{ID: "m1", Sport: "tennis", League: "open", Title: "A v B", Start: noon, LastSeen: noon + 500},
		{ID: "bare"},
	}
	d := &desk{events: events}
	l, err := ListEvents(t.Context(), d, EventQuery{}, NamesOf(events), noon)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, func(w io.Writer) error { return l.Text(w, Style{}) })
	holdsAll(t, text, "m1", "A v B", "tennis/open", "2026-05-28T20:26:40Z", "2026-05-28T20:26:40.500Z\n", "bare", "bare", "–", "–\n")
	if got := written(t, func(w io.Writer) error { return (&EventList{}).Text(w, Style{}) }); got != "No event is known yet.\n" {
		t.Errorf("%q", got)
	}
}

// TestASearchFindsWhatIsShown: a title made of the two names is found by them.
func TestASearchFindsWhatIsShown(t *testing.T) {
	d := &desk{events: []catalog.Event{{ID: "m1", Home: "Orioles", Away: "Angels"}, {ID: "m2", Title: "Cubs @ Mets"}}}
	for search, want := range map[string]string{"angels @": "m1", "ORIOLES": "m1", "cubs": "m2", "M2": "m2", "m": "m1 m2", "padres": ""} {
		l, err := ListEvents(t.Context(), d, EventQuery{Search: search}, NamesOf(d.events), noon)
		if err != nil || strings.Join(ids(l), " ") != want || l.Total != len(l.Events) {
			t.Errorf("%q finds %v, want %q (%v)", search, ids(l), want, err)
		}
	}
}

func TestAnomaliesTextOfEveryKind(t *testing.T) {
	two := []odds.NodeID{node("a", "m", "home"), node("b", "m", "home")}
	three := append(slices.Clone(two), node("c", "m", "home"))
	l := &Anomalies{Anomalies: []Anomaly{
		{Kind: detect.Arbitrage, Layer: 1, Nodes: two, At: noon, Severity: detect.SeverityMedium, Size: 0.0213, Evidence: detect.Evidence{Suspected: detect.Phantom}},
		{Kind: detect.HiddenEdge, Layer: 1, Nodes: two[:1], At: noon, Severity: detect.SeverityHigh, Evidence: detect.Evidence{Now: 0.02, Usual: 0.1, N: 30}},
		{Kind: detect.OutlierQuote, Layer: 1, Nodes: three, At: noon - 5000, Severity: detect.SeverityLow, Evidence: detect.Evidence{Now: 0.25, Unit: "log-odds", Usual: 0.012, Spread: 0.004, N: 30}},
		{Kind: "x", Layer: 1, Title: "a title", At: noon, Severity: detect.SeverityCritical, Suppressed: detect.CoolingDown},
	}}
	over := noon + 90_000
	l.Anomalies[2].Until = &over
	l.Suppressed = 1
	text := written(t, func(w io.Writer) error { return l.Text(w, Style{}, 0) })
	holdsAll(t, text,
		"CRITICAL", "x", "still on", "a title", detect.CoolingDown,
		"HIGH", detect.HiddenEdge, "a · m · h2h · home ", "+0.02 of +0.1 log-odds have ",
		"MEDIUM", detect.Arbitrage, "a → b · m · h2h · home", "2.13 % arbitrage profit", detect.Phantom,
		"LOW", detect.OutlierQuote, "95 s", "and 2 more", "0.25 log-odds", "0.012 ± 0.004")
	if strings.Count(text, "±") != 1 {
		t.Errorf("a usual value of what has none:\n%s", text)
	}
	if strings.Contains(text, "--suppressed") {
		t.Errorf("they are listed:\n%s", text)
	}
	if got := written(t, func(w io.Writer) error { return (&Anomalies{Suppressed: 2}).Text(w, Style{}, 0) }); got != "Nothing abnormal.\n2 further ones suppressed; --suppressed shows them with the reason.\n" {
		t.Errorf("%q", got)
	}
}

// TestSeverityIsAColour: what is grave is red, and colours change no word.
func TestSeverityIsAColour(t *testing.T) {
	for severity, want := range map[detect.Severity]string{detect.SeverityCritical: "\x1b[31m", detect.SeverityHigh: "\x1b[31m", detect.SeverityMedium: "\x1b[33m", detect.SeverityLow: "\x1b[02m"} {
		l := &Anomalies{Anomalies: []Anomaly{{Kind: "k", Severity: severity, Confidence: 0.3}}}
		text := written(t, func(w io.Writer) error { return l.Text(w, Style{Color: true}, 0) })
		if !strings.Contains(text, want+string(severity)+"\x1b[0m") {
			t.Errorf("%s: %q", severity, text)
		}
	}
	for confidence, want := range map[float64]string{0.95: "\x1b[32m", 0.7: "\x1b[33m", 0.5: "\x1b[02m"} {
		l := &Anomalies{Anomalies: []Anomaly{{Kind: "k", Confidence: confidence}}}
		text := written(t, func(w io.Writer) error { return l.Text(w, Style{Color: true}, 0) })
		if !strings.Contains(text, want+words.Sure(confidence)) {
			t.Errorf("%v: %q", confidence, text)
		}
	}
}

// TestAnAnomalyIsShownAsItStood: what ended after the instant was still on then, and
// the anomaly shown shares no list with the one found.
func TestAnAnomalyIsShownAsItStood(t *testing.T) {
	nodes := []odds.NodeID{"a"}
	found := &detect.Anomaly{Kind: detect.Arbitrage, Nodes: nodes, At: 10, Until: 30}
	for at, over := range map[odds.Time]bool{29: false, 30: true, 31: true} {
		if a := NewAnomaly(found, Names{}, at); (a.Until != nil) != over {
			t.Errorf("as of %d it is over: %t", at, a.Until != nil)
		}
	}
	a := NewAnomaly(found, Names{}, 31)
	nodes[0] = "changed"
	if a.Nodes[0] != "a" || a.Meaning == "" {
		t.Errorf("%+v", a)
	}
	if a := NewAnomaly(&detect.Anomaly{}, Names{}, 0); a.Nodes == nil || a.Until != nil {
		t.Errorf("no list is null: %+v", a)
	}
}

func TestLeagueFilterTakesEveryNameOfALeague(t *testing.T) {
	for _, c := range []struct {
		want, sport, league string
		matches             bool
	}{
		{"", "baseball", "mlb", true},
		{"baseball", "Baseball", "mlb", true},
		{"MLB", "baseball", "mlb", true},
		{"baseball_mlb", "baseball", "MLB", true},
		{"baseball_", "baseball", "", true},
		{"base", "baseball", "mlb", false},
		{"baseball mlb", "baseball", "mlb", false},
		{"mlb_baseball", "baseball", "mlb", false},
	} {
		if got := (words.LeagueFilter{Sport: c.want}).Matches(c.sport, c.league); got != c.matches {
			t.Errorf("%q matches %s/%s: %t", c.want, c.sport, c.league, got)
		}
	}
}

func TestGraphTextSaysWhatItLeavesOut(t *testing.T) {
	for _, c := range []struct {
		l    Layer
		want string
	}{
		{Layer{Layer: odds.Direct, Edges: make([]Edge, 1)}, "1 link"},
		{Layer{Layer: odds.Direct, Edges: make([]Edge, 2), LeftOut: 3}, "2 links (the strongest; 3 more)"},
		{Layer{Layer: odds.Direct}, "no link in the last 60 min"},
		{Layer{Layer: odds.CrossEvent, Refused: 2}, "no link in the last 7 d, 2 refused: a number out of range"},
		{Layer{Layer: odds.Direct, Status: graph.Failed, Reason: "too slow", LeftOut: 9}, "failed, too slow"},
	} {
		if got := c.l.summary(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestPathsTextTellsOfWeakerOnes(t *testing.T) {
	l := &Paths{Source: node("a", "m", "home")}
	for i := range 3 {
		hop := propagate.Hop{Source: l.Source, Target: node(fmt.Sprint("b", i), "m", "home"), Layer: 1}
		l.Paths = append(l.Paths, propagate.Path{Hops: []propagate.Hop{hop}, Lag: 2000, LagLow: 2000, LagHigh: 2000, Impact: 0.5})
	}
	text := written(t, func(w io.Writer) error { return l.Text(w, Style{}, 2) })
	holdsAll(t, text, "b0 · h2h · home", "2.0 s", "L1 directly", "b1", "1 weaker one; propagate --limit 0 shows all.\n")
	if strings.Contains(text, "b2") {
		t.Errorf("more than two:\n%s", text)
	}
	if text = written(t, func(w io.Writer) error { return l.Text(w, Style{}, 3) }); strings.Contains(text, "weaker") {
		t.Errorf("all three are shown:\n%s", text)
	}
}

// TestOnlyTheSideWithoutASeriesHasAMirror: of a two-way market the other side's node.
func TestOnlyTheSideWithoutASeriesHasAMirror(t *testing.T) {
	for n, want := range map[odds.NodeID]odds.NodeID{
		"v/m/h2h/away": "v/m/h2h/home", "v/m/totals@8.5/under": "v/m/totals@8.5/over", "v/m/btts/no": "v/m/btts/yes",
		"v/m/h2h/home": "", "v/m/h2h/draw": "", "away": "home", "": "", "v/m/h2h/": "",
	} {
		if got := mirror(n); got != want {
			t.Errorf("%q mirrors %q, want %q", n, got, want)
		}
	}
}

func TestCursorsComeBackAsTheyWent(t *testing.T) {
	for _, p := range []pageEnd{{noon, "m"}, {0, ""}, {-5, "a@b"}, {noon, "x@7"}} {
		got, err := parseCursor(p.String())
		if err != nil || *got != p {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
	}
	if got, err := parseCursor(""); got != nil || err != nil {
		t.Errorf("no cursor: %v, %v", got, err)
	}
	for _, c := range []struct {
		other  pageEnd
		before bool
	}{{pageEnd{9, "z"}, true}, {pageEnd{10, "n"}, true}, {pageEnd{10, "m"}, false}, {pageEnd{10, "l"}, false}, {pageEnd{11, "z"}, false}} {
		if got := (&pageEnd{10, "m"}).before(c.other); got != c.before {
			t.Errorf("%v comes behind the end: %t", c.other, got)
		}
	}
}
