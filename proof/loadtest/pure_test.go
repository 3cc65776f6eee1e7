package loadtest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"

	"corrgraph/client"
)

// Bubble returns options for a run inside testing/synctest, whose clock only the
// runtime's own sleep moves.
func (o Options) Bubble() Options {
	o.nap = time.Sleep
	return o
}

func TestPlanKeepsTheMixAndIsRepeatable(t *testing.T) {
	m := DefaultMix()
	p, same, other := newPlan(m, 8, 1), newPlan(m, 8, 1), newPlan(m, 8, 2)
	var got Mix
	clients := map[int]int{}
	differs := false
	for seq := range uint64(800) {
		e := p.at(seq)
		if e != same.at(seq) {
			t.Fatal("two plans of one seed differ")
		}
		differs = differs || e != other.at(seq)
		got[e.route]++
		clients[e.client]++
	}
	for r := range m {
		m[r] *= 8
	}
	if got != m || !differs || len(clients) != 8 || clients[3] != 100 {
		t.Errorf("%v, want %v; clients %v", got, m, clients)
	}
}

// TestScheduleIsOpen: requests start when due, whether or not earlier ones were
// answered; one without a place is late by its wait.
func TestScheduleIsOpen(t *testing.T) {
	for name, c := range map[string]struct {
		inFlight int
		takes    time.Duration
		late     []time.Duration
	}{
		"room for all":  {10, time.Second, []time.Duration{0, 0, 0, 0, 0}},
		"room for two":  {2, 250 * time.Millisecond, []time.Duration{0, 0, 50 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}},
		"quick answers": {1, time.Millisecond, []time.Duration{0, 0, 0, 0, 0}},
		"too slow":      {1, 250 * time.Millisecond, []time.Duration{0, 150 * time.Millisecond, 300 * time.Millisecond, 450 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSchedule(10, 500*time.Millisecond, time.Now, time.Sleep)
				var mu sync.Mutex
				late := make([]time.Duration, 5)
				n := 0
				s.run(t.Context(), c.inFlight, 600*time.Millisecond, func(seq uint64, by time.Duration) {
					mu.Lock()
					late[seq], n = by, n+1
					mu.Unlock()
					time.Sleep(c.takes)
				})
				if !slices.Equal(late[:n], c.late) {
					t.Errorf("late by %v, want %v", late[:n], c.late)
				}
			})
		})
	}
}

func TestScheduleEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		s := newSchedule(1, time.Hour, time.Now, time.Sleep)
		n := 0
		s.run(ctx, 1, time.Hour, func(uint64, time.Duration) { n++ })
		if n != 3 || s.elapsed() != 2500*time.Millisecond {
			t.Errorf("%d requests in %s", n, s.elapsed())
		}
	})
}

// TestStallIsChargedToAllWhoWaited: one worker, and a server that stalls for a
// second once. Counted from sending, one request in a thousand is slow; counted
// from the due time, half are.
func TestStallIsChargedToAllWhoWaited(t *testing.T) {
	rec := newRecorder(Mix{Graph: 1}, 1)
	free := time.Duration(0)
	for seq := range 2000 {
		due := time.Duration(seq) * time.Millisecond
		took := 100 * time.Microsecond
		if seq == 500 {
			took = time.Second
		}
		sent := max(due, free)
		free = sent + took
		rec.add(&sample{route: Graph, late: sent - due, service: took, end: free})
	}
	rec.finish()
	r := newRouteReport("all", rec.all, 0)
	if r.Service.P99Ms > 0.2 || r.Latency.P99Ms < 900 || r.Latency.P50Ms < 50 {
		t.Errorf("from sent %+v, from due %+v", r.Service, r.Latency)
	}
	var n uint64
	for _, s := range rec.seconds {
		n += s.Requests
	}
	if n != 2000 {
		t.Errorf("%d requests by second", n)
	}
}

