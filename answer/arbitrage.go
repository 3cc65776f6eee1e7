package answer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/odds"
)

// mostWindows limits the markets that one question for arbitrage examines.
const mostWindows = 100

// suppressedFor is how long a suppressed arbitrage is examined, since its end is
// not tracked.
const suppressedFor = odds.Millis(3_600_000)

// Leg is one bet of an arbitrage.
type Leg struct {
	Node         odds.NodeID `json:"node"`
	Venue        string      `json:"venue"`
	Selection    string      `json:"selection"`
	Price        float64     `json:"price"` // decimal odds as quoted
	Stake        float64     `json:"stake"` // share of all stakes that makes every outcome pay the same
	SeenAt       odds.Time   `json:"seen_at"`
	ChangedAt    *odds.Time  `json:"changed_at"` // null: it has no series of its own
	AgeMs        odds.Millis `json:"age_ms"`     // event time since it was seen
	ResolutionMs odds.Millis `json:"resolution_ms"`
}

// Window is an arbitrage at current prices, before fees, limits and account rules.
type Window struct {
	EventID    string    `json:"event_id"`
	Title      string    `json:"title"`
	Market     string    `json:"market"`
	Line       *float64  `json:"line"` // of the first leg; null where the market has none
	InPlay     bool      `json:"in_play"`
	Since      odds.Time `json:"since"`
	Profit     float64   `json:"profit"` // share of the stakes
	Confidence float64   `json:"confidence"`
	Legs       []Leg     `json:"legs"`
	Warnings   []string  `json:"warnings"`
	Suppressed string    `json:"suppressed,omitempty"` // why it can't be taken
	Review     *Reviewed `json:"review,omitempty"`     // reviews of its anomaly
}

// Arbitrage lists the arbitrages at current prices, newest first.
type Arbitrage struct {
	AsOf       odds.Time `json:"as_of"`
	Windows    []Window  `json:"windows"`
	Suppressed int       `json:"suppressed"` // number that can't be taken, listed or not
	LookedAt   int       `json:"looked_at"`  // how many of the newest anomalies of all kinds were examined
}

// ArbitrageReader reads where arbitrage was found, and current quotes.
type ArbitrageReader interface {
	MatchReader
	AnomalyReader // newest first
	// Review adds the reviews of anomalies to a list.
	Review(list []Anomaly)
}

