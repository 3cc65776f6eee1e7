package leaders

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/store"
)

const noon odds.Time = 1_780_000_000_000

// desk is a reader with the contents that a test gives it.
type desk struct {
	leagues   []catalog.League
	families  []graph.Family
	groups    []store.Group
	ranked    []graph.Leadership
	documents map[string]string
	busy      error // returned for every question
}

func (d *desk) Families(context.Context) ([]graph.Family, error) { return d.families, d.busy }

func (d *desk) Groups(context.Context) ([]store.Group, error) { return d.groups, d.busy }

func (d *desk) Leagues(context.Context) ([]catalog.League, error)          { return d.leagues, d.busy }
func (d *desk) Events(context.Context) ([]catalog.Event, error)            { return nil, d.busy }
func (d *desk) Opinions(context.Context) (map[string]graph.Opinion, error) { return nil, d.busy }

func (d *desk) Leadership(context.Context) ([]graph.Leadership, error) { return d.ranked, d.busy }

func (d *desk) Document(_ context.Context, name string) ([]byte, error) {
	if body, ok := d.documents[name]; ok {
		return []byte(body), d.busy
	}
	return nil, fs.ErrNotExist
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func holdsAll(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
}

func TestLeadersOrderAndFilter(t *testing.T) {
	at := odds.Time(1000)
	family := func(leader, market string, layer odds.Layer, confidence float64, judged odds.Time) graph.Family {
		return graph.Family{
			Key:        graph.FamilyKey{Layer: layer, Sport: "baseball", League: "mlb", Market: market, Leader: leader, Follower: "z"},
			Confidence: confidence, Discovered: confidence > 0.5, DetectedAt: judged,
		}
	}
	families := []graph.Family{
		family("low", "h2h", 1, 0.2, 900), family("top", "h2h", 1, 0.99, 900), family("mid", "totals", 1, 0.7, 900),
		family("cross", "h2h", 2, 0.99, 900), family("future", "h2h", 1, 0.99, 1001),
	}
	groups := []store.Group{
		{Sport: "baseball", League: "mlb", Venues: []string{"a", "b"}},
		{Sport: "baseball", League: "kbo", Venues: []string{"a", "b"}},
		{Sport: "soccer", League: "epl", Venues: []string{"c", "d"}},
	}
	l, err := List(t.Context(), &desk{families: families, groups: groups}, words.LeagueFilter{Sport: "Baseball"}, at)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, p := range l.Pairs {
		order = append(order, p.Leader)
	}
	if got := strings.Join(order, " "); got != "top mid low" || l.Later != 1 || len(l.Groups) != 1 {
		t.Errorf("%s, %d later, groups %v", got, l.Later, l.Groups)
	}
	var b bytes.Buffer
	if err := l.Text(&b, table.Style{}, false, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"top → z", "1 less certain pair;", "1 further pair judged", "1 pair judged after"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestLeadersTextPartsThoseWithoutALeader(t *testing.T) {
	l := &Leaders{AsOf: noon, Groups: [][]string{{"c", "d", "e"}}, Pairs: []Pair{
		{Leader: "a", Follower: "b", Discovered: true, LagMs: 2000, LagLowMs: 1500, LagHighMs: 2500, Beta: 0.5, Confidence: 0.95, Copied: true},
		{Leader: "c", Follower: "d", Discovered: true, Simultaneous: true, ResolutionMs: 300_000, LagHighMs: 300_000, Confidence: 0.9},
		{Leader: "e", Follower: "f", Simultaneous: true},
		{Leader: "g", Follower: "h"},
	}}
	text := written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, false, 0) })
	holdsAll(t, text, "a → b", "2.0 s (1.5–2.5 s)", "copied", "\n\nMoving together, no leader", "c – d", "same poll of 5 min", "2 further pairs judged and not certain enough", "c, d and e move as one")
	text = written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, true, 1) })
	holdsAll(t, text, "a → b", "c – d", "2 less certain pairs; leaders --limit 0 shows all.\n")
	if strings.Contains(text, "g → h") || strings.Contains(text, "e – f") {
		t.Errorf("more than one row of a table:\n%s", text)
	}
	text = written(t, func(w io.Writer) error { return (&Leaders{Later: 2, AsOf: noon}).Text(w, table.Style{}, false, 0) })
	if text != "No venue is known to lead another yet.\n2 pairs judged after 2026-05-28T20:26:40Z and left out.\n" {
		t.Errorf("%q", text)
	}
}

