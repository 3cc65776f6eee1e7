package betfair

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/proof/venue"
)

// client is one connection to the stream.
type client struct {
	s      *Server
	net    net.Conn
	number int

	known  bool // it has authenticated itself
	id     int64
	sub    *request // nil before the first subscription
	sent   int64    // clk up to which changes were sent
	wrote  time.Time
	beat   time.Duration
	frozen time.Time // until then no changes are sent
	dumb   bool      // nor subscriptions answered meanwhile
	mute   bool      // nor heartbeats sent
}

// request is what a client sends.
type request struct {
	Op      string `json:"op"`
	ID      int64  `json:"id"`
	AppKey  string `json:"appKey"`
	Session string `json:"session"`
	Filter  struct {
		MarketIDs []string `json:"marketIds"`
	} `json:"marketFilter"`
	HeartbeatMs int64  `json:"heartbeatMs"`
	ConflateMs  int64  `json:"conflateMs"`
	InitialClk  string `json:"initialClk"`
	Clk         string `json:"clk"`
}

// errEnd ends a connection.
var errEnd = errors.New("the connection ends")

// serve speaks first, and then answers and sends until the connection ends.
func (c *client) serve(ctx context.Context) {
	c.s.mu.Lock()
	cut := c.s.cut
	c.s.mu.Unlock()
	if c.send(map[string]any{"op": "connection", "connectionId": "100-010100000000-" + strconv.Itoa(c.number)}) != nil {
		return
	}
	asked := make(chan *request)
	go c.read(ctx, asked)
	silent, pace := time.After(15*time.Second), time.NewTicker(c.s.options().Pace)
	defer pace.Stop()
	defer func() {
		if c.known {
			c.s.opened(-1)
		}
	}()
	for err := error(nil); err == nil; {
		select {
		case <-cut:
			return
		case <-c.s.stop:
			return
		case <-silent:
			if !c.known {
				c.s.count("timeout")
				_ = c.failure(0, "TIMEOUT", true) // it ends anyway
				return
			}
		case r := <-asked:
			if r == nil {
				return
			}
			err = c.answer(r)
		case <-pace.C:
			err = c.tick()
		}
	}
}

func (c *client) read(ctx context.Context, asked chan<- *request) {
	in := bufio.NewScanner(c.net)
	in.Buffer(nil, 1<<20)
	defer close(asked)
	for in.Scan() {
		var r request
		if json.Unmarshal(in.Bytes(), &r) != nil {
			r.Op = "unreadable"
		}
		select {
		case asked <- &r:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) opened(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	return s.open
}

// answer answers a request.
func (c *client) answer(r *request) error {
	o := c.s.options()
	switch r.Op {
	case "authentication":
		c.s.count("authentication")
		code := o.Refuse
		if code == "" {
			code = c.s.unknown(r.AppKey, r.Session)
		}
		if code == "" && c.s.opened(0) >= o.Connections {
			code = "MAX_CONNECTION_LIMIT_EXCEEDED"
		}
		if code != "" {
			return c.failure(r.ID, code, true)
		}
		c.known = true
		open := c.s.opened(1)
		return c.send(map[string]any{"op": "status", "id": r.ID, "statusCode": "SUCCESS", "connectionClosed": false, "connectionsAvailable": o.Connections - open})
	case "marketSubscription":
		switch {
		case !c.known:
			return c.failure(r.ID, "NOT_AUTHORIZED", true)
		case len(r.Filter.MarketIDs) > o.Markets:
			return c.failure(r.ID, "SUBSCRIPTION_LIMIT_EXCEEDED", true)
		case o.Silent || c.dumb && time.Now().Before(c.frozen):
			return nil
		}
		return c.subscribe(r, &o)
	case "heartbeat":
		return c.send(map[string]any{"op": "status", "id": r.ID, "statusCode": "SUCCESS", "connectionClosed": false})
	}
	return c.failure(r.ID, "INVALID_INPUT", true)
}

// failure refuses a request. Its message repeats secrets, as a careless server's would.
func (c *client) failure(id int64, code string, closed bool) error {
	err := c.send(map[string]any{
		"op": "status", "id": id, "statusCode": "FAILURE", "errorCode": code, "connectionClosed": closed,
		"errorMessage": "refused " + AppKey + " " + strings.Join(c.s.Tokens(), " "),
	})
	if err == nil && closed {
		return errEnd
	}
	return err
}

// subscribe answers a subscription: with what has changed since its clocks, or an image.
func (c *client) subscribe(r *request, o *Options) error {
	since := int64(0)
	if r.Clk != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(r.Clk, "clk"), 10, 64)
		if err != nil || r.InitialClk != "initial" || o.Forget {
			return c.failure(r.ID, "INVALID_CLOCK", false)
		}
		since = n
	}
	old := c.id
	c.id, c.sub, c.sent = r.ID, r, since
	c.beat = time.Duration(r.HeartbeatMs) * time.Millisecond
	if o.HeartbeatMs > 0 {
		c.beat = time.Duration(o.HeartbeatMs) * time.Millisecond
	}
	if err := c.send(map[string]any{"op": "status", "id": r.ID, "statusCode": "SUCCESS", "connectionClosed": false}); err != nil {
		return err
	}
	kind := "SUB_IMAGE"
	if since > 0 {
		kind = "RESUB_DELTA"
		c.s.count("delta")
	} else {
		c.s.count("image")
	}
	var mcs []map[string]any
	if o.Exchange != nil {
		mcs, c.sent = o.Exchange.changes(since, c.ids(o))
	}
	if err := c.whole(kind, mcs, o); err != nil || old == 0 {
		return err
	}
	return c.stray(old, o) // a message of the old subscription that was on its way
}