func TestTextsOfRoutes(t *testing.T) {
	m, err := ParseMix("graph=40, ticks=5")
	if err != nil || m != (Mix{Graph: 40, Ticks: 5}) || m.String() != "graph=40,ticks=5" {
		t.Errorf("%v, %v", m, err)
	}
	if back, err := ParseMix(DefaultMix().String()); err != nil || back != DefaultMix() {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", "graph", "graph=x", "graph=-1", "graph=0", "grahp=1", "graph=1001"} {
		if _, err := ParseMix(bad); err == nil {
			t.Errorf("took %q", bad)
		}
	}
	l, err := ParseLimits("graph=5ms,anomalies=1s")
	if diff := cmp.Diff(map[Route]time.Duration{Graph: 5 * time.Millisecond, Anomalies: time.Second}, l); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	for _, bad := range []string{"graph=5", "graph=-5ms", "x=5ms", "5ms"} {
		if _, err := ParseLimits(bad); err == nil {
			t.Errorf("took %q", bad)
		}
	}
	if l, err := ParseLimits(" "); err != nil || len(l) != 0 {
		t.Errorf("%v, %v", l, err)
	}
}

func TestJudge(t *testing.T) {
	o := &Options{Rate: 1000, MaxFailureRate: 0.001, MinRate: 0.98, MaxP99: map[Route]time.Duration{Graph: 5 * time.Millisecond}}
	good := func() *Report {
		return &Report{Requests: 1000, Achieved: 1000, Routes: []RouteReport{{Route: "graph", Latency: Latency{P99Ms: 5}}}}
	}
	for name, c := range map[string]struct {
		spoil func(*Report)
		want  string
	}{
		"good":     {func(*Report) {}, ""},
		"failures": {func(r *Report) { r.Rate = 0.002 }, "failed requests: 0.2 %"},
		"slow":     {func(r *Report) { r.Achieved = 900 }, "requests per second: 900"},
		"late":     {func(r *Report) { r.Routes[0].Latency.P99Ms = 5.1 }, "p99 of graph: 5.10 ms"},
		"unasked":  {func(r *Report) { r.Routes = nil }, "p99 of graph: not asked"},
		"rejected": {func(r *Report) { r.Ticks = TickReport{10, 0, 10} }, "rejected ticks: 50 %"},
		"none":     {func(r *Report) { r.Requests, r.Achieved = 0, 1000 }, "failed requests"},
	} {
		r := good()
		c.spoil(r)
		r.judge(o)
		if r.Passed != (c.want == "") || !strings.Contains(r.Verdict(), c.want) {
			t.Errorf("%s: %s", name, r.Verdict())
		}
	}
}

func TestNumbersInTemplates(t *testing.T) {
	b := []byte("0000000000000,0.0000")
	putTime(b, 1_750_000_000_123)
	for price, want := range map[float64]string{1.5: "1.5000", 1.92308: "1.9231", 0.5: "1.0100", 50: "9.9999"} {
		putPrice(b[14:], price)
		if string(b) != "1750000000123,"+want {
			t.Errorf("%v: %s", price, b)
		}
	}
}

