package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Whatever a client can make long or many has a bound, and says so.
func TestWhatAClientCanMakeLongIsBounded(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.Profiles = true }}, func(t *testing.T, g *rig) {
		post := func(path string, v any) *httptest.ResponseRecorder {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return g.ask("admin", "POST", path, strings.NewReader(string(b)), "Content-Type", "application/json")
		}
		gate := func(name, text string) map[string]any {
			return map[string]any{
				"name": name, "severity": "HIGH", "status": "PASS", "description": text, "threshold": "", "measured": "", "evidence": text, "runbook": "", "last_checked": time.Time{},
			}
		}
		gates := func(all ...map[string]any) map[string]any { return map[string]any{"gates": all} }
		const j = 422
		for name, c := range map[string]struct {
			code   int
			reason string
			got    func() *httptest.ResponseRecorder
		}{
			"kinds of a stream":     {j, "expected each kind at most once", func() *httptest.ResponseRecorder { return g.get("/v1/stream?kinds=gap,move,gap") }},
			"seconds of a profile":  {j, "query.seconds", func() *httptest.ResponseRecorder { return g.get("/debug/pprof/profile?seconds=301") }},
			"seconds of a trace":    {j, "query.seconds", func() *httptest.ResponseRecorder { return g.get("/debug/pprof/trace?seconds=1e9") }},
			"seconds between heaps": {j, "query.seconds", func() *httptest.ResponseRecorder { return g.get("/debug/pprof/heap?seconds=99999") }},
			"the name of a gate": {j, "expected length \u003c= 128", func() *httptest.ResponseRecorder {
				return post("/v1/readiness", gates(gate(strings.Repeat("n", 129), "")))
			}},
			"the text of a gate": {j, "expected length \u003c= 16384", func() *httptest.ResponseRecorder {
				return post("/v1/readiness", gates(gate("n", strings.Repeat("x", 16385))))
			}},
			"gates": {413, "", func() *httptest.ResponseRecorder {
				return post("/v1/readiness", gates(gate("n", strings.Repeat("x", 2<<20))))
			}},
			"a proof": {413, "", func() *httptest.ResponseRecorder {
				return post("/v1/proofs", map[string]any{"kind": "k", "passed": true, "summary": "", "report": strings.Repeat("x", 2<<20)})
			}},
			"the report of a proof": {j, "a report is JSON of up to 1048576 bytes", func() *httptest.ResponseRecorder {
				return post("/v1/proofs", map[string]any{"kind": "k", "passed": true, "summary": "", "report": strings.Repeat("x", 1<<20)})
			}},
			"the note of a review": {j, "note", func() *httptest.ResponseRecorder {
				return post("/v1/reviews", map[string]any{"action": "mute", "kind": "k", "expires_in_s": 9, "note": strings.Repeat("x", 2001)})
			}},
			"a review": {413, "", func() *httptest.ResponseRecorder {
				return post("/v1/reviews", map[string]any{"action": "mute", "kind": "k", "expires_in_s": 9, "note": strings.Repeat("x", 70_000)})
			}},
			"memory under pressure": {j, "body.bytes", func() *httptest.ResponseRecorder {
				return post("/v1/faults", map[string]any{"kind": "memory-pressure", "bytes": 1<<40 + 1, "duration_s": 1})
			}},
			"the id of an event":      {j, "path.id", func() *httptest.ResponseRecorder { return g.get("/v1/events/" + strings.Repeat("x", 257) + "/moves") }},
			"the search":              {j, "query.q", func() *httptest.ResponseRecorder { return g.get("/v1/events?q=" + strings.Repeat("x", 129)) }},
			"the cursor of the audit": {j, "query.cursor", func() *httptest.ResponseRecorder { return g.get("/v1/audit?cursor=" + strings.Repeat("9", 33)) }},
			"the event of a stream":   {j, "event", func() *httptest.ResponseRecorder { return g.get("/v1/stream?event=" + strings.Repeat("x", 257)) }},
		} {
			t.Log(name)
			g.refused(c.code, c.reason, c.got())
		}
		var all []map[string]any
		for i := range 100 {
			all = append(all, gate(fmt.Sprint("gate ", i), ""))
		}
		g.want(http.StatusOK, post("/v1/readiness", gates(all...)))
		g.want(http.StatusOK, post("/v1/readiness", gates(all[:3]...))) // the same again
		g.refused(http.StatusUnprocessableEntity, "there would be 101 gates, and there can be 100", post("/v1/readiness", gates(gate("one more", ""))))

		p := g.refused(http.StatusUnprocessableEntity, "unknown query parameter", g.get("/v1/events?"+many(3000)))
		if len(p.Errors) != mostErrors {
			t.Errorf("%d mistakes are listed, want %d", len(p.Errors), mostErrors)
		}
	})
}

// many is a query of n parameters that do not exist.
func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("p%d=1", i))
	}
	return strings.Join(all, "&")
}
