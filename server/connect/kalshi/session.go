package kalshi

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// session is one run: a list of markets, and the connections that read them.
type session struct {
	o    *Options
	line *connect.Line
	rest *rest
	conn *connect.Conn // the first, which also holds the answers of REST

	links  []*link
	done   sync.WaitGroup
	failed chan error // of links; the first one ends the session
	again  chan struct{}
}

// run lists, connects, and keeps the list fresh until something fails.
func (s *session) run(ctx context.Context) error {
	list, err := s.rest.list(ctx, s.conn)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return &connect.RetryAfter{Wait: s.o.Refresh, Err: fmt.Errorf("no open market fits the filters: it is looked for again in %v", s.o.Refresh)}
	}
	ctx, stop := context.WithCancel(ctx)
	defer s.done.Wait()
	defer stop()
	s.failed, s.again = make(chan error), make(chan struct{}, 1)
	if err := s.assign(ctx, list); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-s.failed:
			return err
		case <-s.again:
		case <-time.After(s.o.Refresh):
		}
		if err := s.refresh(ctx); err != nil {
			return err
		}
	}
}

// refresh asks for the list again. What fails is tried again the next time: the connections that
// there are go on.
func (s *session) refresh(ctx context.Context) error {
	list, err := s.rest.list(ctx, s.conn)
	if err != nil {
		if ctx.Err() == nil {
			s.line.World().Log.Warn("the list of a venue's markets could not be refreshed", "venue", feed.Source, "why", err.Error())
		}
		return nil
	}
	return s.assign(ctx, list)
}

// assign spreads a list over the connections: each keeps what it has, new markets go where there
// is room.
func (s *session) assign(ctx context.Context, list []feed.Listed) error {
	want := map[string]bool{}
	for i := range list {
		want[list[i].Ticker] = true
	}
	for _, l := range s.links {
		l.plan = slices.DeleteFunc(l.plan, func(t string) bool { return !want[t] })
		for _, t := range l.plan {
			delete(want, t)
		}
	}
	for i := range list {
		t := list[i].Ticker
		if !want[t] {
			continue
		}
		l, err := s.room(ctx)
		if err != nil {
			return err
		}
		l.plan = append(l.plan, t)
	}
	for _, l := range s.links {
		select {
		case l.plans <- slices.Clone(l.plan):
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-s.failed:
			return err
		}
	}
	return nil
}

// room returns a connection with room for a market, a new one if there is none.
func (s *session) room(ctx context.Context) (*link, error) {
	for _, l := range s.links {
		if len(l.plan) < s.o.PerConnection {
			return l, nil
		}
	}
	conn := s.conn
	if len(s.links) > 0 {
		var err error
		if conn, err = s.line.Open(ctx); err != nil {
			return nil, err
		}
	}
	l := newLink(s, conn, len(s.links) == 0)
	s.links = append(s.links, l)
	s.done.Go(func() {
		if err := l.run(ctx); ctx.Err() == nil {
			select {
			case s.failed <- err:
			case <-ctx.Done():
			}
		}
	})
	return l, nil
}

// listAgain asks for the list before its time.
func (s *session) listAgain() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}
