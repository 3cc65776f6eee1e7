package board

import (
	"math"
	"slices"
	"testing"

	"corrgraph/odds"
)

// start is the time of the tests' first batches.
const start odds.Time = 1_750_000_000_000

// room is a board and what its observer was told.
type room struct {
	*Board
	linked []*Link
	added  []*Node
	heard  []*Node
	values []float64 // of what was heard, when it was
}

func newRoom(o Options) *room {
	if o.KeepMoves == 0 {
		o.KeepMoves = 64
	}
	r := &room{Board: New(o)}
	r.Observe(r)
	return r
}

func (r *room) Linked(l *Link) { r.linked = append(r.linked, l) }
func (r *room) Added(n *Node)  { r.added = append(r.added, n) }

func (r *room) Starting(*Event, odds.Time) {}

func (r *room) Heard(n *Node, _ odds.Time) {
	r.heard, r.values = append(r.heard, n), append(r.values, n.Value)
}

// stream applies a batch of a stream and returns the moves of venues in it.
func (r *room) stream(at odds.Time, updates ...odds.Update) []float64 {
	return r.batch(odds.Batch{Source: "stream", At: at, Updates: updates})
}

// poll applies a batch of a poll.
func (r *room) poll(at odds.Time, updates ...odds.Update) []float64 {
	return r.batch(odds.Batch{Source: "poll", At: at, Polled: true, Updates: updates})
}

func (r *room) batch(b odds.Batch) (moved []float64) {
	b.Recv = b.At
	r.Apply(&b)
	for _, mv := range r.Moved {
		if !mv.Node.Consensus {
			moved = append(moved, mv.Inc.Raw)
		}
	}
	r.EndBatch()
	return moved
}

// market is the event's market of a name.
func (r *room) market(t *testing.T, id, name string) *Market {
	t.Helper()
	for _, m := range r.Event(id).Markets {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("event %s has no market %s", id, name)
	return nil
}

func final() *odds.Event {
	return &odds.Event{ID: "final", Sport: "tennis", League: "atp", Home: "Ann", Away: "Bea", Start: start.Add(86_400_000)}
}

func quote(side odds.Side, price float64) odds.Quote {
	return odds.Quote{Selection: side.String(), Side: side, Line: math.NaN(), Price: price}
}

func onLine(side odds.Side, line, price float64) odds.Quote {
	q := quote(side, price)
	q.Line = line
	return q
}

func in(state odds.Status, q odds.Quote) odds.Quote { q.Status = state; return q }

func update(ev *odds.Event, venue, market string, quotes ...odds.Quote) odds.Update {
	return odds.Update{Event: ev, Venue: venue, Market: market, Quotes: quotes}
}

// fair is a two-way h2h whose home value is v and which has no margin.
func fair(ev *odds.Event, venue string, v float64) odds.Update {
	p := 1 / (1 + math.Exp(-v))
	return update(ev, venue, "h2h", quote(odds.Home, 1/p), quote(odds.Away, 1/(1-p)))
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 || math.IsNaN(a) && math.IsNaN(b) }

func TestValues(t *testing.T) {
	nan := math.NaN()
	ln2, ln3 := math.Ln2, math.Log(3)
	for _, c := range []struct {
		name    string
		market  string
		format  odds.PriceFormat
		winners int
		quotes  []odds.Quote
		want    []float64 // by selection, in the order of rank
		partial int
	}{
		{"even money", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 2), quote(odds.Away, 2)}, []float64{0, 0}, 0},
		{"two to one on", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 1.5), quote(odds.Away, 3)}, []float64{ln2, -ln2}, 0},
		{"the same with a margin of 20 %", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 1.25), quote(odds.Away, 2.5)}, []float64{ln2, -ln2}, 0},
		{"three outcomes", "h2h", odds.Decimal, 1, []odds.Quote{quote(odds.Draw, 4), quote(odds.Home, 2), quote(odds.Away, 4)}, []float64{0, -ln3, -ln3}, 0},
		{"half a market keeps its margin", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 4)}, []float64{-ln3}, 1},
		{"a suspended side makes it half a market", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 4), in(odds.Suspended, quote(odds.Away, 1.2))}, []float64{-ln3, nan}, 1},
		{"a withdrawn runner leaves a whole one", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 1.6), quote(odds.Away, 1.6), in(odds.Removed, quote(odds.Draw, 3))}, []float64{0, 0, nan}, 0},
		{"a price of no bet", "px", odds.Raw, 0, []odds.Quote{quote(odds.Home, math.E)}, []float64{1}, 0},
		{"two winners of three can't be scaled to 1", "place", odds.Decimal, 2, []odds.Quote{quote(odds.Home, 2), quote(odds.Away, 2), quote(odds.Draw, 4)}, []float64{0, 0, -ln3}, 0},
		{"a handicap is worth half a point a goal", "spreads", odds.Decimal, 0, []odds.Quote{onLine(odds.Home, -1, 2), onLine(odds.Away, 1, 2)}, []float64{0.5, -0.5}, 0},
		{"a total gains for over and loses for under", "totals", odds.Decimal, 0, []odds.Quote{onLine(odds.Over, 3, 2), onLine(odds.Under, 3, 2)}, []float64{1.5, -1.5}, 0},
		{"odds that no method takes stay raw", "h2h", odds.Decimal, 0, []odds.Quote{quote(odds.Home, 2), quote(odds.Away, 2*odds.Most)}, []float64{0, -math.Log(2*odds.Most - 1)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(Options{Slopes: odds.LineSlopes{"tennis//spreads": 0.5, "tennis//totals": 0.5}})
			u := update(final(), "v", c.market, c.quotes...)
			u.Format, u.Winners = c.format, c.winners
			r.stream(start, u)
			ev := r.Order[0]
			got := ev.Markets[0].Books[0].value
			if !slices.EqualFunc(got, c.want, near) {
				t.Errorf("values %v, want %v", got, c.want)
			}
			if r.Counts.Partial != c.partial {
				t.Errorf("%d incomplete sets, want %d", r.Counts.Partial, c.partial)
			}
		})
	}
}

