package loadtest

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHeadsAndBodies(t *testing.T) {
	for _, c := range []struct {
		text   string
		status int
		size   int64
		kept   string
		again  bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", 200, 5, "hel", true},
		{"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nhi", 200, 2, "hi", true},
		{"HTTP/1.1 204 No Content\r\n\r\n", 204, 0, "", true},
		{"HTTP/1.1 503\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 503, 0, "", false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 200, 6, "hel", true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nTrailer: x\r\n\r\n", 200, 2, "hi", true},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx", 202, 1, "x", true},
		{"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, 13, "unt", false},
		{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 1, "x", false},
	} {
		for _, room := range [][]byte{nil, make([]byte, 0, 3)} {
			r := bufio.NewReader(strings.NewReader(c.text))
			h, err := readHead(r)
			if err != nil {
				t.Errorf("%q: %v", c.text, err)
				continue
			}
			size, kept, err := readBody(r, h, room)
			if err != nil || h.status != c.status || size != c.size || (!h.close && (h.chunked || h.length >= 0)) != c.again {
				t.Errorf("%q: %+v, %d bytes, %v", c.text, h, size, err)
			}
			if room != nil && string(kept) != c.kept {
				t.Errorf("%q: kept %q", c.text, kept)
			}
			if rest, _ := io.ReadAll(r); len(rest) > 0 {
				t.Errorf("%q: left %q", c.text, rest)
			}
		}
	}
}

func TestBrokenAnswersAreErrors(t *testing.T) {
	for _, text := range []string{
		"", "HTTP/1.1", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n",
	} {
		for _, room := range [][]byte{nil, make([]byte, 0, 10)} {
			r := bufio.NewReader(strings.NewReader(text))
			h, err := readHead(r)
			if err == nil {
				_, _, err = readBody(r, h, room)
			}
			if err == nil {
				t.Errorf("%q: no error", text)
			}
		}
	}
}

// FuzzAnswer holds the reader against net/http's: what both take, they understand
// alike.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nx"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReader(bytes.NewReader(text))
		h, err := readOne(r)
		if err != nil {
			return
		}
		size, _, err := readBody(r, h, nil)
		if size < 0 || size > int64(len(text)) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
		theirs, theirErr := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
		if err != nil || theirErr != nil || len(theirs.Header["Content-Length"]) > 1 {
			return
		}
		n, theirErr := io.Copy(io.Discard, theirs.Body)
		if theirErr == nil && (theirs.StatusCode != h.status || n != size) {
			t.Errorf("status %d and %d bytes, net/http says %d and %d", h.status, size, theirs.StatusCode, n)
		}
	})
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

func TestScheduleIsOpen(t *testing.T) {
	now := time.Unix(1000, 0)
	var naps []time.Duration
	s := newSchedule(1000, 2*time.Second, func() time.Time { return now }, func(d time.Duration) { naps = append(naps, d) })
	for _, c := range []struct {
		elapsed, wait time.Duration
		hits          uint64
		stop          bool
	}{
		{0, 0, 0, false},
		{0, time.Millisecond, 1, false},
		{1500 * time.Microsecond, 500 * time.Microsecond, 2, false},
		{time.Second, 0, 3, false}, // behind: at once, until it has caught up
		{time.Second, 0, 2000, true},
	} {
		if wait, stop := s.wait(c.elapsed, c.hits); wait != c.wait || stop != c.stop {
			t.Errorf("%+v: %v, %v", c, wait, stop)
		}
	}
	if wait, _ := s.Pace(0, 5); wait != 0 || !slices.Equal(naps, []time.Duration{5 * time.Millisecond}) {
		t.Errorf("%v, naps %v", wait, naps)
	}
	if wait, _ := s.Pace(0, 100); wait != 100*time.Millisecond || len(naps) != 1 {
		t.Errorf("%v, naps %v", wait, naps)
	}
	if l := s.lateness(10, now.Add(25*time.Millisecond)); l != 15*time.Millisecond {
		t.Errorf("late %v", l)
	}
	if l := s.lateness(10, now); l != 0 {
		t.Errorf("early by %v", l)
	}
}

// TestStallIsChargedToAllWhoWaited: one worker, a server that stalls for a second
// once. From when they were sent one request in a thousand is slow; from when they
// were due half are.
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
		"slow":     {func(r *Report) { r.Achieved = 900 }, "requests a second: 900"},
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
		status     int
		text, want string
	}{
		{200, "", ""},
		{302, "", ""},
		{429, "429 Too Many Requests", ""},
		{503, "", "503 Service Unavailable"},
		{0, `Get "http://x": timeout`, "timeout"},
		{0, "odd", "odd"},
	} {
		if got := failure(c.status, c.text, []int{429}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// BenchmarkGenerator is one exchange with a server that does nothing, both in this
// process. BenchmarkNetHTTP is the same through net/http's client.
func BenchmarkGenerator(b *testing.B) {
	addr := hollow(b)
	d := &driver{
		plan: newPlan(Mix{Leaders: 1}, 1, 1), paths: [routes][]string{Leaders: {"/"}}, ctx: b.Context(),
		clients: newClients(&origin{addr: addr, host: addr, timeout: time.Second}, nil, 1),
	}
	defer d.close()
	b.ReportAllocs()
	for b.Loop() {
		if status, err := d.do(errand{route: Leaders}); err != nil || status != 200 {
			b.Fatal(status, err)
		}
	}
}

func BenchmarkNetHTTP(b *testing.B) {
	addr := hollow(b)
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.Get("http://" + addr + "/")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Fatal(err)
		}
		if err := r.Body.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
