package leadlag

import (
	"math"
	"slices"

	"corrgraph/leadlag/fdr"
	"corrgraph/leadlag/signs"
)

// Rate is the false-discovery rate at which an edge counts as discovered.
const Rate = 0.05

// capUnsure limits the confidence reported if q is above Rate: with few families a local
// rate can look certain by chance.
const capUnsure = 0.9

// Case is one pair or family to be judged.
type Case struct {
	Evidence *Evidence
	// Stratum groups comparable cases: their decoys are pooled.
	Stratum int
	// Dependent marks series whose neighbouring moves depend on each other (a consensus).
	// Only block decoys are valid for them, no tail formula is.
	Dependent bool
	// OneClock marks series that are always read in the same answers. Only between those can
	// most of a move be followed within its instant and a leader be told all the same: with
	// clocks of their own, whoever is read first would pass for it.
	OneClock bool
	// Read marks series of which one at least is read at steps, of the axis's resolution: its
	// moves are seen up to a step late.
	Read bool
	// Key tells the case from others, for what is drawn at random. Only ExchangedLeaders draws.
	Key uint64
	// Copy tells of A and B whether it only republishes another one's prices. It can't lead.
	Copy [2]bool
}

// Verdict is the result of judging a Case.
type Verdict struct {
	Search
	PExist, QExist, ConfExist    float64
	PDirect, QDirect, ConfDirect float64 // 1, 1, 0 if direction was not tested

	Directed    bool // the edge has a leader
	Leader      Flow // AB: A leads
	FirstOnFeed bool // it leads on this feed; its own stamps, or how old its prices come in, don't say that it moves first
	Events      int  // events by which direction was tested; 0 if by moves
	BelowFloor  bool // the correlation is too small to be worth telling; then it is not discovered
	Shares      Shares
	P, Q        float64
	Confidence  float64
	Discovered  bool // Q ≤ Rate and Confidence > 0.5
	Link        Link // in the reported direction, or of bin 0
}

// Judge decides a set of cases together. Whether an edge exists is decided by decoys pooled
// within a stratum and Benjamini–Hochberg over all cases. Who leads is decided only for
// edges that exist at Rate, by d and a Benjamini–Hochberg of its own. Confidence is 1 − the
// local false-discovery rate of existence; for a directed edge it is the lower of existence
// and direction.
//
// Direction between polled series is tested by exchanging the roles of both in whole events,
// from 12 events on, else by moves. An edge stays undirected if its direction is not certain,
// or if its strongest window is bin 0 and the series have clocks of their own. On one clock
// the leading window must have the sign of the edge: who overshoots and comes back does not
// lead. Cost: O(cases · (windows · Decoys + events + log cases)).
func Judge(cases []Case) []Verdict { return JudgeAgainst(cases, nil) }

// JudgeAgainst judges cases whose Evidence has no decoys against pools of decoy scores by
// stratum.
func JudgeAgainst(cases []Case, pools map[int][]float64) []Verdict {
	out := make([]Verdict, len(cases))
	for i, c := range cases {
		out[i] = Verdict{Search: c.Evidence.Search(), PExist: 1, QExist: 1, PDirect: 1, QDirect: 1}
	}
	judgeExistence(cases, out, pools)
	judgeDirection(cases, out)
	for i := range out {
		out[i].conclude(&cases[i])
	}
	return out
}

func judgeExistence(cases []Case, out []Verdict, pools map[int][]float64) {
	var tested []int
	var p []float64
	for _, stratum := range strata(cases, out) {
		scores := make([]float64, len(stratum))
		decoys := slices.Clone(pools[cases[stratum[0]].Stratum])
		for k, i := range stratum {
			scores[k] = out[i].S
			decoys = cases[i].Evidence.DecoyScores(decoys)
		}
		ps := fdr.DecoyP(scores, decoys)
		for k, i := range stratum {
			// For scores beyond every decoy the pool gives only an upper bound on p. There
			// the union bound on Hoeffding's tail is also valid, and sharper.
			if ps[k] <= 1/float64(1+len(decoys)) && !cases[i].Dependent {
				ps[k] = math.Min(ps[k], SearchP(out[i].S, out[i].Tests))
			}
		}
		for k, l := range fdr.LocalFDR(scores, decoys, math.Min(1, float64(len(scores))/float64(max(1, len(decoys)))), ps) {
			out[stratum[k]].ConfExist = 1 - l
		}
		tested, p = append(tested, stratum...), append(p, ps...)
	}
	for k, q := range fdr.BenjaminiHochberg(p) {
		v := &out[tested[k]]
		v.PExist, v.QExist, v.ConfExist = p[k], q, capped(v.ConfExist, q)
	}
}

