package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/leadlag/paths"
	"corrgraph/odds"
	"corrgraph/store"
)

// compared is the report of two series that are steps of one size, the
// second half as large and two seconds after the first.
func compared(sign float64, grid ...int64) *paths.Report {
	var a, b paths.Path
	for i, up := range []float64{0, 1, 0, 1, 1, 0, 1, 0, 0, 1} {
		a.T, a.V = append(a.T, int64(i)*10_000), append(a.V, up)
		b.T, b.V = append(b.T, int64(i)*10_000+2000), append(b.V, sign*up/2)
	}
	r := paths.Answer(a, b, grid)
	return &r
}

func curve(t *testing.T, r *paths.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Curve(&b, Style{}, "A", "B", r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCurveSaysWhoMovesFirst(t *testing.T) {
	for name, c := range map[string]struct {
		sign float64
		grid []int64
		want string
	}{
		"the first named":  {1, []int64{-2000, 0, 2000}, "A moves first and B follows after 2.0 s: correlation 1.000, 50 % of the move of A"},
		"the other way":    {-1, []int64{-2000, 0, 2000}, "A moves first and B follows after 2.0 s: correlation -1.000, 50 % of the move, the other way of A"},
		"no lag but zero":  {1, []int64{0}, "A and B move together: correlation "},
		"only lags before": {1, []int64{-9000, -8000}, "B moves first and A follows after "},
	} {
		if got := curve(t, compared(c.sign, c.grid...)); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", name, c.want, got)
		}
	}
}

func TestCurveOfNothingToCompareSaysSo(t *testing.T) {
	still := paths.Path{T: []int64{0, 1000, 2000}, V: []float64{1, 1, 1}}
	r := paths.Answer(still, paths.Path{T: []int64{5}, V: []float64{1}}, []int64{0})
	if got := curve(t, &r); got != "A has 3 ticks, B has 1 tick\nNothing to compare: both must move at least once.\n" {
		t.Errorf("%s", got)
	}
	// Both move, an hour apart.
	r = paths.Answer(paths.Path{T: []int64{0, 1000}, V: []float64{0, 1}}, paths.Path{T: []int64{3_600_000, 3_601_000}, V: []float64{0, 1}}, []int64{-1000, 0, 1000})
	if got := curve(t, &r); got != "A has 2 ticks, B has 2 ticks\nTheir moves never overlap at these lags.\n" {
		t.Errorf("%s", got)
	}
}

// TestCurveKeepsTheBestLagOfManyMoreThanFit: of 401 lags 31 have a row, and the best is
// one of them, though its neighbours in the stretch are as high.
func TestCurveKeepsTheBestLagOfManyMoreThanFit(t *testing.T) {
	var grid []int64
	for lag := int64(-10_000); lag <= 10_000; lag += 50 {
		grid = append(grid, lag)
	}
	r := compared(1, grid...)
	rows := strings.Split(strings.TrimSpace(curve(t, r)), "\n")
	bars := slices.DeleteFunc(rows, func(s string) bool { return !strings.ContainsAny(s, "█░") })
	best := slices.DeleteFunc(slices.Clone(bars), func(s string) bool { return !strings.HasSuffix(s, "best") })
	if len(best) != 1 || !strings.HasPrefix(strings.TrimSpace(best[0]), words.Span(odds.Millis(*r.BestLagMS))) || strings.Count(best[0], "█") != curveBar {
		t.Errorf("the best of %d rows is %q, wanted that of %d ms", len(bars), best, *r.BestLagMS)
	}
	if len(bars) > curveRows {
		t.Errorf("%d rows", len(bars))
	}
	if n := strings.Count(curve(t, compared(-1, -2000, 0, 2000)), strings.Repeat("░", curveBar)+" best"); n != 1 {
		t.Errorf("the best of a negative correlation has %d bars of its own kind", n)
	}
}

// TestTheBestLagHasARowAmongEquals: of a stretch of two lags that are as high, the best
// is shown, be it the second.
func TestTheBestLagHasARowAmongEquals(t *testing.T) {
	r := &paths.Report{Defined: true}
	for i := range int64(2 * curveRows) {
		r.LagsMS, r.Rho, r.Z, r.Overlaps = append(r.LagsMS, i*1000), append(r.Rho, 0.5), append(r.Z, 1), append(r.Overlaps, 1)
	}
	for _, best := range []int64{0, 6000, 7000, 61_000} {
		rho, beta := 0.5, 1.0
		r.BestLagMS, r.BestRho, r.Beta = &best, &rho, &beta
		if got := curve(t, r); strings.Count(got, " best\n") != 1 || !strings.Contains(got, words.Span(odds.Millis(best))+"  0.500") {
			t.Errorf("no row of %s in\n%s", words.Span(odds.Millis(best)), got)
		}
	}
}

// TestBarsEndAtTheEdge: the estimate is not clipped, and the bar is.
func TestBarsEndAtTheEdge(t *testing.T) {
	lag, rho, beta := int64(0), 1.7, 1.0
	r := &paths.Report{
		Defined: true, TicksA: 3, TicksB: 3, LagsMS: []int64{0, 1000}, Rho: []float64{rho, 0.01}, Z: []float64{3, 0}, Overlaps: []int64{4, 2},
		BestLagMS: &lag, BestRho: &rho, Beta: &beta,
	}
	got := curve(t, r)
	if n := strings.Count(got, "█"); n != curveBar {
		t.Errorf("%d blocks, want %d and none:\n%s", n, curveBar, got)
	}
	if strings.Contains(got, "lead-lag ratio") {
		t.Errorf("a ratio that there is not:\n%s", got)
	}
}

// members are the names of an object's members in JSON, and those that are null.
func members(t *testing.T, v any) (names, null []string) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for name, value := range m {
		names = append(names, name)
		if string(value) == "null" {
			null = append(null, name)
		}
	}
	slices.Sort(names)
	slices.Sort(null)
	return names, null
}

