// Package truth describes a simulated market: the planted links, the pairs without
// any, and every disturbance. The simulator writes it and the scorer reads it,
// independently of each other; no estimator imports either.
//
// One rule decides everything that is not listed. Planted links join markets into
// components. An edge inside a component that is not planted is implied (A → B and
// A → C imply B – C). An edge between two components is false.
package truth

import (
	"encoding/json"
	"fmt"
	"io"

	"corrgraph/odds"
)

// Truth describes one simulated market.
type Truth struct {
	Preset      string       `json:"preset"`
	Seed        uint64       `json:"seed"`
	Start       odds.Time    `json:"start"`
	End         odds.Time    `json:"end"` // newest event time
	Quotes      int          `json:"quotes"`
	Batches     int          `json:"batches"`
	Venues      []Venue      `json:"venues"`
	Events      []Event      `json:"events"`
	Links       []Link       `json:"links"`
	Nulls       []Null       `json:"nulls"`
	Shocks      []Shock      `json:"shocks"`
	Suspensions []Suspension `json:"suspensions"`
	Outliers    []Outlier    `json:"outliers"`
	LineMoves   []LineMove   `json:"line_moves"`
	MarginMoves []MarginMove `json:"margin_moves"`
}

// Venue is a bookmaker, with its role and polling step.
type Venue struct {
	Name   string      `json:"name"`
	Role   string      `json:"role"`    // "leader", "follower", "copy", "independent", "varies" (by event)
	StepMs odds.Millis `json:"step_ms"` // polling step; 0 for a stream stamped to the millisecond
	Source string      `json:"source"`  // venues with the same polled source share its poll clock
}

// Event is a simulated match.
type Event struct {
	ID     string    `json:"id"`
	Sport  string    `json:"sport"`
	League string    `json:"league"`
	Home   string    `json:"home"`
	Away   string    `json:"away"`
	Start  odds.Time `json:"start"`
}

// Link is a planted edge: a Share of the leader's moves reappears at the follower
// after LagMs·(1+Jitter·N(0,1)), times Beta. Leader and follower are nodes of the
// selections whose log-odds move as the sign of Beta says.
type Link struct {
	Layer    odds.Layer  `json:"layer"`
	Leader   odds.NodeID `json:"leader"`
	Follower odds.NodeID `json:"follower"`
	Family   string      `json:"family"` // shared by the links of one mechanism
	Relation string      `json:"relation,omitempty"`
	LagMs    odds.Millis `json:"lag_ms"` // before any polling
	Jitter   float64     `json:"jitter"`
	Beta     float64     `json:"beta"`
	Share    float64     `json:"share"`
	R2       float64     `json:"r2"` // copied share of the follower's variance
}

// Null is a pair of nodes that are independent by construction.
type Null struct {
	A    odds.NodeID `json:"a"`
	B    odds.NodeID `json:"b"`
	Kind string      `json:"kind"`
}

// Shock is a score: every venue of the event suspends within the same second
// and reopens at a new price.
type Shock struct {
	Event    string      `json:"event"`
	At       odds.Time   `json:"at"`
	Until    odds.Time   `json:"until"`     // when the last venue has reopened
	Size     float64     `json:"size"`      // h2h home, log-odds
	SpreadMs odds.Millis `json:"spread_ms"` // from the first to the last venue to suspend
}

// Suspension is a period in which a venue suspended a market. Node is the market's
// first selection.
type Suspension struct {
	Node  odds.NodeID `json:"node"`
	At    odds.Time   `json:"at"`
	Until odds.Time   `json:"until"`
}

// Outlier is a single wrong price that is corrected afterwards.
type Outlier struct {
	Node  odds.NodeID `json:"node"`
	At    odds.Time   `json:"at"`
	Until odds.Time   `json:"until"`
	Price float64     `json:"price"`
	Fair  float64     `json:"fair"` // the price before it
}

// LineMove is a change of a main line that its price offsets: logit(p) − Slope·line
// for spreads and logit(p) + Slope·line for totals are unchanged, with the line of
// the node's selection. At is when the new line was first seen.
type LineMove struct {
	Node  odds.NodeID `json:"node"`
	At    odds.Time   `json:"at"`
	From  float64     `json:"from"`
	To    float64     `json:"to"`
	Slope float64     `json:"slope"` // log-odds per point
}

// MarginMove is a change of only the overround.
type MarginMove struct {
	Node odds.NodeID `json:"node"`
	At   odds.Time   `json:"at"` // a polled venue shows it at its next poll
	From float64     `json:"from"`
	To   float64     `json:"to"`
}

// Write writes t as indented JSON.
func (t *Truth) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	if err := e.Encode(t); err != nil {
		return fmt.Errorf("writing the truth: %w", err)
	}
	return nil
}

// Read reads the output of Write. A text without events is an error.
func Read(r io.Reader) (*Truth, error) {
	t := new(Truth)
	if err := json.NewDecoder(r).Decode(t); err != nil {
		return nil, fmt.Errorf("reading the truth: %w", err)
	}
	if len(t.Events) == 0 {
		return nil, fmt.Errorf("reading the truth: no events in it: was it written by corrgraph simulate?")
	}
	return t, nil
}
