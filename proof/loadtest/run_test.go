package loadtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/client"
	"corrgraph/client/clienttest"
	"corrgraph/proof/loadtest"
)

// short returns options of a run of one second in a bubble.
func short(f *fake) loadtest.Options {
	return loadtest.Options{
		Target: client.Target{URL: f.URL, Tokens: []string{"one", "two"}, Dial: f.Dial}, Rate: 200, Duration: time.Second, Clients: 4, Events: 3,
	}.Bubble()
}

// bubble runs f in a bubble of testing/synctest. Its clock starts in 2005, when
// times in ms have 13 digits.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC)))
		defer time.Sleep(time.Minute) // idle connections are closed
		f(t)
	})
}

func run(t *testing.T, o loadtest.Options) *loadtest.Report {
	t.Helper()
	r, err := loadtest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunSendsTheMix(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFake(t, 5)
		o := short(f)
		o.SeedEvents, o.SeedHistory = 3, time.Minute
		r := run(t, o)
		if !r.Passed || r.Failed != 0 || r.Requests != 200 || r.Planned != 200 {
			t.Errorf("%s: %+v", r.Verdict(), r.All)
		}
		want := map[string]uint64{"graph": 80, "anomalies": 40, "events": 20, "propagation": 20, "predictions": 10, "leaders": 10, "edges": 10, "ticks": 10}
		for _, x := range r.Routes {
			if x.Requests != want[x.Route] {
				t.Errorf("%s: %d requests, want %d", x.Route, x.Requests, want[x.Route])
			}
			delete(want, x.Route)
		}
		if len(want) > 0 {
			t.Errorf("missing %v", want)
		}
		for i, c := range r.Clients {
			if c.Requests != 50 {
				t.Errorf("client %d: %d requests", i, c.Requests)
			}
		}
		if f.tokens["Bearer one"] < 100 || f.tokens["Bearer two"] != 100 || len(f.tokens) != 2 {
			t.Errorf("tokens: %v", f.tokens)
		}
		if len(f.problems) > 0 {
			t.Errorf("ticks: %v", f.problems)
		}
		if r.Seeded == 0 || r.Ticks.Accepted == 0 || r.Ticks.Rejected != 0 || r.BytesOut == 0 {
			t.Errorf("%d seeded, %+v, %d bytes out", r.Seeded, r.Ticks, r.BytesOut)
		}
		if g := r.Routes[0]; g.BytesIn < 40_000*g.Requests {
			t.Errorf("%d bytes of graphs", g.BytesIn)
		}
	})
}

// Each of several sources must be heard, and none refused for what another one sends.
func TestRunWithSeveralSources(t *testing.T) {
	for name, c := range map[string]struct {
		sources int
		refused map[string]map[string]int
		breach  string
	}{
		"one":              {0, map[string]map[string]int{"loadtest": {"late": 2}}, ""},
		"three":            {3, nil, ""},
		"eight":            {8, nil, ""},
		"one late":         {3, map[string]map[string]int{"loadtest-2": {"late": 2}}, "source loadtest-2: refused map[late:2], want nothing refused"},
		"another's is not": {3, map[string]map[string]int{"loadtest-4": {"late": 2}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newFake(t, 5)
				f.refused = c.refused
				o := short(f)
				o.SeedEvents, o.SeedHistory, o.Sources = 3, time.Minute, c.sources
				r := run(t, o)
				if r.Passed != (c.breach == "") || !strings.Contains(r.Verdict(), c.breach) {
					t.Errorf("%s", r.Verdict())
				}
				if len(f.sources) != max(1, c.sources) || len(f.problems) > 0 {
					t.Errorf("sources %v, %v", f.sources, f.problems)
				}
				var quotes uint64
				for _, h := range r.Sources {
					if quotes += h.Quotes; int(h.Quotes) != f.sources[h.Source] {
						t.Errorf("%+v, want %d quotes", h, f.sources[h.Source])
					}
				}
				if c.sources > 1 && int(quotes) != f.ticks {
					t.Errorf("%d quotes of sources, %d in all", quotes, f.ticks)
				}
			})
		})
	}
}

func TestASourceThatIsNotHeardIsABreach(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFake(t, 5)
		f.refuse = func(route string, _ int) int {
			if route == "/v1/feeds" {
				return http.StatusNotFound
			}
			return 0
		}
		o := short(f)
		o.SeedEvents, o.SeedHistory, o.Sources = 3, time.Minute, 2
		if r := run(t, o); r.Passed || !strings.Contains(r.Verdict(), "source loadtest-2: not heard, want heard") {
			t.Errorf("%s", r.Verdict())
		}
	})
}

func TestFailuresAreCountedByCause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		limited := func() loadtest.Options {
			f := newFake(t, 3)
			f.refuse = func(route string, n int) int {
				if route == "/v1/leaders" && n > 1 { // the first request probes whether the route works
					return http.StatusTooManyRequests
				}
				return 0
			}
			return short(f)
		}
		o := limited()
		o.MaxFailureRate = 0.01
		r := run(t, o)
		if r.Passed || r.Failed != 10 || r.All.Failures["429 Too Many Requests"] != 10 {
			t.Errorf("%s, %v", r.Verdict(), r.All.Failures)
		}
		if v := r.Verdict(); !strings.HasPrefix(v, "FAIL: ") || !strings.Contains(v, "failed requests: 5 %, want at most 1 %") {
			t.Error(v)
		}
		o = limited()
		o.Expect = []int{429}
		if r := run(t, o); !r.Passed {
			t.Error(r.Verdict())
		}
	})
}

