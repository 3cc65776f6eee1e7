// Package betfair keeps the Betfair Exchange Stream connected: it logs in, asks the catalogue
// which markets there are and what they are called, subscribes to them over one or more TLS
// connections, and goes on from where a lost connection ended. What the stream says is read by
// package feed/betfair.
//
// The session with Betfair and the clocks of the subscriptions are kept from one
// [Venue.Session] to the next, so that a reconnection costs no login and no image. Passwords,
// session tokens and app keys are in no frame, error or log line.
package betfair

import (
	"cmp"
	"crypto/x509"
	"sync"
	"time"

	feed "corrgraph/feed/betfair"
	"corrgraph/feed/frames"
)

// The names of the secrets that a Venue asks its World for.
const (
	AppKey      = "betfair_app_key"
	User        = "betfair_user"
	Password    = "betfair_password"
	Certificate = "betfair_certificate" // PEM; not with Options.Interactive
	Key         = "betfair_key"         // PEM, of the certificate
)

// Options of a Venue. The zero value follows the winner market of every match of every sport
// that starts within a day.
type Options struct {
	// Address of the stream. Empty means "stream-api.betfair.com:443".
	Address string
	// CertLogin is where to log in with a certificate. Empty means
	// "https://identitysso-cert.betfair.com/api/certlogin".
	CertLogin string
	// Login is where to log in without one. Empty means "https://identitysso.betfair.com/api/login".
	Login string
	// KeepAlive is where a session is prolonged. Empty means
	// "https://identitysso.betfair.com/api/keepAlive".
	KeepAlive string
	// Catalogue lists markets. Empty means
	// "https://api.betfair.com/exchange/betting/rest/v1.0/listMarketCatalogue/".
	Catalogue string
	// Interactive logs in with user and password alone. Betfair refuses that for accounts with
	// two-step verification.
	Interactive bool
	// RootCAs vouch for the servers. Nil means those of the system.
	RootCAs *x509.CertPool

	// EventTypes are Betfair's ids of sports: "1" soccer, "2" tennis, "7511" baseball, "7522"
	// basketball. None means all.
	EventTypes []string
	// Events are Betfair's ids of events. None means all.
	Events []string
	// Competitions are Betfair's ids of leagues. None means all. They need the catalogue.
	Competitions []string
	// Countries are the countries of the events, by their two letters: "GB". None means all.
	Countries []string
	// MarketTypes are kinds of markets: "MATCH_ODDS", "OVER_UNDER_25", "ASIAN_HANDICAP". None
	// means MATCH_ODDS, unless Markets are given.
	MarketTypes []string
	// Markets are ids of markets: "1.197931750". None means all that the other filters let pass.
	Markets []string
	// Ahead is how long before their start markets are followed. Zero means 24 h.
	Ahead time.Duration
	// NoCatalogue subscribes by the filters themselves, over one connection, or to Markets. Then
	// nobody says what events and runners are called: they are known by their ids.
	NoCatalogue bool

	// Connections is how many are opened to the stream at most. Zero means 4; Betfair allows an
	// account 10 by default.
	Connections int
	// MarketsEach is how many markets one connection follows at most. Zero means 200, which is
	// what Betfair allows by default.
	MarketsEach int
	// Conflate has the stream send the changes of so long together. Zero means each at once.
	Conflate time.Duration
	// Heartbeat is how long the stream may be silent; two of them missed, and the connection is
	// dead. The stream may decide on another. Zero means 5 s.
	Heartbeat time.Duration
	// Levels is how many of the best prices are asked for. Zero means 3.
	Levels int
	// Refresh is how often the catalogue is asked for new markets. Zero means 5 min.
	Refresh time.Duration
	// Prolong is how often the session is prolonged. Zero means 10 min.
	Prolong time.Duration
	// Quiet is how long a connection that sends heartbeats may say nothing of any market before
	// it is asked what has changed meanwhile. It doubles, up to a minute, while the answer is
	// nothing. Zero means 20 s.
	Quiet time.Duration
	// Answer is how long that may take before the connection is dead. Zero means 5 s.
	Answer time.Duration
	// MaxWidth is feed/betfair.Options.MaxWidth.
	MaxWidth float64
	// Jitter draws from [0, 1) how long a connection beside others waits. Nil means at random.
	Jitter func() float64
}

func (o *Options) fill() {
	o.Address = cmp.Or(o.Address, "stream-api.betfair.com:443")
	o.CertLogin = cmp.Or(o.CertLogin, "https://identitysso-cert.betfair.com/api/certlogin")
	o.Login = cmp.Or(o.Login, "https://identitysso.betfair.com/api/login")
	o.KeepAlive = cmp.Or(o.KeepAlive, "https://identitysso.betfair.com/api/keepAlive")
	o.Catalogue = cmp.Or(o.Catalogue, "https://api.betfair.com/exchange/betting/rest/v1.0/listMarketCatalogue/")
	if len(o.MarketTypes) == 0 && len(o.Markets) == 0 {
		o.MarketTypes = []string{"MATCH_ODDS"}
	}
	o.Ahead = cmp.Or(o.Ahead, 24*time.Hour)
	o.Connections, o.MarketsEach, o.Levels = cmp.Or(o.Connections, 4), cmp.Or(o.MarketsEach, 200), cmp.Or(o.Levels, 3)
	o.Heartbeat, o.Refresh, o.Prolong = cmp.Or(o.Heartbeat, 5*time.Second), cmp.Or(o.Refresh, 5*time.Minute), cmp.Or(o.Prolong, 10*time.Minute)
	o.Quiet, o.Answer = cmp.Or(o.Quiet, 20*time.Second), cmp.Or(o.Answer, 5*time.Second)
}

// Venue is the Betfair Exchange. It belongs to one Connector.
type Venue struct {
	o Options

	login struct {
		sync.Mutex          // held while logging in, so that it is done once
		token      string   // of the session; empty: there is none
		wrong      [32]byte // the secrets that are known to be wrong
	}
	parts []*part // kept between sessions
	page  int     // how many markets the catalogue is asked for at once

	mu        sync.Mutex
	throttled int      // guarded by mu: times in a row
	tokens    []string // guarded by mu: those used last
}

// New returns the venue.
func New(o Options) *Venue {
	o.fill()
	return &Venue{o: o, page: 1000}
}

// Name implements connect.Venue.
func (v *Venue) Name() string { return feed.Source }

// Decoder implements connect.Venue.
func (v *Venue) Decoder() frames.Decoder {
	return feed.NewDecoder(feed.Options{MaxWidth: v.o.MaxWidth})
}
