package graph

import (
	"strings"

	"corrgraph/odds"
)

// Evidence is the origin of an edge's confidence.
type Evidence string

// Origins of an edge's confidence.
const (
	FromOwn      Evidence = "own"      // the pair's own moves
	FromFamily   Evidence = "family"   // the family alone: the pair has too few moves of its own
	FromBoth     Evidence = "both"     // the family as prior, updated with the pair's own moves
	FromExternal Evidence = "external" // a row written by another program
)

// Edge is one directed link, leader → follower: when Source moves by 1 log-odds, Target
// moves by Beta, Lag later. A Simultaneous edge has no leader: Source and Target are in
// alphabetical order and Lag is 0.
type Edge struct {
	Layer          odds.Layer
	Event          string // the event whose graph it belongs to (the follower's, for L3 and L4)
	Source, Target odds.NodeID
	Kind           string // correlation_type: "follows", "moves with", or another program's word

	Score   float64 // correlation at the lag, in [-1, 1]
	Beta    float64 // follower move per unit leader move (expected_propagation)
	Lag     odds.Millis
	LagLow  odds.Millis // 10 % of arrivals come before; never narrower than the sources' resolution
	LagHigh odds.Millis // 90 % of arrivals come before

	N          int     // follower moves with a leader move in the winning window
	P, Q       float64 // p-value of the whole search; Benjamini–Hochberg q
	Confidence float64 // 1 − local false-discovery rate
	Discovered bool    // Q ≤ 0.05 and Confidence > 0.5

	Simultaneous bool
	Copied       bool // vanishes once the common leader's part is removed
	Evidence     Evidence
	Family       string // key of the family it belongs to; empty for external rows
	DetectedAt   odds.Time
	FirstSeen    odds.Time // when it was first discovered; until then, when it was first watched

	Traits
	Trend Trend
}

// LagRecent is how many consecutive windows, up to the newest, must agree on a new lag
// before it is more than a spike. They are excluded from the usual lag, or a new lag would
// soon blend into it.
const LagRecent = 4

// Trend summarises an edge's own history, one point per decision window. The newest point
// is kept apart from the earlier ones, for comparison. The zero value is an edge without
// history.
type Trend struct {
	N                            int32 // points before the newest
	ScoreNow, ScoreMean, ScoreSD float32
	LagNow, LagMean, LagSD       float32 // ms; mean and SD exclude the newest LagRecent windows
	LagShift                     float32 // ms from LagMean to the nearest of the newest LagRecent; 0 if they lie on both sides
	BetaNow, BetaMean, BetaSD    float32
	LeadNow, LeadMean, LeadSD    float32 // direction statistic d of the window: positive if Source led
	CountNow, CountMean, CountSD float32 // leader moves in the window
	WeekdayMean, WeekdaySD       float32 // score at this hour of this weekday; SD 0 if unknown
	WeekdayN                     int32
	OffHours                     bool // the newest point fell at an hour when the edge is hardly ever active
}

// Certain reports whether the edge is told apart from chance, however weak it is.
func (e *Edge) Certain() bool {
	return e.Discovered || e.BelowFloor && e.Q <= 0.05 && e.Confidence > 0.5
}

// Refs returns pointers to edges, in their order.
func Refs(edges []Edge) []*Edge {
	refs := make([]*Edge, len(edges))
	for i := range edges {
		refs[i] = &edges[i]
	}
	return refs
}

// Band returns the band of e's confidence.
func (e *Edge) Band() odds.Band { return odds.BandOf(e.Confidence) }

// FamilyKey names a family: pairs whose evidence is pooled because the same mechanism would
// link them. In L1 Leader and Follower are venues. In L2 they are markets ("h2h",
// "totals"), and Venue is the venue they were read at, or "consensus". In L3 and L4 they
// are the relation ("team", "city"), and Venue is "consensus".
type FamilyKey struct {
	Layer            odds.Layer
	Sport, League    string
	Market           string
	Phase            string // "pre" or "live": in-play evidence is kept separate
	Venue            string // L2 to L4
	Leader, Follower string
}

// String returns a stable text form: "L1/baseball/mlb/h2h/pre//draftkings>mybookieag". Two
// keys never have the same one: / > % inside a part are percent-escaped.
func (k FamilyKey) String() string {
	part := familyPart.Replace
	return k.Layer.Key() + "/" + part(k.Sport) + "/" + part(k.League) + "/" + part(k.Market) + "/" + part(k.Phase) + "/" + part(k.Venue) + "/" +
		part(k.Leader) + ">" + part(k.Follower)
}

var familyPart = strings.NewReplacer("%", "%25", "/", "%2F", ">", "%3E")

// Family is an edge pooled over its pairs. A simultaneous family has Leader and Follower in
// alphabetical order.
type Family struct {
	Key   FamilyKey
	Pairs int // pairs that contributed evidence

	Score, Beta          float64
	Lag, LagLow, LagHigh odds.Millis
	N                    int     // follower moves with a leader move in the winning window
	Z                    float64 // existence statistic S of the whole search, after far-lag inflation
	Inflation            float64
	P, Q                 float64 // of the edge as reported; of its direction if it is directed
	D                    float64 // direction statistic
	PExist, QExist       float64
	PDirect, QDirect     float64 // 1 if direction was not tested
	ConfExist            float64
	Confidence           float64
	Discovered           bool
	Simultaneous, Copied bool
	Resolution           odds.Millis
	DetectedAt           odds.Time
	FirstFound           odds.Time // when it was first discovered; 0 never
	ZeroLag              float64   // correlation at lag zero
	Coincide             float64   // share of moves that coincide
	Traits
	Newest Newest // zero: too thin to say
}

// Newest is what the newest fifth of a family's events say alone, each event at its last move.
// It is shown and decides nothing. Without events it says nothing.
type Newest struct {
	Events int       `json:"events"`
	Since  odds.Time `json:"since"` // the first of their last moves
	// Correlation is that of raw moves, cut, at the lag where the whole evidence is strongest.
	Correlation float64 `json:"correlation"`
	Low         float64 `json:"correlation_low"` // 95 % interval, by event
	High        float64 `json:"correlation_high"`
	// Lead is the correlation of the second end's moves with the first's before them, less that
	// with the first's after them; between polls each counts by how many polls apart they are.
	// Above 0 the first end moves first.
	Lead     float64 `json:"lead"`
	LeadLow  float64 `json:"lead_low"` // 95 % interval, by event
	LeadHigh float64 `json:"lead_high"`
}

// Opinion is the Hayashi–Yoshida estimate for a family, beside our own: the lag where the
// pooled contrast is largest (positive: the leader moves first), the contrast there, and
// Huth and Abergel's lead–lag ratio Σρ² over positive lags / Σρ² over negative ones.
type Opinion struct {
	Lag odds.Millis `json:"lag_ms"`
	Rho float64     `json:"rho"` // signed; may exceed ±1
	LLR float64     `json:"llr"` // above 1: the leader leads; 0 if the denominator is 0
}
