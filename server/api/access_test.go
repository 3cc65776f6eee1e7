package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/access"
	"corrgraph/server/service"
	"corrgraph/store"
)

func TestRolesDecide(t *testing.T) {
	profiles := func(o *Options) { o.Profiles = true }
	bubble(t, knobs{options: profiles}, func(t *testing.T, g *rig) {
		for _, rt := range g.api.routes {
			if rt.path == "/v1/stream" || strings.HasSuffix(rt.path, "/pprof/profile") || strings.HasSuffix(rt.path, "/pprof/trace") {
				continue // these are long-lived; the stream has tests of its own
			}
			target := strings.NewReplacer("{id}", "x", "{profile...}", "").Replace(rt.path)
			for i, who := range []string{"", "viewer", "operator", "admin"} {
				w := g.ask(who, rt.method, target, nil)
				switch allowed := i >= int(rt.role); {
				case allowed && (w.Code == 401 || w.Code == 403 && !strings.Contains(w.Body.String(), "chaos")):
					t.Errorf("%s %s: %q is refused: %s", rt.method, rt.path, who, w.Body)
				case !allowed && who == "":
					g.refused(http.StatusUnauthorized, rt.role.String(), w)
					if w.Header().Get("WWW-Authenticate") != `Bearer realm="corrgraph"` {
						t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
					}
				case !allowed:
					g.refused(http.StatusForbidden, "needs role "+rt.role.String(), w)
				}
			}
		}
		g.refused(http.StatusUnauthorized, "viewer", g.ask("", "GET", "/v1/stream", nil))
	})
}

func TestTokensThatAreNotTakenAreRefusedAndToldNoMore(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		good := g.secrets["viewer"]
		other := good[:len(good)-2] + "xx"
		for _, h := range []string{"Bearer " + other, "Bearer x", "Bearer ", "Basic dXNlcjpwYXNz", good, "Bearer " + strings.Repeat("x", 5000)} {
			w := g.ask("", "GET", "/v1/events", nil, "Authorization", h)
			g.refused(http.StatusUnauthorized, "", w)
			if strings.Contains(w.Body.String(), other[10:]) {
				t.Error("the token stands in the answer")
			}
			g.want(http.StatusOK, g.ask("", "GET", "/healthz", nil, "Authorization", h))
		}
		g.want(http.StatusOK, g.ask("", "GET", "/v1/events", nil, "Authorization", "bearer  "+good))
		for _, secret := range g.secrets {
			if strings.Contains(g.log.String(), secret[20:]) {
				t.Error("a token stands in the log")
			}
		}
	})
}

func TestTokensExpireAndAreReplacedWithoutARestart(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		short, secret, err := access.NewToken("short", access.Viewer, time.Now().Add(time.Hour), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ask := func() *httptest.ResponseRecorder {
			return g.ask("", "GET", "/v1/events", nil, "Authorization", "Bearer "+secret)
		}
		g.refused(http.StatusUnauthorized, "not known", ask())
		g.api.Set(Settings{Tokens: must[*access.Tokens](t)(access.NewTokens(short))})
		g.want(http.StatusOK, ask())
		g.refused(http.StatusUnauthorized, "not known", g.get("/v1/events"))
		time.Sleep(time.Hour) // of the bubble
		g.refused(http.StatusUnauthorized, "expired", ask())
	})
}

func TestAnonymousMayDoWhatSettingsSay(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.Settings = Settings{Anonymous: access.Operator} }}, func(t *testing.T, g *rig) {
		g.want(http.StatusOK, g.ask("", "GET", "/v1/audit", nil))
		g.refused(http.StatusUnauthorized, "admin", g.ask("", "DELETE", "/v1/faults", nil))
		g.refused(http.StatusUnauthorized, "not known", g.ask("", "GET", "/v1/audit", nil, "Authorization", "Bearer x"))
	})
}

