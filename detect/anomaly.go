package detect

import (
	"fmt"
	"slices"
	"strings"

	"corrgraph/odds"
)

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
	// Origin is where the move that a hidden edge waits to see followed probably began.
	Origin *Began `json:"origin,omitempty"`
	// Cause is what was told of the match shortly before: why prices of many venues move at once. It
	// does not make the anomaly less severe. Nil if nothing was told.
	Cause *Cause `json:"cause,omitempty"`
	// Call is the id of the forecast behind it, whose bet has marks too, from when it was made.
	Call string `json:"call,omitempty"`
	// Marks are what its prices did after it was first told, raised or suppressed: in order of
	// time, each for every price. Nil until they are complete, and for kinds without a price to
	// take.
	Marks []Mark `json:"marks,omitempty"`
}

// Cause is something that happened in a match.
type Cause struct {
	Kind  odds.MarkKind `json:"kind" enum:"score,period,status"`
	Value string        `json:"value"` // "1-0", in the source's spelling
	Was   string        `json:"was"`   // before
	At    odds.Time     `json:"at"`    // when its source told it
}

// Mark is one price of an anomaly some time after the anomaly was first told. What pointers point
// to is never changed.
type Mark struct {
	Node    odds.NodeID `json:"node"`
	AfterMs odds.Millis `json:"after_ms"` // 5, 30, 60 or 300 s
	Was     *float64    `json:"was"`      // the venue's own price when the anomaly was first told, decimal; null: none
	Fee     *float64    `json:"fee"`      // share of net winnings that the venue keeps; null: unknown
	At      *odds.Time  `json:"at"`       // the first look at the match from then on, at most twice as late; null: none came
	Price   *float64    `json:"price"`    // the venue's own, decimal; null: none on this line, or not polled since
	PriceAt *odds.Time  `json:"price_at"` // its newest quote by then; null without a price
	Fair    *float64    `json:"fair"`     // probability of the outcome by the other venues; null: too few groups of them
	FairAt  *odds.Time  `json:"fair_at"`  // the newest quote behind it, or the look that a bet was marked at; null without it
}

// Began is where a wave of moves probably began.
type Began struct {
	Venue    string   `json:"venue"`    // the most probable one
	P        float64  `json:"p"`        // how probable
	Told     bool     `json:"told"`     // it is more probable than all others together
	Earliest []string `json:"earliest"` // the venues with the earliest stamp
	// ResolutionMs is that of the coarsest source: how much earlier than its stamp each venue
	// may have moved.
	ResolutionMs odds.Millis `json:"resolution_ms"`
}

// Clone returns a copy that shares no memory with o; nil of nil.
func (o *Began) Clone() *Began {
	if o == nil {
		return nil
	}
	c := *o
	c.Earliest = slices.Clone(o.Earliest)
	return &c
}

// String is "the move likely began at a (P .62); earliest stamp b", or that it is not told.
func (o *Began) String() string {
	p := strings.TrimPrefix(fmt.Sprintf("%.2f", min(o.P, 0.99)), "0")
	s := fmt.Sprintf("where the move began is not told, most probably at %s (P %s)", o.Venue, p)
	if o.Told {
		s = fmt.Sprintf("the move likely began at %s (P %s)", o.Venue, p)
	}
	if len(o.Earliest) == 1 {
		return s + "; earliest stamp " + o.Earliest[0]
	}
	return fmt.Sprintf("%s; equal earliest stamps %s, told apart to %g s", s, strings.Join(o.Earliest, ", "), float64(max(o.ResolutionMs, 20))/1000)
}

// Tick is a price shown as evidence.
type Tick struct {
	Node  odds.NodeID `json:"node"`
	At    odds.Time   `json:"at"`
	Price float64     `json:"price"` // decimal odds as quoted
	Value float64     `json:"value"` // log-odds, margin removed, line included
	AgeMs odds.Millis `json:"age_ms"`
}
