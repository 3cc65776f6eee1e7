package polymarket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/polymarket"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/server/connect"
	"corrgraph/server/connect/polymarket"
)

// bench is a server, and a Connector that follows it.
type bench struct {
	*testing.T
	net     *venue.Net
	server  *Server
	venue   *spied
	c       *connect.Connector
	events  []*Event
	options polymarket.Options
	record  buffer
	began   time.Time

	mu      sync.Mutex
	batches []*odds.Batch // guarded by mu
	quotes  int           // guarded by mu
	keep    bool          // batches
}

// spied is the venue with its decoder at hand.
type spied struct {
	*polymarket.Venue
	decoder *watched
}

func (s *spied) Decoder() frames.Decoder {
	s.decoder = &watched{Decoder: s.Venue.Decoder().(*feed.Decoder)}
	return s.decoder
}

// watched is a decoder that is asked for books while it is in use.
type watched struct {
	mu sync.Mutex
	*feed.Decoder
}

func (w *watched) Frame(f *frames.Frame) (frames.Told, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Decoder.Frame(f)
}

func (w *watched) Book(id string) (bids, asks []feed.Level, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Decoder.Book(id)
}

// buffer is a file in memory.
type buffer struct {
	mu     sync.Mutex
	b      bytes.Buffer // guarded by mu
	closed bool
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) Close() error { b.closed = true; return nil }

// held is how much memory it takes.
func (b *buffer) held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Cap()
}

// follow runs a test in a bubble: prepare changes the bench before the Connector starts.
func follow(t *testing.T, matches int, prepare func(b *bench), test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, net: &venue.Net{}, keep: true, began: time.Now()}
		b.server = New(b.net, 7)
		for i := range matches {
			b.events = append(b.events, b.server.Match(time.Now().Add(time.Hour), i%2 == 1))
		}
		b.options = polymarket.Options{
			Stream: "ws://" + StreamHost + "/ws/market", SportsStream: "ws://" + SportsHost + "/ws", Gamma: "http://" + GammaHost, CLOB: "http://" + CLOBHost,
		}
		if prepare != nil {
			prepare(b)
		}
		v, err := polymarket.New(b.options)
		if err != nil {
			t.Fatal(err)
		}
		b.venue = &spied{Venue: v}
		transport := &http.Transport{DialContext: b.net.Dial}
		b.c = connect.New(b.venue, connect.Options{
			World: connect.World{Dial: b.net.Dial, HTTP: &http.Client{Transport: transport}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, Emit: b.emit,
			Record: func() (io.WriteCloser, error) { return &b.record, nil }, Connections: v.Connections(), Jitter: func() float64 { return 0.5 },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.c.Run(ctx) }()
		synctest.Wait()
		test(b)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		b.server.Close()
		transport.CloseIdleConnections()
		synctest.Wait()
		if n := b.c.Status().Connections; n != 0 {
			t.Errorf("%d connections are open at the end", n)
		}
	})
}

// emit checks that nothing is told that the server did not show.
func (b *bench) emit(_ context.Context, batches []*odds.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, batch := range batches {
		if batch.Source != "polymarket" || batch.At > batch.Recv || batch.At == 0 || len(batch.Updates)+len(batch.Marks) == 0 {
			b.Errorf("a batch of %q at %d, received %d, with %d updates", batch.Source, batch.At, batch.Recv, len(batch.Updates))
		}
		for i := range batch.Updates {
			b.check(&batch.Updates[i])
		}
		b.quotes += batch.Quotes()
	}
	if b.keep {
		b.batches = append(b.batches, batches...)
	}
	return nil
}

func (b *bench) check(u *odds.Update) {
	c := b.of(u)
	if c == nil {
		b.Errorf("an update of %s %s, which nobody has", u.Event.ID, u.Market)
		return
	}
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	for i, q := range u.Quotes {
		if q.Status != odds.Open {
			continue
		}
		sum := 200 / q.Price
		if i == 1 {
			sum = 200 - sum
		}
		found := false
		for t := range c.shown {
			found = found || math.Abs(float64(t.Bid+t.Ask)-sum) < 1e-6
		}
		if !found {
			b.Errorf("%s %s %s is told at %v, which the server never showed", u.Event.ID, u.Market, q.Selection, q.Price)
		}
	}
}

// of returns the contract that an update is about.
func (b *bench) of(u *odds.Update) *Contract {
	for _, e := range b.events {
		if e.Slug != u.Event.ID {
			continue
		}
		k := map[string]int{"h2h": 0, "spreads": 1, "totals": 2}[u.Market]
		if e.members["negRisk"] == true && len(u.Quotes) > 0 {
			k = map[odds.Side]int{odds.Home: 0, odds.Draw: 1, odds.Away: 2}[u.Quotes[0].Side]
		}
		return e.Markets[k]
	}
	return nil
}

// wrong says how what is known differs from the server; empty: it does not.
func (b *bench) wrong() string {
	synctest.Wait()
	for _, c := range b.server.Contracts() {
		if c.members["closed"] == true {
			continue
		}
		bids, asks, ok := b.venue.decoder.Book(c.Condition)
		if !ok {
			return c.Condition + " is not live"
		}
		theirBids, theirAsks, _ := b.server.Book(c)
		if !same(bids, theirBids) || !same(asks, theirAsks) {
			return fmt.Sprintf("%s: books differ: bids %v, theirs %v, asks %v, theirs %v", c.Condition, bids, theirBids, asks, theirAsks)
		}
	}
	return ""
}

func same(ours []feed.Level, theirs map[int]int) bool {
	for _, l := range ours {
		if theirs[int(math.Round(l.Price*100))] != int(l.Size) {
			return false
		}
	}
	return len(ours) == len(theirs)
}

// right fails the test unless what is known equals the server.
func (b *bench) right() {
	b.Helper()
	if why := b.wrong(); why != "" {
		b.Errorf("after %s: %s; status %+v", time.Since(b.began), why, b.c.Status())
	}
}

// within waits until something holds, and returns how long that took.
func (b *bench) within(most time.Duration, what string, holds func() bool) time.Duration {
	b.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > most {
			b.Fatalf("%s: not within %s; status %+v", what, most, b.c.Status())
		}
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}

// state is that of a market.
func (b *bench) state(c *Contract) frames.State {
	for _, m := range b.c.Markets() {
		if m.ID == c.Condition {
			return m.State
		}
	}
	return ""
}

func (b *bench) all(state frames.State) bool {
	n := 0
	for s, k := range b.c.Status().Markets {
		if s != state && k > 0 {
			return false
		}
		n += k
	}
	return n > 0
}

// told is the state of every market as the batches told it: the first quote's price or status.
func (b *bench) told(c *Contract) (q odds.Quote, inPlay bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.Status = odds.Unknown
	for _, batch := range b.batches {
		for i := range batch.Updates {
			u := &batch.Updates[i]
			if b.of(u) != c {
				continue
			}
			if inPlay = u.InPlay; len(u.Quotes) > 0 {
				q = u.Quotes[0]
			} else {
				q = odds.Quote{Status: u.Status}
			}
		}
	}
	return q, inPlay
}
