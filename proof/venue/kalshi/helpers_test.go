package kalshi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/kalshi"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/kalshi"
	"corrgraph/server/connect"
	"corrgraph/server/connect/kalshi"
)

// latency is how long the server takes to obey.
const latency = 50 * time.Millisecond

const keyID = "a952bcbe-ec3b-4b5b-b8f9-11dae589608c"

var key = sync.OnceValues(server.NewKey)

// games are two games of the recorded candles, and a question.
func games() (out []server.Market) {
	for _, g := range [][3]string{{"25DEC25CLENYK", "CLE", "NYK"}, {"25DEC25SASOKC", "SAS", "OKC"}} {
		title := g[1] + " at " + g[2]
		for _, team := range g[1:] {
			event := "KXNBAGAME-" + g[0]
			out = append(out, server.Market{Ticker: event + "-" + team, Event: event, Title: title + " Winner?", EventTitle: title, Yes: team})
		}
		event := "KXNBATOTAL-" + g[0]
		for _, line := range []int{219, 224} {
			out = append(out, server.Market{
				Ticker: fmt.Sprintf("%s-%d", event, line), Event: event, Title: title + ": Total Points", EventTitle: title + ": Total Points",
				Yes: fmt.Sprintf("Over %d.5 points scored", line), Strike: float64(line) + 0.5,
			})
		}
		event = "KXNBASPREAD-" + g[0]
		out = append(out, server.Market{
			Ticker: event + "-" + g[1] + "5", Event: event, Title: g[1] + " wins by over 4.5 points?", EventTitle: title + ": Spread",
			Yes: g[1] + " wins by over 4.5 points", Strike: 4.5,
		})
	}
	return append(out, server.Market{Ticker: "KXFED-27APR-T4.25", Event: "KXFED-27APR", Title: "Will the rate be above 4.25%?", EventTitle: "Fed in April", Yes: "Above 4.25%"})
}

// told is a batch and when it was handed over.
type told struct {
	b  *odds.Batch
	at time.Time
}

// rig is a server, a connector, and what it told.
type rig struct {
	t    *testing.T
	net  *venue.Net
	srv  *server.Server
	c    *connect.Connector
	dec  *feed.Decoder
	log  logged
	stop context.CancelFunc
	lean bool

	mu   sync.Mutex
	told []told
	file buffer
}

// spied keeps the decoder that a connector was given.
type spied struct {
	connect.Venue
	dec *feed.Decoder
}

func (s *spied) Decoder() frames.Decoder {
	s.dec = s.Venue.Decoder().(*feed.Decoder)
	return s.dec
}

type buffer struct {
	mu   sync.Mutex
	b    []byte
	lean bool // nothing is kept
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.lean {
		b.b = append(b.b, p...)
	}
	return len(p), nil
}

func (b *buffer) Close() error { return nil }

// logged collects what was logged.
type logged struct{ buffer }

func (l *logged) text() string { l.mu.Lock(); defer l.mu.Unlock(); return string(l.b) }

// settings of a rig.
type settings struct {
	markets []server.Market
	o       kalshi.Options
	cents   bool
	step    time.Duration // of the market; zero is 100 ms
	secret  func(string) (string, error)
	before  func(r *rig) // the connector starts
	lean    bool         // neither batches nor the recording are kept
}

func secrets(name string) (string, error) {
	_, text := key()
	switch name {
	case "kalshi_key_id":
		return keyID, nil
	case "kalshi_private_key":
		return text, nil
	}
	return "", errors.New("no secret " + name)
}

