package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// mostWindows bounds the markets that one question for arbitrage looks at.
const mostWindows = 100

// keptFor is how long a sure win that was kept back is looked at: nobody follows it to its
// end.
const keptFor = odds.Millis(3_600_000)

// Leg is one bet of a sure win.
type Leg struct {
	Node         odds.NodeID `json:"node"`
	Venue        string      `json:"venue"`
	Selection    string      `json:"selection"`
	Price        float64     `json:"price"` // decimal odds as quoted
	Stake        float64     `json:"stake"` // share of all stakes, with which every outcome pays the same
	SeenAt       odds.Time   `json:"seen_at"`
	ChangedAt    *odds.Time  `json:"changed_at"` // null: it has no series of its own
	AgeMs        odds.Millis `json:"age_ms"`     // event time since it was seen
	ResolutionMs odds.Millis `json:"resolution_ms"`
}

// Window is a sure win that the prices allow now, before fees, limits and the rules of
// accounts.
type Window struct {
	EventID    string           `json:"event_id"`
	Title      string           `json:"title"`
	Market     string           `json:"market"`
	Line       *float64         `json:"line"` // of the first leg; null where the market has none
	InPlay     bool             `json:"in_play"`
	Since      odds.Time        `json:"since"`
	Profit     float64          `json:"profit"` // share of the stakes
	Confidence float64          `json:"confidence"`
	Legs       []Leg            `json:"legs"`
	Warnings   []string         `json:"warnings"`
	Suppressed string           `json:"suppressed,omitempty"` // why it is no offer
	Review     *answer.Reviewed `json:"review,omitempty"`     // what people made of its anomaly
}

// Windows are the sure wins of now, the newest first.
type Windows struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Windows    []Window `json:"windows"`
	Suppressed int      `json:"suppressed"` // how many more are no offer, listed or not
	LookedAt   int      `json:"looked_at"`  // how many of the newest anomalies of all kinds were gone through
}

// Arbitrage looks at the prices of now in every market where arbitrage was found and
// has not ended, or was kept back within the hour, a hundred at most. Windows with a stale
// leg, kept back or muted ones are listed where suppressed says so, and counted always.
func (s *Service) Arbitrage(ctx context.Context, suppressed bool) (out *Windows, err error) {
	err = s.run(ctx, OpArbitrage, "", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.o.Deadline)
		defer cancel()
		alarms, err := s.o.Live.Anomalies(ctx, mostRecent)
		if err != nil {
			return err
		}
		out = &Windows{AsOf: s.o.Live.State().AsOf, Freshness: s.fresh(true), Windows: []Window{}, LookedAt: len(alarms)}
		seen := map[[2]string]bool{} // long ids tell no market: two anomalies may be of one
		for _, a := range s.standing(alarms, out.AsOf) {
			found, err := s.windows(ctx, a)
			if err != nil {
				return err
			}
			if len(found) == 0 || seen[[2]string{a.EventID, found[0].Market}] {
				continue
			}
			seen[[2]string{a.EventID, found[0].Market}] = true
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
		return nil
	})
	return out, err
}

// standing are the newest anomalies of arbitrage that have not ended, one a market, with
// what was made of them. Those that were raised come first.
func (s *Service) standing(alarms []live.AnomalyUpdate, asOf odds.Time) []answer.Anomaly {
	var raised, kept []detect.Anomaly
	for i := range alarms {
		switch a := &alarms[i].Anomaly; {
		case a.Kind != detect.Arbitrage || a.Until != 0:
		case a.Suppressed == "":
			raised = append(raised, *a)
		case a.At >= asOf.Add(-keptFor):
			kept = append(kept, *a)
		}
	}
	var out []answer.Anomaly
	seen := map[[2]string]bool{}
	for _, list := range [][]detect.Anomaly{raised, kept} {
		all := answer.NewAnomalies(list, s.Names(), answer.AnomalyFilter{Suppressed: true}, odds.Never).Anomalies
		for i := len(all) - 1; i >= 0 && len(out) < mostWindows; i-- {
			k := [2]string{all[i].EventID, marketOf(&all[i])}
			if !seen[k] {
				seen[k] = true
				out = append(out, all[i])
			}
		}
	}
	s.review(out)
	return out
}

