package api

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// senderKey makes the test binary a sender of requests, whose processor time is not the
// server's.
const senderKey = "CORRGRAPH_SENDER"

func TestMain(m *testing.M) {
	if os.Getenv(senderKey) == "" {
		os.Exit(m.Run())
	}
	if err := sendAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sendAll reads lines of an address and a file of requests, sends the requests, and says so.
func sendAll(from io.Reader, to io.Writer) error {
	open := map[string]*load{}
	for lines := bufio.NewScanner(from); lines.Scan(); {
		addr, path, _ := strings.Cut(lines.Text(), " ")
		all, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		l := open[addr]
		if l == nil {
			if l, err = connect(addr); err != nil {
				return err
			}
			open[addr] = l
		}
		if err := l.sendEach(unpacked(all)); err != nil {
			return err
		}
		fmt.Fprintln(to, "sent")
	}
	return nil
}

func packed(requests [][]byte) (b []byte) {
	for _, r := range requests {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(r))), r...)
	}
	return b
}

func unpacked(b []byte) (requests [][]byte) {
	for len(b) > 0 {
		n := 4 + binary.LittleEndian.Uint32(b)
		requests, b = append(requests, b[4:n]), b[n:]
	}
	return requests
}

// sendEach sends every request once, over all connections.
func (l *load) sendEach(requests [][]byte) error {
	var next atomic.Int64
	errs := make([]error, len(l.conns))
	var work sync.WaitGroup
	for i := range l.conns {
		work.Go(func() {
			for errs[i] == nil {
				k := next.Add(1) - 1
				if k >= int64(len(requests)) {
					return
				}
				errs[i] = l.send(i, requests[k])
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// sender is a process that sends requests.
type sender struct {
	in  io.Writer
	out *bufio.Scanner
	dir string
}

func startSender(b *testing.B) *sender {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), senderKey+"=1"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	return &sender{in, bufio.NewScanner(out), b.TempDir()}
}

// cost has requests sent to a server of this process and returns the processor time that it
// took, a request.
func (s *sender) cost(b *testing.B, addr string, requests [][]byte) time.Duration {
	b.Helper()
	path := filepath.Join(s.dir, "requests")
	if err := os.WriteFile(path, packed(requests), 0o600); err != nil {
		b.Fatal(err)
	}
	before := used(b)
	if _, err := fmt.Fprintln(s.in, addr, path); err != nil {
		b.Fatal(err)
	}
	if !s.out.Scan() || s.out.Text() != "sent" {
		b.Fatalf("the sender says %q", s.out.Text())
	}
	return (used(b) - before) / time.Duration(len(requests))
}

// asked is one request of a mix.
type asked struct {
	path string
	post bool
}

// standardMix is the mix of corrgraph loadtest on the events, nodes and links of the rig: so many of a
// hundred requests of each route.
func (g *rig) standardMix(b *testing.B) (names []string, mix map[string][]asked) {
	b.Helper()
	found := decode[struct {
		Layers []struct {
			Edges []struct {
				Source string `json:"source"`
				Target string `json:"target"`
			} `json:"edges"`
		} `json:"layers"`
	}](b, g.want(http.StatusOK, g.get("/v1/events/match-1/graph")))
	e := found.Layers[0].Edges[0]
	pair := url.Values{"source": {e.Source}, "target": {e.Target}}.Encode()
	node := url.Values{"node": {e.Source}}.Encode()
	mix = map[string][]asked{}
	add := func(route string, n int, paths ...string) {
		names = append(names, route)
		for i := range n {
			mix[route] = append(mix[route], asked{path: paths[i%len(paths)], post: route == "ticks"})
		}
	}
	add("graph", 40, "/v1/events/match-1/graph", "/v1/events/match-2/graph")
	add("anomalies", 20, "/v1/events/match-1/anomalies", "/v1/events/match-2/anomalies")
	add("events", 10, "/v1/events/match-1", "/v1/events?limit=20", "/v1/events/match-2")
	add("propagation", 10, "/v1/propagation?"+pair)
	add("predictions", 5, "/v1/predictions?"+node)
	add("leaders", 5, "/v1/leaders")
	add("edges", 5, "/v1/edges?"+pair)
	add("ticks", 5, "/v1/ticks")
	return names, mix
}

// raw returns requests as bytes; each that sends ticks has sixteen new ones.
func (g *rig) raw(r *rand.Rand, all []asked) (requests [][]byte) {
	for _, a := range all {
		method, body := http.MethodGet, ""
		if a.post {
			method = http.MethodPost
			for range 4 {
				at, x := time.Now(), r.Float64()
				for _, event := range []string{"match-1", "match-2"} {
					body += tick(at, "lead", event, "home", 1.5+x) + tick(at, "lead", event, "away", 3-x)
				}
			}
			body = "Content-Type: " + formNDJSON + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
		} else {
			body = "\r\n"
		}
		requests = append(requests, []byte(method+" "+a.path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+g.secrets["admin"]+"\r\n"+body))
	}
	return requests
}

// recorded answers what the service answered before, and does nothing else.
func (g *rig) recorded(b *testing.B, mix map[string][]asked) http.Handler {
	b.Helper()
	answers := map[string]http.Handler{}
	for _, all := range mix {
		for _, a := range all {
			if a.post {
				answers[a.path] = bare(g.want(http.StatusAccepted, g.ask("admin", "POST", a.path, strings.NewReader(tick(time.Now(), "lead", "match-1", "home", 2)), "Content-Type", formNDJSON)).Body.Bytes())
			} else if answers[a.path] == nil {
				answers[a.path] = bare(g.want(http.StatusOK, g.get(a.path)).Body.Bytes())
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		answers[r.URL.RequestURI()].ServeHTTP(w, r)
	})
}

// BenchmarkMixShare reports the processor time of a request of the standard mix, with all that follows from
// the ticks sent, as a multiple of what a handler takes that writes the same bytes: the
// median of turns, and each route by itself. The sender is another process.
func BenchmarkMixShare(b *testing.B) {
	g := warm(b)
	names, mix := g.standardMix(b)
	s := startSender(b)
	service, other := httptest.NewServer(g.api), httptest.NewServer(g.recorded(b, mix))
	b.Cleanup(service.Close)
	b.Cleanup(other.Close)
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range append([]string{"mix"}, names...) {
		all := mix[name]
		if name == "mix" {
			for _, some := range mix {
				all = append(all, some...)
			}
		}
		const turn = 2000
		b.Run(name, func(b *testing.B) {
			var ratios, ours, theirs []float64
			for b.Loop() {
				turned := make([]asked, turn)
				for i := range turned {
					turned[i] = all[r.IntN(len(all))]
				}
				x := s.cost(b, service.Listener.Addr().String(), g.raw(r, turned))
				y := s.cost(b, other.Listener.Addr().String(), g.raw(r, turned))
				ours, theirs = append(ours, float64(x)/1e3), append(theirs, float64(y)/1e3)
				ratios = append(ratios, float64(x)/float64(y))
			}
			for _, some := range [][]float64{ratios, ours, theirs} {
				slices.Sort(some)
			}
			b.ReportMetric(ratios[len(ratios)/2], "×cpu")
			b.ReportMetric(ours[len(ours)/2], "µs/request")
			b.ReportMetric(theirs[len(theirs)/2], "bare-µs/request")
			b.ReportMetric(0, "ns/op")
			b.Logf("%d turns, quartiles %.2f to %.2f", len(ratios), ratios[len(ratios)/4], ratios[len(ratios)*3/4])
		})
	}
}
