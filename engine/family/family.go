package family

import (
	"cmp"
	"slices"
	"sync/atomic"

	"corrgraph/catalog"
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Options of Families.
type Options struct {
	Seed       uint64 // of all decoys
	Workers    int    // goroutines at most; 0 means one a processor
	CheckPairs int    // see engine.Options
	Facts      *catalog.Facts
}

// Families is the owner of all pairs and families.
type Families struct {
	Counts Counts

	opt   Options
	board *board.Board
	byKey map[graph.FamilyKey]*Family
	list  []*Family // in the order of first sight

	// What watching knows.
	watched map[*board.Node]*watched
	paired  map[*board.Market][]*board.Book // those among which L1 pairs are watched, at most maxVenues
	linked  map[linkedNodes]bool            // pairs of layers 3 and 4

	// What counting knows.
	waiting []move    // to be correlated, whole instants at a time
	unready []*Family // without an axis yet
	axes    map[odds.Millis]*leadlag.Axis
	met     atomic.Int64 // coincidences
	work    leadlag.Scratch

	// What deciding knows.
	rounds int // decisions so far
	drawn  map[drawnKey]*drawn
	found  map[*Pair]graph.Edge // pairs found by themselves at the last search
}

// Counts is what Families have watched.
type Counts struct {
	Pairs   [5]int // by layer
	LeftOut map[string]int
}

// New returns empty Families that watch what is on a board.
func New(b *board.Board, o Options) *Families {
	return &Families{
		Counts: Counts{LeftOut: map[string]int{}}, opt: o, board: b, byKey: map[graph.FamilyKey]*Family{},
		watched: map[*board.Node]*watched{}, paired: map[*board.Market][]*board.Book{}, linked: map[linkedNodes]bool{},
		axes: map[odds.Millis]*leadlag.Axis{}, drawn: map[drawnKey]*drawn{},
	}
}

// Coincidences is how many moves of one series met moves of another within reach.
func (s *Families) Coincidences() int { return int(s.met.Load()) }

// Family is the pairs that are judged together.
type Family struct {
	Key     graph.FamilyKey
	Verdict leadlag.Verdict // of the last decision
	Record  Record          // of its forecasts; written by who makes them

	index    int    // in the order of first sight
	a, b     string // the venues, markets or relations in family order
	pairs    []*Pair
	ev       *leadlag.Evidence // nil without an axis yet
	block    bool              // of consensus series, whose moves depend on each other
	judged   bool
	copied   bool
	found    odds.Time // first discovered; 0 never
	at       odds.Time // judged last
	baseline *Rule     // the Hayashi–Yoshida rule, fitted when the family was first found to have a leader
}

// Record is how a family's forecasts have done so far.
type Record struct{ Issued, Matured, Hits int }

// Pair is two watched nodes: A and B in the order of the family's ends.
type Pair struct {
	A, B   *board.Node
	Family *Family
	Sign   float64 // −1 where B's move is to be read the other way round
	Layer  odds.Layer
	Event  *board.Event // whose graph it belongs to

	trend        *trend    // nil without a point yet
	seenA, seenB int       // moves already in the trend
	first        odds.Time // when it was first discovered, until then first watched
	found        bool
	shown        *shown // nil while its event was never viewed
}

// Partner is a pair as one of its nodes sees it, with what every move looks at.
type Partner struct {
	Pair  *Pair
	Other *board.Node

	fam     *Family      // the pair's
	sign    float64      // the pair's
	dir     leadlag.Flow // AB when this node is the pair's B
	resting bool         // one of its venues is not among the most active any more
}

// Leads reports whether the node is the leader of a discovered family.
func (pt *Partner) Leads() bool {
	f := pt.Pair.Family
	return f.Directed() && (f.Verdict.Leader == leadlag.AB) == (pt.dir == leadlag.BA)
}

// watched is a node with its pairs.
type watched struct{ partners []Partner }

// Partners returns the pairs of a node, in the order in which they were first watched.
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

// Slack is how much earlier or later than its interval an answer may come: half a step
// of polls, which are never quite on time, and nothing of streams.
func (f *Family) Slack() odds.Millis {
	if f.ev.Axis.Polled() {
		return f.ev.Axis.Resolution / 2
	}
	return 0
}

// Curve is the family's correlogram, the follower's lags on the right.
func (f *Family) Curve() []float64 {
	dir := leadlag.AB
	if f.Verdict.Directed {
		dir = f.Verdict.Leader
	}
	return f.ev.Curve(dir)
}

// Report returns what is known of the family.
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

// why says in words what an edge lacks.
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

// All reports every family that had anything to judge, by key.
func (s *Families) All() (out []graph.Family) {
	for _, f := range s.list {
		if f.judged && f.Verdict.Found() {
			out = append(out, f.Report())
		}
	}
	slices.SortFunc(out, func(a, b graph.Family) int { return cmp.Compare(a.Key.String(), b.Key.String()) })
	return out
}

// Keys lists the keys of all families.
func (s *Families) Keys() []graph.FamilyKey {
	keys := make([]graph.FamilyKey, len(s.list))
	for i, f := range s.list {
		keys[i] = f.Key
	}
	return keys
}