func TestTextSaysWhatIsDoubtedAndHowFarWasSearched(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Leader: "a", Follower: "b"}
	d := &desk{families: []graph.Family{{Key: key, Discovered: true, Confidence: 0.6, Traits: graph.Traits{
		FirstOnFeed: true, Reach: 66_297, Events: 40, NextPoll: 0.75, SamePoll: 0.25,
	}}}}
	l, err := List(t.Context(), d, words.LeagueFilter{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, false, 0) })
	holdsAll(t, text, "LOW 0.60                     –  first on this feed\n", "\nSearched to 66 s.\n")
	asJSON, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	holdsAll(t, string(asJSON), `"first_on_feed":true,"changing":false,"below_floor":false,"indirect":false,"reach_ms":66297,"same_poll":0.25,"next_poll":0.75,"later_poll":0,"events":40`)

	key.Follower = "c"
	d.families = append(d.families, graph.Family{Key: key, Simultaneous: true, Traits: graph.Traits{BelowFloor: true, Reach: 3_600_000}})
	if l, err = List(t.Context(), d, words.LeagueFilter{}, noon); err != nil {
		t.Fatal(err)
	}
	text = written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, true, 0) })
	holdsAll(t, text, "LOW 0.00                     –  below the floor\n", "Searched to 66 s, or to 60 min where prices are read less often.\n")
	if asJSON, err = json.Marshal(l.Pairs[1]); err != nil {
		t.Fatal(err)
	}
	holdsAll(t, string(asJSON), `"same_poll":null,"next_poll":null,"later_poll":null,"events":0`)
}

func TestWhatTheNewestFifthSays(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Leader: "a", Follower: "b"}
	n := graph.Newest{Events: 9, Since: noon, Correlation: 0.4, Low: 0.3, High: 0.5, Lead: -0.1, LeadLow: -0.2, LeadHigh: 0.001}
	d := &desk{families: []graph.Family{{Key: key, Discovered: true, Newest: n}, {Key: key, Discovered: true, Simultaneous: true, Newest: n}}}
	l, err := List(t.Context(), d, words.LeagueFilter{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, false, 0) })
	holdsAll(t, text, " -0.10 (-0.20 to 0.00)", " +0.40 (0.30 to 0.50)", "\nNewest fifth: what the newest fifth of the matches say alone, with 95 % intervals. It is shown and decides nothing.\n")
	asJSON, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	holdsAll(t, string(asJSON), `"newest":{"events":9,"since":"2026-05-28T20:26:40Z","correlation":0.4,"correlation_low":0.3,"correlation_high":0.5,"lead":-0.1,"lead_low":-0.2,"lead_high":0.001}`)

	d.families[0].Newest, d.families = graph.Newest{}, d.families[:1]
	if l, err = List(t.Context(), d, words.LeagueFilter{}, noon); err != nil {
		t.Fatal(err)
	}
	if asJSON, err = json.Marshal(l); err != nil {
		t.Fatal(err)
	}
	holdsAll(t, string(asJSON), `"newest":null`)
	if text = written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, false, 0) }); strings.Contains(text, "decides nothing") {
		t.Errorf("nothing is to be explained:\n%s", text)
	}
}

