package family

import (
	"sync/atomic"

	"corrgraph/catalog"
	"corrgraph/engine/adopted"
	"corrgraph/engine/board"
	"corrgraph/engine/bounds"
	"corrgraph/engine/rival"
	"corrgraph/engine/trend"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Options of Families.
type Options struct {
	Seed       uint64 // of all decoys
	Workers    int    // most goroutines to use; 0 means one per processor
	Limits     bounds.Limits
	Memory     odds.Millis // how long evidence counts; 0 means for ever
	KeepUnused odds.Millis // how long a family without pairs is kept; 0 means for ever
	Exports    bool        // Verdicts is called after each decision
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
	paired  map[*board.Market][]*board.Book  // books whose L1 pairs are watched, at most Limits.Paired
	related map[*board.Event][]*board.Market // markets whose L2 pairs are watched, at most Limits.Related
	linked  map[linkedNodes]bool             // pairs of layers 3 and 4
	held    map[*board.Event]int             // pairs watched, by the event whose graph they belong to
	total   int                              // pairs watched
	layers  [5]int                           // families by layer
	hold    bool                             // watch no further pairs

	// For counting.
	waiting []move    // moves not yet correlated, in whole instants
	unready []*Family // without an axis yet
	axes    map[odds.Millis]*leadlag.Axis
	met     atomic.Int64 // coincidences
	block   int64        // of ten minutes, the first one not counted at slow lags
	work    leadlag.Scratch

	// For deciding.
	rounds int       // decisions and alarms so far
	turned odds.Time // parts of the memory until the last decision
	drawn  map[drawnKey]*drawn
	found  map[*Pair]graph.Edge // pairs discovered individually at the last search

	// For other Families, see Verdicts:
	advanced map[*board.Event]bool       // events with a new point in a trend since the last verdicts
	pages    map[string]map[pairKey]page // as of then
	obeyed   *Verdicts                   // nil: s decides
}

// Counts holds the counters of Families.
type Counts struct {
	Pairs   [5]int // by layer
	LeftOut map[string]int
}

// New returns empty Families that watch the series of a board.
func New(b *board.Board, o Options) *Families {
	o.Limits = o.Limits.WithDefaults()
	return &Families{
		Counts: Counts{LeftOut: map[string]int{}}, opt: o, board: b, byKey: map[graph.FamilyKey]*Family{},
		watched: map[*board.Node]*watched{}, paired: map[*board.Market][]*board.Book{}, related: map[*board.Event][]*board.Market{},
		linked: map[linkedNodes]bool{}, held: map[*board.Event]int{},
		axes: map[odds.Millis]*leadlag.Axis{}, drawn: map[drawnKey]*drawn{}, advanced: map[*board.Event]bool{},
	}
}

// Coincidences counts the pairs of moves, one of each series, that met within reach.
func (s *Families) Coincidences() int { return int(s.met.Load()) }

// Family is a set of pairs that are judged together.
type Family struct {
	Key     graph.FamilyKey
	Verdict leadlag.Verdict // of the last decision
	Record  Record          // of its forecasts; written by the forecasts

	index     int    // in the order of first sight
	a, b      string // the venues, markets or relations in family order
	pairs     []*Pair
	ev        *leadlag.Evidence // nil without an axis yet
	block     bool              // of consensus series, whose moves are dependent
	judged    bool
	copied    bool
	mediation mediation
	clocks    bool          // its series were not always read in the same answers
	wasRead   bool          // one of its series was read at steps when it last had any
	copies    [2]bool       // ends that only republish another one's prices
	skewed    string        // ends whose clock is wrong
	stale     string        // ends that only republish, and what
	found     odds.Time     // first discovered; 0 never
	at        odds.Time     // judged last
	name      string        // since then: of its key, leader first
	curve     []float64     // as of then
	zero      [2]float64    // as of then: the correlation of moves of one instant, and their share
	paired    int           // as of then: its pairs
	known     *adopted.Edge // the edge under watch; nil none
	since     odds.Time     // older moves are evidence no more; 0 none
	former    *former       // what it was before it began to change; nil if it does not
	unused    odds.Time     // when its last pair was dropped; 0 while it has any
	told      *finding      // by whom s obeys; nil in Families that decide
	baseline  *rival.Rule   // the Hayashi–Yoshida rule, fitted when the family first had a leader
}

// Record counts the calls that a family led to, and their outcomes.
type Record struct{ Issued, Matured, Hits, Halves int }

// Add counts a matured call.
func (r *Record) Add(hit, half bool) {
	r.Matured++
	if hit {
		r.Hits++
	}
	if half {
		r.Halves++
	}
}

// Pair is two watched nodes, A and B, in the order of the family's ends.
type Pair struct {
	key    uint64 // by the names and phases of its series: what is drawn does not depend on who was seen first
	A, B   *board.Node
	Family *Family
	Sign   float64 // −1 if B's sign must be inverted
	Layer  odds.Layer
	Event  *board.Event // whose graph it belongs to

	cluster      *leadlag.Cluster // its event's part in the family's evidence; nil until counted
	trend        *trend.Trend     // nil without a point yet
	seenA, seenB int              // moves already in the trend
	first        odds.Time        // when it was first discovered; until then, when it was first watched
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

// Leads reports whether the node leads a discovered family, and calls may rest on it.
func (pt *Partner) Leads() bool {
	f := pt.Pair.Family
	return f.Directed() && !f.changing() && (f.Verdict.Leader == leadlag.AB) == (pt.dir == leadlag.BA)
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
	if x := f.axis(); x.Polled() {
		return x.Resolution / 2
	}
	return 0
}

// Curve is the family's correlogram as it was judged last; positive lags are the follower's.
// It must not be changed.
func (f *Family) Curve() []float64 { return f.curve }

// Name is the key as calls name it, with the leader first; empty before it was judged.
func (f *Family) Name() string { return f.name }

// named is the key with the leader first.
func (f *Family) named() graph.FamilyKey {
	key := f.Key
	key.Leader, key.Follower = f.ends()
	return key
}

// Report returns the family's public description.
func (f *Family) Report() graph.Family {
	if f.told != nil {
		return f.told.report
	}
	v, key := &f.Verdict, f.named()
	l := v.Link
	if !v.Directed {
		l.Lag = 0
	}
	return graph.Family{
		Key: key, Pairs: f.paired, Score: l.Corr, Beta: l.Beta, Lag: l.Lag, LagLow: l.LagLow, LagHigh: l.LagHigh,
		N: l.N, Z: v.S, Inflation: v.Inflation, P: v.P, Q: v.Q, D: v.D, PExist: v.PExist, QExist: v.QExist,
		PDirect: v.PDirect, QDirect: v.QDirect, ConfExist: v.ConfExist, Confidence: v.Confidence, Discovered: v.Discovered,
		Simultaneous: !v.Directed, Copied: f.copied, Resolution: f.ev.Axis.Resolution, DetectedAt: f.at, FirstFound: f.found,
		ZeroLag: f.zero[0], Coincide: f.zero[1], Traits: f.traits(v), Newest: graph.Newest(f.ev.Newest(v)),
	}
}

// traits is what more a verdict says.
func (f *Family) traits(v *leadlag.Verdict) graph.Traits {
	t := graph.Traits{FirstOnFeed: v.FirstOnFeed, BelowFloor: v.BelowFloor, Reach: odds.Millis(f.axis().Searched()), Events: v.Events, Changing: f.changing(), ClockSkew: f.skewed, StaleCopy: f.stale}
	if v.Directed {
		t.Indirect, t.Via = f.mediation.verdict, f.mediation.via
		t.SamePoll, t.NextPoll, t.LaterPoll = v.Shares.Same, v.Shares.Next, v.Shares.Later
	}
	return t
}

// shown is a cached edge and the inputs it was built from; others change only at decisions.
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
