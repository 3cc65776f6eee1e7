package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/server/backup"
	"corrgraph/server/guard"
	"corrgraph/server/service"
)

const (
	leaderNode   = "lead/match-1/h2h/home"
	followerNode = "far/match-1/h2h/home"
)

// operation returns the OpenAPI description of a route; nil if there is none.
func (g *rig) operation(method, path string) *huma.Operation {
	item := g.api.huma.OpenAPI().Paths[strings.Replace(path, "...}", "}", 1)]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "DELETE": item.Delete}[method]
}

// conforms compares an answer with the schema in the document.
func (g *rig) conforms(method, path string, code int, body []byte) {
	g.t.Helper()
	op := g.operation(method, path)
	if op == nil {
		g.t.Fatalf("%s %s is not in the document", method, path)
	}
	r := op.Responses[fmt.Sprint(code)]
	kind := "application/json"
	if code >= 400 {
		kind = "application/problem+json"
	}
	if r == nil || r.Content[kind] == nil {
		g.t.Fatalf("%s %s: no answer %d in the document", method, path, code)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	var res huma.ValidateResult
	huma.Validate(g.api.huma.OpenAPI().Components.Schemas, r.Content[kind].Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &res)
	for _, err := range res.Errors {
		g.t.Errorf("%s %s: the answer is not as the document says: %v", method, path, err)
	}
}

// update rewrites the examples of the document from the answers of these tests: go
// test ./server/api -update.
var update = flag.Bool("update", false, "write the examples of the OpenAPI document anew")

// example records an answer for the document, the first of each operation, with
// lists cut to their first element.
func (g *rig) example(method, path string, body []byte) {
	g.t.Helper()
	name := filepath.Join("examples", g.operation(method, path).OperationID+".json")
	if !*update || g.kept[name] {
		return
	}
	g.kept[name] = true
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		g.t.Fatal(err)
	}
	text, err := json.MarshalIndent(shorter(v, ""), "", "\t")
	if err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// shorter cuts lists to one element; there are always four layers.
func shorter(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = shorter(v[k], k)
		}
	case []any:
		if len(v) > 1 && name != "layers" {
			v = v[:1]
		}
		for i := range v {
			v[i] = shorter(v[i], "")
		}
		return v
	}
	return v
}

func TestEveryQuestionIsAnsweredAsDocumented(t *testing.T) {
	bubble(t, knobs{chaos: true, options: withBackups(t)}, func(t *testing.T, g *rig) {
		g.feed(3)
		settle()
		node := url.QueryEscape(leaderNode)
		first := fmt.Sprintf("match-1@%d", g.live.State().Events[0].Last)
		now := g.live.State().AsOf.String()
		for _, q := range []struct{ path, query, has string }{
			{"/v1/events", "", `"total":2`},
			{"/v1/events", "?sport=tennis_open&q=MATCH-2&limit=1", `"total":1`},
			{"/v1/events", "?limit=1", `"next_cursor":"` + first + `"`},
			{"/v1/events", "?limit=1&cursor=" + url.QueryEscape(first), `"event_id":"match-2"`},
			{"/v1/ambiguities", "", `"ambiguities":[]`},
			{"/v1/ambiguities", "?kind=id&limit=1", `"dropped":0`},
			{"/v1/events/{id}", "", `"odds_format":"decimal"`},
			{"/v1/events/{id}", "?odds_format=american", `"price":"+`},
			{"/v1/events/{id}", "?odds_format=probability", `"odds_format":"probability"`},
			{"/v1/events/{id}/graph", "", `"target":"` + followerNode + `"`},
			{"/v1/events/{id}/graph", "?limit=1", `"left_out":5`},
			{"/v1/events/{id}/graph", "?limit=1&at=" + now, `"as_of":"` + now},
			{"/v1/events/{id}/moves", "", `"graphs":["` + now[:len("1999-12-31T23:59")]}, // health may have asked for it before
			{"/v1/events/{id}/moves", "?limit=1&from=1999-01-01T00:00:00Z&to=" + now, `"older":`},
			{"/v1/events/{id}/anomalies", "", `"event_id":"match-1"`},
			{"/v1/events/{id}/anomalies", "?min_confidence=0.99&kind=arbitrage&suppressed=true", `"anomalies":[]`},
			{"/v1/anomalies", "", `"kind":"arbitrage"`},
			{"/v1/forecasts", "", `"revisions":[{"at_ms":`},
			{"/v1/forecasts", "?event=match-1&since=1999-12-31T00:00:00Z&limit=1", `"next_cursor":"`},
			{"/v1/forecasts", "?kelly=true&limit=1", `"lacks":`},
			{"/v1/anomalies", "?limit=1&min_confidence=0.5&kind=arbitrage&suppressed=true", `"looked_at":`},
			{"/v1/predictions", "?node=" + node, `"outcome":"hit"`},
			{"/v1/propagation", "?source=" + node, `"lag_ms":3000`},
			{"/v1/propagation", "?source=" + node + "&target=" + url.QueryEscape(followerNode) + "&max_depth=4&paths=3", `"impact":1`},
			{"/v1/leaders", "", `"leader":"lead"`},
			{"/v1/leaders", "?sport=tennis_open&market=H2H", `"leader":"lead"`},
			{"/v1/edges", "?source=" + node + "&target=" + url.QueryEscape(followerNode) + "&layer=1", `"null_z":`},
			{"/v1/scorecard", "", `"matured":`},
			{"/v1/feeds", "", `"source":"sim"`},
			{"/v1/readiness", "", `"authorised":false`},
			{"/v1/audit", "?operation=INGEST&actor=operator&status=OK&limit=1&from=1999-01-01T00:00:00Z&to=2001-01-01T00:00:00Z", `"operation":"INGEST"`},
			{"/v1/performance", "?limit=1", `"rows":[]`},
			{"/v1/faults", "", `"enabled":true`},
			{"/v1/backups", "", `"backups":[]`},
			{"/healthz", "", `"status":"HEALTHY"`},
			{"/readyz", "", `"ready":true`},
		} {
			w := g.want(http.StatusOK, g.get(strings.Replace(q.path, "{id}", "match-1", 1)+q.query))
			if !strings.Contains(w.Body.String(), q.has) {
				t.Errorf("%s%s lacks %s: %.400s", q.path, q.query, q.has, w.Body.String())
			}
			g.conforms("GET", q.path, http.StatusOK, w.Body.Bytes())
			g.example("GET", q.path, w.Body.Bytes())
		}
	})
}

