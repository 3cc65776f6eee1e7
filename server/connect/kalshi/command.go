package kalshi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coder/websocket"

	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// command is what is sent to the venue.
type command struct {
	cmd, action, channel string
	tickers              []string
	id                   int64
	tries                int
	repairs              bool // it is a step of a repair
}

// commands are sent one after the other: the next one when the last is answered. Only
// get_snapshot, which is answered with images, waits for nothing.
type commands struct {
	waiting []command
	flying  *command // sent, and not answered
	id      int64    // of the last one sent
	sent    time.Time
	not     time.Time       // not to be sent before
	wanted  map[string]bool // channels that a subscription is there for, or on its way
	images  map[int64]bool  // ids of get_snapshot that may still fail
}

func (c *commands) queue(x command) { c.waiting = append(c.waiting, x) }

func (c *commands) want(channel string) {
	if c.wanted == nil {
		c.wanted = map[string]bool{}
	}
	c.wanted[channel] = true
}

// params are those of all commands.
type params struct {
	Channels []string `json:"channels,omitempty"`
	Sids     []int64  `json:"sids,omitempty"`
	Tickers  []string `json:"market_tickers,omitempty"`
	Action   string   `json:"action,omitempty"`
	YesPrice *bool    `json:"use_yes_price,omitempty"`
}

// send sends a command under the next id.
func (l *link) send(ctx context.Context, c *command) error {
	l.id++
	c.id = l.id
	p := params{Tickers: c.tickers, Action: c.action}
	switch c.cmd {
	case "subscribe":
		p.Channels = []string{c.channel}
		if c.channel == books {
			p.YesPrice = new(bool) // NO levels have NO prices: said, because the default is to change
		}
	default:
		p.Sids = []int64{l.sids[c.channel]}
	}
	data, err := json.Marshal(struct {
		ID     int64  `json:"id"`
		Cmd    string `json:"cmd"`
		Params params `json:"params"`
	}{l.id, c.cmd, p})
	if err != nil {
		return err
	}
	l.conn.Out(ctx, feed.Socket, data)
	ctx, stop := context.WithTimeout(ctx, l.s.o.Answer)
	defer stop()
	if err := l.ws.Write(ctx, websocket.MessageText, data); err != nil {
		return closed(err)
	}
	return nil
}

// begin sends the next command if none is waited for.
func (l *link) begin(ctx context.Context) error {
	for l.flying == nil && len(l.waiting) > 0 && !time.Now().Before(l.not) {
		c := l.waiting[0]
		l.waiting = l.waiting[1:]
		if c.cmd != "subscribe" && l.sids[c.channel] == 0 {
			continue // that subscription is gone
		}
		if err := l.send(ctx, &c); err != nil {
			return err
		}
		l.flying, l.sent = &c, time.Now()
	}
	return nil
}

// snapshot asks for images.
func (l *link) snapshot(ctx context.Context, tickers []string) error {
	if l.images == nil || len(l.images) > 1000 {
		l.images = map[int64]bool{}
	}
	err := l.send(ctx, &command{cmd: "update_subscription", action: "get_snapshot", channel: books, tickers: tickers})
	l.images[l.id] = true
	return err
}

// answered takes an answer.
func (l *link) answered(ctx context.Context, r *feed.Reply) error {
	if r.Type == "error" {
		return l.failed(ctx, r)
	}
	c := l.flying
	if delete(l.images, r.ID); r.Type == "orderbook_snapshot" || c == nil || r.ID != 0 && r.ID != c.id {
		return nil
	}
	switch {
	case r.Type == "subscribed":
		l.sids[c.channel] = r.SID
	case c.cmd == "unsubscribe" && r.Type == "unsubscribed":
		delete(l.sids, c.channel)
	}
	l.flying = nil
	return nil
}

// The codes of errors that matter here.
const (
	general        = 1
	noSubscription = 7
	needsKey       = 9
	channelError   = 10
	noMarket       = 16
	timedOut       = 18
	overflow       = 25
	marketLimit    = 26
	tooMany        = 27
)

// mostTries is how often a command is sent that the venue was too busy for.
const mostTries = 5

// failed takes an error.
func (l *link) failed(ctx context.Context, r *feed.Reply) error {
	what := fmt.Errorf("error %d of Kalshi: %.200s", r.Code, r.Text)
	switch {
	case r.Code == needsKey:
		return fmt.Errorf("%w: %w: check the rights of the API key", connect.ErrRefused, what)
	case r.Code == overflow, r.Code == channelError:
		return l.broken(ctx, r.SID, what)
	case l.images[r.ID]:
		if delete(l.images, r.ID); l.rung == image {
			return l.step(ctx, time.Now(), again)
		}
		return nil
	case l.flying == nil || r.ID != 0 && r.ID != l.flying.id:
		l.s.line.World().Log.Warn("an error of a venue that belongs to no command", "venue", feed.Source, "why", what.Error())
		return nil
	}
	c := *l.flying
	l.flying = nil
	c.tries++
	switch {
	case (r.Code == tooMany || r.Code == timedOut || r.Code == general) && c.tries < mostTries:
		l.not = time.Now().Add(time.Second << c.tries)
		l.waiting = append([]command{c}, l.waiting...)
		return nil
	case c.cmd == "unsubscribe" && r.Code == noSubscription:
		delete(l.sids, c.channel)
		return nil
	case c.repairs:
		return l.step(ctx, time.Now(), l.rung+1)
	case (r.Code == marketLimit || r.Code == noMarket) && c.action == "add_markets":
		return l.give(ctx, c.tickers, what.Error())
	case c.action == "delete_markets":
		return nil // they are not read any more in any case
	}
	return fmt.Errorf("%s %s of %s: %w", c.cmd, c.action, c.channel, what)
}
