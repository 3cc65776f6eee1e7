package answer

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{words.Span(0), "0 ms"},
		{words.Span(250), "250 ms"},
		{words.Span(2000), "2.0 s"},
		{words.Span(12_000), "12 s"},
		{words.Span(119_000), "119 s"},
		{words.Span(300_000), "5 min"},
		{words.Span(450_000), "7.5 min"},
		{words.Span(12_600_000), "3.5 h"},
		{words.Span(4 * 86_400_000), "4 d"},
		{words.Span(-2000), "-2.0 s"},
		{words.Between(1600, 2500), "1.6–2.5 s"},
		{words.Between(0, 600_000), "0–10 min"},
		{words.Lag(300_000, 0, 600_000, 300_000, false), "about 1 poll, 0–10 min"},
		{words.Lag(600_000, 300_000, 900_000, 300_000, false), "about 2 polls, 5–15 min"},
		{words.Lag(100_000, 0, 300_000, 300_000, false), "under 1 poll, 0–5 min"},
		{words.Lag(2000, 1600, 2500, 20, false), "2.0 s (1.6–2.5 s)"},
		{words.Lag(0, 0, 0, 300_000, true), "same poll of 5 min"},
		{words.Lag(0, 0, 0, 20, true), "same moment"},
		{words.Lag(0, 0, 300_000, 300_000, true), "same poll of 5 min"},
		{words.Lag(0, 0, 900_000, 300_000, true), "within 15 min"},
		{words.Lag(0, 0, 300_000, 0, true), "within 5 min"},
		{words.Lag(0, 0, 20, 0, true), "same moment"},
		{words.Lag(7, 0, 0, 0, false), "7 ms"},
		{words.Lag(100, 100, 100, 0, false), "100 ms"},
		{words.Place("soccer", "", "h2h", "pre"), "soccer h2h pre-match"},
		{words.Place("baseball", "mlb", "", "live"), "baseball/mlb in-play"},
		{Plain("Evil\x1b[2J\tFC\u202e\a"), "Evil�[2J FC��"},
		{(Style{}).Bold("\x1b[31mred"), "�[31mred"},
		{words.Share(0.33), "33 % of the move"},
		{words.Share(-0.2), "20 % of the move, the other way"},
		{words.Share(0.004), "under 1 % of the move"},
		{words.Sure(0.97), "HIGH 0.97"},
		{words.Sure(0.8996), "MEDIUM 0.89"},
		{words.Sure(0.57), "LOW 0.57"},
		{words.Sure(1), "HIGH 1.00"},
		{words.Small(0), "0.0000"},
		{words.Small(0.0123), "0.0123"},
		{words.Small(3e-20), "3e-20"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestSeries: events of one title are told apart by their start, and by a number where two
// start on one day or nobody knows when.
func TestSeries(t *testing.T) {
	at := func(d, hour int) odds.Time { return odds.TimeOf(time.Date(2026, 8, d, hour, 5, 0, 0, time.UTC)) }
	n := NamesOf([]catalog.Event{
		{ID: "late", Title: "Braves @ Yankees", Start: at(8, 19)},
		{ID: "a", Home: "Yankees", Away: "Braves", Start: at(7, 23)},
		{ID: "early", Title: "Braves @ Yankees", Start: at(8, 1)},
		{ID: "c", Title: "Mets @ Cubs", Start: at(8, 1)},
		{ID: "y", Title: "Final", FirstSeen: 2},
		{ID: "x", Title: "Final", FirstSeen: 1},
		{ID: "same1", Title: "Race", Start: at(1, 1)},
		{ID: "same2", Title: "Race", Start: at(1, 1)},
	})
	for id, want := range map[string]string{
		"a": "Braves @ Yankees 2026-08-07 23:05Z", "early": "Braves @ Yankees 2026-08-08 01:05Z #1", "late": "Braves @ Yankees 2026-08-08 19:05Z #2",
		"c": "Mets @ Cubs", "d": "d", "x": "Final #1", "y": "Final #2", "same1": "Race 2026-08-01 01:05Z #1", "same2": "Race 2026-08-01 01:05Z #2",
	} {
		if got := n.Event(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	if got := n.titleOf(&catalog.Event{ID: "new", Title: "Mets @ Cubs", Start: at(9, 1)}); got != "Mets @ Cubs 2026-08-09 01:05Z" {
		t.Errorf("an event newer than the names: %q", got)
	}
}

func names() Names {
	return NamesOf([]catalog.Event{{ID: "e1", Title: "Angels @ Orioles"}, {ID: "e2", Home: "Mets", Away: "Cubs"}, {ID: "bare"}})
}

func TestNames(t *testing.T) {
	n := names()
	for _, c := range []struct{ got, want string }{
		{n.Node("draftkings/e1/h2h/home"), "draftkings · Angels @ Orioles · h2h · home"},
		{n.Node("dk/e2/totals@8.5/over"), "dk · Cubs @ Mets · totals@8.5 · over"},
		{n.Node("dk/unknown/h2h/a%2Fb"), "dk · unknown · h2h · a/b"},
		{n.Node("level_00_node_00"), "level_00_node_00"},
		{n.NodeIn("e1", "draftkings/e1/h2h/home"), "draftkings · h2h · home"},
		{n.NodeIn("e2", "draftkings/e1/h2h/home"), "draftkings · Angels @ Orioles · h2h · home"},
		{n.Event("bare"), "bare"},
		{Names{}.Event("e1"), "e1"},
		{n.pairIn("e1", "dk/e1/h2h/home", "fd/e1/h2h/home", false), "dk → fd · h2h · home"},
		{n.pairIn("", "dk/e1/h2h/home", "fd/e1/h2h/home", true), "dk – fd · Angels @ Orioles · h2h · home"},
		{n.pairIn("e1", "dk/e1/h2h/home", "dk/e1/totals/over", false), "dk · h2h · home → dk · totals · over"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestExternalRows(t *testing.T) {
	edges := []graph.Edge{
		{Layer: 2, Event: "x", Source: "a_source_node", Target: "a_target_node", Score: -0.9, Confidence: 0.7, Evidence: graph.FromExternal, DetectedAt: 5},
		{Layer: 1, Event: "x", Source: "b_source_node", Target: "b_target_node", Score: 0.5, Confidence: 0.6, Evidence: graph.FromExternal, DetectedAt: 5},
		{Layer: 1, Event: "x", Source: "own/e1/h2h/home", Target: "fd/e1/h2h/home", Score: 0.9, Confidence: 0.99, Evidence: graph.FromOwn, DetectedAt: 5},
	}
	found := external(edges, 0.6)
	if len(found) != 2 || found[0].Layer != 1 || found[1].Layer != 2 {
		t.Fatalf("found %+v", found)
	}
	for _, a := range found {
		if a.Kind != detect.External || a.Evidence.Text == "" || a.Band != odds.BandOf(a.Confidence) {
			t.Errorf("%+v", a)
		}
	}
	if found := external(edges, 0.65); len(found) != 1 || found[0].Nodes[0] != "a_source_node" {
		t.Errorf("above 0.65: %+v", found)
	}
}

func TestGraphOfFailedLayer(t *testing.T) {
	source := func(_ context.Context, layer odds.Layer) ([]graph.Edge, error) {
		switch layer {
		case odds.Direct:
			e := graph.Edge{Layer: 1, Event: "e1", Source: "dk/e1/h2h/home", Target: "fd/e1/h2h/home", DetectedAt: 900, Discovered: true, Score: 0.9}
			weaker := e
			weaker.Target, weaker.Score = "mb/e1/h2h/home", 0.5
			return []graph.Edge{e, weaker}, nil
		case odds.CrossEvent:
			return nil, errors.New("deadline of 50ms")
		}
		return nil, nil
	}
	g := NewGraph(graph.Build(t.Context(), "e1", 1000, source, graph.Options{}), 1, names())
	var js, text bytes.Buffer
	if err := errors.Join(JSON(&js, g), g.Text(&text, Style{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"status": "DEGRADED"`, `deadline of 50ms"`, `"edges": null`, `"edges": []`, `"left_out": 1`} {
		if !strings.Contains(js.String(), want) {
			t.Errorf("no %s in\n%s", want, &js)
		}
	}
	for _, want := range []string{"Angels @ Orioles", "DEGRADED", "L3 cross-event: failed, ", "deadline of 50ms\n", "dk → fd · h2h · home", "L2 cross-market: no link in the last 24 h"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
}

func TestAnomaliesAsOf(t *testing.T) {
	all := []detect.Anomaly{
		{Kind: detect.OutlierQuote, Layer: 1, Nodes: []odds.NodeID{"dk/e1/h2h/home"}, At: 50, Until: 200, Severity: detect.SeverityLow},
		{Kind: detect.Arbitrage, Layer: 1, Nodes: []odds.NodeID{"dk/e1/h2h/home", "fd/e1/h2h/away"}, At: 20, Until: 30, Severity: detect.SeverityCritical, Size: 0.02},
		{Kind: detect.Arbitrage, Layer: 1, At: 101},
	}
	l, err := ListAnomalies(t.Context(), &desk{anomalies: all}, AnomalyQuery{}, names(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Anomalies) != 2 || l.Anomalies[0].At != 20 || l.Anomalies[1].Until != nil || l.Kinds[detect.Arbitrage] != 1 {
		t.Errorf("%+v", l)
	}
	var b bytes.Buffer
	if err := l.Text(&b, Style{}, 1); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, "2.00 % arbitrage profit") || !strings.Contains(s, "1 less severe or older one;") || strings.Contains(s, "outlier") {
		t.Errorf("the gravest one alone:\n%s", s)
	}
}

func TestPathsText(t *testing.T) {
	hop := func(from, to odds.NodeID, beta float64) propagate.Hop {
		return propagate.Hop{Source: from, Target: to, Layer: 1, Lag: 2000, Beta: beta, Confidence: 0.95, Score: 0.9}
	}
	found := []propagate.Path{{
		Hops: []propagate.Hop{hop("dk/e1/h2h/home", "fd/e1/h2h/home", 0.5), hop("fd/e1/h2h/home", "mb/e1/h2h/home", -0.4)},
		Lag:  4000, LagLow: 3000, LagHigh: 5000, Impact: -0.2, Confidence: 0.9025,
	}}
	l := &Paths{Source: "dk/e1/h2h/home", Paths: found, names: names()}
	var b bytes.Buffer
	if err := l.Text(&b, Style{}, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"When dk · Angels @ Orioles · h2h · home moves", "mb · h2h · home", "4.0 s (3.0–5.0 s)", "20 % of the move, the other way", "HIGH 0.90", "L1 fd · h2h · home → L1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	b.Reset()
	l = &Paths{Source: "dk/e1/h2h/home", Target: "fd/e1/h2h/home", Paths: []propagate.Path{}, names: names()}
	if err := errors.Join(l.Text(&b, Style{}, 0), JSON(&b, l)); err != nil || !strings.Contains(b.String(), "no path is known to fd") || !strings.Contains(b.String(), `"paths": []`) {
		t.Errorf("%v:\n%s", err, &b)
	}
}
