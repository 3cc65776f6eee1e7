package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

func TestARingKeepsTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most, n := rapid.IntRange(1, 6).Draw(t, "most"), rapid.IntRange(0, 20).Draw(t, "n")
		r := ring[int]{most: most}
		var want []int
		for i := range n {
			r.add(i)
			want = append(want, i)
		}
		want = want[max(0, n-most):]
		var back []int
		for v := range r.backward {
			back = append(back, *v)
		}
		slices.Reverse(back)
		if got := r.all(); !slices.Equal(got, want) || !slices.Equal(back, want) || r.dropped != uint64(max(0, n-most)) {
			t.Fatalf("%v, backward %v, %d dropped; want %v", got, back, r.dropped, want)
		}
		if got := r.all(); len(got) > 0 {
			got[0] = -1
			if r.all()[0] == -1 {
				t.Fatal("what is given away is no copy")
			}
		}
	})
}

func TestKeepNewestDropsAQuarterAtATime(t *testing.T) {
	var s []int
	for i := range 1000 {
		s = keepNewest(append(s, i), 100)
		if len(s) > 124 || s[len(s)-1] != i || i >= 100 && len(s) < 100 || s[0] != i+1-len(s) {
			t.Fatalf("after %d: %d to %d, %d of them", i, s[0], s[len(s)-1], len(s))
		}
	}
}

func anomaly(kind, event string, at odds.Time, nodes ...odds.NodeID) detect.Anomaly {
	return detect.Anomaly{Kind: kind, Layer: odds.Direct, Event: event, At: at, Nodes: nodes}
}

func TestAnAnomalyReplacesWhatWasSaidOfItBefore(t *testing.T) {
	k := newBook(10, 10)
	began := anomaly("jump", "e", 5, "a", "b")
	ended := began
	ended.Until = 9
	k.note(&engine.News{Anomalies: []detect.Anomaly{began, anomaly("jump", "e", 6, "a", "b"), anomaly("drift", "e", 5, "a", "b"), anomaly("jump", "f", 5, "a", "b"), anomaly("jump", "e", 5)}})
	k.note(&engine.News{Anomalies: []detect.Anomaly{ended}})
	if n := len(k.events["e"].anomalies); n != 4 {
		t.Errorf("%d anomalies of the event, want 4", n)
	}
	if last := k.events["e"].anomalies[3]; last.Until != 9 || last.Seq != 6 || k.seq != 6 {
		t.Errorf("the newest of the event: %+v", last)
	}
	if n := k.kinds[anomalyKey{"jump", odds.Direct, false}]; n != 4 {
		t.Errorf("%d jumps counted: one that changes is the same", n)
	}
	newest := k.newest(10)
	if len(newest) != 5 || newest[0].Until != 9 || newest[0].Seq != 6 || newest[1].Seq != 5 {
		t.Errorf("newest first: %+v", newest)
	}
	for i, a := range newest[1:] {
		if a.Kind == "jump" && a.Event == "e" && a.At == 5 && len(a.Nodes) > 0 {
			t.Errorf("number %d is what was said before", i+1)
		}
	}
	if got := k.newest(2); len(got) != 2 || got[1].Seq != 5 {
		t.Errorf("the two newest: %+v", got)
	}
}

