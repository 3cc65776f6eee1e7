package marks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/worth"
	"corrgraph/internal/state"
	"corrgraph/odds"
)

const (
	second = odds.Millis(1000)
	begin  = odds.Time(1_750_000_000_000)
)

var none = math.NaN()

// desk is a board, the ledger of bets and the keeper that watch it.
type desk struct {
	*Keeper
	t     *testing.T
	board *board.Board
	bets  *worth.Ledger
	match *odds.Event
	told  []detect.Anomaly
}

func (d *desk) Linked(*board.Link)               {}
func (d *desk) Added(*board.Node)                {}
func (d *desk) Heard(*board.Node, odds.Time)     {}
func (d *desk) Starting(*board.Event, odds.Time) {}
func (d *desk) hear(a detect.Anomaly)            { d.told = append(d.told, a) }

func newDesk(t *testing.T) *desk {
	bd := board.New(board.Options{KeepMoves: 64})
	d := &desk{t: t, board: bd, bets: worth.New(bd, worth.Options{Delay: 5 * second})}
	d.Keeper = New(bd, d.bets, d.hear)
	d.match = &odds.Event{ID: "m", Sport: "baseball", League: "mlb", Home: "Ann", Away: "Bea", Start: begin.Add(3600 * second)}
	bd.Observe(d)
	return d
}

// says is what one venue shows.
type says struct {
	venue string
	a, b  float64
	line  float64
	shut  bool
	lay   bool
}

// apply takes what venues show some seconds after the beginning.
func (d *desk) apply(sec int, polled bool, all ...says) {
	at := begin.Add(odds.Millis(sec) * second)
	b := &odds.Batch{Source: "feed", At: at, Recv: at, Polled: polled}
	if !polled {
		b.Source = "stream"
	}
	for _, s := range all {
		u := odds.Update{Event: d.match, Venue: s.venue, Market: "h2h", Updated: at, InPlay: at >= d.match.Start}
		if s.shut {
			u.Status = odds.Suspended
		}
		if s.lay {
			u.Market = "h2h_lay"
		}
		one, two := odds.Quote{Selection: "Ann", Side: odds.Home, Line: none, Price: s.a}, odds.Quote{Selection: "Bea", Side: odds.Away, Line: none, Price: s.b}
		if s.line != 0 {
			u.Market = "totals"
			one, two = odds.Quote{Selection: "Over", Side: odds.Over, Line: s.line, Price: s.a}, odds.Quote{Selection: "Under", Side: odds.Under, Line: s.line, Price: s.b}
		}
		u.Quotes = []odds.Quote{one, two}
		b.Updates = append(b.Updates, u)
	}
	d.bets.Before(at)
	d.board.Apply(b)
	d.bets.Look()
	d.Look()
	d.board.EndBatch()
}

func (d *desk) poll(sec int, all ...says)   { d.apply(sec, true, all...) }
func (d *desk) stream(sec int, all ...says) { d.apply(sec, false, all...) }

// raise tells of an anomaly now.
func (d *desk) raise(kind string, nodes ...odds.NodeID) detect.Anomaly {
	a := detect.Anomaly{Kind: kind, Layer: odds.Direct, Event: "m", Nodes: nodes, At: d.board.Now}
	d.Told(&a, true)
	return a
}

// even is all venues at even chances with a margin, and soft off by its own.
func even(soft says) []says {
	return []says{soft, {venue: "x", a: 1.9, b: 1.9}, {venue: "y", a: 1.9, b: 1.9}}
}

// marks are those of the only anomaly that was told.
func (d *desk) marks() []detect.Mark {
	d.t.Helper()
	if len(d.told) != 1 {
		d.t.Fatalf("told of %d anomalies, want 1", len(d.told))
	}
	return d.told[0].Evidence.Marks
}

func (d *desk) is(what string, got *float64, want float64) {
	d.t.Helper()
	if got == nil && want == want || got != nil && !(math.Abs(*got-want) < 1e-9) {
		text, _ := json.Marshal(got)
		d.t.Errorf("%s is %s, want %v", what, text, want)
	}
}

