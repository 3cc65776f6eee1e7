package leadlag

import (
	"corrgraph/odds"
	"corrgraph/series"
)

// Sample is what the check of one decision on many families rests on. It never changes.
type Sample struct {
	At       odds.Time // of the decision, in event time
	Seed     uint64
	Families []Sampled // by Key
}

// Sampled is what a sample holds of a family. It need not have a part in all of the check.
type Sampled struct {
	Key     uint64 // hash of the family and the decision
	Name    string // leader first
	Axis    *Axis
	Pairs   []SampledPair // by their keys
	Verdict Verdict
	Decoys  []float64 // for mismatched copies: the scores of its decoys; nil if it has no part in them
	Roles   *Case     // for exchanges of roles: what they rest on; nil if it has no part in them
	Lags    []int64   // for a second opinion: where it is asked; nil if it is not
}

// SampledPair is two series of an event, with the newest of their moves.
type SampledPair struct {
	Key   uint64 // hash of the pair and the decision
	Event string
	Teams [2]string // or players; empty if there is none
	Sign  float64   // −1 if B's sign must be inverted
	A, B  []series.Increment
}
