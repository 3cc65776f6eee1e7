package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/answer"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store"
)

// kill makes a layer fail for a while.
func (g *rig) kill(l odds.Layer, lasts time.Duration) {
	g.t.Helper()
	if _, err := g.Inject(g.ctx, "kill-layer", fault.Params{Layer: l}, lasts); err != nil {
		g.t.Fatal(err)
	}
}

func TestASlowStoreIsNotCalledWellMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.rest(time.Second)
		if _, err := g.Inject(g.ctx, "slow-store", fault.Params{Delay: 200 * time.Millisecond}, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		for shown, at := false, time.Duration(0); at < 2*time.Minute; at += 7 * time.Millisecond {
			failed := g.Health().Store.Status == graph.Failed
			if shown && !failed {
				t.Fatalf("the store is well %s after the fault began", at)
			}
			shown = shown || failed
			if at > 5*time.Second && !shown {
				t.Fatal("it was never shown")
			}
			g.rest(7 * time.Millisecond)
		}
	})
}

func TestALayersBreakerOpensAtFiveFailuresAMinuteAndCloses(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		g.kill(odds.CrossMarket, time.Minute)
		for i := range 6 {
			out := g.parsed("m")
			h := g.Health().Layers[1]
			want := "closed"
			if i >= 4 {
				want = "open"
			}
			if h.Circuit != want || h.Status != graph.Failed || out.Layers[1].Status != graph.Failed || out.Layers[0].Status != graph.Healthy {
				t.Errorf("after %d failures: %+v, graph %s", i+1, h, out.Layers[1].Status)
			}
			time.Sleep(100 * time.Millisecond)
		}
		must[int](t)(g.ClearFaults(g.ctx))
		if out := g.parsed("m"); out.Layers[1].Status != graph.Failed || !strings.Contains(out.Layers[1].Reason, "circuit open") {
			t.Errorf("an open circuit lets through: %+v", out.Layers[1])
		}
		time.Sleep(6 * time.Second) // the trial
		if out := g.parsed("m"); out.Status != graph.Healthy {
			t.Errorf("%+v", out.Layers[1])
		}
		g.live.state(func(*live.State) {})
		if h := g.Health(); h.Status != graph.Healthy || h.Layers[1].Circuit != "closed" {
			t.Errorf("%+v", h)
		}
		g.awake() // records the changes
		seen := map[string]int{}
		for _, r := range g.audited() {
			seen[r.Operation]++
		}
		if seen["L2_BUILD_FAILED"] != 5 || seen["CIRCUIT_OPEN"] != 1 || seen["CIRCUIT_HALF_OPEN"] != 1 || seen["CIRCUIT_CLOSED"] != 1 {
			t.Errorf("written down: %v", seen)
		}
	})
}

func TestFailuresFarApartOpenNothing(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		g.kill(odds.Direct, 10*time.Minute)
		for range 10 {
			g.parsed("m")
			if c := g.Health().Layers[0].Circuit; c != "closed" {
				t.Fatalf("circuit %s", c)
			}
			time.Sleep(16 * time.Second)
		}
	})
}

func TestHealthHealsWithoutQuestions(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		v := match("m", 1)
		g.live.show(v)
		g.live.state(func(st *live.State) { st.Events = []live.EventRow{{Event: v.Event, Last: noon}} })
		beat := func(d time.Duration) { // the engine keeps publishing
			for range d / time.Second {
				time.Sleep(time.Second)
				g.live.state(func(*live.State) {})
			}
		}
		beat(2 * time.Second)
		if h := g.Health(); h.Status != graph.Healthy || len(g.Ready()) != 0 {
			t.Fatalf("%+v", h)
		}
		for _, l := range odds.Layers {
			g.kill(l, 20*time.Second)
			beat(2 * time.Second)
			want := graph.Degraded
			if l == odds.CrossSport {
				want = graph.Failed
			}
			if h := g.Health(); h.Status != want || (len(g.Ready()) > 0) != (want == graph.Failed) {
				t.Errorf("with layer %d gone too: %+v, ready %v", l, h, g.Ready())
			}
		}
		if _, err := g.Graph(g.ctx, "m", 0); code(err) != Unavailable {
			t.Errorf("a graph without layers: %v", err)
		}
		beat(40 * time.Second)
		if h := g.Health(); h.Status != graph.Healthy || len(g.Ready()) != 0 {
			t.Errorf("after all faults: %+v", h)
		}
	})
}

func TestHealthTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(g *rig)
		status graph.Status
		reason string // in health; empty: none
		ready  string // why not ready; empty: ready
	}{
		{"all is well", func(*rig) {}, graph.Healthy, "", ""},
		{"layers that are off are not missing", func(g *rig) { g.Set([4]LayerMode{Off, Off, Off, Off}, false) }, graph.Healthy, "", ""},
		{"the log is read back", func(g *rig) { g.live.state(func(st *live.State) { st.Recovering = true }) }, graph.Degraded, "recovering", "recovering"},
		{"the store does not answer in time", func(g *rig) {
			_, _ = g.Inject(g.ctx, "slow-store", fault.Params{Delay: time.Second}, time.Minute)
			g.probe(g.ctx)
		}, graph.Degraded, "store", ""},
		{"the disk is full", func(g *rig) {
			g.live.set(func() { g.live.refuse = fmt.Errorf("append: %w", store.ErrFull) })
			_, _ = g.Ingest(g.ctx, nil)
		}, graph.Degraded, "tick log", ""},
		{"memory is at its ceiling", func(g *rig) { g.used.Store(ceiling); time.Sleep(time.Second) }, graph.Degraded, "memory", "ceiling"},
		{"ticks wait", func(g *rig) {
			g.live.state(func(st *live.State) { st.Queue, st.Arrived = 3, odds.TimeOf(time.Now()).Add(-6000) })
		}, graph.Degraded, "ticks have been waiting", ""},
		{"the engine hangs", func(*rig) { time.Sleep(6 * time.Second) }, graph.Degraded, "nothing was published", ""},
		{"nothing is decided", func(g *rig) {
			g.live.state(func(st *live.State) { st.Undecided = 11 * time.Minute })
		}, graph.Degraded, "decisions: none was made for 11m", ""},
		{"a decision is late", func(g *rig) {
			g.live.state(func(st *live.State) { st.Undecided, st.Unchecked = 6*time.Minute, 6*time.Minute })
		}, graph.Healthy, "", ""},
		{"learning is far behind", func(g *rig) {
			g.live.state(func(st *live.State) { st.Unlearnt = 300_000 })
		}, graph.Degraded, "learning: 300000 quotes wait to be learnt from", ""},
		{"nothing is checked", func(g *rig) {
			g.live.state(func(st *live.State) { st.Unchecked = 11 * time.Minute })
		}, graph.Degraded, "check on mismatched events", ""},
		{"the audit log can't be written", func(g *rig) {
			g.probe(g.ctx)
			_, _ = g.Inject(g.ctx, "full-disk", fault.Params{}, time.Minute)
			time.Sleep(time.Second)
			g.probe(g.ctx)
			g.live.state(func(*live.State) {})
		}, graph.Degraded, "audit log", ""},
		{"a source is refused", func(g *rig) {
			g.live.refusing = []ingest.Refusing{{Source: "feed\n", Reason: "late", Refused: 9, Of: 10}, {Source: "b"}, {Source: "c"}, {Source: "d"}, {Source: "e"}}
		}, graph.Degraded, `of source "feed\n" 9 of the last 10 quotes were refused as late: compare the clocks`, ""},
		{"many sources are refused", func(g *rig) { g.live.refusing = make([]ingest.Refusing, 1000) }, graph.Degraded, "of 997 sources more", ""},
		{"the log is ahead of the clock", func(g *rig) { g.live.ahead = &ingest.Ahead{Source: "far", At: noon} }, graph.Healthy, "", ""},
		{"only the clock was set", func(g *rig) { g.skew.Store(int64(time.Hour)) }, graph.Healthy, "", ""},
		{"only the clock was set back", func(g *rig) { g.skew.Store(-int64(time.Hour)) }, graph.Healthy, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, g *rig) {
				g.live.show(match("m", 1))
				time.Sleep(time.Second)
				g.live.state(func(st *live.State) { st.Arrived = odds.TimeOf(time.Now()) })
				c.do(g)
				h, ready := g.Health(), strings.Join(g.Ready(), "; ")
				said := strings.Join(h.Reasons, "; ")
				if h.Status != c.status || !strings.Contains(said, c.reason) || (c.reason == "") != (said == "") {
					t.Errorf("%s: %s", h.Status, said)
				}
				if noted := len(h.Notes) > 0; noted != (g.live.ahead != nil) {
					t.Errorf("notes: %q", h.Notes)
				}
				if !strings.Contains(ready, c.ready) || (c.ready == "") != (ready == "") {
					t.Errorf("ready: %q", ready)
				}
			})
		})
	}
}