// step is one batch of a test of what joins two quotes.
type step func(r *room, at odds.Time, v float64) []float64

func streamed(r *room, at odds.Time, v float64) []float64 { return r.stream(at, fair(final(), "v", v)) }

// polled is a poll of v and of venues that never move.
func polled(r *room, at odds.Time, v float64) []float64 {
	return r.poll(at, fair(final(), "v", v), fair(final(), "still", 0), fair(final(), "other", 0))
}

// missing is the same poll without v.
func missing(r *room, at odds.Time, _ float64) []float64 {
	return r.poll(at, fair(final(), "still", 0), fair(final(), "other", 0))
}

func changed(s func(u *odds.Update)) step {
	return func(r *room, at odds.Time, v float64) []float64 {
		u := fair(final(), "v", v)
		s(&u)
		return r.stream(at, u)
	}
}

func TestWhatMovesAndWhatDoesNot(t *testing.T) {
	suspended := changed(func(u *odds.Update) { u.Status = odds.Suspended })
	live := changed(func(u *odds.Update) { u.InPlay = true })
	halved := changed(func(u *odds.Update) { u.Image, u.Quotes = true, u.Quotes[:1] })
	withdrawn := changed(func(u *odds.Update) { u.Quotes = append(u.Quotes, in(odds.Removed, quote(odds.Draw, 9))) })
	drawn := changed(func(u *odds.Update) { u.Quotes = append(u.Quotes, quote(odds.Draw, 9)) })
	other := func(r *room, at odds.Time, v float64) []float64 {
		return r.batch(odds.Batch{Source: "another stream", At: at, Updates: []odds.Update{fair(final(), "v", v)}})
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  bool // the last step, by 0.3, is a move
	}{
		{"a price that changes", []step{streamed, streamed}, true},
		{"the first price", []step{streamed}, false},
		{"across a suspension", []step{streamed, suspended, streamed}, false},
		{"after a suspension", []step{streamed, suspended, streamed, streamed}, true},
		{"into play", []step{streamed, live}, false},
		{"in play", []step{streamed, live, live}, true},
		{"from one source to another", []step{streamed, other}, false},
		{"to half a market", []step{streamed, halved}, false},
		{"from half a market", []step{streamed, halved, streamed}, false},
		{"to three outcomes", []step{streamed, drawn}, false},
		{"of three outcomes", []step{streamed, drawn, drawn}, true},
		{"where one was never there", []step{streamed, withdrawn}, true},
		{"where one is withdrawn", []step{drawn, withdrawn}, false},
		{"from poll to poll", []step{polled, polled, polled}, true},
		{"over a poll that lacked the venue", []step{polled, polled, missing, polled}, false},
		{"after a poll that lacked the venue", []step{polled, missing, polled, polled}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(Options{})
			var moved []float64
			for i, s := range c.steps {
				v := 0.0
				if i == len(c.steps)-1 {
					v = 0.3
				}
				moved = s(r, start.Add(odds.Millis(i)*60_000), v)
			}
			if (len(moved) > 0) != c.want {
				t.Errorf("moves %v", moved)
			}
			if c.want && len(moved) > 0 && !near(moved[0], 0.3) && c.name != "of three outcomes" {
				t.Errorf("moved by %v, want 0.3", moved[0])
			}
		})
	}
}

