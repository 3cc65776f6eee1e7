package store

import "corrgraph/odds"

// Review is a person's verdict on an anomaly, or a mute of all matching ones.
type Review struct {
	ID      int64  // assigned by the store
	Action  string // "acknowledge", "mute" or "verdict"
	Kind    string // of the anomaly; in a mute, empty for every kind
	Event   string // likewise
	Node    string // the anomaly's last node; likewise
	At      odds.Time
	Verdict string // "true", "false" or "unsure"; for a verdict
	Note    string
	Actor   string
	MadeAt  odds.Time // wall clock
	Expires odds.Time // wall clock; 0 if never
}

// Proof is the latest result of one kind of test run beside a service.
type Proof struct {
	Kind    string // "load", "chaos"…
	MadeAt  odds.Time
	Actor   string
	Passed  bool
	Summary string
	Body    string // JSON
}
