package board

import (
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

func marked(q odds.Quote) odds.Quote { q.Main = true; return q }

func TestLinesOfAnUpdate(t *testing.T) {
	for _, c := range []struct {
		name   string
		market string
		quotes []odds.Quote
		want   map[string][]float64 // lines of home or over, then of the rest, by market
	}{
		{"no line", "h2h", []odds.Quote{quote(odds.Home, 2), quote(odds.Away, 2)}, map[string][]float64{"h2h": {math.NaN(), math.NaN()}}},
		{"one handicap: both sides of it", "spreads", []odds.Quote{onLine(odds.Home, -1.5, 2), onLine(odds.Away, 1.5, 2)}, map[string][]float64{"spreads": {-1.5, 1.5}}},
		{
			"the total nearest to even money is the main one", "totals",
			[]odds.Quote{onLine(odds.Over, 2.5, 1.5), onLine(odds.Under, 2.5, 2.6), onLine(odds.Over, 3, 1.95), onLine(odds.Under, 3, 1.9), onLine(odds.Over, 3.5, 2.6), onLine(odds.Under, 3.5, 1.5)},
			map[string][]float64{"totals": {3, 3}, "totals@2.5": {2.5, 2.5}, "totals@3.5": {3.5, 3.5}},
		},
		{
			"unless the source marks another", "totals",
			[]odds.Quote{onLine(odds.Over, 3, 1.95), onLine(odds.Under, 3, 1.9), marked(onLine(odds.Over, 3.5, 2.6)), onLine(odds.Under, 3.5, 1.5)},
			map[string][]float64{"totals": {3.5, 3.5}, "totals@3": {3, 3}},
		},
		{
			"half a line is no main line, however even", "totals",
			[]odds.Quote{onLine(odds.Over, 3, 2), onLine(odds.Over, 2.5, 1.2), onLine(odds.Under, 2.5, 4)},
			map[string][]float64{"totals": {2.5, 2.5}, "totals@3": {3}},
		},
		{
			"handicaps are the home side's", "spreads",
			[]odds.Quote{onLine(odds.Away, 1.5, 2), onLine(odds.Home, -1.5, 2), onLine(odds.Away, 2.5, 1.4), onLine(odds.Home, -2.5, 3)},
			map[string][]float64{"spreads": {-1.5, 1.5}, "spreads@-2.5": {-2.5, 2.5}},
		},
		{
			"a goal given and a goal taken are two lines", "spreads",
			[]odds.Quote{onLine(odds.Home, -1, 3), onLine(odds.Away, 1, 1.4), onLine(odds.Home, 1, 1.8), onLine(odds.Away, -1, 2.1)},
			map[string][]float64{"spreads": {1, -1}, "spreads@-1": {-1, 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(Options{})
			r.stream(start, update(final(), "v", c.market, c.quotes...))
			got := map[string][]float64{}
			for _, m := range r.Order[0].Markets {
				got[m.Name] = m.Books[0].line
				if m.Family != c.market {
					t.Errorf("%s is of the family %q", m.Name, m.Family)
				}
				if main := m.Name == c.market; main != math.IsNaN(m.Line) {
					t.Errorf("%s has the line %v", m.Name, m.Line)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("markets %v, want %v", got, c.want)
			}
			for name, lines := range c.want {
				if !slices.EqualFunc(got[name], lines, near) {
					t.Errorf("%s has the lines %v, want %v", name, got[name], lines)
				}
			}
		})
	}
}

// A main line that moves is one series and a move by what the line is worth.
func TestAMainLineThatMovesIsAMove(t *testing.T) {
	r := newRoom(Options{Slopes: odds.LineSlopes{"tennis//totals": 0.4}})
	total := func(line float64) odds.Update {
		return update(final(), "v", "totals", onLine(odds.Over, line, 1.9), onLine(odds.Under, line, 1.9))
	}
	r.stream(start, total(20))
	moved := r.stream(start+1, total(20.5))
	if len(moved) != 1 || !near(moved[0], 0.2) || len(r.Order[0].Markets) != 1 {
		t.Errorf("moves %v in %d markets, want 0.2 in one", moved, len(r.Order[0].Markets))
	}
}

// One source's home is the other's away: the same handicap is one market for both.
func TestAlternateLinesAreTheEventsAndNotTheSources(t *testing.T) {
	r := newRoom(Options{})
	here, there := final(), final()
	there.Home, there.Away = here.Away, here.Home
	lines := func(first, second odds.Side) []odds.Quote {
		return []odds.Quote{
			onLine(first, -1.5, 1.9), onLine(second, 1.5, 1.9), // the main line
			onLine(first, -4.5, 3), onLine(second, 4.5, 1.3),
		}
	}
	r.stream(start, update(here, "v", "spreads", lines(odds.Home, odds.Away)...))
	r.batch(odds.Batch{Source: "another", At: start + 1, Updates: []odds.Update{update(there, "w", "spreads", lines(odds.Away, odds.Home)...)}})
	if len(r.Order) != 1 {
		t.Fatalf("%d events, want one", len(r.Order))
	}
	m := r.market(t, r.Order[0].ID, "spreads@-4.5")
	if len(m.Books) != 2 || len(r.Order[0].Markets) != 2 {
		t.Fatalf("%d venues at the line, %d markets", len(m.Books), len(r.Order[0].Markets))
	}
	for _, b := range m.Books {
		if !near(b.line[0], -4.5) || !near(b.price[0], 3) {
			t.Errorf("%s offers home %v at %v", b.Venue.Name, b.line[0], b.price[0])
		}
	}
}