// A poll that never came is known by the step: seven quarters of the usual one or more.
func TestAMissedPollIsNoMove(t *testing.T) {
	for _, c := range []struct {
		last odds.Millis
		want bool
	}{{60_000, true}, {104_999, true}, {105_000, false}, {120_000, false}} {
		r := newRoom(Options{})
		at := start
		for range 6 {
			at = at.Add(60_000)
			polled(r, at, 0)
		}
		if moved := polled(r, at.Add(c.last), 0.3); (len(moved) == 1) != c.want {
			t.Errorf("a poll %d ms after the last one: moves %v", c.last, moved)
		}
	}
}

// Which of two prices of one instant is right can't be known.
func TestAVenueTwiceInAPollCountsOnce(t *testing.T) {
	r := newRoom(Options{})
	r.poll(start, fair(final(), "v", 0), fair(final(), "v", 0), fair(final(), "w", 0), fair(final(), "w", 1))
	m := r.Order[0].Markets[0]
	if v, w := m.Books[0], m.Books[1]; r.Counts.Duplicates != 2 || r.Counts.Conflicts != 2 || !near(v.value[0], 0) || !math.IsNaN(w.value[0]) || !math.IsNaN(w.offer[1]) {
		t.Errorf("%+v; v %v, w %v and %v", r.Counts, v.value[0], w.value[0], w.offer[1])
	}
	r.poll(start+60_000, fair(final(), "w", 1), fair(final(), "v", 0.5))
	if w := m.Books[1]; r.Counts.Conflicts != 2 || !near(w.value[0], 1) {
		t.Errorf("%d conflicts; w says one thing again: %v", r.Counts.Conflicts, w.value[0])
	}
	// A stream may say more than one thing at an instant: the last word holds.
	s := newRoom(Options{})
	s.stream(start, fair(final(), "v", 0), fair(final(), "v", 1))
	if b := s.Order[0].Markets[0].Books[0]; s.Counts.Duplicates != 0 || !near(b.value[0], 1) {
		t.Errorf("%d duplicates, value %v; want none and the last one's 1", s.Counts.Duplicates, b.value[0])
	}
}

