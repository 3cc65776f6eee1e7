package store

import (
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// EventResults is everything a live engine concludes about one event.
type EventResults struct {
	Event       catalog.Event
	Edges       []graph.Edge        // all with Event.ID
	Anomalies   []detect.Anomaly    // all with Event.ID
	Predictions []ledger.Prediction // all with Event.ID
}

// Contents is the content of a store at an inspection.
type Contents struct {
	Version     int       `json:"version"` // of the schema
	AsOf        odds.Time `json:"as_of"`
	Events      int       `json:"events"`
	Edges       int       `json:"edges"` // including those of other programs
	Families    int       `json:"families"`
	Predictions int       `json:"predictions"`
	Chunks      int       `json:"chunks"`      // of the tick log
	Quotes      int64     `json:"quotes"`      // in them
	Quarantined int       `json:"quarantined"` // chunks that could not be read, kept apart
	AuditRows   int       `json:"audit_rows"`
}