func TestWrongQuestionsAndClientsThatLeaveChangeNothing(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		gone, cancel := context.WithCancel(g.ctx)
		cancel()
		long := odds.NodeID(strings.Repeat("x", 200))
		for range 20 {
			for what, err := range map[string]error{
				"graph":       second(g.Graph(g.ctx, "nothing", 0)),
				"anomalies":   second(g.Anomalies(g.ctx, answer.AnomalyQuery{Event: "nothing"})),
				"event":       second(g.Event(g.ctx, "nothing", odds.InDecimal)),
				"propagation": second(g.Propagation(g.ctx, answer.PropagationQuery{Source: long})),
				"target":      second(g.Propagation(g.ctx, answer.PropagationQuery{Source: node("lead", "m", "home"), Target: long})),
				"predictions": second(g.Predictions(g.ctx, "x")),
				"edge":        second(g.Edge(g.ctx, "a", "b")),
				"strangers":   second(g.Edge(g.ctx, node("a", "m", "home"), node("b", "m", "home"))),
				"audit":       second(g.Audit(g.ctx, store.AuditFilter{}, "x", 10)),
				"readiness":   second(g.RecordReadiness(g.ctx, []Gate{{Name: "x", Status: "MAYBE"}})),
				"fault":       second(g.Inject(g.ctx, "earthquake", fault.Params{}, time.Second)),
				"watch":       g.Watch(g.ctx, "nothing"),
			} {
				if c := code(err); c != Unknown && c != Invalid {
					t.Fatalf("%s: %v", what, err)
				}
			}
			if _, err := g.Graph(gone, "m", 0); err == nil {
				t.Fatal("answered a client that has left")
			}
			g.build(gone, match("m", 1), noon)
			g.live.set(func() { g.live.refuse = context.Canceled })
			_, _ = g.Ingest(g.ctx, nil)
			g.live.set(func() { g.live.refuse = ingest.ErrRecovering })
			if _, err := g.Ingest(g.ctx, nil); code(err) != Unavailable {
				t.Fatal(err)
			}
			g.live.set(func() { g.live.refuse = ingest.ErrBusy })
			if _, err := g.Ingest(g.ctx, nil); code(err) != Unavailable || Classify(err).RetryAfter == 0 {
				t.Fatal(err)
			}
		}
		if h := g.Health(); h.Status != graph.Healthy || len(h.Reasons) != 0 {
			t.Errorf("%+v", h)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestATickLogThatFailsIsLeftAloneAndTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.awake()
		g.live.set(func() { g.live.refuse = fmt.Errorf("append: %w", store.ErrFull) })
		_, _ = g.Inject(g.ctx, "full-disk", fault.Params{}, 10*time.Second)
		for range 5 {
			if _, err := g.Ingest(g.ctx, nil); code(err) != Unavailable || Classify(err).RetryAfter == 0 {
				t.Error(err)
			}
		}
		if h := g.Health(); h.Log.Circuit != "open" || h.Log.Status != graph.Failed || h.Status != graph.Degraded {
			t.Errorf("%+v", h)
		}
		g.live.set(func() { g.live.refuse = nil })
		time.Sleep(30 * time.Second)
		g.live.state(func(*live.State) {})
		if h := g.Health(); h.Status != graph.Healthy {
			t.Errorf("it does not heal by itself: %+v", h)
		}
		if r, err := g.Ingest(g.ctx, []*odds.Batch{{At: noon, Updates: []odds.Update{{Quotes: make([]odds.Quote, 3)}}}}); err != nil || r.Accepted != 3 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestEveryOperationIsWrittenDown(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		from := node("lead", "m", "home")
		_, _ = g.Graph(g.ctx, "m", 0)
		_, _ = g.Graph(g.ctx, strings.Repeat("ä", 1000), 0)
		_, _ = g.Anomalies(g.ctx, answer.AnomalyQuery{Event: "m"})
		_, _ = g.RecentAnomalies(g.ctx, answer.AnomalyQuery{Newest: 10})
		_, _ = g.Propagation(g.ctx, answer.PropagationQuery{Source: from})
		_, _ = g.Predictions(g.ctx, from)
		_, _ = g.Edge(g.ctx, from, from)
		_, _ = g.Event(g.ctx, "m", odds.InDecimal)
		_, _ = g.Events(g.ctx, answer.EventQuery{})
		_, _ = g.Scorecard(g.ctx)
		_, _ = g.Feeds(g.ctx)
		_, _ = g.Readiness(g.ctx)
		_, _ = g.Audit(g.ctx, store.AuditFilter{}, "", 10)
		_, _ = g.Ingest(g.ctx, nil)
		_, _ = g.Inject(g.ctx, "clock-skew", fault.Params{Skew: time.Hour}, time.Second)
		g.skew.Store(int64(time.Hour))
		_ = g.run(g.ctx, OpMoves, "", func(context.Context) error { g.skew.Store(0); panic("on purpose") })
		g.live.set(func() { g.live.busy = context.DeadlineExceeded })
		_, _ = g.RecentAnomalies(g.ctx, answer.AnomalyQuery{Newest: 10})
		want := []string{
			"GRAPH_BUILD OK", "GRAPH_BUILD REFUSED", "ANOMALY_DETECTION OK", "ANOMALY_DETECTION OK", "PROPAGATION OK", "PREDICTIONS OK",
			"EDGE_INSPECTION REFUSED", "EVENTS OK", "EVENTS OK", "SCORECARD OK", "FEEDS OK", "READINESS OK", "AUDIT_SEARCH OK", "INGEST OK", "FAULT OK",
			"MOVES FAILED", "ANOMALY_DETECTION UNAVAILABLE",
		}
		rows := g.audited()
		for i, r := range rows {
			if i >= len(want) || r.Operation+" "+r.Status != want[i] {
				t.Fatalf("row %d is %s %s", i, r.Operation, r.Status)
			}
			if r.Actor != "tester" || r.Took < 0 || r.Took > time.Minute || r.At == 0 {
				t.Errorf("%+v", r)
			}
			if len(r.Subject) > 600 || len(r.Detail) > 600 || (r.Status == "OK") != (r.Detail == "") {
				t.Errorf("%s: %d bytes of subject, detail %q", r.Operation, len(r.Subject), r.Detail)
			}
		}
		if len(rows) != len(want) {
			t.Errorf("%d rows, want %d", len(rows), len(want))
		}
		if !strings.Contains(g.log.String(), "on purpose") {
			t.Error("a panic is not in the log")
		}
		g.Set([4]LayerMode{}, true)
		_, _ = g.Events(g.ctx, answer.EventQuery{})
		_, _ = g.Graph(g.ctx, "nothing", 0)
		if n := len(g.audited()); n != len(want)+1 {
			t.Errorf("%d rows with errors alone", n-len(want))
		}
	})
}

