package readiness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/client/clienttest"
	"corrgraph/proof/readiness/lab"
	"corrgraph/server/config"
)

// acted is a service that plays what a gate is to see: the layer that is told dies when
// a fault is injected and comes back when faults are cleared.
type acted struct {
	mu    sync.Mutex // guards what follows
	dead  int        // layer; 0: none
	since time.Time  // it died, or came back
	reads int

	late       time.Duration // until health tells of it
	mute       bool          // the graph gives no reason
	takesAlong int           // another layer that dies with it
	neverWell  bool
	neverHeals bool
	refuses    bool // reads, with 500, while a layer is dead
	governs    int  // every so many reads is refused with 429; 0: none
}

func (s *acted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/v1/events":
		fmt.Fprint(w, `{"events":[{"event_id":"m"}]}`)
	case r.URL.Path == "/v1/faults" && r.Method == http.MethodPost:
		var f client.Fault
		_ = json.NewDecoder(r.Body).Decode(&f)
		s.dead, s.since = f.Layer, time.Now()
	case r.URL.Path == "/v1/faults":
		if !s.neverHeals {
			s.dead, s.since = 0, time.Now()
		}
	case r.URL.Path == "/healthz":
		status := "HEALTHY"
		if s.neverWell || (s.dead > 0) == (time.Since(s.since) >= s.late) && !s.since.IsZero() {
			status = "DEGRADED"
		}
		fmt.Fprintf(w, `{"status":%q,"layers":[{},{},{},{}]}`, status)
	default:
		s.graph(w)
	}
}

func (s *acted) graph(w http.ResponseWriter) {
	s.reads++
	switch {
	case s.governs > 0 && s.reads%s.governs == 0:
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case s.refuses && s.dead > 0:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var layers []string
	for i := 1; i <= 4; i++ {
		text := `{"status":"HEALTHY"}`
		if s.dead > 0 && (i == s.dead || i == s.takesAlong) {
			text = `{"status":"FAILED","reason":"killed"}`
			if s.mute {
				text = `{"status":"FAILED"}`
			}
		}
		layers = append(layers, text)
	}
	fmt.Fprintf(w, `{"status":"HEALTHY","layers":[%s]}`, strings.Join(layers, ","))
}

// onStage returns a scratch instance that is played by h.
func onStage(t *testing.T, h http.Handler) *lab.Scratch {
	t.Helper()
	at, dial := clienttest.Serve(t, h)
	c, err := client.New(client.Options{URL: at, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &lab.Scratch{Admin: c, Viewer: c, Config: &config.Config{}}
}

// TestALayerThatDiesIsSeenDying runs what degrade_l1 to degrade_l4 measure against
// services that behave and that don't.
func TestALayerThatDiesIsSeenDying(t *testing.T) {
	for name, c := range map[string]struct {
		play *acted
		pass bool
		says string
	}{
		"as promised":            {&acted{late: time.Second}, true, "0 of "},
		"governed":               {&acted{governs: 3}, true, "0 of "},
		"told too late":          {&acted{late: 3 * time.Second}, false, "DEGRADED after 3s"},
		"without a reason":       {&acted{mute: true}, false, " 0 reads named it"},
		"another goes with it":   {&acted{takesAlong: 1}, false, "first: layer 1 was not served: killed"},
		"reads fail":             {&acted{refuses: true}, false, "first: a read failed: 500"},
		"it stays dead for good": {&acted{neverHeals: true}, false, "HEALTHY false"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, err := kill(t.Context(), onStage(t, c.play), 2)
				if err != nil {
					t.Fatal(err)
				}
				f := judgeKill(2, &k)
				if f.Pass != c.pass || !strings.Contains(f.Measured+"; "+f.Evidence, c.says) || k.reads < 30 {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}

// TestAServiceThatWasNeverWellProvesNothing: the gate was not run, and says why in words.
func TestAServiceThatWasNeverWellProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := kill(t.Context(), onStage(t, &acted{neverWell: true}), 1)
		if !errors.Is(err, lab.ErrNotRun) || strings.Contains(err.Error(), "%!") || !strings.Contains(err.Error(), "not healthy: not within 1m0s") {
			t.Error(err)
		}
	})
}

func TestKillEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, why)
		defer cancel()
		if _, err := kill(ctx, onStage(t, &acted{late: time.Hour}), 1); err == nil {
			t.Error("it went on")
		}
	})
}

// answering answers every question after so long with a status, by its kind.
type answering struct {
	slow, wrong, busy string // a kind of question
	asked             map[string]int
}

