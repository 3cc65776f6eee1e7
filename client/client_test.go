package client_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/client/clienttest"
)

// asking serves h and returns a client for it, with a token.
func asking(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	at, dial := clienttest.Serve(t, h)
	c, err := client.New(client.Options{URL: at + "/", Token: "secret", Timeout: 5 * time.Second, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestRequestsArriveAsTheyWereMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got *http.Request
		var body string
		c := asking(t, func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got, body = r, string(text)
			w.Header().Set("X-Said", "yes")
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, "short")
		})
		a, err := c.Do(t.Context(), client.Request{Method: "PUT", Path: "/v1/a%2Fb?x=1", Type: "text/csv", Body: []byte("1,2"), Header: []string{"X-One", "1", "X-Two", "2"}})
		if err != nil || a.Status != http.StatusTeapot || a.Header.Get("X-Said") != "yes" || string(a.Body) != "short" {
			t.Fatalf("%+v, %v", a, err)
		}
		want := []string{"PUT", "/v1/a%2Fb?x=1", "Bearer secret", "text/csv", "1", "2", "1,2"}
		h := got.Header
		if have := []string{got.Method, got.RequestURI, h.Get("Authorization"), h.Get("Content-Type"), h.Get("X-One"), h.Get("X-Two"), body}; !slices.Equal(have, want) {
			t.Errorf("%q, want %q", have, want)
		}
		if _, err := c.As("").Do(t.Context(), client.Request{Path: "/"}); err != nil || got.Method != "GET" || got.Header.Get("Authorization") != "" {
			t.Errorf("anonymous: %v, %v", got.Header, err)
		}
	})
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		after string
		want  client.Problem
		says  string
	}{
		"a problem document": {
			`{"status":422,"detail":"no such layer","request_id":"r-1","errors":[{"location":"query.layer","message":"expected number <= 4"}]}`, "3",
			client.Problem{Detail: "no such layer", RequestID: "r-1", RetryAfter: 3 * time.Second, Items: []client.Item{{Location: "query.layer", Message: "expected number <= 4"}}},
			"GET /v1/edges: 422 Unprocessable Entity: no such layer",
		},
		"nothing":           {"", "", client.Problem{}, "GET /v1/edges: 422 Unprocessable Entity"},
		"a proxy's page":    {"<html>", "soon", client.Problem{}, "GET /v1/edges: 422 Unprocessable Entity"},
		"a wait of nothing": {"{}", "-1", client.Problem{}, "GET /v1/edges: 422 Unprocessable Entity"},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := asking(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(http.StatusUnprocessableEntity)
				fmt.Fprint(w, c.body)
			}).Ask(t.Context(), "/v1/edges?layer=9", nil)
			var p *client.Problem
			if !errors.As(err, &p) || err.Error() != c.says || p.Status != 422 || p.Detail != c.want.Detail || p.RequestID != c.want.RequestID ||
				p.RetryAfter != c.want.RetryAfter || !slices.Equal(p.Items, c.want.Items) || string(p.Body) != c.body {
				t.Errorf("%s: %v, %+v", name, err, p)
			}
		})
	}
}

// TestPatience checks how often and how long a request is repeated.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		busy   int // number of refusals before an answer
		status int
		after  string
		most   time.Duration
		asked  int
		waited time.Duration
		want   int
	}{
		"answered at once":      {0, 503, "1", time.Minute, 1, 0, 200},
		"twice busy":            {2, 503, "3", time.Minute, 3, 6 * time.Second, 200},
		"limited":               {1, 429, "7", time.Minute, 2, 7 * time.Second, 200},
		"waits no longer":       {2, 429, "7", 100 * time.Millisecond, 3, 200 * time.Millisecond, 200},
		"not told to come back": {2, 503, "", time.Minute, 1, 0, 503},
		"another refusal":       {2, 500, "1", time.Minute, 1, 0, 500},
		"for ever":              {99, 503, "1", time.Minute, 20, 19 * time.Second, 503},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			cl := asking(t, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked <= c.busy {
					if c.after != "" {
						w.Header().Set("Retry-After", c.after)
					}
					w.WriteHeader(c.status)
				}
			})
			begun := time.Now()
			a, err := cl.Patient(t.Context(), client.Request{Path: "/"}, c.most)
			if err != nil || a.Status != c.want || asked != c.asked || time.Since(begun) != c.waited {
				t.Errorf("%s: %+v, %v; asked %d times in %s", name, a, err, asked, time.Since(begun))
			}
		})
	}
}

func TestPatienceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asking(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		if _, err := c.Patient(ctx, client.Request{Path: "/"}, time.Hour); !errors.Is(err, why) {
			t.Error(err)
		}
	})
}

func TestReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asking(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/closes" {
				panic(http.ErrAbortHandler)
			}
			<-r.Context().Done()
		})
		for path, want := range map[string]string{"/hangs": "timeout", "/closes": "connection closed"} {
			if _, err := c.Do(t.Context(), client.Request{Path: path}); err == nil || client.Reason(err) != want {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
	c, err := client.New(client.Options{URL: "http://127.0.0.1:1"}) // nothing listens there
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), client.Request{Path: "/"}); err == nil || client.Reason(err) != "dial: connection refused" {
		t.Error(err)
	}
	if got := client.Reason(errors.New("odd")); got != "odd" {
		t.Error(got)
	}
}

func TestURLs(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://x", "http://", "http://x?y=1", "http://u:p@x", "http://\x00"} {
		if _, err := client.New(client.Options{URL: bad}); !errors.Is(err, client.ErrURL) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	c, err := client.New(client.Options{URL: "https://host:99/a/"})
	if err != nil || c.URL() != "https://host:99/a" || c.Host() != "host:99" || c.Timeout() != 30*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestAnswersAreUnpacked: compressed by default, uncompressed for measurements.
func TestAnswersAreUnpacked(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			fmt.Fprint(w, `{"packed":false}`)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, `{"packed":true}`)
		_ = z.Close() // to a recorder
	}))
	t.Cleanup(s.Close)
	for _, identity := range []bool{false, true} {
		c, err := client.New(client.Options{URL: s.URL, Identity: identity})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Packed bool }
		if err := c.Ask(t.Context(), "/", &got); err != nil || got.Packed == identity {
			t.Errorf("identity %t: %+v, %v", identity, got, err)
		}
		c.Close()
	}
}

// TestConnectionsByHand uses Connect, plain and encrypted.
func TestConnectionsByHand(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for _, s := range []*httptest.Server{plain, secure} {
		o := client.Options{URL: s.URL}
		if s.TLS != nil {
			o.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
		}
		c, err := client.New(o)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", c.Host())
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r.Body); err != nil || string(text) != "HTTP/1.1" {
			t.Errorf("%s: %q, %v", s.URL, text, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	c, err := client.New(client.Options{URL: secure.URL}) // its certificate is not trusted
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(t.Context()); err == nil {
		t.Error("a certificate that nobody signed is taken")
	}
}

// service answers every typed question.
func service(t *testing.T) http.HandlerFunc {
	layers := `[{"status":"HEALTHY","circuit":"closed","edges":[{"source":"a","target":"b"}]},{},{},{"status":"FAILED","reason":"gone"}]`
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch got := r.Method + " " + r.RequestURI + " " + string(body); got {
		case "GET /healthz ":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"status":"FAILED","layers":%s}`, layers)
		case "GET /readyz ":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "reading the log")
		case "GET /v1/events?limit=3 ":
			fmt.Fprint(w, `{"events":[{"event_id":"a"},{"event_id":"b"}],"next_cursor":"n"}`)
		case "GET /v1/events?cursor=n&limit=1 ":
			fmt.Fprint(w, `{"events":[{"event_id":"c"}],"next_cursor":"m"}`)
		case "GET /v1/events/a%20b%2Fc/graph ":
			fmt.Fprintf(w, `{"status":"DEGRADED","layers":%s}`, layers)
		case "GET /v1/events/none/graph ":
			fmt.Fprint(w, `{"layers":[]}`)
		case "POST /v1/ticks good":
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{"accepted":3,"duplicates":2,"rejected":1,"rejected_by_reason":{"late":1}}`)
		case "POST /v1/ticks old":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"rejected":2,"errors":[{"line":1,"reason":"late"}]}`)
		case "GET /v1/reactions?sport=epl ":
			fmt.Fprint(w, `{"marks":20,"venues":[{"venue":"pin","marks":20,"reacted":18,"median_ms":-500,"median_low_ms":-900,"median_high_ms":null,"controls":10,"control_reacted":1}],`+
				`"pairs":[{"a":"pin","b":"dk","first":"pin","by_low_ms":1000,"q":0.01}]}`)
		case "GET /v1/faults ":
			fmt.Fprint(w, `{"enabled":false}`)
		case `POST /v1/faults {"kind":"kill-layer","layer":4,"duration_s":1.5}`, "DELETE /v1/faults ":
		case "GET /v1/audit?limit=1000&operation=GRAPH_BUILD ":
			fmt.Fprint(w, `{"rows":[{"operation":"GRAPH_BUILD","status":"OK","took_us":5}],"next_cursor":"7"}`)
		case "GET /v1/audit?cursor=7&limit=1000&operation=GRAPH_BUILD ":
			fmt.Fprint(w, `{"rows":[{"operation":"GRAPH_BUILD","status":"REFUSED"}]}`)
		case "POST /v1/backups ":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"name":"x.db"}`)
		case `POST /v1/proofs {"kind":"load","passed":true,"summary":"s","report":[1]}`:
			w.WriteHeader(http.StatusCreated)
		case "GET /metrics ":
			fmt.Fprint(w, "# TYPE a_total counter\na_total{x=\"1\"} 2\n")
		default:
			t.Errorf("asked %q", got)
		}
	}
}

func TestTypedQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := asking(t, service(t)), t.Context()
		h, err := c.Health(ctx)
		if err != nil || h.Status != "FAILED" || h.Layers[0].Circuit != "closed" || h.Layers[3].Reason != "gone" {
			t.Errorf("health: %+v, %v", h, err)
		}
		if ready, said, err := c.Ready(ctx); err != nil || ready || said != "reading the log" {
			t.Errorf("ready: %t, %q, %v", ready, said, err)
		}
		if ids, err := c.EventIDs(ctx, 3); err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
			t.Errorf("events: %q, %v", ids, err)
		}
		g, err := c.Graph(ctx, "a b/c", time.Second)
		if err != nil || g.Status != "DEGRADED" || g.Layers[0].Edges[0] != (client.Edge{Source: "a", Target: "b"}) || g.Layers[3].Status != "FAILED" {
			t.Errorf("graph: %+v, %v", g, err)
		}
		if _, err := c.Graph(ctx, "none", time.Second); err == nil || !strings.Contains(err.Error(), "0 layers, want 4") {
			t.Errorf("a graph without layers: %v", err)
		}
		r, err := c.Ticks(ctx, client.CSV, []byte("good"), time.Second)
		if err != nil || r.Accepted != 3 || r.Duplicates != 2 || r.Rejected != 1 || r.Reasons["late"] != 1 {
			t.Errorf("ticks: %+v, %v", r, err)
		}
		soon, err := c.Reactions(ctx, url.Values{"sport": {"epl"}})
		if err != nil || soon.Marks != 20 || len(soon.Venues) != 1 || len(soon.Pairs) != 1 {
			t.Fatalf("reactions: %+v, %v", soon, err)
		}
		if v := soon.Venues[0]; v.Venue != "pin" || v.Reacted != 18 || *v.Median != -500 || *v.MedianLow != -900 || v.MedianHigh != nil || v.Controls != 10 || v.Quiet != 1 {
			t.Errorf("a venue's reactions: %+v", v)
		}
		if p := soon.Pairs[0]; p.A != "pin" || p.B != "dk" || p.First != "pin" || *p.ByLow != 1000 || p.ByHigh != nil || *p.Q != 0.01 {
			t.Errorf("the sooner of two: %+v", p)
		}
		var p *client.Problem
		if r, err := c.Ticks(ctx, client.CSV, []byte("old"), time.Second); !errors.As(err, &p) || r.Rejected != 2 || p.Items[0].Reason != "late" {
			t.Errorf("old ticks: %+v, %v", r, err)
		}
	})
}

func TestTypedOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := asking(t, service(t)), t.Context()
		if ok, err := c.FaultsAllowed(ctx); err != nil || ok {
			t.Errorf("faults: %t, %v", ok, err)
		}
		if err := errors.Join(c.Inject(ctx, client.Fault{Kind: "kill-layer", Layer: 4, Seconds: 1.5}), c.ClearFaults(ctx)); err != nil {
			t.Error(err)
		}
		rows, err := c.Audit(ctx, url.Values{"operation": {"GRAPH_BUILD"}})
		if err != nil || len(rows) != 2 || *rows[0].TookUs != 5 || rows[1].TookUs != nil || rows[1].Status != "REFUSED" {
			t.Errorf("audit: %+v, %v", rows, err)
		}
		if name, err := c.Backup(ctx); err != nil || name != "x.db" {
			t.Errorf("backup: %q, %v", name, err)
		}
		if err := c.RecordProof(ctx, client.Proof{Kind: "load", Passed: true, Summary: "s", Report: json.RawMessage("[1]")}); err != nil {
			t.Error(err)
		}
		m, err := c.Metrics(ctx)
		if err != nil || m["a_total"].GetMetric()[0].GetCounter().GetValue() != 2 {
			t.Errorf("metrics: %v, %v", m, err)
		}
	})
}

func ExampleClient() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"events":[{"event_id":"mlb-nyy-bos"}]}`)
	}))
	defer s.Close()
	c, err := client.New(client.Options{URL: s.URL, Token: "…"})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	ids, err := c.EventIDs(context.Background(), 10)
	fmt.Println(ids, err)
	// Output: [mlb-nyy-bos] <nil>
}
