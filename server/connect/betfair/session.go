package betfair

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	feed "corrgraph/feed/betfair"
	"corrgraph/server/connect"
)

// session is one run of Venue.Session.
type session struct {
	v       *Venue
	line    *connect.Line
	world   *connect.World
	secrets secrets
	http    *http.Client
	first   chan struct{} // closed once a part is live

	mu     sync.Mutex
	live   int           // guarded by mu: parts that are
	conn   *connect.Conn // guarded by mu: that notes what the catalogue says
	unused bool          // guarded by mu: conn is not connected to the stream yet
}

// Session implements connect.Venue.
func (v *Venue) Session(ctx context.Context, l *connect.Line) error {
	s := &session{v: v, line: l, world: l.World(), first: make(chan struct{}), unused: true}
	var err error
	if s.secrets, err = v.secretsOf(s.world); err != nil {
		return err
	}
	s.http = v.client(s.world, &s.secrets)
	defer s.http.CloseIdleConnections()
	if len(v.o.Competitions) > 0 && v.o.NoCatalogue {
		return fmt.Errorf("%w: the stream knows no competitions: leave the catalogue on, or filter by something else", connect.ErrRefused)
	}
	if s.conn, err = l.Open(ctx); err != nil {
		return err
	}
	if len(v.parts) == 0 {
		if err := s.divide(ctx); err != nil {
			return err
		}
	}
	return s.run(ctx)
}

// divide finds the markets to follow and divides them among connections.
func (s *session) divide(ctx context.Context) error {
	o := &s.v.o
	if o.NoCatalogue {
		if len(o.Markets) == 0 {
			s.v.parts = []*part{{}} // by the filters
			return nil
		}
		for ids := range slices.Chunk(o.Markets, o.MarketsEach) {
			s.v.parts = append(s.v.parts, &part{ids: slices.Clone(ids)})
		}
		s.v.parts = s.v.parts[:min(len(s.v.parts), o.Connections)]
		return nil
	}
	all, err := s.find(ctx, s.conn)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return &connect.RetryAfter{Wait: o.Refresh, Err: errors.New("no market of betfair matches the filters: widen them, or wait until there is one")}
	}
	s.v.parts = s.v.share(nil, all)
	return nil
}

// share gives markets to parts that have room, and to new ones. Those of one event stay
// together where they can.
func (v *Venue) share(parts []*part, all []*feed.Listed) []*part {
	with := func(room int) *part {
		if i := slices.IndexFunc(parts, func(p *part) bool { return len(p.ids)+room <= v.o.MarketsEach }); i >= 0 {
			return parts[i]
		}
		return nil
	}
	for _, event := range chunks(all) {
		p := with(len(event))
		for _, id := range event {
			if p == nil && len(parts) < v.o.Connections {
				p = &part{}
				parts = append(parts, p)
			} else if p == nil {
				p = with(1)
			}
			if p == nil {
				return parts
			}
			if p.ids = append(p.ids, id); len(p.ids) == v.o.MarketsEach {
				p = nil
			}
		}
	}
	return parts
}

// chunks returns the ids of the markets of each event.
func chunks(all []*feed.Listed) (out [][]string) {
	for i, m := range all {
		if i == 0 || m.Event.ID != all[i-1].Event.ID {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], m.ID)
	}
	return out
}

// run keeps the parts connected until the first of them fails while no other is live.
func (s *session) run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	start := func(p *part) {
		p.s, p.again, p.first = s, make(chan struct{}, 1), p == s.v.parts[0]
		all.Go(func() {
			if err := p.keep(ctx); err != nil {
				fail(err)
			}
		})
	}
	for _, p := range s.v.parts {
		start(p)
	}
	all.Go(func() { s.prolong(ctx) })
	if !s.v.o.NoCatalogue {
		all.Go(func() { s.refresh(ctx, start) })
	}
	<-ctx.Done()
	fail(nil)
	all.Wait()
	s.v.parts = slices.DeleteFunc(s.v.parts, func(p *part) bool { return len(p.ids) == 0 && !s.v.o.NoCatalogue })
	return context.Cause(ctx)
}

// refresh follows the markets that are new in the catalogue.
func (s *session) refresh(ctx context.Context, start func(*part)) {
	for wait(ctx, s.v.o.Refresh) {
		s.mu.Lock()
		conn := s.conn
		s.mu.Unlock()
		all, err := s.find(ctx, conn)
		if err != nil {
			if ctx.Err() == nil {
				s.world.Log.Warn("betfair's catalogue was not refreshed", "why", err.Error())
			}
			continue
		}
		s.renew(all, start)
	}
}

// renew shares the new markets of the catalogue among the parts.
func (s *session) renew(all []*feed.Listed, start func(*part)) {
	listed := map[string]bool{}
	for _, m := range all {
		listed[m.ID] = true
	}
	known, before := map[string]bool{}, len(s.v.parts)
	was := make([]int, before)
	trial := make([]*part, before)
	for i, p := range s.v.parts {
		ids := p.wanted()
		for _, id := range ids {
			known[id] = true
		}
		trial[i] = &part{ids: slices.DeleteFunc(ids, func(id string) bool { return !listed[id] })}
		was[i] = len(trial[i].ids)
	}
	news := slices.DeleteFunc(slices.Clone(all), func(m *feed.Listed) bool { return known[m.ID] })
	if len(news) == 0 {
		return
	}
	for i, p := range s.v.share(trial, news) {
		switch {
		case i >= before:
			s.v.parts = append(s.v.parts, p)
			start(p)
		case len(p.ids) > was[i]:
			s.v.parts[i].want(p.ids)
		}
	}
}

// became counts the live parts.
func (s *session) became(live bool, conn *connect.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !live {
		s.live--
		return
	}
	s.live++
	s.conn = conn
	select {
	case <-s.first:
	default:
		close(s.first)
	}
}

func (s *session) anyLive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live > 0
}

// unthrottle says that Betfair has let a connection in.
func (s *session) unthrottle() {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	s.v.throttled = 0
}
