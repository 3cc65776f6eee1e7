package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
)

// saying answers everything with a status and a body.
func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// questions are all typed questions, as errors.
func questions(ctx context.Context, c *client.Client) map[string]error {
	out := map[string]error{}
	_, out["health"] = c.Health(ctx)
	_, out["events"] = c.EventIDs(ctx, 5)
	_, out["graph"] = c.Graph(ctx, "m", time.Second)
	_, out["ticks"] = c.Ticks(ctx, client.CSV, nil, time.Second)
	_, out["faults"] = c.FaultsAllowed(ctx)
	_, out["audit"] = c.Audit(ctx, nil)
	_, out["backup"] = c.Backup(ctx)
	_, out["metrics"] = c.Metrics(ctx)
	out["inject"] = c.Inject(ctx, client.Fault{})
	out["clear"] = c.ClearFaults(ctx)
	_, out["reactions"] = c.Reactions(ctx, nil)
	out["links"] = c.Links(ctx, nil, &struct{}{})
	out["decide"] = c.DecideLink(ctx, "l1", client.LinkDecision{}, &struct{}{})
	out["withdraw"] = c.WithdrawLink(ctx, "l1")
	out["name"] = c.DecideName(ctx, client.NameDecision{})
	out["proof"] = c.RecordProof(ctx, client.Proof{})
	return out
}

// TestEveryQuestionSaysWhatItWasRefused: a refusal is a Problem, whatever was asked.
func TestEveryQuestionSaysWhatItWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, err := range questions(t.Context(), asking(t, saying(http.StatusForbidden, `{"detail":"not you","request_id":"r"}`))) {
			var p *client.Problem
			if !errors.As(err, &p) || p.Status != http.StatusForbidden || p.Detail != "not you" || p.RequestID != "r" || !strings.HasSuffix(err.Error(), ": 403 Forbidden: not you") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// TestAnAnswerThatIsNoJSONIsAnError that names the question; those who want no answer
// don't read it.
func TestAnAnswerThatIsNoJSONIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, err := range questions(t.Context(), asking(t, saying(http.StatusOK, "<html>"))) {
			switch what {
			case "inject", "clear", "proof", "withdraw", "name":
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
			case "metrics":
				if err == nil {
					t.Error("metrics: a page is no scrape")
				}
			default:
				var syntax *json.SyntaxError
				if !errors.As(err, &syntax) || !strings.Contains(err.Error(), " /") {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
	})
}

func TestEveryQuestionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asking(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for what, err := range questions(ctx, c) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, _, err := c.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ready: %v", err)
		}
	})
}

func TestHealthHasFourLayers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := asking(t, saying(http.StatusOK, `{"status":"HEALTHY","layers":[{}]}`)).Health(t.Context())
		if err == nil || err.Error() != "GET /healthz: 1 layers, want 4" {
			t.Error(err)
		}
	})
}

func TestReadyIsAnAnswerOfAnyStatus(t *testing.T) {
	for status, want := range map[int]bool{200: true, 503: false, 404: false} {
		synctest.Test(t, func(t *testing.T) {
			ready, said, err := asking(t, saying(status, "said")).Ready(t.Context())
			if ready != want || said != "said" || err != nil {
				t.Errorf("%d: %t, %q, %v", status, ready, said, err)
			}
		})
	}
}

// pages serves n events in pages as large as they are asked for, and notes what was.
func pages(t *testing.T, n int, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		*asked = append(*asked, q.Get("limit"))
		limit, err := strconv.Atoi(q.Get("limit"))
		if err != nil {
			t.Error(err)
		}
		from := 0
		if c := q.Get("cursor"); c != "" {
			if from, err = strconv.Atoi(c); err != nil {
				t.Error(err)
			}
		}
		var events []map[string]string
		for i := from; i < min(n, from+limit); i++ {
			events = append(events, map[string]string{"event_id": fmt.Sprint("m", i)})
		}
		page := map[string]any{"events": events}
		if from+limit < n {
			page["next_cursor"] = strconv.Itoa(from + limit)
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	}
}

func TestEventsComeInPagesOfAHundred(t *testing.T) {
	for _, c := range []struct {
		there, most, want int
		asked             []string
	}{
		{250, 0, 0, nil},
		{250, 1, 1, []string{"1"}},
		{250, 100, 100, []string{"100"}},
		{250, 101, 101, []string{"100", "1"}},
		{250, 1000, 250, []string{"100", "100", "100"}},
		{200, 1000, 200, []string{"100", "100"}},
		{0, 10, 0, []string{"10"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			ids, err := asking(t, pages(t, c.there, &asked)).EventIDs(t.Context(), c.most)
			if err != nil || len(ids) != c.want || !slices.Equal(asked, c.asked) {
				t.Fatalf("%d of %d: %d events by %q, %v", c.most, c.there, len(ids), asked, err)
			}
			for i, id := range ids {
				if id != fmt.Sprint("m", i) {
					t.Fatalf("event %d is %s", i, id)
				}
			}
		})
	}
}

// TestAServiceThatGoesRoundInCirclesIsLeft: a page without an event is the last, whatever
// its cursor says.
func TestAServiceThatGoesRoundInCirclesIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		c := asking(t, func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			fmt.Fprint(w, `{"events":[],"next_cursor":"again"}`)
		})
		if ids, err := c.EventIDs(t.Context(), 10); err != nil || len(ids) > 0 || n.Load() != 1 {
			t.Errorf("%q after %d questions, %v", ids, n.Load(), err)
		}
	})
}