// start runs a test inside a bubble: f is called while server and connector run.
func start(t *testing.T, s settings, f func(r *rig)) {
	t.Helper()
	private, _ := key()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r := &rig{t: t, net: &venue.Net{}, stop: stop, lean: s.lean}
		r.file.lean = s.lean
		if s.markets == nil {
			s.markets = games()
		}
		if s.secret == nil {
			s.secret = secrets
		}
		r.srv = server.Start(server.Options{
			Net: r.net, Address: "kalshi.test:80", KeyID: keyID, Public: &private.PublicKey, Seed: 7, Markets: s.markets, Cents: s.cents, Latency: latency,
		})
		s.o.Socket, s.o.REST = r.srv.URLs()
		if s.o.Series == nil && s.o.Leagues == nil {
			s.o.Leagues, s.o.Series = []string{"nba"}, []string{"KXFED"}
		}
		transport := &http.Transport{DialContext: r.net.Dial}
		spy := &spied{Venue: kalshi.New(s.o)}
		r.c = connect.New(spy, connect.Options{
			World: connect.World{Dial: r.net.Dial, HTTP: &http.Client{Transport: transport}, Secret: s.secret, Log: logger(&r.log)},
			Emit:  r.emit, Record: func() (io.WriteCloser, error) { return &r.file, nil }, Jitter: func() float64 { return 0.5 },
		})
		r.dec = spy.dec
		if s.before != nil {
			s.before(r)
		}
		var runs sync.WaitGroup
		runs.Go(func() { _ = r.c.Run(ctx) })
		if s.step == 0 {
			s.step = 100 * time.Millisecond
		}
		market, halt := context.WithCancel(ctx)
		runs.Go(func() { r.srv.Run(market, s.step) })
		end := func() {
			stop()
			runs.Wait()
			r.srv.Close()
			transport.CloseIdleConnections()
			synctest.Wait()
		}
		t.Cleanup(end) // of a test that has failed
		f(r)
		halt()
		r.settle()
		r.check()
		end()
		if !r.lean {
			r.replay()
		}
	})
}

// outage is when prices were first told to be unknown after a time, and when the last of them was
// known again; ok is false if none were.
func (r *rig) outage(from time.Time) (found, over time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unknown := map[string]bool{}
	for _, x := range r.told {
		if x.at.Before(from) {
			continue
		}
		for i := range x.b.Updates {
			u := &x.b.Updates[i]
			id := u.Event.ID + u.Market
			switch {
			case u.Status == odds.Unknown && len(unknown) == 0 && !ok:
				found, ok = x.at.Sub(from), true
				fallthrough
			case u.Status == odds.Unknown:
				unknown[id] = true
			case unknown[id] && u.Image:
				if delete(unknown, id); len(unknown) == 0 {
					over = x.at.Sub(from) - found
				}
			}
		}
	}
	return found, over, ok && len(unknown) == 0
}

func (r *rig) emit(_ context.Context, b []*odds.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range b {
		if r.lean && len(r.told) > 0 {
			return nil
		}
		r.told = append(r.told, told{one, time.Now()})
	}
	return nil
}

// live counts the markets that are live.
func (r *rig) live() int { return r.c.Status().Markets[frames.Live] }

