package day

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/server/connect"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/ticklog/logtest"
)

// service is what a running service has between its venues and its answers: connectors, a door, and
// a pair of engines, on a log in memory.
type service struct {
	f          *floor
	door       *ingest.Ingester
	live       *live.Live
	desk       *connect.Desk
	connectors map[string]*connect.Connector
	began      time.Time
	end        func() // must be called once
	refused    feed.Report

	mu       sync.Mutex
	first    map[string]time.Time // guarded by mu: the first price of each book since the start
	accepted ingest.Receipt       // guarded by mu: sums
}

// start starts a service on a log, which it reads back.
func start(t *testing.T, f *floor, log *logtest.Memory, decide time.Duration) *service {
	t.Helper()
	facts, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{f: f, began: time.Now(), first: map[string]time.Time{}, connectors: map[string]*connect.Connector{}, refused: feed.Report{Keep: 1}}
	s.live = live.New(live.Options{
		Engine: engine.Options{DecideEvery: odds.MillisOf(decide), Facts: facts}, Facts: facts, Intake: s, PublishEvery: 5 * time.Second,
		Settled: func(ctx context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error] {
			return s.door.Settled(ctx, after, until)
		},
	})
	s.door = ingest.New(ingest.Options{Log: log, Verdict: s.live.Verdict, CatchUp: s.live.CatchUp})
	sender := connect.NewSender(s.accept, func(err error, again time.Duration) { t.Errorf("what venues said was not accepted: %v", err) })
	logger := slog.New(slog.DiscardHandler)
	var all []*connect.Connector
	venues := f.venues(t)
	client := f.client()
	for _, name := range sources(venues) {
		r := &reader{s: s, next: sender.Emit}
		c := connect.New(venues[name], connect.Options{
			World: connect.World{Dial: f.net.Dial, HTTP: client, Secret: secret, Log: logger}, Emit: r.emit, Jitter: func() float64 { return 0.5 },
		})
		s.connectors[name], all = c, append(all, c)
	}
	s.desk = connect.NewDesk(sender, all...)
	s.run(t, client.CloseIdleConnections)
	return s
}

// run starts everything in the order in which an instance does, and ends it the other way round.
func (s *service) run(t *testing.T, done func()) {
	t.Helper()
	inner, stop := context.WithCancel(context.Background())
	outer, disconnect := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.door.Run(inner, s.live) }()
	go func() { ended <- s.live.Run(inner) }()
	synctest.Wait()
	if s.live.State().Recovering {
		t.Fatal("the log was not read back")
	}
	read := make(chan struct{})
	go func() { defer close(read); _ = s.desk.Run(outer) }() // the cause of outer
	s.end = func() {
		t.Helper()
		disconnect()
		<-read
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("the service ended: %v", err)
			}
		}
		done()
		synctest.Wait()
	}
}

// Feeds implements live.Intake.
func (s *service) Feeds() []feed.Stats { return s.door.Feeds() }

// HeldBack implements live.Intake.
func (s *service) HeldBack() int { return s.door.HeldBack() }

func (s *service) accept(ctx context.Context, b []*odds.Batch) error {
	r, err := s.door.Accept(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted.Accepted, s.accepted.Duplicates = s.accepted.Accepted+r.Accepted, s.accepted.Duplicates+r.Duplicates
	s.accepted.Refused = append(s.accepted.Refused, r.Refused...)
	return err
}

// reader passes on what one venue says, as an instance does, and holds it against the story.
type reader struct {
	s    *service
	next connect.Emit
}

func (r *reader) emit(ctx context.Context, batches []*odds.Batch) error {
	var pass []*odds.Batch
	check := feed.Checked("venue", func(b *odds.Batch) error { pass = append(pass, b); return nil }, &r.s.refused)
	r.s.mu.Lock()
	for _, b := range batches {
		_ = check(b) // it has no errors of its own
		for i := range b.Updates {
			r.s.read(b, &b.Updates[i])
		}
	}
	r.s.mu.Unlock()
	return r.next(ctx, pass)
}

// read holds an update against the story. s.mu is held.
func (s *service) read(b *odds.Batch, u *odds.Update) {
	game, known := s.f.ids[u.Event.ID]
	p := place{bookOf(u.Venue), game}
	if !known || p.book < 0 {
		s.f.story.stranger(u)
		return
	}
	at, received := b.At.Std(), b.Recv.Std()
	if u.Status != odds.Open {
		s.f.story.quote(p, at, received, false, &odds.Quote{Status: u.Status}, nil)
		return
	}
	for k := range u.Quotes {
		q := &u.Quotes[k]
		home := q.Side == odds.Home
		s.f.story.quote(p, at, received, home, q, func() bool { return u.Venue == "kalshi" && s.f.passed(game, home, q.Price) })
		if q.Status == odds.Open && s.first[u.Venue].IsZero() {
			s.first[u.Venue] = received
		}
	}
}

// alive reports whether every market of every venue is.
func (s *service) alive() bool {
	for _, c := range s.connectors {
		st := c.Status()
		if st.State != connect.Connected || st.Markets[frames.Live] == 0 || len(c.Markets(frames.Stale, frames.Gap, frames.Subscribed)) > 0 {
			return false
		}
	}
	return true
}
