package detect

import (
	"sync"

	"corrgraph/odds"
)

// The kinds of anomaly.
const (
	HiddenEdge          = "hidden_edge"           // the leader has moved and the follower has not yet: a price that should be about to change
	Desynchronisation   = "desynchronisation"     // a venue stays away from the others' price for longer than it ever does
	LatencySpike        = "latency_spike"         // the follower took far longer, or far less, than usual in the newest window
	LatencyDrift        = "latency_drift"         // the usual delay between the two venues has become another one
	MoveSize            = "move_size"             // a price change far larger than this price usually makes
	MoveFrequency       = "move_frequency"        // far more price changes in a quarter of an hour than usual
	MoveClustering      = "move_clustering"       // price changes in quick succession where they usually lie apart
	OutlierQuote        = "outlier_quote"         // one venue's price jumps far from everybody else's: mostly a wrong quote
	Arbitrage           = "arbitrage"             // best prices across venues guarantee a profit
	LayArbitrage        = "lay_arbitrage"         // the same with bets against outcomes, at exchanges
	Value               = "value"                 // a forecast is about a price that pays more than the other venues' fair probability says
	PairBreakdown       = "pair_breakdown"        // two venues that move together no longer do
	CorrelationBreak    = "correlation_breakdown" // two markets or matches that move together no longer do
	CorrelationInverted = "correlation_inversion" // two markets that move together now move against each other
	CorrelationSpike    = "correlation_spike"     // two markets or matches move together far more than usual
	Volatility          = "volatility"            // a price moves far more than it usually does
	OrderChanged        = "order_changed"         // the market that usually moves second now moves first
	Incoherence         = "incoherence"           // two markets of one venue contradict each other
	InfluenceStrength   = "influence_strength"    // one match moves another far more, or far less, than usual
	DirectionReversal   = "direction_reversal"    // the match that usually follows now leads
	LatencyAnomaly      = "latency_anomaly"       // one match follows another after an unusual delay
	Premature           = "premature"             // the follower moved before it usually can
	Delayed             = "delayed"               // the follower moved long after it usually does
	NewEdge             = "new_edge"              // two matches that had nothing to do with each other now move together
	OffHours            = "off_hours"             // a link is active at an hour at which it hardly ever is
	DayOfWeek           = "day_of_week"           // a link differs from what it is at this hour of this weekday
	Divergence          = "divergence"            // two matches that move together now move apart
	LeaderChanged       = "leader_changed"        // who used to follow now moves first
	LeaderLost          = "leader_lost"           // the follower no longer answers its leader's moves, and nobody leads instead
	External            = "external"              // a row that another program wrote; it has no history to compare with
)

// IsArbitrage reports whether anomalies of a kind are arbitrages, whose evidence has the
// bets.
func IsArbitrage(kind string) bool { return kind == Arbitrage || kind == LayArbitrage }

// Rule documents one detector: what it compares and its false-alarm rate.
type Rule struct {
	Kind       string
	Layers     []odds.Layer
	Meaning    string // one line in trade terms
	Rule       string
	FalseAlarm string // rate when nothing happens
}

const (
	perLook  = "6.4e-5 an edge and look (two-sided normal tail at 4, exact t for short histories)"
	perMonth = "1e-3 an edge and 30 days, however often it is looked at (Ville's inequality)"
	oneSide  = "3.2e-5 an edge and look (one-sided normal tail at 4, exact t for short histories)"
)