func TestFailureNames(t *testing.T) {
	for _, c := range []struct {
		status int
		err    error
		want   string
	}{
		{200, nil, ""},
		{302, nil, ""},
		{429, nil, ""},
		{503, nil, "503 Service Unavailable"},
		{0, cause(fasthttp.ErrTimeout), "timeout"},
		{0, cause(fasthttp.ErrConnectionClosed), "connection closed"},
		{0, io.ErrUnexpectedEOF, "connection closed"},
		{0, errors.New("odd"), "odd"},
	} {
		if got := failure(c.status, c.err, []int{429}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// overloaded is a report of 1,000 requests for ticks and as many reads, of which some failed, with
// one second of them.
func overloaded(ticks, reads uint64, ofTicks, ofReads Counts) Report {
	return Report{
		Requests: 2000, Failed: ticks + reads, Rate: float64(ticks+reads) / 2000,
		Routes:   []RouteReport{{Route: "graph", Requests: 1000, Failed: reads}, {Route: "ticks", Requests: 1000, Failed: ticks}},
		Timeline: []Second{{ByRoute: map[string]Counts{"ticks": ofTicks, "graph": ofReads, "health": {1000, 0}}}},
	}
}

// TestJudgeAtTheBorders: a value equal to its limit passes.
func TestJudgeAtTheBorders(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		r    Report
		pass bool
	}{
		"as many failures as may":       {Options{MaxFailureRate: 0.01}, Report{Requests: 100, Failed: 1, Rate: 0.01}, true},
		"one more":                      {Options{MaxFailureRate: 0.01}, Report{Requests: 100, Failed: 2, Rate: 0.02}, false},
		"one of many, none may":         {Options{}, Report{Requests: 1e9, Failed: 1, Rate: 1e-9}, false},
		"just fast enough":              {Options{Rate: 1000, MinRate: 0.98}, Report{Requests: 1, Achieved: 980}, true},
		"just too slow":                 {Options{Rate: 1000, MinRate: 0.98}, Report{Requests: 1, Achieved: 979.9}, false},
		"as many rejected as may":       {Options{MaxFailureRate: 0.1}, Report{Requests: 1, Ticks: TickReport{8, 1, 1}}, true},
		"one rejected more":             {Options{MaxFailureRate: 0.1}, Report{Requests: 1, Ticks: TickReport{7, 1, 2}}, false},
		"duplicates are no rejections":  {Options{}, Report{Requests: 1, Ticks: TickReport{0, 10, 0}}, true},
		"overload, reads refused":       {Options{TicksFirst: true}, overloaded(0, 900, Counts{100, 0}, Counts{100, 90}), true},
		"ticks refused, as many as may": {Options{TicksFirst: true, MaxFailureRate: 0.01}, overloaded(10, 900, Counts{100, 10}, Counts{50, 5}), true},
		"one tick more":                 {Options{TicksFirst: true, MaxFailureRate: 0.009}, overloaded(10, 900, Counts{100, 10}, Counts{50, 5}), false},
		"ticks refused before reads":    {Options{TicksFirst: true, MaxFailureRate: 0.01}, overloaded(10, 900, Counts{100, 10}, Counts{50, 4}), false},
		"no ticks sent":                 {Options{TicksFirst: true, MaxFailureRate: 0.1}, Report{Requests: 100}, false},
		"p99 just in time": {
			Options{MaxP99: map[Route]time.Duration{Edges: time.Millisecond}},
			Report{Requests: 1, Routes: []RouteReport{{Route: "edges", Latency: Latency{P99Ms: 1}}}},
			true,
		},
		"p99 of another route": {
			Options{MaxP99: map[Route]time.Duration{Edges: time.Millisecond}},
			Report{Requests: 1, Routes: []RouteReport{{Route: "edges", Latency: Latency{P99Ms: 1}}, {Route: "graph", Latency: Latency{P99Ms: 99}}}},
			true,
		},
		"p99 just too late": {
			Options{MaxP99: map[Route]time.Duration{Edges: time.Millisecond}},
			Report{Requests: 1, Routes: []RouteReport{{Route: "edges", Latency: Latency{P99Ms: 1.001}}}},
			false,
		},
	} {
		c.r.judge(&c.o)
		if c.r.Passed != c.pass || c.pass != (len(c.r.Breaches) == 0) {
			t.Errorf("%s: %s", name, c.r.Verdict())
		}
	}
}

func TestJudgeIngest(t *testing.T) {
	for name, c := range map[string]struct {
		o    IngestOptions
		r    IngestReport
		pass bool
		says string
	}{
		"good":                    {IngestOptions{MinRate: 100}, IngestReport{Requests: 10, Sent: 100, PerSecond: 100}, true, "PASS: 100 ticks per second"},
		"too slow":                {IngestOptions{MinRate: 100}, IngestReport{Requests: 10, Sent: 100, PerSecond: 99.9}, false, "acknowledged ticks per second: 100, want at least 100"},
		"nothing sent":            {IngestOptions{}, IngestReport{}, false, "failed requests: 0 %"},
		"a request failed":        {IngestOptions{}, IngestReport{Requests: 10, Failures: map[string]uint64{"timeout": 1}}, false, "failed requests: 10 %"},
		"one may":                 {IngestOptions{MaxFailureRate: 0.1}, IngestReport{Requests: 10, Failures: map[string]uint64{"timeout": 1}}, true, ""},
		"two by different causes": {IngestOptions{MaxFailureRate: 0.1}, IngestReport{Requests: 10, Failures: map[string]uint64{"timeout": 1, "dial": 1}}, false, "failed requests: 20 %"},
		"ticks rejected":          {IngestOptions{MaxFailureRate: 0.1}, IngestReport{Requests: 10, Sent: 100, Rejected: 11}, false, "rejected ticks: 11 %, want at most 10 %"},
		"as many as may":          {IngestOptions{MaxFailureRate: 0.1}, IngestReport{Requests: 10, Sent: 100, Rejected: 10}, true, ""},
	} {
		c.r.judge(&c.o)
		if c.r.Passed != c.pass || !strings.Contains(c.r.Verdict(), c.says) {
			t.Errorf("%s: %s", name, c.r.Verdict())
		}
	}
}

func TestCompareReadsWhatLiesBetweenTwoScrapes(t *testing.T) {
	before := map[string]float64{"process_resident_memory_bytes": 5, "corrgraph_ticks_received_total": 100, "corrgraph_coincidences_total": 10}
	after := map[string]float64{"process_resident_memory_bytes": 7, "corrgraph_ticks_received_total": 150, "corrgraph_coincidences_total": 35, "corrgraph_other_total": 9}
	var r IngestReport
	r.compare(before, after)
	if *r.MemoryBefore != 5 || *r.MemoryAfter != 7 || *r.Coincidences != 0.5 {
		t.Errorf("%v, %v, %v", *r.MemoryBefore, *r.MemoryAfter, *r.Coincidences)
	}
	r = IngestReport{}
	if r.compare(nil, nil); r.MemoryBefore != nil || r.MemoryAfter != nil || r.Coincidences != nil {
		t.Errorf("from nothing: %+v", r)
	}
	if r.compare(before, before); r.Coincidences != nil {
		t.Errorf("%v coincidences a tick of no ticks", *r.Coincidences)
	}
}

// BenchmarkGenerator is one exchange with a server that does nothing, both in this
// process. BenchmarkNetHTTP is the same through net/http's client.
func BenchmarkGenerator(b *testing.B) {
	t := client.Target{URL: hollow(b), Timeout: time.Second}
	a, err := newAsker(&t)
	if err != nil {
		b.Fatal(err)
	}
	d := &driver{plan: newPlan(Mix{Leaders: 1}, 1, 1), paths: [routes][]string{Leaders: {"/"}}, users: newUsers(a.Client, &t, 1, 1)}
	defer d.close()
	b.ReportAllocs()
	for b.Loop() {
		if status, err := d.do(errand{route: Leaders}); err != nil || status != 200 {
			b.Fatal(status, err)
		}
	}
}

func BenchmarkNetHTTP(b *testing.B) {
	a, err := newAsker(&client.Target{URL: hollow(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got, err := a.Do(b.Context(), client.Request{Path: "/"}); err != nil || got.Status != 200 {
			b.Fatal(got, err)
		}
	}
}

// hollow serves one fixed answer to every request at minimal cost, and returns its
// URL.
func hollow(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for s := bufio.NewScanner(c); s.Scan(); {
					if len(s.Bytes()) > 0 {
						continue // a header
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}
