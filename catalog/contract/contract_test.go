package contract

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

const noon odds.Time = 1_780_000_000_000

func asked(event, venue, title string) Bet {
	return Bet{EventID: event, Title: title, Market: "yes_no", Venues: []string{venue}, Start: noon}
}

func TestWhatDiffersSpeaksAgainstIdentityAndSaysWhatItMayBe(t *testing.T) {
	for _, c := range []struct {
		a, b    string
		want    Relation
		against string
	}{
		{"Will Bitcoin close above 100 on April 11, 2026?", "Bitcoin above 100 close on Apr 11", Identity, ""},
		{"Will Bitcoin close above 100 on April 11?", "Will Bitcoin close above 90 on April 11?", Subset, "numbers differ: 100 and 90"},
		{"Will Bitcoin close below 100 on April 11?", "Will Bitcoin close below 90 on April 11?", Superset, "numbers differ"},
		{"Will Bitcoin close above 100 on April 11?", "Will Bitcoin close below 90 on April 11?", Disjoint, "numbers differ"},
		{"Will Bitcoin close above 100 on April 11?", "Will Bitcoin close below 100 on April 11?", Complement, "below the same number"},
		{"Will Bitcoin close above 100k on April 11?", "Will Bitcoin close above 100,000 on April 11?", Identity, ""},
		{"Will the Senate pass the budget bill?", "Will the Senate not pass the budget bill?", Complement, "one says not"},
		{"Will the Senate pass the budget bill by March 3?", "Will the Senate pass the budget bill by March 9?", Subset, "dates differ"},
		{"Will the Senate pass the budget bill on March 3?", "Will the Senate pass the budget bill on March 9?", Overlap, "dates differ"},
		{"Will Ann Ames win the Ruritania election?", "Will Bea Bell win the Ruritania election?", Disjoint, "only one says"},
	} {
		// The bets are in the order of their ids.
		got := Candidates([]Bet{asked("e1", "polymarket", c.a), asked("e2", "kalshi", c.b)}, 10)
		if len(got) != 1 {
			t.Errorf("%q and %q: %d candidates", c.a, c.b, len(got))
			continue
		}
		l := got[0]
		if l.Relation != c.want || l.State != Candidate || l.By != "" || l.Since != 0 || !strings.Contains(l.Effect, "none until") {
			t.Errorf("%q and %q: %s, want %s (%+v)", c.a, c.b, l.Relation, c.want, l)
		}
		if said := strings.Join(l.Against, "; "); !strings.Contains(said, c.against) || !strings.Contains(said, "does not state how it settles") {
			t.Errorf("%q and %q: against: %q, want %q", c.a, c.b, said, c.against)
		}
	}
}

func TestOnlyBetsOfDifferentVenuesAndEventsAreCandidates(t *testing.T) {
	a, b := asked("e1", "x", "Will it rain in Ruritania?"), asked("e2", "x", "Will it rain in Ruritania?")
	if got := Candidates([]Bet{a, b}, 10); len(got) != 0 {
		t.Errorf("of one venue: %+v", got)
	}
	b.Venues, b.EventID = []string{"y"}, "e1"
	if got := Candidates([]Bet{a, b}, 10); len(got) != 0 {
		t.Errorf("of one event: %+v", got)
	}
	b.EventID = "e2"
	if got := Candidates([]Bet{a, b}, 10); len(got) != 1 || got[0].ID != Candidates([]Bet{b, a}, 10)[0].ID {
		t.Errorf("either order has one id: %+v", got)
	}
	b.Start = noon + 40*86_400_000
	if got := Candidates([]Bet{a, b}, 10); len(got) != 0 {
		t.Errorf("forty days apart: %+v", got)
	}
}

// market returns n bets, half of each venue, each a question of its own.
func market(n int) (bets []Bet) {
	for i := range n {
		title := fmt.Sprintf("Will w%d beat x%d in round y%d of the cup", i/2*7919%n, i/2*104729%n, i%3)
		bets = append(bets, asked(fmt.Sprint("e", i), [...]string{"x", "y"}[i%2], strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "d", "4", "f", "5", "g", "6", "h", "7", "i", "8", "j", "9", "k").Replace(title)))
	}
	return bets
}

