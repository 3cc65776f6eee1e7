package graph

import "corrgraph/odds"

// Traits say more about an edge: how it shows in polls, what is doubted about it, and how
// far was searched. The zero value is that of a row of another program.
type Traits struct {
	// SamePoll, NextPoll and LaterPoll are the shares of what the follower follows within four
	// polls of the leader's move: in the same one, the next and a later one. All are 0 if the
	// edge is not one of polls or has no leader.
	SamePoll  float64 `json:"same_poll,omitempty"`
	NextPoll  float64 `json:"next_poll,omitempty"`
	LaterPoll float64 `json:"later_poll,omitempty"`
	// FirstOnFeed marks a leader that is only known to be first on this feed: the venues' own
	// stamps, or the times of receipt, do not say that it moves first. Confidence is at most 0.6.
	FirstOnFeed bool `json:"first_on_feed,omitempty"`
	// Changing marks a leader whose follower no longer answers as it did: since then older
	// evidence does not count, and nothing is forecast until the edge has proved itself anew.
	Changing bool `json:"changing,omitempty"`
	// BelowFloor marks a correlation that is not certain to be above 0.05: no edge for readers.
	BelowFloor bool `json:"below_floor,omitempty"`
	// ClockSkew names the ends whose stamps are ahead of receipt or drift against it: their lag
	// is not to be relied on.
	ClockSkew string `json:"clock_skew,omitempty"`
	// StaleCopy tells which end republishes old prices, and whose: it leads nobody.
	StaleCopy string `json:"stale_copy,omitempty"`
	// Indirect says whether the leader reaches the follower only through Via, by what is left
	// of the edge where Via has not moved.
	Indirect Indirect `json:"indirect,omitempty"`
	Via      string   `json:"via,omitempty"`
	// Reach is the longest lag searched.
	Reach odds.Millis `json:"reach_ms,omitempty"`
	// Events is how many events direction was tested by; 0 if it was by moves.
	Events int `json:"events,omitempty"`
}

// Indirect is whether an edge is only what two others make.
type Indirect uint8

// Direct is also said where nothing stands between; CantTell where too little is left to
// judge by.
const (
	Direct Indirect = iota
	OnlyVia
	CantTell
)

// Known is true or false, or nil where it can't be told.
func (i Indirect) Known() *bool {
	if i == CantTell {
		return nil
	}
	is := i == OnlyVia
	return &is
}