func TestABookCountsForecastsByLayerAndOutcome(t *testing.T) {
	k := newBook(2, 10)
	k.note(&engine.News{Issued: make([]ledger.Prediction, 3), Settled: []ledger.Prediction{
		{ID: "1", Event: "e", Layer: odds.Direct, Outcome: ledger.Hit},
		{ID: "2", Event: "e", Layer: odds.CrossMarket, Outcome: ledger.Hit},
		{ID: "3", Event: "f", Layer: odds.Direct, Outcome: ledger.AlreadyMoved},
	}})
	if k.issued != 4 {
		t.Errorf("%d issued: one that was too late was never open, and counts", k.issued)
	}
	if k.outcomes[outcomeKey{odds.Direct, ledger.Hit}] != 1 || k.outcomes[outcomeKey{odds.CrossMarket, ledger.Hit}] != 1 || k.outcomes[outcomeKey{odds.Direct, ledger.AlreadyMoved}] != 1 {
		t.Errorf("%v", k.outcomes)
	}
	if k.settled.dropped != 1 || len(k.events["e"].settled) != 2 || len(k.events["f"].settled) != 1 {
		t.Errorf("%d dropped, %d and %d of the events", k.settled.dropped, len(k.events["e"].settled), len(k.events["f"].settled))
	}
	k.note(&engine.News{Forgotten: []string{"e", "unknown"}})
	if k.events["e"] != nil || k.events["f"] == nil || k.outcomes[outcomeKey{odds.Direct, ledger.Hit}] != 1 {
		t.Error("what is forgotten is the event, not what was counted")
	}
}

// A revision is told as the same forecast again, and is none more.
func TestARevisionIsTheSameForecast(t *testing.T) {
	p := ledger.Prediction{ID: "1", Event: "e", IssuedAt: 5, P: 0.5}
	p.Revise(ledger.Revision{At: 5, P: 0.5})
	n := &engine.News{Issued: []ledger.Prediction{p.Clone()}}
	p.Revise(ledger.Revision{At: 7, P: 0.25})
	n.Revised = []ledger.Prediction{p}
	n.Answered = []ledger.Prediction{{ID: "1", Event: "e", Outcome: ledger.Hit, ResolvedAt: 9}}
	n.Settled = n.Answered // told once, whenever it is settled
	k, pub := newBook(9, 9), &publisher{hub: NewHub(9)}
	pub.book = k
	k.note(n)
	pub.tell(n)
	if k.issued != 1 || len(pub.messages) != 3 || pub.messages[2].Kind != "outcome" {
		t.Fatalf("%d issued, %d messages", k.issued, len(pub.messages))
	}
	for i, want := range []odds.Time{5, 7} {
		m := pub.messages[i]
		if said := m.Data.(Issued); m.Kind != "prediction" || m.At != want || said.ID != "1" || said.Newest().At != want {
			t.Errorf("message %d: %+v", i, m)
		}
	}
}

func TestMovesOfASeriesAddUpUntilTheyAreTold(t *testing.T) {
	p := newMoves()
	move := func(node odds.NodeID, at odds.Time, raw, value, rms float64) {
		p.add(engine.Move{Node: node, Event: "e", At: at, Raw: raw, Value: value, RMS: rms})
	}
	move("a", 1, 0.5, 1.5, 0.1)
	move("b", 2, -1, 3, 0.2)
	move("a", 3, -0.125, 1.375, 0.9)
	got := p.flush(nil)
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	if m := got[0].Data.(Moved); m.Raw != 0.375 || m.Value != 1.375 || m.At != 3 || m.RMS != 0.1 || got[0].Key != "a" || got[0].Kind != "move" || got[0].Event != "e" || got[0].At != 3 {
		t.Errorf("the sum, the newest value and what was usual before: %+v", got[0])
	}
	move("a", 4, 1, 2.375, 0.1)
	if got = p.flush(got); len(got) != 3 || got[2].Data.(Moved).Raw != 1 {
		t.Errorf("the next publication begins anew: %+v", got)
	}
	if got := p.flush(nil); got != nil {
		t.Errorf("told twice: %+v", got)
	}
}

