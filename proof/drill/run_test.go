package drill_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/client/clienttest"
	"corrgraph/proof/drill"
	"corrgraph/server/guard/fault"
)

// fake is a service that fails on request, in a bubble: a stalled machine can't
// make it break a promise.
type fake struct {
	url      string
	dial     clienttest.Dial
	until    atomic.Int64 // end of the fault, ns
	asked    atomic.Value // body of POST /v1/faults
	disabled bool
	honest   bool // it reports being degraded
	reads    int  // status of reads during the fault
}

func (f *fake) holds() bool { return time.Now().UnixNano() < f.until.Load() }

func newFake(t *testing.T, f *fake) *fake {
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	status := func() (all, fourth string) {
		if f.holds() && f.honest {
			return "DEGRADED", "FAILED"
		}
		return "HEALTHY", "HEALTHY"
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		all, _ := status()
		say(w, 200, map[string]any{"status": all})
	})
	mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, map[string]any{"events": []any{map[string]string{"event_id": "a b"}}})
	})
	mux.HandleFunc("GET /v1/events/{id}/graph", func(w http.ResponseWriter, r *http.Request) {
		all, fourth := status()
		layers := []any{}
		for _, s := range []string{"HEALTHY", "HEALTHY", "HEALTHY", fourth} {
			layers = append(layers, map[string]string{"status": s})
		}
		say(w, 200, map[string]any{"status": all, "layers": layers})
	})
	read := func(w http.ResponseWriter, _ *http.Request) {
		if f.reads != 0 && f.holds() {
			say(w, f.reads, map[string]any{"status": f.reads})
			return
		}
		say(w, 200, map[string]any{})
	}
	mux.HandleFunc("GET /v1/events/{id}/anomalies", read)
	mux.HandleFunc("GET /v1/leaders", read)
	mux.HandleFunc("POST /v1/ticks", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		say(w, 202, map[string]any{"accepted": strings.Count(string(body), "\n"), "rejected": 0})
	})
	mux.HandleFunc("GET /v1/faults", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, map[string]any{"enabled": !f.disabled, "faults": []any{}})
	})
	mux.HandleFunc("POST /v1/faults", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer admin" {
			say(w, 403, map[string]any{"detail": "an admin may"})
			return
		}
		var q struct {
			Seconds float64 `json:"duration_s"`
		}
		body, _ := io.ReadAll(r.Body)
		f.asked.Store(string(body))
		_ = json.Unmarshal(body, &q)
		f.until.Store(time.Now().Add(time.Duration(q.Seconds * 1e9)).UnixNano())
		say(w, 200, map[string]any{})
	})
	f.url, f.dial = clienttest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond) // no answer arrives in the instant of its request
		mux.ServeHTTP(w, r)
	}))
	return f
}

func options(f *fake) drill.Options {
	return drill.Options{
		Target: client.Target{URL: f.url, Tokens: []string{"admin", "other"}, Dial: f.dial},
		Fault:  drill.Fault{Kind: fault.KillLayer, Layer: 4, Duration: time.Second},
		Rate:   200, Before: 500 * time.Millisecond, After: 500 * time.Millisecond,
	}
}

func TestRunKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, &fake{honest: true})
		r, err := drill.Run(t.Context(), options(f))
		if err != nil {
			t.Fatal(err)
		}
		if v := r.Verdict; !v.Kept || v.Requests != 400 || v.Shown == nil || v.Recovered == nil {
			t.Errorf("%s", v.Sentence())
		}
		if got := f.asked.Load(); got != `{"kind":"kill-layer","layer":4,"duration_s":1}` {
			t.Errorf("injected %v", got)
		}
		if err := r.Text(io.Discard); err != nil {
			t.Error(err)
		}
		n := 0
		for _, p := range r.Probes {
			n += p.Requests
		}
		if n != 400 || len(r.Timeline) != 2 {
			t.Errorf("%d requests by probe, %d seconds", n, len(r.Timeline))
		}
	})
}

func TestRunFindsADishonestService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, &fake{reads: 500})
		r, err := drill.Run(t.Context(), options(f))
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.Join(r.Verdict.Broken, "; ")
		if r.Verdict.Kept || !strings.Contains(broken, "never said DEGRADED") || !strings.Contains(broken, "reads of unaffected parts failed") {
			t.Error(r.Verdict.Sentence())
		}
		if r.Verdict.Failures["leaders: 500 Internal Server Error"] == 0 {
			t.Errorf("%v", r.Verdict.Failures)
		}
	})
}

func TestRunSaysWhyItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(newFake(t, &fake{disabled: true}))
		if _, err := drill.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "chaos.enabled") {
			t.Error(err)
		}
		o = options(newFake(t, &fake{}))
		o.Tokens = []string{"viewer"}
		if _, err := drill.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "403 Forbidden: an admin may") {
			t.Error(err)
		}
		for _, o := range []drill.Options{
			{}, {Fault: drill.Fault{Duration: 1500 * time.Millisecond}}, {Fault: drill.Fault{Duration: time.Second}, Rate: -1},
		} {
			if _, err := drill.Run(t.Context(), o); !errors.Is(err, drill.ErrOptions) {
				t.Errorf("%+v: %v", o, err)
			}
		}
	})
}

func ExampleFault() {
	fmt.Println(drill.Fault{Kind: fault.ClockSkew, Offset: -time.Minute, Duration: 30 * time.Second})
	// Output: clock-skew of -1m0s for 30s
}
