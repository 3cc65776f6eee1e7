package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatFollowsAnAnswerIsCompared: a second text behind the JSON is no part of it, and
// says that something is wrong.
func TestWhatFollowsAnAnswerIsCompared(t *testing.T) {
	var p plan
	for name, c := range map[string]struct{ was, is, want string }{
		"line breaks":     {"{}\n", "{}", ""},
		"more of one":     {"{}\n", "{}\n{}\n", "new: "},
		"garbage of one":  {"{}\n", "{}\noops", "new: "},
		"the base's":      {"{}x", "{}", "base: "},
		"nothing and one": {"", "{}", "base: EOF"},
		"half":            {`{"a":1}`, `{"a":`, "new: unexpected EOF"},
	} {
		got := p.answers(answer{out: []byte(c.was)}, answer{out: []byte(c.is)})
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestNumbersAreComparedAsWritten: no digit is lost on the way.
func TestNumbersAreComparedAsWritten(t *testing.T) {
	var p plan
	for _, c := range [][2]string{
		{"0.1", "0.10"}, {"9007199254740993", "9007199254740992"}, {"1e2", "100"}, {"-0", "0"}, {"0.30000000000000004", "0.3"},
	} {
		one, two := answer{out: []byte(`[` + c[0] + `]`)}, answer{out: []byte(`[` + c[1] + `]`)}
		if got, want := p.answers(one, two), "[0] is "+c[1]+", was "+c[0]; got != want {
			t.Errorf("%s and %s: %q, want %q", c[0], c[1], got, want)
		}
		if got := p.answers(one, one); got != "" {
			t.Errorf("%s and itself: %q", c[0], got)
		}
	}
}

func TestOnlyTheReplaysOwnSecondsMayDiffer(t *testing.T) {
	p := plan{renamed: map[string]string{"took": "seconds"}}
	for _, c := range []struct{ was, is, want string }{
		{`{"seconds":1}`, `{"seconds":"soon"}`, ""},
		{`{"took":1}`, `{"seconds":2}`, ""},
		{`[{"seconds":1}]`, `[{"seconds":2}]`, "[0].seconds is 2, was 1"},
		{`{"seconds":1}`, `{}`, ".seconds is missing"},
	} {
		if got := p.answers(answer{out: []byte(c.was)}, answer{out: []byte(c.is)}); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.was, c.is, got, c.want)
		}
	}
}

func TestLongValuesAreCut(t *testing.T) {
	for n, want := range map[int]int{0: 0, 119: 119, 120: 120, 121: 120 + len("…"), 500: 120 + len("…")} {
		if got := clip([]byte(strings.Repeat("x", n))); len(got) != want {
			t.Errorf("%d bytes became %d, want %d", n, len(got), want)
		}
	}
	if got := show(map[string]any{"a": strings.Repeat("x", 200)}); !strings.HasPrefix(got, `{"a":"xxx`) || !strings.HasSuffix(got, "x…") {
		t.Errorf("%q", got)
	}
	if got := show(func() {}); !strings.Contains(got, "unsupported type") {
		t.Errorf("%q", got)
	}
}

func TestLinesOfFailuresAreNotCompared(t *testing.T) {
	if got := lines(answer{code: 0}, answer{code: 1, problem: []byte("no such table")}); got != "exit code 1, was 0: no such table" {
		t.Errorf("%q", got)
	}
	if got := lines(answer{}, answer{}); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	if got := lines(answer{out: []byte("same\nshort")}, answer{out: []byte("same\nshorter")}); got != `line 2 has "shorter", was "short"` {
		t.Errorf("%q", got)
	}
}

func TestSamplesAreSpreadEvenly(t *testing.T) {
	const events = `{"events":[{"event_id":"a"},{"event_id":"b"},{"event_id":"c"},{"event_id":"d"},{"event_id":"e"}]}`
	for n, want := range map[int]string{0: "", 1: "a", 2: "a c", 5: "a b c d e", 9: "a b c d e"} {
		p := plan{graphs: n}
		if got := strings.Join(p.sample([]byte(events)), " "); got != want {
			t.Errorf("%d of 5: %q, want %q", n, got, want)
		}
	}
	p := plan{graphs: 3}
	if got := p.sample([]byte(`{"events":[]}`)); len(got) > 0 {
		t.Errorf("of none: %q", got)
	}
	if got := p.sample([]byte("oops")); got != nil {
		t.Errorf("of no JSON: %q", got)
	}
}

func TestRenamedMembersOnTheCommandLine(t *testing.T) {
	for text, want := range map[string]map[string]string{"": {}, "a=b": {"a": "b"}, "a=b,,c=d=e,": {"a": "b", "c": "d=e"}} {
		if got, err := pairs(text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"a", "=b", "a=", "a=b,c"} {
		if _, err := pairs(bad); err == nil || !strings.Contains(err.Error(), "old=new") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestBadCommandLinesSayWhy(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"", "--base is required"},
		{"--base x --only (", "missing closing )"},
		{"--base x --graphs -1", "--graphs at least 0"},
		{"--base x --runs 0", "--runs must be at least 1"},
		{"--base x more", `unexpected argument "more"`},
		{"--nosuch", "nosuch"},
	} {
		var said strings.Builder
		if code := run(t.Context(), strings.Fields(c.line), io.Discard, &said); code != 2 || !strings.Contains(said.String(), c.says) {
			t.Errorf("%q: exit code %d, %q, want %q", c.line, code, said.String(), c.says)
		}
	}
}

func TestAVerdictIsOneLine(t *testing.T) {
	v := verdict{name: "kbo", base: []time.Duration{2 * time.Second, 4 * time.Second}, fresh: []time.Duration{time.Second, 6 * time.Second}}
	if got := strings.Join(strings.Fields(v.String()), " "); got != "kbo base 3.00 s, new 3.50 s, ratio 1.000 (0.500 to 1.500) identical" {
		t.Errorf("%q", got)
	}
	v.difference = "dump: line 2"
	if got := v.String(); !strings.HasSuffix(got, "  DIFFERENT: dump: line 2") || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}

// TestACommandThatIsKilledIsAnError, and one that fails is an answer with its code.
func TestACommandThatIsKilledIsAnError(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh to stand for a build")
	}
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "corrgraph")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, err := call(t.Context(), script("echo out; echo problem >&2; exit 3"), "dump")
	if err != nil || a.code != 3 || string(a.out) != "out\n" || string(a.problem) != "problem\n" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := call(t.Context(), script("kill -9 $$"), "dump"); err == nil || !strings.Contains(err.Error(), "dump: signal: killed") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := call(ctx, script("echo out"), "dump"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestARecordingIsOfItsFilesAndItsMap(t *testing.T) {
	root := data(t)
	found, err := recordings(root, "maps")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found {
		mapped := slices.Contains(r.args, "--map")
		if want := r.name == "kalshi" || r.name == "btcjpy" || r.name == "prediction-markets" || strings.HasPrefix(r.name, "proto-"); mapped != want || mapped && !strings.HasPrefix(r.args[1], "maps/") {
			t.Errorf("%s: %q", r.name, r.args)
		}
	}
	// What is no recording may lie beside them.
	for _, name := range []string{"README.md", "team_map.json", "LICENSE"} {
		if err := os.WriteFile(filepath.Join(root, "kalshi-nba-1min", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := recordings(root, "maps"); err != nil {
		t.Error(err)
	}
}