func TestFaultsAreRefusedWhereTheyMayNotBe(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		if f, err := g.Inject(g.ctx, "kill-layer", fault.Params{Layer: 4}, 30*time.Second); err != nil || f.Layer != 4 || f.Who != "tester" || f.Until.Sub(f.From) != 30*time.Second {
			t.Errorf("%+v, %v", f, err)
		}
		if list, enabled, err := g.Faults(g.ctx); len(list) != 1 || !enabled || err != nil {
			t.Errorf("%+v, %v", list, enabled)
		}
		if _, err := g.Inject(g.ctx, "kill-layer", fault.Params{Layer: 9}, time.Second); code(err) != Invalid {
			t.Error(err)
		}
		time.Sleep(31 * time.Second)
		if list, _, _ := g.Faults(g.ctx); len(list) != 0 {
			t.Errorf("%+v is not over", list)
		}
		g.o.Faults = must[*fault.Registry](t)(fault.New(fault.Options{Clock: time.Now}))
		if _, err := g.Inject(g.ctx, "feed-stall", fault.Params{}, time.Second); code(err) != Forbidden {
			t.Error(err)
		}
	})
}

func TestErrorsAreToldToOutsidersByTheirKind(t *testing.T) {
	for err, want := range map[error]Code{
		fmt.Errorf("x: %w", live.ErrUnknown): Unknown, ingest.ErrRecovering: Unavailable, ingest.ErrBusy: Unavailable, live.ErrStopped: Unavailable,
		store.ErrFull: Unavailable, store.ErrDeadline: Unavailable, context.DeadlineExceeded: Unavailable, errDisk: Internal, invalid("x"): Invalid,
	} {
		c := Classify(err)
		if c.Code != want || want == Internal && strings.Contains(c.Detail, errDisk.Error()) || want == Unavailable && c.RetryAfter == 0 || !errors.Is(c, err) && want == Internal {
			t.Errorf("%v: %+v", err, c)
		}
	}
}

func TestMemoryShedsForecastsBeforeTicks(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.live.show(match("m", 1))
		for _, c := range []struct {
			share         int64
			predict, tick Code
		}{{50, "", ""}, {86, Unavailable, ""}, {97, Unavailable, Unavailable}, {50, "", ""}} {
			g.used.Store(ceiling / 100 * c.share)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			_, err := g.Predictions(g.ctx, node("lead", "m", "home"))
			_, err2 := g.Ingest(g.ctx, nil)
			if code(err) != c.predict || code(err2) != c.tick {
				t.Errorf("at %d %%: %v, %v", c.share, err, err2)
			}
		}
	})
}