// Rules lists every detector in order of layer. The caller owns the slice.
func Rules() []Rule {
	l1, l2, l3, l4 := []odds.Layer{1}, []odds.Layer{2}, []odds.Layer{3}, []odds.Layer{4}
	all := []odds.Layer{1, 2, 3, 4}
	return []Rule{
		{HiddenEdge, l1, "the leader has moved and the follower has not yet", "discovered directed edge; leader moved at least 2 r.m.s.; now inside the arrival interval; follower moved less than half of β × move", "1 − probability of the forecast; 10 % of true arrivals come after the interval"},
		{Desynchronisation, l1, "a venue stays away from the others' price", "departure from its usual distance to the others, less what a different line explains at half to four times its usual worth (in play a quarter and more), at 4 or more and by 0.10 log-odds for 3 looks in a row and a minute, unless it began as an outlier quote", "at most 6.4e-5 a venue and look"},
		{LatencySpike, l1, "the delay was unusual in the newest window", "lag of the newest window, but not of those before it, departs at 4 or more and lies outside the edge's arrival interval, which holds the usual lag", perLook},
		{LatencyDrift, l1, "the delay has become another one", "lags of the newest 4 windows all depart at 4 or more to one side; the usual lag or the newest lies outside the edge's arrival interval", perLook},
		{MoveSize, l1, "a price change far larger than usual", "ln |move| departs upward at 4 or more from the node's moves (at least 16) and the move is at least 0.05 log-odds", "3.2e-5 a move"},
		{MoveFrequency, l1, "far more price changes than usual", "moves of a closed window (as for volatility), square-rooted, depart upward at 4 or more from the node's windows (at least 8)", "1e-4 a node and window for Poisson counts of one a window or more, more rarely for fewer"},
		{MoveClustering, l1, "price changes in quick succession", "5 gaps in a row each shorter than a quarter of the node's usual (geometric mean) gap", "4e-5 a move for exponential gaps"},
		{OutlierQuote, l1, "one venue's price far from everybody else's", "jump of its own by at least 0.25 log-odds to a departure (as for desynchronisation) of 6 or more while the others moved less than half as far; in play only once it has returned; ends when it is back", "2e-9 a venue and look"},
		{Arbitrage, l1, "best prices across venues make an arbitrage", "bets on all outcomes of a market known to be complete, of which one wins, on one line, at two venues or more, win whichever outcome wins, commission deducted; a leg that by its venue's own stamp is older than two usual intervals of that stamp (two resolutions until they are known) and 60 s suppresses it; above 10 % it is marked as almost certainly an error; after 30 minutes it is a suspected phantom and LOW", "none: it is arithmetic on quoted prices"},
		{LayArbitrage, l1, "bets against outcomes make an arbitrage", "as for arbitrage, with bets against all outcomes, or with one outcome backed at one venue at a higher price than it is laid at another that lists the same outcomes", "none: it is arithmetic on quoted prices"},
		{Value, l1, "a price that may move pays more than the others' fair probability says", "a forecast is about it, and fair probability × net price exceeds 1 with the margin removed by the multiplicative way, Shin's and the power's: at least two groups of other venues on the same line, without the follower, its leaders and what is grouped with them; fees deducted, none claimed where a fee is unknown; in play suppressed; above 10 % LOW, as almost certainly a wrong price", "unknown: a hypothesis, which scorecard compares with bets that no forecast made"},
		{PairBreakdown, l1, "two venues no longer move together", "score departs towards zero at 4 or more and is under half of the usual", oneSide},
		{LeaderChanged, []odds.Layer{1, 2}, "who used to follow now leads", "as for a lost leader, and the other direction is discovered by what moved since", perMonth},
		{LeaderLost, []odds.Layer{1, 2}, "the follower no longer answers its leader", "an e-detector over one bet an event and wave, that the follower answers as called at least as often as it was certain to; the leader is no longer discovered by what moved since", perMonth},
		{CorrelationBreak, []odds.Layer{2, 4}, "two markets or matches no longer move together", "score departs towards zero at 4 or more, is under half of the usual and has not changed sign", oneSide},
		{CorrelationInverted, l2, "two markets move against each other", "score departs at 4 or more and has the other sign with at least half of the usual size", oneSide},
		{CorrelationSpike, []odds.Layer{2, 4}, "two markets or matches move together far more than usual", "score departs away from zero at 4 or more where there was a relation before (usual score above its spread)", oneSide},
		{Volatility, l2, "a price moves far more than usual", "ln of the summed squared moves of a closed window (15 minutes; 1 or 4 hours for polls slower than 2 or 10 minutes) departs upward at 4 or more from the node's windows (at least 8); windows of under 3 moves say nothing", "3.2e-5 a node and window"},
		{OrderChanged, l2, "the market that moves first has changed", "direction of the newest window departs at 4 or more and has the other sign", oneSide},
		{Incoherence, l2, "two markets of one venue contradict each other", "residual of one market's value on the other's, less what a change of line explains (as for desynchronisation), departs at 4 or more from the venue's own relation (at least 16 looks; the further from the values seen, the less certain) and is at least 0.10 log-odds; in play MEDIUM at most, because a score changes the relation", "6.4e-5 a venue and look"},
		{InfluenceStrength, l3, "one match moves another by an unusual amount", "β of the newest window departs at 4 or more", perLook},
		{DirectionReversal, l3, "the match that followed now leads", "direction of the newest window departs at 4 or more and has the other sign", oneSide},
		{LatencyAnomaly, l3, "an unusual delay between two matches", "lag of the newest window departs at 4 or more and lies outside the arrival interval", perLook},
		{Premature, l3, "the follower moved before it usually can", "arrival earlier than the interval by more than the interval's own length", "6e-5 an arrival for normal arrivals"},
		{Delayed, l3, "the follower moved long after it usually does", "arrival later than the interval by more than the interval's own length", "6e-5 an arrival for normal arrivals, 1.2 % for exponential ones"},
		{NewEdge, []odds.Layer{3, 4}, "two unrelated matches now move together", "discovered now (q ≤ 0.05); score departs away from zero at 4 or more where there was no relation before (usual score within its spread)", oneSide},
		{OffHours, l4, "a link is active at an unusual hour", "newest window fell in hours at which the edge is hardly ever active, with moves, and its score departs at 3 or more", "2.7e-3 an edge and look at such hours"},
		{DayOfWeek, l4, "a link differs from its usual self at this hour of this weekday", "score departs at 4 or more from the same hour of the same weekday (at least 8 of them)", perLook},
		{Divergence, l4, "two matches that move together now move apart", "score departs at 4 or more and has the other sign with at least half of the usual size", oneSide},
		{External, all, "a row that another program wrote", "listed where its confidence reaches the threshold", "unknown: it is the other program's"},
	}
}

// Describe returns a kind's meaning in one line of trade terms, or "" for an unknown kind.
func Describe(kind string) string { return meanings()[kind] }

var meanings = sync.OnceValue(func() map[string]string {
	of := map[string]string{}
	for _, r := range Rules() {
		of[r.Kind] = r.Meaning
	}
	return of
})