func TestEachClientHasItsLimit(t *testing.T) {
	bubble(t, knobs{rate: 2}, func(t *testing.T, g *rig) {
		w := g.want(http.StatusOK, g.get("/v1/feeds"))
		for name, value := range map[string]string{"RateLimit-Limit": "2", "RateLimit-Remaining": "1", "RateLimit-Reset": "1", "RateLimit-Policy": "2;w=1"} {
			if got := w.Header().Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
		g.want(http.StatusOK, g.get("/v1/feeds"))
		w = g.get("/v1/feeds")
		g.refused(http.StatusTooManyRequests, "RateLimit headers", w)
		if w.Header().Get("Retry-After") != "1" || w.Header().Get("RateLimit-Remaining") != "0" {
			t.Errorf("%v", w.Header())
		}
		g.want(http.StatusOK, g.get("/healthz"))
		g.want(http.StatusOK, g.ask("viewer", "GET", "/v1/feeds", nil))
		// Guessing tokens is limited by address, and addresses are independent.
		guess := func(from string) int {
			r := httptest.NewRequest("GET", "/v1/feeds", nil)
			r.RemoteAddr = from
			r.Header.Set("Authorization", "Bearer x")
			w := httptest.NewRecorder()
			g.api.ServeHTTP(w, r)
			return w.Code
		}
		var codes []int
		for _, from := range []string{"[2001:db8::1]:1", "[2001:db8::2]:2", "[2001:db8::3]:3", "[2001:db8:0:1::1]:4", "10.0.0.1:1", "10.0.0.2:1"} {
			codes = append(codes, guess(from))
		}
		if fmt.Sprint(codes) != "[401 401 429 401 401 401]" {
			t.Errorf("guesses ended with %v", codes)
		}
		time.Sleep(time.Second) // of the bubble
		g.want(http.StatusOK, g.get("/v1/feeds"))
	})
}

func TestRefusalsAreAudited(t *testing.T) {
	bubble(t, knobs{rate: 5, adaptive: adaptiveOfOne()}, func(t *testing.T, g *rig) {
		g.ask("viewer", "DELETE", "/v1/faults", nil)
		g.ask("", "GET", "/v1/events", nil)
		permit, err := g.api.o.Adaptive.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		g.ask("admin", "GET", "/v1/feeds", nil)
		permit.Release(0)
		for range 6 {
			g.ask("operator", "GET", "/v1/feeds", nil)
		}
		time.Sleep(5 * time.Second) // of the bubble: the queue is written
		synctest.Wait()
		var rows []string
		for _, r := range decode[service.AuditPage](t, g.get("/v1/audit?operation=REQUEST")).Rows {
			rows = append(rows, r.Actor+" "+r.Subject+" "+r.Status)
		}
		want := []string{
			"operator GET /v1/feeds LIMITED", "admin GET /v1/feeds UNAVAILABLE",
			"anonymous@192.0.2.1 GET /v1/events REFUSED", "viewer DELETE /v1/faults REFUSED",
		}
		if strings.Join(rows, "\n") != strings.Join(want, "\n") {
			t.Errorf("audited:\n%s\nwant:\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestLoopbackAnswersForItsOwnNamesAlone(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.Loopback = true }}, func(t *testing.T, g *rig) {
		for host, ok := range map[string]bool{
			"localhost": true, "LOCALHOST:8080": true, "127.0.0.1:1": true, "127.1.2.3": true, "[::1]:8080": true, "::1": true, "localhost.": true,
			"example.com": false, "localhost.example.com": false, "10.0.0.1:8080": false, "": false, "0.0.0.0": false,
		} {
			r := httptest.NewRequest("GET", "/healthz", nil)
			r.Host = host
			w := httptest.NewRecorder()
			g.api.ServeHTTP(w, r)
			if (w.Code == http.StatusOK) != ok || !ok && w.Code != http.StatusMisdirectedRequest {
				t.Errorf("host %q: %d", host, w.Code)
			}
		}
	})
}

func TestOtherOriginsMayNotChangeAnything(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.refused(http.StatusForbidden, "cross-origin", g.ask("admin", "DELETE", "/v1/faults", nil, "Sec-Fetch-Site", "cross-site"))
		g.refused(http.StatusForbidden, "cross-origin", g.ask("admin", "POST", "/v1/ticks", strings.NewReader(""), "Origin", "https://evil.example"))
		g.want(http.StatusOK, g.ask("admin", "DELETE", "/v1/faults", nil))
		g.want(http.StatusOK, g.get("/v1/events", "Sec-Fetch-Site", "cross-site"))
	})
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("an API without a service")
	}
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		o := g.api.o
		o.Body = -1
		if _, err := New(o); err == nil {
			t.Error("a negative limit")
		}
	})
}

func TestFailuresOfTheServiceKeepTheirDetail(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		ctx := service.WithActor(t.Context(), service.Actor{})
		for _, c := range []struct {
			err    error
			status int
		}{
			{errors.New("secret of the house"), 500},
			{fmt.Errorf("append: %w", store.ErrFull), 503},
			{fmt.Errorf("append: %w", store.ErrReplaced), 503},
			{store.ErrDeadline, 503},
			{problem(418, "teapot"), 418},
		} {
			p := g.api.failure(ctx, c.err)
			if p.Status != c.status || strings.Contains(p.Detail, "secret") || p.Status == 503 && p.retry == 0 {
				t.Errorf("%v: %+v", c.err, p)
			}
		}
		if !strings.Contains(g.log.String(), "secret of the house") {
			t.Error("the log does not say what went wrong")
		}
	})
}
