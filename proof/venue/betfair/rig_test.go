package betfair

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/server/connect"
	"corrgraph/server/connect/betfair"
)

// rig is a connector, what it is connected to, and what it was told. It lives in a bubble.
type rig struct {
	t         *testing.T
	net       *venue.Net
	server    *Server
	exchange  *Exchange
	venue     *betfair.Venue
	connector *connect.Connector
	secrets   map[string]string
	ahead     time.Duration // of the wall clock before that of the bubble
	end       func()

	mu        sync.Mutex
	batches   []*odds.Batch
	prices    map[string]float64   // by "market runner"
	last      map[string]odds.Time // by event and market
	lost      int                  // updates of status unknown
	keep      bool
	log, file bytes.Buffer
}

// setUp starts a server; run starts the connector.
func setUp(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, net: &venue.Net{}, exchange: o.Exchange, prices: map[string]float64{}, last: map[string]odds.Time{}, keep: true}
	var err error
	if r.server, err = Start(r.net, o); err != nil {
		t.Fatal(err)
	}
	cert, key := r.server.Client()
	r.secrets = map[string]string{betfair.AppKey: AppKey, betfair.User: User, betfair.Password: Password, betfair.Certificate: cert, betfair.Key: key}
	return r
}

func (r *rig) secret(name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text, ok := r.secrets[name]; ok {
		return text, nil
	}
	return "", errors.New("no such secret in the test")
}

// correct puts a secret in the place of another.
func (r *rig) correct(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets[name] = text
}

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

func (r *rig) run(o betfair.Options) {
	o.RootCAs = r.server.Roots()
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0.5 }
	}
	r.venue = betfair.New(o)
	r.connector = connect.New(r.venue, connect.Options{
		World: connect.World{
			Dial: r.net.Dial, Secret: r.secret, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
			Clock: func() time.Time { return time.Now().Add(r.ahead) },
		},
		Emit: r.take, Jitter: func() float64 { return 0.5 },
		Record: func() (io.WriteCloser, error) { return closer{&r.file}, nil },
	})
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() {
		_ = r.connector.Run(ctx)
		close(done)
	}()
	r.end = sync.OnceFunc(func() {
		cancel()
		<-done
		r.server.Close()
	})
	r.t.Cleanup(r.end)
}

// take follows what was told, and refuses what no server has shown.
func (r *rig) take(_ context.Context, bs []*odds.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bs {
		if b.Recv == 0 || b.At == 0 || b.At > b.Recv || len(b.Updates) == 0 {
			r.t.Errorf("batch %+v", b)
		}
		if r.keep {
			r.batches = append(r.batches, b)
		}
		for i := range b.Updates {
			r.update(&b.Updates[i])
			if id := b.Updates[i].Event.ID + b.Updates[i].Market; b.At < r.last[id] {
				r.t.Errorf("%s goes back from %v to %v", id, r.last[id], b.At)
			} else {
				r.last[id] = b.At
			}
		}
	}
	return nil
}

func (r *rig) update(u *odds.Update) {
	n, _ := strconv.Atoi(u.Event.ID)
	market := "1." + strconv.Itoa(n+500)
	if u.Status == odds.Unknown {
		r.lost++
	}
	if u.Status != odds.Open || u.Image {
		maps.DeleteFunc(r.prices, func(k string, _ float64) bool { return strings.HasPrefix(k, market+" ") })
	}
	for _, q := range u.Quotes {
		if q.Status == odds.Open {
			r.prices[market+" "+q.Selection] = q.Price
		} else {
			delete(r.prices, market+" "+q.Selection)
		}
		if q.Status == odds.Open && (u.Status != odds.Open || r.exchange != nil && !r.exchange.Showed(market+" "+q.Selection, q.Price)) {
			r.t.Errorf("%s: nobody showed %v for %s", market, q.Price, q.Selection)
		}
	}
}

// is reports whether what is known is what the exchange shows.
func (r *rig) is() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Equal(r.prices, r.exchange.Prices())
}

func (r *rig) live() int { return r.connector.Status().Markets[frames.Live] }

func (r *rig) losses() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// within waits until something holds and returns how long that took.
func (r *rig) within(most time.Duration, what string, holds func() bool) time.Duration {
	r.t.Helper()
	begin := time.Now()
	for !holds() {
		if time.Since(begin) > most {
			r.t.Fatalf("after %v not yet: %s\n%+v\n%s", most, what, r.connector.Status(), r.log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

// settled stops the exchange and expects that all of what it shows is known, and nothing else.
func (r *rig) settled() {
	r.t.Helper()
	r.server.Change(func(o *Options) { o.Steps = -1 })
	r.within(10*time.Second, "what is known is what is shown", r.is)
	time.Sleep(time.Second)
	if !r.is() {
		r.t.Errorf("known %v, shown %v", r.prices, r.exchange.Prices())
	}
}

// finish ends everything, expects no secret anywhere, and the same batches of the recording.
func (r *rig) finish() {
	r.t.Helper()
	r.end()
	_, text := r.recorded()
	for _, where := range []string{text, r.log.String(), fmt.Sprintf("%+v", r.connector.Status())} {
		for _, secret := range []string{AppKey, User, Password, "-of-a-session", "PRIVATE KEY"} {
			if i := strings.Index(where, secret); i >= 0 {
				r.t.Errorf("the secret %q is in %q", secret, where[max(0, i-100):i])
			}
		}
	}
	if r.keep {
		r.replayed()
	}
}

// recorded reads the recording.
func (r *rig) recorded() (n int, text string) {
	data := unpacked(r.t, r.file.Bytes())
	return bytes.Count(data, []byte("\n")), string(data)
}

// replayed expects that the recording tells the same again.
func (r *rig) replayed() {
	r.t.Helper()
	var again []*odds.Batch
	rep := new(feed.Report)
	err := frames.New(r.venue.Decoder).Parse(r.t.Context(), "x", bytes.NewReader(unpacked(r.t, r.file.Bytes())), func(b *odds.Batch) error {
		again = append(again, b)
		return nil
	}, rep)
	if err != nil {
		r.t.Fatal(err)
	}
	same(r.t, again, r.batches, true)
}
