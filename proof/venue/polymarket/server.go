// Package polymarket is a scripted server that speaks the protocol of Polymarket: the market and
// sports channels, /events, /markets and /book. Its markets are small random walks with a seed.
// All is made up after the published schemas; nothing in it was recorded.
package polymarket

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"corrgraph/proof/venue"
)

// Addresses of the server's parts.
const (
	StreamHost = "stream.polymarket.test:80"
	SportsHost = "sports.polymarket.test:80"
	GammaHost  = "gamma.polymarket.test:80"
	CLOBHost   = "clob.polymarket.test:80"
)

// Server is the venue. Its fields must not be changed while it runs.
type Server struct {
	Stream    venue.Faults // of the frames of the market channel, of all connections
	Handshake venue.Faults // of its handshakes: Status
	Gamma     venue.Faults // of answers of /events and /markets: Status
	CLOB      venue.Faults // of answers of /book: Status
	Retry     string       // Retry-After of an answer with a Status

	http *http.Server
	stop chan struct{}
	busy sync.WaitGroup

	mu     sync.Mutex
	w      world              // guarded by mu
	links  []*link            // guarded by mu: of the market channel
	scores []chan []byte      // guarded by mu: of the sports channel
	mute   map[string]int     // guarded by mu: subscriptions of an asset that are not answered
	asked  map[string]int     // guarded by mu: subscriptions of an asset
	lost   map[[2]string]bool // guarded by mu: assets that a link sends nothing of, by "link" and asset
	made   int                // guarded by mu: links so far
	pings  int                // guarded by mu
	sent   int                // guarded by mu: frames of the market channel
}

// New starts a server on a network. Close ends it.
func New(n *venue.Net, seed uint64) *Server {
	s := &Server{stop: make(chan struct{}), mute: map[string]int{}, asked: map[string]int{}, lost: map[[2]string]bool{}}
	s.w.rand = rand.New(rand.NewPCG(seed, 1))
	mux := http.NewServeMux()
	mux.HandleFunc("/ws/market", s.serveMarket)
	mux.HandleFunc("/ws", s.serveSports)
	mux.HandleFunc("/events", s.serveEvents)
	mux.HandleFunc("/markets", s.serveMarkets)
	mux.HandleFunc("/book", s.serveBook)
	s.http = &http.Server{Handler: mux}
	for _, host := range [...]string{StreamHost, SportsHost, GammaHost, CLOBHost} {
		l := n.Listen(host)
		s.busy.Go(func() { _ = s.http.Serve(l) })
	}
	return s
}

// Close ends the server and waits for all it started.
func (s *Server) Close() {
	close(s.stop)
	s.Disconnect()
	_ = s.http.Close()
	s.busy.Wait()
}

// Match adds a basketball match, or with soccer one of three results.
func (s *Server) Match(start time.Time, soccer bool) *Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if soccer {
		return s.w.soccer(start)
	}
	return s.w.match(start)
}

// Contracts lists all markets.
func (s *Server) Contracts() []*Contract {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.w.contracts)
}

// Step moves one market and sends what changed.
func (s *Server) Step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveLocked(s.w.contracts[s.w.rand.IntN(len(s.w.contracts))])
}

// Move moves a market until its best prices are others.
func (s *Server) Move(c *Contract) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := c.top(); c.top() == t; {
		s.moveLocked(c)
	}
}

func (s *Server) moveLocked(c *Contract) {
	all := c.step(s.w.rand)
	t := c.top()
	c.stamp = s.Stream.Clock()
	for _, x := range all {
		s.tellLocked(c, c.entries(x, t))
	}
}

// Walk moves markets at a rate until stop is closed.
func (s *Server) Walk(every time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				s.Step()
			}
		}
	}()
	return func() { close(done); <-ended }
}

// Book returns a market's book, and whether it ever had some best prices.
func (s *Server) Book(c *Contract) (bids, asks map[int]int, had func(Top) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bids, asks = map[int]int{}, map[int]int{}
	for p, size := range c.bids {
		bids[p] = size
	}
	for p, size := range c.asks {
		asks[p] = size
	}
	return bids, asks, func(t Top) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return c.shown[t]
	}
}

// Mute leaves subscriptions of a market unanswered so many times.
func (s *Server) Mute(c *Contract, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute[c.Tokens[0]] = times
}

// Lose sends nothing of a market on the connections that there are, until it is subscribed to
// again.
func (s *Server) Lose(c *Contract) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		s.lost[[2]string{l.name, c.Tokens[0]}] = true
	}
}