func TestTheLargestMovesAreToldFirst(t *testing.T) {
	p := newMoves()
	for i := range mostMoves + 100 {
		p.add(engine.Move{Node: odds.NodeID(fmt.Sprintf("n%04d", i)), Raw: math.Pow(-1, float64(i)) * float64(i), RMS: 1})
	}
	p.add(engine.Move{Node: "usual", Raw: 1e6, RMS: 1e6})  // as ever
	p.add(engine.Move{Node: "unheard of", Raw: 0.01})      // with nothing to compare with
	p.add(engine.Move{Node: "huge", Raw: -1e6, RMS: 1e-3}) // by its own measure
	got := p.flush(nil)
	if len(got) != mostMoves {
		t.Fatalf("%d moves told", len(got))
	}
	told := map[string]bool{}
	for _, m := range got {
		told[m.Key] = true
	}
	if got[0].Key != "huge" || got[1].Key != "unheard of" || told["usual"] || told["n0050"] || !told["n0200"] {
		t.Errorf("%s and %s come first; usual is told: %v", got[0].Key, got[1].Key, told["usual"])
	}
}

func TestConflateKeepsTheNewestOfEachThing(t *testing.T) {
	in := []Message{
		{ID: 1, Kind: "move", Key: "a"},
		{ID: 2, Kind: "graph", Key: "a"},
		{ID: 3, Kind: "outcome"},
		{ID: 4, Kind: "move", Key: "b"},
		{ID: 5, Kind: "move", Key: "a"},
		{ID: 6, Kind: "outcome"},
		{ID: 7, Kind: "graph", Key: "a"},
	}
	if got := ids(conflate(in)); !slices.Equal(got, []uint64{3, 4, 5, 6, 7}) {
		t.Errorf("%v: another kind is another thing, and what has no key is none's successor", got)
	}
	if got := conflate(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Whatever is published and however often somebody reads, he gets or is told of
// everything, once and in order.
func TestNothingIsLostUnsaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := NewHub(rapid.IntRange(1, 8).Draw(t, "ring"))
		before := rapid.IntRange(0, 12).Draw(t, "before")
		h.Publish(make([]Message, before)...)
		from := uint64(rapid.IntRange(0, 14).Draw(t, "from"))
		c, ok := h.After(from, nil)
		if want := from <= uint64(before) && from+uint64(len(h.ring)) >= uint64(before); ok != want {
			t.Fatalf("after %d of %d with %d kept: %v", from, before, len(h.ring), ok)
		}
		at := c.Place()
		if !ok && at != h.Last() {
			t.Fatalf("who can't go on begins at %d of %d", at, h.Last())
		}
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			h.Publish(make([]Message, rapid.IntRange(0, 12).Draw(t, "published"))...)
			if at == h.Last() {
				continue
			}
			ms, missed, err := c.Next(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			at += missed
			for _, m := range ms {
				if at++; m.ID != at {
					t.Fatalf("message %d where %d was due", m.ID, at)
				}
			}
			if at != h.Last() || c.Place() != at {
				t.Fatalf("came to %d, place %d of %d", at, c.Place(), h.Last())
			}
		}
	})
}

func TestAFilterMovesItsPlaceAndWaitsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(0)
		if len(h.ring) != 1<<16 {
			t.Errorf("%d messages are kept", len(h.ring))
		}
		c, _ := h.After(0, func(m *Message) bool { return m.Kind == "yes" })
		got := make(chan []Message, 1)
		go func() {
			ms, _, _ := c.Next(context.Background())
			got <- ms
		}()
		h.Publish(Message{Kind: "no"}, Message{Kind: "no"})
		synctest.Wait()
		if len(got) > 0 {
			t.Fatalf("%v came of what was not wanted", <-got)
		}
		h.Publish()
		h.Publish(Message{Kind: "no"}, Message{Kind: "yes"}, Message{Kind: "no"})
		if ms := <-got; !slices.Equal(ids(ms), []uint64{4}) || c.Place() != 5 {
			t.Errorf("%v, place %d", ids(ms), c.Place())
		}
	})
}

func TestMuchIsReadInParts(t *testing.T) {
	h := NewHub(0)
	c, _ := h.After(0, nil)
	h.Publish(make([]Message, mostAtOnce+1)...)
	first, missed, err := c.Next(t.Context())
	rest, _, _ := c.Next(t.Context())
	if err != nil || missed != 0 || len(first) != mostAtOnce || !slices.Equal(ids(rest), []uint64{mostAtOnce + 1}) {
		t.Errorf("%d, then %v; %d missed, %v", len(first), ids(rest), missed, err)
	}
}

