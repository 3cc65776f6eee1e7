// Package store defines the results that a run leaves behind, the errors of the
// backends that keep them, and the audit log with its writer. Backends live in
// subpackages and share the contract suite of package storetest.
package store

import (
	"errors"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Errors that callers tell apart. Backends wrap them with the file and what to
// do next.
var (
	ErrNewer    = errors.New("the store was written by a newer version")
	ErrInUse    = errors.New("the store is in use by another process")
	ErrNotStore = errors.New("not a corrgraph store")
	ErrDamaged  = errors.New("the store is damaged")
	ErrFull     = errors.New("no space left for the store")
	ErrReplaced = errors.New("the file that was opened is gone, put it back or restart")
	ErrDevig    = errors.New("the store was built with another de-vig method")
	ErrDeadline = errors.New("the statement was interrupted at its deadline")
)

// Group is a set of venues that count as one piece of evidence in a league.
type Group struct {
	Sport, League string
	Venues        []string // sorted, two or more
}

// Ambiguity is a name that could mean more than one thing and was therefore not
// merged.
type Ambiguity struct {
	Kind       string // "participant", "event"
	Name       string
	Candidates []string
	Why        string
}

// Results is everything that a replay concludes. Writing it replaces what the
// store concluded before, in one transaction; rows that other programs wrote to
// multi_layer_correlations stay.
type Results struct {
	AsOf        odds.Time // newest event time
	Events      []catalog.Event
	Families    []graph.Family
	Groups      []Group
	Edges       []graph.Edge
	Anomalies   []detect.Anomaly
	Predictions []ledger.Prediction
	Ambiguities []Ambiguity
	// Documents are named JSON texts kept whole: "summary" (the answer of
	// replay), "scorecard", "nodes"…
	Documents map[string][]byte
}
