package leadlag

import (
	"math"
	"slices"
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
}

// Verdict is the result of judging a Case.
type Verdict struct {
	Search
	PExist, QExist, ConfExist    float64
	PDirect, QDirect, ConfDirect float64 // 1, 1, 0 if direction was not tested

	Directed   bool // the edge has a leader
	Leader     Flow // AB: A leads
	P, Q       float64
	Confidence float64
	Discovered bool // Q ≤ Rate and Confidence > 0.5
	Link       Link // in the reported direction, or of bin 0
}

// Judge decides a set of cases together. Whether an edge exists is decided by decoys pooled
// within a stratum and Benjamini–Hochberg over all cases. Who leads is decided only for
// edges that exist at Rate, by d and a Benjamini–Hochberg of its own. Confidence is 1 − the
// local false-discovery rate of existence; for a directed edge it is the lower of existence
// and direction.
//
// An edge stays undirected if its direction is not certain or its strongest window is bin
// 0. Cost: O(cases · (windows · Decoys + log cases)).
func Judge(cases []Case) []Verdict { return JudgeAgainst(cases, nil) }

// JudgeAgainst judges cases whose Evidence has no decoys against pools of decoy scores by
// stratum.
func JudgeAgainst(cases []Case, pools map[int][]float64) []Verdict {
	out := make([]Verdict, len(cases))
	for i, c := range cases {
		out[i] = Verdict{Search: c.Evidence.Search(), PExist: 1, QExist: 1, PDirect: 1, QDirect: 1}
	}
	judgeExistence(cases, out, pools)
	judgeDirection(out)
	for i := range out {
		out[i].conclude(cases[i].Evidence)
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
		ps := DecoyP(scores, decoys)
		for k, i := range stratum {
			// For scores beyond every decoy the pool gives only an upper bound on p. There
			// the union bound on Hoeffding's tail is also valid, and sharper.
			if ps[k] <= 1/float64(1+len(decoys)) && !cases[i].Dependent {
				ps[k] = math.Min(ps[k], SearchP(out[i].S, out[i].Tests))
			}
		}
		for k, l := range LocalFDR(scores, decoys, math.Min(1, float64(len(scores))/float64(max(1, len(decoys)))), ps) {
			out[stratum[k]].ConfExist = 1 - l
		}
		tested, p = append(tested, stratum...), append(p, ps...)
	}
	for k, q := range BenjaminiHochberg(p) {
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

func judgeDirection(out []Verdict) {
	var tested []int
	var p []float64
	for i := range out {
		if out[i].QExist <= Rate && out[i].DTests > 0 {
			tested = append(tested, i)
			p = append(p, SearchP(out[i].D, out[i].DTests))
		}
	}
	if len(tested) == 0 {
		return
	}
	q := BenjaminiHochberg(p)
	lfdr, _, _ := TwoGroupLFDR(p)
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

func (v *Verdict) conclude(e *Evidence) {
	v.P, v.Q, v.Confidence = v.PExist, v.QExist, v.ConfExist
	v.Directed = v.QDirect <= Rate && v.ConfDirect > 0.5 && !v.Zero
	if !v.Directed {
		v.Discovered = v.Q <= Rate && v.Confidence > 0.5
		v.Link = v.undirected(e)
		return
	}
	v.P, v.Q = v.PDirect, math.Max(v.QDirect, v.QExist)
	v.Confidence = math.Min(v.ConfDirect, v.ConfExist)
	v.Discovered = v.Q <= Rate && v.Confidence > 0.5
	if v.D < 0 {
		v.Leader = BA
	}
	v.Link = e.Link(v.Window())
}

// Window is the direction and window behind the verdict. For a simultaneous edge won by bin
// 0, it is where direction was tested.
func (v *Verdict) Window() (Flow, Span) {
	switch {
	case v.Directed && v.Flow != v.Leader:
		return v.Leader, v.DSpan
	case v.Zero:
		return AB, v.DSpan
	default:
		return v.Flow, v.Span
	}
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
