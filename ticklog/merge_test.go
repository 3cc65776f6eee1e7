package ticklog

import (
	"io"
	"iter"
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

func offer(source string, at odds.Time, polled bool, venue string, price float64) *odds.Batch {
	return &odds.Batch{Source: source, At: at, Polled: polled, Updates: []odds.Update{{
		Event: &odds.Event{ID: "game"}, Venue: venue, Market: "h2h", Quotes: []odds.Quote{{Selection: "home", Price: price}},
	}}}
}

// merged merges a store's content with new batches.
func merged(t *testing.T, held, fresh []*odds.Batch) (applied, logged []*odds.Batch, m *Merge) {
	t.Helper()
	var source iter.Seq2[*odds.Batch, error] = func(yield func(*odds.Batch, error) bool) {
		for _, b := range held {
			if !yield(b, nil) {
				return
			}
		}
	}
	m, stop := NewMerge(source, func() (*odds.Batch, error) {
		if len(fresh) == 0 {
			return nil, io.EOF
		}
		b := fresh[0]
		fresh = fresh[1:]
		return b, nil
	})
	defer stop()
	for {
		g, ok, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return applied, logged, m
		}
		applied, logged = append(applied, g.Apply...), append(logged, g.Log...)
	}
}

func prices(bs []*odds.Batch) (out []float64) {
	for _, b := range bs {
		for _, u := range b.Updates {
			out = append(out, u.Quotes[0].Price)
		}
	}
	return out
}

func TestMergeOrdersByTime(t *testing.T) {
	applied, logged, m := merged(t,
		[]*odds.Batch{offer("s", 1, false, "a", 2.1), offer("s", 5, false, "a", 2.5)},
		[]*odds.Batch{offer("s", 3, false, "a", 2.3), offer("s", 7, false, "a", 2.7)})
	if p := prices(applied); len(p) != 4 || p[0] != 2.1 || p[1] != 2.3 || p[2] != 2.5 || p[3] != 2.7 {
		t.Errorf("applied %v", p)
	}
	if p := prices(logged); len(p) != 2 || p[0] != 2.3 || p[1] != 2.7 || m.Duplicates() != 0 {
		t.Errorf("logged %v, %d duplicates", p, m.Duplicates())
	}
}

func TestMergeTakesOutWhatIsThereTwice(t *testing.T) {
	applied, logged, m := merged(t,
		[]*odds.Batch{offer("p", 1, true, "a", 2.1)},
		[]*odds.Batch{offer("p", 1, true, "a", 2.1), offer("p", 1, true, "b", 2.2), offer("p", 1, true, "b", 2.9)})
	if p := prices(applied); len(applied) != 1 || len(p) != 3 || p[0] != 2.1 || p[1] != 2.2 || p[2] != 2.9 {
		t.Errorf("applied %v in %d batches, want one poll of both venues", p, len(applied))
	}
	if p := prices(logged); len(p) != 2 || p[0] != 2.2 || p[1] != 2.9 || m.Duplicates() != 1 {
		t.Errorf("logged %v, %d duplicates: both prices of a poll stand", p, m.Duplicates())
	}
	applied, _, m = merged(t, nil, []*odds.Batch{offer("s", 1, false, "a", 2.1), offer("s", 1, false, "a", 2.2), offer("s", 1, false, "a", 2.1)})
	if p := prices(applied); len(p) != 2 || p[0] != 2.1 || p[1] != 2.2 || m.Duplicates() != 1 {
		t.Errorf("applied %v of a stream, %d duplicates: both prices stand", p, m.Duplicates())
	}
}

// A poll is one batch in a fixed order, whichever files its venues came from.
func TestMergeGivesAPollOneOrder(t *testing.T) {
	a, b := offer("p", 1, true, "a", 2.1), offer("p", 1, true, "b", 2.2)
	for _, in := range [][2][]*odds.Batch{{nil, {a, b}}, {nil, {b, a}}, {{b}, {a}}, {{a}, {b}}} {
		applied, _, _ := merged(t, in[0], in[1])
		if p := prices(applied); len(applied) != 1 || p[0] != 2.1 || p[1] != 2.2 {
			t.Errorf("applied %v in %d batches", p, len(applied))
		}
	}
	if a.Updates[0].Quotes[0].Price != 2.1 || len(a.Updates) != 1 {
		t.Error("a batch was modified")
	}
}

