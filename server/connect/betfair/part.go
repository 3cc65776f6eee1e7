package betfair

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	feed "corrgraph/feed/betfair"
	"corrgraph/feed/frames"
	"corrgraph/server/connect"
)

// part is some of the markets: those that one connection follows.
type part struct {
	s     *session
	first bool          // of the session's parts
	again chan struct{} // the markets are others; holds one, which is enough

	// Kept from one connection to the next:
	asked []string // the markets that were subscribed to
	pos   feed.Position
	vain  int // connections in a row that did not go on from pos

	mu     sync.Mutex
	ids    []string // guarded by mu while it runs; none: by the filters
	others bool     // guarded by mu: ids are others than asked
}

// wanted returns the markets.
func (p *part) wanted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ids)
}

// want changes the markets.
func (p *part) want(ids []string) {
	p.mu.Lock()
	p.ids, p.others = ids, true
	p.mu.Unlock()
	select {
	case p.again <- struct{}{}:
	default:
	}
}

// starts returns the markets, of which all must be shown whole: clocks are those of one list.
func (p *part) starts() []string {
	p.mu.Lock()
	p.others = false
	p.mu.Unlock()
	p.pos, p.asked = feed.Position{}, p.wanted()
	return p.asked
}

func (p *part) outdated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.others
}

// keep connects again and again, and returns the error that ends the session: one that is final,
// or comes while no other part is live; nil once ctx has ended.
func (p *part) keep(ctx context.Context) error {
	if !p.first {
		select { // whether anything works at all is found out once
		case <-ctx.Done():
			return nil
		case <-p.s.first:
		}
	}
	jitter := p.s.v.o.Jitter
	if jitter == nil {
		jitter = rand.New(rand.NewPCG(uint64(p.s.world.Clock().UnixNano()), uint64(len(p.wanted())))).Float64
	}
	for failed := 0; ; failed++ {
		live, err := p.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if live {
			failed = 0
		}
		if errors.Is(err, connect.ErrRefused) || !p.s.anyLive() {
			return err
		}
		pause := connect.BackOff(err, failed, jitter)
		p.s.world.Log.Warn("one of the connections to betfair ended", "why", err.Error(), "again_in_s", pause.Seconds())
		if !wait(ctx, pause) {
			return nil
		}
	}
}

// connect follows the markets over one connection, and reports whether it was live. With a
// session that Betfair does not know any more it logs in again, once.
func (p *part) connect(ctx context.Context) (live bool, err error) {
	token, err := p.s.token(ctx, "")
	for again := true; err == nil; again = false {
		if live, err = p.open(ctx, token); !errors.Is(err, errSession) {
			return live, err
		}
		if live {
			p.s.forget(token) // the next connection logs in
			return live, errors.New(err.Error())
		}
		if !again {
			return live, p.s.sessionless(err)
		}
		token, err = p.s.token(ctx, token)
	}
	return live, err
}

// forget has the next connection log in.
func (s *session) forget(token string) {
	l := &s.v.login
	l.Lock()
	defer l.Unlock()
	if l.token == token {
		l.token = ""
	}
}

// open opens a connection and follows the markets until it ends.
func (p *part) open(ctx context.Context, token string) (live bool, err error) {
	conn, err := p.s.opened(ctx, p.first)
	if err != nil {
		return false, err
	}
	f := &follower{part: p, conn: conn, token: token, quietFor: p.s.v.o.Quiet}
	defer func() {
		if f.live {
			p.s.became(false, nil)
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(last, err.Error())
	}()
	err = f.run(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return f.live, err
}

// opened returns a Conn: the one that the session began with, the first time.
func (s *session) opened(ctx context.Context, first bool) (*connect.Conn, error) {
	s.mu.Lock()
	conn, unused := s.conn, first && s.unused
	s.unused = s.unused && !unused
	s.mu.Unlock()
	if unused {
		return conn, nil
	}
	return s.line.Open(ctx)
}

// subscription is what the stream is asked for.
type subscription struct {
	Op         string       `json:"op"`
	ID         int64        `json:"id"`
	Filter     streamFilter `json:"marketFilter"`
	Data       dataFilter   `json:"marketDataFilter"`
	Segments   bool         `json:"segmentationEnabled"`
	Heartbeat  int64        `json:"heartbeatMs"`
	ConflateMs int64        `json:"conflateMs"`
	feed.Clocks
}

type streamFilter struct {
	Markets    []string `json:"marketIds,omitempty"`
	EventTypes []string `json:"eventTypeIds,omitempty"`
	Events     []string `json:"eventIds,omitempty"`
	Types      []string `json:"marketTypes,omitempty"`
	Countries  []string `json:"countryCodes,omitempty"`
	Betting    []string `json:"bettingTypes,omitempty"`
}

type dataFilter struct {
	Fields []string `json:"fields"`
	Levels int      `json:"ladderLevels"`
}

// subscribe asks for the markets: for what has changed since the part's clocks, or for images of
// all of them.
func (f *follower) subscribe(ctx context.Context) error {
	p, o := f.part, &f.s.v.o
	if p.vain > 1 || p.outdated() || !p.pos.Set() {
		p.starts()
	}
	f.id++
	ask := subscription{
		Op: "marketSubscription", ID: f.id, Segments: true, Heartbeat: o.Heartbeat.Milliseconds(), ConflateMs: o.Conflate.Milliseconds(),
		Data: dataFilter{[]string{"EX_BEST_OFFERS_DISP", "EX_LTP", "EX_MARKET_DEF"}, o.Levels}, Clocks: p.pos.Clocks,
	}
	if ask.Filter.Markets = p.asked; p.asked == nil {
		ask.Filter = streamFilter{nil, o.EventTypes, o.Events, o.MarketTypes, o.Countries, betting}
	}
	p.pos = feed.Position{Clocks: ask.Clocks}
	f.awaited = int(firstImage.Seconds())
	if f.live && ask.Set() {
		f.awaited = max(1, int(o.Answer.Seconds()))
	} else if asked := slices.DeleteFunc(p.wanted(), func(id string) bool { return f.known[id] }); len(asked) > 0 {
		if err := f.conn.Note(ctx, frames.Subscribed, "", asked...); err != nil {
			return err
		}
	}
	data, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	f.conn.Out(ctx, feed.Stream, data)
	return f.write(data)
}

// firstImage is how long the answer to a subscription may take.
const firstImage = 30 * time.Second

// renewed subscribes to other markets than before, and says that those left out are not
// followed any more.
func (f *follower) renewed(ctx context.Context) error {
	var left []string
	ids := f.part.wanted()
	for id := range f.known {
		if !slices.Contains(ids, id) {
			left = append(left, id)
			delete(f.known, id)
		}
	}
	if slices.Sort(left); len(left) > 0 {
		if err := f.conn.Note(ctx, frames.Stale, "betfair's catalogue does not list it any more", left...); err != nil {
			return err
		}
	}
	return f.subscribe(ctx)
}

// authenticate tells the stream who asks. What is noted of it has no secrets.
func (f *follower) authenticate(ctx context.Context) error {
	f.id++
	type message struct {
		Op      string `json:"op"`
		ID      int64  `json:"id"`
		AppKey  string `json:"appKey"`
		Session string `json:"session"`
	}
	data, err := json.Marshal(message{"authentication", f.id, f.s.secrets.appKey, f.token})
	if err != nil {
		return err
	}
	f.conn.Out(ctx, feed.Stream, fmt.Appendf(nil, `{"op":"authentication","id":%d,"appKey":"***","session":"***"}`, f.id))
	return f.write(data)
}
