package worth

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"corrgraph/engine/board"
	"corrgraph/internal/state"
	"corrgraph/ledger/money"
	"corrgraph/odds"
	"corrgraph/odds/account"
)

const (
	minute = odds.Millis(60_000)
	begin  = odds.Time(1_750_000_000_000)
)

// desk is a board and the ledger that watches it.
type desk struct {
	*Ledger
	t     *testing.T
	board *board.Board
	match *odds.Event
	told  map[string]*money.Bet // by call
	alone []*money.Bet
}

func (d *desk) Linked(*board.Link)           {}
func (d *desk) Added(*board.Node)            {}
func (d *desk) Heard(*board.Node, odds.Time) {}

var none = math.NaN()

func newDesk(t *testing.T, o Options) *desk {
	bd := board.New(board.Options{KeepMoves: 64})
	d := &desk{Ledger: New(bd, o), t: t, board: bd, told: map[string]*money.Bet{}}
	d.match = &odds.Event{ID: "m", Sport: "baseball", League: "mlb", Home: "Ann", Away: "Bea", Start: begin.Add(60 * minute)}
	bd.Observe(d)
	return d
}

// says is what one venue shows of the winner, or of a total at a line.
type says struct {
	venue    string
	a, b     float64
	line     float64
	shut     bool
	stampAge odds.Millis
}

// poll applies what venues show n minutes after the beginning.
func (d *desk) poll(n int, all ...says) {
	d.apply(odds.Millis(n)*minute, odds.Batch{Source: "feed", Polled: true}, all...)
}

// stream applies what a stream tells of venues some seconds after the beginning.
func (d *desk) stream(sec int, all ...says) {
	d.apply(odds.Millis(sec)*1000, odds.Batch{Source: "stream"}, all...)
}

func (d *desk) apply(after odds.Millis, b odds.Batch, all ...says) {
	at := begin.Add(after)
	b.At, b.Recv = at, at
	for _, s := range all {
		u := odds.Update{Event: d.match, Venue: s.venue, Market: "h2h", Updated: at.Add(-s.stampAge), InPlay: at >= d.match.Start}
		if s.shut {
			u.Status = odds.Suspended
		}
		one, two := odds.Quote{Selection: "Ann", Side: odds.Home, Line: none, Price: s.a}, odds.Quote{Selection: "Bea", Side: odds.Away, Line: none, Price: s.b}
		if s.line != 0 {
			u.Market = "totals"
			one, two = odds.Quote{Selection: "Over", Side: odds.Over, Line: s.line, Price: s.a}, odds.Quote{Selection: "Under", Side: odds.Under, Line: s.line, Price: s.b}
		}
		u.Quotes = []odds.Quote{one, two}
		b.Updates = append(b.Updates, u)
	}
	d.Before(at)
	d.board.Apply(&b)
	d.Look()
	d.board.EndBatch()
	d.take()
}

func (d *desk) take() {
	for _, t := range d.News {
		if t.Call == "" {
			d.alone = append(d.alone, t.Bet)
		} else {
			d.told[t.Call] = t.Bet
		}
	}
	d.News = d.News[:0]
}

// call opens the bet of a call about a venue's first outcome.
func (d *desk) call(id, market, venue string, direction float64, leaders ...string) *money.Bet {
	for _, m := range d.board.Event("m").Markets {
		if m.Name != market {
			continue
		}
		var nodes []*board.Node
		for _, l := range leaders {
			nodes = append(nodes, d.board.Book(m, l).Nodes[0])
		}
		return d.Call(id, d.board.Book(m, venue).Nodes[0], direction, nodes)
	}
	d.t.Fatalf("no market %s", market)
	return nil
}

func (d *desk) near(what string, got *float64, want float64) {
	d.t.Helper()
	if got == nil {
		d.t.Errorf("%s is nothing, want %v", what, want)
	} else if math.Abs(*got-want) > 1e-9 {
		d.t.Errorf("%s is %v, want %v", what, *got, want)
	}
}

// even is all venues at even chances with a margin, and soft off by its own.
func even(soft says, others ...string) []says {
	out := []says{soft}
	for _, v := range others {
		out = append(out, says{venue: v, a: 1.9, b: 1.9})
	}
	return out
}

