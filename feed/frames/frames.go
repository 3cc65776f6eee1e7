// Package frames is what a connection to a venue reads, as it was read: raw frames with the time
// of their receipt. A [Decoder] says what they mean. A connection and the replay of its recording
// use the same one, so a recording says again what was said live.
package frames

import (
	"corrgraph/odds"
)

// Kind is what a frame is.
type Kind string

// The kinds of frames.
const (
	In   Kind = "in"   // what the venue sent
	Out  Kind = "out"  // what it was sent, without secrets
	Note Kind = "note" // what the connection found out itself: a Notice in JSON
)

// Frame is one message of a connection. It never changes.
type Frame struct {
	Recv    odds.Time // by our clock
	Conn    int       // which connection to the venue it came over, from 1; a new attempt is another one
	Kind    Kind
	Channel string // which of the venue's: "market", "sports", "GET /events"
	Data    []byte
}

// Notice is what a connection found out itself.
type Notice struct {
	State   State    `json:"state"` // Subscribed, Stale or Gap
	Why     string   `json:"why,omitempty"`
	Markets []string `json:"markets,omitempty"` // by the venue's ids; none: all of the connection's
}

// State is how far what is known of a market can be trusted.
type State string

// The states of a market. Only in Live its prices are those of the venue; in Stale and Gap
// nobody is told a price. A socket that is alive says nothing of its markets.
const (
	Idle       State = "idle"       // known, and not asked for
	Subscribed State = "subscribed" // asked for, and not yet answered by an image
	Live       State = "live"
	Stale      State = "stale" // nothing is wrong that can be told, but it was silent for too long, or the venue says that it is late
	Gap        State = "gap"   // something was lost; until the next image nothing is known
)

// Change is a new state of a market.
type Change struct {
	Market string // by the venue's id
	State  State
	Why    string // of Stale and Gap
}

// Market is what a venue's market is called.
type Market struct {
	Event *odds.Event
	Venue string // as in odds.Update
	Name  string // as in odds.Update
	Rules string // by which it is settled, in the venue's words, cut to MaxRules; empty: not known
}

// MaxRules is how many bytes of a market's rules are kept.
const MaxRules = 4000

// Standing is how far a market can be trusted, why and since when.
type Standing struct {
	Source string // the venue that it is read from: "polymarket"
	ID     string // the venue's
	Market Market
	Known  bool // Market is set
	State  State
	Why    string
	Since  odds.Time
	Heard  odds.Time // when it was last heard of; 0 never
}

// Told is what a frame said.
type Told struct {
	Batches []*odds.Batch // in order; Source is the connector's, Recv that of the frame
	Changes []Change
	Heard   []string // markets that a frame was about, changed or not
	Doubts  []string // markets of which an answer said something else than what was streamed; a session asks again
	Unknown []string // types and members of messages that the decoder does not know; it goes on without them
}

// Decoder knows what the frames of one venue mean. It holds the books of its markets. It is not
// safe for concurrent use.
type Decoder interface {
	// Frame takes the next frame, in order of receipt. After an error, which says what could not
	// be read, the rest of the frame counts and the decoder goes on.
	//
	// A Notice of Stale or Gap ends the prices of its markets: they are told as odds.Unknown,
	// stamped with the receipt of the frame, once. The next image of each makes it Live again.
	Frame(f *Frame) (Told, error)
	// Market says what a market is that a frame has named; ok is false if none has.
	Market(id string) (m Market, ok bool)
}