func (s *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	s.asked[kind]++
	took := time.Millisecond
	if kind == s.slow {
		took = 6 * time.Millisecond
	}
	time.Sleep(took)
	switch {
	case kind == s.wrong:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"detail":"gone"}`)
	case kind == s.busy && s.asked[kind]%2 == 1:
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func TestLatencyIsOfAnswersThatCame(t *testing.T) {
	sights := &lab.Sights{Events: []string{"a b", "c"}, Nodes: []string{"n"}, Pairs: [][2]string{{"n", "o"}}}
	for name, c := range map[string]struct {
		play answering
		pass bool
		says []string
	}{
		"quick":           {answering{}, true, []string{"p99 1.0 ms", "graph p50 1.0 ms p99 1.0 ms (n = 500)", "0 failed, 0 asked to wait"}},
		"one kind slow":   {answering{slow: "propagation"}, false, []string{"p99 6.0 ms", "graph p50 1.0 ms"}},
		"one kind fails":  {answering{wrong: "predictions"}, false, []string{"predictions p50 0.0 ms p99 0.0 ms (n = 0)", "500 failed", "first: GET /v1/predictions: 404 Not Found: gone"}},
		"asked to wait":   {answering{busy: "graph"}, true, []string{"graph p50 1.0 ms p99 1.0 ms (n = 500)", "0 failed, 500 asked to wait"}},
		"waiting is told": {answering{busy: "anomalies"}, true, []string{"500 asked to wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.play.asked = map[string]int{}
				x, err := timed(t.Context(), onStage(t, &c.play).Viewer, sights, leastRequests)
				if err != nil {
					t.Fatal(err)
				}
				f := judgeLatency(x, "a stage")
				if f.Pass != c.pass {
					t.Errorf("%+v", f)
				}
				for _, want := range c.says {
					if !strings.Contains(f.Measured+"; "+f.Evidence, want) {
						t.Errorf("no %q in %+v", want, f)
					}
				}
			})
		})
	}
}

func TestQuestionsTakeTurns(t *testing.T) {
	s := &lab.Sights{Events: []string{"a/b", "c"}, Nodes: []string{"v/a b/h2h/home"}, Pairs: [][2]string{{"n", "o&p"}, {"q", "r"}}}
	for _, c := range []struct {
		kind string
		k    int
		want string
	}{
		{"graph", 0, "/v1/events/a%2Fb/graph"},
		{"graph", 3, "/v1/events/c/graph"},
		{"anomalies", 1, "/v1/events/c/anomalies"},
		{"predictions", 9, "/v1/predictions?node=v%2Fa+b%2Fh2h%2Fhome"},
		{"propagation", 2, "/v1/propagation?source=n&target=o%26p"},
		{"propagation", 1, "/v1/propagation?source=q&target=r"},
	} {
		if got := path(s, c.kind, c.k); got != c.want {
			t.Errorf("%s %d: %s, want %s", c.kind, c.k, got, c.want)
		}
	}
}

func TestAnswersOfTheWrongStatusAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var traced, typed, bodies int
		x := onStage(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Header.Get("Traceparent"), "00-"+auditTrace+"-") {
				traced++
			}
			body, _ := io.ReadAll(r.Body)
			if r.Header.Get("Content-Type") == "application/json" {
				typed++
			}
			if string(body) == "{}" {
				bodies++
			}
			if r.URL.Path == "/b" {
				w.WriteHeader(http.StatusForbidden)
			}
		}))
		kinds := []operation{{by: x.Viewer, method: "GET", path: "/a", status: 200}, {by: x.Viewer, method: "POST", path: "/b", body: []byte("{}"), status: 422}}
		wrong, err := operate(t.Context(), kinds)
		if err != nil || len(wrong) != auditRounds || wrong[0] != "POST /b: 403, want 422" || traced != 2*auditRounds || typed != auditRounds || bodies != auditRounds {
			t.Errorf("%q, %v; %d traced, %d typed, %d with a body", wrong, err, traced, typed, bodies)
		}
	})
}

// TestRowsOfTheLogMayComeLate: rows are waited for while they come, and no longer.
func TestRowsOfTheLogMayComeLate(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // until the next row
		rows  int           // that come in all
		want  int
	}{
		"all at once":        {0, auditRounds, auditRounds},
		"one by one":         {2 * time.Second, auditRounds, auditRounds},
		"one never comes":    {time.Second, auditRounds - 1, auditRounds - 1},
		"more than expected": {0, auditRounds + 3, auditRounds + 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				x := onStage(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					n := c.rows
					if c.every > 0 {
						n = min(n, int(time.Since(start)/c.every))
					}
					rows := slices.Repeat([]string{`{"operation":"A"}`}, n)
					fmt.Fprintf(w, `{"rows":[%s]}`, strings.Join(rows, ","))
				}))
				rows, err := auditRows(t.Context(), x.Admin, 1)
				if err != nil || len(rows) != c.want {
					t.Errorf("%d rows, %v, want %d", len(rows), err, c.want)
				}
			})
		})
	}
}

// TestAFloodCountsEveryAnswer plays a service that lets a thousand requests through and
// refuses the rest of one client, and one that refuses another client as well.
func TestAFloodCountsEveryAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		burst   int
		shared  bool
		refused int
	}{
		"a limit of its own": {clientBurst, false, 0},
		"a shared limit":     {0, true, floodRequests / besideEvery},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				left := c.burst
				x := onStage(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					if other := r.Header.Get("Authorization") != ""; other && !c.shared {
						return
					}
					if left--; left < 0 {
						w.Header().Set("Retry-After", "1")
						w.WriteHeader(http.StatusTooManyRequests)
					}
				}))
				f := flooding{rate: clientRate}
				if err := f.flood(t.Context(), x.Admin, x.Viewer.As("other")); err != nil {
					t.Fatal(err)
				}
				if f.sent != floodRequests || f.let != c.burst || f.limited != floodRequests-c.burst || f.bare != 0 || f.other != 0 || f.asked != floodRequests/besideEvery || f.refused != c.refused {
					t.Errorf("%+v", f)
				}
				if got := judgeLimit(&f); got.Pass != !c.shared {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}
