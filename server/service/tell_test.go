package service

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/store"
)

// Every message of the hub is told under its own kind.
func TestEveryMessageIsToldUnderItsKind(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for _, c := range []struct {
			m    live.Message
			says []string
		}{
			{live.Message{Kind: "move", Data: live.Moved{Move: engine.Move{Node: "n", Event: "e", At: noon, Raw: 0.5, Value: 1.5, Price: 2.5, RMS: 0.25}}}, []string{`"node":"n"`, `"event_id":"e"`, `"move":0.5`, `"value":1.5`, `"price":2.5`, `"rms":0.25`}},
			{live.Message{Kind: "move", Data: live.Moved{}}, []string{`"price":null`}},
			{live.Message{Kind: "prediction", Data: live.Issued{Prediction: ledger.Prediction{ID: "p"}}}, []string{`"id":"p"`}},
			{live.Message{Kind: "outcome", Data: live.Settled{Prediction: ledger.Prediction{ID: "q", Outcome: ledger.Hit}}}, []string{`"id":"q"`, `"hit"`}},
			{live.Message{Kind: "anomaly", Data: live.AnomalyUpdate{Seq: 3, Anomaly: detect.Anomaly{Kind: "jump", Event: "e", At: noon}}}, []string{`"kind":"jump"`, `"event_id":"e"`}},
			{live.Message{Kind: "graph", Event: "e", At: noon, Data: live.Renewed{Version: 7}}, []string{`"event_id":"e"`, `"version":7`, `"as_of":"2026-05-28T20:26:40Z"`}},
			{live.Message{Kind: "decision", At: noon, Data: live.Decided{Families: 9}}, []string{`"families":9`, `"at":"2026-05-28T20:26:40Z"`}},
			{live.Message{Kind: "gap", Data: live.Missed{Source: engine.Source{Name: "s", Missed: 4}}}, []string{`"scope":"feed"`, `"source":"s"`, `"missed":4`}},
		} {
			told := g.Told(&c.m)
			text, err := json.Marshal(told)
			if err != nil || told.Kind() != c.m.Kind {
				t.Errorf("%s is told as %s, %v", c.m.Kind, told.Kind(), err)
			}
			for _, part := range c.says {
				if !strings.Contains(string(text), part) {
					t.Errorf("%s: %s lacks %s", c.m.Kind, text, part)
				}
			}
		}
		defer func() {
			if r := fmt.Sprint(recover()); !strings.Contains(r, `kind "move" without its payload`) {
				t.Errorf("a message without payload: %s", r)
			}
		}()
		g.Told(&live.Message{Kind: "move"})
	})
}

func TestFeedsTellNullFromZero(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		now := odds.TimeOf(time.Now())
		refused := map[string]uint64{"late": 2}
		g.live.state(func(s *live.State) {
			s.AsOf, s.Queue, s.HeldBack = noon, 3, 5
			s.Feeds = []feed.Stats{
				{Source: "s", Polled: true, Quotes: 7, Refused: refused, Last: noon, Received: now.Add(-1500), Delay: -20, Step: 1000, Missed: 1},
				{Source: "t", Venue: "v"},
			}
		})
		got, err := g.Feeds(g.ctx)
		if err != nil || len(got.Feeds) != 2 || got.AsOf != noon || got.Queue != 3 || got.HeldBack != 5 {
			t.Fatalf("%+v, %v", got, err)
		}
		s, v := got.Feeds[0], got.Feeds[1]
		if !s.Polled || s.Quotes != 7 || *s.LastTick != noon || *s.ReceivedAt != now.Add(-1500) || *s.AgeMs != 1500 || s.DelayMs != -20 || s.StepMs != 1000 || s.Missed != 1 || s.Refused["late"] != 2 {
			t.Errorf("%+v", s)
		}
		if v.Venue != "v" || v.LastTick != nil || v.ReceivedAt != nil || v.AgeMs != nil || v.Refused == nil || len(v.Refused) != 0 {
			t.Errorf("never heard: %+v", v)
		}
		s.Refused["late"] = 99
		if refused["late"] != 2 {
			t.Error("what is published was changed through an answer")
		}
	})
}

func TestPerformanceIsListedInItsUnits(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		var rows []store.Performance
		for i := range odds.Time(3) {
			rows = append(rows, store.Performance{
				At: noon.Add(odds.Millis(1000 * i)), Component: Component, Operation: []string{OpGraph, OpIngest}[i%2], P50: 1500 * time.Nanosecond, P99: 2 * time.Millisecond, PerSecond: 10, MemoryMB: 64, CPU: 150,
			})
		}
		if err := g.store.RecordPerformance(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			from, to  odds.Time
			operation string
			limit     int
			want      []odds.Millis // after noon
		}{
			{0, 0, "", 10, []odds.Millis{2000, 1000, 0}},
			{0, 0, "", 2, []odds.Millis{2000, 1000}},
			{0, 0, OpGraph, 10, []odds.Millis{2000, 0}},
			{noon.Add(1), noon.Add(1000), "", 10, []odds.Millis{1000}},
			{noon.Add(2001), 0, "", 10, nil},
		} {
			got, err := g.Performance(g.ctx, c.from, c.to, c.operation, c.limit)
			var at []odds.Millis
			for _, m := range got {
				at = append(at, m.At.Sub(noon))
				if m.P50Us != 1.5 || m.P99Us != 2000 || m.PerSecond != 10 || m.MemoryMB != 64 || m.CPU != 150 {
					t.Errorf("%+v", m)
				}
			}
			if err != nil || got == nil || !slices.Equal(at, c.want) {
				t.Errorf("%+v: %v, %v", c, at, err)
			}
		}
	})
}

func TestACursorOfAnotherLogIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for _, cursor := range []string{"x", "-1", "0", "1.5", "99999999999999999999"} {
			if got, err := g.Audit(g.ctx, store.AuditFilter{}, cursor, 10); got != nil || code(err) != Invalid {
				t.Errorf("%q: %+v, %v", cursor, got, err)
			}
		}
	})
}

func TestTheAuditLogIsReadPageByPage(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for range 5 {
			if _, err := g.Feeds(g.ctx); err != nil {
				t.Fatal(err)
			}
		}
		g.rest(time.Second) // they are written
		var ids []int64
		cursor := ""
		for page := range 4 {
			got, err := g.Audit(g.ctx, store.AuditFilter{Operation: string(OpFeeds)}, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range got.Rows {
				if r.Operation != string(OpFeeds) || r.Actor != "tester" || r.Status != "OK" {
					t.Errorf("%+v", r)
				}
				ids = append(ids, r.ID)
			}
			if cursor = got.Next; cursor == "" {
				if page != 2 {
					t.Errorf("%d pages of 2 for 5 rows", page+1)
				}
				break
			}
		}
		if len(ids) != 5 || !slices.IsSortedFunc(ids, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("rows %v, want each once, newest first", ids)
		}
	})
}

func TestNewReadiness(t *testing.T) {
	gate := func(severity, status string) store.Check {
		return store.Check{Name: severity + status, Severity: severity, Status: status}
	}
	for name, c := range map[string]struct {
		checks                           []store.Check
		passed, failed, pending, blocker int
		authorised                       bool
	}{
		"nothing was run":      {nil, 0, 0, 0, 0, false},
		"all pass":             {[]store.Check{gate("CRITICAL", "PASS"), gate("LOW", "PASS")}, 2, 0, 0, 0, true},
		"one not critical":     {[]store.Check{gate("CRITICAL", "PASS"), gate("HIGH", "FAIL")}, 1, 1, 0, 0, true},
		"a critical one":       {[]store.Check{gate("CRITICAL", "FAIL"), gate("LOW", "PASS")}, 1, 1, 0, 1, false},
		"one that was not run": {[]store.Check{gate("LOW", "PENDING"), gate("CRITICAL", "PASS")}, 1, 0, 1, 0, false},
		"a word nobody knows":  {[]store.Check{gate("LOW", "SKIPPED")}, 0, 0, 1, 0, false},
	} {
		r := NewReadiness(c.checks)
		if r.Total != len(c.checks) || r.Passed != c.passed || r.Failed != c.failed || r.Pending != c.pending || r.Blockers != c.blocker || r.Authorised != c.authorised || r.Gates == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if g := NewReadiness([]store.Check{{LastChecked: noon}}).Gates[0]; g.Since != nil || g.LastChecked == nil || !g.LastChecked.Equal(noon.Std()) {
		t.Errorf("%+v", g)
	}
}

func TestAResultSaysSomethingForAWeek(t *testing.T) {
	const week odds.Millis = 7 * 24 * 3_600_000
	for age, want := range map[odds.Millis]string{0: "PASS", week: "PASS", week + 1: "PENDING"} {
		now := noon.Add(age)
		got := aged([]store.Check{{Status: "PASS", LastChecked: noon, Since: noon - 5}}, now)[0]
		since := noon - 5
		if want == "PENDING" {
			since = noon.Add(week)
		}
		if got.Status != want || got.Since != since {
			t.Errorf("%v old: %s since %v, want %s since %v", age.Std(), got.Status, got.Since, want, since)
		}
	}
	if got := aged([]store.Check{{Status: "FAIL"}}, odds.Never)[0]; got.Status != "FAIL" {
		t.Errorf("one that states no time: %s", got.Status)
	}
}

func TestAGateIsNamedAndWorded(t *testing.T) {
	at := noon.Std().Add(999 * time.Microsecond)
	good := Gate{Name: "restart", Severity: "HIGH", Status: "PASS", Measured: "1 s", LastChecked: &at}
	c, err := good.Check()
	if err != nil || c.Component != Component || c.Name != "restart" || c.Measured != "1 s" || c.LastChecked != noon || c.Since != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	for name, spoil := range map[string]func(*Gate){
		"no name":          func(g *Gate) { g.Name = "" },
		"another status":   func(g *Gate) { g.Status = "pass" },
		"another severity": func(g *Gate) { g.Severity = "URGENT" },
		"no severity":      func(g *Gate) { g.Severity = "" },
	} {
		bad := good
		spoil(&bad)
		if _, err := bad.Check(); err == nil || !strings.HasPrefix(err.Error(), "want a name, a status") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyAnEventThatIsThereCanBeWatched(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		if err := g.Watch(g.ctx, "none"); code(err) != Unknown {
			t.Errorf("%v", err)
		}
		g.live.show(match("e", 1))
		if err := g.Watch(g.ctx, "e"); err != nil {
			t.Error(err)
		}
		if g.Hub() != g.live.hub {
			t.Error("another hub")
		}
	})
}
