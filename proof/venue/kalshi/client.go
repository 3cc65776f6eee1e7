package kalshi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"corrgraph/proof/venue"
)

// client is one connection to the server.
type client struct {
	s    *Server
	ws   *websocket.Conn
	ctx  context.Context
	stop context.CancelFunc
	subs map[string]*sub // by channel; guarded by s.mu
	sids int64           // guarded by s.mu: given out

	mu     sync.Mutex
	queue  []item        // guarded by mu
	ready  chan struct{} // something is in the queue
	frozen time.Time     // nothing is sent before; of the writer alone
	held   []byte        // to be sent after the next of books; of the writer alone
}

// sub is a subscription. Its members are guarded by s.mu.
type sub struct {
	sid, seq int64
	channel  string
	tickers  map[string]bool
}

type item struct {
	data  []byte
	book  bool // it is an image or change of a book
	plans []venue.Plan
}

// envelope is a message of the server.
type envelope struct {
	ID   int64  `json:"id,omitempty"`
	Type string `json:"type"`
	SID  int64  `json:"sid,omitempty"`
	Seq  int64  `json:"seq,omitempty"`
	Msg  any    `json:"msg,omitempty"`
}

type problem struct {
	Code int    `json:"code"`
	Msg  string `json:"msg"`
}

func newClient(s *Server, ws *websocket.Conn) *client {
	c := &client{s: s, ws: ws, subs: map[string]*sub{}, ready: make(chan struct{}, 1)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return c
}

// serve reads commands until the connection ends.
func (c *client) serve() {
	var runs sync.WaitGroup
	defer runs.Wait()
	defer func() {
		c.s.mu.Lock()
		delete(c.s.conns, c)
		c.s.mu.Unlock()
		c.stop()
		_ = c.ws.CloseNow()
	}()
	runs.Go(c.write)
	runs.Go(c.ping)
	for {
		_, data, err := c.ws.Read(c.ctx)
		if err != nil {
			return
		}
		var x command
		if json.Unmarshal(data, &x) == nil {
			time.Sleep(c.s.o.Latency)
			c.s.mu.Lock()
			c.do(&x)
			c.s.mu.Unlock()
		}
	}
}

// ping pings every 10 s, as Kalshi does.
func (c *client) ping() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(10 * time.Second):
		}
		if c.s.Script.pings() {
			_ = c.ws.Ping(c.ctx)
		}
	}
}

// send numbers a message and queues it with its faults; sub nil is no subscription's. c.s.mu is held.
func (c *client) send(of *sub, e envelope) {
	var plans []venue.Plan
	book := strings.HasPrefix(e.Type, "orderbook_")
	if book {
		plans = c.s.Frames.Next()
	}
	if of != nil && e.Type != "ticker" && e.Type != "subscribed" {
		of.seq++
		if slices.ContainsFunc(plans, func(p venue.Plan) bool { return p.Fault == venue.Sequence }) {
			of.seq++
		}
		e.Seq = of.seq
	}
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // of types of our own
	}
	c.mu.Lock()
	c.queue = append(c.queue, item{data, book, plans})
	c.mu.Unlock()
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// write sends what is queued.
func (c *client) write() {
	for {
		c.mu.Lock()
		all := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, it := range all {
			if !c.put(it) {
				c.stop()
				return
			}
		}
		if all != nil {
			continue
		}
		select {
		case <-c.ctx.Done():
			return
		case <-c.ready:
		}
	}
}

// put sends a frame with its faults. It is false if the connection has ended.
func (c *client) put(it item) bool {
	times := 1
	hold := false
	for _, p := range it.plans {
		switch p.Fault {
		case venue.Drop:
			times = 0
		case venue.Duplicate:
			times = 2
		case venue.Reorder:
			hold = true
		case venue.Delay:
			time.Sleep(p.By)
		case venue.Freeze:
			c.frozen = time.Now().Add(p.By)
		case venue.Half:
			return c.half(it.data)
		case venue.Cut:
			_ = c.ws.CloseNow()
			return false
		case venue.Code:
			_ = c.ws.Close(websocket.StatusCode(p.N), "scripted")
			return false
		}
	}
	if time.Now().Before(c.frozen) {
		return true
	}
	if hold {
		c.held = it.data
		return true
	}
	for range times {
		if !c.put1(it.data) {
			return false
		}
	}
	if held := c.held; held != nil && it.book {
		c.held = nil
		return c.put1(held)
	}
	return true
}

