package arbitrage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

const noon odds.Time = 1_780_000_000_000

// desk is a reader with the contents that a test gives it.
type desk struct {
	asOf      odds.Time
	matches   map[string]answer.Match
	anomalies []detect.Anomaly
	muted     string
	busy      error // returned for every question
}

func newDesk() *desk { return &desk{asOf: noon, matches: map[string]answer.Match{}} }

func (d *desk) show(m answer.Match) { d.matches[m.Event.ID] = m }

func (d *desk) Match(_ context.Context, event string) (m answer.Match, err error) {
	if m, ok := d.matches[event]; ok {
		return m, d.busy
	}
	return m, fmt.Errorf("%w event %q", answer.ErrUnknown, event)
}

func (d *desk) EachAnomaly(_ context.Context, _ string, _ float64, yield func(*detect.Anomaly) bool) error {
	for i := range d.anomalies {
		if !yield(&d.anomalies[i]) {
			break
		}
	}
	return d.busy
}

func (d *desk) EdgesInWindow(context.Context, string, odds.Time) ([]graph.Edge, error) {
	return nil, d.busy
}

func (d *desk) Forecasts(context.Context, func(iter.Seq[*ledger.Prediction])) error { return nil }

func (d *desk) Review(list []answer.Anomaly) {
	for i := range list {
		if d.muted != "" {
			list[i].Review = &answer.Reviewed{MutedBy: d.muted}
		}
	}
}

