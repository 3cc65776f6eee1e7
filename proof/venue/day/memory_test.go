package day

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	streamfeed "corrgraph/feed/stream"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/proof/venue/kalshi"
	"corrgraph/proof/venue/polymarket"
	"corrgraph/proof/venue/stream"
	"corrgraph/server/connect"
	connectkalshi "corrgraph/server/connect/kalshi"
	connectpolymarket "corrgraph/server/connect/polymarket"
	connectstream "corrgraph/server/connect/stream"
)

// crowd is a venue of many markets.
type crowd func(t *testing.T, n *venue.Net, markets int) (v connect.Venue, close func())

var crowds = map[string]crowd{
	"polymarket": func(t *testing.T, n *venue.Net, markets int) (connect.Venue, func()) {
		s := polymarket.New(n, 1)
		for range markets / 3 {
			s.Match(time.Now().Add(6*time.Hour), false)
		}
		v, err := connectpolymarket.New(connectpolymarket.Options{
			Stream: "ws://" + polymarket.StreamHost + "/ws/market", WithoutSports: true, Gamma: "http://" + polymarket.GammaHost, CLOB: "http://" + polymarket.CLOBHost,
			Leagues: []string{"nba"}, MaxMarkets: markets,
		})
		if err != nil {
			t.Fatal(err)
		}
		return v, s.Close
	},
	"kalshi": func(_ *testing.T, n *venue.Net, markets int) (connect.Venue, func()) {
		private, _ := key()
		var all []kalshi.Market
		for i := range markets {
			ticker := fmt.Sprintf("KXFED-%d", i)
			all = append(all, kalshi.Market{Ticker: ticker + "-T4", Event: ticker, Title: fmt.Sprintf("Will rate %d be above 4%%?", i), EventTitle: fmt.Sprintf("Rate %d", i), Yes: "Above 4%"})
		}
		s := kalshi.Start(kalshi.Options{Net: n, Address: kalshiHost, KeyID: keyID, Public: &private.PublicKey, Seed: 1, Markets: all, Page: 200})
		socket, rest := s.URLs()
		return connectkalshi.New(connectkalshi.Options{Socket: socket, REST: rest, Series: []string{"KXFED"}, MaxMarkets: markets}), s.Close
	},
	"stream": func(t *testing.T, n *venue.Net, markets int) (connect.Venue, func()) {
		var games []stream.Game
		for i := range markets {
			games = append(games, stream.Game{ID: fmt.Sprintf("game-%d", i), Home: fmt.Sprintf("Home %d", i), Away: fmt.Sprintf("Away %d", i), Start: time.Now().Add(6 * time.Hour), Books: []string{"pinnacle"}})
		}
		s := stream.Start(stream.Options{Net: n, Address: streamHost, Key: streamKey, Games: games})
		m, err := streamfeed.Load("../../../feed/stream/testdata/websocket.yaml")
		if err != nil {
			t.Fatal(err)
		}
		v, err := connectstream.New(connectstream.Options{Map: m, URL: "ws://feed.test/odds"})
		if err != nil {
			t.Fatal(err)
		}
		return v, s.Close
	},
}

// TestMemory: what a connection remembers of a market does not depend on how many there are. Of a
// tag of Polymarket's 2,000 events are listed, which have three markets each here.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for name, of := range crowds {
		t.Run(name, func(t *testing.T) {
			few, many := int64(1000), int64(10_000)
			if name == "polymarket" {
				few, many = 600, 6000
			}
			small, large := remembered(t, of, int(few)), remembered(t, of, int(many))
			t.Logf("%d bytes a market of %d, %d of %d: %.1f MB", small/few, few, large/many, many, float64(large)/(1<<20))
			if a, b := float64(small)/float64(few), float64(large)/float64(many); b > 1.3*a || b < 0.7*a || b > 20_000 {
				t.Errorf("%.0f bytes a market of %d, %.0f of %d", a, few, b, many)
			}
		})
	}
}

// remembered is what a decoder holds of so many markets that are live, and a map of their states.
func remembered(t *testing.T, of crowd, markets int) int64 {
	t.Helper()
	_, _ = key() // outside of the bubble
	var heard []frames.Frame
	var v connect.Venue
	synctest.Test(t, func(t *testing.T) {
		n := &venue.Net{}
		var end func()
		v, end = of(t, n, markets)
		heard = listen(t, n, v, markets)
		end()
	})
	// Once more, where nothing else is going on.
	v.Decoder() // an empty one, in place of that which the venue may still know
	before := inUse()
	replayed := v.Decoder()
	states := map[string]frames.State{}
	for _, f := range heard {
		f.Data = append([]byte(nil), f.Data...)
		told, _ := replayed.Frame(&f) // it could be read the first time
		for _, x := range told.Changes {
			states[x.Market] = x.State
		}
	}
	held := inUse() - before
	live := 0
	for _, s := range states {
		if s == frames.Live {
			live++
		}
	}
	if live != markets {
		t.Errorf("%d markets are live of %d", live, markets)
	}
	runtime.KeepAlive(replayed)
	runtime.KeepAlive(states)
	runtime.KeepAlive(heard)
	return held
}

// listen connects until so many markets are live, and returns all that was read.
func listen(t *testing.T, n *venue.Net, v connect.Venue, markets int) []frames.Frame {
	t.Helper()
	tap := &tapped{Venue: v}
	client := &http.Client{Transport: &http.Transport{DialContext: n.Dial}}
	c := connect.New(tap, connect.Options{
		World: connect.World{Dial: n.Dial, HTTP: client, Secret: secret}, Emit: func(context.Context, []*odds.Batch) error { return nil },
		Connections: 100, Jitter: func() float64 { return 0.5 },
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Run(ctx) }()
	for range 600 {
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if c.Status().Markets[frames.Live] == markets {
			break
		}
	}
	if s := c.Status(); s.Markets[frames.Live] != markets {
		t.Errorf("status %+v", s)
	}
	heard := tap.taken()
	stop()
	<-done
	client.CloseIdleConnections()
	return heard
}

// tapped is a venue whose frames are kept.
type tapped struct {
	connect.Venue
	mu    sync.Mutex
	heard []frames.Frame // guarded by mu
}

func (x *tapped) Decoder() frames.Decoder { return &tap{x.Venue.Decoder(), x} }

func (x *tapped) taken() []frames.Frame {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.heard
}

type tap struct {
	frames.Decoder
	to *tapped
}

func (d *tap) Frame(f *frames.Frame) (frames.Told, error) {
	c := *f
	c.Data = append([]byte(nil), f.Data...)
	d.to.mu.Lock()
	d.to.heard = append(d.to.heard, c)
	d.to.mu.Unlock()
	return d.Decoder.Frame(f)
}

func inUse() int64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
