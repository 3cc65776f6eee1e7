package contract

import "corrgraph/odds"

// Query selects links. Zero fields match all.
type Query struct {
	State    State
	EventID  string
	Venue    string
	Relation Relation
	Limit    int
	Cursor   string
}

// Page is links that match a query.
type Page struct {
	AsOf    odds.Time `json:"as_of"`
	Links   []Link    `json:"links"`
	Total   int       `json:"total"`
	Next    string    `json:"next_cursor"`
	Dropped int       `json:"dropped"`
}

// Verdict is what somebody says of two bets.
type Verdict struct {
	Relation Relation `json:"relation"`
	State    State    `json:"state"`
	Note     string   `json:"note"`
	A        *Bet     `json:"a"`
	B        *Bet     `json:"b"`
}

// Name is what a name means at a source.
type Name struct {
	Source string `json:"source"`
	League string `json:"league"`
	Name   string `json:"name"`
	Means  string `json:"means"`
	Note   string `json:"note"`
}