func TestStaleQuotesAreNoPrices(t *testing.T) {
	const quarter, step = 900_000, 600_000
	for _, c := range []struct {
		name  string
		limit odds.Millis
		steps int // polls before, a step apart
		age   odds.Millis
		want  bool
	}{
		{"a quarter of an hour is fresh", 0, 0, quarter, false},
		{"more is stale", 0, 0, quarter + 1, true},
		{"three steps of the poll are fresh", 0, 3, 3 * step, false},
		{"more than three steps are stale", 0, 3, 3*step + 1, true},
		{"as configured", 1000, 3, 1000, false},
		{"beyond what is configured", 1000, 3, 1001, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(Options{StaleAfter: c.limit})
			at := start
			for range c.steps {
				polled(r, at, 0)
				at = at.Add(step)
			}
			u := fair(final(), "v", 0.3)
			u.Updated = at.Add(-c.age)
			r.poll(at, u)
			b := r.Order[0].Markets[0].Books[0]
			if b.stale != c.want || b.Current() == c.want || math.IsNaN(b.value[0]) != c.want {
				t.Errorf("stale %v, current %v, value %v", b.stale, b.Current(), b.value[0])
			}
		})
	}
	r := newRoom(Options{StaleAfter: 1})
	u := fair(final(), "v", 0)
	u.Updated = 1
	if r.stream(start, u); !r.Order[0].Markets[0].Books[0].Current() {
		t.Error("a stream's price stands until it changes, however old the venue's stamp")
	}
}

func TestSelectionsGoBySideOrName(t *testing.T) {
	r := newRoom(Options{})
	named := func(side odds.Side, name string, price float64) odds.Quote {
		q := quote(side, price)
		q.Selection = name
		return q
	}
	r.stream(start,
		update(final(), "v", "h2h", named(odds.Home, "Ann", 2), named(odds.Away, "Bea", 2)),
		update(final(), "w", "h2h", named(odds.Away, "B. Bea", 2), named(odds.Home, "A. Ann", 2)),
		update(final(), "v", "winner", named(odds.OtherSide, "Ann", 2), named(odds.OtherSide, "Cy", 2)),
		update(final(), "w", "winner", named(odds.OtherSide, "CY ", 2), named(odds.OtherSide, "A.N.N.", 2), named(odds.OtherSide, "ann", 2)),
	)
	m := r.market(t, r.Order[0].ID, "h2h")
	if len(m.Selections) != 2 || m.Selections[0].Key != "home" {
		t.Errorf("selections %+v", m.Selections)
	}
	if w := r.market(t, r.Order[0].ID, "winner"); len(w.Selections) != 2 || w.Selections[0].Key != "home" || w.Selections[1].Key != "Cy" {
		t.Errorf("outcomes are told apart as teams are: %+v", w.Selections)
	}
}

func TestIndependentSelections(t *testing.T) {
	for _, c := range []struct {
		name   string
		sides  []odds.Side
		left   string // of the others
		stands string
	}{
		{"one outcome stands alone", []odds.Side{odds.Away}, "", "away"},
		{"home for two ways", []odds.Side{odds.Away, odds.Home}, "away", "home"},
		{"over for a total", []odds.Side{odds.Under, odds.Over}, "under", "over"},
		{"yes for a question", []odds.Side{odds.Yes, odds.No}, "no", "yes"},
		{"the draw is left out of three", []odds.Side{odds.Home, odds.Draw, odds.Away}, "draw", "home"},
		{"a runner without a side before the away one", []odds.Side{odds.Away, odds.OtherSide}, "away", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(Options{})
			var quotes []odds.Quote
			for _, s := range c.sides {
				quotes = append(quotes, quote(s, 3))
			}
			r.stream(start, update(final(), "v", "m", quotes...))
			m := r.Order[0].Markets[0]
			for k, s := range m.Selections {
				if s.indep == (s.Key == c.left && len(c.sides) > 1) || m.Stands(k) != (s.Key == c.stands) {
					t.Errorf("%q: independent %v, stands %v", s.Key, s.indep, m.Stands(k))
				}
				if has := m.Books[0].Nodes[k] != nil; has != s.indep {
					t.Errorf("%q has a series: %v", s.Key, has)
				}
			}
		})
	}
}

func TestTheLastOfEqualRunnersIsLeftOut(t *testing.T) {
	r := newRoom(Options{})
	var quotes []odds.Quote
	for _, name := range []string{"b", "d", "a", "c"} {
		quotes = append(quotes, odds.Quote{Selection: name, Line: math.NaN(), Price: 4})
	}
	r.stream(start, update(final(), "v", "outright", quotes...))
	m := r.Order[0].Markets[0]
	for k, s := range m.Selections {
		if s.indep != (s.Key != "d") || m.Stands(k) != (s.Key == "a") {
			t.Errorf("%s: independent %v, stands %v", s.Key, s.indep, m.Stands(k))
		}
	}
	// A runner that comes later can take the place of the one left out.
	r.stream(start+1, update(final(), "v", "outright", odds.Quote{Selection: "e", Line: math.NaN(), Price: 4}))
	if m.Selections[3].Key != "d" || !m.Selections[3].indep || m.Selections[4].indep {
		t.Errorf("selections %+v", m.Selections)
	}
}

