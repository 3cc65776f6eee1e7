package leadlag

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/odds"
	"corrgraph/series"
)

func TestVerdictWindow(t *testing.T) {
	own, direction := Span{3, 4}, Span{7, 8}
	for _, c := range []struct {
		name string
		v    Verdict
		flow Flow
		span Span
	}{
		{"directed as found", Verdict{Directed: true, Leader: BA, Search: Search{Flow: BA, Span: own, DSpan: direction}}, BA, own},
		{"directed against the strongest window", Verdict{Directed: true, Leader: BA, Search: Search{Flow: AB, Span: own, DSpan: direction}}, BA, direction},
		{"simultaneous", Verdict{Search: Search{Zero: true, Span: own, DSpan: direction}}, AB, direction},
		{"undirected", Verdict{Search: Search{Flow: BA, Span: own, DSpan: direction}}, BA, own},
	} {
		if flow, span := c.v.Window(); flow != c.flow || span != c.span {
			t.Errorf("%s: %v %v, want %v %v", c.name, flow, span, c.flow, c.span)
		}
	}
}

// family is a few linked pairs among pairs that have nothing to do with each other.
func family(seed uint64, linked, loose int) (cases []Case) {
	rng := rand.New(rand.NewPCG(seed, 9))
	var s Scratch
	for i := range linked + loose {
		a := randomMoves(rng, 120, 20_000)
		b := randomMoves(rng, 120, 20_000)
		if i < linked {
			b = lagged(rng, a, 2000, 1)
		}
		cases = append(cases, caseOf(a, b, seed+uint64(i), &s))
	}
	return cases
}

// What every verdict promises, whatever the case.
func checkVerdict(t *testing.T, i int, v Verdict) {
	t.Helper()
	for name, x := range map[string]float64{
		"P": v.P, "Q": v.Q, "confidence": v.Confidence, "PExist": v.PExist, "QExist": v.QExist, "ConfExist": v.ConfExist,
		"PDirect": v.PDirect, "QDirect": v.QDirect, "ConfDirect": v.ConfDirect,
	} {
		if !(x >= 0 && x <= 1) {
			t.Errorf("case %d: %s is %v", i, name, x)
		}
	}
	switch {
	case v.QExist < v.PExist || v.QDirect < v.PDirect:
		t.Errorf("case %d: a q-value below its p-value: %+v", i, v)
	case v.Q > Rate && (v.Discovered || v.Confidence > 0.9):
		t.Errorf("case %d: not discovered at the rate, yet sure: %+v", i, v)
	case v.QExist > Rate && (v.PDirect != 1 || v.QDirect != 1 || v.ConfDirect != 0 || v.Directed):
		t.Errorf("case %d: direction of an edge that does not exist: %+v", i, v)
	case v.Directed && v.Confidence > math.Min(v.ConfExist, v.ConfDirect):
		t.Errorf("case %d: surer of the leader than of the edge: %+v", i, v)
	case !v.Directed && (v.Link.Lag != 0 || v.Link.LagLow != 0):
		t.Errorf("case %d: an undirected edge claims a lag: %+v", i, v)
	case v.Link.LagLow > v.Link.Lag || v.Link.Lag > v.Link.LagHigh:
		t.Errorf("case %d: the lag lies outside its interval: %+v", i, v.Link)
	}
}

func TestVerdictsKeepTheirPromises(t *testing.T) {
	cases := family(1, 6, 20)
	sure := 0
	for i, v := range Judge(cases) {
		checkVerdict(t, i, v)
		if v.Discovered && v.Directed && v.Leader == AB && i < 6 {
			sure++
		}
	}
	if sure < 4 {
		t.Errorf("%d of 6 links found with their leader", sure)
	}
}

// The verdict on a case does not depend on where it stands in the list.
func TestJudgeHasNoOrder(t *testing.T) {
	cases := family(2, 4, 12)
	want := Judge(cases)
	order := rand.New(rand.NewPCG(3, 3)).Perm(len(cases))
	var mixed []Case
	for _, i := range order {
		mixed = append(mixed, cases[i])
	}
	for k, v := range Judge(mixed) {
		w := want[order[k]]
		if v.S != w.S || math.Abs(v.P-w.P) > 1e-12 || math.Abs(v.Q-w.Q) > 1e-12 || math.Abs(v.Confidence-w.Confidence) > 1e-9 || v.Link != w.Link {
			t.Errorf("case %d, put at %d: %+v, want %+v", order[k], k, v, w)
		}
	}
}

// Cases of one stratum are compared with the decoys of that stratum alone.
func TestStrataKeepTheirDecoysApart(t *testing.T) {
	quiet, other := family(4, 0, 10), family(5, 3, 10)
	for i := range quiet {
		quiet[i].Stratum = 1
	}
	alone := Judge(quiet)
	together := Judge(append(slices.Clone(other), quiet...))[len(other):]
	for i := range alone {
		if alone[i].PExist != together[i].PExist {
			t.Errorf("case %d: p %v alone, %v beside another stratum", i, alone[i].PExist, together[i].PExist)
		}
	}
}