func TestRanking(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h", Leader: "a", Follower: "b"}
	share := 0.25
	ranked := []graph.Leadership{
		{Sport: "baseball", League: "mlb", Unexplained: &share, Leads: map[string]graph.Lead{key.String(): {Raw: 0.2, SE: 0.1, Shrunk: 0.15}}, Standings: []graph.Standing{
			{Venue: "a", Score: 0.1, Low: 0.02, High: 0.18}, {Venue: "b", Score: -0.1, Low: -0.18, High: -0.001, Group: []string{"b", "d", "e"}},
		}},
		{Sport: "tennis", Standings: []graph.Standing{{Venue: "c"}}},
	}
	body, err := json.Marshal(ranked)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{families: []graph.Family{{Key: key}}, documents: map[string]string{"leadership": string(body)}}
	d.leagues = []catalog.League{{Sport: "tennis"}}
	if body, err = json.Marshal(d.leagues); err != nil {
		t.Fatal(err)
	}
	d.documents["leagues"] = string(body)
	for name, r := range map[string]Reader{
		"stored": Stored{d},
		"judged": Judged{Judgement: &store.Judgement{Families: d.families, Leadership: ranked}, Known: d.leagues},
	} {
		l, err := List(t.Context(), r, words.LeagueFilter{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Scores) != 3 || len(l.Unexplained) != 2 || l.Pairs[0].Lead == nil || l.Pairs[0].Lead.Shrunk != 0.15 {
			t.Errorf("%s: %+v", name, l)
		}
		text := written(t, func(w io.Writer) error { return l.Text(w, table.Style{}, true, 2) })
		holdsAll(t, text, "\n\nWho moves first  Where         Ahead  95 % interval\n",
			"\na                baseball/mlb  +0.10  0.02 to 0.18\nb                baseball/mlb  -0.10  -0.18 to 0.00  one with d and e\nAhead: ",
			"\nbaseball/mlb: 25 % of who leads whom fits no ranking, noise included.\n1 more venue; leaders --limit 0 shows all.\n")
		if asJSON, err := json.Marshal(l.Scores[1]); err != nil || !strings.Contains(string(asJSON), `"high":-0.001,"group":["b","d","e"]`) {
			t.Errorf("%s, %v", asJSON, err)
		}
		if l, err = List(t.Context(), r, words.LeagueFilter{Sport: "tennis"}, noon); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		holdsAll(t, string(asJSON), `"scores":[{"sport":"tennis","league":"","venue":"c","score":0,"low":0,"high":0}],"unexplained":[{"sport":"tennis","league":"","share":null}]`)
	}
	d.documents = nil // of an earlier version
	l, err := List(t.Context(), Stored{d}, words.LeagueFilter{}, noon)
	if err != nil || l.Scores == nil || l.Unexplained == nil || l.Pairs[0].Lead != nil {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestWants(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "baseball", League: "mlb", Market: "h2h"}
	if !wants(words.LeagueFilter{Market: "H2H"}, &key) || wants(words.LeagueFilter{Market: "totals"}, &key) {
		t.Error("markets are compared in any case")
	}
	key.Layer = odds.CrossMarket
	if wants(words.LeagueFilter{}, &key) {
		t.Error("a pair is of layer 1")
	}
}

func TestLeadersCarryTheSecondOpinion(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "tennis", League: "open", Market: "h2h", Leader: "a", Follower: "b"}
	text, err := json.Marshal(map[string]graph.Opinion{key.String(): {}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{families: []graph.Family{{Key: key, DetectedAt: noon}}, documents: map[string]string{"second_opinion": string(text)}}
	l, err := List(t.Context(), Stored{d}, words.LeagueFilter{}, noon)
	if err != nil || len(l.Pairs) != 1 || l.Pairs[0].HayashiYoshida == nil {
		t.Errorf("%+v, %v", l, err)
	}
	d.documents = nil // a store without documents
	if l, err = List(t.Context(), Stored{d}, words.LeagueFilter{}, noon); err != nil || l.Pairs[0].HayashiYoshida != nil || l.Groups == nil {
		t.Errorf("%+v, %v", l, err)
	}
	d.documents = map[string]string{"second_opinion": "{"}
	if _, err = List(t.Context(), Stored{d}, words.LeagueFilter{}, noon); err == nil || !strings.Contains(err.Error(), "second_opinion") {
		t.Error(err)
	}
}

// A league that is over is known by its judgements: its events may be forgotten.
func TestFilterKnowsJudgedLeagues(t *testing.T) {
	d := &desk{leagues: []catalog.League{{Sport: "baseball", Name: "mlb", Markets: []string{"h2h"}}}}
	d.families = []graph.Family{{Key: graph.FamilyKey{Layer: odds.Direct, Sport: "soccer", League: "epl", Market: "corners", Leader: "a", Follower: "b"}, DetectedAt: noon}}
	if l, err := List(t.Context(), d, words.LeagueFilter{Sport: "soccer_epl", Market: "corners"}, noon); err != nil || len(l.Pairs) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := List(t.Context(), d, words.LeagueFilter{Sport: "nhl"}, noon); !errors.Is(err, words.ErrInvalid) {
		t.Error(err)
	}
	if l, err := List(t.Context(), &desk{}, words.LeagueFilter{Sport: "mlb", Market: "h2h"}, noon); err != nil || len(l.Pairs) > 0 {
		t.Errorf("nothing is known yet: %+v, %v", l, err)
	}
}

func TestFailingReader(t *testing.T) {
	gone := errors.New("the disk is gone")
	d := &desk{busy: gone, documents: map[string]string{"second_opinion": "{}"}}
	for name, r := range map[string]Reader{"any": d, "stored": Stored{d}} {
		if _, err := List(t.Context(), r, words.LeagueFilter{}, noon); !errors.Is(err, gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// broken takes no byte.
type broken struct{ calls int }

func (b *broken) Write([]byte) (int, error) { b.calls++; return 0, io.ErrClosedPipe }

func TestTextIsOneWrite(t *testing.T) {
	b := &broken{}
	if err := (&Leaders{}).Text(b, table.Style{}, true, 0); !errors.Is(err, io.ErrClosedPipe) || b.calls != 1 {
		t.Errorf("%v after %d writes", err, b.calls)
	}
}

func TestListOfNames(t *testing.T) {
	if a, b := list([]string{"a"}), list([]string{"a", "b", "c"}); a != "a" || b != "a, b and c" {
		t.Error(a, b)
	}
}
