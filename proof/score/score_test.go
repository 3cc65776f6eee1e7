package score

import (
	"bytes"
	"encoding/json"
	"math"
	"os/exec"
	"strings"
	"testing"

	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

func node(s string) odds.NodeID { return odds.NodeID(s) }

// market: in event e1, ann leads bob by 2 s and cat by 5 s, and pol (polled) by
// 20 s; dot copies bob; eve is alone. In e2 ann leads nobody. The consensus of e1
// leads that of e2.
func market() *truth.Truth {
	link := func(layer odds.Layer, a, b, family string, lag odds.Millis) truth.Link {
		return truth.Link{Layer: layer, Leader: node(a), Follower: node(b), Family: family, LagMs: lag, Beta: 1, Share: 0.8, R2: 0.5}
	}
	t := &truth.Truth{
		Preset: "hand",
		Venues: []truth.Venue{{Name: "ann"}, {Name: "bob"}, {Name: "cat"}, {Name: "dot"}, {Name: "eve"}, {Name: "pol", StepMs: 60_000}},
		Events: []truth.Event{{ID: "e1", Sport: "s", League: "l"}, {ID: "e2", Sport: "s", League: "l"}},
		Links: []truth.Link{
			link(1, "ann/e1/h2h/home", "bob/e1/h2h/home", "ann>bob", 2000),
			link(1, "ann/e1/h2h/home", "cat/e1/h2h/home", "ann>cat", 5000),
			link(1, "bob/e1/h2h/home", "dot/e1/h2h/home", "bob>dot", 5),
			link(1, "ann/e1/h2h/home", "pol/e1/h2h/home", "ann>pol", 20_000),
			link(3, "consensus/e1/h2h/home", "consensus/e2/h2h/away", "team", 45_000),
		},
		Nulls:    []truth.Null{{A: node("ann/e1/h2h/home"), B: node("eve/e1/h2h/home")}, {A: node("bob/e1/h2h/home"), B: node("eve/e1/h2h/home")}, {A: node("ann/e2/h2h/home"), B: node("eve/e2/h2h/home")}},
		Outliers: []truth.Outlier{{Node: node("bob/e1/h2h/home"), At: 100_000, Until: 105_000}, {Node: node("pol/e1/h2h/home"), At: 300_000, Until: 360_000}},
	}
	t.Links[4].Relation = "team"
	return t
}

func edge(layer odds.Layer, a, b string, lag odds.Millis, confidence float64) graph.Edge {
	return graph.Edge{Layer: layer, Source: node(a), Target: node(b), Lag: lag, LagLow: lag / 2, LagHigh: lag * 2, Beta: 0.8, Confidence: confidence, Discovered: true}
}

func together(e graph.Edge) graph.Edge { e.Simultaneous, e.Lag, e.LagLow = true, 0, 0; return e }
func hidden(e graph.Edge) graph.Edge   { e.Discovered = false; return e }

func TestVerdicts(t *testing.T) {
	j := newJudge(market())
	for _, c := range []struct {
		a, b string
		both bool
		want Verdict
	}{
		{"ann/e1/h2h/home", "bob/e1/h2h/home", false, Planted},
		{"ann/e1/h2h/away", "bob/e1/h2h/away", false, Planted}, // the mirror
		{"bob/e1/h2h/home", "ann/e1/h2h/home", false, Backwards},
		{"bob/e1/h2h/home", "ann/e1/h2h/home", true, Planted}, // claims no direction
		{"bob/e1/h2h/home", "dot/e1/h2h/home", true, Planted}, // a copy below the resolution
		{"bob/e1/h2h/home", "cat/e1/h2h/home", false, Implied},
		{"cat/e1/h2h/home", "bob/e1/h2h/home", false, Backwards}, // cat is 3 s later
		{"cat/e1/h2h/home", "bob/e1/h2h/home", true, Implied},
		{"pol/e1/h2h/home", "cat/e1/h2h/home", false, Implied}, // 15 s is less than a poll
		{"ann/e1/h2h/home", "eve/e1/h2h/home", false, False},
		{"ann/e2/h2h/home", "bob/e2/h2h/home", false, False},
		{"ann/e1/totals/over", "bob/e1/totals/over", false, False},
		{"consensus/e1/h2h/home", "bob/e1/h2h/home", false, Implied},
		{"ann/e1/h2h/home", "consensus/e1/h2h/home", false, Implied},
		{"consensus/e1/h2h/home", "ann/e1/h2h/home", false, Backwards}, // no venue leads ann
		{"consensus/e1/h2h/home", "ann/e1/h2h/home", true, Implied},
		{"consensus/e1/h2h/home", "eve/e1/h2h/home", false, False},
		{"consensus/e2/h2h/home", "ann/e2/h2h/home", false, False},
		{"consensus/e1/h2h/home", "consensus/e2/h2h/home", false, Planted},
		{"consensus/e2/h2h/home", "consensus/e1/h2h/home", false, Backwards},
		{"somebody else's node", "bob/e1/h2h/home", false, False},
	} {
		if got, _ := j.judge(unitOf(node(c.a)), unitOf(node(c.b)), c.both); got != c.want {
			t.Errorf("%s → %s (simultaneous %v): verdict %d, want %d", c.a, c.b, c.both, got, c.want)
		}
	}
}

func edges() []graph.Edge {
	external := edge(1, "ann/e1/h2h/home", "eve/e1/h2h/home", 10, 0.99)
	external.Evidence = graph.FromExternal
	copied := edge(1, "bob/e1/h2h/home", "cat/e1/h2h/home", 3000, 0.8)
	copied.Copied = true
	return []graph.Edge{
		edge(1, "ann/e1/h2h/home", "bob/e1/h2h/home", 2100, 0.97),         // planted, right
		edge(1, "ann/e1/h2h/away", "bob/e1/h2h/away", 2100, 0.95),         // its mirror: not counted again
		edge(1, "cat/e1/h2h/home", "ann/e1/h2h/home", 5000, 0.92),         // wrong way
		together(edge(1, "bob/e1/h2h/home", "dot/e1/h2h/home", 0, 0.99)),  // copy, undirected
		hidden(edge(1, "ann/e1/h2h/home", "pol/e1/h2h/home", 60000, 0.3)), // planted, not discovered
		copied, // implied
		edge(1, "ann/e1/h2h/home", "eve/e1/h2h/home", 700, 0.7),                // false, a listed null
		hidden(edge(1, "eve/e1/h2h/home", "bob/e1/h2h/home", 700, 0.1)),        // null, not discovered
		edge(3, "consensus/e1/h2h/away", "consensus/e2/h2h/home", 70000, 0.93), // planted, inside the polls' step
		external,
	}
}

func TestCountsOfHandMadeEdges(t *testing.T) {
	r := Score(market(), edges(), nil, nil, Options{})
	want := Tally{
		Layer: "L1", Links: 4, Found: 3, Power: 0.75, Reported: 7, Discovered: 5, True: 2, Implied: 1, Copied: 1, Backwards: 1, False: 1,
		FalseShare: 0.5, OnLinks: 3, Directed: 2, DirectionRight: 1, DirectedShare: 2.0 / 3, RightShare: 0.5,
	}
	if r.Layers[0] != want {
		t.Errorf("L1:\n%+v, want\n%+v", r.Layers[0], want)
	}
	if l := r.Layers[2]; l.Found != 1 || l.Links != 1 || l.True != 1 || l.FalseShare != 0 {
		t.Errorf("L3: %+v", l)
	}
	if e := r.Edges; e.Links != 5 || e.Found != 4 || e.True != 3 || math.Abs(e.FalseShare-0.4) > 1e-12 {
		t.Errorf("all: %+v", e)
	}
	if r.Nulls != (Nulls{Pairs: 3, Reported: 2, Discovered: 1, Share: 1.0 / 3}) {
		t.Errorf("nulls: %+v", r.Nulls)
	}
	if l := r.Lag; l.N != 2 || l.Right != 2 || l.Polled != 1 || math.Abs(l.MedianError-0.05) > 1e-12 || l.Covered != 2 {
		t.Errorf("lag: %+v", l)
	}
	if r.Beta.N != 1 || r.Beta.MedianError > 1e-12 {
		t.Errorf("β: %+v", r.Beta)
	}
	bands := [3][2]int{{4, 1}, {1, 1}, {2, 1}} // HIGH: ann>bob, cat>ann, bob–dot, team; MEDIUM: the null; LOW: pol and the other null
	for i, w := range bands {
		if r.Bands[i].N != w[0] || r.Bands[i].False != w[1] {
			t.Errorf("band %s: %d with %d false, want %v", r.Bands[i].Band, r.Bands[i].N, r.Bands[i].False, w)
		}
	}
	brier := (0.03*0.03 + 0.92*0.92 + 0.01*0.01 + 0.7*0.7 + 0.7*0.7 + 0.1*0.1 + 0.07*0.07) / 7
	if math.Abs(r.Brier-brier) > 1e-12 || r.Judged != 7 {
		t.Errorf("Brier %.6f over %d, want %.6f over 7", r.Brier, r.Judged, brier)
	}
	top := r.Calibration[9]
	if top.N != 4 || top.True != 3 || math.Abs(top.Claimed-(0.97+0.92+0.99+0.93)/4) > 1e-12 || top.From != 0.9 || top.To != 1 {
		t.Errorf("top bin: %+v", top)
	}
}

func TestLateLagsAndWrongSizesShow(t *testing.T) {
	e := edge(1, "ann/e1/h2h/home", "bob/e1/h2h/away", 3000, 0.9) // opposite sides: β is negative in truth
	e.LagLow, e.LagHigh, e.Beta = 2500, 3500, -0.4
	r := Score(market(), []graph.Edge{e}, nil, nil, Options{})
	if r.Lag.Right != 0 || r.Lag.Covered != 0 || math.Abs(r.Lag.MedianError-0.5) > 1e-12 || math.Abs(r.Beta.MedianError-0.5) > 1e-12 {
		t.Errorf("%+v %+v", r.Lag, r.Beta)
	}
	if r = Score(market(), []graph.Edge{e}, nil, nil, Options{LagTolerance: 0.6}); r.Lag.Right != 1 {
		t.Errorf("LagTolerance 0.6: %+v", r.Lag)
	}
}

func TestFamilies(t *testing.T) {
	family := func(layer odds.Layer, leader, follower string, discovered bool) graph.Family {
		return graph.Family{Key: graph.FamilyKey{Layer: layer, Sport: "s", League: "l", Market: "h2h", Phase: "pre", Leader: leader, Follower: follower}, Discovered: discovered}
	}
	r := Score(market(), nil, []graph.Family{
		family(1, "ann", "bob", true),
		family(1, "cat", "ann", true),
		family(1, "bob", "cat", true),
		family(1, "consensus", "dot", true),
		family(1, "ann", "pol", false),
		family(1, "ann", "eve", true),
		family(3, "team", "team", true),
		family(3, "player", "player", true),
	}, nil, Options{})
	if f := r.Families[0]; f.Links != 4 || f.Found != 2 || f.Reported != 6 || f.True != 1 || f.Backwards != 1 || f.Implied != 2 || f.False != 1 || f.DirectionRight != 1 {
		t.Errorf("L1 families: %+v", f)
	}
	if f := r.Families[2]; f.Links != 1 || f.Found != 1 || f.True != 1 || f.False != 1 {
		t.Errorf("L3 families: %+v", f)
	}
}

func TestOutliers(t *testing.T) {
	anomaly := func(kind, n string, at odds.Time, suppressed string) detect.Anomaly {
		return detect.Anomaly{Kind: kind, Nodes: []odds.NodeID{node(n)}, At: at, Suppressed: suppressed}
	}
	r := Score(market(), nil, nil, []detect.Anomaly{
		anomaly("outlier quote", "bob/e1/h2h/away", 100_400, ""),  // right, on the mirror
		anomaly("outlier quote", "bob/e1/h2h/home", 105_500, ""),  // the same one again
		anomaly("outlier quote", "cat/e1/h2h/home", 100_000, ""),  // wrong venue
		anomaly("outlier quote", "bob/e1/h2h/home", 200_000, ""),  // wrong time
		anomaly("outlier quote", "pol/e1/h2h/home", 300_000, "x"), // never raised
		anomaly("latency spike", "pol/e1/h2h/home", 300_000, ""),  // another kind
	}, Options{})
	if r.Outliers != (Outliers{Planted: 2, Found: 1, Anomalies: 4, Right: 2, Recall: 0.5, Precision: 0.5}) {
		t.Errorf("%+v", r.Outliers)
	}
}

func TestNothingAtAll(t *testing.T) {
	r := Score(&truth.Truth{}, nil, nil, nil, Options{})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err) // a NaN would end here
	}
	if r.Edges.FalseShare != 0 || r.Brier != 0 || bytes.Contains(b, []byte(":null")) {
		t.Errorf("%s", b)
	}
	bad := edge(1, "ann/e1/h2h/home", "bob/e1/h2h/home", 2000, math.NaN())
	if r = Score(market(), []graph.Edge{bad}, nil, nil, Options{}); r.Bands[2].N != 1 {
		t.Errorf("a confidence of NaN should count as LOW: %+v", r.Bands)
	}
}