func TestArbitrageIsOfThePricesOfNow(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		for range 2 { // it must last
			at := time.Now()
			body := tick(at, "lead", "match-3", "home", 2.1) + tick(at, "lead", "match-3", "away", 1.9) + tick(at, "far", "match-3", "home", 1.9) + tick(at, "far", "match-3", "away", 2.1)
			g.want(http.StatusAccepted, g.ask("operator", "POST", "/v1/ticks", strings.NewReader(body), "Content-Type", formNDJSON))
			settle()
		}
		for _, query := range []string{"", "?suppressed=true"} {
			w := g.want(http.StatusOK, g.get("/v1/arbitrage"+query))
			g.conforms("GET", "/v1/arbitrage", http.StatusOK, w.Body.Bytes())
			g.example("GET", "/v1/arbitrage", w.Body.Bytes())
			got := decode[Windows](t, w).Windows
			if len(got) == 0 || got[0].EventID != "match-3" || len(got[0].Legs) != 2 || got[0].Legs[0].Price != 2.1 || got[0].Profit < 0.049 {
				t.Errorf("%s%+v", query, got)
			}
		}
	})
}

func TestNewestAnomaliesComeFirst(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(3)
		settle()
		got := decode[service.RecentAnomalies](t, g.get("/v1/anomalies"))
		if len(got.Anomalies.Anomalies) < 3 {
			t.Fatalf("%d anomalies", len(got.Anomalies.Anomalies))
		}
		for i := range got.Anomalies.Anomalies[1:] {
			if got.Anomalies.Anomalies[i].At < got.Anomalies.Anomalies[i+1].At {
				t.Errorf("anomaly %d is older than the next", i)
			}
		}
	})
}

