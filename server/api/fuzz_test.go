package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// FuzzRequests passes arbitrary requests to the handler: no answer may be a 5xx of
// ours, and every error must be a problem with a reason.
func FuzzRequests(f *testing.F) {
	g, end := start(f, knobs{real: true, options: func(o *Options) { o.Body = 4 << 20 }})
	f.Cleanup(end)
	news, _ := g.live.Hub().After(0, nil)
	for g.service.State().Recovering {
		runtime.Gosched()
	}
	g.feed(1)
	if _, _, err := news.Next(context.Background()); err != nil {
		f.Fatal(err)
	}
	for _, rt := range g.api.routes {
		f.Add(rt.method, strings.Replace(rt.path, "{id}", "match-1", 1), "", "")
	}
	line := tick(time.Now(), "a", "m", "home", 2)
	for _, s := range [][4]string{
		{"GET", "/v1/events/match-1/graph?limit=3", "", ""},
		{"GET", "/v1/events/%00%ff%2f../anomalies?min_confidence=1e-400", "", ""},
		{"GET", "/v1/events?limit=9223372036854775808&cursor=x", "", ""},
		{"GET", "/v1/predictions?node=" + leaderNode, "", ""},
		{"GET", "/v1/edges?source=" + leaderNode + "&target=" + followerNode, "", ""},
		{"GET", "/v1/propagation?source=" + leaderNode + "&target=" + leaderNode + "&max_depth=32&paths=10", "", ""},
		{"GET", "/v1/audit?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&cursor=9223372036854775807", "", ""},
		{"GET", "/v1/stream?event=match-1&kinds=move,gap&last_event_id=x-1", "", ""},
		{"POST", "/v1/ticks", formNDJSON, line},
		{"POST", "/v1/ticks", formJSON, "[" + line + ",{}]"},
		{"POST", "/v1/ticks", formCSV, "ts_source,bookmaker,event_id,market,selection,price\n1,a,b,c,d,2\n"},
		{"POST", "/v1/faults", "application/json", `{"kind":"clock-skew","offset_ms":1,"duration_s":1e-9}`},
		{"OPTIONS", "*", "", ""},
		{"CONNECT", "x:1", "", ""},
		{"GET", "//v1//events/../events", "", ""},
		{"GET", "http://h/v1/events?%", "", ""},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	f.Fuzz(func(t *testing.T, method, target, form, body string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")))
		if err != nil {
			return // net/http refuses it before any handler
		}
		r.Body, r.ContentLength, r.RemoteAddr = io.NopCloser(strings.NewReader(body)), int64(len(body)), "127.0.0.1:1"
		r.Header.Set("Authorization", "Bearer "+g.secrets["admin"])
		r.Header["Content-Type"] = []string{form}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		w := &briefly{ResponseRecorder: httptest.NewRecorder(), leave: cancel}
		g.api.ServeHTTP(w, r.WithContext(ctx))
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s %q: status %d: %s", method, target, w.Code, w.Body)
		}
		var p Problem
		if w.Code >= 400 && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && r.URL.Path != "/metrics" {
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Detail == "" {
				t.Errorf("%s %q: status %d is no problem with a reason: %s", method, target, w.Code, w.Body)
			}
		}
	})
}

// briefly is a client that leaves a stream after its greeting.
type briefly struct {
	*httptest.ResponseRecorder
	leave func()
}

func (b *briefly) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("retry: ")) {
		defer b.leave()
	}
	return b.ResponseRecorder.Write(p)
}

// FuzzBodies passes arbitrary bytes to the reader of ticks.
func FuzzBodies(f *testing.F) {
	line := tick(time.Unix(1_700_000_000, 0), "a", "m", "home", 2)
	for _, s := range []string{line, "x\n" + line, "[" + line + "]", "[1,2", "\ufeff{}", `{"ts_source":"`, strings.Repeat(line, 20), "a,b\n", "[[[[", "\n\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, form := range []string{formNDJSON, formJSON, formCSV} {
			p := &parcel{}
			if err := p.read(context.Background(), form, []byte(text), 10, nil); err != nil {
				if _, ok := err.(*Problem); !ok {
					t.Errorf("%s: %v is no problem", form, err)
				}
				continue
			}
			if len(p.batches) != len(p.lines) || p.ticks > 10 {
				t.Errorf("%s: %d batches, %d places, %d ticks", form, len(p.batches), len(p.lines), p.ticks)
			}
			for _, at := range p.lines {
				if at < 1 {
					t.Errorf("%s: a batch at line %d", form, at)
				}
			}
		}
	})
}