func TestPool(t *testing.T) {
	good := Score(market(), edges()[:2], nil, nil, Options{})
	bad := Score(market(), edges(), nil, nil, Options{})
	before := bad.Layers[0]
	p := Pool([]Report{bad, good, good, good})
	if l := p.Layers[0]; math.Abs(l.FalseShare-0.125) > 1e-12 { // mean of 0.5, 0, 0, 0; not 2/7
		t.Errorf("mean false share %.4f, want 0.125", l.FalseShare)
	}
	if l := p.Layers[0]; p.Markets != 4 || l.Links != 16 || l.Found != 6 || l.True != 5 || l.RightShare != 0.8 {
		t.Errorf("%+v", l)
	}
	if p.Bands[0].N != 7 || p.Calibration[9].N != 7 || p.Calibration[9].True != 6 || p.Judged != 10 || p.Lag.N != 5 || math.Abs(p.Lag.MedianError-0.05) > 1e-12 {
		t.Errorf("%+v %+v %+v", p.Bands[0], p.Calibration[9], p.Lag)
	}
	if bad.Layers[0] != before {
		t.Error("Pool changed a report that it was given")
	}
	if z := Pool(nil); z.Markets != 0 {
		t.Errorf("%+v", z)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	r := Score(market(), edges(), nil, nil, Options{})
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HIGH", "power", "50.0 %", "Independent pairs      3 in the market, 1 reported as linked (33.3 %)", "Brier"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "NaN") {
		t.Errorf("NaN in\n%s", b.String())
	}
}

// The scorer may know the truth; no estimator may.
func TestTruthIsKeptFromTheEstimators(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "corrgraph/proof/score").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, p := range strings.Fields(string(out)) {
		if p == "corrgraph/proof/simulate" {
			t.Error("score imports the simulator: the truth must reach it as data")
		}
	}
	out, err = exec.Command("go", "list", "-deps", "corrgraph/engine", "corrgraph/propagate", "corrgraph/ledger").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, p := range strings.Fields(string(out)) {
		if strings.HasPrefix(p, "corrgraph/proof/simulate") || p == "corrgraph/proof/score" {
			t.Errorf("an estimator imports %s", p)
		}
	}
}