func TestWrongQuestionsAreRefusedWithTheReason(t *testing.T) {
	bubble(t, knobs{chaos: true}, func(t *testing.T, g *rig) {
		g.feed(1)
		settle()
		for _, q := range []struct {
			code           int
			target, reason string
		}{
			{404, "/v1/events/none", "no such event"},
			{404, "/v1/events/none/graph", "no such event"},
			{404, "/v1/events/none/graph?limit=3", "no such event"},
			{404, "/v1/events/none/anomalies", "no such event"},
			{404, "/v1/predictions?node=a/none/h2h/home", "it belongs to no known event"},
			{404, "/v1/propagation?source=a/none/h2h/home", "it belongs to no known event"},
			{404, "/v1/edges?source=a/none/h2h/home&target=b/none/h2h/home", "not a watched pair"},
			{404, "/v1/edges?source=" + leaderNode + "&target=" + followerNode + "&layer=2", "layer L1 only"},
			{404, "/v1/stream?event=none", "no such event"},
			{404, "/v1/nothing", "openapi.json"},
			{404, "/v1/backups", "no backups are configured"},
			{422, "/v1/events?limit=0", "expected number"},
			{422, "/v1/events?limit=1001", "query.limit"},
			{422, "/v1/events?limit=many", "invalid integer"},
			{422, "/v1/events?limt=3", "unknown query parameter"},
			{422, "/v1/events?sport=golf", "known: open, tennis, tennis_open"},
			{422, "/v1/leaders?sport=tenis", "did you mean tennis?"},
			{422, "/v1/leaders?market=moneyline", "did you mean h2h?"},
			{422, "/v1/anomalies?kind=arb", "did you mean arbitrage?"},
			{422, "/v1/events/match-1/anomalies?kind=arb", "query.kind"},
			{422, "/v1/performance?operation=graph", "GRAPH_BUILD"},
			{422, "/v1/events?cursor=none", "start again without one"},
			{422, "/v1/ambiguities?cursor=none", "start again without one"},
			{422, "/v1/forecasts?cursor=none", "start again without one"},
			{422, "/v1/forecasts?since=noon", "query.since"},
			{422, "/v1/forecasts?kelly=half", "query.kelly"},
			{404, "/v1/forecasts?event=none", "no such event"},
			{422, "/v1/ambiguities?kind=none", "query.kind"},
			{422, "/v1/events/match-1?odds_format=roman", "query.odds_format"},
			{422, "/v1/events/" + strings.Repeat("x", 257), "path.id"},
			{422, "/v1/events/" + strings.Repeat("x", 257) + "/graph", "path.id"},
			{422, "/v1/events/match-1/graph?limit=-1", "query.limit"},
			{422, "/v1/events/match-1/graph?at=noon", "query.at"},
			{422, "/v1/events/match-1/graph?at=2100-01-01T00:00:00Z", "in the future"},
			{404, "/v1/events/match-1/graph?at=1999-01-01T00:00:00Z", "is remembered from 1999-12-31T2"},
			{404, "/v1/events/none/graph?at=1999-01-01T00:00:00Z", "no such event"},
			{404, "/v1/events/none/moves", "no such event"},
			{422, "/v1/events/match-1/moves?limit=2001", "query.limit"},
			{422, "/v1/events/match-1/moves?from=noon", "query.from"},
			{422, "/v1/events/match-1/moves?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "is after to"},
			{422, "/v1/events/match-1/anomalies?min_confidence=1.1", "query.min_confidence"},
			{422, "/v1/events/match-1/anomalies?min_confidence=NaN", "query.min_confidence"},
			{422, "/v1/anomalies?min_confidence=nan", "query.min_confidence"},
			{422, "/v1/anomalies?min_confidence=-Inf", "query.min_confidence"},
			{422, "/v1/anomalies?suppressed=perhaps", "query.suppressed"},
			{422, "/v1/arbitrage?suppressed=perhaps", "query.suppressed"},
			{422, "/v1/predictions", "query.node"},
			{422, "/v1/predictions?node=x", "node"},
			{422, "/v1/propagation?source=" + leaderNode + "&max_depth=33", "query.max_depth"},
			{422, "/v1/edges?source=" + leaderNode, "query.target"},
			{422, "/v1/edges?source=" + leaderNode + "&target=" + followerNode + "&layer=5", "query.layer"},
			{422, "/v1/audit?from=yesterday", "query.from"},
			{422, "/v1/audit?cursor=x", "did not come from this log"},
			{422, "/v1/performance?limit=10001", "query.limit"},
			{422, "/v1/stream?kinds=goal", "query.kinds"},
			{422, "/v1/stream?evnt=x", "unknown query parameter"},
			{422, "/v1/stream?event=" + strings.Repeat("x", 257), "query.event"},
			{400, "/v1/events?q=%zz", "malformed"},
		} {
			g.refused(q.code, q.reason, g.get(q.target))
		}
		for _, q := range []struct {
			code         int
			body, reason string
		}{
			{422, `{"kind":"earthquake","duration_s":1}`, "body.kind"},
			{422, `{"kind":"kill-layer","layer":5,"duration_s":1}`, "body.layer"},
			{422, `{"kind":"kill-layer","layer":4}`, "duration_s"},
			{422, `{"kind":"kill-layer","layer":4,"duration_s":0}`, "duration_s"},
			{422, `{"kind":"kill-layer","duration_s":5}`, "layer"},
			{422, `{"kind":"slow-store","duration_s":5,"surprise":1}`, "unexpected property"},
			{400, `{`, ""},
			{400, ``, "required"},
		} {
			g.refused(q.code, q.reason, g.ask("admin", "POST", "/v1/faults", strings.NewReader(q.body), "Content-Type", "application/json"))
		}
	})
}

func withBackups(t *testing.T) func(*Options) {
	dir := filepath.Join(t.TempDir(), "backups")
	return func(o *Options) {
		o.Backups = copies{must[*backup.Folder](t)(backup.Open(backup.Options{Dir: dir, Clock: o.Clock})), dir, nil}
	}
}

func TestFaultsAreInjectedAndCleared(t *testing.T) {
	bubble(t, knobs{chaos: true}, func(t *testing.T, g *rig) {
		w := g.want(http.StatusCreated, g.ask("admin", "POST", "/v1/faults", strings.NewReader(`{"kind":"kill-layer","layer":4,"duration_s":30}`), "Content-Type", "application/json"))
		g.conforms("POST", "/v1/faults", http.StatusCreated, w.Body.Bytes())
		g.example("POST", "/v1/faults", w.Body.Bytes())
		if f := decode[service.Fault](t, w); f.Layer != 4 || f.Who != "admin" || f.Until.Sub(f.From).Seconds() != 30 {
			t.Errorf("%+v", f)
		}
		if l := decode[Faults](t, g.get("/v1/faults")); len(l.Faults) != 1 {
			t.Errorf("%+v", l)
		}
		w = g.want(http.StatusOK, g.ask("admin", "DELETE", "/v1/faults", nil))
		g.conforms("DELETE", "/v1/faults", http.StatusOK, w.Body.Bytes())
		g.example("DELETE", "/v1/faults", w.Body.Bytes())
		if c := decode[Cleared](t, w); c.Cleared != 1 {
			t.Errorf("%+v", c)
		}
	})
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.refused(http.StatusForbidden, "chaos.enabled", g.ask("admin", "POST", "/v1/faults", strings.NewReader(`{"kind":"full-disk","duration_s":1}`), "Content-Type", "application/json"))
	})
}