func TestASearchGrowsWithTheNumberOfBets(t *testing.T) {
	small, large := Search(market(2000), 100), Search(market(16_000), 100)
	if small.Compared < 1000 || large.Compared > 10*small.Compared {
		t.Errorf("compared %d of 2000 and %d of 16,000", small.Compared, large.Compared)
	}
	if len(large.Links) != 100 || large.Dropped < 1000 {
		t.Errorf("%d links, %d dropped", len(large.Links), large.Dropped)
	}
	if !slices.IsSortedFunc(large.Links, func(a, b Link) int { return int(1e6 * (b.Likeness - a.Likeness)) }) {
		t.Error("the likest do not come first")
	}
}

func TestTheCatalogueLinksVenuesByRuleAndSaysWhatNobodyStates(t *testing.T) {
	event := Bet{EventID: "e", Title: "Ann v Bea"}
	q := func(venue, market, settlement string) Bet {
		return Bet{EventID: "e", Title: "Ann v Bea", Market: market, Venues: []string{venue}, Settlement: settlement}
	}
	if got := ByCatalogue(event, []Bet{q("x", "h2h", ""), q("x", "totals", "")}); len(got) != 0 {
		t.Errorf("of one venue: %+v", got)
	}
	two := ByCatalogue(event, []Bet{q("x", "h2h", ""), q("y", "h2h", "")})
	if len(two) != 1 || two[0].State != Confirmed || two[0].By != ByRule || two[0].Relation != Identity || !strings.Contains(strings.Join(two[0].Against, ";"), "not stated") {
		t.Errorf("of two: %+v", two)
	}
	three := ByCatalogue(event, []Bet{q("x", "h2h", "regulation"), q("y", "h2h", "regulation"), q("z", "h2h", "regulation")})
	ids := map[string]bool{}
	for _, l := range three {
		ids[l.ID] = true
	}
	if len(three) != 3 || len(ids) != 3 || len(three[0].B.Venues) != 2 || strings.Contains(strings.Join(three[0].Against, ";"), "settle") {
		t.Errorf("of three: %+v", three)
	}
}

// question is a bet of yes and no that a source calls by its event's id.
func question(event, venue, title string) Quoted {
	return Quoted{
		Bet: asked(event, venue, title), Own: []Own{{venue, event}}, Outcomes: []Outcome{{"Yes", odds.Yes}, {"No", odds.No}},
	}
}

func decided(s, o Quoted, r Relation, st State) Decision {
	return Decision{ID: LinkID(&s.Bet, &o.Bet), Subject: s, Object: o, Relation: r, State: st, Actor: "ann", MadeAt: noon}
}

func said(venue, event, title string, yes float64) *odds.Batch {
	e := &odds.Event{ID: event, Title: title}
	return &odds.Batch{Source: venue, At: noon, Updates: []odds.Update{{
		Event: e, Venue: venue, Market: "yes_no", Terms: odds.Terms{Winners: 1, Complete: odds.StatedYes}, Quotes: []odds.Quote{
			{Selection: "Yes", Side: odds.Yes, Line: math.NaN(), Price: yes}, {Selection: "No", Side: odds.No, Line: math.NaN(), Price: 9},
		},
	}}}
}

func TestABookThatMeansNothingOfABatchReturnsTheBatchItself(t *testing.T) {
	in := said("kalshi", "K", "Will it rain?", 2)
	other := NewBook([]Decision{decided(question("Q", "kalshi", "Will it snow?"), question("P", "polymarket", "Snow?"), Identity, Confirmed)})
	for what, b := range map[string]*Book{"nil": nil, "empty": NewBook(nil), "of another": other} {
		if b.Apply(in) != in {
			t.Errorf("%s: another batch", what)
		}
		if n := testing.AllocsPerRun(100, func() { b.Apply(in) }); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
		d := &Door{}
		d.Set(b)
		list := []*odds.Batch{in}
		if got, _ := d.Pass(list); &got[0] != &list[0] || got[0] != in {
			t.Errorf("%s: the door passes another batch", what)
		}
	}
}

