package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// rightToday are markets of which nothing wrong may be said.
const rightToday = "^(phases (un)?declared|stale copy|clock ahead|chain|slow follower|goals for all|thin, nothing there|poll: (lead of [234]0 s|ages, (stamped|bare)|overshoot|steps|phases (un)?declared|split requests|equal grids|common shocks))$"

func TestWhatIsRightStaysRight(t *testing.T) {
	var out, log bytes.Buffer
	code := run(t.Context(), []string{"--seeds", "1", "--only", rightToday, "--json"}, &out, &log)
	var r struct {
		Markets []struct {
			Market  string `json:"market"`
			Right   int    `json:"right"`
			Example string `json:"example"`
			Runs    []struct {
				Verdict string      `json:"verdict"`
				Claims  []claimText `json:"claims"`
			} `json:"runs"`
		} `json:"markets"`
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if code != 0 || len(r.Markets) != 20 {
		t.Errorf("exit code %d, %d markets, %s", code, len(r.Markets), log.String())
	}
	for _, m := range r.Markets {
		if m.Right != 1 || len(m.Runs) != 1 || m.Runs[0].Verdict != "right" || len(m.Runs[0].Claims) == 0 {
			t.Errorf("%s: %s", m.Market, m.Example)
		}
	}
}

type claimText struct {
	Of      string `json:"of"`
	Verdict string `json:"verdict"`
}

func TestTheTableHasARowAMarket(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--seeds", "2", "--only", "nothing there"}, &out, &out); code != 0 {
		t.Errorf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "market ") || strings.Join(strings.Fields(lines[1])[:7], " ") != "thin, nothing there 2 2 0 0" {
		t.Errorf("%q", lines)
	}
}

func TestWhatIsWrongIsCountedAndShown(t *testing.T) {
	c := tally{Market: "m"}
	c.add(result{Seed: 1, Claims: []claim{{Said: "a", Why: "b"}}})
	c.add(result{Seed: 2, Verdict: wrong, Claims: []claim{{Said: "x"}, {Said: "c", Why: "d", Verdict: wrong}}})
	c.add(result{Seed: 3, Verdict: cantTell, Claims: []claim{{Said: "e", Verdict: cantTell}}})
	if c.Right != 1 || c.CantTell != 1 || c.Wrong != 1 || c.Example != "c: d (seed 2)" {
		t.Errorf("%+v", c)
	}
	if r := (report{Markets: []tally{{Right: 1}, c}}); !r.wrong() {
		t.Error("nothing is wrong")
	}
}

func TestCommandLine(t *testing.T) {
	var out, log bytes.Buffer
	if code := run(t.Context(), []string{"--list"}, &out, &log); code != 0 || strings.Count(out.String(), "\n") < 20 || !strings.Contains(out.String(), "leader swaps: ann leads bob") {
		t.Errorf("%d: %s", code, out.String())
	}
	for _, args := range [][]string{{"--seeds", "0"}, {"--only", "("}, {"--nonsense"}, {"more"}} {
		if code := run(t.Context(), args, &out, &log); code != 2 || log.Len() == 0 {
			t.Errorf("%v: exit code %d", args, code)
		}
		log.Reset()
	}
}
