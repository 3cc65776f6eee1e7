// Package oddsapi is a scripted server of The Odds API v4 on the network in memory of package
// venue: it asks for a key, counts credits and says in its headers what is left, answers /sports,
// /events and /odds from a simulated market or recorded answers by its clock, and goes wrong as
// planned. It keeps account of what it was asked for and which prices it has shown.
package oddsapi

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"corrgraph/proof/venue"
)

// Options of a Server.
type Options struct {
	Key string // that is accepted
	// Credits are given on the ResetDay of each month; zero means 500. Zero ResetDay means 1.
	Credits, ResetDay int
	// Left are the credits at the beginning, if they are not all there.
	Left int
	// ChargesFailures charges answers that go wrong.
	ChargesFailures bool
	// Silent leaves the headers with the credits out.
	Silent bool
	// Latency is how long each answer takes. Zero means 80 ms.
	Latency time.Duration
	Market  Market
	// Props are the markets that can be asked for event by event alone.
	Props []string
}

// Market is what is for sale.
type Market interface {
	// Sports lists the keys of the sports.
	Sports() []string
	// Events lists the events of a sport at a time, without prices.
	Events(sport string, at time.Time) []Event
	// Odds lists them with the prices of bookmakers in a region, or named.
	Odds(sport string, at time.Time, want Want) []Event
}

// Want is what a request for prices asks for.
type Want struct{ Regions, Bookmakers, Markets []string }

// Event is one as it is on the wire.
type Event struct {
	ID    string    `json:"id"`
	Sport string    `json:"sport_key"`
	Title string    `json:"sport_title"`
	Start time.Time `json:"commence_time"`
	Home  string    `json:"home_team"`
	Away  string    `json:"away_team"`
	Books []Book    `json:"bookmakers,omitzero"`
}

// Book is a bookmaker of an event.
type Book struct {
	Key     string    `json:"key"`
	Title   string    `json:"title"`
	Updated time.Time `json:"last_update"`
	Markets []Prices  `json:"markets"`
}

// Prices are those of a market.
type Prices struct {
	Key      string    `json:"key"`
	Updated  time.Time `json:"last_update"`
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is one of a market.
type Outcome struct {
	Name   string   `json:"name"`
	Player string   `json:"description,omitempty"`
	Price  float64  `json:"price"`
	Point  *float64 `json:"point,omitempty"`
}

// Asked is a request as it was answered.
type Asked struct {
	At     time.Time
	Path   string
	Sport  string // of prices; empty for others
	Cost   int    // charged
	Status int    // 0 if there was no whole answer
}

// Server is one. Its methods are safe for concurrent use.
type Server struct {
	// Faults are those of requests for prices, Free those of all others. Status takes N, and By
	// for Retry-After; Half cuts the connection, or, with N = 1, ends the answer early as if it
	// were whole; Drop never answers; Freeze stops within the answer for By.
	Faults, Free venue.Faults

	o    Options
	http *http.Server

	mu      sync.Mutex
	left    int             // guarded by mu
	used    int             // guarded by mu
	reset   time.Time       // guarded by mu
	asked   []Asked         // guarded by mu
	shown   map[string]bool // guarded by mu
	last    []Event         // guarded by mu: of the last answer to a request for prices
	without string          // guarded by mu: a bookmaker that is left out
}

// New returns a server that is not reached yet.
func New(o Options) *Server {
	if o.Credits == 0 {
		o.Credits = 500
	}
	o.ResetDay = max(1, o.ResetDay)
	if o.Latency == 0 {
		o.Latency = 80 * time.Millisecond
	}
	s := &Server{o: o, left: o.Credits, shown: map[string]bool{}, reset: next(time.Now(), o.ResetDay)}
	if o.Left > 0 {
		s.left, s.used = o.Left, o.Credits-o.Left
	}
	s.http = &http.Server{Handler: s}
	return s
}

func next(at time.Time, on int) time.Time {
	at = at.UTC()
	t := time.Date(at.Year(), at.Month(), on, 0, 0, 0, 0, time.UTC)
	if !t.After(at) {
		t = t.AddDate(0, 1, 0)
	}
	return t
}

// Serve answers until Close.
func (s *Server) Serve(l net.Listener) { _ = s.http.Serve(l) } // the error is that it was closed

// Close ends all connections.
func (s *Server) Close() { _ = s.http.Close() }

// Without leaves a bookmaker out of the answers; empty none.
func (s *Server) Without(book string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.without = book
}

// Spend takes credits, as another program with the same key does.
func (s *Server) Spend(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = min(n, s.left)
	s.left, s.used = s.left-n, s.used+n
}

// Left is how many credits there are.
func (s *Server) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// Asked lists the requests so far; with prices set only those for prices.
func (s *Server) Asked(prices bool) []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.asked)
	return slices.DeleteFunc(out, func(a Asked) bool { return prices && a.Sport == "" })
}