// marketOf is the market of an anomaly, as a key; the first node where a long id tells
// no market.
func marketOf(a *answer.Anomaly) string {
	if len(a.Nodes) == 0 {
		return ""
	}
	if _, _, market, _, ok := a.Nodes[0].Parts(); ok {
		return market
	}
	return string(a.Nodes[0])
}

// windows are the sure wins in the market of an anomaly, one a line at most.
func (s *Service) windows(ctx context.Context, a answer.Anomaly) ([]Window, error) {
	v, err := s.view(ctx, a.EventID)
	if errors.Is(err, live.ErrUnknown) {
		return nil, nil // it is over
	}
	if err != nil {
		return nil, err
	}
	quotes := map[odds.NodeID]*engine.Quote{}
	for i := range v.Quotes {
		quotes[v.Quotes[i].Node] = &v.Quotes[i]
	}
	known := slices.IndexFunc(a.Nodes, func(n odds.NodeID) bool { return quotes[n] != nil })
	if known < 0 {
		return nil, nil
	}
	name := quotes[a.Nodes[known]].Market
	now := max(v.AsOf, s.o.Live.State().AsOf) // a view of a match that is silent stays as it was
	var out []Window
	for _, found := range detect.Arbitrages(marketNow(v, name, now), nil) {
		w := Window{
			EventID: a.EventID, Title: a.Title, Market: name, Since: a.At, Profit: found.Size,
			Confidence: found.Confidence, Legs: []Leg{}, Warnings: []string{}, Suppressed: cmp.Or(a.Suppressed, found.Suppressed), Review: a.Review,
		}
		if w.Suppressed == "" && a.Review != nil && a.Review.MutedBy != "" {
			w.Suppressed = "muted by " + a.Review.MutedBy
		}
		for _, t := range found.Evidence.Ticks {
			q := quotes[t.Node]
			l := Leg{
				Node: q.Node, Venue: q.Venue, Selection: q.Selection, Price: q.Price, Stake: (1 + found.Size) / q.Price,
				SeenAt: q.SeenAt, AgeMs: now.Sub(q.SeenAt), ResolutionMs: q.Resolution,
			}
			if q.ChangedAt != 0 {
				l.ChangedAt = &q.ChangedAt
			}
			if w.Line == nil && !math.IsNaN(q.Line) {
				w.Line = &q.Line
			}
			w.InPlay = w.InPlay || q.InPlay
			w.Legs = append(w.Legs, l)
		}
		out = append(out, w.warn())
	}
	return out, nil
}

// warn says what may be wrong with a window.
func (w Window) warn() Window {
	if w.Suppressed != "" {
		w.Warnings = append(w.Warnings, "no offer: "+w.Suppressed)
	}
	if w.Profit > detect.PalpableError {
		w.Warnings = append(w.Warnings, fmt.Sprintf("over %.0f %%: one of the prices is almost certainly wrong", 100*detect.PalpableError))
	}
	for i := range w.Legs {
		l := &w.Legs[i]
		old := fmt.Sprintf("%s was seen %s ago", l.Venue, answer.Span(l.AgeMs))
		if l.AgeMs > max(l.ResolutionMs, 10_000) && !slices.Contains(w.Warnings, old) {
			w.Warnings = append(w.Warnings, old)
		}
	}
	if w.InPlay {
		w.Warnings = append(w.Warnings, "in play: bets are delayed, and prices change before they are taken")
	}
	return w
}

// marketNow is a market as detectors read it at an instant, from the quotes of a view.
func marketNow(v *live.View, name string, now odds.Time) *detect.MarketView {
	m := &detect.MarketView{Event: v.Event.ID, Market: name, At: now, Whole: true}
	place := map[string]int{} // of a venue
	for i := range v.Quotes {
		if q := &v.Quotes[i]; q.Market == name {
			if !slices.Contains(m.Selections, q.Selection) {
				m.Selections = append(m.Selections, q.Selection)
			}
			if _, ok := place[q.Venue]; !ok {
				place[q.Venue] = len(m.Venues)
				m.Venues = append(m.Venues, detect.VenueView{Venue: q.Venue, State: odds.Unknown, Line: math.NaN(), SeenAt: q.SeenAt, Resolution: q.Resolution})
			}
		}
	}
	for i := range m.Venues {
		w, n := &m.Venues[i], len(m.Selections)
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
