package family

import (
	"sync/atomic"

	"corrgraph/catalog"
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Options of Families.
type Options struct {
	Seed       uint64 // of all decoys
	Workers    int    // most goroutines to use; 0 means one per processor
	CheckPairs int    // see engine.Options
	Facts      *catalog.Facts
}

// Families owns all pairs and families.
type Families struct {
	Counts Counts

	opt   Options
	board *board.Board
	byKey map[graph.FamilyKey]*Family
	list  []*Family // in the order of first sight

	// For watching.
	watched map[*board.Node]*watched
	paired  map[*board.Market][]*board.Book // books whose L1 pairs are watched, at most maxVenues
	linked  map[linkedNodes]bool            // pairs of layers 3 and 4

	// For counting.
	waiting []move    // moves not yet correlated, in whole instants
	unready []*Family // without an axis yet
	axes    map[odds.Millis]*leadlag.Axis
	met     atomic.Int64 // coincidences
	work    leadlag.Scratch

	// For deciding.
	rounds int // decisions so far
	drawn  map[drawnKey]*drawn
	found  map[*Pair]graph.Edge // pairs discovered individually at the last search
}

// Counts holds the counters of Families.
type Counts struct {
	Pairs   [5]int // by layer
	LeftOut map[string]int
}

// New returns empty Families that watch the series of a board.
func New(b *board.Board, o Options) *Families {
	return &Families{
		Counts: Counts{LeftOut: map[string]int{}}, opt: o, board: b, byKey: map[graph.FamilyKey]*Family{},
		watched: map[*board.Node]*watched{}, paired: map[*board.Market][]*board.Book{}, linked: map[linkedNodes]bool{},
		axes: map[odds.Millis]*leadlag.Axis{}, drawn: map[drawnKey]*drawn{},
	}
}

// Coincidences counts the pairs of moves, one of each series, that met within reach.
func (s *Families) Coincidences() int { return int(s.met.Load()) }

// Family is a set of pairs that are judged together.
type Family struct {
	Key     graph.FamilyKey
	Verdict leadlag.Verdict // of the last decision
	Record  Record          // of its forecasts; written by the forecasts

	index    int    // in the order of first sight
	a, b     string // the venues, markets or relations in family order
	pairs    []*Pair
	ev       *leadlag.Evidence // nil without an axis yet
	block    bool              // of consensus series, whose moves are dependent
	judged   bool
	copied   bool
	found    odds.Time // first discovered; 0 never
	at       odds.Time // judged last
	baseline *Rule     // the Hayashi–Yoshida rule, fitted when the family first had a leader
}

// Record counts a family's forecasts and their outcomes.
type Record struct{ Issued, Matured, Hits int }

// Pair is two watched nodes, A and B, in the order of the family's ends.
type Pair struct {
	A, B   *board.Node
	Family *Family
	Sign   float64 // −1 if B's sign must be inverted
	Layer  odds.Layer
	Event  *board.Event // whose graph it belongs to

	trend        *trend    // nil without a point yet
	seenA, seenB int       // moves already in the trend
	first        odds.Time // when it was first discovered; until then, when it was first watched
	found        bool
	shown        *shown // nil until its event is viewed
}

// Partner is a pair as seen from one of its nodes, with copies of the fields every move
// needs.
type Partner struct {
	Pair  *Pair
	Other *board.Node

	fam     *Family      // the pair's
	sign    float64      // the pair's
	dir     leadlag.Flow // AB when this node is the pair's B
	resting bool         // one of its venues is no longer among the busiest
}

// Leads reports whether the node leads a discovered family.
func (pt *Partner) Leads() bool {
	f := pt.Pair.Family
	return f.Directed() && (f.Verdict.Leader == leadlag.AB) == (pt.dir == leadlag.BA)
}

// watched is a node with its pairs.
type watched struct{ partners []Partner }

// Partners returns a node's pairs, in the order they were first watched.
func (s *Families) Partners(n *board.Node) []Partner {
	if w := s.watched[n]; w != nil {
		return w.partners
	}
	return nil
}

// Directed reports whether the family is a discovered edge with a leader.
func (f *Family) Directed() bool { return f.judged && f.Verdict.Discovered && f.Verdict.Directed }

// ends are the leader and the follower in the order of the verdict.
func (f *Family) ends() (leader, follower string) {
	if f.judged && f.Verdict.Directed && f.Verdict.Leader == leadlag.BA {
		return f.b, f.a
	}
	return f.a, f.b
}

// Slack is the tolerance for arrivals outside the forecast interval: half a step for polls,
// which are never exactly on time, and 0 for streams.
func (f *Family) Slack() odds.Millis {
	if f.ev.Axis.Polled() {
		return f.ev.Axis.Resolution / 2
	}
	return 0
}

// Curve is the family's correlogram; positive lags are the follower's.
func (f *Family) Curve() []float64 {
	dir := leadlag.AB
	if f.Verdict.Directed {
		dir = f.Verdict.Leader
	}
	return f.ev.Curve(dir)
}

// Report returns the family's public description.
func (f *Family) Report() graph.Family {
	v := &f.Verdict
	key := f.Key
	key.Leader, key.Follower = f.ends()
	r, share := f.ev.ZeroLag()
	l := v.Link
	if !v.Directed {
		l.Lag = 0
	}
	return graph.Family{
		Key: key, Pairs: len(f.pairs), Score: l.Corr, Beta: l.Beta, Lag: l.Lag, LagLow: l.LagLow, LagHigh: l.LagHigh,
		N: l.N, Z: v.S, Inflation: v.Inflation, P: v.P, Q: v.Q, D: v.D, PExist: v.PExist, QExist: v.QExist,
		PDirect: v.PDirect, QDirect: v.QDirect, ConfExist: v.ConfExist, Confidence: v.Confidence, Discovered: v.Discovered,
		Simultaneous: !v.Directed, Copied: f.copied, Resolution: f.ev.Axis.Resolution, DetectedAt: f.at, FirstFound: f.found,
		ZeroLag: r, Coincide: share,
	}
}

// why says in words what the edge lacks to be discovered, directed and independent.
func (f *Family) why(g *graph.Edge) string {
	switch {
	case f.ev == nil:
		return "too few polls yet to know how finely the source resolves time"
	case !f.judged || !f.Verdict.Found():
		return "too few moves of both within reach of each other"
	case !g.Discovered && g.Q > leadlag.Rate:
		return "not told apart from chance: q is above 5 %"
	case !g.Discovered:
		return "more likely false than true: its confidence is 50 % or less"
	case g.Copied:
		return "copied: it vanishes once the common leader's part is taken out"
	case g.Simultaneous:
		return "no direction: neither of the two is certain to move first"
	}
	return ""
}

// Rule is a baseline's forecast: the follower moves Beta times the leader's move
// within [From, To] after it.
type Rule struct {
	Beta     float64
	From, To odds.Millis

	calls bool // it names this leader as the leader
}

// trend is a pair's own history: a ring of points, and the newest point apart.
type trend struct {
	ring  []point // at most trendKeep
	n     int     // points in all before the newest
	now   point
	at    odds.Time
	hours *[7 * 24]stat // of the score, by hour of the week; L3 and L4 only, else nil
}

// point is the measurement of a pair in one decision window.
type point struct{ score, lag, beta, lead, count float64 }

// stat is a running mean and sum of squares (Welford, 1962).
type stat struct {
	n        int
	mean, m2 float64
}

// shown is a cached edge and the inputs it was built from. Its other inputs change only at
// decisions.
type shown struct {
	edge   graph.Edge
	rounds int
	a, b   int // moves of both sides
	alone  bool
}

// move is one increment queued for counting.
type move struct {
	n   *board.Node
	w   *watched // the node's
	inc series.Increment
}

type linkedNodes struct {
	link *board.Link
	a, b *board.Node
}

// drawn is a pool of additional decoys and the number of moves it was drawn from.
type drawn struct {
	moves  int
	scores []float64
}

type drawnKey struct {
	layer      odds.Layer
	resolution odds.Millis
}
