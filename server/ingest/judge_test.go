package ingest

import (
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

// newTestJudge returns a judge that remembers some updates.
func newTestJudge(outOfOrder odds.Millis, remember int) *judge {
	o := Options{OutOfOrder: outOfOrder}
	o.fill()
	s := newStage(&o)
	j := newJudge(&s, remember)
	return &j
}

// judged passes one request through a judge, at noon, with 10 s of skew allowed.
func judged(j *judge, batches ...*odds.Batch) *request {
	r := sifted(j, batches...)
	for _, b := range r.fresh {
		j.stage.add(b, noon)
	}
	return r
}

// sifted is judged without what is accepted being appended.
func sifted(j *judge, batches ...*odds.Batch) *request {
	r := &request{batches: batches}
	j.begin()
	j.sift(r, noon, 10_000)
	return r
}

// reasons returns the reasons for refusing batches, by index.
func reasons(r *request) map[int]string {
	out := map[int]string{}
	for _, no := range r.receipt.Refused {
		out[no.Batch] = no.Reason
	}
	return out
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		after  odds.Millis // of noon, where the newest is
		reason string
	}{
		{"as new as the newest", 0, ""},
		{"as old as may be", -2000, ""},
		{"a millisecond too old", -2001, late},
		{"as far ahead as may be", 10_000, ""},
		{"a millisecond too far ahead", 10_001, future},
	} {
		j := newTestJudge(2000, 100)
		judged(j, batch("a", 0, 1.9))
		r := judged(j, batch("a", c.after, 1.8))
		switch {
		case c.reason == "" && (r.receipt.Accepted != 2 || len(r.receipt.Refused) > 0 || len(r.fresh) != 1):
			t.Errorf("%s: %+v", c.name, r.receipt)
		case c.reason != "" && (reasons(r)[0] != c.reason || r.receipt.Accepted != 0 || len(r.fresh) != 0 || r.receipt.Refused[0].Quotes != 2):
			t.Errorf("%s: %+v, want it refused as %s", c.name, r.receipt, c.reason)
		}
	}
}

func TestARefusalSaysWhatWouldHaveBeenTaken(t *testing.T) {
	j := newTestJudge(2000, 100)
	r := judged(j, batch("a", -1000, 1.9), batch("a", -6000, 1.8), batch("c", 20_000, 1.7))
	got := r.receipt.Refused
	if len(got) != 2 || !strings.Contains(got[1].Detail, "more than 10s ahead of the clock, which says "+noon.String()) {
		t.Fatalf("%+v", got)
	}
	for _, part := range []string{noon.Add(-6000).String(), `source "a"`, noon.Add(-1000).String(), "2s", "ingest.out_of_order", "ingest.sources"} {
		if !strings.Contains(got[0].Detail, part) {
			t.Errorf("%q does not say %s", got[0].Detail, part)
		}
	}
}

func TestNoSourceMakesAnotherOneLate(t *testing.T) {
	j := newTestJudge(2000, 100)
	r := judged(j, batch("a", 0, 1.9), batch("b", -60_000, 1.8), batch("c", -86_400_000, 1.7), batch("b", -61_000, 1.6), batch("b", -62_001, 1.5))
	if len(r.receipt.Refused) != 1 || reasons(r)[4] != late || r.receipt.Accepted != 8 {
		t.Errorf("%+v", r.receipt)
	}
}

func TestASourceHasItsOwnBound(t *testing.T) {
	o := Options{Sources: map[string]SourceOptions{"b": {OutOfOrder: 10_000}, "c": {Delay: 5000}}}
	o.fill()
	s := newStage(&o)
	j := newJudge(&s, 100)
	for source, bound := range map[string]odds.Millis{"a": 2000, "b": 10_000, "c": 2000} {
		judged(&j, batch(source, 0, 1.9))
		if r := judged(&j, batch(source, -bound, 1.8), batch(source, -bound-1, 1.7)); reasons(r)[1] != late || r.receipt.Accepted != 2 {
			t.Errorf("%s: %+v", source, r.receipt)
		}
	}
}

