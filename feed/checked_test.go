package feed

import (
	"errors"
	"strings"
	"testing"

	"corrgraph/odds"
)

func TestQuotesOfAReservedVenueAreCountedAndTakenOut(t *testing.T) {
	rep, errFull := &Report{}, errors.New("full")
	var got []*odds.Batch
	emit := Checked("f", func(b *odds.Batch) error {
		got = append(got, b)
		return errFull
	}, rep)
	update := func(venue string, quotes int) odds.Update {
		return odds.Update{Venue: venue, Quotes: make([]odds.Quote, quotes)}
	}
	for _, c := range []struct {
		b    odds.Batch
		want error // of emit, which is called
	}{
		{odds.Batch{Updates: []odds.Update{update("a", 2), update("Consensus", 2), update("b", 1)}}, errFull},
		{odds.Batch{Updates: []odds.Update{update("consensus", 0)}}, nil},
		{odds.Batch{Updates: []odds.Update{update("consensus", 1)}, Polled: true}, errFull}, // the source was heard
		{odds.Batch{}, errFull},
	} {
		rep.Read(7, c.b.Quotes())
		if err := emit(&c.b); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.b, err)
		}
	}
	by, n := rep.Rejected()
	if n != 4 || by[Reserved] != 4 || rep.Quotes() != 3 {
		t.Errorf("%d accepted, rejected %v", rep.Quotes(), by)
	}
	if len(got) != 3 || len(got[0].Updates) != 2 || got[0].Updates[1].Venue != "b" || len(got[1].Updates) != 0 {
		t.Errorf("emitted: %+v", got)
	}
	if s := rep.Shown()[0].String(); s != `f:7: reserved_name: the name "Consensus" is reserved: rename the venue` {
		t.Error(s)
	}
}

func TestMarksThatMayNotBeAreCountedAndTakenOut(t *testing.T) {
	rep := &Report{}
	var got []*odds.Batch
	emit := Checked("f", func(b *odds.Batch) error { got = append(got, b); return nil }, rep)
	long := strings.Repeat("x", MaxName+1)
	goal := odds.Mark{Event: &odds.Event{ID: "e"}, Kind: odds.ScoreMark, Value: "1-0", Was: "0-0"}
	bad := []odds.Mark{goal, goal, goal, goal, goal}
	bad[0].Event, bad[1].Event, bad[2].Kind, bad[3].Value, bad[4].Was = nil, &odds.Event{ID: long}, "weather", long, long
	for _, marks := range [][]odds.Mark{{goal}, {bad[0], goal, bad[1], goal}, {bad[2]}, {goal, bad[3], bad[4]}} {
		if err := emit(&odds.Batch{Source: "s", Marks: marks}); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 3 || len(got[0].Marks) != 1 || len(got[1].Marks) != 2 || len(got[2].Marks) != 1 {
		t.Errorf("passed on %+v", got)
	}
	by, n := rep.Rejected()
	if n != 5 || by[BadMark] != 2 || by[NameTooLong] != 3 || rep.Quotes() != 0 {
		t.Errorf("rejected %v", by)
	}
}