func TestBackupsAreMadeAndListed(t *testing.T) {
	var source *rig
	options := func(o *Options) {
		withBackups(t)(o)
		c := o.Backups.(copies)
		c.from = func() backup.Source { return source.store }
		o.Backups = c
	}
	bubble(t, knobs{options: options}, func(t *testing.T, g *rig) {
		source = g
		w := g.want(http.StatusCreated, g.ask("admin", "POST", "/v1/backups", nil))
		g.conforms("POST", "/v1/backups", http.StatusCreated, w.Body.Bytes())
		g.example("POST", "/v1/backups", w.Body.Bytes())
		l := decode[BackupList](t, g.want(http.StatusOK, g.get("/v1/backups")))
		if b := decode[BackupRow](t, w); len(l.Backups) != 1 || l.Backups[0] != b || b.Bytes == 0 || strings.Contains(b.Name, "/") || l.LastSuccess == nil {
			t.Errorf("made %+v, listed %+v", b, l)
		}
	})
}

func TestGraphsAreGoverned(t *testing.T) {
	bubble(t, knobs{governor: 2}, func(t *testing.T, g *rig) {
		g.feed(1)
		settle()
		g.want(200, g.get("/v1/events/match-1/graph"))
		g.want(200, g.get("/v1/events/match-1/graph?at="+g.live.State().AsOf.String()))
		w := g.get("/v1/events/match-1/graph")
		g.refused(http.StatusTooManyRequests, "at most 2 graphs per second", w)
		if w.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
		g.want(200, g.get("/v1/events/match-1/anomalies"))
	})
}

func TestAdaptiveLimitRefuses(t *testing.T) {
	bubble(t, knobs{adaptive: adaptiveOfOne()}, func(t *testing.T, g *rig) {
		permit, err := g.api.o.Adaptive.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		w := g.get("/v1/events")
		g.refused(http.StatusServiceUnavailable, "in flight", w)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		g.want(200, g.get("/healthz"))
		g.want(200, g.get("/metrics"))
		permit.Release(guard.Completed)
		g.want(200, g.get("/v1/events"))
		if permit, err = g.api.o.Writes.Acquire(); err != nil {
			t.Fatal(err)
		}
		g.want(200, g.get("/v1/events")) // requests waiting for the disk do not block readers
		g.refused(http.StatusServiceUnavailable, "in flight", g.ask("admin", "DELETE", "/v1/faults", nil))
		permit.Release(guard.Completed)
	})
}

func TestBodyThatEndsEarlyIsTheClientsFault(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		r := httptest.NewRequest("POST", "/v1/reviews", io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+g.secrets["admin"])
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
		g.refused(http.StatusBadRequest, "unexpected EOF", w)
	})
}
