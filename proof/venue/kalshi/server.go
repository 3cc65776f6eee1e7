// Package kalshi is a scripted server that speaks Kalshi's protocol: REST lists of markets, the
// signed handshake, and the websocket, version 2. Its frames are synthetic: they follow the
// venue's published AsyncAPI description, because no recording of real ones may be had. Its market
// is a random walk with a seed. What it sends passes faults; it remembers every price that it has
// shown, so that a test can tell an invented one.
package kalshi

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"corrgraph/proof/venue"
)

// Options of Start.
type Options struct {
	Net     *venue.Net
	Address string         // "kalshi.test:80"
	KeyID   string         // of the API key that is accepted
	Public  *rsa.PublicKey // that its signatures are checked with
	Seed    uint64         // of the market
	Markets []Market
	Cents   bool          // send the older fields: whole cents and contracts
	Page    int           // events a page; zero means 2
	Latency time.Duration // before a command is obeyed
}

// Market is one contract.
type Market struct {
	Ticker, Event, Title, EventTitle, Yes string
	Strike                                float64 // 0 none
	Silent                                bool    // it is listed, and never shown
}

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	o    Options
	http *http.Server

	Frames     venue.Faults // of images and changes of books, counted over all connections
	Requests   venue.Faults // of REST; a Status with By has a Retry-After
	Handshakes venue.Faults // of the socket
	Script     Script       // set before the fault is wanted

	mu    sync.Mutex
	walk  *walk            // guarded by mu
	conns map[*client]bool // guarded by mu
	asked []string         // guarded by mu: commands, as "action channel"
	quiet map[string]bool  // markets that are never shown
	runs  sync.WaitGroup
}

// Script is how the server misbehaves beyond single frames.
type Script struct {
	mu     sync.Mutex
	fail   map[string]int // guarded by mu: error code by action
	ignore map[string]int // guarded by mu: how often an action is not answered
	mute   bool           // guarded by mu: no changes of books are sent, and none are numbered
	dead   bool           // guarded by mu: no pings
}

// Fail has the server answer an action with an error; code 0 ends it.
func (s *Script) Fail(action string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.fail = map[string]int{}
	}
	s.fail[action] = code
}

// Ignore has the server not answer an action n times.
func (s *Script) Ignore(action string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ignore == nil {
		s.ignore = map[string]int{}
	}
	s.ignore[action] = n
}

// Mute has the server send no changes of books while all else goes on.
func (s *Script) Mute(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = on
}

// Dead has the server send no pings.
func (s *Script) Dead(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = on
}

func (s *Script) muted() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.mute }

func (s *Script) pings() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.dead }

// of returns what is to happen to an action: the code of an error, or no answer at all.
func (s *Script) of(action string) (code int, ignored bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ignore[action] > 0 {
		s.ignore[action]--
		return 0, true
	}
	return s.fail[action], false
}

// Path is that of the websocket, Base that of REST.
const (
	Path = "/trade-api/ws/v2"
	Base = "/trade-api/v2"
)

// Start starts a server.
func Start(o Options) *Server {
	if o.Page == 0 {
		o.Page = 2
	}
	s := &Server{o: o, walk: newWalk(o.Seed, o.Markets), conns: map[*client]bool{}, quiet: map[string]bool{}}
	for _, m := range o.Markets {
		s.quiet[m.Ticker] = m.Silent
	}
	mux := http.NewServeMux()
	mux.HandleFunc(Path, s.socket)
	mux.HandleFunc(Base+"/events", s.events)
	mux.HandleFunc(Base+"/events/{event}", s.event)
	mux.HandleFunc(Base+"/markets", s.markets)
	s.http = &http.Server{Handler: mux}
	l := o.Net.Listen(o.Address)
	s.runs.Go(func() { _ = s.http.Serve(l) })
	return s
}

// Close ends the server and its connections.
func (s *Server) Close() {
	_ = s.http.Close()
	s.Cut()
	s.runs.Wait()
}

// Cut cuts all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.stop()
		_ = c.ws.CloseNow()
	}
}

// Asked lists the commands that were sent, as "action channel".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// Overflow tells all connections that their books have lost messages: error 25.
func (s *Server) Overflow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if sub := c.subs["orderbook_delta"]; sub != nil {
			c.send(sub, envelope{Type: "error", SID: sub.sid, Msg: problem{25, "Subscription buffer overflow"}})
			delete(c.subs, "orderbook_delta")
		}
	}
}

// Run moves the market, one change each step, until ctx ends.
func (s *Server) Run(ctx context.Context, step time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(step):
			s.Step()
		}
	}
}

// Step moves the market once.
func (s *Server) Step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.walk.step() {
		s.publish(x)
	}
}

// publish sends a change to whoever has asked for it, and the ticker that follows from it.
func (s *Server) publish(x change) {
	now := s.Frames.Clock()
	top := s.walk.top(x.ticker)
	for c := range s.conns {
		if sub := c.subs["orderbook_delta"]; sub != nil && sub.tickers[x.ticker] && !s.quiet[x.ticker] && !s.Script.muted() {
			c.send(sub, envelope{Type: "orderbook_delta", SID: sub.sid, Msg: s.delta(x, now)})
		}
		if sub := c.subs["ticker"]; sub != nil && sub.tickers[x.ticker] && x.last {
			c.send(sub, envelope{Type: "ticker", SID: sub.sid, Msg: tickerOf(x.ticker, top, now)})
		}
	}
}

