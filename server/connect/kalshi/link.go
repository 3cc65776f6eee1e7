package kalshi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// The channels. The last one is of all markets, and needs no more than one connection.
const (
	books     = "orderbook_delta"
	lifecycle = "market_lifecycle_v2"
)

var channels = []string{books, "ticker", "trade"}

// link is one connection and what is read over it.
type link struct {
	s     *session
	conn  *connect.Conn
	first bool // it reads the lifecycle of all markets

	plan  []string      // the session's: the markets that it should read
	plans chan []string // hands it over

	ws      *websocket.Conn
	in      chan []byte
	ended   chan error
	last    atomic.Int64 // when anything came, pings too: nanoseconds since began
	began   time.Time
	replies feed.Replies

	markets map[string]bool  // that are asked for
	sids    map[string]int64 // by channel
	shown   time.Time        // when the books' subscription last said something
	probed  time.Time        // when it was last asked for a sign of life; zero if it has given one
	next    string           // market that was asked for last
	commands
	repair
}

func newLink(s *session, conn *connect.Conn, first bool) *link {
	return &link{
		s: s, conn: conn, first: first, plans: make(chan []string), in: make(chan []byte, 64), ended: make(chan error, 1),
		markets: map[string]bool{}, sids: map[string]int64{}, repair: repair{lost: map[string]bool{}, given: map[string]bool{}},
	}
}

// mostFrame limits a frame in bytes; an image of a full book of 9999 levels has 250 kB.
const mostFrame = 16 << 20

// beat is how often deadlines are looked at.
const beat = time.Second