func TestABetFromCallToClose(t *testing.T) {
	d := newDesk(t, Options{Delay: 5000})
	soft := says{venue: "soft", a: 2.1, b: 1.75}
	d.poll(0, even(soft, "lead", "x", "y")...)
	b := d.call("c", "h2h", "soft", 1, "lead")
	d.near("EV", b.EV, 0.05)
	if b.Price != 2.1 || !b.Value || b.Groups != 2 || fmt.Sprint(b.Without) != "[lead soft]" || b.Open != money.NotYet || b.Node != "soft/m/h2h/home" {
		t.Errorf("%+v", *b)
	}
	soft.a = 2.0
	d.poll(1, even(soft, "lead", "x", "y")...)
	d.poll(5, even(soft, "lead", "x", "y")...)
	got := d.told["c"]
	if got == nil || got.Fill.Price != 2 || got.Fill.At != begin.Add(minute) {
		t.Fatalf("the first quote after the delay is a minute later: %+v", got)
	}
	if len(got.Marks) != 3 || got.Marks[0].AfterMs != 30_000 || got.Marks[2].AfterMs != 300_000 {
		t.Errorf("marks %+v: a poll a minute later says nothing of five seconds", got.Marks)
	}
	if *b.EV != *got.EV || b.Fill.At != 0 {
		t.Error("what was told before has changed")
	}
	// Others move; the leader too, which does not count. In play they jump, which comes too late.
	last := []says{soft, {venue: "lead", a: 3, b: 1.4}, {venue: "x", a: 1.8, b: 2.0}, {venue: "y", a: 1.8, b: 2.0}}
	d.poll(59, last...)
	d.poll(60, says{venue: "x", a: 9, b: 1.05}, says{venue: "y", a: 9, b: 1.05}, soft)
	got = d.told["c"]
	fair := 1/1.8 - (1/1.8+1/2.0-1)/2
	d.near("close", &got.Close.Shin, fair)
	d.near("CLV", got.CLV, 2.1*fair-1)
	d.near("worth on paper", got.Fill.Worth, 2*fair-1)
	if got.CloseAt != begin.Add(59*minute) || got.Converted || got.Open != "" {
		t.Errorf("%+v", *got)
	}
	if d.board.Event("m").Bets != 0 {
		t.Error("bets still await the start")
	}
}

// Against an outcome of two, the other one is backed.
func TestTheOtherOutcome(t *testing.T) {
	d := newDesk(t, Options{})
	d.poll(0, even(says{venue: "soft", a: 1.75, b: 2.1}, "x", "y")...)
	if b := d.call("c", "h2h", "soft", -1); b.Price != 2.1 || b.Node != "soft/m/h2h/away" {
		t.Errorf("%+v", *b)
	}
}

func TestWhatIsNotClaimed(t *testing.T) {
	d := newDesk(t, Options{Fees: map[string]float64{"betfair_ex_uk": 0.05}})
	d.poll(0, even(says{venue: "betfair_ex_eu", a: 2.1, b: 1.9}, "betfair_ex_uk", "x", "y")...)
	if b := d.call("a", "h2h", "betfair_ex_eu", 1); b.EV != nil || b.Value || b.Lacks != money.UnknownFee || b.Fair == nil {
		t.Errorf("a fee that nobody stated: %+v", *b)
	}
	b := d.call("b", "h2h", "betfair_ex_uk", 1)
	d.near("EV after a fee", b.EV, 0.5*(1+0.9*0.95)-1)
	if b := d.call("c", "h2h", "x", 1, "y", "betfair_ex_uk"); b.EV != nil || b.Lacks != money.NoOthers || b.Groups != 1 {
		t.Errorf("one venue is left: %+v", *b)
	}
	d.poll(1, says{venue: "soft", a: 2.1, b: 1.75}, says{venue: "x", a: 1.9, b: 1.9}, says{venue: "y", a: 1.9, b: 1.9})
	d.poll(2, says{venue: "soft", shut: true}, says{venue: "x", a: 1.9, b: 1.9}, says{venue: "y", a: 1.9, b: 1.9})
	if b := d.call("d", "h2h", "soft", 1); b.EV != nil || b.Price != 0 || b.Lacks == "" {
		t.Errorf("suspended: %+v", *b)
	}
}

func TestPaperRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		delay odds.Millis
		next  says
		want  string
	}{
		"a line that moved":     {5000, says{venue: "soft", a: 2.1, b: 1.75, line: 9}, lineGone},
		"a suspension":          {5000, says{venue: "soft", a: 2.1, b: 1.75, line: 8.5, shut: true}, shut},
		"a suspension meantime": {90_000, says{venue: "soft", a: 2.1, b: 1.75, line: 8.5, shut: true}, gapped},
		"nothing":               {5000, says{venue: "soft", a: 2.3, b: 1.6, line: 8.5}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Options{Delay: c.delay})
			all := []says{{venue: "soft", a: 2.1, b: 1.75, line: 8.5}, {venue: "x", a: 1.9, b: 1.9, line: 8.5}, {venue: "y", a: 1.9, b: 1.9, line: 8.5}}
			d.poll(0, all...)
			d.call("c", "totals", "soft", 1)
			before := all[0]
			all[0] = c.next
			d.poll(1, all...)
			all[0] = before
			d.poll(2, all...)
			d.poll(5, all...)
			if f := d.told["c"].Fill; f.Refused != c.want || c.want == "" && f.Price != 2.3 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A close on another line is converted and says so; old quotes are no close.
func TestCloses(t *testing.T) {
	d := newDesk(t, Options{})
	at := func(line float64) []says {
		return []says{{venue: "soft", a: 2, b: 1.8, line: 8.5}, {venue: "x", a: 1.9, b: 1.9, line: line}, {venue: "y", a: 1.9, b: 1.9, line: line}}
	}
	d.poll(0, at(8.5)...)
	d.call("c", "totals", "soft", 1)
	for n := range 12 {
		d.poll(5*n+1, at(9)...)
	}
	d.poll(61, at(9)...)
	if b := d.told["c"]; !b.Converted || b.Close == nil || b.Close.Shin <= 0.5 {
		t.Errorf("over 8.5 where over 9 is even: %+v", *b)
	}
	d = newDesk(t, Options{})
	d.poll(0, at(8.5)...)
	d.poll(1, at(8.5)...)
	d.call("c", "totals", "soft", 1)
	d.poll(75, at(8.5)...)
	if b := d.told["c"]; b.Close != nil || b.Open != money.NotFresh {
		t.Errorf("an hour without a poll: %+v", *b)
	}
}

func TestInPlayThereAreMarksOnly(t *testing.T) {
	d := newDesk(t, Options{})
	d.poll(61, even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")...)
	b := d.call("c", "h2h", "soft", 1)
	if !b.Live || b.Open != money.InPlay || b.EV == nil || d.board.Event("m").Bets != 0 {
		t.Errorf("%+v", *b)
	}
	d.poll(66, even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")...)
	if b := d.told["c"]; len(b.Marks) != 1 || b.CLV != nil {
		t.Errorf("%+v", b)
	}
}

// A look that a stream causes makes no news of polls from before the bet; the price of a stream
// stands until it changes.
func TestMarksRestOnWhatWasSeenAfterTheBet(t *testing.T) {
	for name, c := range map[string]struct {
		others func(d *desk, all ...says)
		want   int
	}{
		"others polled before the bet": {func(d *desk, all ...says) { d.poll(0, all...) }, 0},
		"others that stream":           {func(d *desk, all ...says) { d.stream(0, all...) }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Options{})
			all := even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")
			d.stream(0, all[0])
			c.others(d, all[1:]...)
			d.call("c", "h2h", "soft", 1)
			for _, sec := range []int{5, 30, 60, 300} {
				d.stream(sec, all[0])
			}
			if got := d.told["c"]; got == nil || len(got.Marks) != c.want {
				t.Errorf("%+v, want %d marks", got, c.want)
			}
		})
	}
}

// Prices of value without a forecast are bets once, where there are forecasts to compare with.
func TestUnforecast(t *testing.T) {
	d := newDesk(t, Options{Delay: 5000})
	fair, off := even(says{venue: "soft", a: 1.9, b: 1.9}, "x", "y"), even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")
	d.poll(0, off...)
	d.poll(1, fair...)
	d.call("c", "h2h", "x", 1)
	d.poll(2, off...)
	d.poll(3, off...)
	d.poll(4, off...)
	d.poll(58, off...)
	d.poll(60, off...)
	if len(d.alone) != 1 || d.alone[0].At != begin.Add(2*minute) || !d.alone[0].Value || d.alone[0].CLV == nil {
		t.Errorf("%d bets without a forecast: %+v", len(d.alone), d.alone)
	}
}

// A bet made shortly before the start is closed before its last mark is due, and told once.
func TestAnUnforecastBetIsToldOnce(t *testing.T) {
	d := newDesk(t, Options{Delay: 5000})
	fair, off := even(says{venue: "soft", a: 1.9, b: 1.9}, "x", "y"), even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")
	d.poll(0, fair...)
	d.call("c", "h2h", "x", 1)
	d.poll(58, off...)
	for n := 59; n < 70; n++ {
		d.poll(n, off...)
	}
	if len(d.alone) != 1 || d.alone[0].At != begin.Add(58*minute) || d.alone[0].CLV == nil || len(d.young) != 0 {
		t.Errorf("%d bets without a forecast: %+v; %d matches have young ones", len(d.alone), d.alone, len(d.young))
	}
}

func TestOnlySoManyBetsOnAMatchAreFollowed(t *testing.T) {
	d := newDesk(t, Options{Delay: 5000})
	d.poll(0, even(says{venue: "soft", a: 2.1, b: 1.75}, "x", "y")...)
	for i := range most {
		if b := d.call(fmt.Sprint(i), "h2h", "soft", 1); b.Open != money.NotYet {
			t.Fatalf("bet %d: %s", i, b.Open)
		}
	}
	ev := d.board.Event("m")
	if b := d.call("further", "h2h", "soft", 1); b.Open != money.TooMany || b.EV == nil || len(d.young[ev]) != most || ev.Bets != most {
		t.Errorf("%+v; %d are followed", *b, ev.Bets)
	}
}

func TestStateGoesOn(t *testing.T) {
	run := func(stop bool) *desk {
		d := newDesk(t, Options{Delay: 5000})
		off := even(says{venue: "soft", a: 2.1, b: 1.75}, "lead", "x", "y")
		d.poll(0, off...)
		d.call("c", "h2h", "soft", 1, "lead")
		d.poll(1, off...)
		if stop {
			d = d.restored()
		}
		d.poll(5, off...)
		if stop {
			d = d.restored()
		}
		d.poll(58, off...)
		d.poll(60, off...)
		return d
	}
	want, got := run(false), run(true)
	if b := want.told["c"]; b == nil || b.CLV == nil || !reflect.DeepEqual(b, got.told["c"]) {
		t.Errorf("%+v, uninterrupted %+v", got.told["c"], b)
	}
}

func (d *desk) restored() *desk {
	var b, again bytes.Buffer
	save := func(d *desk, to *bytes.Buffer) {
		w := state.NewWriter(to, "worth", 1)
		d.Ledger.State(w, d.board.State(w))
		if err := w.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	save(d, &b)
	saved := bytes.Clone(b.Bytes())
	n := newDesk(d.t, d.opt)
	n.match, n.told, n.alone = d.match, d.told, d.alone
	r, err := state.NewReader(&b, "worth", 1)
	if err != nil {
		d.t.Fatal(err)
	}
	n.Ledger.State(r, n.board.State(r))
	if err := r.Close(); err != nil {
		d.t.Fatal(err)
	}
	if save(n, &again); !bytes.Equal(saved, again.Bytes()) {
		d.t.Error("what was restored is saved as something else")
	}
	return n
}

// accounts opens a desk at which venues are named as the operator's.
func accounts(t *testing.T, mine account.Book, o Options) *desk {
	d := newDesk(t, o)
	d.board = board.New(board.Options{KeepMoves: 64, Accounts: mine})
	d.Ledger = New(d.board, o)
	d.board.Observe(d)
	return d
}

func TestTheBetIsAtTheBestOfMyVenues(t *testing.T) {
	limited := account.Terms{Currency: "GBP", Stake: account.Range{Min: 2, Max: 50}, Odds: account.Range{Max: 2.08}}
	shown := []says{{venue: "soft", a: 2.1, b: 1.75}, {venue: "mine", a: 2.05, b: 1.78}, {venue: "other", a: 2.0, b: 1.8}, {venue: "long", a: 2.2, b: 1.7}, {venue: "x", a: 1.9, b: 1.9}, {venue: "y", a: 1.9, b: 1.9}}
	for _, c := range []struct {
		name   string
		book   account.Book
		fees   map[string]float64
		price  float64
		node   odds.NodeID
		lacks  string
		better int
	}{
		{"all venues", nil, nil, 2.1, "soft/m/h2h/home", "", 0},
		{"the follower is not mine", account.Book{"mine": {}, "other": {}}, nil, 2.05, "mine/m/h2h/home", "", 2},
		{"after fees", account.Book{"mine": {}, "other": {}}, map[string]float64{"mine": 0.1}, 2.0, "other/m/h2h/home", "", 2},
		{"the follower is mine, another pays more", account.Book{"soft": {}, "long": {}}, nil, 2.2, "long/m/h2h/home", "", 0},
		{"a longer price is outside my odds", account.Book{"long": limited, "mine": limited}, nil, 2.05, "mine/m/h2h/home", "", 1},
		{"none of mine quotes", account.Book{"absent": {}}, nil, 0, "soft/m/h2h/home", money.NotMine, 6},
		{"mine are outside their limits", account.Book{"soft": limited}, nil, 0, "soft/m/h2h/home", money.Beyond, 5},
	} {
		d := accounts(t, c.book, Options{Fees: c.fees})
		d.poll(0, shown...)
		b := d.call("c", "h2h", "soft", 1)
		if b.Price != c.price || b.Node != c.node || b.Lacks != c.lacks || b.Better != c.better || b.Mine.Mine != (c.book != nil) || (b.EV == nil) != (c.lacks != "") {
			t.Errorf("%s: %+v", c.name, *b)
		}
		if c.better > 1 && (b.Elsewhere != "long/m/h2h/home" || b.ElsewherePays != 2.2) {
			t.Errorf("%s: the best elsewhere is %s at %v", c.name, b.Elsewhere, b.ElsewherePays)
		}
		if c.name == "a longer price is outside my odds" && (b.Currency != "GBP" || b.Least != 2 || b.Most != 50 || b.Cut != "the largest stake there") {
			t.Errorf("%s: %+v", c.name, b.Mine)
		}
		// The others' opinion is that of all venues, but for the follower and the one that is bet at.
		if c.name == "the follower is not mine" && (fmt.Sprint(b.Without) != "[mine soft]" || b.Groups != 4) {
			t.Errorf("without %v, %d groups", b.Without, b.Groups)
		}
	}
}

// What nobody forecast is bet on at my venues alone. A price of value that is the bet of a
// forecast about another venue gets no second bet.
func TestBetsWithoutAForecastAreAtMyVenues(t *testing.T) {
	others := []says{{venue: "x", a: 1.9, b: 1.9}, {venue: "y", a: 1.9, b: 1.9}, {venue: "z", a: 1.9, b: 1.9}}
	for _, c := range []struct {
		book   account.Book
		before float64 // what soft shows when the forecast is made
		want   string
	}{
		{nil, 0, "[hard soft]"},
		{account.Book{"soft": {}, "absent": {}}, 0, "[soft]"},
		{account.Book{"absent": {}}, 0, "[]"},
		{account.Book{"soft": {}}, 2.3, "[]"},
	} {
		d := accounts(t, c.book, Options{})
		first := append([]says{{venue: "lead", a: 1.9, b: 1.9}}, others...)
		if c.before > 0 {
			first = append(first, says{venue: "soft", a: c.before, b: 1.7})
		}
		d.poll(0, first...)
		d.call("c", "h2h", "lead", 1)
		d.poll(1, append([]says{{venue: "lead", a: 1.9, b: 1.9}, {venue: "soft", a: 2.3, b: 1.7}, {venue: "hard", a: 2.3, b: 1.7}}, others...)...)
		venues := []string{}
		for _, b := range d.closing[d.board.Event("m")] {
			if b.call == "" {
				venues = append(venues, b.book.Venue.Name)
			}
		}
		slices.Sort(venues)
		if got := fmt.Sprint(slices.Compact(venues)); got != c.want {
			t.Errorf("%v: bets at %s, want %s", c.book, got, c.want)
		}
	}
}
