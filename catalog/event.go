package catalog

import "corrgraph/odds"

// Event is a match, under one id for all sources.
type Event struct {
	ID         string // id from the first source that reported it; unique
	Sport      string // "baseball"
	League     string // "mlb"
	Start      odds.Time
	Home, Away string   // canonical participant names; empty unless two sides meet
	Title      string   // for people: "Los Angeles Angels @ Baltimore Orioles"
	Entities   []string // ids of the entities it involves: "team:mlb:baltimore-orioles", "city:baltimore"…
	FirstSeen  odds.Time
	LastSeen   odds.Time
}

// League is a league of a sport, with the markets that are quoted in it.
type League struct {
	Sport   string   `json:"sport"`
	Name    string   `json:"league"`
	Markets []string `json:"markets"` // without lines, sorted
}
