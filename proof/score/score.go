// Package score compares what was learned from a simulated market with its truth:
// how many discovered edges are false, how many planted links were found, whether
// lag, size and direction are right, and whether confidence is calibrated.
//
// Rules: selections and lines of one market at one venue count as one. An Implied
// edge (see package truth) is a real correlation without a link of its own: it is
// counted, but left out of every share, the confidence bands and the calibration,
// so that it neither hides a false edge nor counts as one. An edge with the wrong
// direction is a wrong claim and counts as false. Rows of other programs are not
// scored.
package score

import (
	"math"
	"slices"
	"strings"

	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// Options of a score. The zero value is the default.
type Options struct {
	// LagTolerance is the largest relative error of a correct lag. Zero means 0.10.
	LagTolerance float64
	// Bins is the number of equal confidence bins of the calibration. Zero means 10.
	Bins int
	// Slack is how far the time of an anomaly may be from its outlier. Zero means 1 s.
	Slack odds.Millis
}

// Report is the score of a market. A share of zero cases is 0; see the count beside
// it.
type Report struct {
	Markets     int      `json:"markets"` // simulated markets behind the figures
	Preset      string   `json:"preset"`
	Edges       Tally    `json:"edges"`
	Layers      []Tally  `json:"layers"`   // L1 to L4, pairs
	Families    []Tally  `json:"families"` // L1 to L4, pooled edges
	Nulls       Nulls    `json:"nulls"`
	Lag         Lag      `json:"lag"`
	Beta        Beta     `json:"beta"`
	Bands       []Band   `json:"bands"`
	Calibration []Bin    `json:"calibration"`
	Brier       float64  `json:"brier"`
	Judged      int      `json:"judged"` // edges behind Brier, bands and calibration
	Outliers    Outliers `json:"outliers"`

	lagErrors, betaErrors []float64
	squares               float64
}

// Tally counts a layer's discovered edges by verdict.
type Tally struct {
	Layer      string  `json:"layer"`
	Links      int     `json:"links"`      // planted
	Found      int     `json:"found"`      // planted and discovered, in either direction
	Power      float64 `json:"power"`      // Found / Links
	Reported   int     `json:"reported"`   // edges at any confidence
	Discovered int     `json:"discovered"` // of these
	True       int     `json:"true"`
	Implied    int     `json:"implied"`
	Copied     int     `json:"copied"` // implied and marked as copied
	Backwards  int     `json:"backwards"`
	False      int     `json:"false"`
	// FalseShare is (False + Backwards) / (True + False + Backwards); over several
	// markets it is their mean, the false-discovery rate.
	FalseShare     float64 `json:"false_share"`
	OnLinks        int     `json:"on_links"` // discovered edges on planted links
	Directed       int     `json:"directed"` // of these, with a direction
	DirectionRight int     `json:"direction_right"`
	DirectedShare  float64 `json:"directed_share"`
	RightShare     float64 `json:"direction_right_share"`
}

// Nulls counts the pairs that are independent by the truth.
type Nulls struct {
	Pairs      int     `json:"pairs"`
	Reported   int     `json:"reported"` // with an edge at any confidence
	Discovered int     `json:"discovered"`
	Share      float64 `json:"share"` // Discovered / Pairs
}

// Lag measures the accuracy of lags, over discovered planted links with the right
// direction.
type Lag struct {
	N           int     `json:"n"`
	Right       int     `json:"right"`  // within the tolerance, or within a polled source's step
	Polled      int     `json:"polled"` // of N, with a polled source or a consensus that includes one
	RightShare  float64 `json:"right_share"`
	MedianError float64 `json:"median_error"` // relative, streams only
	Covered     int     `json:"covered"`      // planted lag inside the reported interval
	Coverage    float64 `json:"coverage"`
}

// Beta measures the accuracy of sizes, over the same links between venues. The
// expected size is share × β, the average response to a leader's move.
type Beta struct {
	N           int     `json:"n"`
	MedianError float64 `json:"median_error"` // relative
}

// Outliers counts planted wrong quotes, and the anomalies that report them.
type Outliers struct {
	Planted   int     `json:"planted"`
	Found     int     `json:"found"`
	Anomalies int     `json:"anomalies"`
	Right     int     `json:"right"`
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
}

// Score compares edges, families and anomalies with t and modifies none of them. An
// anomaly counts if its kind contains "outlier" and it was not suppressed. Cost:
// linear in its arguments, but outliers × anomalies.
func Score(t *truth.Truth, edges []graph.Edge, families []graph.Family, anomalies []detect.Anomaly, o Options) Report {
	if o.LagTolerance == 0 {
		o.LagTolerance = 0.10
	}
	if o.Bins == 0 {
		o.Bins = 10
	}
	if o.Slack == 0 {
		o.Slack = 1000
	}
	j := newJudge(t)
	r := Report{
		Markets: 1, Preset: t.Preset, Edges: Tally{Layer: "all"}, Calibration: make([]Bin, o.Bins),
		Bands: []Band{{Band: odds.High}, {Band: odds.Medium}, {Band: odds.Low}},
	}
	for _, l := range odds.Layers {
		r.Layers = append(r.Layers, Tally{Layer: l.Key()})
		r.Families = append(r.Families, Tally{Layer: l.Key()})
	}
	for i := range t.Links {
		r.Layers[t.Links[i].Layer-1].Links++
	}
	r.Edges.Links = len(t.Links)
	r.scoreEdges(j, t, distinct(edges), o)
	r.scoreFamilies(j, t, families)
	r.scoreOutliers(j, t, anomalies, o.Slack)
	r.finish()
	r.shares()
	return r
}

// scored is an edge with its ends as units.
type scored struct {
	*graph.Edge
	source, target unit
}

// distinct keeps the most confident edge of each layer and pair of units, in order
// of first appearance. Mirror selections and alternate lines are merged; rows of
// other programs are dropped.
func distinct(edges []graph.Edge) []scored {
	type key struct {
		layer odds.Layer
		pair
	}
	at := map[key]int{}
	var out []scored
	for i := range edges {
		e := &edges[i]
		s := scored{e, unitOf(e.Source), unitOf(e.Target)}
		if e.Evidence == graph.FromExternal || !e.Layer.Valid() {
			continue
		}
		k := key{e.Layer, pair{s.source, s.target}}
		if n, ok := at[k]; !ok {
			at[k] = len(out)
			out = append(out, s)
		} else if better(e, out[n].Edge) {
			out[n] = s
		}
	}
	return out
}

func better(a, b *graph.Edge) bool {
	if a.Discovered != b.Discovered {
		return a.Discovered
	}
	return a.Confidence > b.Confidence
}

func (r *Report) scoreEdges(j *judge, t *truth.Truth, edges []scored, o Options) {
	found := map[*truth.Link]bool{}
	reported, discovered := map[pair]bool{}, map[pair]bool{}
	for _, e := range edges {
		verdict, link := j.judge(e.source, e.target, e.Simultaneous)
		r.judged(e.Confidence, verdict)
		tallies := [2]*Tally{&r.Edges, &r.Layers[e.Layer-1]}
		for _, tally := range tallies {
			tally.add(verdict, e.Discovered, e.Copied)
		}
		p := unordered(e.source, e.target)
		reported[p] = true
		if !e.Discovered {
			continue
		}
		discovered[p] = true
		if link == nil {
			continue
		}
		for _, tally := range tallies {
			tally.direction(!found[link], verdict, e.Simultaneous)
		}
		found[link] = true
		if verdict == Planted && !e.Simultaneous {
			r.scoreSize(j, e, link, o)
		}
	}
	r.Nulls.Pairs = len(t.Nulls)
	for _, n := range t.Nulls {
		p := unordered(unitOf(n.A), unitOf(n.B))
		r.Nulls.Reported += count(reported[p])
		r.Nulls.Discovered += count(discovered[p])
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *Tally) add(v Verdict, discovered, copied bool) {
	t.Reported++
	if !discovered {
		return
	}
	t.Discovered++
	switch v {
	case Planted:
		t.True++
	case Implied:
		t.Implied++
		t.Copied += count(copied)
	case Backwards:
		t.Backwards++
	case False:
		t.False++
	}
}

// direction counts a discovered edge on a planted link.
func (t *Tally) direction(first bool, v Verdict, simultaneous bool) {
	t.Found += count(first)
	t.OnLinks++
	if !simultaneous {
		t.Directed++
		t.DirectionRight += count(v == Planted)
	}
}

// scoreSize compares lag and β. Polling adds up to one step to a follower's lag,
// half a step on average if the leader is a stream.
func (r *Report) scoreSize(j *judge, e scored, l *truth.Link, o Options) {
	step := j.resolution(e.source, e.target)
	lag, want := float64(e.Lag), float64(l.LagMs)
	r.Lag.N++
	if e.LagLow <= l.LagMs && l.LagMs <= e.LagHigh {
		r.Lag.Covered++
	}
	switch late := math.Abs(lag - want); {
	case step > finest:
		r.Lag.Polled++
		if j.stepOf(e.source) <= finest {
			want += float64(step) / 2
		}
		r.Lag.Right += count(math.Abs(lag-want) <= float64(step))
	default:
		r.Lag.Right += count(late <= max(o.LagTolerance*want, float64(step)))
		r.lagErrors = append(r.lagErrors, late/max(want, 1))
	}
	if sign := mirrored(e.Source, l.Leader) * mirrored(e.Target, l.Follower); sign != 0 && !e.source.consensus() && !e.target.consensus() {
		size := l.Share * l.Beta
		r.betaErrors = append(r.betaErrors, math.Abs(sign*e.Beta-size)/math.Abs(size))
	}
}

// mirrored is 1 for the same selection, −1 for the opposite side, 0 for neither.
func mirrored(a, b odds.NodeID) float64 {
	_, _, _, x, _ := a.Parts()
	_, _, _, y, _ := b.Parts()
	switch {
	case x == y:
		return 1
	case x == "draw" || y == "draw":
		return 0
	}
	return -1
}

// scoreFamilies judges each family by the best verdict on any of its pairs.
func (r *Report) scoreFamilies(j *judge, t *truth.Truth, families []graph.Family) {
	planted := map[string]bool{}
	for i := range t.Links {
		if l := &t.Links[i]; !planted[l.Family] {
			planted[l.Family] = true
			r.Families[l.Layer-1].Links++
		}
	}
	found := map[string]bool{}
	for i := range families {
		f := &families[i]
		if !f.Key.Layer.Valid() {
			continue
		}
		verdict, link := j.family(t, f)
		tally := &r.Families[f.Key.Layer-1]
		tally.add(verdict, f.Discovered, f.Copied)
		if f.Discovered && link != nil {
			tally.direction(!found[link.Family], verdict, f.Simultaneous)
			found[link.Family] = true
		}
	}
}

// family returns the best verdict over the events that a family covers.
func (j *judge) family(t *truth.Truth, f *graph.Family) (best Verdict, link *truth.Link) {
	k := f.Key
	if k.Layer == odds.CrossEvent || k.Layer == odds.CrossSport {
		return relation(t, k)
	}
	for _, e := range t.Events {
		if e.Sport != k.Sport || e.League != k.League {
			continue
		}
		a, b := unit{k.Leader, e.ID, k.Market}, unit{k.Follower, e.ID, k.Market}
		if k.Layer == odds.CrossMarket {
			a, b = unit{k.Venue, e.ID, k.Leader}, unit{k.Venue, e.ID, k.Follower}
		}
		if v, l := j.judge(a, b, f.Simultaneous); v > best || link == nil && l != nil {
			best, link = max(best, v), l
		}
	}
	return best, link
}

// relation finds a planted link of a relation ("team", "city"); such families have
// no venues and no direction of their own.
func relation(t *truth.Truth, k graph.FamilyKey) (Verdict, *truth.Link) {
	for i := range t.Links {
		l := &t.Links[i]
		_, event, _, _, _ := l.Follower.Parts()
		same := k.Layer == odds.CrossSport || slices.ContainsFunc(t.Events, func(e truth.Event) bool { return e.ID == event && e.League == k.League })
		if l.Layer == k.Layer && same && (strings.Contains(k.Leader, l.Relation) || strings.Contains(k.Follower, l.Relation)) {
			return Planted, l
		}
	}
	return False, nil
}

func (r *Report) scoreOutliers(j *judge, t *truth.Truth, anomalies []detect.Anomaly, slack odds.Millis) {
	r.Outliers.Planted = len(t.Outliers)
	found := make([]bool, len(t.Outliers))
	for i := range anomalies {
		a := &anomalies[i]
		if a.Suppressed != "" || !strings.Contains(strings.ToLower(a.Kind), "outlier") {
			continue
		}
		r.Outliers.Anomalies++
		right := false
		for n, o := range t.Outliers {
			u := unitOf(o.Node)
			reach := max(slack, j.step[u.venue])
			if a.At < o.At.Add(-reach) || a.At > o.Until.Add(reach) {
				continue
			}
			if slices.ContainsFunc(a.Nodes, func(n odds.NodeID) bool { return unitOf(n) == u }) {
				right, found[n] = true, true
			}
		}
		r.Outliers.Right += count(right)
	}
	for _, f := range found {
		r.Outliers.Found += count(f)
	}
}
