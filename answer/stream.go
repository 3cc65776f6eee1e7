package answer

import (
	"cmp"

	"corrgraph/engine"
	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Message is one event of the stream. Its JSON is the event's data, its kind the
// event's name.
type Message interface {
	Kind() string
	message() // implemented only in this package
}

// Moved is a move of a price.
type Moved struct {
	Node    odds.NodeID `json:"node"`
	EventID string      `json:"event_id"`
	Title   string      `json:"title"`
	At      odds.Time   `json:"at"`
	Move    float64     `json:"move"`  // log-odds, since this node's last message
	Value   float64     `json:"value"` // after the move
	Price   *float64    `json:"price"` // null for a consensus
	RMS     float64     `json:"rms"`   // of the node's earlier moves; 0 unknown
}

// Issued is a new forecast, or an open one of the same id that was revised.
type Issued struct{ Forecast }

// Settled is a forecast with its outcome.
type Settled struct{ Forecast }

// Raised is an anomaly that began, changed or ended.
type Raised struct{ Anomaly }

// Renewed says that an event's graph has a new version.
type Renewed struct {
	EventID string    `json:"event_id"`
	AsOf    odds.Time `json:"as_of"`
	Version uint64    `json:"version"`
}

// Decided says that families were judged again.
type Decided struct {
	At       odds.Time `json:"at"`
	Families int       `json:"families"`
}

// Gap says that messages or polls are missing.
type Gap struct {
	Scope  string `json:"scope"` // "stream": this client was too slow; "feed": a source did not answer
	Source string `json:"source,omitempty"`
	Missed uint64 `json:"missed"` // messages, or polls
}

// Continuity says how far the prices of a market at a venue that the service reads itself can be
// relied on, why and since when.
type Continuity struct {
	Venue  string     `json:"venue"`
	Market string     `json:"market"`   // by the venue's id
	Title  string     `json:"title"`    // of its event; empty: not known yet
	Event  string     `json:"event_id"` // by the venue's id
	Name   string     `json:"name"`     // of the market
	State  string     `json:"state" enum:"idle,subscribed,live,stale,gap"`
	Why    string     `json:"why"` // not live
	Since  odds.Time  `json:"since"`
	Heard  *odds.Time `json:"heard"` // when it was last heard of; null: never
}

// Connected is the first message of every stream.
type Connected struct {
	AsOf      odds.Time `json:"as_of"`
	Now       odds.Time `json:"now"`  // what time it is: ages of prices count from there
	Rate      float64   `json:"rate"` // seconds of that time that pass in a second; 0: it stands
	Boot      string    `json:"boot"` // of the process; message ids of another are not valid here
	Resumed   bool      `json:"resumed"`
	Heartbeat int64     `json:"heartbeat_ms"`
}

// Resync says that earlier messages are lost: fetch everything again.
type Resync struct {
	AsOf odds.Time `json:"as_of"`
}

// Heartbeat says that there was no other message.
type Heartbeat struct {
	AsOf odds.Time `json:"as_of"`
	Now  odds.Time `json:"now"`
	Rate float64   `json:"rate"`
}

// Bye is the last message.
type Bye struct {
	Reason string `json:"reason"`
}

// Kind implements Message.
func (Moved) Kind() string      { return "move" }
func (Issued) Kind() string     { return "prediction" }
func (Settled) Kind() string    { return "outcome" }
func (Raised) Kind() string     { return "anomaly" }
func (Renewed) Kind() string    { return "graph" }
func (Decided) Kind() string    { return "decision" }
func (Gap) Kind() string        { return "gap" }
func (Continuity) Kind() string { return "continuity" }
func (Connected) Kind() string  { return "connected" }
func (Resync) Kind() string     { return "resync" }
func (Heartbeat) Kind() string  { return "heartbeat" }
func (Bye) Kind() string        { return "bye" }

func (Moved) message()      {}
func (Issued) message()     {}
func (Settled) message()    {}
func (Raised) message()     {}
func (Renewed) message()    {}
func (Decided) message()    {}
func (Gap) message()        {}
func (Continuity) message() {}
func (Connected) message()  {}
func (Resync) message()     {}
func (Heartbeat) message()  {}
func (Bye) message()        {}

// NewContinuity returns how far a market can be relied on as a message.
func NewContinuity(m *frames.Standing) Continuity {
	c := Continuity{Venue: m.Source, Market: m.ID, Name: m.Market.Name, State: string(m.State), Why: m.Why, Since: m.Since}
	if e := m.Market.Event; e != nil {
		c.Event, c.Title = e.ID, cmp.Or(e.Title, e.Away+" @ "+e.Home)
	}
	if m.State == frames.Subscribed && c.Why == "" {
		c.Why = "asked for, and not answered yet"
	}
	if m.Heard != 0 {
		c.Heard = &m.Heard
	}
	return c
}

// NewMoved returns a move of a series as a message.
func NewMoved(m *engine.Move, names Names) Moved {
	out := Moved{Node: m.Node, EventID: m.Event, Title: names.Event(m.Event), At: m.At, Move: m.Raw, Value: m.Value, RMS: m.RMS}
	if m.Price != 0 {
		out.Price = &m.Price
	}
	return out
}