func TestNewEdgeDetail(t *testing.T) {
	key := graph.FamilyKey{Layer: odds.Direct, Sport: "tennis", League: "open", Market: "h2h", Phase: "pre", Leader: "a", Follower: "b"}
	d := &engine.Detail{
		Edge: follows("a", "b", 0.5), Resolution: 20, Why: "too few moves",
		Family: graph.Family{Key: key, Pairs: 3, N: 900, Z: 4.5, Inflation: 1.2, Q: 0.01, QExist: 0.02, QDirect: 0.03, D: 0.4, Confidence: 0.95},
		Curve:  []engine.CurvePoint{{Lag: -1000, Z: 0.5, Corr: 0.1, Null: 2}, {Lag: 1000, Z: 4, Corr: 0.6, Null: 2.1}},
		Leader: []engine.Point{{At: noon - 2000, Value: 0.1}, {At: noon, Value: 0.3}},
	}
	d.Edge.Trend = graph.Trend{N: 7, ScoreNow: 0.5, ScoreMean: 0.6, ScoreSD: 0.1, LagNow: 2000, LagMean: 3000, LagSD: 500}
	got := NewEdgeDetail(d, Names{}, noon)
	if f := got.Family; f == nil || *f != (Family{key.String(), 3, 900, 4.5, 1.2, 0.01, 0.02, 0.03, 0.4, 0.95}) {
		t.Errorf("family: %+v", f)
	}
	if got.Trend != (Trend{7, 0.5, 0.6, 0.1, 2000, 3000, 500}) {
		t.Errorf("trend: %+v", got.Trend)
	}
	if !slices.Equal(got.Curve, []CurvePoint{{-1000, 0.5, 0.1, 2}, {1000, 4, 0.6, 2.1}}) {
		t.Errorf("curve: %+v", got.Curve)
	}
	if !slices.Equal(got.Leader, []Point{{noon - 2000, 0.1}, {noon, 0.3}}) || got.ResolutionMs != 20 || got.Why != "too few moves" || !got.Edge.InWindow {
		t.Errorf("%+v", got)
	}
}

// TestARowOfAnotherProgramHasNoFamilyAndNoNullList: what is not known of it is empty.
func TestARowOfAnotherProgramHasNoFamilyAndNoNullList(t *testing.T) {
	e := follows("a", "b", 0.5)
	e.Evidence = graph.FromExternal
	names, null := members(t, NewEdgeDetail(&engine.Detail{Edge: e}, Names{}, noon))
	if want := []string{"as_of", "curve", "edge", "family", "follower", "leader", "resolution_ms", "trend", "why"}; !slices.Equal(names, want) {
		t.Errorf("members %v, want %v", names, want)
	}
	if !slices.Equal(null, []string{"family"}) {
		t.Errorf("null: %v", null)
	}
}

func TestNewMoveList(t *testing.T) {
	a := node("a", "m", "home")
	graphs := []odds.Time{noon - 1000, noon}
	got := NewMoveList(&catalog.Event{ID: "m"}, &engine.Remembered{Since: noon - 9000, Older: 4, Newer: 2, Moves: []engine.PastMove{{Node: a, At: noon - 500, Raw: -0.2, RMS: 0.1}}}, graphs, noon, &store.Judgement{})
	if got.Since == nil || *got.Since != noon-9000 || got.Older != 4 || got.Newer != 2 || !slices.Equal(got.Moves, []Move{{a, noon - 500, -0.2, 0.1}}) || !slices.Equal(got.Graphs, graphs) {
		t.Errorf("%+v", got)
	}
	graphs[0] = 0
	if got.Graphs[0] != noon-1000 {
		t.Error("the instants are shared with the caller's")
	}
	if _, null := members(t, NewMoveList(&catalog.Event{ID: "m"}, &engine.Remembered{}, nil, noon, &store.Judgement{})); !slices.Equal(null, []string{"remembered_from"}) {
		t.Errorf("where nothing is remembered these are null: %v", null)
	}
}

