package catalog

import (
	"bufio"
	"compress/bzip2"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/odds"
)

// recording opens a recording kept beside the repository.
func recording(t *testing.T, path ...string) *bufio.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join(append([]string{"..", "..", "shared", "data"}, path...)...))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the recordings are not there: ", err)
	}
	t.Cleanup(func() { f.Close() })
	if strings.HasSuffix(f.Name(), ".bz2") {
		return bufio.NewReader(bzip2.NewReader(f))
	}
	return bufio.NewReader(f)
}

// poll calls each with every event in every nth poll of a file of odds.
func poll(t *testing.T, name string, nth int, each func(e *odds.Event, at odds.Time)) {
	t.Helper()
	lines := bufio.NewScanner(recording(t, "the-odds-api-v4", name))
	lines.Buffer(nil, 16<<20)
	for i := 0; lines.Scan(); i++ {
		if i%nth != 0 {
			continue
		}
		var p struct {
			Timestamp odds.Time
			Data      []struct {
				ID    string
				Sport string    `json:"sport_key"`
				Start odds.Time `json:"commence_time"`
				Home  string    `json:"home_team"`
				Away  string    `json:"away_team"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Data {
			sport, league, _ := strings.Cut(d.Sport, "_")
			each(&odds.Event{ID: d.ID, Sport: sport, League: league, Start: d.Start, Home: d.Home, Away: d.Away}, p.Timestamp)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// Every team of the recordings is built in, and every source event stays a separate event,
// because the recordings contain series of the same two teams.
func TestRecordedTeamsAreKnown(t *testing.T) {
	for _, c := range []struct {
		file   string
		nth    int
		events int
	}{
		{"mlb_2026-08-07.ndjson.bz2", 12, 0},
		{"wnba_2026-08-06.ndjson.bz2", 12, 0},
		{"wnba_2026-08-07.ndjson.bz2", 12, 0},
		{"kbo_2026-07-30_2026-08-01.ndjson.bz2", 12, 20},
		{"nfl_2026-01-09_2026-01-19.ndjson.bz2", 12, 12},
	} {
		facts, names, ids := builtinFacts(t), map[string]bool{}, map[string]bool{}
		cat := New(facts, Options{})
		poll(t, c.file, c.nth, func(e *odds.Event, at odds.Time) {
			names[e.Home], names[e.Away], ids[e.ID] = true, true, true
			m := cat.Resolve(e.Sport+"_"+e.League, e, at)
			if m.Event.ID != e.ID || m.Swapped || m.Event.Home != e.Home {
				t.Errorf("%s: %s became %+v", c.file, e.ID, m)
			}
			for _, name := range []string{e.Home, e.Away} {
				if got := facts.Lookup(e.Sport, e.League, name); len(got) != 1 {
					t.Errorf("%s: %q is %q", c.file, name, got)
				}
			}
		})
		if len(names) < 10 || c.events > 0 && len(ids) != c.events {
			t.Errorf("%s: %d teams, %d events; want %d events", c.file, len(names), len(ids), c.events)
		}
		if a := cat.Ambiguities().List; len(a) != 0 {
			t.Errorf("%s: ambiguous: %+v", c.file, a)
		}
		t.Logf("%s: %d teams, %d events, links %+v", c.file, len(names), len(ids), cat.Watched())
	}
}

func TestRecordedLeaguesShareCities(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	shared := map[string]bool{}
	link := func(e *odds.Event, at odds.Time) {
		for _, l := range cat.Resolve(e.Sport+"_"+e.League, e, at).Links {
			if l.Layer == odds.CrossSport {
				shared[l.Entity] = true
			}
		}
	}
	poll(t, "mlb_2026-08-07.ndjson.bz2", 40, link)
	poll(t, "wnba_2026-08-07.ndjson.bz2", 40, link)
	for _, city := range []string{"chicago", "seattle", "los-angeles", "minneapolis", "washington", "atlanta", "phoenix", "dallas", "toronto", "san-francisco"} {
		if !shared["city:"+city] && !(city == "los-angeles" && shared["owner:mark-walter"]) {
			t.Errorf("no pair shares %s: %v", city, shared)
		}
	}
}

func TestProtoShortNamesAreKnown(t *testing.T) {
	facts := builtinFacts(t)
	var short map[string]map[string]string
	if err := json.NewDecoder(recording(t, "proto-vs-overseas", "team_map.json")).Decode(&short); err != nil {
		t.Fatal(err)
	}
	for _, league := range []string{"MLB", "KBO"} {
		teams := map[string]string{}
		for name, full := range short[league] {
			a, b := facts.Lookup("baseball", league, name), facts.Lookup("baseball", league, full)
			if len(a) != 1 || len(b) != 1 || a[0] != b[0] {
				t.Errorf("%s: %q is %q, %q is %q", league, name, a, full, b)
				continue
			}
			if other, ok := teams[a[0]]; ok {
				t.Errorf("%s: %q and %q are both %s", league, name, other, a[0])
			}
			teams[a[0]] = name
		}
	}
}

// The overseas prices name teams in English and mostly give no start; The Odds API covers
// part of the same days. Merged events must have the same two teams.
func TestRecordedSourcesMerge(t *testing.T) {
	cat := New(builtinFacts(t), Options{})
	poll(t, "kbo_2026-07-30_2026-08-01.ndjson.bz2", 4, func(e *odds.Event, at odds.Time) { cat.Resolve("odds", e, at) })
	rows, err := csv.NewReader(recording(t, "proto-vs-overseas", "live_odds_2026-07-26_2026-08-03.csv.bz2")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range rows[1:] {
		if r[1] != "MLB" && r[1] != "KBO" {
			continue
		}
		at, err := time.Parse(time.RFC3339, r[0])
		if err != nil {
			t.Fatal(err)
		}
		e := &odds.Event{ID: fmt.Sprint(r[2], "-", r[3], "-", at.YearDay()), Sport: "baseball", League: r[1], Home: r[2], Away: r[3]}
		for _, name := range []string{r[2], r[3]} {
			names[name] = true
			if got := cat.facts.Lookup("baseball", r[1], name); len(got) != 1 {
				t.Errorf("%s %q is %q", r[1], name, got)
			}
		}
		m := cat.Resolve("overseas", e, odds.TimeOf(at))
		if want := cat.facts.entities[cat.facts.Lookup("baseball", r[1], r[2])[0]].Name; m.Event.Home != want && !(m.Swapped && m.Event.Away == want) {
			t.Errorf("%+v became %+v", e, m.Event)
		}
	}
	t.Logf("%d names, %d events, %d ambiguous", len(names), len(cat.Events()), len(cat.Ambiguities().List))
}
