// Package polymarket keeps Polymarket connected: it asks which markets there are, follows their
// books over the public market channel, and scores and phases over the public sports channel. No
// key is needed.
//
// A [Venue] runs under a [connect.Connector]. Its session holds one connection for every
// [Options.PerConnection] markets, one for the sports channel, and one place for what it asks by
// HTTP. What each of them does about what goes wrong is said in docs/feeds/polymarket.md.
package polymarket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/polymarket"
	"corrgraph/server/connect"
)

// Options of New. The zero value follows what is tagged "sports".
type Options struct {
	// Stream is the address of the market channel. Empty means
	// wss://ws-subscriptions-clob.polymarket.com/ws/market.
	Stream string
	// SportsStream is the address of the sports channel. Empty means
	// wss://sports-api.polymarket.com/ws.
	SportsStream string
	// Gamma is where markets are listed. Empty means https://gamma-api.polymarket.com.
	Gamma string
	// CLOB is where books are asked for. Empty means https://clob.polymarket.com.
	CLOB string

	// Sports are tags of events to follow, as polymarket.com spells them in addresses: "soccer".
	Sports []string
	// Leagues are further tags, of leagues: "nba", "epl".
	Leagues []string
	// Events are slugs of events: "nba-nyk-sas-2026-06-03".
	Events []string
	// Assets are ids of tokens; of each its market is followed.
	Assets []string
	// MaxMarkets limits the markets that are followed: those of Assets and Events first, then
	// winners of matches, handicaps and totals, all else; of equals those that start first. Zero
	// means 1000.
	MaxMarkets int
	// PerConnection limits the markets of one connection. Zero means 200: more are known to be
	// dropped silently.
	PerConnection int
	// WithoutSports leaves out the sports channel: then a match is taken to begin on schedule.
	WithoutSports bool

	// Refresh is how often the list of markets is asked for. Zero means 5 minutes.
	Refresh time.Duration
	// FirstBook is how long a market may be without a book before it is asked for again. Zero
	// means 30 s.
	FirstBook time.Duration
	// Silence is how long a connection may say nothing of any market before its books are
	// compared with those of CLOB. Zero means 20 s.
	Silence time.Duration
	// Spot is how often, on each connection, the book of one market is compared, in turn. Zero
	// means 2 s.
	Spot time.Duration
	// Overtime is how long after its scheduled start a match is followed if nobody says that it
	// has ended: some are listed as open for ever. Zero means 24 hours.
	Overtime time.Duration

	// MaxWidth is that of the decoder's options. Zero means its default.
	MaxWidth float64
}

func (o *Options) fill() {
	o.Stream = cmp.Or(o.Stream, "wss://ws-subscriptions-clob.polymarket.com/ws/market")
	o.SportsStream = cmp.Or(o.SportsStream, "wss://sports-api.polymarket.com/ws")
	o.Gamma, o.CLOB = cmp.Or(o.Gamma, "https://gamma-api.polymarket.com"), cmp.Or(o.CLOB, "https://clob.polymarket.com")
	o.MaxMarkets, o.PerConnection = cmp.Or(o.MaxMarkets, 1000), cmp.Or(o.PerConnection, 200)
	o.Refresh, o.FirstBook = cmp.Or(o.Refresh, 5*time.Minute), cmp.Or(o.FirstBook, 30*time.Second)
	o.Silence, o.Spot = cmp.Or(o.Silence, 20*time.Second), cmp.Or(o.Spot, 2*time.Second)
	o.Overtime = cmp.Or(o.Overtime, 24*time.Hour)
	if len(o.Sports)+len(o.Leagues)+len(o.Events)+len(o.Assets) == 0 {
		o.Sports = []string{"sports"}
	}
}

func (o *Options) check() (err error) {
	for _, x := range [...]struct{ name, address string }{{"stream", o.Stream}, {"sports stream", o.SportsStream}, {"gamma", o.Gamma}, {"clob", o.CLOB}} {
		if u, bad := url.Parse(x.address); bad != nil || u.Host == "" {
			err = errors.Join(err, fmt.Errorf("polymarket: the address of %s has no host: give it as scheme://host/path", x.name))
		}
	}
	if min(o.MaxMarkets, o.PerConnection) < 1 || min(o.Refresh, o.FirstBook, o.Silence, o.Spot, o.Overtime) < 0 {
		err = errors.Join(err, errors.New("polymarket: limits and intervals must not be negative"))
	}
	return err
}

// Venue implements [connect.Venue].
type Venue struct{ o Options }

// New returns the venue. An error says which option is wrong.
func New(o Options) (*Venue, error) {
	o.fill()
	return &Venue{o}, o.check()
}

// Name implements [connect.Venue].
func (*Venue) Name() string { return feed.Source }

// Decoder implements [connect.Venue].
func (v *Venue) Decoder() frames.Decoder { return feed.New(feed.Options{MaxWidth: v.o.MaxWidth}) }

// Connections is how many places a session needs at the most: connect.Options.Connections must
// not be less.
func (v *Venue) Connections() int {
	n := (v.o.MaxMarkets+v.o.PerConnection-1)/v.o.PerConnection + 1
	if !v.o.WithoutSports {
		n++
	}
	return n
}

var errOver = errors.New("the session is over")

// Session implements [connect.Venue].
func (v *Venue) Session(ctx context.Context, l *connect.Line) error {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &session{o: v.o, l: l, failed: make(chan error, 1), over: make(chan string, 64), at: map[string]*stream{}, ended: map[string]bool{}}
	defer func() {
		cancel(errOver)
		s.running.Wait()
	}()
	var err error
	if s.asks, err = l.Open(ctx); err != nil {
		return err
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if !v.o.WithoutSports {
		s.running.Go(func() { s.sports(ctx) })
	}
	return s.follow(ctx)
}
