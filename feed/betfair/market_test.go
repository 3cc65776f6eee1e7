package betfair

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"corrgraph/feed"
	"corrgraph/odds"
)

// market writes the first definition of a market: its id and members.
func marketOf(id, members string) string {
	return `{"op":"mcm","pt":1000000000001,"mc":[{"id":"` + id + `","marketDefinition":{"status":"OPEN",` + members + `}}]}`
}

func TestMarketsAreNamed(t *testing.T) {
	runners := func(n int) []runnerDef { return make([]runnerDef, n) }
	for _, c := range []struct {
		def    definition
		key    string
		line   float64
		shared bool
	}{
		{definition{MarketType: "MATCH_ODDS", Runners: runners(2)}, "h2h", math.NaN(), false},
		{definition{MarketType: "MATCH_ODDS", Runners: runners(3)}, "h2h", math.NaN(), false},
		{definition{MarketType: "MATCH_ODDS", Runners: runners(1)}, "match_odds", math.NaN(), false},
		{definition{MarketType: "MATCH_ODDS", Runners: runners(4)}, "match_odds", math.NaN(), false},
		{definition{MarketType: "ASIAN_HANDICAP"}, "spreads", math.NaN(), false},
		{definition{MarketType: "OVER_UNDER_05"}, "totals", 0.5, true},
		{definition{MarketType: "OVER_UNDER_25"}, "totals", 2.5, true},
		{definition{MarketType: "OVER_UNDER_105"}, "totals", 10.5, true},
		{definition{MarketType: "OVER_UNDER_2155"}, "totals", 215.5, true},
		{definition{MarketType: "OVER_UNDER_85_CORNR"}, "totals_cornr", 8.5, true},
		{definition{MarketType: "OVER_UNDER_5"}, "over_under_5", math.NaN(), false},
		{definition{MarketType: "OVER_UNDER_12345"}, "over_under_12345", math.NaN(), false},
		{definition{MarketType: "FIRST_HALF_GOALS_15"}, "totals_h1", 1.5, true},
		{definition{MarketType: "FIRST_HALF_GOALS"}, "first_half_goals", math.NaN(), false},
		{definition{MarketType: "SET_WINNER", Name: "Set 4 Winner"}, "set_winner_4", math.NaN(), false},
		{definition{MarketType: "SET_WINNER"}, "set_winner-1.7", math.NaN(), false},
		{definition{MarketType: "OTHER_PLACE", Winners: 4}, "other_place_4", math.NaN(), false},
		{definition{MarketType: "WIN"}, "win", math.NaN(), false},
		{definition{}, "market-1.7", math.NaN(), false},
	} {
		key, line, shared := marketKey("1.7", &c.def)
		if key != c.key || line != c.line && !(math.IsNaN(line) && math.IsNaN(c.line)) || shared != c.shared {
			t.Errorf("%s %q: %s at %v, shared %v; want %s at %v, %v", c.def.MarketType, c.def.Name, key, line, shared, c.key, c.line, c.shared)
		}
	}
}

func TestSportsAreNamed(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{
		"1", "2", "3", "4", "5", "6", "7", "8", "10", "11", "1477", "2378961", "3503", "4339", "6422", "6423", "7511", "7522", "7524", "26420387", "99", "",
	} {
		name := sportOf(id)
		if other, ok := seen[name]; ok || strings.ToLower(name) != name || strings.Contains(name, " ") {
			t.Errorf("types %s and %s are both %q", id, other, name)
		}
		seen[name] = id
	}
	for name, id := range map[string]string{"soccer": "1", "tennis": "2", "baseball": "7511", "horse_racing": "7", "betfair-99": "99", "": ""} {
		if seen[name] != id {
			t.Errorf("%q is type %q, want %q", name, seen[name], id)
		}
	}
	for _, id := range []string{"7", "4339"} {
		if !racing(id) {
			t.Errorf("type %s has races", id)
		}
	}
	if racing("1") || awayFirst("soccer") || !awayFirst("baseball") {
		t.Error("soccer has no races and names the home side first, baseball the away side")
	}
}

