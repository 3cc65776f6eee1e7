package ledger

import "corrgraph/odds"

// Outcome is how a prediction was settled.
type Outcome string

// The outcomes. Hits, late, wrong and missed predictions are matured; already-moved and
// void ones are counted separately.
const (
	Pending      Outcome = "pending"
	Hit          Outcome = "hit"           // same sign, at least half the size, inside the interval
	Late         Outcome = "late"          // the same within one interval's length after the interval
	WrongSign    Outcome = "wrong_sign"    // at least half the size, in the opposite direction
	Missed       Outcome = "miss"          // no move of that size
	AlreadyMoved Outcome = "already_moved" // the follower moved with the leader, leaving nothing to predict
	Void         Outcome = "void"          // no quote of the follower in the interval
)

// Prediction is a forecast that a follower will move. It is issued when the leader of a
// discovered family has moved by at least 2 r.m.s., using only data known at that time.
type Prediction struct {
	ID             string // deterministic: family, leader move
	Family         string // graph.FamilyKey of the family it rests on
	Layer          odds.Layer
	Event          string
	Source, Target odds.NodeID
	IssuedAt       odds.Time // event time of the leader's move
	From, To       odds.Time // arrival interval
	Move           float64   // the leader's move, log-odds
	Size           float64   // β·Move, signed
	P              float64   // stated probability of a hit
	Confidence     float64   // of the family at the time of issue
	Outcome        Outcome
	ResolvedAt     odds.Time
	Actual         float64     // the follower's move in the interval
	LeadTime       odds.Millis // follower's move − issue; 0 unless hit
	Base           float64     // base rate: hit rate of the same rule at times of equal activity
	BaseN          int
	Baselines      map[string]bool // by baseline: whether it would have been right
}