func (c *client) put1(data []byte) bool {
	return c.ws.Write(c.ctx, websocket.MessageText, data) == nil
}

// half sends half of a frame and cuts the connection.
func (c *client) half(data []byte) bool {
	if w, err := c.ws.Writer(c.ctx, websocket.MessageText); err == nil {
		_, _ = w.Write(data[:len(data)/2])
	}
	_ = c.ws.CloseNow()
	return false
}

// command is what a client sends.
type command struct {
	ID     int64  `json:"id"`
	Cmd    string `json:"cmd"`
	Params struct {
		Channels []string `json:"channels"`
		Sids     []int64  `json:"sids"`
		Tickers  []string `json:"market_tickers"`
		Action   string   `json:"action"`
		YesPrice *bool    `json:"use_yes_price"`
	} `json:"params"`
}

// do obeys a command. c.s.mu is held.
func (c *client) do(x *command) {
	action := x.Cmd
	if x.Params.Action != "" {
		action = x.Params.Action
	}
	of := c.find(x)
	channel := ""
	switch {
	case of != nil:
		channel = of.channel
	case len(x.Params.Channels) > 0:
		channel = x.Params.Channels[0]
	}
	c.s.asked = append(c.s.asked, action+" "+channel)
	code, ignored := c.s.Script.of(action)
	switch {
	case ignored:
	case code != 0:
		c.send(nil, envelope{ID: x.ID, Type: "error", Msg: problem{code, "scripted"}})
	case x.Cmd == "subscribe":
		c.subscribe(x)
	case of == nil:
		c.send(nil, envelope{ID: x.ID, Type: "error", Msg: problem{7, "Unknown subscription ID"}})
	case x.Cmd == "unsubscribe":
		c.send(of, envelope{ID: x.ID, Type: "unsubscribed", SID: of.sid})
		delete(c.subs, of.channel)
	default:
		c.update(x, of)
	}
}

func (c *client) find(x *command) *sub {
	for _, of := range c.subs {
		if len(x.Params.Sids) == 1 && of.sid == x.Params.Sids[0] {
			return of
		}
	}
	return nil
}

// subscribe makes a subscription. Books come with an image of each market; their price mode must
// be said.
func (c *client) subscribe(x *command) {
	channel := x.Params.Channels[0]
	if channel == "orderbook_delta" && (x.Params.YesPrice == nil || *x.Params.YesPrice || len(x.Params.Tickers) == 0) {
		c.send(nil, envelope{ID: x.ID, Type: "error", Msg: problem{11, "this script wants use_yes_price false, and tickers"}})
		return
	}
	of := c.subs[channel]
	if of == nil {
		c.sids++
		of = &sub{sid: c.sids, channel: channel, tickers: map[string]bool{}}
		c.subs[channel] = of
	}
	c.send(of, envelope{ID: x.ID, Type: "subscribed", Msg: map[string]any{"channel": channel, "sid": of.sid}})
	c.show(of, x.Params.Tickers)
}

// show adds markets to a subscription, with the images of those that are new in it.
func (c *client) show(of *sub, tickers []string) {
	for _, t := range tickers {
		if c.s.walk.books[t] == nil || of.tickers[t] {
			continue
		}
		of.tickers[t] = true
		if of.channel == "orderbook_delta" && !c.s.quiet[t] {
			c.send(of, envelope{Type: "orderbook_snapshot", SID: of.sid, Msg: c.s.snapshot(t)})
		}
	}
}

// update changes a subscription. The answer has a number of the subscription.
func (c *client) update(x *command, of *sub) {
	switch x.Params.Action {
	case "get_snapshot":
		for _, t := range x.Params.Tickers {
			if of.tickers[t] && !c.s.quiet[t] {
				c.send(of, envelope{ID: x.ID, Type: "orderbook_snapshot", SID: of.sid, Msg: c.s.snapshot(t)})
			}
		}
		return
	case "delete_markets":
		for _, t := range x.Params.Tickers {
			delete(of.tickers, t)
		}
	}
	all := []string{}
	if x.Params.Action == "add_markets" {
		all = x.Params.Tickers
	}
	c.send(of, envelope{ID: x.ID, Type: "ok", SID: of.sid, Msg: map[string]any{"market_tickers": all}})
	c.show(of, all)
}
