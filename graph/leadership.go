package graph

// Leadership is who moves first in a league, on this feed: one score a venue.
type Leadership struct {
	Sport     string     `json:"sport"`
	League    string     `json:"league"`
	Standings []Standing `json:"standings"` // the first to move first
	// Unexplained is the share of the leads between venues that no order explains, in [0, 1];
	// nil if any order would do, since no venues are compared in more than one way.
	Unexplained *float64        `json:"unexplained"`
	Leads       map[string]Lead `json:"leads"` // by family, those with a leader as leader > follower
}

// Standing is the place of a venue in its league. A score of 0.1 says: of what it moves
// together with a venue at 0, the share that it moves before the other exceeds the share that
// it moves after it by 0.1. Between polls, a move counts by how many polls it is ahead.
type Standing struct {
	Venue string  `json:"venue"`
	Score float64 `json:"score"` // mean 0 over the venues that are compared with each other, groups counted once
	Low   float64 `json:"low"`   // 95 % interval, by event
	High  float64 `json:"high"`
	// Group is the ranked venues that move as one with it, itself too: they share one place.
	Group []string `json:"group,omitempty"`
}

// Lead is how much sooner a family's first end moves than the other, in the unit of scores.
type Lead struct {
	Raw float64 `json:"raw"`
	SE  float64 `json:"se"` // by event
	// Shrunk is towards what its league and market usually show; 0 where chance explains all
	// leads of its league.
	Shrunk float64 `json:"shrunk"`
}
