// Package contract says which bets of different venues are the same bet, and how others are
// related. Two questions that read alike seldom are: who or what says so is part of each link,
// and until somebody has confirmed it no link has any effect.
//
// Everything here is pure: no clock, no state.
package contract

import "corrgraph/odds"

// Relation is how bet A is related to bet B.
type Relation string

// The relations.
const (
	Identity   Relation = "identity"   // A pays if and only if B does
	Complement Relation = "complement" // A pays if and only if B does not
	Subset     Relation = "subset"     // whenever A pays B does too
	Superset   Relation = "superset"   // whenever B pays A does too
	Overlap    Relation = "overlap"    // both may pay, or only one
	Disjoint   Relation = "disjoint"   // never do both pay
)

// Bet names a bet; without Selection a market, without Market an event as a whole.
type Bet struct {
	EventID    string    `json:"event_id"` // the product's id for the event
	Title      string    `json:"title"`    // of the event
	Sport      string    `json:"sport"`
	League     string    `json:"league"`
	Start      odds.Time `json:"start"`      // 0 unknown
	Venues     []string  `json:"venues"`     // that quote it, sorted
	Market     string    `json:"market"`     // "" the event as a whole
	Selection  string    `json:"selection"`  // "" the market as a whole
	Settlement string    `json:"settlement"` // as in odds.Terms; "" not stated
	Rules      string    `json:"rules"`      // in the venue's words, cut to MaxRules; "" not stated
}

// MaxRules is how many bytes of a venue's rules are kept.
const MaxRules = 4000

// State is how far a link can be believed.
type State string

// The states. Only Confirmed links, by a rule or a person, have an effect.
const (
	Candidate State = "candidate" // it looks like one
	Confirmed State = "confirmed"
	Rejected  State = "rejected" // a person said that they are not related, or not so
)

// ByRule is who confirmed a link that the catalogue made: same sides, start and market.
const ByRule = "rule"

// Link is how two bets of different venues are related, and who says so.
type Link struct {
	ID       string    `json:"id"` // the same for the same two bets, in either order
	A        Bet       `json:"a"`
	B        Bet       `json:"b"`
	Relation Relation  `json:"relation"` // of a candidate: what it looks like
	State    State     `json:"state"`
	By       string    `json:"by"`       // "rule", or the name of who decided; "" of a candidate
	Likeness float64   `json:"likeness"` // 0 to 1, of their words; no probability
	For      []string  `json:"for"`      // what speaks for it, a sentence each
	Against  []string  `json:"against"`  // what speaks against it, and what nobody states
	Effect   string    `json:"effect"`   // what follows from it, in a sentence
	Note     string    `json:"note"`     // of who decided
	Since    odds.Time `json:"since"`    // when it was decided; of a candidate 0
}