// Only decoys speak for cases whose moves depend on each other: p is never below
// what their number allows.
func TestDependentCasesRestOnDecoysAlone(t *testing.T) {
	cases := family(6, 1, 1)
	free := Judge(cases)
	for i := range cases {
		cases[i].Dependent = true
	}
	bound := Judge(cases)
	least := 1 / float64(1+len(cases)*Decoys)
	if bound[0].PExist < least || free[0].PExist >= least {
		t.Errorf("p %v where decoys alone speak, %v else; decoys allow %v", bound[0].PExist, free[0].PExist, least)
	}
}

// Cases without decoys of their own are held against the pool of their stratum.
func TestJudgeAgainstAPool(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	var s Scratch
	a := randomMoves(rng, 120, 20_000)
	e := gather(NewEvidence(streamed, false), a, lagged(rng, a, 2000, 1), 1, &s)
	c := []Case{{Evidence: e, Stratum: 3, Dependent: true}}
	score := e.Search().S
	pool := slices.Repeat([]float64{score - 1}, 99)
	if p := JudgeAgainst(c, map[int][]float64{3: pool})[0].PExist; p != 0.01 {
		t.Errorf("above all of 99 decoys: p %v, want 0.01", p)
	}
	if p := JudgeAgainst(c, map[int][]float64{3: append(slices.Clone(pool), score)})[0].PExist; math.Abs(p-2.0/101) > 1e-15 {
		t.Errorf("a decoy as large: p %v, want 2/101", p)
	}
	for name, pools := range map[string]map[int][]float64{"no pool": nil, "another stratum's": {2: pool}} {
		if p := JudgeAgainst(c, pools)[0].PExist; p != 1 {
			t.Errorf("%s: p %v, want 1", name, p)
		}
	}
	if pool[0] != score-1 || len(pool) != 99 {
		t.Error("the pool was changed")
	}
}

// Read with the other sign, a link turns round and keeps its strength.
func TestSignedSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	a := randomMoves(rng, 100, 5000)
	b := lagged(rng, a, 1500, 1)
	s := Window(b, a, 0, 4000)
	opposite := slices.Clone(b)
	for i := range opposite {
		opposite[i].White, opposite[i].Raw = -b[i].White, -b[i].Raw
	}
	if got, want := s.Signed(-1), Window(opposite, a, 0, 4000); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s.Signed(1) != s || s.Signed(-1).Signed(-1) != s {
		t.Error("two turns are not none")
	}
	turned := s.Signed(-1)
	if turned.Corr() != -s.Corr() || turned.Beta() != -s.Beta() || s.Corr() < 0.5 {
		t.Errorf("correlation %v and %v, beta %v and %v", s.Corr(), turned.Corr(), s.Beta(), turned.Beta())
	}
}

func TestSumsOfNothing(t *testing.T) {
	var s Sums
	if s.Corr() != 0 || s.Beta() != 0 || Window(nil, nil, 0, 1000) != s {
		t.Errorf("%+v", s)
	}
	one := []series.Increment{{At: 1000, White: 2, Raw: 0.5}}
	// A window holds its first lag and not its last: equal times are a lag of 0.
	for _, c := range []struct {
		from, to int64
		n        int
	}{{0, 1, 1}, {1, 1000, 0}, {-5, 0, 0}, {0, 0, 0}} {
		if got := Window(one, one, c.from, c.to); got.N != c.n || got.SS != 4 || got.SSTo != 4 || got.Moves != 1 {
			t.Errorf("[%d, %d): %+v, want %d hits", c.from, c.to, got, c.n)
		}
	}
}

// A null band holds about 95 % of decoys: three of fifty lie on or above it.
func TestNullBandIsTheThirdLargestDecoy(t *testing.T) {
	e := NewEvidence(NewAxis(1000), true)
	for r := range Decoys {
		e.decoy[r] = float32(r*7%Decoys) * float32(1-2*(r&1)) // sizes 0 to 49, each once, of both signs
	}
	if got := e.null(0, 4); got != 47.0/2 {
		t.Errorf("%v, want 23.5: the third largest, 47, over √4", got)
	}
	if got := e.null(0, 0); got != 0 {
		t.Errorf("without variance it is %v", got)
	}
	if got := NewEvidence(NewAxis(1000), false).null(0, 4); got != 0 {
		t.Errorf("without decoys it is %v", got)
	}
}

// Bins split the near lags without gap or overlap, for any resolution.
func TestSpansCoverWhatTheirBinsCover(t *testing.T) {
	check(t, func(t *rapid.T) {
		x := NewAxis(odds.Millis(rapid.Int64Range(1, 400_000).Draw(t, "resolution")))
		for _, sp := range x.Spans() {
			from, to := x.Limits(sp)
			if x.Bin(from) != sp.First || x.Bin(to-1) != sp.Last || x.Bin(from-1) != sp.First-1 {
				t.Fatalf("span %v is [%d, %d): bins %d to %d, before it %d", sp, from, to, x.Bin(from), x.Bin(to-1), x.Bin(from-1))
			}
		}
		if c := x.Centre(5); c != 5*int64(x.Resolution) && c != 5*int64(x.Resolution)+int64(x.Resolution&1) {
			t.Fatalf("bin 5 of %d ms is centred on %d", x.Resolution, c)
		}
	})
}