func (d *desk) arbitrage(t *testing.T, suppressed bool) *List {
	t.Helper()
	got, err := Find(t.Context(), d, Query{Suppressed: suppressed}, answer.Names{}, d.asOf)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// quoted is a match with quotes and nothing else.
func quoted(id string) answer.Match {
	m := answer.Match{EventView: &engine.EventView{AsOf: noon, Last: noon}}
	m.Event = catalog.Event{ID: id, Sport: "tennis", Home: "A", Away: "B"}
	return m
}

func node(venue, event, selection string) odds.NodeID {
	return odds.Node(venue, event, "h2h", math.NaN(), selection)
}

// offer is a venue's price of a selection in the event "m", with its age. The venue lists
// all outcomes.
func offer(venue, selection string, price float64, age odds.Millis) engine.Quote {
	return engine.Quote{
		Node: node(venue, "m", selection), Venue: venue, Market: "h2h", Selection: selection, Side: sideOf[selection], Listed: true, Complete: true,
		Price: price, Line: math.NaN(), SeenAt: noon.Add(-age), Resolution: 20,
	}
}

var sideOf = map[string]odds.Side{"home": odds.Home, "draw": odds.Draw, "away": odds.Away, "over": odds.Over, "under": odds.Under}

// fill adds the other outcomes that each venue lists and has no price for.
func fill(quotes []engine.Quote) []engine.Quote {
	for _, q := range quotes {
		for _, of := range quotes {
			there := func(x engine.Quote) bool { return x.Venue == q.Venue && x.Selection == of.Selection }
			if !slices.ContainsFunc(quotes, there) {
				more := offer(q.Venue, of.Selection, 0, 0)
				more.Status, more.SeenAt, more.Line = odds.Closed, q.SeenAt, of.Line
				more.Node = odds.NodeID(strings.TrimSuffix(string(q.Node), q.Selection) + of.Selection)
				quotes = append(quotes, more)
			}
		}
	}
	return quotes
}

// raised is an anomaly of arbitrage in the event "m".
func raised(change func(*detect.Anomaly)) detect.Anomaly {
	a := detect.Anomaly{Kind: detect.Arbitrage, Layer: odds.Direct, Event: "m", Nodes: []odds.NodeID{node("a", "m", "home"), node("b", "m", "away")}, At: noon - 5000, Size: 0.2}
	if change != nil {
		change(&a)
	}
	return a
}

func TestArbitrageIsOfThePricesOfNow(t *testing.T) {
	d := newDesk()
	v := quoted("m")
	v.Quotes = []engine.Quote{
		offer("a", "away", 1.5, 2000), offer("b", "away", 2.2, 300), offer("c", "away", 2.1, 0), offer("d", "away", 9, 0),
		offer("a", "home", 2.0, 2000), offer("b", "home", 1.7, 300), offer("c", "home", 1.9, 0),
	}
	v.Quotes[3].Status = odds.Suspended // the best price, which can't be taken
	v.Quotes[4].ChangedAt, v.Quotes[4].InPlay = noon-90_000, true
	v.Quotes = fill(v.Quotes)
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(nil), raised(func(a *detect.Anomaly) { a.At -= 60_000 })} // the same market twice
	got := d.arbitrage(t, false)
	if len(got.Windows) != 1 || got.Suppressed != 0 {
		t.Fatalf("%+v", got)
	}
	w := got.Windows[0]
	profit := 1/(1/2.0+1/2.2) - 1
	if math.Abs(w.Profit-profit) > 1e-12 || w.Since != noon-5000 || w.Market != "h2h" || w.Line != nil || w.Review != nil {
		t.Errorf("%+v", w)
	}
	away, home := w.Legs[0], w.Legs[1]
	if away.Venue != "b" || away.Selection != "away" || away.Price != 2.2 || away.AgeMs != 300 || away.ChangedAt != nil || home.Venue != "a" || home.AgeMs != 2000 || *home.ChangedAt != noon-90_000 {
		t.Errorf("%+v", w.Legs)
	}
	// Whatever the outcome, the stakes return the same.
	if one, two := away.Stake*away.Price, home.Stake*home.Price; math.Abs(one-two) > 1e-12 || math.Abs(one-1-profit) > 1e-12 || math.Abs(away.Stake+home.Stake-1) > 1e-12 {
		t.Errorf("stakes %v and %v", away.Stake, home.Stake)
	}
	if len(w.Warnings) != 1 || !w.InPlay { // in play
		t.Errorf("%q", w.Warnings)
	}

	// Where a venue's fee is unknown, nothing is claimed above it.
	v.Quotes[1].FeeUnknown = true // b's away
	d.show(v)
	w = d.arbitrage(t, false).Windows[0]
	if w.Legs[0].Commission != nil || w.Legs[1].Commission == nil || w.Severity != detect.SeverityLow || !slices.Contains(w.Warnings, "the fee of b is not configured and not deducted") {
		t.Errorf("%+v", w)
	}

	// A better price elsewhere replaces the leg; without arbitrage there is no window.
	v = quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 300), offer("a", "home", 2.0, 0), offer("c", "home", 3, 12_000)})
	d.show(v)
	w = d.arbitrage(t, false).Windows[0]
	if w.Legs[1].Venue != "c" || len(w.Warnings) != 2 {
		t.Errorf("%+v", w) // over 10 %, and 12 s old
	}
	v = quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 1.9, 300), offer("a", "home", 2.0, 2000)})
	d.show(v)
	if got = d.arbitrage(t, true); len(got.Windows) != 0 || got.Windows == nil {
		t.Errorf("%+v", got)
	}
}

