package loadtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"corrgraph/client/clienttest"
	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
)

// fake is a service with two linked nodes per event.
type fake struct {
	URL      string
	Dial     clienttest.Dial
	mu       sync.Mutex
	asked    map[string]int // by route pattern; guarded by mu
	tokens   map[string]int // guarded by mu
	ticks    int            // guarded by mu
	sources  map[string]int // quotes taken of each; guarded by mu
	seen     map[string]bool
	refused  map[string]map[string]int // quotes of each source by reason
	problems []string                  // guarded by mu
	// refuse replaces the answer if it returns a status.
	refuse func(route string, n int) int
}

func newFake(t *testing.T, events int) *fake {
	f := &fake{asked: map[string]int{}, tokens: map[string]int{}, seen: map[string]bool{}, sources: map[string]int{}}
	mux := http.NewServeMux()
	handle := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			_, route, _ := strings.Cut(pattern, " ")
			f.mu.Lock()
			f.asked[route]++
			n := f.asked[route]
			f.tokens[r.Header.Get("Authorization")]++
			f.mu.Unlock()
			if f.refuse != nil {
				if status := f.refuse(route, n); status != 0 {
					w.WriteHeader(status)
					return
				}
			}
			h(w, r)
		})
	}
	say := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) }
	}
	var list []map[string]string
	for i := range events {
		list = append(list, map[string]string{"event_id": fmt.Sprintf("event %d", i)})
	}
	handle("GET /v1/events", say(map[string]any{"events": list}))
	handle("GET /v1/events/{id}", say(map[string]any{}))
	handle("GET /v1/events/{id}/graph", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		edge := map[string]string{"source": id + "/a", "target": id + "/b"}
		say(map[string]any{"layers": []any{map[string]any{"edges": []any{edge}}}, "padding": strings.Repeat("x", 40_000)})(w, r)
	})
	for _, p := range []string{"/v1/events/{id}/anomalies", "/v1/propagation", "/v1/edges", "/v1/predictions", "/v1/leaders", "/healthz"} {
		handle("GET "+p, say(map[string]any{}))
	}
	handle("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		fmt.Fprintf(w, "# TYPE corrgraph_ticks_received_total counter\ncorrgraph_ticks_received_total{source=\"a\"} %d\n"+
			"# TYPE corrgraph_coincidences_total counter\ncorrgraph_coincidences_total{layer=\"1\"} %d\n"+
			"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 5e6\n", f.ticks, 3*f.ticks)
	})
	handle("POST /v1/ticks", f.take)
	handle("GET /v1/feeds", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var feeds []map[string]any
		for name, quotes := range f.sources {
			feeds = append(feeds, map[string]any{"source": name, "venue": "", "quotes": quotes, "refused": f.refused[name]}, map[string]any{"source": name, "venue": "venue0", "quotes": 1})
		}
		say(map[string]any{"feeds": feeds})(w, r)
	})
	f.URL, f.Dial = clienttest.Serve(t, mux)
	return f
}

// take parses ticks like the service and answers with a receipt.
func (f *fake) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	quotes, known := 0, 0
	var rep feed.Report
	err = canonical.New(canonical.Options{}).Parse(r.Context(), "ticks", bytes.NewReader(body), func(b *odds.Batch) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i := range b.Updates {
			u := &b.Updates[i]
			if len(u.Quotes) != 2 {
				f.problems = append(f.problems, fmt.Sprintf("an update of %d quotes", len(u.Quotes)))
			}
			for _, q := range u.Quotes {
				key := fmt.Sprint(b.At, b.Source, u.Event.ID, u.Venue, u.Market, q.Selection, q.Price)
				if f.seen[key] {
					known++
				} else {
					quotes++
					f.sources[b.Source]++
				}
				f.seen[key] = true
			}
		}
		return nil
	}, &rep)
	f.mu.Lock()
	f.ticks += quotes
	if err != nil {
		f.problems = append(f.problems, err.Error())
	}
	f.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{"accepted": quotes, "duplicates": known, "rejected": 0, "padding": strings.Repeat("x", 100)})
}