func TestBrokenConnectionsAreFailures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFake(t, 3)
		f.refuse = func(route string, n int) int {
			if route == "/v1/leaders" && n > 1 {
				panic(http.ErrAbortHandler)
			}
			return 0
		}
		r := run(t, short(f))
		if r.Failed != 10 || r.All.Failures["connection closed"]+r.All.Failures["connection reset"] != 10 {
			t.Errorf("%v", r.All.Failures)
		}
	})
}

func TestNothingToAskForIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		if _, err := loadtest.Run(t.Context(), short(newFake(t, 0))); err == nil || !strings.Contains(err.Error(), "seed events first") {
			t.Error(err)
		}
	})
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for _, o := range []loadtest.Options{
		{},
		{Target: client.Target{URL: "ftp://x"}},
		{Target: client.Target{URL: "http://x"}, Rate: -1},
		{Target: client.Target{URL: "http://x"}, Duration: 1},
		{Target: client.Target{URL: "http://x"}, Duplicates: 2},
	} {
		if _, err := loadtest.Run(t.Context(), o); !errors.Is(err, loadtest.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestInterruptedRunReports(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFake(t, 3)
		ctx, cancel := context.WithCancel(t.Context())
		o := short(f)
		o.Duration = time.Minute
		o.Progress = func(loadtest.Progress) { cancel() }
		r, err := loadtest.Run(ctx, o)
		if !errors.Is(err, context.Canceled) || r == nil || r.Requests == 0 || r.Requests > 1000 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func TestPageStandsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, short(newFake(t, 3)))
		var page, svg, text bytes.Buffer
		for _, err := range []error{r.HTML(&page), r.SVG(&svg), r.Text(&text)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("svg: %v", err)
			}
		}
		if bytes.Contains(svg.Bytes(), []byte("NaN")) || bytes.Count(svg.Bytes(), []byte("<polyline")) != 3+2+9 {
			t.Errorf("svg: %s", svg.Bytes())
		}
		if m := regexp.MustCompile(`(?i)<(script|link|img|iframe)|\b(src|href)=|url\(|@import`).Find(page.Bytes()); m != nil {
			t.Errorf("the page asks for something: %s", m)
		}
		if !strings.Contains(text.String(), "PASS: ") || !strings.Contains(text.String(), "generator used") {
			t.Error(text.String())
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}

func TestIngest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, format := range []loadtest.Format{loadtest.NDJSON, loadtest.CSV} {
			f := newFake(t, 0)
			r, err := loadtest.Ingest(t.Context(), loadtest.IngestOptions{
				Target: client.Target{URL: f.URL, Dial: f.Dial}, Nodes: 150, Neighbours: 8, Batch: 50, Connections: 2, Duration: time.Second, Rate: 2000, Format: format,
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.problems) > 0 {
				t.Errorf("%v", f.problems[0])
			}
			if !r.Passed || r.Nodes != 152 || r.Events != 19 || r.FirstTicks != 304 || r.Acknowledged != r.Sent || r.Rejected != 0 || r.Duplicates != 0 {
				t.Errorf("%s: %+v", r.Verdict(), r)
			}
			if f.ticks != int(r.FirstTicks+r.Acknowledged) {
				t.Errorf("%d ticks came, %d were acknowledged", f.ticks, r.FirstTicks+r.Acknowledged)
			}
			if r.Coincidences == nil || *r.Coincidences != 3 || r.MemoryAfter == nil || len(r.Memory) == 0 {
				t.Errorf("coincidences %v, memory %v", r.Coincidences, r.Memory)
			}
			if err := r.Text(io.Discard); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestIngestCountsRefusals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFake(t, 0)
		f.refuse = func(route string, n int) int {
			if route == "/v1/ticks" && n > 10 {
				return http.StatusServiceUnavailable
			}
			return 0
		}
		r, err := loadtest.Ingest(t.Context(), loadtest.IngestOptions{
			Target: client.Target{URL: f.URL, Dial: f.Dial}, Nodes: 80, Batch: 100, Connections: 1, Duration: time.Second, MinRate: 1e6,
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Passed || len(r.Breaches) != 2 || r.Failures["503 Service Unavailable"] == 0 {
			t.Errorf("%s: %v", r.Verdict(), r.Failures)
		}
	})
}

// A batch whose outcome is unknown is sent again as it is, so that no tick is missing.
func TestIngestSendsABatchOfUnknownOutcomeAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var bodies []string
		mux := http.NewServeMux()
		mux.HandleFunc("POST /v1/ticks", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if len(bodies) == 3 {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintf(w, `{"type":%q}`, client.OutcomeUnknown)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(w, `{"accepted":%d}`, bytes.Count(body, []byte("\n")))
		})
		url, dial := clienttest.Serve(t, mux)
		r, err := loadtest.Ingest(t.Context(), loadtest.IngestOptions{
			Target: client.Target{URL: url, Dial: dial}, Nodes: 80, Batch: 100, Connections: 1, Duration: time.Second, Rate: 1000,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(bodies) < 4 || bodies[3] != bodies[2] || r.Failures["503 Service Unavailable"] != 1 {
			t.Errorf("%d requests, failures %v", len(bodies), r.Failures)
		}
	})
}