func TestSidesOfAnEvent(t *testing.T) {
	named := func(names ...string) (rs []runnerDef) {
		for i, n := range names {
			rs = append(rs, runnerDef{ID: int64(i + 1), Name: n})
		}
		return rs
	}
	for _, c := range []struct {
		name       string
		def        definition
		home, away string
	}{
		{"home first", definition{EventName: "Leeds v Hull"}, "Leeds", "Hull"},
		{"home last", definition{EventName: "Mets @ Cubs"}, "Cubs", "Mets"},
		{"space around", definition{EventName: " Leeds  v  Hull "}, "Leeds", "Hull"},
		{"no match", definition{EventName: "US Open 2026"}, "", ""},
		{"a v inside a word", definition{EventName: "Levski vs. Beroe"}, "", ""},
		{"fuller names", definition{EventName: "Norrie v Ruud", MarketType: "MATCH_ODDS", Runners: named("Casper Ruud", "Cameron Norrie")}, "Cameron Norrie", "Casper Ruud"},
		{"fuller names, of a set", definition{EventName: "Norrie v Ruud", MarketType: "SET_WINNER", Runners: named("Cameron Norrie", "Casper Ruud")}, "Cameron Norrie", "Casper Ruud"},
		{"other markets name other things", definition{EventName: "Norrie v Ruud", MarketType: "CORRECT_SCORE", Runners: named("Norrie 2-0")}, "Norrie", "Ruud"},
		{"a name in both runners", definition{EventName: "Manchester v Utd", MarketType: "MATCH_ODDS", Runners: named("Manchester Utd", "Manchester City")}, "Manchester City", "Utd"},
		{"with a draw", definition{EventName: "Leeds v Hull", MarketType: "MATCH_ODDS", Runners: named("Leeds", "Hull City", "The Draw")}, "Leeds", "Hull City"},
	} {
		if home, away := sides(&c.def); home != c.home || away != c.away {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, home, away, c.home, c.away)
		}
	}
}

func TestRacesAreEventsOfTheirOwn(t *testing.T) {
	const meeting = `"eventId":"31","eventTypeId":"7","eventName":"Ham 14th Jun","venue":"Hamilton","countryCode":"GB"`
	runners := `,"runners":[{"id":5,"name":"1. Paradise Mission","sortPriority":1},{"id":6,"name":"2. Old Oak","sortPriority":2}]`
	bs, rep := parse(t, lines(
		marketOf("1.1", meeting+`,"marketType":"WIN","marketTime":"2026-06-14T18:26:00.000Z","numberOfWinners":1`+runners),
		marketOf("1.2", meeting+`,"marketType":"PLACE","marketTime":"2026-06-14T18:26:00.000Z","numberOfWinners":2`+runners),
		marketOf("1.3", meeting+`,"marketType":"WIN","marketTime":"2026-06-14T18:55:00.000Z","numberOfWinners":1`),
		marketOf("1.5", `"eventId":"32","eventTypeId":"7","marketType":"WIN"`),
	))
	if _, n := rep.Rejected(); n != 0 || len(bs) != 4 {
		t.Fatal(len(bs), rep.Shown())
	}
	ev := func(i int) *odds.Event { return bs[i].Updates[0].Event }
	if ev(0).ID != "31-1826" || ev(0) != ev(1) || ev(0).Title != "Ham 14th Jun 18:26 UTC" || ev(0).League != "gb" || ev(0).Home != "" ||
		!slices.Equal(ev(0).Participants, []string{"Paradise Mission", "Old Oak"}) {
		t.Errorf("%+v and %+v", ev(0), ev(1))
	}
	if bs[1].Updates[0].Winners != 2 || bs[1].Updates[0].Market != "place" {
		t.Errorf("%+v", bs[1].Updates[0])
	}
	if ev(2).ID != "31-1855" || ev(2).Title != "Ham 14th Jun 18:55 UTC" {
		t.Errorf("%+v", ev(2))
	}
	if ev(3).ID != "32" || ev(3).Title != "" || ev(3).Start != 0 {
		t.Errorf("a race without a start: %+v", ev(3))
	}
	if got := raceTitle(&definition{Venue: "Hamilton", MarketTime: "2026-06-15T18:55:00Z"}); got != "Hamilton 2026-06-15 18:55 UTC" {
		t.Errorf("without the meeting's name: %q", got)
	}
}

