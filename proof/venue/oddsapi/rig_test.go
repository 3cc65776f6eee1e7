package oddsapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/oddsapi"
	"corrgraph/server/connect"
	"corrgraph/server/connect/oddsapi"
)

const (
	address = "api.test:80"
	secret  = "k3y+of/the tests"
	mlb     = "baseball_mlb"
	market  = mlb + "?regions=eu&markets=h2h"
)

// rig is a venue that is connected to its scripted server.
type rig struct {
	t      *testing.T
	net    venue.Net
	server *server.Server
	c      *connect.Connector
	begin  time.Time
	log    safe

	restart func() // ends the connector and starts a new one, of which the process knows nothing

	mu      sync.Mutex
	batches []*odds.Batch // guarded by mu
	quotes  int           // guarded by mu
	changes []string      // guarded by mu: states, with seconds since begin
	record  bytes.Buffer  // written by one goroutine, read at the end
	keep    bool          // all batches
}

// safe is a buffer that two may use.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

// setup is what a test may change.
type setup struct {
	options oddsapi.Options
	server  server.Options
	key     string // what the venue is told; empty means the right one
	date    time.Time
	keepNot bool
}

// soonGames begin often enough that captures are made every minute all day.
func soonGames(from time.Time) map[string][]time.Time {
	var out []time.Time
	for i := range 72 {
		out = append(out, from.Add(time.Duration(20+25*i)*time.Minute))
	}
	return map[string][]time.Time{mlb: out}
}

// run calls f in a bubble with a venue that is being connected, and checks afterwards what holds
// always: the key is nowhere, nothing was invented, the recording says the same again.
func run(t *testing.T, s setup, f func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		if s.date.IsZero() {
			s.date = time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)
		}
		time.Sleep(time.Until(s.date))
		r := &rig{t: t, begin: time.Now(), keep: !s.keepNot}
		if s.server.Market == nil {
			s.server.Market = &server.Walk{Seed: 1, Games: soonGames(r.begin)}
		}
		s.server.Key = secret
		if s.server.Credits == 0 {
			s.server.Credits = 100_000
		}
		r.server = server.New(s.server)
		l := r.net.Listen(address)
		go r.server.Serve(l)
		stop := r.start(s)
		r.restart = func() {
			stop()
			stop = r.start(s)
		}
		f(r)
		stop()
		r.server.Close()
		time.Sleep(time.Second) // of those who are being answered
		synctest.Wait()
		r.check(s)
	})
}

// start runs a new connector, until the function that it returns is called.
func (r *rig) start(s setup) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan struct{})
	client := r.connect(s)
	go func() {
		defer close(ended)
		_ = r.c.Run(ctx) // the cause of ctx
	}()
	return func() {
		cancel()
		<-ended
		client()
	}
}

// connect makes the connector; the function it returns closes what it has open.
func (r *rig) connect(s setup) (end func()) {
	if s.options.Sports == nil {
		s.options.Sports = []string{mlb}
	}
	s.options.URL = "http://api.test/v4"
	v, err := oddsapi.New(s.options)
	if err != nil {
		r.t.Fatal(err)
	}
	w := connect.World{Dial: r.net.Dial, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	w.HTTP = transport(r.net.Dial)
	w.Secret = func(name string) (string, error) {
		if s.key == "missing" {
			return "", errors.New("there is no file secrets/" + name)
		}
		if s.key != "" {
			return s.key, nil
		}
		return secret, nil
	}
	r.c = connect.New(v, connect.Options{
		World: w, Emit: r.emit, Jitter: func() float64 { return 0.5 }, Changed: r.changed,
		Record: func() (io.WriteCloser, error) { return closer{&r.record}, nil },
	})
	return w.HTTP.CloseIdleConnections
}

func (r *rig) emit(_ context.Context, bs []*odds.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bs {
		r.quotes += b.Quotes()
		for i := range b.Updates {
			u := &b.Updates[i]
			for _, q := range u.Quotes {
				if q.Status == odds.Open && !r.server.Shown(u.Event.ID, u.Venue, u.Market, q.Selection, q.Price) {
					r.t.Errorf("invented: %s %s %s %+v", u.Event.ID, u.Venue, u.Market, q)
				}
			}
		}
	}
	if r.keep {
		r.batches = append(r.batches, bs...)
	}
	return nil
}

func (r *rig) changed(m frames.Standing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, fmt.Sprintf("%s@%.0f", m.State, time.Since(r.begin).Seconds()))
}

func (r *rig) got() []*odds.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.batches)
}

// states are the changes since a time, without their times.
func (r *rig) states(from int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, c := range r.changes[from:] {
		s, _, _ := strings.Cut(c, "@")
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// until waits until something holds, and returns how long that took.
func (r *rig) until(most time.Duration, what string, ok func() bool) time.Duration {
	r.t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > most {
			r.t.Fatalf("not within %v: %s; %+v", most, what, r.c.Status())
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(begin)
}

// next waits for the next batch.
func (r *rig) next(most time.Duration) time.Duration {
	r.t.Helper()
	n := len(r.got())
	return r.until(most, "a batch", func() bool { return len(r.got()) > n })
}

// check checks what holds always, after the end.
func (r *rig) check(s setup) {
	t := r.t
	z := unpack(t, r.record.Bytes())
	said := fmt.Sprintf("%s %s %+v %+v", r.log.String(), z, r.c.Status(), r.c.Markets())
	for _, key := range []string{"k3y", "of/the", s.key} {
		if key != "" && key != "missing" && strings.Contains(said, key) {
			i := strings.Index(said, key)
			t.Errorf("the key was told: …%s…", said[max(0, i-200):min(len(said), i+100)])
		}
	}
	if !r.keep {
		return
	}
	var again []string
	for _, b := range replay(t, z) {
		again = append(again, render(b))
	}
	var live []string
	for _, b := range r.got() {
		live = append(live, render(b))
	}
	if !slices.Equal(live, again) {
		t.Errorf("replayed: %d batches, live: %d", len(again), len(live))
	}
}

// render writes all of a batch.
func render(b *odds.Batch) string {
	out := fmt.Sprintf("%s %v %v %v", b.Source, b.At, b.Recv, b.Polled)
	for _, u := range b.Updates {
		out += fmt.Sprintf("|%+v %s %s %v %v %v", *u.Event, u.Venue, u.Market, u.Updated, u.InPlay, u.Quotes)
	}
	return out
}

// same checks that a batch says what the server said last, and nothing else.
func (r *rig) same(b *odds.Batch) {
	r.t.Helper()
	want := map[string]float64{}
	for _, e := range r.server.Last() {
		for _, k := range e.Books {
			for _, m := range k.Markets {
				for _, o := range m.Outcomes {
					want[e.ID+k.Key+m.Key+o.Name] = o.Price
				}
			}
		}
	}
	have := map[string]float64{}
	for _, u := range b.Updates {
		for _, q := range u.Quotes {
			have[u.Event.ID+u.Venue+u.Market+q.Selection] = q.Price
		}
	}
	if len(want) == 0 || !maps.Equal(want, have) {
		r.t.Errorf("%d prices, the server has %d", len(have), len(want))
	}
}

func (r *rig) state() frames.State {
	all := r.c.Markets()
	if len(all) != 1 {
		return ""
	}
	return all[0].State
}

// pass lets time pass.
func (r *rig) pass(d time.Duration) { time.Sleep(d) }
