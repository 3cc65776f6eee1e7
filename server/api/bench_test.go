package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corrgraph/server/guard"
	"corrgraph/server/telemetry"
)

// connections is the number of concurrent keep-alive connections.
const connections = 64

// warm returns an instance, outside any bubble, that has applied the market.
func warm(t testing.TB) *rig {
	t.Helper()
	// Requests are logged at debug level: neither in production nor here.
	g, end := start(t, knobs{
		real:     true,
		options:  func(o *Options) { o.Log = slog.New(slog.DiscardHandler) },
		adaptive: guard.AdaptiveOptions{Min: 4 * connections, Initial: 4 * connections, Max: 8 * connections},
	})
	t.Cleanup(end)
	news, _ := g.live.Hub().After(0, nil)
	for g.service.State().Recovering {
		runtime.Gosched()
	}
	g.feed(3)
	for g.service.State().Counts.Quotes < 12_000 || g.service.State().DecidedAt == 0 {
		if _, _, err := news.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// warmGraph returns such an instance and the graph of an event.
func warmGraph(b *testing.B) (g *rig, graph []byte) {
	b.Helper()
	g = warm(b)
	w := g.want(http.StatusOK, g.get("/v1/events/match-1/graph"))
	if bytes.Count(w.Body.Bytes(), []byte(`"lag_ms"`)) < 3 {
		b.Fatalf("the graph is empty: %.300s", w.Body.String())
	}
	return g, w.Body.Bytes()
}

// bare writes the same bytes and does nothing else.
func bare(body []byte) http.Handler {
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	})
}

// load is a set of open connections to a server.
type load struct {
	request []byte
	conns   []net.Conn
	readers []*bufio.Reader
}

func dial(b *testing.B, h http.Handler, secret string) *load {
	b.Helper()
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	l, err := connect(s.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, c := range l.conns {
			c.Close()
		}
	})
	l.request = []byte("GET /v1/events/match-1/graph HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + secret + "\r\n\r\n")
	return l
}

func connect(addr string) (*load, error) {
	l := &load{}
	for range connections {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		l.conns, l.readers = append(l.conns, c), append(l.readers, bufio.NewReaderSize(c, 32<<10))
	}
	return l, nil
}

// run sends n requests over all connections.
func (l *load) run(b *testing.B, n int) time.Duration {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var failed atomic.Pointer[error]
	var work sync.WaitGroup
	begin := time.Now()
	for i := range l.conns {
		work.Go(func() {
			for left.Add(-1) >= 0 {
				if err := l.send(i, l.request); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	work.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return time.Since(begin)
}

// send sends a request and reads its answer with minimal work: the client's cost on
// the same processors makes both sides look alike.
func (l *load) send(i int, request []byte) error {
	if _, err := l.conns[i].Write(request); err != nil {
		return err
	}
	r := l.readers[i]
	status, err := r.ReadSlice('\n')
	if err != nil || !bytes.HasPrefix(status, []byte("HTTP/1.1 20")) {
		return errors.Join(err, fmt.Errorf("answered with %q", status))
	}
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = textproto.TrimBytes(line)
		if len(line) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(v)); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return err
}

func BenchmarkGraphEndpoint(b *testing.B) {
	g, _ := warmGraph(b)
	l := dial(b, g.api, g.secrets["viewer"])
	b.ReportAllocs()
	b.ResetTimer()
	l.run(b, b.N)
}

func BenchmarkBareHandler(b *testing.B) {
	g, graph := warmGraph(b)
	l := dial(b, bare(graph), g.secrets["viewer"])
	b.ReportAllocs()
	b.ResetTimer()
	l.run(b, b.N)
}

// BenchmarkGraphShare measures both in turns and reports the rate of the graph
// endpoint as a share of the bare handler's.
func BenchmarkGraphShare(b *testing.B) {
	g, graph := warmGraph(b)
	ours, theirs := dial(b, g.api, g.secrets["viewer"]), dial(b, bare(graph), g.secrets["viewer"])
	var took, cpu [2]time.Duration
	var shares []float64 // by pair of turns: other load disturbs single pairs
	asked := 0
	for b.Loop() {
		const turn = 5000
		before := used(b)
		x := ours.run(b, turn)
		between := used(b)
		y := theirs.run(b, turn)
		after := used(b)
		cpu[0] += between - before
		cpu[1] += after - between
		took[0] += x
		took[1] += y
		shares = append(shares, y.Seconds()/x.Seconds())
		asked += turn
	}
	slices.Sort(shares)
	b.ReportMetric(float64(asked)/took[0].Seconds(), "graph/s")
	b.ReportMetric(float64(asked)/took[1].Seconds(), "bare/s")
	b.ReportMetric(shares[len(shares)/2], "share")
	b.ReportMetric(cpu[1].Seconds()/cpu[0].Seconds(), "cpu-share") // unaffected by other processes
	b.ReportMetric(float64(len(graph)), "bytes")
	b.ReportMetric(0, "ns/op")
}

// used returns the CPU time of this process so far, client and server together.
func used(b *testing.B) time.Duration {
	b.Helper()
	u, err := telemetry.ReadUsage()
	if err != nil {
		b.Fatal(err)
	}
	return u.CPU
}

// BenchmarkGraphHandler measures the handler without a network.
func BenchmarkGraphHandler(b *testing.B) {
	g, _ := warmGraph(b)
	r := httptest.NewRequest("GET", "/v1/events/match-1/graph", nil)
	r.Header.Set("Authorization", "Bearer "+g.secrets["viewer"])
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
	}
}