const soft = odds.NodeID("soft/m/h2h/home")

// A wrong quote is back after 40 s: at 60 s it is what the others show.
func TestAnOutlierThatReturns(t *testing.T) {
	for name, ahead := range map[string]odds.Millis{"before the match": 3600, "in play": -3600} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.match.Start = begin.Add(ahead * second)
			d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
			d.raise(detect.OutlierQuote, soft)
			for sec := 5; sec <= 300; sec += 5 {
				now := says{venue: "soft", a: 3, b: 1.4}
				if sec >= 40 {
					now = says{venue: "soft", a: 1.9, b: 1.9}
				}
				if len(d.told) > 0 {
					t.Fatal("told before the last mark")
				}
				d.stream(sec, even(now)...)
			}
			for i, want := range []struct {
				after odds.Millis
				price float64
			}{{5, 3}, {30, 3}, {60, 1.9}, {300, 1.9}} {
				m := d.marks()[i]
				at := begin.Add(want.after * second)
				if *m.Was != 3 || *m.Fee != 0 || m.Node != soft || m.AfterMs != want.after*second || *m.At != at || *m.PriceAt != at || *m.FairAt != at {
					t.Errorf("mark %d: %+v", i, m)
				}
				d.is(fmt.Sprint("price after ", want.after), m.Price, want.price)
				d.is("fair probability", m.Fair, 0.5)
			}
			if len(d.waiting) != 0 || d.next != odds.Never {
				t.Errorf("still waiting: %v, next %v", d.waiting, d.next)
			}
		})
	}
}

// Polls five minutes apart say nothing of 5, 30 and 60 s.
func TestSparsePolls(t *testing.T) {
	d := newDesk(t)
	d.poll(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.raise(detect.Desynchronisation, soft)
	d.poll(300, even(says{venue: "soft", a: 2, b: 1.8})...)
	all := d.marks()
	for _, m := range all[:3] {
		if m.At != nil || m.Price != nil || m.Fair != nil || m.PriceAt != nil || m.FairAt != nil {
			t.Errorf("%+v", m)
		}
	}
	d.is("price after 300 s", all[3].Price, 2)
	d.is("fair probability after 300 s", all[3].Fair, 0.5)
}

// A stream's look at the match does not make news of polls from before.
func TestPollsFromBefore(t *testing.T) {
	d := newDesk(t)
	d.poll(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.raise(detect.OutlierQuote, soft)
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, says{venue: "fast", a: 1.9, b: 1.9})
	}
	for _, m := range d.marks() {
		if m.At == nil || m.Price != nil || m.Fair != nil {
			t.Errorf("%+v", m)
		}
	}
}

// A price that is gone, or is on another line, is none; one other group says no probability.
func TestWhatIsNotClaimed(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.stream(0, says{venue: "soft", a: 2.5, b: 1.5, line: 8.5}, says{venue: "x", a: 1.9, b: 1.9, line: 8.5})
	d.raise(detect.OutlierQuote, soft)
	d.raise(detect.OutlierQuote, "soft/m/totals/over")
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, even(says{venue: "soft", shut: true})...)
		d.stream(sec, says{venue: "soft", a: 2.5, b: 1.5, line: 9}, says{venue: "x", a: 1.9, b: 1.9, line: 8.5})
	}
	if len(d.told) != 2 {
		t.Fatalf("told of %d", len(d.told))
	}
	for i := range d.told[0].Evidence.Marks {
		m, other := d.told[0].Evidence.Marks[i], d.told[1].Evidence.Marks[i]
		if m.Price != nil || other.Fair != nil {
			t.Errorf("%+v, %+v", m, other)
		}
		d.is("the others' probability", m.Fair, 0.5)
		if i > 0 && other.Price != nil {
			t.Errorf("a price at another line: %v", *other.Price)
		}
	}
}

