package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/feed/stream"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/stream"
	"corrgraph/server/connect"
	venuestream "corrgraph/server/connect/stream"
)

const key = "s3cret/key+1"

// rig is a scripted source, and a connector that reads it.
type rig struct {
	t   *testing.T
	net *venue.Net
	s   *server.Server
	c   *connect.Connector
	sse bool

	mu      sync.Mutex
	books   map[string]map[string]float64 // open prices, by market and outcome
	batches []*odds.Batch
	first   time.Time // of the first price
	wrong   []string
	rec     bytes.Buffer
	keep    bool
	secret  string
}

// knobs are what a test turns.
type knobs struct {
	every  time.Duration
	keep   int
	record bool
	secret string
	change func(*stream.Map)
	plans  []venue.Plan // of requests
}

// bubble runs f with a rig in virtual time.
func bubble(t *testing.T, sse bool, k knobs, f func(t *testing.T, g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &rig{t: t, net: &venue.Net{}, sse: sse, books: map[string]map[string]float64{}, keep: k.record, secret: key}
		if k.secret != "" {
			g.secret = k.secret
		}
		g.s = server.Start(server.Options{Net: g.net, Address: "feed.test:80", Key: key, Seed: 3, SSE: sse, Every: k.every, Keep: k.keep})
		g.s.Requests.Add(k.plans...)
		name, url := "websocket", "ws://feed.test/odds"
		if sse {
			name, url = "sse", "http://feed.test/stream/baseball"
		}
		m, err := stream.Load("../../../feed/stream/testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if k.change != nil {
			k.change(m)
		}
		v, err := venuestream.New(venuestream.Options{Map: m, URL: url})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{DialContext: g.net.Dial}}
		o := connect.Options{
			World: connect.World{HTTP: client, Dial: g.net.Dial, Secret: g.ask},
			Emit:  g.emit, Jitter: func() float64 { return 0.5 },
		}
		if k.record {
			o.Record = func() (io.WriteCloser, error) { return closer{&g.rec}, nil }
		}
		g.c = connect.New(v, o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.c.Run(ctx) }()
		defer g.end(cancel, done, client)
		f(t, g)
	})
}

// end ends everything and reports what was wrong.
func (g *rig) end(cancel func(), done chan error, client *http.Client) {
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		g.t.Errorf("Run: %v", err)
	}
	g.s.Close()
	client.CloseIdleConnections()
	for _, w := range g.wrong {
		g.t.Error(w)
	}
	for _, b := range g.books {
		if len(b) > 0 {
			g.t.Errorf("after the end %v is still told", b)
			break
		}
	}
}

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

func (g *rig) ask(name string) (string, error) {
	if g.secret == "none" {
		return "", errors.New("not in the environment: set CORRGRAPH_SECRET_" + strings.ToUpper(name))
	}
	return g.secret, nil
}

// emit follows what is told as an engine would.
func (g *rig) emit(_ context.Context, list []*odds.Batch) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keep {
		g.batches = append(g.batches, list...)
	}
	for _, b := range list {
		if b.At > b.Recv || b.At == 0 {
			g.wrong = append(g.wrong, fmt.Sprintf("a batch of %d was received at %d", b.At, b.Recv))
		}
		for i := range b.Updates {
			g.update(&b.Updates[i])
		}
	}
	return nil
}

func (g *rig) update(u *odds.Update) {
	at := u.Event.ID + "/" + u.Venue + "/" + u.Market
	book := g.books[at]
	if book == nil || u.Image || u.Status != odds.Open {
		book = map[string]float64{}
		g.books[at] = book
	}
	for _, q := range u.Quotes {
		side := q.Side.String()
		if side == "" { // no image says whose names these are
			side = strings.ToLower(strings.Fields(q.Selection)[0])
		}
		name := server.Name(u.Event.ID, u.Venue, u.Market, side, q.Line)
		delete(book, name)
		if q.Status != odds.Open {
			continue
		}
		if g.first.IsZero() {
			g.first = time.Now()
		}
		book[name] = q.Price
		if !g.s.Shown(name, q.Price) {
			g.wrong = append(g.wrong, fmt.Sprintf("%s at %v was never offered", name, q.Price))
		}
	}
}

// prices lists what is told as open.
func (g *rig) prices() map[string]float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]float64{}
	for _, b := range g.books {
		maps.Copy(out, b)
	}
	return out
}

// differ compares what is told with what is offered.
func (g *rig) differ() (wrong []string) {
	have, want, least := g.prices(), g.s.Open(false), g.s.Open(g.sse)
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if p, ok := want[name]; !ok || !near(p, have[name]) {
			wrong = append(wrong, fmt.Sprintf("%s is told at %v, offered at %v", name, have[name], p))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(least)) {
		if _, ok := have[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s is not told, offered at %v", name, least[name]))
		}
	}
	return wrong
}

func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }

// after lets time pass, to an instant between two steps of the market.
func (g *rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// agrees waits until what is told is what is offered, and stays so, and returns how long that took.
func (g *rig) agrees(most time.Duration) time.Duration {
	g.t.Helper()
	const look = 100 * time.Millisecond
	run, began := 0, time.Now()
	var since time.Time
	for time.Since(began) < most {
		g.after(look)
		if len(g.differ()) > 0 || len(g.prices()) == 0 {
			run = 0
			continue
		}
		if run++; run == 1 {
			since = time.Now()
		}
		if run == 20 {
			return since.Sub(began)
		}
	}
	d := g.differ()
	g.t.Fatalf("after %v %d prices differ, the first: %v; %+v", most, len(d), d[:min(len(d), 5)], g.c.Status())
	return 0
}

// state waits until the connector stands as wanted.
func (g *rig) state(want connect.Connection, most time.Duration) connect.Status {
	g.t.Helper()
	for began := time.Now(); time.Since(began) < most; g.after(most / 200) {
		if s := g.c.Status(); s.State == want {
			return s
		}
	}
	g.t.Fatalf("not %s after %v: %+v", want, most, g.c.Status())
	return connect.Status{}
}

// seen counts markets by state.
func (g *rig) seen() map[frames.State]int { return g.c.Status().Markets }