func TestAConfirmedIdentityReadsOneBetAsTheOtherAndAComplementExchangesTheSides(t *testing.T) {
	for r, want := range map[Relation][2]string{Identity: {"Yes", "No"}, Complement: {"No", "Yes"}} {
		in := said("kalshi", "K", "Will it rain?", 2)
		out := NewBook([]Decision{decided(question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?"), r, Confirmed)}).Apply(in)
		u := out.Updates[0]
		if u.Event.ID != "P" || u.Event.Title != "Rain?" || u.Venue != "kalshi" || u.Quotes[0].Selection != want[0] || u.Quotes[1].Selection != want[1] || u.Quotes[0].Price != 2 {
			t.Errorf("%s: %+v of %+v", r, u, u.Event)
		}
		if was := in.Updates[0]; was.Event.ID != "K" || was.Quotes[0].Selection != "Yes" {
			t.Errorf("%s: the input is modified: %+v", r, was)
		}
	}
}

func TestARelationThatIsNoIdentityJoinsNothing(t *testing.T) {
	in := said("kalshi", "K", "Will it rain?", 2)
	for _, r := range []Relation{Subset, Superset, Overlap, Disjoint} {
		if b := NewBook([]Decision{decided(question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?"), r, Confirmed)}); b.Apply(in) != in {
			t.Errorf("%s joins", r)
		}
	}
	if b := NewBook([]Decision{decided(question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?"), Identity, Rejected)}); b.Apply(in) != in {
		t.Error("what is rejected joins")
	}
}

func TestAVenueThatIsNotOfTheSameBetIsKeptApart(t *testing.T) {
	s, o := question("E", "kalshi", "Will it rain?"), question("E", "polymarket", "Will it rain?")
	in := said("kalshi", "E", "Will it rain?", 2)
	if u := NewBook([]Decision{decided(s, o, Identity, Rejected)}).Apply(in).Updates[0]; u.Settlement != "apart:kalshi" || u.Event != in.Updates[0].Event {
		t.Errorf("rejected: %+v", u)
	}
	if u := NewBook([]Decision{decided(s, o, Subset, Confirmed)}).Apply(in).Updates[0]; u.Settlement != "apart:kalshi" {
		t.Errorf("a subset: %+v", u)
	}
	if NewBook([]Decision{decided(s, o, Identity, Confirmed)}).Apply(in) != in {
		t.Error("what is confirmed as it was changes something")
	}
	o.Own = s.Own
	if other := said("polymarket", "E", "Will it rain?", 2); NewBook([]Decision{decided(s, o, Identity, Rejected)}).Apply(other) != other {
		t.Error("the other venue is moved too")
	}
}

func TestTwoEventsBecomeOneAndTheirSidesAreSpelledAlike(t *testing.T) {
	s := Quoted{Bet: Bet{EventID: "A", Venues: []string{"x"}}, Own: []Own{{"feed", "77"}}, Home: "Ann Ames", Away: "B. Bell"}
	o := Quoted{Bet: Bet{EventID: "B", Venues: []string{"y"}, Sport: "tennis"}, Own: []Own{{"other", "B"}}, Home: "Bell Bea", Away: "Ames Ann"}
	in := &odds.Batch{Source: "feed", Updates: []odds.Update{{
		Event: &odds.Event{ID: "77", Home: "Ann Ames", Away: "B. Bell"}, Venue: "x", Market: "h2h",
		Quotes: []odds.Quote{{Selection: "Ann Ames"}, {Selection: "away", Side: odds.Away}},
	}}}
	u := NewBook([]Decision{decided(s, o, Identity, Confirmed)}).Apply(in).Updates[0]
	if u.Event.ID != "B" || u.Event.Home != "Bell Bea" || u.Event.Sport != "tennis" || u.Quotes[0].Selection != "Ames Ann" || u.Quotes[1].Selection != "Bell Bea" || u.Quotes[1].Side != odds.OtherSide {
		t.Errorf("%+v of %+v", u, u.Event)
	}
}

func TestANameOfASourceIsReadAsWhatItMeans(t *testing.T) {
	b := NewBook([]Decision{{ID: "n", Name: &Name{Source: "feed", League: "mlb", Name: "New York", Means: "team:mlb:yankees"}, Spelled: "New York Yankees", Actor: "ann", MadeAt: noon}})
	in := &odds.Batch{Source: "feed", Updates: []odds.Update{{
		Event: &odds.Event{ID: "1", League: "mlb", Home: "New York", Away: "Boston"}, Venue: "x", Market: "h2h", Quotes: []odds.Quote{{Selection: "NEW YORK"}, {Selection: "Boston"}},
	}}}
	u := b.Apply(in).Updates[0]
	if u.Event.Home != "New York Yankees" || u.Event.Away != "Boston" || u.Quotes[0].Selection != "New York Yankees" || in.Updates[0].Event.Home != "New York" {
		t.Errorf("%+v of %+v", u, u.Event)
	}
	in.Updates[0].Event = &odds.Event{ID: "2", League: "nfl", Home: "New York", Away: "Boston"}
	if b.Apply(in) != in {
		t.Error("the name is read so in another league too")
	}
	in.Source = "other"
	if b.Apply(in) != in {
		t.Error("the name is read so at another source too")
	}
}

// pass passes one batch and says that it was accepted.
func pass(d *Door, b *odds.Batch) *odds.Batch {
	out, passed := d.Pass([]*odds.Batch{b})
	passed()
	return out[0]
}

func TestWhatGoesElsewhereEndsWhatStoodAtItsFormerPlaceOnce(t *testing.T) {
	d := &Door{}
	say := func() []odds.Update { return pass(d, said("kalshi", "K", "Will it rain?", 2)).Updates }
	if u := say(); len(u) != 1 || u[0].Event.ID != "K" {
		t.Fatalf("at first: %+v", u)
	}
	d.Set(NewBook([]Decision{decided(question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?"), Identity, Confirmed)}))
	d.Pass([]*odds.Batch{said("kalshi", "K", "Will it rain?", 2)}) // which was not accepted
	if u := say(); len(u) != 2 || u[0].Event.ID != "K" || u[0].Status != odds.Unknown || len(u[0].Quotes) != 0 || u[1].Event.ID != "P" {
		t.Errorf("once confirmed: %+v", u)
	}
	if u := say(); len(u) != 1 || u[0].Event.ID != "P" {
		t.Errorf("then: %+v", u)
	}
	d.Set(NewBook(nil))
	if u := say(); len(u) != 2 || u[0].Event.ID != "P" || u[0].Venue != "kalshi" || u[0].Status != odds.Unknown || u[1].Event.ID != "K" {
		t.Errorf("once withdrawn: %+v", u)
	}
	if u := say(); len(u) != 1 || u[0].Event.ID != "K" {
		t.Errorf("at last: %+v", u)
	}
}

func TestNothingGoesInCircles(t *testing.T) {
	a, b, c := question("A", "x", "Will it rain?"), question("B", "y", "Rain?"), question("C", "z", "Does it rain?")
	ab, ba, bc := decided(a, b, Identity, Confirmed), decided(b, a, Identity, Confirmed), decided(b, c, Identity, Confirmed)
	ba.ID = "other"
	book := NewBook([]Decision{ab, ba, bc})
	if book.Inert("other") == "" || book.Inert(bc.ID) == "" || book.Inert(ab.ID) != "" {
		t.Errorf("inert: %v", book.inert)
	}
	if why := NewBook([]Decision{ab}).Conflict(&bc); why == "" {
		t.Error("what is read as another is read as by another")
	}
	if u := book.Apply(said("x", "A", "Will it rain?", 2)).Updates[0]; u.Event.ID != "B" {
		t.Errorf("%+v", u.Event)
	}
}

func TestTheLastDecisionOnTwoBetsCounts(t *testing.T) {
	s, o := question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?")
	in := said("kalshi", "K", "Will it rain?", 2)
	if NewBook([]Decision{decided(s, o, Identity, Confirmed), decided(s, o, Identity, Rejected)}).Apply(in) != in {
		t.Error("the first one counts")
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	s, o := question("K", "kalshi", "Will it rain?"), question("P", "polymarket", "Rain?")
	good := decided(s, o, Identity, Confirmed)
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Decision){
		"a note has":        func(d *Decision) { d.Note = strings.Repeat("x", MaxNote+1) },
		"want confirmed":    func(d *Decision) { d.State = Candidate },
		"want identity":     func(d *Decision) { d.Relation = "same" },
		"with itself":       func(d *Decision) { d.Object = d.Subject },
		"by their event_id": func(d *Decision) { d.Object.EventID = "" },
		"bytes at most":     func(d *Decision) { d.Object.Title = strings.Repeat("x", 2000) },
		"with a market":     func(d *Decision) { d.Object.Market = "" },
		"two outcomes":      func(d *Decision) { d.Relation, d.Object.Outcomes = Complement, nil },
		"one venue quotes":  func(d *Decision) { d.Object.Venues = d.Subject.Venues },
		"too many ids":      func(d *Decision) { d.Object.Own = make([]Own, 300) },
		"a name has 1 to":   func(d *Decision) { d.Name = &Name{Source: "s"} },
		"rules have":        func(d *Decision) { d.Subject.Rules = strings.Repeat("x", MaxRules+1) },
		"meaning or note":   func(d *Decision) { d.Name = &Name{Source: "s", Name: "n", Means: strings.Repeat("x", 2000)} },
	} {
		d := decided(s, o, Identity, Confirmed)
		spoil(&d)
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Whatever is decided, nothing panics, nothing is read twice, and no input is modified.
func TestRandomDecisionsAreAppliedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 4))
	pick := func(n int) string { return string(rune('A' + r.IntN(n))) }
	for range 2000 {
		var all []Decision
		for range 1 + r.IntN(8) {
			s, o := question(pick(6), "v"+pick(4), "Rain?"), question(pick(6), "v"+pick(4), "Rain?")
			s.Own[0].Source = "v" + pick(3)
			if r.IntN(3) == 0 {
				s.Market, o.Market = "", ""
			}
			if r.IntN(4) == 0 {
				s.Outcomes = s.Outcomes[:r.IntN(3)]
			}
			all = append(all, decided(s, o, Relations()[r.IntN(6)], [...]State{Confirmed, Rejected}[r.IntN(2)]))
		}
		book := NewBook(all)
		source, event := "v"+pick(3), pick(6)
		in := said(source, event, "Rain?", 2)
		out := book.Apply(in)
		if in.Updates[0].Event.ID != event || in.Updates[0].Settlement != "" || in.Updates[0].Quotes[0].Selection != "Yes" {
			t.Fatalf("modified: %+v", in.Updates[0])
		}
		if len(out.Updates) != 1 {
			t.Fatalf("%+v", out)
		}
		for i := range book.all { // nothing that is read as another is what a third is read as
			for k := range book.all {
				x, y := &book.all[i], &book.all[k]
				if x.joins() && y.joins() && book.Inert(x.ID) == "" && book.Inert(y.ID) == "" && meets(x.Object.thing(), y.Subject.thing()) {
					t.Fatalf("%s is read as %s, which is read as %s", x.Subject.EventID, x.Object.EventID, y.Object.EventID)
				}
			}
		}
		d := &Door{}
		d.Set(book)
		pass(d, in)
		d.Set(nil)
		if got := pass(d, in); got.Updates[len(got.Updates)-1].Event.ID != event {
			t.Fatalf("after all is withdrawn: %+v", got.Updates)
		}
	}
}
