// Package store defines the stored results of a run, the errors of storage backends, and
// the audit log with its writer. Backends are subpackages and share the contract suite of
// package storetest.
package store

import (
	"errors"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Errors for callers to test for. Backends wrap them with the file and what to do next.
var (
	ErrNewer    = errors.New("the store was written by a newer version")
	ErrInUse    = errors.New("the store is in use by another process")
	ErrNotStore = errors.New("not a corrgraph store")
	ErrDamaged  = errors.New("the store is damaged")
	ErrFull     = errors.New("no space left for the store")
	ErrReplaced = errors.New("a file of the open store was removed, replaced or cut: put it back or restart")
	ErrSchema   = errors.New("the store's schema was changed")
	ErrDevig    = errors.New("the store was built with a different de-vig method")
	ErrDeadline = errors.New("the statement was interrupted at its deadline")
)

// Group is a set of venues of a league that count as one piece of evidence.
type Group struct {
	Sport, League string
	Venues        []string // sorted, two or more
}

// Results is everything a replay concludes. Writing it replaces the store's earlier
// conclusions in one transaction; rows that other programs wrote to
// multi_layer_correlations stay.
type Results struct {
	AsOf        odds.Time // newest event time
	Events      []catalog.Event
	Families    []graph.Family
	Groups      []Group
	Edges       []graph.Edge
	Anomalies   []detect.Anomaly
	Predictions []ledger.Prediction
	// Documents are named JSON texts stored as they are: "summary" (the answer of replay),
	// "scorecard", "nodes"…
	Documents map[string][]byte
}
