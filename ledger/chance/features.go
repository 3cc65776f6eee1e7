package chance

import (
	"math"

	"corrgraph/odds"
)

// Features is what is known of a call when it is issued. Values are log-odds, signed so that
// the direction of the call is positive.
type Features struct {
	League   string
	Follower string // the venue
	Market   string // h2h, spreads, …
	Live     bool

	With, Against int     // venues that moved the way of the call, and against it, at that instant
	Groups        int     // independent groups among With
	Agree, Oppose int     // certain leaders that moved the way of the call, and against it; others may have moved too
	Size          float64 // median of the movers' moves; 0 if not known
	Gap           float64 // the other venues' median value minus the follower's
	OwnLast       float64 // the follower's own last move; 0 if there was none

	OwnAge  odds.Millis // since the follower's last move; 0 if not known
	ToStart odds.Millis // until the start; negative after it

	// Families are the links from those that moved the way of the call; the first 16 count.
	Families []string
}

// The features that every fit has; offsets of followers and markets come after them.
const (
	intercept = iota
	with
	against
	gap
	gapSign
	own
	ownWith
	ownAgainst
	toStart
	live
	ownAge
	size
	groups
	agree
	oppose
	led
	cellRate
	familyRate
	common // how many they are
)

// familyMost is how many families of one call count.
const familyMost = 16

// values scales the features to about unit variance around what is usual and bounds them, so
// that no outlier and no feed can carry the regression away. The two rates are left at 0.
func (f *Features) values() (x [common]float64) {
	x[intercept] = 1
	x[with] = 0.4 * (count(f.With) - 3)
	x[against] = 0.6 * count(f.Against)
	x[gap] = 6 * cut(f.Gap, 0.5)
	x[gapSign] = math.Tanh(cut(f.Gap, 1) / 0.05) // most of what a gap says, it says below 0.1
	x[own] = 10 * cut(f.OwnLast, 0.3)
	x[ownWith] = 2 * indicator(f.OwnLast > 0)
	x[ownAgainst] = 2 * indicator(f.OwnLast < 0)
	x[toStart] = 0.75*math.Log(minutes(f.ToStart)+5) - 4.5
	x[live] = 2*indicator(f.Live) - 1
	if f.OwnAge > 0 {
		x[ownAge] = math.Log(minutes(f.OwnAge)/10+1) - 2
	}
	if s := math.Abs(cut(f.Size, 5)); s > 0 {
		x[size] = math.Log(s+0.01) + 2
	}
	x[groups] = 0.4 * count(f.Groups)
	x[agree] = 0.4 * count(f.Agree)
	x[oppose] = 0.6 * count(f.Oppose)
	x[led] = 2 * indicator(f.Agree > 0)
	return x
}

// families are those that count.
func (f *Features) families() []string { return f.Families[:min(len(f.Families), familyMost)] }

func count(n int) float64 { return float64(max(0, min(n, 20))) }

// minutes is the length of d, at most a year.
func minutes(d odds.Millis) float64 { return math.Min(math.Abs(float64(d))/60_000, 525_600) }

// cut bounds x to ±most. NaN is 0: nothing is known.
func cut(x, most float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return math.Max(-most, math.Min(most, x))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
