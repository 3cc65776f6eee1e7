package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Rendering costs as much as building the answer, and thousands request the same
// one.
func TestAHealthyGraphIsRenderedOnce(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(3)
		settle()
		rendered := 0
		render := g.api.renderShared
		g.api.renderShared = func(v any) (any, error) { rendered++; return render(v) }
		first := g.want(http.StatusOK, g.get("/v1/events/match-1/graph"))
		for range 3 {
			if again := g.get("/v1/events/match-1/graph", "Accept-Encoding", "gzip"); unwrapped(t, again) != first.Body.String() {
				t.Error("the same version has another body")
			}
		}
		if rendered != 1 {
			t.Errorf("rendered %d times", rendered)
		}
		g.want(http.StatusOK, g.get("/v1/events/match-1/graph?limit=1"))
		time.Sleep(2 * time.Second)
		if again := g.get("/v1/events/match-1/graph"); again.Header().Get("ETag") != first.Header().Get("ETag") {
			t.Error("a version that is rendered anew has another ETag")
		}
		if rendered != 3 {
			t.Errorf("rendered %d times, want 3: one limit each, and anew when health may have changed", rendered)
		}
	})
}

// unwrapped returns the body of a compressed answer.
func unwrapped(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	return string(unzip(t, w.Body.Bytes()))
}

func TestDocumentsAreCompressedAndNotSentTwice(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(3)
		settle()
		for _, path := range []string{"/v1/events/match-1/graph", "/v1/events/match-1/graph?limit=3", "/v1/events/match-1/anomalies", "/v1/leaders", "/openapi.json"} {
			plain := g.want(http.StatusOK, g.get(path))
			zip := g.want(http.StatusOK, g.get(path, "Accept-Encoding", "br, gzip;q=0.5"))
			if zip.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(zip.Header().Get("Vary"), "Accept-Encoding") {
				t.Errorf("%s: %v", path, zip.Header())
			}
			if got := unzip(t, zip.Body.Bytes()); !bytes.Equal(got, plain.Body.Bytes()) {
				t.Errorf("%s: compressed, %d bytes are other %d", path, plain.Body.Len(), len(got))
			}
			for _, no := range []string{"gzip;q=0", "identity", "br", "gzip;q=x"} {
				if w := g.get(path, "Accept-Encoding", no); w.Header().Get("Content-Encoding") != "" {
					t.Errorf("%s: compressed for %q", path, no)
				}
			}
			tag, ziptag := plain.Header().Get("ETag"), zip.Header().Get("ETag")
			if tag == "" || tag == ziptag {
				t.Errorf("%s: tags %q and %q", path, tag, ziptag)
			}
			for _, have := range []string{tag, ziptag, "W/" + tag, `"x", ` + tag, "*"} {
				w := g.want(http.StatusNotModified, g.get(path, "If-None-Match", have))
				if w.Body.Len() != 0 || w.Header().Get("ETag") == "" || w.Header().Get("Content-Type") != "" {
					t.Errorf("%s: 304 with %d bytes and %v", path, w.Body.Len(), w.Header())
				}
			}
			g.want(http.StatusOK, g.get(path, "If-None-Match", `"other"`))
		}
		if w := g.get("/v1/faults", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
			t.Error("a small answer was compressed")
		}
	})
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		for _, path := range []string{"/healthz", "/v1/events", "/v1/none", "/v1/events/none/graph"} {
			w := g.get(path, "X-Request-Id", "abc-123_DEF.4")
			for name, value := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
				"X-Request-Id": "abc-123_DEF.4",
			} {
				if got := w.Header().Get(name); got != value {
					t.Errorf("%s: %s: %q, want %q", path, name, got, value)
				}
			}
		}
		for _, bad := range []string{"short", strings.Repeat("x", 65), "with space", "line\nbreak", `"quoted"`} {
			id := g.get("/healthz", "X-Request-Id", bad).Header().Get("X-Request-Id")
			if id == bad || len(id) != 36 || id[14] != '7' {
				t.Errorf("id %q for %q", id, bad)
			}
		}
	})
}

