// Package kalshi connects to Kalshi: it asks the REST interface which markets there are, and reads
// their books over the websocket, version 2. It needs an API key, because the handshake is signed
// even for public data.
//
// Markets are spread over connections of [Options.PerConnection]. A connection has one
// subscription a channel. If the books of a subscription are lost, or a market is not shown, its
// books are asked for again: first by get_snapshot, then by taking the markets out of the
// subscription and adding them again, then by a new subscription, at last over a new connection.
// A market that can't be had while others can is given up until the list of markets is refreshed.
//
// A subscription that says nothing is asked for the image of one of its markets, in turn: a quiet
// market answers, a frozen connection does not.
package kalshi

import (
	"cmp"
	"context"
	"time"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// Options of New. The zero value follows the games of all known leagues.
type Options struct {
	// Socket is the websocket's address. Empty means wss://external-api-ws.kalshi.com/trade-api/ws/v2.
	Socket string
	// REST is the address of the REST interface. Empty means https://external-api.kalshi.com/trade-api/v2.
	REST string
	// KeyID is the name of the secret that holds the id of the API key. Empty means kalshi_key_id.
	KeyID string
	// PrivateKey is the name of the secret that holds its RSA key, in PEM. Empty means
	// kalshi_private_key.
	PrivateKey string

	// Sports are the sports whose games are followed ("basketball"). With Leagues, a league of
	// either counts. Empty, and none of the other filters set: those of all known leagues.
	Sports []string
	// Leagues are the leagues whose games are followed ("nba"). Empty means none beside Sports.
	Leagues []string
	// Series are tickers of series that are followed, of games or not ("KXFED"). Empty means none.
	Series []string
	// Events are tickers of events that are followed ("KXNBAGAME-25DEC25CLENYK"). Empty means none.
	Events []string
	// Tickers are tickers of single markets that are followed. Empty means none.
	Tickers []string

	// MaxMarkets limits how many markets are followed: those that end first. Zero means 1000.
	MaxMarkets int
	// PerConnection is how many markets are read over one connection. Zero means 500.
	PerConnection int
	// PerCommand is how many markets one command names. Zero means 100.
	PerCommand int
	// Refresh is how often the list of markets is asked for again. Zero means 5 min.
	Refresh time.Duration
	// Pause is the least time between two requests of REST. Zero means 100 ms.
	Pause time.Duration
	// Quiet is how long a subscription of books may say nothing before it is asked for an image.
	// Zero means 15 s.
	Quiet time.Duration
	// Answer is how long an answer to a command may take before the connection counts as dead.
	// Zero means 10 s.
	Answer time.Duration
	// Dead is how long nothing may come, not even a ping, before the connection counts as dead.
	// Kalshi pings every 10 s. Zero means 30 s.
	Dead time.Duration
	// Repair is how long each step of a repair may take. Zero means 5 s.
	Repair time.Duration
	// MaxWidth is the widest book that has a price, in log-odds. Zero means 0.5.
	MaxWidth float64
}

func (o *Options) fill() {
	o.Socket = cmp.Or(o.Socket, "wss://external-api-ws.kalshi.com/trade-api/ws/v2")
	o.REST = cmp.Or(o.REST, "https://external-api.kalshi.com/trade-api/v2")
	o.KeyID, o.PrivateKey = cmp.Or(o.KeyID, "kalshi_key_id"), cmp.Or(o.PrivateKey, "kalshi_private_key")
	o.MaxMarkets, o.PerConnection, o.PerCommand = cmp.Or(o.MaxMarkets, 1000), cmp.Or(o.PerConnection, 500), cmp.Or(o.PerCommand, 100)
	o.Refresh, o.Pause = cmp.Or(o.Refresh, 5*time.Minute), cmp.Or(o.Pause, 100*time.Millisecond)
	o.Quiet, o.Answer = cmp.Or(o.Quiet, 15*time.Second), cmp.Or(o.Answer, 10*time.Second)
	o.Dead, o.Repair = cmp.Or(o.Dead, 30*time.Second), cmp.Or(o.Repair, 5*time.Second)
}

// Venue implements [connect.Venue].
type Venue struct{ o Options }

// New returns the venue.
func New(o Options) *Venue {
	o.fill()
	return &Venue{o}
}

// Name implements [connect.Venue].
func (v *Venue) Name() string { return feed.Source }

// Decoder implements [connect.Venue].
func (v *Venue) Decoder() frames.Decoder {
	return feed.NewDecoder(feed.Options{MaxWidth: v.o.MaxWidth})
}

// Session implements [connect.Venue].
func (v *Venue) Session(ctx context.Context, l *connect.Line) error {
	key, err := v.key(l.World())
	if err != nil {
		return err
	}
	first, err := l.Open(ctx)
	if err != nil {
		return err
	}
	s := &session{o: &v.o, line: l, rest: &rest{o: &v.o, world: l.World(), key: key}, conn: first}
	return s.run(ctx)
}
