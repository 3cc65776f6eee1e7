package readiness

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/proof/drill"
	"corrgraph/proof/loadtest"
	"corrgraph/proof/readiness/lab"
	"corrgraph/proof/score"
)

// holds checks that a good case passes, and that each broken one fails.
func holds[T any](t *testing.T, good func() T, judge func(T) lab.Finding, broken map[string]func(*T)) {
	t.Helper()
	if f := judge(good()); !f.Pass || f.Measured == "" || f.Evidence == "" {
		t.Errorf("good: %+v", f)
	}
	for name, spoil := range broken {
		x := good()
		spoil(&x)
		if f := judge(x); f.Pass || f.Measured == "" || f.Evidence == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestJudgeLimit(t *testing.T) {
	holds(t, func() flooding {
		return flooding{rate: 1000, sent: 1500, let: 1001, limited: 499, first: 1002, asked: 60, took: 500 * time.Millisecond}
	}, func(x flooding) lab.Finding { return judgeLimit(&x) }, map[string]func(*flooding){
		"no limit":               func(x *flooding) { x.let, x.limited = 1500, 0 },
		"none reached":           func(x *flooding) { x.let, x.limited = 900, 0 },
		"a larger burst":         func(x *flooding) { x.let = 1002 },
		"a larger rate":          func(x *flooding) { x.rate = 1000.1 },
		"no Retry-After":         func(x *flooding) { x.bare = 1 },
		"another answer":         func(x *flooding) { x.other = 1 },
		"another client suffers": func(x *flooding) { x.refused = 1 },
		"nobody else asked":      func(x *flooding) { x.asked = 0 },
	})
}

// TestJudgeLimitOnAnyMachine: requests allowed meanwhile come from the refill.
func TestJudgeLimitOnAnyMachine(t *testing.T) {
	for _, took := range []time.Duration{time.Millisecond, time.Second, time.Minute} {
		let := 1001 + int(took.Seconds())
		x := flooding{rate: 1000, sent: 1500, let: let, limited: 1500 - let, asked: 60, took: took}
		if f := judgeLimit(&x); !f.Pass {
			t.Errorf("%s: %+v", took, f)
		}
		x.let++
		if f := judgeLimit(&x); f.Pass {
			t.Errorf("%s, one more: %+v", took, f)
		}
	}
}

func TestCountOfAFlood(t *testing.T) {
	var x flooding
	answer := func(status int, head ...string) *client.Answer {
		a := &client.Answer{Status: status, Header: http.Header{}}
		for i := 0; i+1 < len(head); i += 2 {
			a.Header.Set(head[i], head[i+1])
		}
		return a
	}
	x.count(3, answer(200), answer(200))
	x.count(9, answer(429, "Retry-After", "1"), nil)
	x.count(7, answer(429), answer(429))
	x.count(8, answer(500), nil)
	want := flooding{sent: 4, let: 1, limited: 2, bare: 1, other: 1, first: 7, asked: 2, refused: 1}
	if x != want {
		t.Errorf("%+v, want %+v", x, want)
	}
}

func TestJudgeAudit(t *testing.T) {
	took := int64(3)
	kinds := []operation{{operation: "A", outcome: "OK", actor: "x"}, {operation: "B", outcome: "REFUSED", actor: "y"}}
	good := func() []client.AuditRow {
		a := client.AuditRow{At: 1, Operation: "A", Status: "OK", Actor: "x", TraceID: "t", TookUs: &took}
		b := client.AuditRow{At: 1, Operation: "B", Status: "REFUSED", Actor: "y", TraceID: "t", TookUs: &took}
		return []client.AuditRow{a, b, a, b}
	}
	holds(t, good, func(rows []client.AuditRow) lab.Finding { return judgeAudit(kinds, 2, rows) }, map[string]func(*[]client.AuditRow){
		"one is missing":   func(r *[]client.AuditRow) { *r = (*r)[1:] },
		"one is twice":     func(r *[]client.AuditRow) { *r = append(*r, (*r)[0]) },
		"without actor":    func(r *[]client.AuditRow) { (*r)[0].Actor = "" },
		"another outcome":  func(r *[]client.AuditRow) { (*r)[1].Status = "OK" },
		"without latency":  func(r *[]client.AuditRow) { (*r)[0].TookUs = nil },
		"without trace id": func(r *[]client.AuditRow) { (*r)[0].TraceID = "" },
		"without time":     func(r *[]client.AuditRow) { (*r)[0].At = 0 },
		"nothing":          func(r *[]client.AuditRow) { *r = nil },
	})
}

func TestJudgeCircuit(t *testing.T) {
	good := func() circuit {
		return circuit{
			opened: true, closed: true, reason: "L4: circuit open since", metric: 2, failures: make([]client.AuditRow, 5),
			rows: []client.AuditRow{{Operation: "CIRCUIT_CLOSED"}, {Operation: "CIRCUIT_HALF_OPEN"}, {Operation: "CIRCUIT_OPEN"}},
		}
	}
	holds(t, good, func(c circuit) lab.Finding { return judgeCircuit(&c) }, map[string]func(*circuit){
		"never opened": func(c *circuit) { c.opened = false },
		"never closed": func(c *circuit) { c.closed = false },
		"too late":     func(c *circuit) { c.failures = make([]client.AuditRow, 6) },
		"too early":    func(c *circuit) { c.failures = make([]client.AuditRow, 4) },
		"no metric":    func(c *circuit) { c.metric = 0 },
		"no reason":    func(c *circuit) { c.reason = "" },
		"no trial": func(c *circuit) {
			c.rows = []client.AuditRow{{Operation: "CIRCUIT_CLOSED"}, {Operation: "CIRCUIT_OPEN"}}
		},
		"nothing in log": func(c *circuit) { c.rows = nil },
		"too early, and a trial failed": func(c *circuit) {
			c.rows = append(c.rows, client.AuditRow{Operation: "CIRCUIT_HALF_OPEN"}, client.AuditRow{Operation: "CIRCUIT_OPEN"})
		},
	})
	c := good()
	c.failures = make([]client.AuditRow, 6)
	c.rows = append(c.rows, client.AuditRow{Operation: "CIRCUIT_HALF_OPEN"}, client.AuditRow{Operation: "CIRCUIT_OPEN"})
	if f := judgeCircuit(&c); !f.Pass {
		t.Errorf("a trial that failed counts as one that opened it: %s", f.Measured)
	}
}

func TestJudgeMetrics(t *testing.T) {
	page := func(count float64) map[string]*dto.MetricFamily {
		out := map[string]*dto.MetricFamily{}
		for _, name := range promised() {
			out[name] = &dto.MetricFamily{Metric: []*dto.Metric{{Counter: &dto.Counter{Value: &count}}}}
		}
		return out
	}
	type seen struct {
		before, after map[string]*dto.MetricFamily
		err           error
	}
	good := func() seen { return seen{page(1), page(2), nil} }
	holds(t, good, func(s seen) lab.Finding { return judgeMetrics(s.before, s.after, s.err) }, map[string]func(*seen){
		"a name is missing": func(s *seen) { delete(s.after, "corrgraph_edges") },
		"counters stand":    func(s *seen) { s.after = page(1) },
		"no scrape":         func(s *seen) { s.err = errors.New("404") },
		"nothing":           func(s *seen) { s.after = nil },
	})
}

func TestJudgeKill(t *testing.T) {
	good := func() killed {
		return killed{reads: 100, marked: 50, degraded: true, after: time.Second, healed: true, status: "DEGRADED"}
	}
	holds(t, good, func(k killed) lab.Finding { return judgeKill(3, &k) }, map[string]func(*killed){
		"a read fails":          func(k *killed) { k.failed = 1 },
		"another layer is gone": func(k *killed) { k.others = 1 },
		"nobody is told":        func(k *killed) { k.marked = 0 },
		"health says nothing":   func(k *killed) { k.degraded = false },
		"health is late":        func(k *killed) { k.after = 2100 * time.Millisecond },
		"it does not heal":      func(k *killed) { k.healed = false },
	})
}

func TestJudgeStandby(t *testing.T) {
	good := func() standbyAges {
		return standbyAges{mode: "standby", busy: time.Minute, reads: 9, idled: true, hotMode: "hot", hot: 9}
	}
	holds(t, good, func(a standbyAges) lab.Finding { return judgeStandby(&a) }, map[string]func(*standbyAges){
		"it is not on standby":     func(a *standbyAges) { a.mode = "hot" },
		"it is renewed while busy": func(a *standbyAges) { a.busy = 0 },
		"its age is not told":      func(a *standbyAges) { a.unaged = 1 },
		"it stays old":             func(a *standbyAges) { a.idled = false },
		"it does not take over":    func(a *standbyAges) { a.hotMode = "standby" },
		"hot is old":               func(a *standbyAges) { a.hotAge = time.Second },
		"nobody looked":            func(a *standbyAges) { a.hot = 0 },
	})
}

func TestJudgeLatency(t *testing.T) {
	good := func() timings {
		x := timings{took: map[string][]time.Duration{}}
		for _, p := range paths {
			for i := range 500 {
				d := time.Millisecond
				if i >= 496 { // the slowest 1 % do not count
					d = time.Second
				}
				x.took[p] = append(x.took[p], d)
			}
		}
		return x
	}
	holds(t, good, func(x timings) lab.Finding { return judgeLatency(x, "here") }, map[string]func(*timings){
		"slow": func(x *timings) {
			for i := 490; i < 500; i++ {
				x.took["predictions"][i] = 5 * time.Millisecond
			}
		},
		"one failed":  func(x *timings) { x.failed = 1 },
		"too few":     func(x *timings) { x.took["graph"] = x.took["graph"][:499] },
		"none of one": func(x *timings) { x.took["graph"], x.took["anomalies"] = nil, make([]time.Duration, 2000) },
	})
}

func TestJudgeRestore(t *testing.T) {
	good := func() restored {
		return restored{acknowledged: 50, sent: 100, held: 60, resent: client.Receipt{Accepted: 40, Duplicates: 60}, original: 100, copied: 100, reads: 9, graphs: 4}
	}
	holds(t, good, func(r restored) lab.Finding { return judgeRestore(&r) }, map[string]func(*restored){
		"another graph":           func(r *restored) { r.differ = []string{"x"} },
		"an acknowledged is gone": func(r *restored) { r.held = 49 },
		"one is doubled":          func(r *restored) { r.copied = 101 },
		"one is lost":             func(r *restored) { r.copied = 99 },
		"one is refused":          func(r *restored) { r.resent.Accepted = 39 },
		"a reader waits":          func(r *restored) { r.failed = 1 },
		"nothing compared":        func(r *restored) { r.graphs = 0 },
		"damage is called good":   func(r *restored) { r.blind = true },
	})
}

func TestJudgeDumps(t *testing.T) {
	sums := func(text string) dumped {
		d := newDigest()
		for i := range len(text) { // in the smallest pieces
			if _, err := d.Write([]byte{text[i]}); err != nil {
				t.Fatal(err)
			}
		}
		return dumped{tables: d.sums(), size: d.size, requests: 1, Receipt: client.Receipt{Accepted: 5}}
	}
	const text = "-- SELECT a FROM state ORDER BY a\n1\n2\n-- SELECT b,\n\tc FROM edges ORDER BY b,\n\tc\nx\n"
	if got := slices.Sorted(maps.Keys(sums(text).tables)); !slices.Equal(got, []string{"edges", "state"}) {
		t.Errorf("tables %v", got)
	}
	good := func() [2]dumped { return [2]dumped{sums(text), sums(text)} }
	holds(t, good, func(d [2]dumped) lab.Finding { return judgeDumps(d, 5) }, map[string]func(*[2]dumped){
		"a row differs": func(d *[2]dumped) {
			d[1] = sums("-- SELECT a FROM state ORDER BY a\n1\n3\n-- SELECT b FROM edges ORDER BY b\nx\n")
		},
		"order differs": func(d *[2]dumped) {
			d[1] = sums("-- SELECT a FROM state ORDER BY a\n2\n1\n-- SELECT b FROM edges ORDER BY b\nx\n")
		},
		"a table is gone": func(d *[2]dumped) { d[1] = sums("-- SELECT a FROM state ORDER BY a\n1\n2\n") },
		"nothing":         func(d *[2]dumped) { d[0], d[1] = sums(""), sums("") },
		"one was refused": func(d *[2]dumped) { d[1].Rejected = 1 },
		"none was taken":  func(d *[2]dumped) { d[0].Accepted, d[1].Accepted = 0, 0 },
	})
}

func TestJudgeCalibration(t *testing.T) {
	type seen struct {
		r    score.Report
		live decoys
	}
	good := func() seen {
		return seen{score.Report{
			Markets: 2, Edges: score.Tally{Discovered: 100, FalseShare: 0.05},
			Bands: []score.Band{{Band: odds.High, N: 100, FalseShare: 0.1}, {Band: odds.Medium, N: 2, False: 1, Low: 0.1}, {Band: odds.Low}},
		}, decoys{0.05, 20}}
	}
	holds(t, good, func(s seen) lab.Finding { return judgeCalibration(&s.r, s.live, "here") }, map[string]func(*seen){
		"false finds":        func(s *seen) { s.r.Edges.FalseShare = 0.051 },
		"nothing found":      func(s *seen) { s.r.Edges.Discovered = 0 },
		"HIGH is not":        func(s *seen) { s.r.Bands[0].FalseShare = 0.11 },
		"nothing is HIGH":    func(s *seen) { s.r.Bands[0].N = 0 },
		"MEDIUM surely lies": func(s *seen) { s.r.Bands[1].Low = 0.41 },
		"decoys are found":   func(s *seen) { s.live.Rate = 0.06 },
	})
}

func TestJudgeCrash(t *testing.T) {
	good := func() drill.KillReport {
		return drill.KillReport{Runs: 6, Kept: true, RecoveryMaxMs: 1500, Tally: drill.Tally{Acknowledged: 100}}
	}
	holds(t, good, func(r drill.KillReport) lab.Finding { return judgeCrash(&r) }, map[string]func(*drill.KillReport){
		"not kept":     func(r *drill.KillReport) { r.Kept, r.Lost = false, 1 },
		"slow":         func(r *drill.KillReport) { r.RecoveryMaxMs = 30_001 },
		"never killed": func(r *drill.KillReport) { r.Runs = 0 },
	})
}

func TestJudgeFlood(t *testing.T) {
	good := func() flooded {
		return flooded{base: 40 << 20, peak: 307 << 20, requests: 100, shed: 50, recovered: true, accepted: true, crowded: 90 << 20, restarted: 307 << 20, quotes: 100}
	}
	holds(t, good, func(x flooded) lab.Finding { return judgeFlood(&x) }, map[string]func(*flooded){
		"too much memory":     func(x *flooded) { x.peak = 308 << 20 },
		"unknown memory":      func(x *flooded) { x.peak = 0 },
		"a crowded event":     func(x *flooded) { x.crowded = 308 << 20 },
		"its recovery":        func(x *flooded) { x.restarted = 308 << 20 },
		"unknown then":        func(x *flooded) { x.restarted = 0 },
		"it took no prices":   func(x *flooded) { x.quotes = 0 },
		"nothing was shed":    func(x *flooded) { x.shed = 0 },
		"without Retry-After": func(x *flooded) { x.bare = 1 },
		"it stays down":       func(x *flooded) { x.recovered = false },
		"it takes no ticks":   func(x *flooded) { x.accepted = false },
	})
}

func TestJudgeLoad(t *testing.T) {
	good := func() loadtest.Report {
		return loadtest.Report{Passed: true, Requests: 100, Routes: []loadtest.RouteReport{{Route: "graph", Latency: loadtest.Latency{P99Ms: 3}}}}
	}
	holds(t, good, func(r loadtest.Report) lab.Finding { return judgeLoad(&r) }, map[string]func(*loadtest.Report){
		"a breach": func(r *loadtest.Report) {
			r.Passed, r.Breaches = false, []loadtest.Breach{{What: "p99 of graph", Measured: "6 ms", Limit: "5 ms"}}
		},
		"nothing sent": func(r *loadtest.Report) { r.Requests = 0 },
	})
}

func TestJudgeTrace(t *testing.T) {
	const trace, parent = "0102030405060708090a0b0c0d0e0f10", "0000000000000001"
	id := func(b byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, b} }
	type seen struct {
		spans []*otlp.Span
		out   string
	}
	good := func() seen {
		s := seen{out: "00-" + trace + "-0000000000000002-01"}
		s.spans = append(s.spans, &otlp.Span{SpanId: id(2), ParentSpanId: id(1), Kind: otlp.Span_SPAN_KIND_SERVER}, &otlp.Span{SpanId: id(3), ParentSpanId: id(2), Name: "GRAPH_BUILD"})
		for i := range byte(4) {
			s.spans = append(s.spans, &otlp.Span{SpanId: id(4 + i), ParentSpanId: id(3), Name: "layer L1"})
		}
		return s
	}
	holds(t, good, func(s seen) lab.Finding { return judgeTrace(s.spans, trace, parent, s.out) }, map[string]func(*seen){
		"nothing arrived":        func(s *seen) { s.spans = nil },
		"a request of its own":   func(s *seen) { s.spans[0].ParentSpanId = nil },
		"a layer beside it":      func(s *seen) { s.spans[5].ParentSpanId = id(9) },
		"spans in a circle":      func(s *seen) { s.spans[5].ParentSpanId = s.spans[5].SpanId },
		"a layer is missing":     func(s *seen) { s.spans = s.spans[:5] },
		"nothing went out":       func(s *seen) { s.out = "" },
		"another trace went out": func(s *seen) { s.out = "00-0102030405060708090a0b0c0d0e0f11-0000000000000002-01" },
	})
}

func TestJudgeClocks(t *testing.T) {
	holds(t, func() clocks {
		return clocks{first: presentQuotes, ahead: presentQuotes, named: true, back: presentQuotes, restarted: presentQuotes}
	}, func(x clocks) lab.Finding { return judgeClocks(&x) }, map[string]func(*clocks){
		"the log is believed":        func(x *clocks) { x.first = 0 },
		"one tick is late":           func(x *clocks) { x.back-- },
		"all are late":               func(x *clocks) { x.back = 0 },
		"a restart does not help":    func(x *clocks) { x.restarted = 0 },
		"nothing came of the future": func(x *clocks) { x.ahead = 0 },
		"health says nothing":        func(x *clocks) { x.named = false },
	})
}