func TestMethods(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(1)
		settle()
		for _, path := range []string{"/v1/events/match-1/graph", "/v1/events", "/healthz", "/openapi.json"} {
			get, head := g.get(path), g.want(http.StatusOK, g.ask("admin", "HEAD", path, nil))
			if head.Header().Get("Content-Length") != get.Header().Get("Content-Length") || head.Header().Get("ETag") != get.Header().Get("ETag") {
				t.Errorf("%s: HEAD %v, GET %v", path, head.Header(), get.Header())
			}
		}
		w := g.want(http.StatusNoContent, g.ask("", "OPTIONS", "/v1/faults", nil))
		if w.Header().Get("Allow") != "DELETE, GET, HEAD, POST, OPTIONS" || w.Body.Len() != 0 {
			t.Errorf("Allow %q, %d bytes", w.Header().Get("Allow"), w.Body.Len())
		}
		for _, m := range []string{"PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
			w := g.ask("admin", m, "/v1/events", nil)
			g.refused(http.StatusMethodNotAllowed, "GET, HEAD", w)
			if w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s: Allow %q", m, w.Header().Get("Allow"))
			}
		}
		g.refused(http.StatusMethodNotAllowed, "POST", g.get("/v1/ticks"))
		g.refused(http.StatusNotFound, "", g.ask("", "OPTIONS", "/v1/none", nil))
	})
}

func TestAPanicIsAProblemAndIsLogged(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.api.mount(&route{method: "GET", path: "/early", free: true}, func(http.ResponseWriter, *http.Request) { panic("early trouble") })
		g.api.mount(&route{method: "GET", path: "/late"}, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("late trouble")
		})
		p := g.refused(http.StatusInternalServerError, "", g.get("/early"))
		if strings.Contains(p.Detail, "trouble") || !strings.Contains(g.log.String(), "early trouble") {
			t.Errorf("detail %q", p.Detail)
		}
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("half an answer ended with %v", v)
				}
			}()
			g.get("/late")
		}()
		if s := g.api.o.Adaptive.Stats(); s.InFlight != 0 {
			t.Errorf("%d are in flight for ever", s.InFlight)
		}
	})
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.get("/v1/events/none/graph")
		g.get("/v1/none")
		text := g.want(http.StatusOK, g.get("/metrics")).Body.String()
		for _, want := range []string{
			`corrgraph_requests_total{code="404",method="GET",route="/v1/events/{id}/graph"} 1`,
			`corrgraph_requests_total{code="404",method="GET",route="other"} 1`,
			`corrgraph_request_duration_seconds_count{route="/v1/events/{id}/graph"} 1`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("metrics lack %s", want)
			}
		}
	})
}

func TestProfilesAreThereWhenWanted(t *testing.T) {
	bubble(t, knobs{}, func(_ *testing.T, g *rig) { g.refused(http.StatusNotFound, "", g.get("/debug/pprof/heap")) })
	bubble(t, knobs{options: func(o *Options) { o.Profiles = true }}, func(t *testing.T, g *rig) {
		for _, p := range []string{"", "heap", "goroutine", "cmdline", "symbol"} {
			if w := g.want(http.StatusOK, g.get("/debug/pprof/"+p)); w.Body.Len() == 0 {
				t.Errorf("profile %q is empty", p)
			}
		}
		g.want(http.StatusNotFound, g.get("/debug/pprof/nothing"))
	})
}

func TestAClientThatLeftIsNoFailure(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(1)
		settle()
		time.Sleep(2 * time.Minute) // of the bubble: the view has had no reader
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := httptest.NewRequest("GET", "/v1/events/match-1/graph", nil).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+g.secrets["viewer"])
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
		if w.Body.Len() != 0 && w.Code != http.StatusOK {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if h := g.service.Health(); len(h.Reasons) != 0 {
			t.Errorf("a client that left made the instance ill: %v", h.Reasons)
		}
	})
}