// TestTheAuditLogIsReadAsFarAsAThousandRows: and a filter's own limit counts.
func TestTheAuditLogIsReadAsFarAsAThousandRows(t *testing.T) {
	for name, c := range map[string]struct {
		page   int
		filter url.Values
		rows   int
		limit  string
	}{
		"whole pages":      {1000, nil, 1000, "1000"},
		"parts of it":      {400, url.Values{"operation": {"A"}}, 1200, "1000"},
		"a limit of yours": {500, url.Values{"limit": {"500"}}, 1000, "500"},
	} {
		synctest.Test(t, func(t *testing.T) {
			cl := asking(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("limit"); got != c.limit || r.URL.Query().Get("operation") != c.filter.Get("operation") {
					t.Errorf("%s: asked %q", name, r.URL.RawQuery)
				}
				fmt.Fprintf(w, `{"rows":[%s{}],"next_cursor":"more"}`, strings.Repeat("{},", c.page-1))
			})
			if rows, err := cl.Audit(t.Context(), c.filter); err != nil || len(rows) != c.rows {
				t.Errorf("%s: %d rows, %v", name, len(rows), err)
			}
			if _, ok := c.filter["cursor"]; ok {
				t.Error("the filter was changed")
			}
		})
	}
}

func TestFaultsAreAllowedWhereNothingIsSaid(t *testing.T) {
	for body, want := range map[string]bool{`{}`: true, `{"enabled":true}`: true, `{"enabled":false}`: false} {
		synctest.Test(t, func(t *testing.T) {
			if got, err := asking(t, saying(200, body)).FaultsAllowed(t.Context()); err != nil || got != want {
				t.Errorf("%s: %t, %v", body, got, err)
			}
		})
	}
}

func TestWhatIsNoJSONIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asking(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
		var unsupported *json.UnsupportedTypeError
		if err := c.Send(t.Context(), http.MethodPost, "/v1/x?y=1", func() {}, nil); !errors.As(err, &unsupported) || !strings.HasPrefix(err.Error(), "POST /v1/x: ") {
			t.Error(err)
		}
		if _, err := c.Do(t.Context(), client.Request{Method: "NO METHOD", Path: "/"}); err == nil {
			t.Error("a method of two words")
		}
	})
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := pause.For(t.Context(), time.Hour); err != nil || time.Since(begun) != time.Hour {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(why) })
		if err := pause.For(ctx, time.Hour); !errors.Is(err, why) || time.Since(begun) != time.Hour+time.Minute {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

// TestReasonsAreTheSameForTheSameCause, however deep it lies.
func TestReasonsAreTheSameForTheSameCause(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://x", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	read := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://x", Err: &net.OpError{Op: "read", Net: "tcp", Err: err}}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "dial: connection refused"},
		{dial(&net.DNSError{Err: "no such host", Name: "x"}), "dial: no such host"},
		{dial(os.ErrDeadlineExceeded), "dial: timeout"},
		{read(syscall.ECONNRESET), "connection reset"},
		{read(syscall.EPIPE), "connection reset"},
		{read(io.EOF), "connection closed"},
		{fmt.Errorf("body: %w", io.ErrUnexpectedEOF), "connection closed"},
		{net.ErrClosed, "connection closed"},
		{context.DeadlineExceeded, "timeout"},
		{read(errors.New("odd")), read(errors.New("odd")).Error()},
	} {
		if got := client.Reason(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

// TestTokensTakeTurns: on the connections of one client.
func TestTokensTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last string
		c := asking(t, func(_ http.ResponseWriter, r *http.Request) { last = r.Header.Get("Authorization") })
		who := func(target client.Target, i int) string {
			if _, err := target.Turn(c, i).Do(t.Context(), client.Request{Path: "/"}); err != nil {
				t.Fatal(err)
			}
			return strings.TrimPrefix(last, "Bearer ")
		}
		target := client.Target{Tokens: []string{"a", "b", "c"}}
		for i, want := range []string{"a", "b", "c", "a", "b"} {
			if got := who(target, i); got != want {
				t.Errorf("turn %d is %s's, want %s", i, got, want)
			}
		}
		if got := who(client.Target{}, 3); got != "secret" {
			t.Errorf("without tokens it is %q's turn", got)
		}
	})
	target := client.Target{URL: "http://x", Timeout: time.Second, Tokens: []string{"a", "b"}}
	if o := target.Options(7); o.URL != "http://x" || o.Token != "a" || o.Connections != 7 || o.Timeout != time.Second {
		t.Errorf("%+v", o)
	}
	if o := (&client.Target{}).Options(1); o.Token != "" {
		t.Errorf("%+v", o)
	}
}

// TestABlockWithoutAKindLeavesNothing: what is no event of ours must not lend its data
// to the next.
func TestABlockWithoutAKindLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		err := asking(t, saying(http.StatusOK, "data: stray\n\nevent: bye\n\n\n\nevent: move\ndata: {}\n\n")).
			Stream(t.Context(), client.StreamOptions{Again: -1}, func(m client.Message) error {
				got = append(got, m.Kind+" "+string(m.Data))
				return nil
			})
		if want := []string{"bye ", "move {}"}; !slices.Equal(got, want) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", got, err)
		}
	})
}
