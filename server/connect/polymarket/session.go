package polymarket

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	feed "corrgraph/feed/polymarket"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

// session decides which markets are followed, and over which stream.
type session struct {
	o       Options
	l       *connect.Line
	asks    *connect.Conn // for what is asked by HTTP
	running sync.WaitGroup
	failed  chan error  // the first stream that can't go on; later ones are dropped
	over    chan string // matches that have ended; readers wait while it is full

	listed  []feed.Contract
	streams []*stream
	at      map[string]*stream // by condition id
	ended   map[string]bool    // matches
}

// follow keeps the list of markets up to date until a stream fails.
func (s *session) follow(ctx context.Context) error {
	again := time.NewTimer(s.o.Refresh)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-s.failed:
			return err
		case game := <-s.over:
			s.ended[game] = true
			s.assign(ctx)
		case <-again.C:
			if err := s.refresh(ctx); err != nil && ctx.Err() == nil {
				s.l.World().Log.Warn("the list of markets could not be refreshed", "venue", feed.Source, "why", err.Error())
			}
			again.Reset(s.o.Refresh)
		}
	}
}

// fail ends the session.
func (s *session) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// refresh asks what there is and follows it. What was listed before stays if it can't be read.
func (s *session) refresh(ctx context.Context) error {
	listed, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.listed = listed
	games := map[string]bool{}
	for i := range listed {
		if g := listed[i].Game; s.ended[g] {
			games[g] = true
		}
	}
	s.ended = games // others are not listed any more
	s.assign(ctx)
	if len(s.at) == 0 {
		s.l.World().Log.Warn("no market is listed for what is to be followed: check the names of sports, leagues, events and assets", "venue", feed.Source)
	}
	return nil
}

// assign makes the streams follow what is chosen.
func (s *session) assign(ctx context.Context) {
	chosen := choose(s.listed, &s.o, odds.TimeOf(s.l.World().Clock()), s.ended)
	wanted := make(map[string]bool, len(chosen))
	for _, c := range chosen {
		wanted[c.ID] = true
	}
	orders := map[*stream]*order{}
	of := func(t *stream) *order {
		if orders[t] == nil {
			orders[t] = &order{}
		}
		return orders[t]
	}
	for id, t := range s.at {
		if !wanted[id] {
			of(t).drop = append(of(t).drop, id)
			t.markets--
			delete(s.at, id)
		}
	}
	for _, c := range chosen {
		if s.at[c.ID] != nil {
			continue
		}
		t := s.room(ctx)
		t.markets++
		s.at[c.ID] = t
		of(t).add = append(of(t).add, held{id: c.ID, token: c.Tokens[0]})
	}
	for _, t := range s.streams {
		if o := orders[t]; o != nil {
			slices.Sort(o.drop)
			t.order(ctx, *o)
		}
	}
	s.streams = slices.DeleteFunc(s.streams, (*stream).stopped)
}

// room returns a stream that can take one more market.
func (s *session) room(ctx context.Context) *stream {
	for _, t := range s.streams {
		if t.markets < s.o.PerConnection {
			return t
		}
	}
	t := newStream(s, len(s.streams))
	s.streams = append(s.streams, t)
	s.running.Go(func() { t.run(ctx) })
	return t
}

// choose picks the markets to follow, in a fixed order.
func choose(listed []feed.Contract, o *Options, now odds.Time, ended map[string]bool) (chosen []feed.Contract) {
	seen := map[string]bool{}
	for i := range listed {
		c := &listed[i]
		tooLong := c.Game != "" && c.Event.Start != 0 && now.Sub(c.Event.Start).Std() > o.Overtime
		if seen[c.ID] || c.Closed || c.Ended || ended[c.Game] || tooLong {
			continue
		}
		seen[c.ID] = true
		chosen = append(chosen, *c)
	}
	slices.SortStableFunc(chosen, func(a, b feed.Contract) int {
		return cmp.Or(cmp.Compare(rank(&a, o), rank(&b, o)), cmp.Compare(starts(&a), starts(&b)), cmp.Compare(a.ID, b.ID))
	})
	return chosen[:min(len(chosen), o.MaxMarkets)]
}

// rank orders kinds of markets, the ones worth most first.
func rank(c *feed.Contract, o *Options) int {
	switch {
	case slices.Contains(o.Assets, c.Tokens[0]) || slices.Contains(o.Assets, c.Tokens[1]) || slices.Contains(o.Events, c.Slug):
		return 0
	case c.Market == "h2h":
		return 1
	case c.Market == "spreads" || c.Market == "totals":
		return 2
	}
	return 3
}

func starts(c *feed.Contract) odds.Time { return cmp.Or(c.Event.Start, odds.Never) }

// list asks what markets there are.
func (s *session) list(ctx context.Context) (all []feed.Contract, err error) {
	tags := slices.Concat(s.o.Sports, s.o.Leagues)
	for i, tag := range tags {
		if slices.Contains(tags[:i], tag) {
			continue
		}
		if all, err = s.pages(ctx, all, tag); err != nil {
			return nil, err
		}
	}
	for _, of := range [...]struct {
		channel, query string
		names          []string
	}{{feed.Events, "slug", s.o.Events}, {feed.Markets, "clob_token_ids", s.o.Assets}} {
		for names := range slices.Chunk(of.names, 20) {
			path := strings.TrimPrefix(of.channel, "GET ") + "?" + values(of.query, names)
			if all, _, err = s.page(ctx, all, of.channel, path); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// The size and number of the pages of a listing.
const (
	pageSize  = 50
	mostPages = 40
)

// pages asks for all events with a tag.
func (s *session) pages(ctx context.Context, all []feed.Contract, tag string) ([]feed.Contract, error) {
	for n := range mostPages {
		var more bool
		var err error
		if all, more, err = s.page(ctx, all, feed.Events, tagPath(tag, n*pageSize)); err != nil || !more {
			return all, err
		}
	}
	return all, nil
}

// page asks for one answer of gamma; more says that it was not empty.
func (s *session) page(ctx context.Context, all []feed.Contract, channel, path string) (_ []feed.Contract, more bool, err error) {
	s.asks.Out(ctx, channel, []byte("GET "+path))
	body, err := get(ctx, s.l.World(), s.o.Gamma+path, listTimeout)
	if err != nil {
		return nil, false, err
	}
	if _, err := s.asks.In(ctx, channel, body); err != nil {
		return nil, false, err
	}
	found, bad := feed.Listing(body) // what can't be read of it was counted
	if len(found) == 0 && bad != nil {
		return nil, false, errors.Join(errors.New("the list of markets can't be read"), bad)
	}
	return append(all, found...), len(found) > 0, nil
}