// run connects and reads until the connection is of no use any more.
func (l *link) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := l.dial(ctx); err != nil {
		return err
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		l.read(ctx)
	}()
	defer func() {
		stop()
		_ = l.ws.CloseNow() // it is of no use any more
		<-reading
	}()
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case data := <-l.in:
			err = l.take(ctx, data)
		case err = <-l.ended:
		case plan := <-l.plans:
			err = l.follow(ctx, plan)
		case <-ticks.C:
			err = l.tick(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// dial opens the websocket with a signature of its own.
func (l *link) dial(ctx context.Context) error {
	w := l.s.line.World()
	at, err := url.Parse(l.s.o.Socket)
	if err != nil {
		return fmt.Errorf("%w: the address of Kalshi's websocket: %w", connect.ErrRefused, err)
	}
	headers, err := l.s.rest.key.headers(w.Clock(), http.MethodGet, at.Path)
	if err != nil {
		return err
	}
	opening, stop := context.WithTimeout(ctx, 3*l.s.o.Answer)
	defer stop()
	l.began = time.Now()
	var answer *http.Response
	l.ws, answer, err = websocket.Dial(opening, at.String(), &websocket.DialOptions{
		HTTPClient: w.HTTP, HTTPHeader: headers,
		OnPingReceived: func(context.Context, []byte) bool {
			l.heard()
			return true
		},
	})
	switch {
	case err != nil && answer != nil && answer.StatusCode != http.StatusSwitchingProtocols:
		return refusal("the handshake of Kalshi's websocket", answer, w.Clock())
	case err != nil:
		return fmt.Errorf("the handshake of Kalshi's websocket: %w", err)
	}
	l.ws.SetReadLimit(mostFrame)
	l.heard()
	l.shown = time.Now()
	return nil
}

func (l *link) heard() { l.last.Store(int64(time.Since(l.began))) }

// read passes on frames until the connection ends.
func (l *link) read(ctx context.Context) {
	for {
		_, data, err := l.ws.Read(ctx)
		if err != nil {
			l.ended <- closed(err)
			return
		}
		l.heard()
		select {
		case l.in <- data:
		case <-ctx.Done():
			return
		}
	}
}

// closed says how a connection ended.
func closed(err error) error {
	var c websocket.CloseError
	if errors.As(err, &c) {
		return fmt.Errorf("the connection was closed by Kalshi with status %d %.100s", c.Code, c.Reason)
	}
	return fmt.Errorf("the connection to Kalshi was lost: %w", err)
}

// take reads a frame.
func (l *link) take(ctx context.Context, data []byte) error {
	told, err := l.conn.In(ctx, feed.Socket, data)
	if err != nil {
		return err
	}
	if slices.Contains(told.Unknown, feed.LostLifecycle) {
		l.s.listAgain()
	}
	reply, answers := l.replies.Read(data)
	if l.images[reply.ID] || bytes.Contains(data[:min(len(data), 64)], []byte(`"orderbook_`)) {
		l.shown, l.probed = time.Now(), time.Time{} // a sign of life of the books
	}
	l.changed(told.Changes)
	if answers {
		if err := l.answered(ctx, &reply); err != nil {
			return err
		}
	}
	if len(l.lost) > 0 && l.rung == whole {
		return l.mend(ctx, time.Now())
	}
	return l.begin(ctx)
}

// tick looks at the deadlines.
func (l *link) tick(ctx context.Context) error {
	now := time.Now()
	if len(l.in) == 0 { // what waits may be what is missed
		if err := l.silence(ctx, now); err != nil {
			return err
		}
	}
	if err := l.begin(ctx); err != nil {
		return err
	}
	for _, id := range l.conn.Overdue() {
		if l.markets[id] && !l.given[id] {
			l.lost[id] = true
		}
	}
	return l.mend(ctx, now)
}

// silence ends a connection that is dead or frozen, and asks one that is quiet for a sign of life.
func (l *link) silence(ctx context.Context, now time.Time) error {
	o := l.s.o
	if silent := now.Sub(l.began) - time.Duration(l.last.Load()); silent > o.Dead {
		return fmt.Errorf("nothing came from Kalshi for %v, not even a ping", silent.Truncate(time.Second))
	}
	if c := l.flying; c != nil && now.Sub(l.sent) >= o.Answer {
		return fmt.Errorf("no answer to %s %s of %s for %v", c.cmd, c.action, c.channel, o.Answer)
	}
	switch {
	case l.probed.IsZero() && l.sids[books] != 0 && now.Sub(l.shown) >= o.Quiet:
		l.probed = now
		return l.probe(ctx)
	case !l.probed.IsZero() && now.Sub(l.probed) >= o.Answer:
		return fmt.Errorf("the connection is frozen: no answer to get_snapshot for %v, though it is open", o.Answer)
	}
	return nil
}

// probe asks for the image of one market, of each in turn.
func (l *link) probe(ctx context.Context) error {
	all := l.tickers()
	if len(all) == 0 {
		l.probed = time.Time{}
		return nil
	}
	i, found := slices.BinarySearch(all, l.next)
	if found {
		i++
	}
	l.next = all[i%len(all)]
	return l.snapshot(ctx, []string{l.next})
}

// tickers are the markets that are asked for, sorted.
func (l *link) tickers() []string {
	out := make([]string, 0, len(l.markets))
	for t := range l.markets {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// follow asks for what is new in a plan, and no more for what is not in it. What was given up is
// tried again.
func (l *link) follow(ctx context.Context, plan []string) error {
	want := map[string]bool{}
	var fresh, gone []string
	for _, t := range plan {
		want[t] = true
		if !l.markets[t] {
			fresh = append(fresh, t)
		}
	}
	for _, t := range l.tickers() {
		if !want[t] {
			gone = append(gone, t)
		}
	}
	for id := range l.given {
		if want[id] {
			l.lost[id] = true
		}
	}
	clear(l.given)
	if err := l.remove(ctx, gone); err != nil {
		return err
	}
	if err := l.add(ctx, fresh); err != nil {
		return err
	}
	return l.begin(ctx)
}

// add asks for further markets.
func (l *link) add(ctx context.Context, fresh []string) error {
	if len(fresh) == 0 {
		return nil
	}
	for _, t := range fresh {
		l.markets[t] = true
	}
	if l.first && !l.wanted[lifecycle] {
		l.want(lifecycle)
		l.queue(command{cmd: "subscribe", channel: lifecycle})
	}
	for _, ch := range channels {
		l.ask(ch, fresh)
	}
	return l.conn.Note(ctx, frames.Subscribed, "", fresh...)
}

// ask queues the commands that add markets to a channel: the first one subscribes.
func (l *link) ask(channel string, tickers []string) {
	for part := range slices.Chunk(tickers, l.s.o.PerCommand) {
		c := command{cmd: "update_subscription", action: "add_markets", channel: channel, tickers: part}
		if !l.wanted[channel] {
			l.want(channel)
			c.cmd, c.action = "subscribe", ""
		}
		l.queue(c)
	}
}

// remove asks no more for markets.
func (l *link) remove(ctx context.Context, gone []string) error {
	if len(gone) == 0 {
		return nil
	}
	for _, t := range gone {
		delete(l.markets, t)
		delete(l.lost, t)
	}
	for _, ch := range channels {
		for part := range slices.Chunk(gone, l.s.o.PerCommand) {
			l.queue(command{cmd: "update_subscription", action: "delete_markets", channel: ch, tickers: part})
		}
	}
	return l.conn.Note(ctx, frames.Stale, "it is not followed any more: it has ended or does not fit the filters", gone...)
}
