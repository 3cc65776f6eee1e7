package board

import (
	"cmp"
	"slices"
	"strconv"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Phase names the phase of a match: before it starts or in play.
func Phase(live bool) string {
	if live {
		return "live"
	}
	return "pre"
}

func (ev *Event) market(name, fam string, line, slope float64) *Market {
	for _, m := range ev.Markets {
		if m.Name == name {
			return m
		}
	}
	m := &Market{Event: ev, Name: name, Family: fam, Line: line, slope: slope}
	ev.Markets = append(ev.Markets, m)
	return m
}

func (m *Market) book(v *Venue) *Book {
	for _, b := range m.Books {
		if b.Venue == v {
			return b
		}
	}
	b := &Book{Venue: v, Market: m, poll: -1, status: odds.Unknown}
	b.grow(len(m.Selections))
	m.Books = append(m.Books, b)
	return b
}

// selection finds or adds an outcome. Sides are the same at all venues; outcomes without a
// side are matched by name.
func (m *Market) selection(name string, side odds.Side) int {
	key := name
	if side != odds.OtherSide {
		key = side.String()
	}
	for i := range m.Selections {
		if m.Selections[i].Key == key {
			return i
		}
	}
	m.Selections = append(m.Selections, Selection{Key: key, Side: side})
	for _, b := range m.Books {
		b.grow(len(m.Selections))
	}
	m.choose()
	return len(m.Selections) - 1
}

// open adds the outcomes of a market's first update. The outcome that represents the market
// comes first, because detectors keep a market's state with its first selection.
func (m *Market) open(u *odds.Update, match catalog.Match) {
	quotes := slices.Clone(u.Quotes)
	slices.SortStableFunc(quotes, func(a, b odds.Quote) int {
		return cmp.Or(cmp.Compare(rank(match.Side(a.Side)), rank(match.Side(b.Side))), cmp.Compare(a.Selection, b.Selection))
	})
	for _, q := range quotes {
		m.selection(q.Selection, match.Side(q.Side))
	}
}

// choose marks the independent selections: an n-way market has n − 1 of them. Two-way
// markets keep home or over. Other markets leave out the draw, else the alphabetically last
// outcome.
func (m *Market) choose() {
	drop := -1
	for i := range m.Selections {
		m.Selections[i].indep = true
		if drop < 0 || rank(m.Selections[i].Side) > rank(m.Selections[drop].Side) || rank(m.Selections[i].Side) == rank(m.Selections[drop].Side) && m.Selections[i].Key > m.Selections[drop].Key {
			drop = i
		}
	}
	if len(m.Selections) > 1 {
		m.Selections[drop].indep = false
	}
}

// rank orders sides by how well they represent their market.
func rank(s odds.Side) int {
	switch s {
	case odds.Home, odds.Over, odds.Yes:
		return 0
	case odds.OtherSide:
		return 1
	case odds.Away, odds.Under, odds.No:
		return 2
	default:
		return 3
	}
}

// Stands reports whether selection k represents its market: home, over or yes, else the
// alphabetically first.
func (m *Market) Stands(k int) bool {
	for i := range m.Selections {
		if rank(m.Selections[i].Side) < rank(m.Selections[k].Side) || rank(m.Selections[i].Side) == rank(m.Selections[k].Side) && m.Selections[i].Key < m.Selections[k].Key {
			return false
		}
	}
	return true
}

func nodeID(venue string, m *Market, k int) odds.NodeID {
	return odds.Node(venue, m.Event.ID, m.Family, m.Line, m.Selections[k].Key)
}

func marketAt(name string, line float64) string {
	return name + "@" + strconv.FormatFloat(line+0, 'f', -1, 64) // −0 is the line 0
}

// Series calls f for every series of the market.
func (m *Market) Series(f func(*Node)) {
	for k := range m.Selections {
		if n := m.Selections[k].Consensus; n != nil {
			f(n)
		}
	}
	for _, b := range m.Books {
		for k := range b.Nodes {
			for _, n := range []*Node{b.Nodes[k], b.Others[k]} {
				if n != nil {
					f(n)
				}
			}
		}
	}
}
