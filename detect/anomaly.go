package detect

import "corrgraph/odds"

// Severity grades an anomaly by its size times its confidence.
type Severity string

// The severities. Each can occur in every layer.
const (
	SeverityLow      Severity = "LOW"
	SeverityMedium   Severity = "MEDIUM"
	SeverityHigh     Severity = "HIGH"
	SeverityCritical Severity = "CRITICAL"
)

// Anomaly is one departure of an edge or node from its own history.
type Anomaly struct {
	Kind       string
	Layer      odds.Layer
	Event      string
	Nodes      []odds.NodeID // leader first, if there is one
	At         odds.Time     // event time of the first abnormal tick
	Until      odds.Time     // when it ended; 0 while it lasts
	Severity   Severity
	Band       odds.Band
	Confidence float64
	Size       float64 // how far out, in the unit named in Evidence
	Strength   float64 // size in units of the detector's threshold: 1 is just abnormal
	Evidence   Evidence
	Suppressed string // why it was not raised; empty if it was
}

// Key identifies an anomaly across its reports: a later one with the same key replaces an
// earlier one. A follower that is late after several leaders is one anomaly.
type Key struct {
	Kind  string
	Layer odds.Layer
	Event string
	Node  odds.NodeID // the last one, the follower if there is a leader; empty without nodes
	At    odds.Time
}

// Key returns the anomaly's key.
func (a *Anomaly) Key() Key {
	k := Key{Kind: a.Kind, Layer: a.Layer, Event: a.Event, At: a.At}
	if n := len(a.Nodes); n > 0 {
		k.Node = a.Nodes[n-1]
	}
	return k
}

// Evidence holds what a person needs to check an anomaly: the numbers compared, the ticks
// and their ages, and the curve if there is one.
type Evidence struct {
	Text   string  `json:"text"` // one sentence in trade terms
	Unit   string  `json:"unit,omitempty"`
	Now    float64 `json:"now"`
	Usual  float64 `json:"usual"`
	Spread float64 `json:"spread"` // s.d. of the usual value
	N      int     `json:"n"`      // points of history behind Usual
	Ticks  []Tick  `json:"ticks,omitempty"`
	Bets   *Bets   `json:"bets,omitempty"` // of an arbitrage
	// Suspected is why a raised anomaly is probably not what it seems; empty if nothing says
	// so.
	Suspected string `json:"suspected,omitempty"`
	// Curve is the link's correlogram, one z per lag bin: the left half has the follower
	// first, the right half the leader. Nil if there is no link.
	Curve []float64 `json:"curve,omitempty"`
}

// Tick is a price shown as evidence.
type Tick struct {
	Node  odds.NodeID `json:"node"`
	At    odds.Time   `json:"at"`
	Price float64     `json:"price"` // decimal odds as quoted
	Value float64     `json:"value"` // log-odds, margin removed, line included
	AgeMs odds.Millis `json:"age_ms"`
}
