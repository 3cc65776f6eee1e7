package board

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/odds"
)

// Quote is what one venue shows of one selection.
type Quote struct {
	Node                     odds.NodeID
	Venue, Market, Selection string
	Price                    float64 // last quoted; 0 unknown
	Line                     float64 // NaN where the market has none
	Value                    float64 // log-odds without margin, line included; NaN unless the price can be taken now
	Status                   odds.Status
	Stale, InPlay            bool
	SeenAt, ChangedAt        odds.Time // ChangedAt is 0 if the selection has no series of its own
	Resolution               odds.Millis
}

// Quotes appends every venue's quotes of the event, ordered by market, selection and venue.
func (ev *Event) Quotes(out []Quote) []Quote {
	for _, m := range ev.Markets {
		for _, b := range m.Books {
			out = b.quotes(out)
		}
	}
	slices.SortFunc(out, func(a, b Quote) int {
		return cmp.Or(cmp.Compare(a.Market, b.Market), cmp.Compare(a.Selection, b.Selection), cmp.Compare(a.Venue, b.Venue))
	})
	return out
}

func (b *Book) quotes(out []Quote) []Quote {
	if b.Source == nil {
		return out
	}
	for k := range b.price {
		q := Quote{
			Node: b.id(k), Venue: b.Venue.Name, Market: b.Market.Name, Selection: b.Market.Selections[k].Key, Price: b.price[k], Line: b.line[k],
			Value: b.value[k], Status: b.status, Stale: b.stale, InPlay: b.Live, SeenAt: b.SeenAt, Resolution: b.Source.Resolution(),
		}
		if b.status == odds.Open && b.gone[k] != odds.Open {
			q.Status = b.gone[k]
		}
		if !b.Current() && q.Status == odds.Open && !b.stale {
			q.Status, q.Value = odds.Unknown, math.NaN()
		}
		if n := b.Nodes[k]; n != nil {
			q.ChangedAt = n.ChangedAt
		}
		out = append(out, q)
	}
	return out
}

// Shown counts the prices shown for the event.
func (ev *Event) Shown() (n int) {
	for _, m := range ev.Markets {
		for _, b := range m.Books {
			if b.Current() {
				n += len(b.price)
			}
		}
	}
	return n
}

// Sources lists all sources by name.
func (d *Board) Sources() []*Source {
	return slices.SortedFunc(maps.Values(d.sources), func(a, b *Source) int { return cmp.Compare(a.Name, b.Name) })
}

// View fills v, the market view that detectors read. It reuses v's memory and shares the
// book's slices until the next batch.
func (d *Board) View(m *Market, at odds.Time, v *detect.MarketView) {
	*v = detect.MarketView{
		Event: m.Event.ID, Market: m.Name, At: at, Live: m.Live, Raw: m.Raw, Whole: len(m.Selections) > 1,
		Selections: v.Selections[:0], Venues: v.Venues[:0],
	}
	for k := range m.Selections {
		v.Selections = append(v.Selections, m.Selections[k].Key)
	}
	g := d.grouping(m.Event)
	for _, b := range m.Books {
		if b.Source == nil {
			continue
		}
		if len(v.Venues) < cap(v.Venues) {
			v.Venues = v.Venues[:len(v.Venues)+1]
		} else {
			v.Venues = append(v.Venues, detect.VenueView{})
		}
		b.view(&v.Venues[len(v.Venues)-1], g, at)
	}
}

func (b *Book) view(v *detect.VenueView, g *Grouping, at odds.Time) {
	v.Venue, v.Group, v.State, v.Line = b.Venue.Name, b.group(g), b.status, math.NaN()
	if len(b.line) > 0 {
		v.Line = b.line[0]
	}
	if !b.Current() && v.State == odds.Open {
		v.State = odds.Unknown
	}
	v.Values, v.Prices, v.Others, v.OthersMoved = b.value, b.offer, b.rest, b.restMoved
	v.OtherGroups, v.SeenAt, v.Resolution = b.restGroups, b.SeenAt, b.Source.Resolution()
	v.Seen = b.touch == at
	v.Nodes, v.Moved, v.History = v.Nodes[:0], v.Moved[:0], v.History[:0]
	v.ChangedAt = 0
	for k := range b.value {
		moved := math.NaN()
		switch {
		case math.IsNaN(b.value[k]) || math.IsNaN(b.prev[k]):
		case b.value[k] == b.prev[k]:
			moved = 0
		case b.joined:
			moved = b.value[k] - b.prev[k]
		}
		v.Moved = append(v.Moved, moved)
		n := b.Nodes[k]
		if n == nil || n.Live != b.Live {
			v.Nodes = append(v.Nodes, b.id(k))
			v.History = append(v.History, nil)
			continue
		}
		v.ChangedAt = max(v.ChangedAt, n.ChangedAt)
		v.Nodes = append(v.Nodes, n.ID)
		v.History = append(v.History, &b.history[k])
	}
}

// id is the node id of a selection that has no series of its own.
func (b *Book) id(k int) odds.NodeID {
	if b.ids[k] == "" {
		b.ids[k] = nodeID(b.Venue.Name, b.Market, k)
	}
	return b.ids[k]
}