// A file cut between the legs of a market once left two half images, the later of which
// removed the earlier; in a poll it was dropped as a conflict.
func TestMergeJoinsLegsCutApart(t *testing.T) {
	of := func(polled bool, quotes ...odds.Quote) *odds.Batch {
		b := offer("s", 1, polled, "a", 0)
		b.Updates[0].Image, b.Updates[0].Quotes = true, quotes
		return b
	}
	none := math.NaN()
	home, away := odds.Quote{Selection: "home", Line: none, Price: 1.9}, odds.Quote{Selection: "away", Line: none, Price: 2.1}
	for _, polled := range []bool{false, true} {
		for name, c := range map[string]struct {
			held, fresh []*odds.Batch
			duplicates  int
			logged      []string
		}{
			"the other leg":      {[]*odds.Batch{of(polled, home)}, []*odds.Batch{of(polled, away)}, 0, []string{"away"}},
			"the whole":          {[]*odds.Batch{of(polled, home)}, []*odds.Batch{of(polled, home, away)}, 1, []string{"away"}},
			"a leg of the whole": {[]*odds.Batch{of(polled, home, away)}, []*odds.Batch{of(polled, away)}, 1, nil},
			"both held":          {[]*odds.Batch{of(polled, home), of(polled, away)}, nil, 0, nil},
			"both held, again":   {[]*odds.Batch{of(polled, home), of(polled, away)}, []*odds.Batch{of(polled, home, away)}, 2, nil},
		} {
			applied, logged, m := merged(t, c.held, c.fresh)
			if len(applied) != 1 || len(applied[0].Updates) != 1 || !Same(&applied[0].Updates[0], &of(polled, home, away).Updates[0]) {
				t.Errorf("polled %v, %s: applied %+v, want both legs in one update", polled, name, applied)
			}
			var legs []string
			for _, b := range logged {
				for _, q := range b.Updates[0].Quotes {
					legs = append(legs, q.Selection)
				}
			}
			if !slices.Equal(legs, c.logged) || m.Duplicates() != c.duplicates {
				t.Errorf("polled %v, %s: logged %v, %d duplicates", polled, name, legs, m.Duplicates())
			}
			if len(c.held[0].Updates[0].Quotes) > 1 && name != "a leg of the whole" {
				t.Errorf("%s: a batch was modified", name)
			}
		}
	}
}

// Two matches of one id at one instant are not two legs of one market.
func TestMergeKeepsTwoMatchesOfAnIDApart(t *testing.T) {
	of := func(e odds.Event, selection string) *odds.Batch {
		b := offer("s", 1, false, "a", 2)
		e.ID = "game"
		b.Updates[0].Event, b.Updates[0].Quotes[0].Selection = &e, selection
		return b
	}
	for name, two := range map[string][2]odds.Event{
		"sides":   {{Home: "Oak", Away: "Pine"}, {Home: "Elm", Away: "Ash"}},
		"titles":  {{Title: "Will A win?"}, {Title: "Will it rain?"}},
		"runners": {{Title: "Race", Participants: []string{"Ann", "Bob"}}, {Title: "Race", Participants: []string{"Dan", "Eve"}}},
	} {
		a, b := of(two[0], "x"), of(two[1], "y")
		applied, logged, m := merged(t, []*odds.Batch{a}, []*odds.Batch{b, of(two[1], "y")})
		n := 0
		for _, b := range applied {
			n += len(b.Updates)
		}
		if n != 2 || len(logged) != 1 || m.Duplicates() != 1 {
			t.Errorf("%s: %d updates applied, %d batches logged, %d duplicates", name, n, len(logged), m.Duplicates())
		}
	}
}
