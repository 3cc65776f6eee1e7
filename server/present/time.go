package present

import "corrgraph/odds"

// Time is what time it is for those who ask about prices: every age of one counts from Now.
type Time struct {
	Now    odds.Time `json:"now"`
	Rate   float64   `json:"rate"`   // seconds of it that pass in a second: 1; the speed of a recording that is played; 0 where it stands
	Replay *Replay   `json:"replay"` // null: none is played
}

// Replay is a recording that is played.
type Replay struct {
	State State     `json:"state" enum:"learning,playing,ended"`
	Speed float64   `json:"speed"` // asked for; 0: as fast as ticks are taken
	First odds.Time `json:"first"` // when its first tick was received
	From  odds.Time `json:"from"`  // from when on it is played; what is before is learnt first
	Last  odds.Time `json:"last"`  // when its last tick was received
}

// State is how far a recording has been played.
type State string

// The states of a recording.
const (
	Learning State = "learning" // what is before From is learnt, as fast as ticks are taken
	Playing  State = "playing"
	Ended    State = "ended" // the clock stands
)

// Of returns the time by a service's clock, by that of the recording that it plays (nil: none), or,
// where what it has is recorded and is not played, by the newest tick.
func Of(clock odds.Time, played *Clock, recorded bool, newest odds.Time) Time {
	switch {
	case played != nil:
		return played.Time()
	case recorded:
		return Time{Now: newest}
	}
	return Time{Now: clock, Rate: 1}
}
