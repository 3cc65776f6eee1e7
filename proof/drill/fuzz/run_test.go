package fuzz_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/client/clienttest"
	"corrgraph/proof/drill/fuzz"
)

// door is a service of a few routes whose answers are as good as the test wants.
func door(t *testing.T, events http.HandlerFunc) client.Target {
	t.Helper()
	problem := func(w http.ResponseWriter, status int) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]int{"status": status})
	}
	url, dial := clienttest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	return client.Target{URL: url, Dial: dial}
}

// fuzzed runs a fuzz for some seconds in a bubble: slow and partial bodies cost no
// time.
func fuzzed(t *testing.T, s client.Target) *fuzz.Report {
	t.Helper()
	r, err := fuzz.Run(t.Context(), fuzz.Options{
		Target: s, Duration: 20 * time.Second, Warm: time.Second, Quiet: time.Second, Connections: 8, Rate: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFuzzOfAServiceThatKeepsItsPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fuzzed(t, door(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
		var text bytes.Buffer
		if err := r.Text(&text); err != nil {
			t.Fatal(err)
		}
		if !r.Kept || r.Requests == 0 || !strings.Contains(text.String(), "KEPT") || !strings.Contains(text.String(), "POST /v1/backups") {
			t.Errorf("%s", text.String())
		}
	})
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
		synctest.Test(t, func(t *testing.T) {
			r := fuzzed(t, door(t, c.events))
			if r.Kept || len(r.First) == 0 || len(r.First) > 20 || r.Violations < len(r.First) {
				t.Fatalf("%s: kept %v, %d violations of %d", name, r.Kept, len(r.First), r.Violations)
			}
			if got := strings.Join(r.First[0].Broken, "; "); !strings.Contains(got, c.want) {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		})
	}
}

func TestFuzzRefusesOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []fuzz.Options{{Target: client.Target{URL: "x"}}, {Rate: -1}, {Connections: -1}, {Duration: -1}} {
		if _, err := fuzz.Run(t.Context(), o); !errors.Is(err, fuzz.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
