package graph

import "corrgraph/odds"

// Evidence says where an edge's confidence comes from.
type Evidence string

// The origins of an edge's confidence.
const (
	FromOwn      Evidence = "own"      // the pair's own moves
	FromFamily   Evidence = "family"   // the family alone: the pair has too few moves of its own
	FromBoth     Evidence = "both"     // the family as prior, sharpened by the pair's own moves
	FromExternal Evidence = "external" // a row that another program wrote
)

// Edge is one directed link, leader → follower: when Source moves by 1 log-odds,
// Target moves by Beta, Lag later. An edge that is Simultaneous has no leader:
// Source and Target are then in alphabetical order and Lag is 0.
type Edge struct {
	Layer          odds.Layer
	Event          string // the event whose graph it belongs to (the follower's, for L3 and L4)
	Source, Target odds.NodeID
	Kind           string // correlation_type: "follows", "moves with", or another program's word

	Score   float64 // correlation at the lag, in [-1, 1]
	Beta    float64 // follower move per unit leader move (expected_propagation)
	Lag     odds.Millis
	LagLow  odds.Millis // 10 % of the arrivals come before; never narrower than the sources' resolution
	LagHigh odds.Millis // 90 % come before

	N          int     // follower moves with a leader move in the winning window
	P, Q       float64 // p-value of the whole search; Benjamini–Hochberg q
	Confidence float64 // 1 − local false-discovery rate
	Discovered bool    // Q ≤ 0.05 and Confidence > 0.5

	Simultaneous bool
	Copied       bool // vanishes once the common leader's part is removed
	Evidence     Evidence
	Family       string // key of the family it belongs to; empty for external rows
	DetectedAt   odds.Time
	FirstSeen    odds.Time // when it was first discovered, or else first watched

	Trend Trend
}

// LagRecent is how many windows in a row, the newest among them, must agree on
// another lag before it is more than a spike. None of them counts as usual, or a
// new lag would soon pass for a part of the old.
const LagRecent = 4

// Trend sums up an edge's own history: one point a decision window, the newest
// kept apart from those before it so that now can be compared with then.
// Its zero value is an edge without history.
type Trend struct {
	N                            int32 // points before the newest
	ScoreNow, ScoreMean, ScoreSD float32
	LagNow, LagMean, LagSD       float32 // ms; usual is what came before the newest LagRecent
	LagShift                     float32 // ms from LagMean to the nearest of the newest LagRecent; 0 where they lie on both sides
	BetaNow, BetaMean, BetaSD    float32
	LeadNow, LeadMean, LeadSD    float32 // direction d of the window: positive when Source led
	CountNow, CountMean, CountSD float32 // leader moves in the window
	WeekdayMean, WeekdaySD       float32 // score at this hour of this weekday; SD 0 where unknown
	WeekdayN                     int32
	OffHours                     bool // the newest point fell where the edge is hardly ever active
}

// Band returns the band of e's confidence.
func (e *Edge) Band() odds.Band { return odds.BandOf(e.Confidence) }

// FamilyKey names a family: pairs whose evidence is pooled because the same
// mechanism would link them. Leader and Follower are venues in L1 and L2 names a
// market each ("h2h", "totals"), with Venue the venue or "consensus" they were
// read at; in L3 and L4 they are the relation ("team", "city") and Venue is
// "consensus".
type FamilyKey struct {
	Layer            odds.Layer
	Sport, League    string
	Market           string
	Phase            string // "pre" or "live": in-play is kept apart
	Venue            string // L2 to L4
	Leader, Follower string
}

// String is a stable text form: "L1/baseball/mlb/h2h/pre//draftkings>mybookieag".
func (k FamilyKey) String() string {
	return k.Layer.Key() + "/" + k.Sport + "/" + k.League + "/" + k.Market + "/" + k.Phase + "/" + k.Venue + "/" + k.Leader + ">" + k.Follower
}

// Family is an edge in its own right, pooled over its pairs. A simultaneous
// family has Leader and Follower in alphabetical order.
type Family struct {
	Key   FamilyKey
	Pairs int // pairs that brought evidence

	Score, Beta          float64
	Lag, LagLow, LagHigh odds.Millis
	N                    int     // follower moves with a leader move in the winning window
	Z                    float64 // existence statistic S of the whole search, after far-lag inflation
	Inflation            float64
	P, Q                 float64 // of the edge as reported: of its direction where it is directed
	D                    float64 // direction statistic
	PExist, QExist       float64
	PDirect, QDirect     float64 // 1 where direction was not tested
	ConfExist            float64
	Confidence           float64
	Discovered           bool
	Simultaneous, Copied bool
	Resolution           odds.Millis
	DetectedAt           odds.Time
	FirstFound           odds.Time // when it was first discovered; 0 never
	ZeroLag              float64   // correlation at lag zero
	Coincide             float64   // share of moves that coincide
}

// Opinion is what the published estimator says of a family, beside ours: the lag
// where the pooled Hayashi–Yoshida contrast is largest (positive: the leader moves
// first), the contrast there, and Huth and Abergel's lead–lag ratio Σρ² over
// positive lags / Σρ² over negative ones.
type Opinion struct {
	Lag odds.Millis `json:"lag_ms"`
	Rho float64     `json:"rho"` // signed; may pass ±1
	LLR float64     `json:"llr"` // above 1: the leader leads; 0 where the denominator is 0
}
