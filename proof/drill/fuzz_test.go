package drill_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corrgraph/proof/drill"
)

// door is a service of a few routes that answers as well as it is told to.
func door(t *testing.T, events http.HandlerFunc) string {
	t.Helper()
	problem := func(w http.ResponseWriter, status int) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]int{"status": status})
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.Method != http.MethodGet:
			problem(w, http.StatusMethodNotAllowed)
		case r.URL.Path == "/openapi.json":
			fmt.Fprint(w, `{"paths":{"/v1/events":{"get":{"parameters":[{"name":"limit","in":"query","schema":{"type":"integer"}}]}},"/v1/backups":{"post":{"x-role":"admin"}}}}`)
		case r.URL.Path == "/v1/events" && r.URL.RawQuery == "limit=20" || r.URL.Path == "/healthz":
			fmt.Fprint(w, `{"status":"HEALTHY","events":[]}`)
		case r.URL.Path == "/v1/events":
			events(w, r)
		case r.URL.Path == "/metrics":
			fmt.Fprint(w, "go_goroutines 9\nprocess_open_fds 9\ngo_memstats_heap_inuse_bytes 9\nprocess_resident_memory_bytes 9\nprocess_start_time_seconds 9\n")
		default:
			problem(w, http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func fuzzed(t *testing.T, url string) *drill.FuzzReport {
	t.Helper()
	r, err := drill.Fuzz(t.Context(), drill.FuzzOptions{
		Target: drill.Target{URL: url, Timeout: 20 * time.Second}, Duration: 400 * time.Millisecond, Warm: 50 * time.Millisecond, Quiet: 100 * time.Millisecond, Connections: 2, Rate: 2000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFuzzOfAServiceThatKeepsItsPromises(t *testing.T) {
	r := fuzzed(t, door(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if !r.Kept || r.Requests == 0 || !strings.Contains(text.String(), "KEPT") || !strings.Contains(text.String(), "POST /v1/backups") {
		t.Errorf("%s", text.String())
	}
}

func TestFuzzFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		events http.HandlerFunc
		want   string
	}{
		"error":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500"},
		"no wait": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "Retry-After"},
		"closed":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "connection closed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := fuzzed(t, door(t, c.events))
			if r.Kept || len(r.Offences) == 0 || len(r.Offences) > 20 || r.Offended < len(r.Offences) {
				t.Fatalf("kept %v, %d offences of %d", r.Kept, len(r.Offences), r.Offended)
			}
			if got := strings.Join(r.Offences[0].Broken, "; "); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestFuzzRefusesOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []drill.FuzzOptions{{Target: drill.Target{URL: "x"}}, {Rate: -1}, {Connections: -1}, {Duration: -1}} {
		if _, err := drill.Fuzz(t.Context(), o); !errors.Is(err, drill.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
