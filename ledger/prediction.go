package ledger

import "corrgraph/odds"

// Outcome is how a prediction ended.
type Outcome string

// The outcomes. Matured predictions are hits, late, wrong or missed ones;
// already-moved and void ones are counted apart.
const (
	Pending      Outcome = "pending"
	Hit          Outcome = "hit"           // same sign, at least half the size, inside the interval
	Late         Outcome = "late"          // the same after the interval, within its length again
	WrongSign    Outcome = "wrong_sign"    // at least half the size, the other way
	Missed       Outcome = "miss"          // nothing of the size
	AlreadyMoved Outcome = "already_moved" // the follower moved with the leader, before there was anything to predict
	Void         Outcome = "void"          // no quote of the follower in the interval
)

// Prediction says before the fact that a follower will move: issued when the
// leader of a discovered family moved by at least 2 r.m.s., from what was known
// then alone.
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
	Confidence     float64   // of the family when it was issued
	Outcome        Outcome
	ResolvedAt     odds.Time
	Actual         float64     // the follower's move in the interval
	LeadTime       odds.Millis // follower's move − issue; 0 unless hit
	Base           float64     // base rate: share of hits of the same rule at times of equal activity
	BaseN          int
	Baselines      map[string]bool // by baseline: whether the simple rule would have been right
}