func TestWhoeverStopsWaitingIsToldWhy(t *testing.T) {
	c, _ := NewHub(4).After(0, nil)
	why := errors.New("closing time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if ms, missed, err := c.Next(ctx); !errors.Is(err, why) || ms != nil || missed != 0 {
		t.Errorf("%v, %d, %v", ms, missed, err)
	}
	h := NewHub(4)
	h.Publish(Message{})
	c, _ = h.After(0, nil)
	if ms, _, err := c.Next(ctx); err != nil || len(ms) != 1 {
		t.Errorf("what is there is given even then: %v, %v", ms, err)
	}
}

// Moves are not published while nobody reads, and who comes back must know.
func TestMovesNobodyReadAreAGap(t *testing.T) {
	h := NewHub(8)
	now := noon.Std()
	if h.heard(now) {
		t.Error("heard though nobody ever came")
	}
	h.Publish(Message{}, Message{})
	if _, ok := h.After(2, nil); !ok {
		t.Fatal("could not begin")
	}
	for _, after := range []time.Duration{0, time.Minute - 1} { // the first takes note of the reader
		if !h.heard(now.Add(after)) {
			t.Errorf("not heard %v after somebody read", after)
		}
	}
	if h.heard(now.Add(time.Minute)) {
		t.Error("still heard a minute after the last one read")
	}
	h.skip()
	for id := range uint64(3) {
		if _, ok := h.After(id, nil); ok {
			t.Errorf("resumed at %d, behind moves that were never published", id)
		}
	}
	h.Publish(Message{})
	if _, ok := h.After(3, nil); !ok {
		t.Error("what was published since can be resumed from")
	}
	if _, ok := h.After(2, nil); ok {
		t.Error("the gap is forgotten")
	}
	if !h.heard(now.Add(time.Hour)) {
		t.Error("somebody has come back")
	}
}

func TestAskingTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls()
		why := errors.New("impatient")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { synctest.Wait(); cancel(why) }()
		if _, err := ask(ctx, c, func() int { return 1 }); !errors.Is(err, why) {
			t.Errorf("nobody answers: %v", err)
		}
		got := make(chan error, 1)
		go func() {
			v, err := ask(t.Context(), c, func() int { return 42 })
			if v != 42 {
				err = errors.New("another answer")
			}
			got <- err
		}()
		synctest.Wait()
		(<-c.asked)() // of who has left; it hurts nobody
		(<-c.asked)()
		if err := <-got; err != nil {
			t.Error(err)
		}
		go func() {
			_, err := ask(t.Context(), c, func() int { return 1 })
			got <- err
		}()
		synctest.Wait()
		close(c.stopped)
		if err := <-got; !errors.Is(err, ErrStopped) {
			t.Errorf("it stopped meanwhile: %v", err)
		}
		for range cap(c.asked) - len(c.asked) {
			c.asked <- func() {}
		}
		if _, err := ask(t.Context(), c, func() int { return 1 }); !errors.Is(err, ErrStopped) {
			t.Errorf("it stopped, and many wait: %v", err)
		}
		if _, err := ask(ctx, newFullCalls(), func() int { return 1 }); !errors.Is(err, why) {
			t.Errorf("many wait: %v", err)
		}
	})
}

// newFullCalls is where so many wait that nobody else can.
func newFullCalls() *calls {
	c := newCalls()
	for range cap(c.asked) {
		c.asked <- func() {}
	}
	return c
}