func TestMovesOfASelectionAreRememberedUpToALimit(t *testing.T) {
	const keep = 5
	r := newRoom(Options{KeepMoves: keep})
	r.stream(start, fair(final(), "v", 0), fair(final(), "w", 0))
	s := &r.Order[0].Markets[0].Selections[0]
	for i := 1; i <= 23; i++ {
		at, v := start.Add(odds.Millis(i)), float64(i)/10
		r.stream(at, fair(final(), "v", v), fair(final(), "w", v))
		if n := len(s.MovedAt); n < min(i, keep) || n > 2*keep || s.MovedAt[n-1] != at || !slices.IsSorted(s.MovedAt) {
			t.Fatalf("after move %d at %d: %v", i, at, s.MovedAt)
		}
		for k := range s.MovedAt[1:] { // two venues at one instant are one time
			if s.MovedAt[k+1] != s.MovedAt[k]+1 {
				t.Fatalf("after move %d: %v", i, s.MovedAt)
			}
		}
	}
}

func TestOnlyWhoIsAwaitedIsHeard(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	at := start
	tell := func(v ...float64) {
		at = at.Add(1000)
		r.heard, r.values = nil, nil
		var us []odds.Update
		for i, x := range v {
			us = append(us, fair(ev, string(rune('a'+i)), x))
		}
		r.stream(at, us...)
	}
	tell(0, 0, 0)
	m := r.Order[0].Markets[0]
	b, node := m.Books[0], m.Books[0].Nodes[0]
	if tell(0.1, 0, 0); len(r.heard) != 0 {
		t.Errorf("%d heard and nobody waits", len(r.heard))
	}
	node.Awaited, b.Awaited, m.Event.Awaited = 1, 1, 1
	if tell(0.2, 0, 0); !slices.Equal(r.heard, []*Node{node}) || !near(r.values[0], 0.2) {
		t.Errorf("a move: heard %d, %v", len(r.heard), r.values)
	}
	if tell(0.2, 0, 0); !slices.Equal(r.heard, []*Node{node}) || !near(r.values[0], 0.2) {
		t.Errorf("the same price again is an answer too: heard %d, %v", len(r.heard), r.values)
	}
	at = at.Add(1000)
	r.heard = nil
	u := fair(ev, "a", 0.2)
	u.Status = odds.Suspended
	if r.stream(at, u); len(r.heard) != 0 {
		t.Errorf("a suspension is no quote: heard %d", len(r.heard))
	}
}

func TestAConsensusIsHeardWhenItsVenuesStandStill(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	three := []odds.Update{fair(ev, "a", 0), fair(ev, "b", 0.02), fair(ev, "c", -0.02)}
	r.stream(start, three...)
	m := r.Order[0].Markets[0]
	all, others := m.Selections[0].Consensus, m.Books[1].Others[0]
	all.Awaited, others.Awaited, m.Awaited = 1, 1, 2
	r.stream(start+1000, three[0])
	if len(r.heard) != 2 || r.heard[0] != all || r.heard[1] != others || !near(r.values[0], 0) || !near(r.values[1], -0.01) {
		t.Errorf("heard %d with values %v, want both with 0 and -0.01", len(r.heard), r.values)
	}
}

func TestAnAwaitedEventIsActiveWhenQuoted(t *testing.T) {
	r := newRoom(Options{})
	ev := final()
	r.stream(start, fair(ev, "a", 0))
	again := odds.Batch{Source: "stream", At: start + 1, Updates: []odds.Update{fair(ev, "a", 0)}}
	if r.Apply(&again); len(r.Active) != 0 {
		t.Error("nothing is new of the event and nobody waits for it")
	}
	r.EndBatch()
	r.Order[0].Awaited = 1
	again.At++
	if r.Apply(&again); len(r.Active) != 1 || len(r.Dirty) != 0 {
		t.Errorf("%d active events, %d markets quoted anew; want 1 and none", len(r.Active), len(r.Dirty))
	}
	r.EndBatch()
	if len(r.Active) != 0 || r.Order[0].active {
		t.Error("still active after the batch")
	}
}