// Asked counts the subscriptions of a market, and the connections that follow it now.
func (s *Server) Asked(c *Contract) (times, now int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		if l.subscribed[c.Tokens[0]] {
			now++
		}
	}
	return s.asked[c.Tokens[0]], now
}

// Counts are the connections of the market channel that were ever made, those that are open, the
// pings on them, and the frames sent.
func (s *Server) Counts() (made, open, pings, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made, len(s.links), s.pings, s.sent
}

// Result sends the state of a match on the sports channel.
func (s *Server) Result(e *Event, members map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := map[string]any{"slug": e.Slug, "gameId": e.members["gameId"], "leagueAbbreviation": "nba", "last_update": time.Now().UTC().Format(time.RFC3339Nano)}
	for name, v := range members {
		m[name] = v
	}
	data, _ := json.Marshal(m) // cannot fail
	for _, to := range s.scores {
		to <- data
	}
}

// Say sends a frame of the test's own to all connections of the market channel.
func (s *Server) Say(frame string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.queue([]byte(frame))
	}
}

// CloseMarkets lists an event's markets as closed.
func (s *Server) CloseMarkets(e *Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range e.Markets {
		c.members["closed"] = true
	}
}

// Disconnect cuts all connections.
func (s *Server) Disconnect() {
	s.mu.Lock()
	links := slices.Clone(s.links)
	s.mu.Unlock()
	for _, l := range links {
		_ = l.ws.CloseNow()
	}
}

// refused answers with a planned status.
func (s *Server) refused(f *venue.Faults, w http.ResponseWriter) bool {
	for _, p := range f.Next() {
		if p.Fault == venue.Status {
			if s.Retry != "" {
				w.Header().Set("Retry-After", s.Retry)
			}
			w.WriteHeader(p.N)
			return true
		}
	}
	return false
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	if s.refused(&s.Gamma, w) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	out := []any{}
	for _, e := range s.w.events {
		tagged := slices.ContainsFunc(e.members["tags"].([]any), func(t any) bool { return t.(map[string]any)["slug"] == q.Get("tag_slug") })
		if tagged || slices.Contains(q["slug"], e.Slug) {
			out = append(out, e.json())
		}
	}
	from, _ := strconv.Atoi(q.Get("offset"))
	most, _ := strconv.Atoi(q.Get("limit"))
	if from = min(from, len(out)); most > 0 {
		out = out[from:min(len(out), from+most)]
	}
	_ = json.NewEncoder(w).Encode(out) // the client is gone
}

func (s *Server) serveMarkets(w http.ResponseWriter, r *http.Request) {
	if s.refused(&s.Gamma, w) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []any{}
	for _, e := range s.w.events {
		for _, c := range e.Markets {
			if ids := r.URL.Query()["clob_token_ids"]; slices.Contains(ids, c.Tokens[0]) || slices.Contains(ids, c.Tokens[1]) {
				m := map[string]any{"events": []any{e.members}}
				for name, v := range c.members {
					m[name] = v
				}
				out = append(out, m)
			}
		}
	}
	_ = json.NewEncoder(w).Encode(out) // the client is gone
}

func (s *Server) serveBook(w http.ResponseWriter, r *http.Request) {
	if s.refused(&s.CLOB, w) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.w.contracts {
		if id := r.URL.Query().Get("token_id"); slices.Contains(c.Tokens[:], id) {
			b := c.book(id == c.Tokens[1])
			delete(b, "event_type")
			_ = json.NewEncoder(w).Encode(b) // the client is gone
			return
		}
	}
	http.Error(w, `{"error":"No orderbook exists for the requested token id"}`, http.StatusNotFound)
}

// serveSports sends a ping every 5 s and closes without a pong within 10 s.
func (s *Server) serveSports(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, pong := make(chan []byte, 100), make(chan struct{}, 10)
	s.mu.Lock()
	s.scores = append(s.scores, out)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.scores = slices.DeleteFunc(s.scores, func(x chan []byte) bool { return x == out })
		s.mu.Unlock()
	}()
	go func() {
		defer cancel()
		pongs(ctx, ws, pong)
	}()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for last := time.Now(); time.Since(last) < 11*time.Second; {
		data := []byte("ping")
		select {
		case <-s.stop:
			return
		case <-ctx.Done():
			return
		case <-pong:
			last = time.Now()
			continue
		case data = <-out:
		case <-tick.C:
		}
		if ws.Write(ctx, websocket.MessageText, data) != nil {
			return
		}
	}
}

// pongs passes on the pongs of a connection until it ends.
func pongs(ctx context.Context, ws *websocket.Conn, to chan<- struct{}) {
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		if strings.EqualFold(string(data), "pong") {
			to <- struct{}{}
		}
	}
}