func TestArbitrageOfASilentMatchGrowsOld(t *testing.T) {
	d := newDesk()
	v := quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("b", "draw", 60, 0), offer("a", "home", 2.0, 0)})
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(nil)}
	d.asOf = noon + 30_000 // the others are still quoted
	w := d.arbitrage(t, false).Windows[0]
	if w.Legs[0].AgeMs != 30_000 || len(w.Warnings) != 2 || w.Warnings[0] != "b was seen 30 s ago" {
		t.Errorf("%+v", w) // one warning per venue
	}
	d.asOf = noon + 3_000_000
	if got := d.arbitrage(t, false); len(got.Windows) != 0 || got.Suppressed != 1 {
		t.Errorf("%+v", got)
	}
	v = quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)})
	v.Quotes[1].Stale = true // by its own stamp, although every poll has it
	d.show(v)
	d.asOf = noon
	if got := d.arbitrage(t, true); len(got.Windows) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestArbitrageOfEveryLineStandsAlone(t *testing.T) {
	d := newDesk()
	v := quoted("m")
	at := func(q engine.Quote, line float64) engine.Quote { q.Line = line; return q }
	v.Quotes = []engine.Quote{
		at(offer("a", "over", 2.1, 0), 7.5), at(offer("b", "over", 2.3, 0), 8.5), at(offer("c", "over", 2.0, 0), 7.5), at(offer("d", "over", 1.8, 0), 8.5),
		at(offer("a", "under", 1.7, 0), 7.5), at(offer("b", "under", 1.6, 0), 8.5), at(offer("c", "under", 2.05, 0), 7.5), at(offer("d", "under", 2.0, 0), 8.5),
	}
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(func(a *detect.Anomaly) { a.Nodes = []odds.NodeID{node("gone", "m", "over"), node("c", "m", "under")} })}
	got := d.arbitrage(t, false).Windows
	if len(got) != 2 || *got[0].Line != 7.5 || got[0].Legs[0].Venue != "a" || got[0].Legs[1].Venue != "c" || *got[1].Line != 8.5 || got[1].Legs[0].Venue != "b" || got[1].Legs[1].Venue != "d" {
		t.Errorf("%+v", got)
	}
}

func TestArbitrageThatIsNoOfferIsCountedAndListedOnDemand(t *testing.T) {
	for _, c := range []struct {
		name   string
		age    odds.Millis
		change func(*detect.Anomaly)
		mute   bool
		want   string
	}{
		{"a stale leg", 61_000, nil, false, "a leg is stale"},
		{"suppressed", 0, func(a *detect.Anomaly) { a.Suppressed = detect.CoolingDown }, false, detect.CoolingDown},
		{"muted", 0, nil, true, "muted by somebody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk()
			v := quoted("m")
			v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, c.age), offer("a", "home", 2.0, 0)})
			d.show(v)
			d.anomalies = []detect.Anomaly{raised(c.change), raised(func(a *detect.Anomaly) { a.Event = "gone" })}
			if c.mute {
				d.muted = "somebody"
			}
			got := d.arbitrage(t, false)
			if len(got.Windows) != 0 || got.Suppressed != 1 {
				t.Errorf("%+v", got)
			}
			got = d.arbitrage(t, true)
			if len(got.Windows) != 1 || got.Suppressed != 1 || got.Windows[0].Suppressed != c.want || got.Windows[0].Warnings[0] != "no offer: "+c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestArbitrageOfAMatchWithALongName(t *testing.T) {
	d := newDesk()
	long := strings.Repeat("x", 120) // its nodes' ids are shortened, and hide the market
	v := quoted(long)
	for _, q := range fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)}) {
		q.Node = node(q.Venue, long, q.Selection)
		v.Quotes = append(v.Quotes, q)
	}
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(func(a *detect.Anomaly) { a.Event, a.Nodes = long, []odds.NodeID{v.Quotes[1].Node, v.Quotes[2].Node} })}
	if got := d.arbitrage(t, false).Windows; len(got) != 1 || got[0].Market != "h2h" {
		t.Errorf("%+v", got)
	}
}

func TestArbitrageThatEndedIsNotLookedAt(t *testing.T) {
	d := newDesk()
	d.show(quoted("m"))
	d.anomalies = []detect.Anomaly{raised(func(a *detect.Anomaly) { a.Until = noon }), raised(func(a *detect.Anomaly) { a.Kind = detect.HiddenEdge })}
	v := quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)})
	d.show(v)
	d.asOf = noon
	d.anomalies = append(d.anomalies, raised(func(a *detect.Anomaly) { a.Suppressed, a.At = detect.CoolingDown, noon.Add(-suppressedFor-1) }))
	if got := d.arbitrage(t, true); len(got.Windows) != 0 || got.Suppressed != 0 {
		t.Errorf("%+v", got)
	}
	d.busy = context.DeadlineExceeded
	if _, err := Find(t.Context(), d, Query{Suppressed: true}, answer.Names{}, noon); !errors.Is(err, d.busy) {
		t.Error(err)
	}
}