// A source that is ahead of the clock must not make its own ticks late once it is right again.
func TestATickAheadCountsAsOfItsTime(t *testing.T) {
	j := newTestJudge(2000, 100)
	judged(j, batch("a", 9000, 1.9))
	if r := judged(j, batch("a", -2000, 1.8), batch("a", -2001, 1.7)); reasons(r)[1] != late || r.receipt.Accepted != 2 {
		t.Errorf("%+v", r.receipt)
	}
}

// What was settled is not settled again, but it is taken.
func TestWhatComesBehindTheFrontierIsAccepted(t *testing.T) {
	j := newTestJudge(2000, 100)
	j.stage.frontier.pass(noon.Add(-500))
	r := judged(j, batch("a", -500, 1.9), batch("b", -499, 1.8))
	if r.receipt.Accepted != 4 || len(r.fresh) != 2 || !r.fresh[0].Late || r.fresh[1].Late {
		t.Errorf("%+v, fresh %+v", r.receipt, r.fresh)
	}
	if n := j.stage.order.waiting.Len(); n != 1 {
		t.Errorf("%d wait to be settled", n)
	}
	if r := judged(j, batch("a", -500, 1.9)); r.receipt.Duplicates != 2 || r.receipt.Accepted != 0 {
		t.Errorf("sent again: %+v", r.receipt)
	}
}

// Ticks from the future must not make current ones late.
func TestARefusedBatchMovesNothing(t *testing.T) {
	j := newTestJudge(2000, 100)
	judged(j, batch("a", 0, 1.9))
	judged(j, batch("a", 3_600_000, 1.8))
	if r := judged(j, batch("b", 1, 1.7)); r.receipt.Accepted != 2 {
		t.Errorf("%+v", r.receipt)
	}
}

func TestDuplicatesCountOnce(t *testing.T) {
	j := newTestJudge(2000, 100)
	two := batch("a", 0, 1.9)
	two.Updates = append(two.Updates, batch("b", 0, 1.8).Updates...)
	r := judged(j, batch("a", 0, 1.9), two, batch("a", 0, 1.9))
	if r.receipt.Accepted != 4 || r.receipt.Duplicates != 4 || len(r.fresh) != 2 || len(r.fresh[1].Updates) != 1 || r.fresh[1].Updates[0].Venue != "bbook" {
		t.Errorf("%+v, kept %+v", r.receipt, r.fresh)
	}
	if len(two.Updates) != 2 {
		t.Error("the sender's batch was modified")
	}
	for name, b := range map[string]*odds.Batch{"time": batch("a", 1, 1.9), "source": batch("c", 0, 1.9), "price": batch("a", 0, 1.91)} {
		if r := judged(j, b); r.receipt.Duplicates != 0 {
			t.Errorf("another %s is no duplicate: %+v", name, r.receipt)
		}
	}
}

// A late repetition of accepted ticks is a duplicate; new ticks are late.
func TestALateDuplicateIsNoRefusal(t *testing.T) {
	j := newTestJudge(2000, 100)
	judged(j, batch("a", -60_000, 1.9), batch("a", 0, 1.8))
	if r := judged(j, batch("a", -60_000, 1.9), batch("a", -60_000, 1.7)); r.receipt.Duplicates != 2 || reasons(r)[1] != late || len(r.receipt.Refused) != 1 {
		t.Errorf("%+v", r.receipt)
	}
}

func TestAtLeastTheNewestUpdatesAreRemembered(t *testing.T) {
	j := newTestJudge(1<<40, 10)
	for i := range odds.Millis(25) {
		judged(j, batch("a", -i, 1.9))
	}
	for i, want := range map[odds.Millis]bool{24: true, 10: true, 9: false} {
		if known := j.knows(batch("a", -i, 1.9)); known != want {
			t.Errorf("update %d is known: %v", i, known)
		}
	}
}

