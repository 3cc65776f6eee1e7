package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"corrgraph/odds"
	"corrgraph/proof/venue"
)

// Options of a Server.
type Options struct {
	Net     *venue.Net
	Address string // host:port
	Key     string // that is asked for
	Seed    uint64
	Events  int           // zero means 5
	Every   time.Duration // between two steps of the market; zero means 200 ms
	Beat    time.Duration // between two heartbeats; zero means 5 s
	Keep    int           // messages that it can go back by; zero means 10,000
	SSE     bool          // server-sent events in place of a websocket
	Games   []Game        // in place of Events: nothing moves but by Put
}

// Server is a scripted source. Its faults are counted by the messages it sends, and by the
// requests it answers.
type Server struct {
	Frames   venue.Faults
	Requests venue.Faults

	o    Options
	http *http.Server
	wait sync.WaitGroup
	stop context.CancelFunc

	mu      sync.Mutex
	market  *Market          // guarded by mu
	seq     int              // guarded by mu
	log     []sent           // guarded by mu: the newest messages
	clients map[*client]bool // guarded by mu
	fresh   int              // guarded by mu: seq when somebody connected without going on
	asked   map[string]int   // guarded by mu: requests and messages, by kind
}

// sent is a message that was made.
type sent struct {
	seq  int
	id   string // of server-sent events
	kind string
	data string
}

// Start starts a server. Close must be called.
func Start(o Options) *Server {
	if o.Events == 0 {
		o.Events = 5
	}
	if o.Every == 0 {
		o.Every = 200 * time.Millisecond
	}
	if o.Beat == 0 {
		o.Beat = 5 * time.Second
	}
	if o.Keep == 0 {
		o.Keep = 10_000
	}
	n := odds.InAmerican
	if o.SSE {
		n = odds.InDecimal
	}
	s := &Server{o: o, market: newMarket(o.Seed, o.Events, n), clients: map[*client]bool{}, asked: map[string]int{}}
	if o.Games != nil {
		s.market = planted(o.Games, n)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	handler := s.socket
	if o.SSE {
		handler = s.events
	}
	s.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(ctx, w, r, handler) }), ReadHeaderTimeout: time.Minute}
	l := o.Net.Listen(o.Address)
	s.wait.Go(func() { _ = s.http.Serve(l) }) // it ends with Close
	s.wait.Go(func() { s.run(ctx) })
	return s
}

// Close ends the server.
func (s *Server) Close() {
	s.stop()
	_ = s.http.Close()
	s.wait.Wait()
}

// Asked returns how often something was asked of the server: "connect", "resume", "subscribe",
// "resync", "ping".
func (s *Server) Asked() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

func (s *Server) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[what]++
}

// Shown reports whether a price was ever shown.
func (s *Server) Shown(name string, price float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.market.shown[name+fmt.Sprintf(" %.6f", price)]
}

// Forget forgets which prices were shown, and so what they take.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.market.shown = map[string]bool{}
}

// Open returns the prices that are offered now, by name. With changed it is those only that were
// told since somebody connected without going on where they were.
func (s *Server) Open(changed bool) map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]float64{}
	for _, o := range s.market.offers {
		for i := range o.outs {
			if !o.outs[i].locked && (!changed || o.changed > s.fresh) {
				out[o.name(i)] = o.outs[i].price
			}
		}
	}
	return out
}

// run moves the market and sends what has changed.
func (s *Server) run(ctx context.Context) {
	step, beat := time.NewTicker(s.o.Every), time.NewTicker(s.o.Beat)
	defer step.Stop()
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
			s.step()
		case <-beat.C:
			s.beat()
		}
	}
}

func (s *Server) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Games != nil {
		return
	}
	s.tell(s.market.step())
}

// tell sends what has changed. s.mu is held.
func (s *Server) tell(o *offer, what move, before []outcome) {
	o.changed = s.seq + 1
	if s.o.SSE {
		s.tellEvents(o, what, before)
	} else {
		s.tellSocket(o, what, before)
	}
	if n := len(s.log) - s.o.Keep; n > s.o.Keep/10 {
		s.log = slices.Delete(s.log, 0, n)
	}
}

// emit numbers a message and sends it. s.mu is held.
func (s *Server) emit(kind string, v map[string]any) {
	s.seq++
	m := sent{seq: s.seq, kind: kind}
	if s.o.SSE {
		m.id = fmt.Sprintf("%d-%d", s.Frames.Clock().UnixMilli(), s.seq)
		v["entry_id"], v["type"] = m.id, kind
	} else {
		v["seq"], v["type"], v["ts"] = s.seq, kind, s.Frames.Clock().UnixMilli()
	}
	m.data = text(v)
	s.log = append(s.log, m)
	for c := range s.clients {
		c.give(m)
	}
}