// FindArbitrage examines current prices in every market with an arbitrage that has
// not ended or was suppressed within the hour, a hundred at most. Windows with a
// stale leg, suppressed and muted ones are always counted, and listed if suppressed
// is set.
func FindArbitrage(ctx context.Context, r ArbitrageReader, suppressed bool, names Names, asOf odds.Time) (*Arbitrage, error) {
	out := &Arbitrage{AsOf: asOf, Windows: []Window{}}
	var all []*detect.Anomaly
	err := r.EachAnomaly(ctx, "", 0, func(a *detect.Anomaly) bool {
		out.LookedAt++
		if a.Kind == detect.Arbitrage && a.Until == 0 {
			all = append(all, a)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	open := openArbitrage(all, names, asOf)
	r.Review(open)
	seen := map[[2]string]bool{} // a long id hides the market: two anomalies may be of the same
	for i := range open {
		found, err := windows(ctx, r, &open[i], asOf)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || seen[[2]string{found[0].EventID, found[0].Market}] {
			continue
		}
		seen[[2]string{found[0].EventID, found[0].Market}] = true
		for _, w := range found {
			if w.Suppressed != "" {
				out.Suppressed++
			}
			if w.Suppressed == "" || suppressed {
				out.Windows = append(out.Windows, w)
			}
		}
	}
	slices.SortStableFunc(out.Windows, func(a, b Window) int { return cmp.Compare(b.Since, a.Since) })
	return out, nil
}

// openArbitrage returns the newest of these anomalies, one per market. Raised ones
// come first.
func openArbitrage(all []*detect.Anomaly, names Names, asOf odds.Time) []Anomaly {
	var raised, suppressed []*detect.Anomaly
	for _, a := range all {
		if a.Suppressed == "" {
			raised = append(raised, a)
		} else if a.At >= asOf.Add(-suppressedFor) {
			suppressed = append(suppressed, a)
		}
	}
	var out []Anomaly
	seen := map[[2]string]bool{}
	for _, list := range [][]*detect.Anomaly{raised, suppressed} {
		slices.SortStableFunc(list, func(a, b *detect.Anomaly) int { return cmp.Compare(a.At, b.At) })
		for _, a := range slices.Backward(list) {
			k := [2]string{a.Event, marketOf(a)}
			if !seen[k] && len(out) < mostWindows {
				seen[k] = true
				out = append(out, NewAnomaly(a, names, odds.Never))
			}
		}
	}
	return out
}

// marketOf returns the market of an anomaly as a key; the first node if a long id
// hides the market.
func marketOf(a *detect.Anomaly) string {
	if len(a.Nodes) == 0 {
		return ""
	}
	if _, _, market, _, ok := a.Nodes[0].Parts(); ok {
		return market
	}
	return string(a.Nodes[0])
}

// windows returns the arbitrages in the market of an anomaly, at most one per line.
func windows(ctx context.Context, r MatchReader, a *Anomaly, asOf odds.Time) ([]Window, error) {
	m, err := r.Match(ctx, a.EventID)
	if errors.Is(err, ErrUnknown) {
		return nil, nil // the match has ended
	}
	if err != nil {
		return nil, err
	}
	quotes := map[odds.NodeID]*engine.Quote{}
	for i := range m.Quotes {
		quotes[m.Quotes[i].Node] = &m.Quotes[i]
	}
	known := slices.IndexFunc(a.Nodes, func(n odds.NodeID) bool { return quotes[n] != nil })
	if known < 0 {
		return nil, nil
	}
	name := quotes[a.Nodes[known]].Market
	now := max(m.AsOf, asOf) // the view of a match without ticks stays as it was
	var out []Window
	for _, found := range detect.Arbitrages(marketNow(m.EventView, name, now), nil) {
		w := Window{
			EventID: a.EventID, Title: a.Title, Market: name, Since: a.At, Profit: found.Size, Confidence: found.Confidence,
			Legs: []Leg{}, Warnings: []string{}, Suppressed: cmp.Or(a.Suppressed, found.Suppressed), Review: a.Review,
		}
		if w.Suppressed == "" && a.Review != nil && a.Review.MutedBy != "" {
			w.Suppressed = "muted by " + a.Review.MutedBy
		}
		for _, t := range found.Evidence.Ticks {
			w.add(quotes[t.Node], now)
		}
		w.warn()
		out = append(out, w)
	}
	return out, nil
}

// add makes a leg from a quote. Profit must be set.
func (w *Window) add(q *engine.Quote, now odds.Time) {
	w.Legs = append(w.Legs, Leg{
		Node: q.Node, Venue: q.Venue, Selection: q.Selection, Price: q.Price, Stake: (1 + w.Profit) / q.Price,
		SeenAt: q.SeenAt, ChangedAt: known(q.ChangedAt), AgeMs: now.Sub(q.SeenAt), ResolutionMs: q.Resolution,
	})
	if w.Line == nil {
		w.Line = lineOf(q)
	}
	w.InPlay = w.InPlay || q.InPlay
}

// warn adds the risks of a window.
func (w *Window) warn() {
	if w.Suppressed != "" {
		w.Warnings = append(w.Warnings, "no offer: "+w.Suppressed)
	}
	if w.Profit > detect.PalpableError {
		w.Warnings = append(w.Warnings, fmt.Sprintf("over %.0f %%: one of the prices is almost certainly wrong", 100*detect.PalpableError))
	}
	for i := range w.Legs {
		l := &w.Legs[i]
		old := fmt.Sprintf("%s was seen %s ago", l.Venue, Span(l.AgeMs))
		if l.AgeMs > max(l.ResolutionMs, 10_000) && !slices.Contains(w.Warnings, old) {
			w.Warnings = append(w.Warnings, old)
		}
	}
	if w.InPlay {
		w.Warnings = append(w.Warnings, "in play: bets are delayed, and prices change before they are taken")
	}
}

// marketNow builds a market, in the form that detectors read, from the quotes of a
// view.
func marketNow(v *engine.EventView, name string, now odds.Time) *detect.MarketView {
	m := &detect.MarketView{Event: v.Event.ID, Market: name, At: now, Whole: true}
	place := map[string]int{} // by venue
	for i := range v.Quotes {
		q := &v.Quotes[i]
		if q.Market != name {
			continue
		}
		if !slices.Contains(m.Selections, q.Selection) {
			m.Selections = append(m.Selections, q.Selection)
		}
		if _, ok := place[q.Venue]; !ok {
			place[q.Venue] = len(m.Venues)
			m.Venues = append(m.Venues, detect.VenueView{Venue: q.Venue, State: odds.Unknown, Line: math.NaN(), SeenAt: q.SeenAt, Resolution: q.Resolution})
		}
	}
	n := len(m.Selections)
	for i := range m.Venues {
		w := &m.Venues[i]
		w.Nodes, w.Prices, w.Values = make([]odds.NodeID, n), make([]float64, n), make([]float64, n)
	}
	for i := range v.Quotes {
		q := &v.Quotes[i]
		if q.Market != name {
			continue
		}
		w, k := &m.Venues[place[q.Venue]], slices.Index(m.Selections, q.Selection)
		w.Nodes[k], w.Values[k] = q.Node, q.Value
		if q.Status == odds.Open && !q.Stale {
			w.State, w.Prices[k] = odds.Open, q.Price
		}
		if k == 0 {
			w.Line = q.Line
		}
	}
	return m
}