func (c *client) ids(o *Options) []string {
	if o.Missing == nil {
		return c.sub.Filter.MarketIDs
	}
	return slices.DeleteFunc(slices.Clone(c.sub.Filter.MarketIDs), func(id string) bool { return slices.Contains(o.Missing, id) })
}

// whole sends an answer to a subscription, in segments if it is long.
func (c *client) whole(kind string, mcs []map[string]any, o *Options) error {
	m := c.message(o)
	m["ct"], m["initialClk"], m["heartbeatMs"], m["conflateMs"] = kind, "initial", c.beat.Milliseconds(), c.sub.ConflateMs
	if o.Segment == 0 || len(mcs) <= o.Segment {
		if mcs != nil {
			m["mc"] = mcs
		}
		return c.change(m)
	}
	parts := slices.Collect(slices.Chunk(mcs, o.Segment))
	for i, part := range parts {
		n := maps.Clone(m)
		n["mc"], n["segmentType"] = part, "SEG"
		switch i {
		case 0:
			n["segmentType"] = "SEG_START"
		case len(parts) - 1:
			n["segmentType"] = "SEG_END"
		}
		if err := c.change(n); err != nil {
			return err
		}
	}
	return nil
}

// stray sends a price that nobody was shown, over a subscription that was replaced.
func (c *client) stray(old int64, o *Options) error {
	if o.Exchange == nil || len(c.sub.Filter.MarketIDs) == 0 {
		return nil
	}
	all := o.Exchange.catalogue(c.sub.Filter.MarketIDs)
	if len(all) == 0 {
		return nil
	}
	m := c.message(o)
	runner := all[0]["runners"].([]any)[0].(map[string]any)
	m["id"], m["clk"] = old, "clk0"
	m["mc"] = []any{map[string]any{"id": all[0]["marketId"], "rc": []any{map[string]any{
		"id": runner["selectionId"], "bdatb": [][3]float64{{0, 500, 1}}, "bdatl": [][3]float64{{0, 510, 1}},
	}}}}
	return c.send(m)
}

// message begins a message of changes.
func (c *client) message(o *Options) map[string]any {
	m := map[string]any{"op": "mcm", "id": c.id, "clk": "clk" + strconv.FormatInt(max(c.sent, 1), 10), "pt": c.s.Faults.Clock().UnixMilli()}
	if o.Late {
		m["status"] = 503
	}
	return m
}

// tick sends what has changed, or a heartbeat if nothing was sent for long.
func (c *client) tick() error {
	o := c.s.options()
	if c.sub == nil {
		return nil
	}
	now := time.Now()
	frozen := now.Before(c.frozen)
	switch {
	case frozen && c.mute:
		return nil
	case !frozen && o.Lines != nil:
		return c.play(&o)
	case !frozen && o.Exchange != nil:
		mcs, clk := o.Exchange.changes(max(c.sent, 1), c.ids(&o))
		if len(mcs) > 0 {
			c.sent = clk
			m := c.message(&o)
			m["mc"] = mcs
			return c.change(m)
		}
	}
	if now.Sub(c.wrote) < c.beat {
		return nil
	}
	m := c.message(&o)
	m["ct"] = "HEARTBEAT"
	return c.send(m)
}

// play sends the next line of the recording, as one of this subscription.
func (c *client) play(o *Options) error {
	c.s.mu.Lock()
	n := c.s.line
	if n < len(o.Lines) {
		c.s.line++
	}
	c.s.mu.Unlock()
	if n == len(o.Lines) {
		return nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(o.Lines[n], &m); err != nil {
		return err
	}
	c.sent = int64(n + 2)
	m["id"], m["clk"] = fmt.Appendf(nil, "%d", c.id), fmt.Appendf(nil, `"clk%d"`, c.sent)
	return c.change(m)
}

// change sends a message of changes, with the faults that are planned for it.
func (c *client) change(m any) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.s.mu.Lock()
	if c.s.spoiled {
		c.s.spoiled, data = false, data[:len(data)/2]
	}
	c.s.mu.Unlock()
	twice := false
	for _, p := range c.s.Faults.Next() {
		switch p.Fault {
		case venue.Delay:
			time.Sleep(p.By)
		case venue.Duplicate:
			twice = true
		case venue.Half:
			_ = c.write(data[:len(data)/2]) // it ends anyway
			return errEnd
		case venue.Cut:
			return errEnd
		case venue.Code:
			return c.failure(c.id, []string{"UNEXPECTED_ERROR", "TIMEOUT", "INVALID_SESSION_INFORMATION"}[p.N], true)
		case venue.Freeze:
			c.frozen, c.dumb, c.mute = time.Now().Add(p.By), p.N > 0, p.N > 1
		}
	}
	if err := c.line(data); err != nil || !twice {
		return err
	}
	return c.line(data)
}

func (c *client) send(m map[string]any) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.line(data)
}

// line writes a line with its end.
func (c *client) line(data []byte) error {
	c.wrote = time.Now()
	if c.s.options().Newline {
		return c.write(append(data[:len(data):len(data)], '\n'))
	}
	return c.write(append(data[:len(data):len(data)], '\r', '\n'))
}

func (c *client) write(data []byte) error {
	size := c.s.options().Split
	if size == 0 {
		size = len(data)
	}
	for piece := range slices.Chunk(data, size) {
		if _, err := c.net.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