// until waits for a condition and returns how long that took.
func (r *rig) until(most time.Duration, what string, ok func() bool) time.Duration {
	r.t.Helper()
	from := time.Now()
	for !ok() {
		if time.Since(from) > most {
			s := r.c.Status()
			r.t.Fatalf("%s: not within %v: %+v\nasked %v\nlog %s", what, most, s, r.srv.Asked(), r.log.text())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(from)
}

// up waits until all markets are live.
func (r *rig) up(n int) time.Duration {
	r.t.Helper()
	return r.until(2*time.Minute, fmt.Sprintf("%d markets live", n), func() bool { return r.live() == n && r.c.Status().State == connect.Connected })
}

// settle waits until what the market last did has arrived.
func (r *rig) settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

// ticker finds the contract of a quote.
func ticker(u *odds.Update, q *odds.Quote) string {
	code := map[odds.Side]string{odds.Home: u.Event.Home, odds.Away: u.Event.Away}[q.Side]
	game := strings.TrimPrefix(u.Event.ID, "nba-")
	switch u.Market {
	case "h2h":
		return "KXNBAGAME-" + game + "-" + code
	case "totals":
		return fmt.Sprintf("KXNBATOTAL-%s-%d", game, int(q.Line))
	case "spreads":
		return "KXNBASPREAD-" + game + "-" + u.Event.Away + "5"
	}
	return u.Event.ID
}

// yes is the probability of YES that a quote's price means.
func yes(u *odds.Update, q *odds.Quote) float64 {
	if q.Side == odds.Under || q.Side == odds.No || u.Market == "spreads" && q.Side == odds.Home {
		return 1 - 1/q.Price
	}
	return 1 / q.Price
}

// check compares all that was told with what the server has shown, and the end with its books.
func (r *rig) check() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.books(r.history())
}

// history checks what was told, and returns what each contract was told as last.
func (r *rig) history() map[string]float64 {
	r.t.Helper()
	last := map[string]float64{}
	at := map[string]odds.Time{}
	for _, x := range r.told {
		if x.b.At > x.b.Recv || x.b.Source != "kalshi" {
			r.t.Fatalf("a batch of %v stamped %v, received %v", x.b.Source, x.b.At, x.b.Recv)
		}
		for i := range x.b.Updates {
			u := &x.b.Updates[i]
			id := u.Event.ID + "/" + u.Market
			if x.b.At < at[id] {
				r.t.Fatalf("%s goes back from %v to %v", id, at[id], x.b.At)
			}
			at[id] = x.b.At
			if u.Image || u.Status != odds.Open {
				for k := range last {
					if strings.HasPrefix(k, id+"|") {
						delete(last, k)
					}
				}
			}
			if u.Status == odds.Unknown && len(u.Quotes) > 0 {
				r.t.Fatalf("%s is unknown with %d quotes", id, len(u.Quotes))
			}
			for j := range u.Quotes {
				q := &u.Quotes[j]
				k := id + "|" + ticker(u, q)
				if q.Status != odds.Open {
					delete(last, k)
					continue
				}
				if !r.srv.Shown(ticker(u, q), yes(u, q)) {
					r.t.Fatalf("%s: %v of %s was never shown", id, q.Price, ticker(u, q))
				}
				last[k] = yes(u, q)
			}
		}
	}
	return last
}

// books compares the books that are live, and what was told of them last, with the server's.
func (r *rig) books(last map[string]float64) {
	r.t.Helper()
	for _, m := range r.c.Markets(frames.Live) {
		var got []string
		yes, no, _ := r.dec.Book(m.ID)
		for i, side := range [][]feed.Level{yes, no} {
			for _, l := range side {
				got = append(got, fmt.Sprintf("%s %.2f %.2f", []string{"yes", "no"}[i], l.Price, l.Size))
			}
		}
		if want := r.srv.Book(m.ID); !slices.Equal(got, want) {
			r.t.Errorf("%s: book %v, want %v", m.ID, got, want)
		}
		for k, p := range last {
			if !r.lean && strings.HasSuffix(k, "|"+m.ID) && math.Abs(p-r.srv.Middle(m.ID)) > 1e-9 {
				r.t.Errorf("%s was told last as %v, and is %v", m.ID, p, r.srv.Middle(m.ID))
			}
		}
	}
}

// replay reads the recording, which must tell the same.
func (r *rig) replay() {
	r.t.Helper()
	var again []*odds.Batch
	parse(r.t, r.file.b, func(b *odds.Batch) { again = append(again, b) })
	if len(again) != len(r.told) {
		r.t.Fatalf("the recording tells %d batches, live were %d", len(again), len(r.told))
	}
	for i, b := range again {
		if got, want := text(b), text(r.told[i].b); got != want {
			r.t.Fatalf("batch %d of the recording is\n%s\nlive it was\n%s", i, got, want)
		}
	}
}

func text(b *odds.Batch) string {
	out := fmt.Sprintf("%v %v", b.At, b.Recv)
	for _, u := range b.Updates {
		out += fmt.Sprintf("\n%s %+v %s %v %v %v", u.Market, *u.Event, u.Venue, u.Status, u.Image, u.Quotes)
	}
	return out
}
