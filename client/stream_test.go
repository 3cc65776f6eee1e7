package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
)

// TestStreamResumes: every connection sends two messages and breaks; the client
// resumes after the last one that it took.
func TestStreamResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var after []string
		lives := 0
		c := asking(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "event=m+1&kinds=move%2Cgap" {
				t.Errorf("asked %q", r.URL.RawQuery)
			}
			after = append(after, r.Header.Get("Last-Event-ID"))
			if lives++; lives == 2 { // busy, with a Retry-After
				w.Header().Set("Retry-After", "9")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprintf(w, "retry: 2000\n\nevent: connected\nid: b-%d\ndata: {}\n\n: a comment\nevent:move\nid: b-%d\ndata: {\"n\":%d}\n\nevent: move\ndata: cut o", 2*lives, 2*lives+1, lives)
		})
		var got []string
		end := errors.New("enough")
		begun := time.Now()
		err := c.Stream(t.Context(), client.StreamOptions{Event: "m 1", Kinds: []string{"move", "gap"}, After: "a-7"}, func(m client.Message) error {
			if got = append(got, m.Kind+" "+m.ID+" "+string(m.Data)); len(got) == 4 {
				return end
			}
			return nil
		})
		if want := []string{"connected b-2 {}", `move b-3 {"n":1}`, "connected b-6 {}", `move b-7 {"n":3}`}; !errors.Is(err, end) || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
		if want := []string{"a-7", "b-3", "b-3"}; !slices.Equal(after, want) || time.Since(begun) != 11*time.Second {
			t.Errorf("came back with %q within %s", after, time.Since(begun))
		}
	})
}

func TestStreamOutlastsTheTimeOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asking(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, "event: heartbeat\ndata: {}\n\n")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Millisecond)
		defer cancel()
		n := 0
		err := c.Stream(ctx, client.StreamOptions{}, func(client.Message) error { n++; return nil })
		if !errors.Is(err, context.DeadlineExceeded) || n != 61 {
			t.Errorf("%d heartbeats in a minute, %v", n, err)
		}
	})
}

func TestStreamEnds(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
	}{
		"refused for good": {http.StatusForbidden, `{"detail":"no"}`, "GET /v1/stream: 403 Forbidden: no"},
		"broken off":       {http.StatusOK, "event: bye\ndata: {}\n\n", "unexpected EOF"},
		"a line too long":  {http.StatusOK, "data: " + strings.Repeat("x", 17<<20) + "\n", "token too long"},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := asking(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}).Stream(t.Context(), client.StreamOptions{Again: -1}, func(client.Message) error { return nil })
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