func TestAnEventThatIsForgottenIsNotSaved(t *testing.T) {
	c := newChanges()
	at := &slot{}
	c.note(at, "a")
	c.note(at, "a")
	c.note(&slot{}, "b")
	c.forget("a")
	if len(c.unsaved) != 1 || !c.unsaved["b"] || !slices.Equal(c.gone, []string{"a"}) {
		t.Errorf("unsaved %v, gone %v", c.unsaved, c.gone)
	}
	c.taken.gone = []string{"z"}
	c.again()
	if !slices.Equal(c.gone, []string{"z", "a"}) {
		t.Errorf("gone %v: what could not be written comes first", c.gone)
	}
	var none *changes
	none.note(at, "a") // where nothing is saved
	none.forget("a")
}

// What becomes known of a bet reaches its call while the call is kept, and is dropped with it.
func TestBetsAreKeptWithTheirCalls(t *testing.T) {
	call := func(id string, price float64) ledger.Prediction {
		return ledger.Prediction{ID: id, Event: "m", Money: &money.Bet{Price: price}}
	}
	told := func(id string, price float64) engine.Told {
		return engine.Told{Call: id, Event: "m", Bet: &money.Bet{Price: price}}
	}
	b := newBook(2, 2)
	b.note(&engine.News{Issued: []ledger.Prediction{call("a", 1), call("b", 1), call("c", 1)}})
	b.note(&engine.News{Priced: []engine.Told{told("a", 2)}}) // while it is open
	b.note(&engine.News{Settled: []ledger.Prediction{call("a", 1)}})
	if got := b.settled.all(); len(got) != 1 || got[0].Money.Price != 2 || b.event("m").settled[0].Money.Price != 2 {
		t.Errorf("%+v", got)
	}
	b.note(&engine.News{Settled: []ledger.Prediction{call("b", 1), call("c", 1)}}) // a is dropped
	b.note(&engine.News{Priced: []engine.Told{told("a", 3), told("b", 3), told("c", 4)}})
	if got := b.settled.all(); len(got) != 2 || got[0].Money.Price != 3 || got[1].Money.Price != 4 {
		t.Errorf("%+v", got)
	}
	if len(b.bets) != 0 || len(b.at) != 2 {
		t.Errorf("%d bets of no open call, %d places of two calls", len(b.bets), len(b.at))
	}
}

// Marks take the place of what was told before, and are no further anomaly, though the list of
// the match has moved on.
func TestMarksAreNoNewAnomaly(t *testing.T) {
	k := newBook(10, 10)
	marked := detect.Anomaly{Kind: detect.OutlierQuote, Layer: odds.Direct, Event: "e"}
	first := marked
	marked.Evidence.Marks = []detect.Mark{{AfterMs: 5000}}
	k.update(first)
	k.update(marked)
	if all := k.event("e").anomalies; len(all) != 1 || all[0].Evidence.Marks == nil {
		t.Errorf("%+v", all)
	}
	if all := k.newest(10); len(all) != 1 || all[0].Evidence.Marks == nil {
		t.Errorf("%+v", all)
	}
	for i := range 2 * eventAnomalies {
		k.update(detect.Anomaly{Kind: detect.Arbitrage, Layer: odds.Direct, Event: "e", At: odds.Time(i)})
	}
	k.update(marked)
	if n := k.kinds[anomalyKey{detect.OutlierQuote, odds.Direct, false}]; n != 1 {
		t.Errorf("counted %d times", n)
	}
}

// A match that is quoted no more is saved anew once an anomaly of it has ended or has its marks.
func TestAnAnomalyOfAQuietMatchIsSaved(t *testing.T) {
	s := &slot{}
	pub := &publisher{hub: NewHub(9), slots: map[string]*slot{"e": s}, dirty: map[string]bool{}, changes: newChanges()}
	pub.note(&engine.News{Anomalies: []detect.Anomaly{anomaly("jump", "e", 5), anomaly("jump", "forgotten", 5)}})
	if len(pub.changes.unsaved) != 1 || !pub.changes.unsaved["e"] || len(pub.dirty) != 0 {
		t.Errorf("unsaved %v, shown anew %v", pub.changes.unsaved, pub.dirty)
	}
}