func TestFairPricesNeedTheWholeMarket(t *testing.T) {
	q := func(venue, selection string, price float64) engine.Quote {
		return engine.Quote{Node: node(venue, "m", selection), Venue: venue, Market: "h2h", Selection: selection, Listed: true, Complete: true, Price: price}
	}
	suspended, unvalued := q("c", "home", 1.9), q("d", "home", 1.9)
	suspended.Status = odds.Suspended
	unvalued.Value = math.NaN()
	qs := []engine.Quote{
		q("a", "away", 1.5), q("b", "away", 1.9), q("c", "away", 1.9), q("d", "away", 1.9), q("e", "away", 1.9),
		q("a", "home", 3), suspended, unvalued, q("e", "home", 1),
	}
	for i, selection := range []string{"home", "draw", "away"} { // two of three outcomes are no market
		x := q("f", selection, 2.9)
		if i == 1 {
			x.Status = odds.Suspended
		}
		qs = append(qs, x)
	}
	for _, selection := range []string{"home", "away"} { // nothing says that these are all outcomes
		x := q("g", selection, 2.9)
		x.Complete = false
		qs = append(qs, x)
	}
	unlisted := q("a", "draw", 0) // one that others list
	unlisted.Listed = false
	qs = append(qs, unlisted)
	fair := fairOf(qs)
	if len(fair) != 2 || fair[0] == nil || fair[5] == nil {
		t.Fatalf("fair prices of %v; only the market of a is whole", fair)
	}
	if sum := *fair[0] + *fair[5]; math.Abs(sum-1) > 1e-9 || *fair[0] <= 0.5 {
		t.Errorf("%v and %v", *fair[0], *fair[5])
	}
}

// TestPricesThatAreNotKnownAreNull: a venue that shows no price is not one of price 0.
func TestPricesThatAreNotKnownAreNull(t *testing.T) {
	m := quoted("m")
	m.Quotes = []engine.Quote{{Node: node("a", "m", "home"), Venue: "a", Market: "totals", Selection: "over", Line: 8.5, SeenAt: noon}}
	d := NewEventDetail(m, odds.InDecimal, Names{}, noon)
	if _, null := members(t, d.Quotes[0]); !slices.Equal(null, []string{"changed_at", "fair_probability", "price"}) || *d.Quotes[0].Line != 8.5 {
		t.Errorf("null: %v, line %v", null, d.Quotes[0].Line)
	}
}

func TestAMoveOfAConsensusHasNoPrice(t *testing.T) {
	for price, want := range map[float64][]string{0: {"price"}, 1.5: nil} {
		m := NewMoved(&engine.Move{Node: "a", Event: "m", At: noon, Price: price}, Names{})
		if _, null := members(t, m); !slices.Equal(null, want) {
			t.Errorf("price %v: null are %v", price, null)
		}
	}
}

// broken takes no byte.
type broken struct{ calls int }

var errPipe = errors.New("the pipe is closed")

func (b *broken) Write([]byte) (int, error) { b.calls++; return 0, errPipe }

// TestEveryTextIsOneWrite: it comes whole or not at all, and says when it did not.
func TestEveryTextIsOneWrite(t *testing.T) {
	for name, write := range map[string]func(*broken) error{
		"curve":     func(b *broken) error { return Curve(b, Style{}, "A", "B", compared(1, -2000, 0, 2000)) },
		"edges":     func(b *broken) error { return (&Edges{}).Text(b, Style{}, true) },
		"events":    func(b *broken) error { return (&EventList{}).Text(b, Style{}) },
		"anomalies": func(b *broken) error { return (&Anomalies{}).Text(b, Style{}, 0) },
		"paths":     func(b *broken) error { return (&Paths{}).Text(b, Style{}, 0) },
		"graph":     func(b *broken) error { return (&Graph{}).Text(b, Style{}) },
		"json":      func(b *broken) error { return JSON(b, 1) },
	} {
		b := &broken{}
		if err := write(b); !errors.Is(err, errPipe) || b.calls != 1 {
			t.Errorf("%s: %v after %d writes", name, err, b.calls)
		}
	}
	b := &broken{}
	if err := JSON(b, math.NaN()); err == nil || b.calls != 0 {
		t.Errorf("what is no JSON is written: %v, %d writes", err, b.calls)
	}
}