// A second market of one kind has its id in its name, so that neither suspends the
// other; the lines of totals are apart already.
func TestASecondMarketOfOneKind(t *testing.T) {
	def := func(id, event, kind string) string {
		return marketOf(id, `"eventId":"`+event+`","eventTypeId":"1","marketType":"`+kind+`"`)
	}
	bs, _ := parse(t, lines(def("1.1", "9", "HALF_TIME"), def("1.2", "9", "HALF_TIME"), def("1.3", "8", "HALF_TIME"), def("1.4", "9", "OVER_UNDER_25"), def("1.5", "9", "OVER_UNDER_35"), def("1.6", "9", "OVER_UNDER_25")))
	var got []string
	for _, b := range bs {
		got = append(got, b.Updates[0].Event.ID+"/"+b.Updates[0].Market)
	}
	if want := []string{"9/half_time", "9/half_time-1.2", "8/half_time", "9/totals", "9/totals", "9/totals-1.6"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSelectionsHaveSides(t *testing.T) {
	tennis := market{key: "h2h", named: true, event: &odds.Event{Home: "A", Away: "B"}}
	nameless := market{key: "h2h", sport: "soccer", first: 11}
	baseball := market{key: "h2h", sport: "baseball", first: 11}
	totals := market{key: "totals", shared: true, named: true}
	bare := market{key: "totals", shared: true}
	for _, c := range []struct {
		name string
		mk   market
		rd   runnerDef
		text string
		side odds.Side
	}{
		{"home", tennis, runnerDef{ID: 1, Name: "A"}, "A", odds.Home},
		{"away", tennis, runnerDef{ID: 2, Name: "B"}, "B", odds.Away},
		{"neither", tennis, runnerDef{ID: 3, Name: "C"}, "C", odds.OtherSide},
		{"the draw, by its id", tennis, runnerDef{ID: 58805, Name: "The Draw"}, "The Draw", odds.Draw},
		{"nameless in a named market", tennis, runnerDef{ID: 4}, "4", odds.OtherSide},
		{"first of the nameless", nameless, runnerDef{ID: 11}, "11", odds.Home},
		{"second of the nameless", nameless, runnerDef{ID: 12}, "12", odds.Away},
		{"the nameless draw", nameless, runnerDef{ID: 58805}, "58805", odds.Draw},
		{"names that came later", nameless, runnerDef{ID: 11, Name: "A"}, "11", odds.Home},
		{"where the away side is first nobody knows", baseball, runnerDef{ID: 11}, "11", odds.OtherSide},
		{"over", totals, runnerDef{ID: 5, Name: "Over 2.5 Goals"}, "Over", odds.Over},
		{"under", totals, runnerDef{ID: 6, Name: "Under 2.5 Goals"}, "Under", odds.Under},
		{"neither over nor under", totals, runnerDef{ID: 7, Name: "Exactly"}, "Exactly", odds.OtherSide},
		{"under is first without names", bare, runnerDef{ID: 5, Sort: 1}, "Under", odds.Under},
		{"over is second", bare, runnerDef{ID: 6, Sort: 2}, "Over", odds.Over},
		{"a third is neither", bare, runnerDef{ID: 7, Sort: 3}, "7", odds.OtherSide},
		{"a winner has no side", market{key: "win", named: true, event: tennis.event}, runnerDef{ID: 1, Name: "A"}, "A", odds.OtherSide},
	} {
		if text, side := c.mk.selection(c.rd); text != c.text || side != c.side {
			t.Errorf("%s: %q %v, want %q %v", c.name, text, side, c.text, c.side)
		}
	}
}

// A ladder holds one level a price, in order; size 0 takes it away.
func TestLadderByPrice(t *testing.T) {
	var l byPrice
	for _, x := range []level{{2, 5}, {1.5, 3}, {3, 1}, {2, 7}, {1.5, 0}, {9, 0}, {1.2, -1}, {2.5, 4}} {
		l.set(x.price, x.size)
	}
	if want := (byPrice{{2, 7}, {2.5, 4}, {3, 1}}); !slices.Equal(l, want) {
		t.Errorf("%v, want %v", l, want)
	}
}

// Levels may come in any order; those that cannot be are left out, and one that is
// empty is no price.
func TestLadderByLevel(t *testing.T) {
	var l byLevel
	for _, x := range [][3]float64{{2, 1.5, 9}, {0, 0, 0}, {-1, 7, 7}, {64, 7, 7}, {math.NaN(), 7, 7}, {1e300, 7, 7}} {
		l.set(x[0], x[1], x[2])
	}
	if len(l) != 3 || l.best() != (level{1.5, 9}) {
		t.Errorf("%v, best %v", l, l.best())
	}
	l.set(0, 1.6, 2)
	if l.best() != (level{1.6, 2}) {
		t.Errorf("best %v", l.best())
	}
	l.set(0, 0, 0)
	l.set(2, 0, 0)
	if l.best() != (level{}) || (byLevel{}).best() != (level{}) {
		t.Errorf("an empty ladder has %v", l.best())
	}
	l.set(63, 2, 1)
	if l.best() != (level{2, 1}) {
		t.Errorf("the deepest level: %v", l.best())
	}
}

// A book as wide as allowed has a middle, one that is wider has not; its ends are
// prices that the exchange can quote.
func TestBooksAtTheirBorders(t *testing.T) {
	price := func(back, lay, ltp, width float64) float64 {
		var b book
		b.apply(&runnerChange{ATB: [][2]float64{{back, 1}}, ATL: [][2]float64{{lay, 1}}})
		p, _ := b.price(ltp, width)
		return p
	}
	wide := logit(2) - logit(3) // of a book of 2 to 3
	for _, c := range []struct {
		name                  string
		back, lay, ltp, width float64
		want                  float64
	}{
		{"just narrow enough", 2, 3, 2.9, wide, 2.4},
		{"just too wide", 2, 3, 2.9, wide * 0.999999, 2.9},
		{"one price", 2, 2, 2.9, 0.5, 2},
		{"crossed", 2.02, 2, 2.9, 0.5, 2.9},
		{"beyond the last price", 2, 1001, 2.9, 99, 2.9},
		{"at the last price", 1000, 1000, 0, 99, 1000},
		{"a price of 1", 1, 2, 5, 99, 2}, // one side, and an older trade above it
		{"no trade", 2, 30, 0, 0.5, 0},
		{"a trade that cannot be", 2, 30, 1001, 0.5, 0},
		{"a trade at 1", 2, 30, 1, 0.5, 0},
		{"a trade below the book", 2, 30, 1.5, 0.5, 2},
		{"a trade above the book", 2, 30, 40, 0.5, 30},
	} {
		if got := price(c.back, c.lay, c.ltp, c.width); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestClockTellsTheStep(t *testing.T) {
	ltp, tv, conflate := 2.0, 9.0, func(ms int64) *int64 { return &ms }
	priced := change{Runners: []runnerChange{{LTP: &ltp}}}
	traded := change{Runners: []runnerChange{{LTP: &ltp, TV: &tv}}}
	con := func(c change) change { c.Con = true; return c }
	for _, c := range []struct {
		name string
		said []message
		want odds.Millis
	}{
		{"last prices alone, a minute", []message{{PT: 1, MC: []change{priced}}}, 60_000},
		{"volumes, conflated, a second apart", []message{{PT: 1, MC: []change{con(traded)}}, {PT: 901, MC: []change{con(traded)}}}, 1000},
		{"closer than that", []message{{PT: 1, MC: []change{con(traded)}}, {PT: 900, MC: []change{con(traded)}}}, 0},
		{"not conflated", []message{{PT: 1, MC: []change{traded}}}, 0},
		{"nothing yet", []message{{PT: 1}}, 0},
		{"live", []message{{PT: 1, CT: "SUB_IMAGE", MC: []change{con(traded)}}}, 0},
		{"live with last prices", []message{{PT: 1, CT: "SUB_IMAGE"}, {PT: 9000, MC: []change{priced}}}, 0},
		{"conflated by the server", []message{{PT: 1, CT: "SUB_IMAGE", ConflateMs: conflate(180)}}, 180},
		{"conflated no more", []message{{PT: 1, ConflateMs: conflate(180)}, {PT: 2, ConflateMs: conflate(0)}}, 0},
		{"an hour at most", []message{{PT: 1, ConflateMs: conflate(1 << 60)}}, 3_600_000},
		{"never negative", []message{{PT: 1, ConflateMs: conflate(-5)}}, 0},
	} {
		var k clock
		for i := range c.said {
			k.see(&c.said[i])
		}
		if got := k.resolution(); got != c.want {
			t.Errorf("%s: %d ms, want %d", c.name, got, c.want)
		}
	}
}

// A state is told once; what changes nothing gives no batch.
func TestNoNewsIsNoBatch(t *testing.T) {
	for name, second := range map[string]string{
		"a heartbeat":         `{"op":"mcm","pt":1000000000500,"ct":"HEARTBEAT"}`,
		"the same price":      delta(`{"id":1,"ltp":2}`),
		"a volume":            delta(`{"id":1,"tv":99}`),
		"the same definition": def("OPEN", ""),
		"the book's depth":    delta(`{"id":1,"atb":[[1.5,9]]}`),
	} {
		bs, rep := parse(t, lines(def("OPEN", `,"rc":[{"id":1,"ltp":2}]`), second))
		if _, n := rep.Rejected(); n != 0 || len(bs) != 1 {
			t.Errorf("%s: %d batches, %v", name, len(bs), rep.Shown())
		}
	}
	bs, _ := parse(t, lines(def("OPEN", ""), def("SUSPENDED", ""), def("SUSPENDED", ""), def("CLOSED", ""), def("CLOSED", ""), def("INACTIVE", "")))
	var got []string
	for _, b := range bs {
		got = append(got, b.Updates[0].Status.String())
	}
	if want := []string{"open", "suspended", "closed", "suspended"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// While the stream is late a market that the line names is unknown too, and a
// closed one stays closed.
func TestLateStreams(t *testing.T) {
	second := strings.NewReplacer(`"id":"1.1"`, `"id":"1.2"`, `"MATCH_ODDS"`, `"HALF_TIME"`)
	bs, _ := parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"ltp":2}]`),
		second.Replace(def("CLOSED", "")),
		`{"op":"mcm","pt":1000000000400,"status":503,"mc":[{"id":"1.1","rc":[{"id":1,"ltp":2.5}]}]}`,
		`{"op":"mcm","pt":1000000000500,"mc":[{"id":"1.1","rc":[{"id":1,"ltp":3}]}]}`))
	var got []string
	for _, b := range bs {
		for _, u := range b.Updates {
			got = append(got, fmt.Sprintf("%s %s %d", u.Market, u.Status, u.Prices()))
		}
	}
	if want := []string{"h2h open 1", "half_time closed 0", "h2h unknown 0", "h2h open 1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if q := last(t, bs).Quotes; q[0].Price != 3 {
		t.Errorf("%+v", q)
	}
}

// The main line of a handicap market may move, which is news of both lines.
func TestTheMainLineMoves(t *testing.T) {
	with := func(kl string, rc string) string {
		return marketOf("1.1", `"eventId":"9","eventTypeId":"1","marketType":"ASIAN_HANDICAP","keyLineDefinition":{"kl":[`+kl+`]},"runners":[{"id":7,"hc":-0.5},{"id":7,"hc":-1.5}]`) + rc
	}
	rc := strings.Replace(delta(`{"id":7,"hc":-0.5,"ltp":2},{"id":7,"hc":-1.5,"ltp":3}`), "500,", "100,", 1)
	bs, rep := parse(t, lines(with(`{"id":7,"hc":-0.5}`, ""), rc, with(`{"id":7,"hc":-1.5}`, "")))
	if _, n := rep.Rejected(); n != 0 || len(bs) != 3 {
		t.Fatal(len(bs), rep.Shown())
	}
	u := last(t, bs)
	if len(u.Quotes) != 2 || u.Quotes[0].Main || !u.Quotes[1].Main || u.Quotes[0].Line != -0.5 || u.Quotes[1].Price != 3 {
		t.Errorf("%+v", u.Quotes)
	}
}

func TestReadingEnds(t *testing.T) {
	disk, stop := errors.New("disk"), errors.New("stop")
	good := string(lines(def("OPEN", `,"rc":[{"id":1,"ltp":2}]`)))
	run := func(ctx context.Context, r io.Reader, emit feed.Emit) (int, error) {
		n := 0
		err := New(Options{}).Parse(ctx, "x", r, func(b *odds.Batch) error {
			n++
			if emit != nil {
				return emit(b)
			}
			return nil
		}, &feed.Report{})
		return n, err
	}
	n, err := run(t.Context(), io.MultiReader(strings.NewReader(good+"{"), iotest.ErrReader(disk)), nil)
	var at *feed.FileError
	if n != 1 || !errors.Is(err, disk) || !errors.As(err, &at) || at.Line != 2 || at.File != "x" {
		t.Errorf("a disk that fails: %d batches, %v", n, err)
	}
	n, err = run(t.Context(), io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrUnexpectedEOF)), nil)
	if n != 1 || !errors.Is(err, feed.ErrTruncated) {
		t.Errorf("cut in its compression: %d batches, %v", n, err)
	}
	if n, err = run(t.Context(), strings.NewReader(good+good), func(*odds.Batch) error { return stop }); n != 1 || err != stop {
		t.Errorf("stopped: %d batches, %v", n, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if n, err = run(ctx, strings.NewReader(good), nil); n != 0 || err != stop {
		t.Errorf("cancelled: %d batches, %v", n, err)
	}
	for name, text := range map[string]string{"empty": "", "blank": "\n \r\n\t\n", "a mark": "\ufeff"} {
		if n, err = run(t.Context(), strings.NewReader(text), nil); n != 0 || err != nil {
			t.Errorf("%s: %d batches, %v", name, n, err)
		}
	}
	if n, err = run(t.Context(), strings.NewReader("\ufeff"+strings.TrimSuffix(good, "\n")), nil); n != 1 || err != nil {
		t.Errorf("a mark before, no end after: %d batches, %v", n, err)
	}
	long := strings.Replace(good, `"op"`, `"`+strings.Repeat("x", 200<<10)+`":1,"op"`, 1)
	if n, err = run(t.Context(), strings.NewReader(long+long), nil); n != 1 || err != nil {
		t.Errorf("lines longer than the buffer: %d batches, %v", n, err)
	}
}

// Null counts as absent wherever it stands.
func TestNullIsAbsent(t *testing.T) {
	bs, rep := parse(t, lines(
		`{"op":"mcm","pt":1000000000001,"clk":null,"ct":null,"status":null,"conflateMs":null,"mc":[{"id":"1.1","img":null,"con":null,"marketDefinition":{"status":"OPEN","eventName":null,"inPlay":null,"numberOfWinners":null,"keyLineDefinition":null,`+two+`},"rc":[{"id":1,"hc":null,"ltp":2,"tv":null,"atb":null,"batb":null}]}]}`,
		`{"op":"mcm","pt":1000000000002,"mc":null}`,
		`{"op":"mcm","pt":1000000000003,"mc":[{"id":"1.1","marketDefinition":null,"rc":null}]}`,
		`{"op":"mcm","pt":1000000000004,"mc":[{"id":"1.1","rc":[{"id":1,"ltp":null}]}]}`))
	if _, n := rep.Rejected(); n != 0 || len(bs) != 1 || last(t, bs).Quotes[0].Price != 2 {
		t.Errorf("%d batches, %v", len(bs), rep.Shown())
	}
}

// A start is corrected, also between two markets of a race; other runners are another race
// whatever its start.
func TestARaceIsKnownByItsRunners(t *testing.T) {
	def := func(id, kind, start, runners string) string {
		return marketOf(id, `"eventId":"31","eventTypeId":"7","marketType":"`+kind+`","marketTime":"2026-06-14T`+start+`:00.000Z","runners":[`+runners+`]`)
	}
	const ann, bob, dan, eve = `{"id":7,"name":"1. Ann"}`, `{"id":5,"name":"2. Bob"}`, `{"id":9,"name":"1. Dan"}`, `{"id":8,"name":"2. Eve"}`
	bs, _ := parse(t, lines(
		def("1.1", "WIN", "18:26", ann+","+bob), def("1.2", "PLACE", "18:28", bob+","+ann), def("1.3", "MATCH_BET", "18:28", ann),
		def("1.4", "WIN", "18:26", dan+","+eve), def("1.5", "PLACE", "18:26", dan+","+eve), def("1.2", "PLACE", "21:00", ann+","+bob),
		def("1.6", "WIN", "18:55", `{"id":7}`+`,{"id":9}`),
	))
	var got []string
	for _, b := range bs {
		u := b.Updates[0]
		got = append(got, u.Event.ID+"/"+u.Market)
	}
	want := []string{"31-1826/win", "31-1826/place", "31-1826/match_bet", "31-1826-8/win", "31-1826-8/place", "31-1855/win"}
	if !slices.Equal(slices.Compact(got), want) && !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if p := bs[len(bs)-1].Updates[0].Event.Participants; !slices.Equal(p, []string{"selection 7", "selection 9"}) {
		t.Errorf("runners without names are %q", p)
	}
	if p := bs[1].Updates[0].Event.Participants; !slices.Equal(p, []string{"Ann", "Bob"}) {
		t.Errorf("the runners of a place market are %q", p)
	}
}