// beat sends a heartbeat.
func (s *Server) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := sent{kind: "ping", data: s.Frames.Clock().UTC().Format(time.RFC3339)}
	if !s.o.SSE {
		m = sent{kind: "heartbeat", data: text(map[string]any{"type": "heartbeat", "seq": s.seq, "ts": s.Frames.Clock().UnixMilli()})}
	}
	for c := range s.clients {
		c.give(m)
	}
}

// after lists the messages behind one; ok is false if they are not all there any more.
func (s *Server) after(seq int) (list []sent, ok bool) {
	for i := range s.log {
		if s.log[i].seq > seq {
			return s.log[i:], i > 0 || s.log[0].seq == seq+1
		}
	}
	return nil, seq == s.seq
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what it sends is made of words and numbers
	}
	return string(b)
}

// serve answers a request, or not.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, then func(context.Context, http.ResponseWriter, *http.Request)) {
	s.count("connect")
	for _, p := range s.Requests.Next() {
		if p.Fault == venue.Status {
			if p.By > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(p.By.Seconds())))
			}
			http.Error(w, "no: "+r.Header.Get("X-Api-Key"), p.N)
			return
		}
	}
	then(ctx, w, r)
}

// client is one connection.
type client struct {
	s     *Server
	queue chan sent
	write func(data string) error
	half  func(data string)
	cut   func(code int)
	done  chan struct{}
	once  sync.Once
	held  *sent // until the next one is sent
}

// join makes a client of a connection. s.mu is held.
func (s *Server) join(c *client) {
	c.s, c.queue, c.done = s, make(chan sent, 1<<14), make(chan struct{})
	s.clients[c] = true
}

func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
	c.end()
}

func (c *client) end() { c.once.Do(func() { close(c.done) }) }

// give queues a message; a client that is too slow loses it.
func (c *client) give(m sent) {
	select {
	case c.queue <- m:
	default:
	}
}

// pump sends what is queued, with its faults.
func (c *client) pump(ctx context.Context) {
	for {
		select {
		case m := <-c.queue:
			if !c.send(ctx, m) {
				return
			}
		case <-c.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// send sends one message as planned, and reports whether the connection is still there.
func (c *client) send(ctx context.Context, m sent) bool {
	if m.seq == 0 { // heartbeats are not counted, or faults would depend on them
		return c.put(m)
	}
	twice := false
	for _, p := range c.s.Frames.Next() {
		switch p.Fault {
		case venue.Drop:
			return true
		case venue.Delay:
			pause(ctx, p.By)
		case venue.Freeze:
			c.freeze(ctx, p)
		case venue.Duplicate:
			twice = true
		case venue.Reorder:
			c.held = &m
			return true
		case venue.Half:
			c.half(c.dress(m))
			c.cut(0)
			return false
		case venue.Cut, venue.Code:
			c.cut(p.N)
			return false
		case venue.Sequence:
			c.s.skip()
		}
	}
	ok := c.put(m) && (!twice || c.put(m))
	if h := c.held; h != nil {
		c.held = nil
		ok = ok && c.put(*h)
	}
	return ok
}

// freeze sends nothing for a while; with N 1 heartbeats go on.
func (c *client) freeze(ctx context.Context, p venue.Plan) {
	if p.N == 0 {
		pause(ctx, p.By)
		return
	}
	until := time.After(p.By)
	var kept []sent
	for {
		select {
		case m := <-c.queue:
			if m.seq == 0 {
				c.put(m)
			} else {
				kept = append(kept, m)
			}
			continue
		case <-until:
		case <-ctx.Done():
		case <-c.done:
		}
		for _, m := range kept {
			c.put(m)
		}
		return
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// skip leaves a number out.
func (s *Server) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
}

func (c *client) put(m sent) bool { return c.write(c.dress(m)) == nil }

// dress writes a message as the transport has it.
func (c *client) dress(m sent) string {
	if !c.s.o.SSE {
		return m.data
	}
	var b strings.Builder
	fmt.Fprintf(&b, "event: %s\n", m.kind)
	if m.id != "" {
		fmt.Fprintf(&b, "id: %s\n", m.id)
	}
	fmt.Fprintf(&b, "retry: 5000\ndata: %s\n\n", m.data)
	return b.String()
}
