package engine

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/odds"
)

// Market is a market of the event at its present quotes, in the form in which [detect]
// searches it for arbitrage. Other fields are not filled.
func (v *EventView) Market(name string, now odds.Time) *detect.MarketView {
	m := &detect.MarketView{Event: v.Event.ID, Market: name, At: now, Kind: odds.KindOf(v.Event.Sport, name)}
	place := map[string]int{} // by venue
	for i := range v.Quotes {
		q := &v.Quotes[i]
		if q.Market != name {
			continue
		}
		m.Lay = q.Lay
		if !slices.Contains(m.Selections, q.Selection) {
			m.Selections, m.Sides = append(m.Selections, q.Selection), append(m.Sides, q.Side)
		}
		if _, ok := place[q.Venue]; !ok {
			place[q.Venue] = len(m.Venues)
			m.Venues = append(m.Venues, detect.VenueView{
				Venue: q.Venue, State: odds.Unknown, Complete: q.Complete, Middle: q.Middle, Commission: q.Commission, FeeUnknown: q.FeeUnknown, Account: q.Account,
				SeenAt: q.SeenAt, StampedAt: q.StampedAt, Usual: q.Usual, Resolution: q.Resolution,
			})
		}
	}
	n := len(m.Selections)
	for i := range m.Venues {
		w := &m.Venues[i]
		w.Listed, w.Lines, w.Nodes = make([]bool, n), make([]float64, n), make([]odds.NodeID, n)
		w.Prices, w.Sizes, w.Values = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	for i := range v.Quotes {
		q := &v.Quotes[i]
		if q.Market != name {
			continue
		}
		w, k := &m.Venues[place[q.Venue]], slices.Index(m.Selections, q.Selection)
		w.Listed[k], w.Lines[k], w.Nodes[k], w.Values[k] = q.Listed, q.Line, q.Node, q.Value
		if q.Status == odds.Open && !q.Stale {
			w.State, w.Prices[k], w.Sizes[k] = odds.Open, q.Price, q.Size
		}
	}
	return m
}