func TestAnUndoneGroupIsForgotten(t *testing.T) {
	j := newTestJudge(2000, 100)
	judged(j, batch("a", -60_000, 1.5))
	sifted(j, batch("a", 0, 1.9))
	j.undo()
	if r := judged(j, batch("a", -61_000, 1.8)); r.receipt.Accepted != 2 {
		t.Errorf("it made older ticks late: %+v", r.receipt)
	}
	if r := judged(j, batch("a", 0, 1.9)); r.receipt.Accepted != 2 {
		t.Errorf("it is known when it comes again: %+v", r.receipt)
	}
	if r := judged(j, batch("a", -60_000, 1.5)); r.receipt.Duplicates != 2 {
		t.Errorf("what came before it is forgotten: %+v", r.receipt)
	}
}

// The engine looks events up by pointer.
func TestAnEventIsOnePointerUntilItChanges(t *testing.T) {
	j := newTestJudge(2000, 100)
	r := judged(j, batch("a", 0, 1.9), batch("a", 1, 1.8), batch("b", 2, 1.7))
	first, again, other := r.fresh[0].Updates[0].Event, r.fresh[1].Updates[0].Event, r.fresh[2].Updates[0].Event
	if first != again || first == other {
		t.Error("an event of one source has one pointer, of another source its own")
	}
	moved := batch("a", 3, 1.6)
	moved.Updates[0].Event.Start = noon
	if e := judged(j, moved).fresh[0].Updates[0].Event; e == first || e.Start != noon {
		t.Error("an event whose start was moved is the old one")
	}
}

func TestOrderGivesInstantsInTurn(t *testing.T) {
	o := newOrder()
	for _, b := range []*odds.Batch{batch("b", 5, 1.1), batch("a", 7, 1.2), batch("c", 5, 1.3), batch("a", 1, 1.4), batch("b", 5, 1.5), batch("a", 5, 1.6)} {
		o.add(b)
	}
	var got []string
	for before := odds.Millis(5); before < 9; before += 2 { // 5: not 5 itself
		for {
			batches := o.next(noon.Add(before))
			if batches == nil {
				break
			}
			s := ""
			for _, b := range batches {
				s += b.Source
			}
			got = append(got, s)
		}
		got = append(got, "|")
	}
	if want := []string{"a", "|", "abbc", "|"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: sources by name, each in its own order", got, want)
	}
	if o.waiting.Len() != 1 {
		t.Errorf("%d batches are left", o.waiting.Len())
	}
}

func TestAMarkIsAcceptedOnceAndWithoutAPrice(t *testing.T) {
	j := newTestJudge(2000, 100)
	first := judged(j, batch("a", 0, 1.9)).fresh[0]
	goal := odds.Mark{Event: &odds.Event{ID: first.Updates[0].Event.ID}, Kind: odds.ScoreMark, Value: "1-0", Was: "0-0"}
	said := func(after odds.Millis) *odds.Batch {
		return &odds.Batch{Source: "a", At: noon.Add(after), Recv: noon.Add(after), Marks: []odds.Mark{goal}}
	}
	r := judged(j, said(0), said(0))
	if len(r.fresh) != 1 || len(r.fresh[0].Marks) != 1 || r.receipt.Accepted != 0 {
		t.Errorf("accepted %+v", r.fresh)
	}
	if len(judged(j, said(0)).fresh) != 0 || len(judged(j, said(1000)).fresh) != 1 {
		t.Error("said again it is another one, or at another time it is none")
	}
	if r := judged(j, said(-5000)); reasons(r)[0] != late {
		t.Errorf("too late: %+v", r.receipt)
	}
	j.begin()
	sifted(j, said(1500))
	j.undo()
	if len(judged(j, said(1500)).fresh) != 1 {
		t.Error("one that could not be appended is remembered")
	}
}