// Lifecycle tells all connections what becomes of a market: "deactivated", "settled".
func (s *Server) Lifecycle(ticker, event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if sub := c.subs["market_lifecycle_v2"]; sub != nil {
			c.send(sub, envelope{Type: "market_lifecycle_v2", SID: sub.sid, Msg: map[string]any{"market_ticker": ticker, "event_type": event}})
		}
	}
}

// accepted checks a signature, and answers the request if it is not accepted or a fault says so.
func (s *Server) accepted(w http.ResponseWriter, r *http.Request, faults *venue.Faults) bool {
	status, after := 0, time.Duration(0)
	for _, p := range faults.Next() {
		switch p.Fault {
		case venue.Status:
			status, after = p.N, p.By
		case venue.Cut:
			panic(http.ErrAbortHandler)
		}
	}
	now := faults.Clock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if status == 0 && s.signed(r, now) != nil {
		status = http.StatusUnauthorized
	}
	if status == 0 {
		return true
	}
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	}
	http.Error(w, `{"error":{"code":"scripted"}}`, status)
	return false
}

// signed checks the headers of a request.
func (s *Server) signed(r *http.Request, now time.Time) error {
	stamp := r.Header.Get("KALSHI-ACCESS-TIMESTAMP")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return err
	}
	if off := now.Sub(time.UnixMilli(ms)).Abs(); off > 5*time.Second || r.Header.Get("KALSHI-ACCESS-KEY") != s.o.KeyID {
		return errors.New("stamp or key")
	}
	sign, err := base64.StdEncoding.DecodeString(r.Header.Get("KALSHI-ACCESS-SIGNATURE"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(stamp + r.Method + r.URL.Path))
	return rsa.VerifyPSS(s.o.Public, crypto.SHA256, sum[:], sign, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// socket upgrades a request and serves it.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.accepted(w, r, &s.Handshakes) {
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	newClient(s, ws).serve()
}

// events answers GET /events: one page.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if !s.accepted(w, r, &s.Requests) {
		return
	}
	q := r.URL.Query()
	var all []string
	for _, m := range s.o.Markets {
		if strings.HasPrefix(m.Event, q.Get("series_ticker")+"-") && (len(all) == 0 || all[len(all)-1] != m.Event) {
			all = append(all, m.Event)
		}
	}
	from, _ := strconv.Atoi(q.Get("cursor"))
	to := min(from+s.o.Page, len(all))
	out := map[string]any{"events": s.listed(all[min(from, to):to]), "cursor": ""}
	if to < len(all) {
		out["cursor"] = strconv.Itoa(to)
	}
	answer(w, out)
}

// event answers GET /events/{event}.
func (s *Server) event(w http.ResponseWriter, r *http.Request) {
	if !s.accepted(w, r, &s.Requests) {
		return
	}
	list := s.listed([]string{r.PathValue("event")})
	if len(list[0]["markets"].([]map[string]any)) == 0 {
		http.Error(w, `{"error":{"code":"not_found"}}`, http.StatusNotFound)
		return
	}
	answer(w, map[string]any{"event": list[0]})
}

// markets answers GET /markets?tickers=.
func (s *Server) markets(w http.ResponseWriter, r *http.Request) {
	if !s.accepted(w, r, &s.Requests) {
		return
	}
	want := strings.Split(r.URL.Query().Get("tickers"), ",")
	out := []map[string]any{}
	for _, m := range s.o.Markets {
		for _, t := range want {
			if m.Ticker == t {
				out = append(out, s.row(m))
			}
		}
	}
	answer(w, map[string]any{"markets": out, "cursor": ""})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) listed(events []string) []map[string]any {
	out := []map[string]any{}
	for _, e := range events {
		markets, title := []map[string]any{}, ""
		for _, m := range s.o.Markets {
			if m.Event == e {
				markets, title = append(markets, s.row(m)), m.EventTitle
			}
		}
		out = append(out, map[string]any{"event_ticker": e, "title": title, "category": "Sports", "markets": markets})
	}
	return out
}

func (s *Server) row(m Market) map[string]any {
	row := map[string]any{
		"ticker": m.Ticker, "event_ticker": m.Event, "title": m.Title, "yes_sub_title": m.Yes, "status": s.status(m.Ticker),
		"expected_expiration_time": "2026-01-02T03:00:00Z", "market_type": "binary",
	}
	if m.Strike != 0 {
		row["strike_type"], row["floor_strike"] = "greater", m.Strike
	}
	return row
}

func (s *Server) status(ticker string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walk.settled[ticker] {
		return "settled"
	}
	return "active"
}

// Settle ends a market: it is listed as settled from now on.
func (s *Server) Settle(ticker string) {
	s.mu.Lock()
	s.walk.settled[ticker] = true
	s.mu.Unlock()
	s.Lifecycle(ticker, "settled")
}

// URLs returns the addresses of the socket and of REST.
func (s *Server) URLs() (socket, rest string) {
	return (&url.URL{Scheme: "ws", Host: s.o.Address, Path: Path}).String(), (&url.URL{Scheme: "http", Host: s.o.Address, Path: Base}).String()
}
