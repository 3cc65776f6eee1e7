package feed

import (
	"errors"
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
