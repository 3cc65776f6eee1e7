package words

import (
	"strings"

	"corrgraph/graph"
	"corrgraph/odds"
)

// Traits is graph.Traits in the form of answers.
type Traits struct {
	FirstOnFeed bool        `json:"first_on_feed"`        // that it moves first is only known of this feed
	Changing    bool        `json:"changing"`             // its follower no longer answers as it did, or has not yet proved that it does again
	BelowFloor  bool        `json:"below_floor"`          // its correlation is not certain to be above 0.05
	Indirect    *bool       `json:"indirect"`             // it is gone where the venue between has not moved; null: can't tell
	Via         string      `json:"via,omitempty"`        // the venue between
	ClockSkew   string      `json:"clock_skew,omitempty"` // the ends whose stamps don't agree with receipt
	StaleCopy   string      `json:"stale_copy,omitempty"` // which end republishes old prices, and whose
	ReachMs     odds.Millis `json:"reach_ms,omitzero"`
	// Shares of what is followed within four polls; null where it is not read from polls or
	// nobody leads.
	SamePoll  *float64 `json:"same_poll"`
	NextPoll  *float64 `json:"next_poll"`
	LaterPoll *float64 `json:"later_poll"`
	Events    int      `json:"events"` // by which its direction was tested; 0: by moves, or not
}

// TraitsOf returns traits in the form of answers.
func TraitsOf(t *graph.Traits) Traits {
	out := Traits{FirstOnFeed: t.FirstOnFeed, Changing: t.Changing, BelowFloor: t.BelowFloor, Indirect: t.Indirect.Known(), Via: t.Via, ClockSkew: t.ClockSkew, StaleCopy: t.StaleCopy, ReachMs: t.Reach, Events: t.Events}
	if shares := [...]float64{t.SamePoll, t.NextPoll, t.LaterPoll}; shares != [3]float64{} {
		out.SamePoll, out.NextPoll, out.LaterPoll = &shares[0], &shares[1], &shares[2]
	}
	return out
}

// Flags says in words what is special about a link.
func (t *Traits) Flags(simultaneous, copied, discovered bool) string {
	var f []string
	add := func(yes bool, what string) {
		if yes {
			f = append(f, what)
		}
	}
	add(simultaneous, "simultaneous")
	add(t.Changing, "changing")
	add(t.FirstOnFeed, "first on this feed")
	add(t.ClockSkew != "", "wrong clock: "+t.ClockSkew)
	add(t.StaleCopy != "", t.StaleCopy)
	add(copied, "copied")
	add(t.Indirect == nil, "perhaps only through "+t.Via)
	add(t.Indirect != nil && *t.Indirect, "only through "+t.Via)
	add(t.BelowFloor, "below the floor")
	add(!discovered && !t.BelowFloor, "not certain")
	return strings.Join(f, ", ")
}
