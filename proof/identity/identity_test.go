package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	p := plan{renamed: map[string]string{"rivals": "baselines"}, changed: map[string]bool{"meaning": true, "total": true}}
	for name, c := range map[string]struct{ was, is, want string }{
		"same":           {`{"a":[1,{"b":null}],"seconds":1}`, `{"a":[1,{"b":null}],"seconds":2}`, ""},
		"order":          {`{"a":1,"b":2}`, `{"b":2,"a":1}`, ""},
		"renamed":        {`{"x":{"rivals":1}}`, `{"x":{"baselines":1}}`, ""},
		"value":          {`{"a":[1,{"b":0.5}]}`, `{"a":[1,{"b":0.25}]}`, ".a[1].b is 0.25, was 0.5"},
		"kind":           {`{"a":1}`, `{"a":"1"}`, `.a is "1", was 1`},
		"null":           {`{"a":null}`, `{"a":[]}`, `.a is [], was null`},
		"shape":          {`{"a":{}}`, `{"a":[]}`, `.a is [], was {}`},
		"missing":        {`{"a":1,"b":2}`, `{"a":1}`, ".b is missing"},
		"new":            {`{"a":1}`, `{"a":1,"b":2}`, ".b is new"},
		"inner seconds":  {`{"a":{"seconds":1}}`, `{"a":{"seconds":2}}`, ".a.seconds is 2, was 1"},
		"shorter":        {`{"a":[1,2]}`, `{"a":[1]}`, ".a has 1 elements, had 2"},
		"number's form":  {`{"a":1.0}`, `{"a":1}`, ".a is 1, was 1.0"},
		"not renamed":    {`{"rivals":1}`, `{"rivals":1}`, ".baselines is missing"},
		"changed":        {`{"a":[{"meaning":"x","n":1}]}`, `{"a":[{"meaning":"y","n":1,"total":3}]}`, ""},
		"beside changed": {`{"meaning":"x","n":1}`, `{"meaning":"y","n":2}`, ".n is 2, was 1"},
		"nothing at all": {"", "", ""},
		"no JSON":        {"{}", "oops", "new: invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.answers(answer{out: []byte(c.was)}, answer{out: []byte(c.is)})
			if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	if got := p.answers(answer{code: 0}, answer{code: 3, problem: []byte("bad")}); got != "exit code 3, was 0: bad" {
		t.Errorf("of exit codes it says %q", got)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ was, is, want string }{
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\n", "a\nc\n", `line 2 has "c", was "b"`},
		{"a\n", "a\nb\n", `line 2 has "b", was ""`},
		{"a\nb\n", "a\n", `line 2 has "", was "b"`},
		{"a\n", "a", "only one ends with a line break"},
		{strings.Repeat("x", 100) + "1", strings.Repeat("x", 100) + "2", `line 1 has "` + strings.Repeat("x", 20) + `2", was "` + strings.Repeat("x", 20) + `1"`},
	} {
		if got := lines(answer{out: []byte(c.was)}, answer{out: []byte(c.is)}); got != c.want {
			t.Errorf("%q and %q: %s, want %s", c.was, c.is, got, c.want)
		}
	}
}

func TestRatios(t *testing.T) {
	const s = time.Second
	mid, low, high := ratios([]time.Duration{2 * s, 4 * s, s}, []time.Duration{s, 4 * s, 3 * s})
	if mid != 1 || low != 0.5 || high != 3 {
		t.Errorf("median %v, range %v to %v; want 1, 0.5 to 3", mid, low, high)
	}
}

// data makes an empty file for every known recording.
func data(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, k := range known() {
		name := strings.NewReplacer("[mw][ln][bn]", "mlb", "*", "0.x").Replace(k[1])
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRecordingsAreComplete(t *testing.T) {
	root := data(t)
	found, err := recordings(root, "maps")
	if err != nil || len(found) != len(known()) {
		t.Fatalf("%d recordings, %v; want %d", len(found), err, len(known()))
	}
	if err := os.WriteFile(filepath.Join(root, "btcjpy-two-exchanges", "more.csv"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := recordings(root, "maps"); err == nil || !strings.Contains(err.Error(), "more.csv") {
		t.Errorf("of a file that nobody replays it says %v", err)
	}
	if err := os.RemoveAll(filepath.Join(root, "kalshi-nba-1min")); err != nil {
		t.Fatal(err)
	}
	if _, err := recordings(root, "maps"); err == nil || !strings.Contains(err.Error(), "kalshi") {
		t.Errorf("of a recording that is missing it says %v", err)
	}
}

// build writes a script that answers like a build of corrgraph; edges is its answer
// about edges.
func build(t *testing.T, edges string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "corrgraph")
	script := fmt.Sprintf(`#!/bin/sh
case $1 in
replay) echo '{"ticks":1,"seconds":'$$'}' ;;
dump) echo '-- SELECT' ;;
events) echo '{"events":[{"event_id":"a"},{"event_id":"b"}]}' ;;
edges) echo '%s' ;;
*) echo '{"of":"'$1'"}' ;;
esac
`, edges)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh to stand for a build")
	}
	old, same, other := build(t, `{"edges":[1]}`), build(t, `{"edges":[1]}`), build(t, `{"edges":[2]}`)
	root := data(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"identical": {[]string{"--base", old, "--new", same}, 0, "1 recordings, 0 different"},
		"different": {[]string{"--base", old, "--new", other}, 1, "DIFFERENT: edges: .edges[0] is 2, was 1"},
		"none":      {[]string{"--base", old, "--new", same, "--only", "nothing"}, 1, "0 recordings"},
		"no base":   {nil, 2, ""},
		"no runs":   {[]string{"--base", old, "--runs", "0"}, 2, ""},
		"renamed":   {[]string{"--base", old, "--renamed", "rivals"}, 2, ""},
		"absent":    {[]string{"--base", filepath.Join(root, "no such build"), "--new", same}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			args := append([]string{"--data", root, "--only", "^btcjpy$", "--runs", "2"}, c.args...)
			if code := run(t.Context(), args, &out, io.Discard); code != c.code || !strings.Contains(out.String(), c.want) {
				t.Errorf("exit code %d, want %d; it said %q, want %q", code, c.code, out.String(), c.want)
			}
		})
	}
}
