// Package connect keeps venues connected: it reads what they send, knows how far each market can
// be trusted, and hands the prices over to whoever accepts ticks.
//
// A [Venue] speaks one protocol. A [Connector] runs it: it connects again and again, with
// jittered back-off that only an image of a market resets, records what was read, and has a
// [frames.Decoder] say what it means. What a connection finds out itself (it was lost, a market
// is silent) goes the same way, as a notice, so a recording tells the same again.
//
// Alive sockets say nothing of their markets: a market that was asked for and not answered, or
// is silent for too long, is told as such.
package connect

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Venue speaks one venue's protocol.
type Venue interface {
	// Name is the venue as in the configuration: "polymarket".
	Name() string
	// Decoder returns a new decoder of its frames.
	Decoder() frames.Decoder
	// Session connects, subscribes and reads until ctx ends or the connection is of no use any
	// more. It always returns an error, which says why: the Connector connects again, unless it
	// wraps ErrRefused. It may hold several connections at once, and closes all it opened.
	Session(ctx context.Context, l *Line) error
}

// Mapped is a Venue whose messages mean what a map says, which its recordings hold.
type Mapped interface{ Map() string }

// ErrRefused says that connecting again is of no use before somebody has done something: a key
// is wrong, a right is missing. The Connector tries again every five minutes and says what.
var ErrRefused = errors.New("refused")

// World is everything outside of the process that a Venue may use. Timers are those of package
// time: tests run in testing/synctest, with connections in memory.
type World struct {
	// Dial opens connections. Nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// HTTP asks and opens websockets. Nil means a client with limits, by Dial.
	HTTP *http.Client
	// Secret returns a secret by its name; an error says where it was looked for.
	Secret func(name string) (string, error)
	// Clock is the wall clock. Nil means time.Now.
	Clock func() time.Time
	Log   *slog.Logger
}

// Emit hands over what a venue said. It waits while no more can be taken.
type Emit func(ctx context.Context, b []*odds.Batch) error
