package fuzz

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

const spec = `{"paths":{
 "/healthz":{"get":{}},
 "/v1/events/{id}":{"summary":"x","get":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},
   {"name":"limit","in":"query","schema":{"type":["null","integer"],"minimum":1,"maximum":9}},{"name":"format","in":"query","schema":{"type":"string","enum":["a","b"]}}]}},
 "/v1/faults":{"get":{"x-role":"viewer"},"post":{"x-role":"admin","requestBody":{"content":{"application/json":{}}}}},
 "/debug/pprof/{profile}":{"get":{"x-role":"admin"}},
 "/v1/stream":{"get":{}},
 "/v1/ticks":{"post":{"requestBody":{"content":{"text/csv":{},"application/json":{},"application/x-ndjson":{}}}}}}}`

var fuzzTime = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

func testGenerator(t *testing.T, seed uint64) *generator {
	t.Helper()
	all, err := readSpec([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{seed: seed, host: "localhost:1", tokens: []string{"one", "two"}, odd: oddValues(), corpus: corpus{events: []string{"a b/c"}}}
	g.packed.bombs = []oddity{{"gzip bomb of zeros", inflated([]byte{0}, 1<<20)}}
	g.ops, g.forbidden = split(all, false)
	return g
}

func TestSpecKeepsWhatAMayDoFromWhatOnlyAdminsMay(t *testing.T) {
	g := testGenerator(t, 1)
	if len(g.ops) != 5 || len(g.forbidden) != 2 {
		t.Fatalf("%d operations and %d forbidden, want 5 and 2", len(g.ops), len(g.forbidden))
	}
	if kind := g.ops[1].params[1].Schema.kind(); kind != "integer" {
		t.Errorf("a nullable integer is %q", kind)
	}
	if _, err := readSpec([]byte(`{"paths":{}}`)); err == nil {
		t.Error("a document without operations is taken")
	}
}

func TestShotsFollowFromSeedAndNumber(t *testing.T) {
	a, b, other := testGenerator(t, 1), testGenerator(t, 1), testGenerator(t, 2)
	differ := 0
	for n := range uint64(500) {
		x, y, z := a.shot(n, fuzzTime, false), b.shot(n, fuzzTime, false), other.shot(n, fuzzTime, false)
		if !bytes.Equal(x.head(), y.head()) || !bytes.Equal(x.body, y.body) || x.deliver != y.deliver {
			t.Fatalf("request %d is another one the second time", n)
		}
		if !bytes.Equal(x.head(), z.head()) {
			differ++
		}
	}
	if differ < 300 {
		t.Errorf("another seed changes %d of 500 requests", differ)
	}
}

func TestShotsAreOfAllKindsAndHarmNothing(t *testing.T) {
	g := testGenerator(t, 3)
	kinds, routes, below := map[string]int{}, map[string]int{}, 0
	for n := range uint64(6000) {
		s := g.shot(n, fuzzTime, false)
		kinds[kindOf(s.what)]++
		routes[s.route]++
		if forbids(g.forbidden, s.method, s.target) {
			t.Fatalf("request %d may reach what is forbidden: %s %q", n, s.method, s.target)
		}
		if s.below {
			below++
		}
		if s.what == "valid" {
			wantSound(t, s)
		}
	}
	for _, k := range []string{
		"valid", "parameter", "parameter missing", "parameters twice", "odd parameter", "path", "odd path", "unknown path", "another method", "odd header",
		"odd credentials", "odd host", "body", "another media type", "another encoding", "no HTTP", "left before the answer", "stream, left",
		"Content-Length too small", "Content-Length too large", "form and media type differ",
	} {
		if kinds[k] == 0 {
			t.Errorf("no request of kind %q", k)
		}
	}
	if len(routes) != len(g.ops)+1 {
		t.Errorf("requests for %d routes, want %d and those that are unknown", len(routes), len(g.ops))
	}
	if below == 0 || below > 600 {
		t.Errorf("%d of 6000 requests are no HTTP", below)
	}
}

// wantSound checks that a valid request is framed so that no part of its body is
// taken for the next request.
func wantSound(t *testing.T, s *shot) {
	t.Helper()
	length := "Content-Length: " + strconv.Itoa(len(s.body))
	if s.below || len(s.body) > 0 && !strings.Contains(string(s.head()), length+"\r\n") {
		t.Fatalf("request %d is not sound: %q", s.number, s.head())
	}
}

func TestKnownNamesAreNeverOdd(t *testing.T) {
	g := testGenerator(t, 3)
	odd, known := 0, 0
	for n := range uint64(6000) {
		if s := g.shot(n, fuzzTime, false); s.route == "POST "+ticksPath && kindOf(s.what) == "body" {
			odd++
		}
		s := g.shot(n, fuzzTime, true)
		if s.route != "POST "+ticksPath || s.what != "valid" {
			continue
		}
		known++
		for _, name := range regexp.MustCompile(`"event_id":"([^"]*)"`).FindAllStringSubmatch(string(s.body), -1) {
			if !strings.HasPrefix(name[1], "fuzz-") || len(name[1]) != len("fuzz-0") {
				t.Fatalf("request %d names event %q", n, name[1])
			}
		}
	}
	if odd == 0 || known == 0 {
		t.Errorf("%d odd bodies of ticks without the limit, %d valid ones with it", odd, known)
	}
}

func TestForbiddenIsForbiddenHoweverItIsSpelt(t *testing.T) {
	g := testGenerator(t, 1)
	for _, target := range []string{"/v1/faults", "/v1/%66aults", "/v1/%2566aults", "//v1/./faults/", "/v1/faults?x=1", "/V1/FAULTS"} {
		if !forbids(g.forbidden, "POST", target) {
			t.Errorf("POST %s would be sent", target)
		}
	}
	for _, target := range []string{"/v1/ticks", "/v1/ticks?x=faults"} {
		if forbids(g.forbidden, "POST", target) {
			t.Errorf("POST %s would not be sent", target)
		}
	}
	if forbids(g.forbidden, "GET", "/v1/faults") {
		t.Error("reading faults would not be sent")
	}
}

func TestJudgeReply(t *testing.T) {
	problem := func(status int, body string, more ...string) reply {
		h := http.Header{"Content-Type": {"application/problem+json"}}
		for i := 0; i+1 < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return reply{status: status, header: h, body: []byte(body)}
	}
	plain := func(status int) reply {
		return reply{status: status, header: http.Header{"Content-Type": {"text/plain"}}, body: []byte("no")}
	}
	get, below, head := shot{route: "GET /x", method: "GET"}, shot{route: "GET /x", below: true}, shot{route: "GET /x", method: "HEAD"}
	cases := []struct {
		name   string
		s      shot
		p      reply
		broken int
	}{
		{"good", get, reply{status: 200}, 0},
		{"a problem", get, problem(404, `{"status":404}`), 0},
		{"a problem of another status", get, problem(404, `{"status":400}`), 1},
		{"a problem that is no JSON", get, problem(404, `{`), 1},
		{"no problem", get, plain(404), 1},
		{"the head of a problem", head, problem(404, ""), 0},
		{"the head of no problem", head, plain(404), 1},
		{"an error inside", get, problem(500, `{"status":500}`), 1},
		{"an error inside that is no problem", get, plain(502), 2},
		{"unavailable", get, problem(503, `{"status":503}`, "Retry-After", "2"), 0},
		{"unavailable for ever", get, problem(503, `{"status":503}`), 1},
		{"unavailable for a moment", get, problem(503, `{"status":503}`, "Retry-After", "0"), 1},
		{"too many", get, problem(429, `{"status":429}`, "Retry-After", "1"), 0},
		{"too many for ever", get, problem(429, `{"status":429}`), 1},
		{"not ready", shot{route: "GET /readyz"}, reply{status: 503}, 0},
		{"failed health", shot{route: "GET /healthz"}, reply{status: 503}, 2},
		{"header too large", get, plain(431), 0},
		{"no HTTP, refused", below, plain(400), 0},
		{"no HTTP, not implemented", below, plain(501), 0},
		{"no HTTP, an error inside", below, plain(500), 2},
		{"no HTTP, closed", below, reply{err: "connection closed"}, 0},
		{"reset", get, reply{err: "connection reset"}, 1},
		{"reset of what was cut off", shot{deliver: cut}, reply{err: "connection reset"}, 0},
		{"no answer", shot{deliver: cut}, reply{err: "timeout"}, 1},
		{"nobody there", below, reply{err: "dial: connection refused", refused: true}, 1},
		{"left before it", shot{deliver: abandoned}, reply{}, 0},
	}
	for _, c := range cases {
		if broken := judgeReply(&c.s, &c.p); len(broken) < min(1, c.broken) || len(broken) > c.broken+1 || c.broken == 0 && len(broken) > 0 {
			t.Errorf("%s: %v, want %d", c.name, broken, c.broken)
		}
	}
}

func TestViolationKeepsTheTokenToItself(t *testing.T) {
	s := shot{method: "GET", target: "/\x00", headers: []string{"Authorization: Bearer secret", "X: \xff"}, body: []byte("\x01")}
	o := violation(&s, &reply{status: 500}, []string{"status 500"})
	if text := strings.Join(o.Headers, "\n"); strings.Contains(text, "secret") || !strings.Contains(text, `\xff`) {
		t.Errorf("headers %s", text)
	}
	if o.Target != `"/\x00"` || o.Body != `"\x01"` {
		t.Errorf("target %s, body %s", o.Target, o.Body)
	}
}

func TestJudgeLeaks(t *testing.T) {
	w := windows{
		before: stretch{0, 15 * time.Second}, quietBefore: stretch{10 * time.Second, 15 * time.Second},
		after: stretch{50 * time.Second, 65 * time.Second}, quietAfter: stretch{60 * time.Second, 65 * time.Second},
	}
	read := func(second int, goroutines, fds, heap, rss float64) reading {
		return reading{time.Duration(second) * time.Second, map[string]float64{
			"go_goroutines": goroutines, "process_open_fds": fds, "go_memstats_heap_inuse_bytes": heap * (1 << 20), "process_resident_memory_bytes": rss * (1 << 20), started: 1,
		}}
	}
	base := []reading{read(5, 60, 50, 30, 100), read(12, 20, 30, 70, 100), read(30, 90, 60, 300, 400)}
	cases := []struct {
		name   string
		end    []reading
		leaked string
	}{
		{"none", []reading{read(55, 80, 60, 60, 180), read(62, 25, 30, 200, 180)}, ""},
		{"goroutines", []reading{read(62, 37, 30, 30, 100), read(64, 38, 30, 30, 100)}, "go_goroutines"},
		{"descriptors", []reading{read(62, 20, 43, 30, 100)}, "process_open_fds"},
		{"heap", []reading{read(55, 20, 30, 79, 100), read(62, 20, 30, 90, 100)}, "go_memstats_heap_inuse_bytes"},
		{"memory", []reading{read(62, 20, 30, 30, 197)}, "process_resident_memory_bytes"},
	}
	for _, c := range cases {
		got := ""
		for _, l := range judgeLeaks(append(base[:len(base):len(base)], c.end...), w) {
			if !l.Known {
				t.Errorf("%s: %s is not known", c.name, l.Metric)
			}
			if l.Leaked {
				got += l.Metric
			}
		}
		if got != c.leaked {
			t.Errorf("%s: leaked %q, want %q", c.name, got, c.leaked)
		}
	}
	for _, l := range judgeLeaks(base, w) {
		if l.Known || l.Leaked {
			t.Errorf("%s is judged though it was not read at the end", l.Metric)
		}
	}
}

func TestMetricsAndRestart(t *testing.T) {
	gauge := func(v float64) *dto.MetricFamily {
		return &dto.MetricFamily{Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &v}}}}
	}
	values := watched(map[string]*dto.MetricFamily{"go_goroutines": gauge(12), "other": gauge(3), "process_resident_memory_bytes": gauge(5.4e7), started: gauge(7)})
	if len(values) != 3 || values["process_resident_memory_bytes"] != 5.4e7 {
		t.Errorf("read %v", values)
	}
	same := []reading{{0, map[string]float64{started: 7}}, {1, nil}, {2, map[string]float64{started: 7}}}
	if restarted(same) || !restarted(append(same, reading{3, map[string]float64{started: 8}})) {
		t.Error("a restart is not told from none")
	}
}