func TestResolutionOfSources(t *testing.T) {
	month := odds.Millis(30 * 86_400_000)
	for _, c := range []struct {
		name   string
		polled bool
		stated []odds.Millis // by batch
		step   odds.Millis
		want   odds.Millis
	}{
		{"a stream that states nothing", false, []odds.Millis{0}, 1, 20},
		{"a stream that states a second", false, []odds.Millis{1000}, 1, 1000},
		{"the coarsest that was ever stated", false, []odds.Millis{500, 1000, 50}, 1, 1000},
		{"a poll that was seen once", true, []odds.Millis{0}, 60_000, 0},
		{"a poll's step", true, []odds.Millis{0, 0, 0}, 60_000, 60_000},
		{"a poll that states less than its step", true, []odds.Millis{1000, 0, 0}, 60_000, 60_000},
		{"a poll that states more", true, []odds.Millis{90_000, 0, 0}, 60_000, 90_000},
		{"nothing is coarser than a month", true, []odds.Millis{0, 0}, 2 * month, month},
	} {
		r := newRoom(Options{})
		at := start
		for _, stated := range c.stated {
			r.batch(odds.Batch{Source: "s", At: at, Polled: c.polled, Resolution: stated, Updates: []odds.Update{fair(final(), "v", 0)}})
			at = at.Add(c.step)
		}
		if got := r.Sources()[0].Resolution(); got != c.want {
			t.Errorf("%s: %d ms, want %d", c.name, got, c.want)
		}
		if got := r.Order[0].Step(); got != c.want {
			t.Errorf("%s: the event's step is %d ms, want %d", c.name, got, c.want)
		}
	}
}

// Detectors keep what they know of a market with its first outcome: it must be one that
// has a series.
func TestTheFirstOutcomeStandsForItsMarket(t *testing.T) {
	for _, c := range []struct {
		name  string
		names []string
		sides []odds.Side
	}{
		{"by side", []string{"Zed", "Ann", "The Draw"}, []odds.Side{odds.Away, odds.Home, odds.Draw}},
		{"two by name", []string{"Zed", "Ann"}, []odds.Side{odds.OtherSide, odds.OtherSide}},
		{"many by name", []string{"d", "b", "c", "a"}, []odds.Side{odds.OtherSide, odds.OtherSide, odds.OtherSide, odds.OtherSide}},
	} {
		r := newRoom(Options{})
		var quotes []odds.Quote
		for i, n := range c.names {
			quotes = append(quotes, odds.Quote{Selection: n, Side: c.sides[i], Line: math.NaN(), Price: 3})
		}
		r.stream(start, update(final(), "v", "m", quotes...))
		if m := r.Order[0].Markets[0]; !m.Stands(0) || !m.Selections[0].indep {
			t.Errorf("%s: the first is %q, which stands %v and is independent %v", c.name, m.Selections[0].Key, m.Stands(0), m.Selections[0].indep)
		}
	}
}

// A source with sides exchanged turns a line of 0 into −0, which is the same line.
func TestALineOfMinusZeroIsTheLineZero(t *testing.T) {
	r := newRoom(Options{})
	r.stream(start, update(final(), "v", "spreads", onLine(odds.Home, math.Copysign(0, -1), 2), onLine(odds.Away, 0, 2), onLine(odds.Home, 1, 1.2), onLine(odds.Away, -1, 5)))
	r.stream(start+1000, update(final(), "w", "spreads", onLine(odds.Home, 0, 2), onLine(odds.Away, math.Copysign(0, -1), 2)))
	if n := len(r.Order[0].Markets); n != 2 {
		t.Errorf("%d markets, want the line 0 and the line 1", n)
	}
}
