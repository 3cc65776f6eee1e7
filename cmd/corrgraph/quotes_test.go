package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/replay"
)

// asProgram makes the test binary be corrgraph.
const asProgram = "CORRGRAPH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// polls are two polls of one match: the second lacks a venue, and one side of another.
const polls = `{"timestamp":"2026-08-06T06:00:00Z","data":[{"id":"e1","sport_key":"baseball_mlb","commence_time":"2026-08-06T20:00:00Z","home_team":"A","away_team":"B","bookmakers":[` +
	`{"key":"one","markets":[{"key":"h2h","outcomes":[{"name":"A","price":1.8},{"name":"B","price":1.8}]}]},` +
	`{"key":"two","markets":[{"key":"h2h","outcomes":[{"name":"A","price":2.5},{"name":"B","price":1.5}]}]}]}]}
{"timestamp":"2026-08-06T06:05:00Z","data":[{"id":"e1","sport_key":"baseball_mlb","commence_time":"2026-08-06T20:00:00Z","home_team":"A","away_team":"B","bookmakers":[` +
	`{"key":"two","markets":[{"key":"h2h","outcomes":[{"name":"A","price":3}]}]}]}]}
`

// Quotes lists every change: without margin while the market is complete, as quoted after
// that, and what a poll lacks as unknown.
func TestQuotes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "q.db")
	must(t, "replay", "--db", db, file(t, "polls.ndjson", polls))
	rows, err := csv.NewReader(strings.NewReader(must(t, "quotes", "--db", db).out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], replay.ShownColumns) {
		t.Errorf("columns %v", rows[0])
	}
	var got []string
	for _, r := range rows[1:] {
		value := r[8]
		if len(value) > 6 {
			value = value[:6]
		}
		got = append(got, strings.Join([]string{r[0], r[2], r[7], value, r[9]}, " "))
	}
	want := []string{
		"2026-08-06T06:00:00Z one/e1/h2h/away 1.8 0 open",
		"2026-08-06T06:00:00Z two/e1/h2h/away 1.5 0.5108 open", // ln(0.625/0.375)
		"2026-08-06T06:00:00Z one/e1/h2h/home 1.8 0 open",
		"2026-08-06T06:00:00Z two/e1/h2h/home 2.5 -0.510 open",
		"2026-08-06T06:05:00Z one/e1/h2h/away 1.8  unknown",
		"2026-08-06T06:05:00Z two/e1/h2h/away 1.5  unknown",
		"2026-08-06T06:05:00Z one/e1/h2h/home 1.8  unknown",
		"2026-08-06T06:05:00Z two/e1/h2h/home 3 -0.693 open", // -ln 2, margin included
	}
	if !slices.Equal(got, want) {
		t.Errorf("quotes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var all struct {
		Quotes []replay.Shown `json:"quotes"`
	}
	if err := json.Unmarshal([]byte(must(t, "quotes", "--json", "--event", "e1", "--as-of", "2026-08-06T06:04:00Z", "--db", db).out), &all); err != nil || len(all.Quotes) != 4 {
		t.Errorf("%d quotes before the second poll, %v", len(all.Quotes), err)
	}
	if r := call(t, "", "quotes", "--event", "nosuch", "--db", db); r.code != codeFailed {
		t.Errorf("an unknown event gives exit code %d", r.code)
	}
}

// An independent parser in Python finds the same quotes, venues, events, outcomes, values
// and arbitrages in what is recorded. These are the small recordings; make independent
// compares all.
func TestIndependentParser(t *testing.T) {
	if testing.Short() {
		t.Skip("replays recordings; run without -short")
	}
	missing := func(what string) {
		if os.Getenv("CI") == "true" {
			t.Fatal("no " + what)
		}
		t.Skip("no " + what)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		missing("python3")
	}
	if _, err := os.Stat("../../../shared/data"); err != nil {
		missing("recordings under ../shared/data")
	}
	c := exec.CommandContext(t.Context(), "python3", "../../proof/independent/compare.py", os.Args[0],
		"--only", "oddsapi-raw", "betfair", "btcjpy", "proto")
	c.Env = append(os.Environ(), asProgram+"=1", "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