// Each leg of an arbitrage has marks, without its own venue's opinion.
func TestEachLeg(t *testing.T) {
	d := newDesk(t)
	all := append(even(says{venue: "soft", a: 3, b: 1.4}), says{venue: "z", a: 1.5, b: 2.9})
	d.stream(0, all...)
	d.raise(detect.Arbitrage, soft, "z/m/h2h/away")
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, all...)
	}
	if all := d.marks(); len(all) != 8 || all[0].Node != soft || all[1].Node != "z/m/h2h/away" || all[1].AfterMs != 5*second {
		t.Fatalf("%+v", all)
	}
	d.is("a leg", d.marks()[0].Price, 3)
	d.is("the other leg", d.marks()[7].Price, 2.9)
}

// A price to lay has marks, but no probability: it is no bet on the outcome.
func TestAPriceToLay(t *testing.T) {
	d := newDesk(t)
	var all []says
	for _, s := range even(says{venue: "soft", a: 2.2, b: 2.2}) {
		s.lay = true
		all = append(all, s)
	}
	d.stream(0, all...)
	d.raise(detect.LayArbitrage, "soft/m/h2h_lay/home")
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, all...)
	}
	for _, m := range d.marks() {
		if m.Fair != nil {
			t.Errorf("%+v", m)
		}
		d.is("the price", m.Price, 2.2)
	}
}

// A later report keeps the wait; what is told at last is its newest form.
func TestReportsInBetween(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	a := d.raise(detect.OutlierQuote, soft)
	d.stream(5, even(says{venue: "soft", a: 3, b: 1.4})...)
	a.Until, a.Suppressed = d.board.Now, "the others followed it: it led"
	d.Told(&a, false)
	other := a
	other.At++
	d.Told(&other, false) // never told first
	for _, sec := range []int{30, 60, 300} {
		d.stream(sec, even(says{venue: "soft", a: 3, b: 1.4})...)
	}
	if d.marks()[0].Price == nil || d.told[0].Until != a.Until || d.told[0].Suppressed != a.Suppressed {
		t.Errorf("%+v", d.told)
	}
	whole := d.told[0]
	d.Told(&whole, true)
	if len(d.waiting) > 0 {
		t.Error("what has marks awaits them again")
	}
}

func TestKindsWithoutAPrice(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.raise(detect.Volatility, soft)
	d.raise(detect.OutlierQuote, "gone/m/h2h/home")
	d.raise(detect.HiddenEdge, soft, "consensus/m/h2h/home")
	if len(d.waiting) > 0 {
		t.Errorf("%+v", d.waiting)
	}
}

// A hidden edge is about the follower; its leader is no opinion beside it.
func TestAHiddenEdge(t *testing.T) {
	d := newDesk(t)
	all := append(even(says{venue: "soft", a: 1.9, b: 1.9})[:2], says{venue: "y", a: 1.8, b: 1.8}, says{venue: "lead", a: 1.5, b: 2.6})
	all[1] = says{venue: "x", a: 2.6, b: 1.5}
	d.stream(0, all...)
	d.raise(detect.HiddenEdge, "lead/m/h2h/home", soft)
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, all...)
	}
	if m := d.marks()[0]; len(d.marks()) != 4 || m.Node != soft {
		t.Fatalf("%+v", m)
	}
	low := 1/2.6 - (1/2.6+1/1.5-1)/2 // of x; y says 0.5
	d.is("fair probability without the leader", d.marks()[0].Fair, (low+0.5)/2)
}

// A price of value has the fair probabilities of its bet, and its own price beside them.
func TestValueHasTheMarksOfItsBet(t *testing.T) {
	d := newDesk(t)
	all := even(says{venue: "soft", a: 2.2, b: 1.7})
	d.stream(0, all...)
	n := d.board.Book(d.board.Event("m").Markets[0], "soft").Nodes[0]
	if b := d.bets.Call("c", n, 1, nil); !b.Value {
		t.Fatalf("%+v", b)
	}
	a := detect.Anomaly{Kind: detect.Value, Layer: odds.Direct, Event: "m", Nodes: []odds.NodeID{soft}, At: d.board.Now, Suppressed: detect.InPlay}
	a.Evidence.Call = "c"
	d.Told(&a, true)
	for _, sec := range []int{5, 30, 60, 300} {
		d.stream(sec, all...)
	}
	if len(d.marks()) != 4 || len(d.bets.News) == 0 {
		t.Fatalf("%+v", d.told)
	}
	made := d.bets.News[len(d.bets.News)-1].Bet.Marks
	for i, m := range d.marks() {
		d.is("price", m.Price, 2.2)
		d.is("fair probability", m.Fair, made[i].Fair)
	}
}

