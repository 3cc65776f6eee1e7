package catalog

import "corrgraph/odds"

// Event is a match, under one id whatever its sources call it.
type Event struct {
	ID         string // id of the first source that named it; unique
	Sport      string // "baseball"
	League     string // "mlb"
	Start      odds.Time
	Home, Away string   // canonical participant names; empty unless two sides meet
	Title      string   // for people: "Los Angeles Angels @ Baltimore Orioles"
	Entities   []string // ids of the entities it involves: "team:mlb:baltimore-orioles", "city:baltimore"…
	FirstSeen  odds.Time
	LastSeen   odds.Time
}
