// Package betfair is a scripted Betfair: logins, the catalogue and the Exchange Stream over TLS,
// on a network in memory, with faults on demand. What it shows is an [Exchange] of its own or a
// recorded stream. It speaks the protocol as far as a follower of prices needs it, and holds who
// connects to its rules.
package betfair

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"corrgraph/proof/venue"
)

// Where the server listens, which is where Betfair does.
const (
	StreamAddress = "stream-api.betfair.com:443"
	CertAddress   = "identitysso-cert.betfair.com:443"
	LoginAddress  = "identitysso.betfair.com:443"
	ListAddress   = "api.betfair.com:443"
)

// What the server takes for right.
const (
	AppKey   = "app-key-9f8e7d"
	User     = "user-of-the-test"
	Password = "password-of-the-test"
)

// Options of a Server. They may be changed with Server.Change.
type Options struct {
	Exchange *Exchange // what is shown
	Lines    [][]byte  // of a recording, which is shown instead, one at each Pace
	// Pace is how often changes are sent. Zero means 100 ms.
	Pace time.Duration
	// Steps is how many changes the exchange makes at each Pace. Zero means 1, negative none.
	Steps int
	// HeartbeatMs is what the server decides on, whatever it is asked for; 0: what it is asked for.
	HeartbeatMs int64
	// Connections is how many may be open. Zero means 10.
	Connections int
	// Markets is how many a subscription may have. Zero means 200.
	Markets int
	// Segment is how many markets of an image go into a message. Zero means all.
	Segment int
	// Newline ends lines by LF only.
	Newline bool
	// Split is how many bytes are written at once. Zero means all.
	Split int
	// Late gives all messages status 503.
	Late bool
	// Refuse is the error code that authentications are answered with.
	Refuse string
	// Login is the status that logins are answered with. Empty means SUCCESS.
	Login string
	// Forget takes all clocks for invalid.
	Forget bool
	// Silent does not answer subscriptions.
	Silent bool
	// Missing are markets that no image has.
	Missing []string
}

// Server is a scripted Betfair. It is safe for concurrent use.
type Server struct {
	Faults   venue.Faults // of the messages of changes, heartbeats and images
	Requests venue.Faults // of the requests over HTTP
	certs    certificates
	http     []*http.Server
	stream   net.Listener
	stop     chan struct{}
	all      sync.WaitGroup

	mu      sync.Mutex
	o       Options        // guarded by mu
	tokens  map[string]int // guarded by mu: that are valid
	open    int            // guarded by mu: connections
	line    int            // guarded by mu: of the recording, that comes next
	counts  map[string]int // guarded by mu: "login", "keepAlive", "catalogue", "authentication", "image", "delta", "timeout"
	cut     chan struct{}  // guarded by mu: closed to cut all connections
	spoiled bool           // guarded by mu: the next change can't be read
}

// Start starts a server on a network.
func Start(n *venue.Net, o Options) (*Server, error) {
	s := &Server{o: o, tokens: map[string]int{}, counts: map[string]int{}, stop: make(chan struct{}), cut: make(chan struct{})}
	var hosts []string
	for _, a := range []string{StreamAddress, CertAddress, LoginAddress, ListAddress} {
		host, _, _ := net.SplitHostPort(a)
		hosts = append(hosts, host)
	}
	var err error
	if s.certs, err = certify(hosts...); err != nil {
		return nil, err
	}
	plain := &tls.Config{Certificates: []tls.Certificate{s.certs.server}, MinVersion: tls.VersionTLS12}
	strict := plain.Clone()
	strict.ClientAuth, strict.ClientCAs = tls.RequireAndVerifyClientCert, s.certs.roots
	s.serve(n, CertAddress, strict, "POST /api/certlogin", s.certLogin)
	s.serve(n, LoginAddress, plain, "POST /api/login", s.login, "POST /api/keepAlive", s.keepAlive)
	s.serve(n, ListAddress, plain, "POST /exchange/betting/rest/v1.0/listMarketCatalogue/", s.catalogue)
	s.stream = tls.NewListener(n.Listen(StreamAddress), plain)
	s.all.Go(s.accept)
	s.all.Go(s.walk)
	return s, nil
}

// serve starts a server of HTTP with some paths and what answers them.
func (s *Server) serve(n *venue.Net, address string, c *tls.Config, routes ...any) {
	mux := http.NewServeMux()
	for pair := range slices.Chunk(routes, 2) {
		mux.HandleFunc(pair[0].(string), s.faulty(pair[1].(func(http.ResponseWriter, *http.Request))))
	}
	h := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	s.http = append(s.http, h)
	l := tls.NewListener(n.Listen(address), c)
	s.all.Go(func() { _ = h.Serve(l) }) // until it is closed
}

// Close ends the server and all its connections.
func (s *Server) Close() {
	close(s.stop)
	_ = s.stream.Close()
	for _, h := range s.http {
		_ = h.Close()
	}
	s.Cut()
	s.all.Wait()
}

// Change changes the options.
func (s *Server) Change(f func(o *Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.o)
}

func (s *Server) options() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.o
	o.Pace, o.Steps = cmp.Or(o.Pace, 100*time.Millisecond), cmp.Or(o.Steps, 1)
	o.Connections, o.Markets = cmp.Or(o.Connections, 10), cmp.Or(o.Markets, 200)
	return o
}

// Cut cuts all connections to the stream.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// Spoil makes the next message of changes unreadable.
func (s *Server) Spoil() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoiled = true
}

// Expire ends all sessions.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Count is how often something was asked for.
func (s *Server) Count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

func (s *Server) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
	return s.counts[what]
}

// Roots vouch for the server.
func (s *Server) Roots() *x509.CertPool { return s.certs.roots }

// Client is the certificate that logins need, and its key, in PEM.
func (s *Server) Client() (certificate, key string) {
	return string(s.certs.client), string(s.certs.key)
}

// Tokens lists the tokens of all sessions that are valid.
func (s *Server) Tokens() (ts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tokens {
		ts = append(ts, t)
	}
	slices.Sort(ts)
	return ts
}

// walk has the exchange go on.
func (s *Server) walk() {
	for {
		o := s.options()
		select {
		case <-s.stop:
			return
		case <-time.After(o.Pace):
			if o.Exchange != nil {
				o.Exchange.Step(max(0, o.Steps))
			}
		}
	}
}

// accept takes connections to the stream.
func (s *Server) accept() {
	for n := 1; ; n++ {
		conn, err := s.stream.Accept()
		if err != nil {
			return
		}
		s.all.Go(func() {
			defer conn.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := &client{s: s, net: conn, number: n}
			c.serve(ctx)
		})
	}
}

// new makes a token.
func (s *Server) newToken() string {
	token := "token-" + strconv.Itoa(s.count("login")) + "-of-a-session="
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token]++
	return token
}

func (s *Server) valid(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[token] > 0
}