func TestSavedBetweenRaiseAndMark(t *testing.T) {
	run := func(saved bool) string {
		d := newDesk(t)
		d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
		a := d.raise(detect.OutlierQuote, soft)
		d.stream(5, even(says{venue: "soft", a: 3, b: 1.4})...)
		if saved {
			var b bytes.Buffer
			w := state.NewWriter(&b, "m", 1)
			refs := d.board.State(w)
			d.bets.State(w, refs)
			d.State(w, refs)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			again := newDesk(t)
			r, err := state.NewReader(&b, "m", 1)
			if err != nil {
				t.Fatal(err)
			}
			refs = again.board.State(r)
			again.bets.State(r, refs)
			again.State(r, refs)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			d = again
		}
		for _, sec := range []int{30, 60, 300} {
			d.stream(sec, even(says{venue: "soft", a: 2, b: 1.8})...)
		}
		d.marks()
		text, err := json.Marshal(d.told)
		if err != nil || d.told[0].Key() != a.Key() {
			t.Fatal(err, d.told)
		}
		return string(text)
	}
	if want, got := run(false), run(true); got != want {
		t.Errorf("%s\nwithout a restart:\n%s", got, want)
	}
}

// Beyond the bound an anomaly has no marks and is counted; once there is room, others have some.
func TestTheBound(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	a := detect.Anomaly{Kind: detect.OutlierQuote, Layer: odds.Direct, Event: "m", Nodes: []odds.NodeID{soft}}
	for i := range most + 3 {
		a.At = begin.Add(-odds.Millis(i))
		d.Told(&a, true)
	}
	if w := d.waiting[d.board.Event("m")]; d.Refused != 3 || w.prices != most || len(w.all) != most {
		t.Errorf("%d refused, %d wait", d.Refused, w.prices)
	}
	w := d.waiting[d.board.Event("m")]
	w.all[0].from = begin.Add(600 * second) // one stays
	d.stream(700, even(says{venue: "soft", a: 3, b: 1.4})...)
	if len(d.told) != most-1 || w.prices != 1 {
		t.Errorf("%d told, %d wait", len(d.told), w.prices)
	}
	d.raise(detect.OutlierQuote, soft)
	if d.Refused != 3 || w.prices != 2 {
		t.Errorf("%d refused, %d wait", d.Refused, w.prices)
	}
}

// A match that is quoted no more has nulls at the next decision; what can come yet is not told.
func TestAQuietMatch(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.raise(detect.OutlierQuote, soft)
	d.stream(6, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.Expire(begin.Add(600 * second))
	if len(d.told) > 0 {
		t.Fatal("told while a mark may come")
	}
	d.Finish()
	if m := d.marks(); len(m) != 1 || m[0].Price == nil {
		t.Errorf("at the end: %+v", m)
	}
	d.told = nil
	d.Expire(begin.Add(601 * second))
	if m := d.marks(); len(m) != 4 || m[0].Price == nil || m[3].Price != nil || m[3].At != nil || len(d.waiting) > 0 {
		t.Errorf("%+v", m)
	}
}

func TestForgottenMatches(t *testing.T) {
	d := newDesk(t)
	d.stream(0, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.raise(detect.OutlierQuote, soft)
	d.stream(5, even(says{venue: "soft", a: 3, b: 1.4})...)
	d.Forget(map[*board.Event]bool{d.board.Event("m"): true})
	if m := d.marks(); len(m) != 1 || m[0].Price == nil || len(d.waiting) > 0 || d.next != odds.Never {
		t.Errorf("%+v", m)
	}
}
