package board

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/odds/account"
	"corrgraph/series"
)

// Quote is what one venue shows of one selection.
type Quote struct {
	Node                     odds.NodeID
	Venue, Market, Selection string
	Side                     odds.Side
	Listed, Complete         bool          // the venue lists the outcome, priced or not; all that it lists is known to be all there is, and one wins
	Lay, Middle              bool          // the price is for a bet against the outcome; lies between back and lay, so that there is none
	Size                     float64       // stake available; 0 unknown
	Commission               float64       // share of net winnings that the venue keeps
	FeeUnknown               bool          // its commission is not known
	Account                  account.Terms // what is known of betting there
	Price                    float64       // last quoted; 0 unknown
	Line                     float64       // NaN where the market has none
	Value                    float64       // log-odds without margin, line included; NaN unless the price can be taken now
	Status                   odds.Status
	Stale, InPlay            bool
	SeenAt, ChangedAt        odds.Time   // ChangedAt is 0 if the selection has no series of its own
	StampedAt                odds.Time   // the venue's own stamp; 0 unknown
	Usual, Resolution        odds.Millis // how far apart its stamps usually are, 0 unknown; the source's step
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
	complete := b.complete()
	for k := range b.price {
		q := Quote{
			Node: b.id(k), Venue: b.Venue.Name, Market: b.Market.Name, Selection: b.Market.Selections[k].Key, Price: b.price[k], Line: b.line[k],
			Side: b.Market.Selections[k].Side, Listed: b.lists(k), Complete: complete, Lay: b.Market.kind.Lay, Middle: b.terms.Middle, Size: b.size[k], Commission: b.Venue.Commission, FeeUnknown: b.Venue.FeeUnknown, Account: b.Venue.Account,
			Value: b.value[k], Status: b.status, Stale: b.stale, InPlay: b.Live, SeenAt: b.SeenAt, StampedAt: b.stamp, Usual: b.pace.Interval(), Resolution: b.Resolution(),
		}
		if b.status == odds.Open && b.gone[k] != odds.Open {
			q.Status = b.gone[k]
		}
		if q.Status == odds.Open && !b.present() {
			q.Status, q.Value, q.Stale = odds.Unknown, math.NaN(), false
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
func (d *Board) Sources() []*Source { return d.sources.Sorted() }

// View fills v, the market view that detectors read. It reuses v's memory and shares the
// book's slices until the next batch.
func (d *Board) View(m *Market, at odds.Time, v *detect.MarketView) {
	*v = detect.MarketView{
		Event: m.Event.ID, Market: m.Name, At: at, Live: m.Live, Raw: m.Raw, Kind: m.kind,
		Selections: v.Selections[:0], Sides: v.Sides[:0], Venues: v.Venues[:0],
	}
	v.Lay = v.Kind.Lay
	for k := range m.Selections {
		v.Selections = append(v.Selections, m.Selections[k].Key)
		v.Sides = append(v.Sides, m.Selections[k].Side)
	}
	g := d.groups[m.Event.league]
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

func (b *Book) view(v *detect.VenueView, g *series.Grouping, at odds.Time) {
	v.Venue, v.Group, v.State, v.Lines, v.Copy = b.Venue.Name, g.Of(b.Venue.Index), b.status, b.line, b.Venue.CopyOf != nil
	v.Account, v.Commission, v.FeeUnknown, v.Complete, v.Middle, v.Listed = b.Venue.Account, b.Venue.Commission, b.Venue.FeeUnknown, b.complete(), b.terms.Middle, v.Listed[:0]
	for k := range b.gone {
		v.Listed = append(v.Listed, b.lists(k))
	}
	if !b.Current() && v.State == odds.Open {
		v.State = odds.Unknown
	}
	v.Values, v.Prices, v.Sizes, v.Others, v.OthersMoved = b.value, b.offer, b.size, b.rest, b.restMoved
	v.OtherGroups, v.SeenAt, v.StampedAt, v.Usual, v.Resolution = b.restGroups, b.SeenAt, b.stamp, b.pace.Interval(), b.Resolution()
	v.Seen, v.Live, v.Polled = b.touch == at, b.Live, b.Source.Polled
	v.Nodes, v.Moved, v.History, v.Worth = v.Nodes[:0], v.Moved[:0], v.History[:0], v.Worth[:0]
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
		v.Moved, v.Worth = append(v.Moved, moved), append(v.Worth, b.Market.join(k, b.line[k], 0))
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

// Fair reports whether the node's value is free of a margin, so that it can be set against
// that of another market.
func (n *Node) Fair() bool { return n.Book == nil || n.Market.Raw || n.Book.basis != 0 }

// Backed is the market of back prices beside one of lay prices, or nil.
func (m *Market) Backed() *Market {
	if !m.kind.Lay {
		return nil
	}
	k := m.key()
	k.family = strings.TrimSuffix(k.family, "_lay")
	return m.Event.by[k]
}

// id is the node id of a selection that has no series of its own.
func (b *Book) id(k int) odds.NodeID {
	if b.ids[k] == "" {
		b.ids[k] = nodeID(b.Venue.Name, b.Market, k)
	}
	return b.ids[k]
}