func TestArbitrageLooksAtSoManyMarketsAtMost(t *testing.T) {
	d := newDesk()
	for i := range mostWindows + 20 {
		v := quoted(fmt.Sprint("m", i))
		for _, q := range fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)}) {
			q.Node = node(q.Venue, v.Event.ID, q.Selection)
			v.Quotes = append(v.Quotes, q)
		}
		d.show(v)
		d.anomalies = append(d.anomalies, raised(func(a *detect.Anomaly) {
			a.Event, a.Nodes, a.At = v.Event.ID, []odds.NodeID{v.Quotes[1].Node, v.Quotes[2].Node}, a.At+odds.Time(i)
		}))
	}
	got := d.arbitrage(t, false).Windows
	if len(got) != mostWindows || got[0].EventID != fmt.Sprint("m", mostWindows+19) {
		t.Errorf("%d windows, the first of %s", len(got), got[0].EventID)
	}
}

func TestPhantomsAreSuspectedAndSaidSo(t *testing.T) {
	d := newDesk()
	v := quoted("m")
	v.Quotes = fill([]engine.Quote{
		offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 4000), offer("a", "home", 2.0, 0), offer("c", "home", 1.9, 0), offer("b", "home", 1.8, 4000),
	})
	hours := func(q *engine.Quote, ago odds.Millis) { q.ChangedAt = noon.Add(-ago) }
	hours(&v.Quotes[2], 3*3_600_000) // the leg at home
	hours(&v.Quotes[3], 60_000)
	hours(&v.Quotes[4], 3_600_000)
	hours(&v.Quotes[1], 2*3_600_000) // the leg away: one other venue alone tells nothing
	hours(&v.Quotes[0], 60_000)
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(nil)}
	w := d.arbitrage(t, false).Windows[0]
	if len(w.Suspected) != 1 || w.Suspected[0] != "a has not changed its price for 3 h, 2 of 2 others have" || !strings.HasSuffix(w.Warnings[0], w.Suspected[0]) || w.Severity != detect.SeverityLow {
		t.Errorf("a leg that stands still: %q, %q", w.Suspected, w.Warnings)
	}
	if w.OldestMs != 4000 || w.LastsMs != 5000 {
		t.Errorf("%+v", w)
	}
	hours(&v.Quotes[2], 1000)
	d.anomalies = []detect.Anomaly{raised(func(a *detect.Anomaly) { a.At = noon.Add(-detect.PhantomAfter - 60_000) })}
	w = d.arbitrage(t, false).Windows[0]
	if len(w.Suspected) != 1 || w.Suspected[0] != "it has lasted 31 min, real ones are gone within 30 min" {
		t.Errorf("a long one: %q", w.Suspected)
	}
}

func TestSmallProfitsAreCountedOnly(t *testing.T) {
	d := newDesk()
	v := quoted("m")
	v.Quotes = fill([]engine.Quote{offer("a", "away", 1.5, 0), offer("b", "away", 2.2, 0), offer("a", "home", 2.0, 0)}) // 4.8 %
	d.show(v)
	d.anomalies = []detect.Anomaly{raised(nil)}
	for least, want := range map[float64]int{0: 1, 0.04: 1, 0.05: 0} {
		got, err := Find(t.Context(), d, Query{MinProfit: least}, answer.Names{}, noon)
		if err != nil || len(got.Windows) != want || got.Below != 1-want {
			t.Errorf("at least %v: %+v, %v", least, got, err)
		}
	}
}