// strata groups the cases that have anything to test by stratum.
func strata(cases []Case, out []Verdict) (groups [][]int) {
	var ids []int
	for i, c := range cases {
		if !out[i].Found() {
			continue
		}
		k := slices.Index(ids, c.Stratum)
		if k < 0 {
			k, ids, groups = len(ids), append(ids, c.Stratum), append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

// judgeDirection tests who leads among the edges that exist.
func judgeDirection(cases []Case, out []Verdict) {
	var tested []int
	var p []float64
	var test signs.Test
	for i := range out {
		v := &out[i]
		if v.QExist > Rate || v.DTests == 0 {
			continue
		}
		pd := SearchP(v.D, v.DTests)
		if x := cases[i].Evidence.exchanged(&test); x.events >= leastEvents {
			v.D, v.DSpan, v.Events, pd = v.signed(x.d), x.span, x.events, x.p
		}
		tested, p = append(tested, i), append(p, pd)
	}
	if len(tested) == 0 {
		return
	}
	q := fdr.BenjaminiHochberg(p)
	lfdr, _, _ := fdr.TwoGroupLFDR(p)
	for k, i := range tested {
		out[i].PDirect, out[i].QDirect, out[i].ConfDirect = p[k], q[k], capped(1-lfdr[k], q[k])
	}
}

func capped(confidence, q float64) float64 {
	if q > Rate {
		return math.Min(confidence, capUnsure)
	}
	return confidence
}

// signed is a difference of U_AB − U_BA with the sign of who leads: an inverse edge has it
// the other way round.
func (v *Verdict) signed(d float64) float64 {
	if v.Z < 0 {
		return -d
	}
	return d
}

// capFeed limits the confidence of a leader that is only known to be first on this feed.
const capFeed = 0.6

func (v *Verdict) conclude(c *Case) {
	e := c.Evidence
	v.P, v.Q, v.Confidence = v.PExist, v.QExist, v.ConfExist
	v.Directed = v.QDirect <= Rate && v.ConfDirect > 0.5 && v.leads(c)
	v.BelowFloor = v.Found() && !e.aboveFloor(&v.Search)
	if !v.Directed {
		v.Discovered = v.Q <= Rate && v.Confidence > 0.5 && !v.BelowFloor
		v.Link = v.undirected(e)
		return
	}
	v.P, v.Q = v.PDirect, math.Max(v.QDirect, v.QExist)
	v.Confidence = math.Min(v.ConfDirect, v.ConfExist)
	v.Discovered = v.Q <= Rate && v.Confidence > 0.5 && !v.BelowFloor
	if v.D < 0 {
		v.Leader = BA
	}
	v.Link = e.Link(v.Window())
	if e.Axis.Polled() {
		v.Shares = e.shares(v.Leader, math.Copysign(1, v.Z))
	}
	if v.Zero { // most of it within one poll: how strong it is shows there, how much is still to come at the next
		z, step := e.ZeroLink(), e.Axis.Resolution
		z.Beta, z.Lag, z.LagHigh = v.Link.Beta, step, 2*step
		v.Link = z
	}
	if v.FirstOnFeed = v.doubted(c); v.FirstOnFeed {
		v.Confidence = math.Min(v.Confidence, capFeed)
	}
}

// leads reports whether what was found between polls can be a lead at all. Bin 0 and clocks
// of their own leave it open who was first. On one clock the leading window must have the
// sign of the edge, and weigh more than what comes back in the other direction.
func (v *Verdict) leads(c *Case) bool {
	e := c.Evidence
	leader := AB
	if v.D < 0 {
		leader = BA
	}
	switch {
	case c.Copy[leader]:
		return false
	case !e.Axis.Polled():
		_, from := v.windowOf(leader)
		return !v.Zero && (!c.Read || c.OneClock || from.First > 1)
	}
	sign := math.Copysign(1, v.Z)
	if !c.OneClock {
		return !v.Zero && (len(e.events) == 0 || e.pastPhases(sign*math.Copysign(1, v.D)))
	}
	ahead, back := sign*e.clusteredU(leader, v.DSpan), sign*e.clusteredU(1-leader, v.DSpan)
	return len(e.events) == 0 && !v.Zero || ahead > 0 && ahead > -back
}

// doubted reports whether a leader is only known to be first on this feed.
func (v *Verdict) doubted(c *Case) bool {
	e := c.Evidence
	if !e.Axis.Polled() {
		return !e.heldOnReceipt(v.Window())
	}
	return c.OneClock && len(e.events) > 0 && e.onlyFirstOnFeed(math.Copysign(1, v.Z*v.D))
}

// Window is the direction and window behind the verdict. For an edge won by bin 0, it is
// where direction was tested.
func (v *Verdict) Window() (Flow, Span) {
	if v.Directed {
		return v.windowOf(v.Leader)
	}
	if v.Zero {
		return AB, v.DSpan
	}
	return v.Flow, v.Span
}

// Leads is the flow in which a leader leads; AB if there is none.
func (v *Verdict) Leads() Flow {
	if v.Directed {
		return v.Leader
	}
	return AB
}

// windowOf is the window in which a leader leads.
func (v *Verdict) windowOf(leader Flow) (Flow, Span) {
	if v.Zero || v.Flow != leader {
		return leader, v.DSpan
	}
	return v.Flow, v.Span
}

// undirected reads the strongest window without claiming a lag: the interval covers the
// window on both sides of zero.
func (v *Verdict) undirected(e *Evidence) Link {
	if v.Zero {
		return e.ZeroLink()
	}
	l := e.Link(v.Flow, v.Span)
	l.Lag, l.LagLow = 0, 0
	return l
}
