package answer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// Document implements Documents.
func (d *desk) Document(_ context.Context, name string) ([]byte, error) {
	if text, ok := d.documents[name]; ok {
		return []byte(text), d.busy
	}
	return nil, errors.Join(fs.ErrNotExist, d.busy)
}

// Anomalies implements AnomalyStore.
func (d *desk) Anomalies(context.Context, string, float64) ([]detect.Anomaly, error) {
	return d.anomalies, d.busy
}

var errDisk = errors.New("the disk is gone")

// TestEveryQuestionPassesOnWhatItsReaderCouldNotDo uses a reader that fails.
func TestEveryQuestionPassesOnWhatItsReaderCouldNotDo(t *testing.T) {
	d := newDesk()
	d.busy = errDisk
	d.show(quoted("m"))
	d.events = []catalog.Event{{ID: "m"}}
	d.edges = []graph.Edge{follows("a", "b", 0.5)}
	d.documents = map[string]string{"scorecard": "{}", "second_opinion": "{}"}
	ctx, a := t.Context(), node("a", "m", "home")
	for name, ask := range map[string]func() error{
		"names":         func() error { _, err := NamesFor(ctx, d, "m"); return err },
		"events":        func() error { _, err := ListEvents(ctx, d, EventQuery{}, Names{}, noon); return err },
		"stored events": func() error { _, err := ListEvents(ctx, StoredEvents{d}, EventQuery{}, Names{}, noon); return err },
		"edges":         func() error { _, err := ListEdges(ctx, d, store.EdgeFilter{}, Names{}, noon); return err },
		"anomalies":     func() error { _, err := ListAnomalies(ctx, d, AnomalyQuery{}, Names{}, noon); return err },
		"propagation":   func() error { _, err := Propagate(ctx, d, PropagationQuery{Source: a}, Names{}); return err },
		"predictions":   func() error { _, err := ListPredictions(ctx, d, a, Names{}); return err },
	} {
		if err := ask(); !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := ReadGraph(ctx, d, GraphQuery{Event: "m"}, Names{}, noon)
	if g.Status != graph.Failed || !strings.Contains(g.Layers[0].Reason, errDisk.Error()) {
		t.Errorf("graph: %+v", g)
	}
}

func TestNamesAreOfEventsThatThereAre(t *testing.T) {
	d := &desk{events: []catalog.Event{{ID: "m", Home: "A", Away: "B"}}}
	n, err := NamesFor(t.Context(), d, "m")
	if err != nil || n.Event("m") != "B @ A" {
		t.Errorf("%q, %v", n.Event("m"), err)
	}
	if _, err := NamesFor(t.Context(), d, "x"); !errors.Is(err, ErrUnknown) || err.Error() != `unknown event "x"` {
		t.Error(err)
	}
	if _, err := NamesFor(t.Context(), &desk{}, ""); err != nil {
		t.Error(err)
	}
}

func ids(l *EventList) (out []string) {
	for i := range l.Events {
		out = append(out, l.Events[i].ID)
	}
	return out
}

func TestListEvents(t *testing.T) {
	d := newDesk()
	for i, id := range []string{"c", "a", "b", "later"} {
		d.events = append(d.events, catalog.Event{ID: id, Sport: "tennis", League: "open", Title: "Match " + strings.ToUpper(id), LastSeen: noon.Add(odds.Millis(-1000 * (i / 2)))})
	}
	d.events[3].FirstSeen = noon + 1
	d.activity["c"] = Activity{LastQuote: noon, Quotes: 7}
	for _, c := range []struct {
		q    EventQuery
		want string
		next bool
	}{
		{EventQuery{}, "c a b", false},
		{EventQuery{Sport: "tennis_open"}, "c a b", false},
		{EventQuery{Sport: "tennis", Search: "nobody"}, "", false},
		{EventQuery{Search: "match A"}, "a", false},
		{EventQuery{Limit: 2}, "c a", true},
		{EventQuery{Limit: 3}, "c a b", false},
		{EventQuery{Limit: 2, Cursor: pageEnd{noon, "a"}.String()}, "c b", false}, // events that have moved to the front since are not repeated
	} {
		l, err := ListEvents(t.Context(), d, c.q, NamesOf(d.events), noon)
		if err != nil || (l.Next != "") != c.next || l.Events == nil || c.q.Sport+c.q.Search == "" && l.Total != 3 {
			t.Errorf("%+v: %+v, %v", c.q, l, err)
		}
		if c.q.Cursor == "" && strings.Join(ids(l), " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.q, ids(l), c.want)
		}
	}
	first, err := ListEvents(t.Context(), d, EventQuery{Limit: 1}, Names{}, noon)
	if err != nil || first.Events[0].Activity == nil || first.Events[0].Quotes != 7 || first.Events[0].Title != "Match C" {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, bad := range []string{"x", "@", "x@y"} {
		if _, err := ListEvents(t.Context(), d, EventQuery{Cursor: bad}, Names{}, noon); !errors.Is(err, ErrInvalid) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	// A store has no current activity, and its JSON does not pretend to.
	var js bytes.Buffer
	l, err := ListEvents(t.Context(), StoredEvents{d}, EventQuery{}, Names{}, noon)
	if err = errors.Join(err, JSON(&js, l)); err != nil || strings.Contains(js.String(), "last_quote") || len(l.Events) != 3 {
		t.Errorf("%v: %s", err, &js)
	}
}

func TestPagesHoldEveryEventOnce(t *testing.T) {
	d := newDesk()
	for i := range 10 {
		d.events = append(d.events, catalog.Event{ID: string(rune('a' + i)), LastSeen: noon.Add(odds.Millis(-1000 * (i / 3)))})
	}
	var seen []string
	for q := (EventQuery{Limit: 4}); ; {
		l, err := ListEvents(t.Context(), d, q, Names{}, noon)
		if err != nil || len(seen) > 10 {
			t.Fatalf("%v after %v", err, seen)
		}
		seen = append(seen, ids(l)...)
		if q.Cursor = l.Next; q.Cursor == "" {
			break
		}
	}
	if strings.Join(seen, "") != "abcdefghij" {
		t.Errorf("%v", seen)
	}
}

func TestListEdgesAsOf(t *testing.T) {
	old, later := follows("a", "b", 0.5), follows("b", "c", 0.5)
	old.DetectedAt, later.DetectedAt = noon-2*3_600_000, noon+1
	d := &desk{edges: []graph.Edge{old, follows("a", "c", 0.5), later}}
	l, err := ListEdges(t.Context(), d, store.EdgeFilter{Event: "m"}, Names{}, noon)
	if err != nil || len(l.Edges) != 2 || l.Edges[0].InWindow || !l.Edges[1].InWindow {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err = ListEdges(t.Context(), d, store.EdgeFilter{Layer: odds.CrossSport}, Names{}, noon); err != nil || l.Edges == nil || len(l.Edges) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestReadGraph(t *testing.T) {
	old := follows("a", "c", 0.5)
	old.DetectedAt = noon - 2*3_600_000
	d := &desk{edges: []graph.Edge{follows("a", "b", 0.5), follows("b", "c", 0.5), old}}
	for limit, want := range map[int]int{0: 2, 1: 1} {
		g := ReadGraph(t.Context(), d, GraphQuery{Event: "m", Limit: limit}, Names{}, noon)
		if g.Status != graph.Healthy || len(g.Layers) != 4 || len(g.Layers[0].Edges) != want || g.Layers[0].LeftOut != 2-want || g.Empty() {
			t.Errorf("limit %d: %+v", limit, g)
		}
	}
	if g := ReadGraph(t.Context(), d, GraphQuery{Event: "m"}, Names{}, old.DetectedAt); len(g.Layers[0].Edges) != 1 || g.AsOf != old.DetectedAt {
		t.Errorf("two hours before: %+v", g)
	}
	if g := ReadGraph(t.Context(), d, GraphQuery{Event: "other"}, Names{}, noon); !g.Empty() || g.Status != graph.Healthy {
		t.Errorf("nothing is known: %+v", g)
	}
}

func TestListAnomalies(t *testing.T) {
	d := newDesk()
	for i, kind := range []string{detect.MoveSize, detect.Volatility, detect.MoveSize, detect.MoveSize, detect.Arbitrage} {
		d.anomalies = append(d.anomalies, detect.Anomaly{Kind: kind, Event: "m", At: noon - odds.Time(i), Confidence: 0.9 - 0.1*float64(i)})
	}
	d.anomalies[2].Suppressed = detect.CoolingDown
	d.anomalies[4].At = noon + 1
	theirs := follows("p", "q", 0.5)
	theirs.Evidence, theirs.Confidence = graph.FromExternal, 0.4
	d.edges = []graph.Edge{theirs}
	for _, c := range []struct {
		q          AnomalyQuery
		listed     int
		suppressed int
	}{
		{AnomalyQuery{}, 4, 1},
		{AnomalyQuery{Event: "m"}, 4, 1},
		{AnomalyQuery{Event: "other"}, 0, 0},
		{AnomalyQuery{MinConfidence: 0.45}, 3, 1},
		{AnomalyQuery{Kind: detect.MoveSize}, 2, 1},
		{AnomalyQuery{Kind: detect.External}, 1, 0},
		{AnomalyQuery{Suppressed: true}, 5, 1},
		{AnomalyQuery{Newest: 2}, 2, 0}, // counted as far back as the list goes
		{AnomalyQuery{Newest: 3}, 3, 1},
	} {
		l, err := ListAnomalies(t.Context(), d, c.q, Names{}, noon)
		if err != nil || len(l.Anomalies) != c.listed || l.Suppressed != c.suppressed || l.Anomalies == nil {
			t.Errorf("%+v: %+v, %v", c.q, l, err)
			continue
		}
		way := odds.Time(1)
		if c.q.Newest > 0 {
			way = -1
		}
		if !slices.IsSortedFunc(l.Anomalies, func(a, b Anomaly) int { return int(way * (a.At - b.At)) }) {
			t.Errorf("%+v: wrong order: %+v", c.q, l.Anomalies)
		}
	}
	d.edges[0].DetectedAt++ // later than any of ours
	if l, err := ListAnomalies(t.Context(), d, AnomalyQuery{Newest: 1}, Names{}, noon+1); err != nil || l.Anomalies[0].Kind != detect.External || l.Kinds[detect.External] != 1 || len(l.Kinds) != 1 {
		t.Errorf("the newest is another program's: %+v, %v", l, err)
	}
	d.edges[0].DetectedAt--
	if l, err := ListAnomalies(t.Context(), StoredAnomalies{d}, AnomalyQuery{}, Names{}, noon-2); err != nil || len(l.Anomalies) != 1 {
		t.Errorf("as of a moment before: %+v, %v", l, err)
	}
}

func TestPropagate(t *testing.T) {
	d := newDesk()
	gone := follows("old", "a", 0.5)
	gone.DetectedAt = noon - 2*3_600_000
	d.edges = []graph.Edge{follows("a", "b", 0.5), follows("b", "c", 0.5), follows("a", "c", 0.2), gone}
	a, c := node("a", "m", "home"), node("c", "m", "home")
	away := func(venue string) odds.NodeID { return node(venue, "m", "away") }
	for name, x := range map[string]struct {
		q        PropagationQuery
		paths    int
		mirrored bool
		linked   bool
	}{
		"downstream":                {PropagationQuery{Source: a}, 2, false, true},
		"best":                      {PropagationQuery{Source: a, Target: c}, 1, false, true},
		"several":                   {PropagationQuery{Source: a, Target: c, Paths: 5}, 2, false, true},
		"near":                      {PropagationQuery{Source: a, Target: c, Paths: 5, Depth: 1}, 1, false, true},
		"the other way":             {PropagationQuery{Source: c, Target: a}, 0, false, true},
		"mirrored":                  {PropagationQuery{Source: away("a")}, 2, true, true},
		"both mirrored":             {PropagationQuery{Source: away("a"), Target: away("c")}, 1, false, true},
		"known, out of its window":  {PropagationQuery{Source: node("old", "m", "home")}, 0, false, false},
		"mirror, out of its window": {PropagationQuery{Source: away("old")}, 0, true, false},
	} {
		p, err := Propagate(t.Context(), d, x.q, Names{})
		if err != nil || p.Paths == nil || len(p.Paths) != x.paths || p.Mirrored != x.mirrored || p.Linked != x.linked || p.AsOf != noon {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for _, q := range []PropagationQuery{{Source: node("nobody", "m", "home")}, {Source: "opaque node"}, {Source: a, Target: away("nobody")}} {
		if _, err := Propagate(t.Context(), d, q, Names{}); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "unknown node") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	p, err := Propagate(t.Context(), StoredNetwork{d, noon - 2*3_600_000}, PropagationQuery{Source: node("old", "m", "home")}, Names{})
	if err != nil || len(p.Paths) != 1 || p.AsOf != noon-2*3_600_000 {
		t.Errorf("two hours before: %+v, %v", p, err)
	}
}

func TestListPredictions(t *testing.T) {
	d := newDesk()
	d.edges = []graph.Edge{follows("a", "b", 0.5)}
	a, b := node("a", "m", "home"), node("b", "m", "home")
	m := quoted("m")
	m.Open = []ledger.Prediction{{ID: "1", Event: "m", Source: a, Target: b}, {ID: "2", Event: "m", Source: b, Target: node("c", "m", "home")}}
	m.Settled = []ledger.Prediction{{ID: "3", Event: "m", Source: a, Target: b, ResolvedAt: noon - 8}, {ID: "4", Event: "m", Source: a, Target: b, ResolvedAt: noon - 4}}
	m.Quotes = []engine.Quote{{Node: node("quiet", "m", "home"), Price: 2}}
	d.show(m)
	got, err := ListPredictions(t.Context(), d, a, Names{})
	if err != nil || len(got.Open) != 1 || got.Open[0].ResolvedAt != nil || len(got.Settled) != 2 || got.Settled[0].ID != "4" || len(got.Next) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ListPredictions(t.Context(), d, node("quiet", "m", "home"), Names{}); err != nil || got.Next == nil || len(got.Next)+len(got.Open) != 0 {
		t.Errorf("quoted and linked to nothing: %+v, %v", got, err)
	}
	if _, err := ListPredictions(t.Context(), d, node("nobody", "m", "home"), Names{}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	d.matches = nil // a node of another program in an event without prices
	if got, err := ListPredictions(t.Context(), d, a, Names{}); err != nil || len(got.Next) != 1 || got.Open == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPrices(t *testing.T) {
	for _, c := range []struct {
		price float64
		n     odds.Notation
		want  string
	}{
		{2.5, odds.InDecimal, `2.5`}, {2.5, odds.InAmerican, `"+150"`}, {1.5, odds.InAmerican, `"-200"`}, {2.5, odds.InFractional, `"3/2"`}, {4, odds.InProbability, `0.25`},
	} {
		if got, err := json.Marshal(price(c.price, c.n)); err != nil || string(got) != c.want {
			t.Errorf("%v in %v: %s, %v, want %s", c.price, c.n, got, err, c.want)
		}
	}
}

func TestNewEventDetail(t *testing.T) {
	m := quoted("m")
	for _, selection := range []string{"away", "home"} {
		m.Quotes = append(m.Quotes, engine.Quote{Node: node("a", "m", selection), Venue: "a", Market: "h2h", Selection: selection, Listed: true, Complete: true, Price: 1.9, Line: math.NaN(), SeenAt: noon - 500})
	}
	m.Open, m.Settled = []ledger.Prediction{{ID: "1"}}, []ledger.Prediction{{ID: "2"}, {ID: "3"}}
	e := NewEventDetail(m, odds.InDecimal, Names{}, noon)
	if e.Title != "B @ A" || len(e.Quotes) != 2 || e.Quotes[0].AgeMs != 500 || e.Quotes[0].Line != nil || math.Abs(*e.Quotes[0].Fair-0.5) > 1e-9 || len(e.Open) != 1 || e.Settled[0].ID != "3" {
		t.Errorf("%+v", e)
	}
	var js bytes.Buffer
	if err := JSON(&js, NewEventDetail(quoted("m"), odds.InDecimal, Names{}, noon)); err != nil || strings.Contains(strings.ReplaceAll(js.String(), `_time": null`, ""), `": null,
  "quotes"`) || !strings.Contains(js.String(), `"quotes": []`) {
		t.Errorf("%v: %s", err, &js)
	}
}

func TestMessagesSayTheirKind(t *testing.T) {
	for want, m := range map[string]Message{
		`move {"node":"a","event_id":"m","title":"m","at":"2026-05-28T20:26:40Z","move":0.5,"value":1,"price":2,"rms":0.1}`: NewMoved(&engine.Move{Node: "a", Event: "m", At: noon, Raw: 0.5, Value: 1, Price: 2, RMS: 0.1}, Names{}),
		`graph {"event_id":"m","as_of":"2026-05-28T20:26:40Z","version":3}`:                                                 Renewed{"m", noon, 3},
		`decision {"at":"2026-05-28T20:26:40Z","families":3}`:                                                               Decided{noon, 3},
		`gap {"scope":"stream","missed":2}`:                                                                                 Gap{Scope: "stream", Missed: 2},
		`bye {"reason":"over"}`:                                                                                             Bye{"over"},
	} {
		text, err := json.Marshal(m)
		if got := m.Kind() + " " + string(text); err != nil || got != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
	for kind, m := range map[string]Message{"prediction": Issued{}, "outcome": Settled{}, "anomaly": Raised{Anomaly{Kind: detect.OutlierQuote}}} {
		text, err := json.Marshal(m)
		if err != nil || m.Kind() != kind || !bytes.Contains(text, []byte(`"event_id":`)) {
			t.Errorf("%s: %s, %v", m.Kind(), text, err)
		}
	}
}