// Shown reports whether a price was in an answer, whole or not.
func (s *Server) Shown(event, book, market, outcome string, price float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown[shownKey(event, book, market, outcome, price)]
}

// Last is the last answer with prices that was sent whole.
func (s *Server) Last() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.last)
}

func shownKey(event, book, market, outcome string, price float64) string {
	return fmt.Sprintf("%s|%s|%s|%s|%.6f", event, book, market, outcome, price)
}

// problem is an answer that is none.
type problem struct {
	status        int
	code, message string
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, _ := strings.CutPrefix(r.URL.Path, "/v4/sports")
	sport, what, _ := strings.Cut(strings.Trim(path, "/"), "/")
	_, single := eventOf(what)
	prices := what == "odds" || single
	faults := &s.Free
	if prices {
		faults = &s.Faults
	}
	plans := faults.Next()
	time.Sleep(s.o.Latency)
	a := Asked{At: time.Now(), Path: r.URL.Path}
	if prices {
		a.Sport = sport
	}
	defer func() {
		s.mu.Lock()
		s.asked = append(s.asked, a)
		s.mu.Unlock()
	}()
	body, cost, no := s.answer(r, sport, what, faults.Clock())
	for _, p := range plans {
		if p.Fault == venue.Status {
			no = &problem{p.N, "", "planned"}
			if p.N == http.StatusTooManyRequests {
				no.code = "EXCEEDED_FREQ_LIMIT"
			}
			if p.By > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(p.By/time.Second)))
			}
		}
	}
	fails := no != nil || slices.ContainsFunc(plans, func(p venue.Plan) bool { return p.Fault != venue.Delay && p.Fault != venue.Skew })
	a.Cost = s.charge(w, cost, fails)
	if a.Status = s.send(w, r, body, no, plans); a.Status == http.StatusOK && prices {
		s.mu.Lock()
		switch b := body.(type) {
		case []Event:
			s.last = b
		case Event:
			s.last = []Event{b}
		}
		s.mu.Unlock()
	}
}

// charge counts the credits of an answer and says what is left.
func (s *Server) charge(w http.ResponseWriter, cost int, fails bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fails && !s.o.ChargesFailures {
		cost = 0
	}
	cost = min(cost, s.left)
	s.left, s.used = s.left-cost, s.used+cost
	if !s.o.Silent {
		w.Header().Set("x-requests-remaining", strconv.Itoa(s.left))
		w.Header().Set("x-requests-used", strconv.Itoa(s.used))
		w.Header().Set("x-requests-last", strconv.Itoa(cost))
	}
	return cost
}

// send sends an answer, spoilt as planned, and returns its status; 0 if it was not whole.
func (s *Server) send(w http.ResponseWriter, r *http.Request, body any, no *problem, plans []venue.Plan) int {
	status := http.StatusOK
	if no != nil {
		status, body = no.status, map[string]string{"message": no.message, "error_code": no.code}
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	for _, p := range plans {
		switch p.Fault {
		case venue.Delay:
			pause(r, p.By)
		case venue.Drop:
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		case venue.Cut:
			panic(http.ErrAbortHandler)
		case venue.Freeze, venue.Half:
			return s.part(w, r, data, p)
		}
	}
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(data) // whoever has gone needs no answer
		return status
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzip.NewWriter(w)
	_, _ = z.Write(data)
	_ = z.Close()
	return status
}

// part sends half an answer.
func (s *Server) part(w http.ResponseWriter, r *http.Request, data []byte, p venue.Plan) int {
	half := data[:len(data)/2]
	if p.Fault == venue.Half && p.N == 1 {
		_, _ = w.Write(half)
		return 0
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(half)
	_ = http.NewResponseController(w).Flush()
	if p.Fault == venue.Freeze {
		pause(r, p.By)
	}
	panic(http.ErrAbortHandler)
}

// pause waits, but not for somebody who has gone.
func pause(r *http.Request, d time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(d):
	}
}
