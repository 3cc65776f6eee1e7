package oddsapi

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

// eventOf writes an event of a sport with bookmakers.
func eventOf(id, sport, books string) string {
	return `{"id":"` + id + `","sport_key":"` + sport + `","home_team":"Spain","away_team":"Japan","bookmakers":[` + books + `]}`
}

// bookOf writes a bookmaker with one market of two outcomes.
func bookOf(key, market string) string {
	return `{"key":"` + key + `","last_update":"2026-08-06T06:00:00Z","markets":[{"key":"` + market + `","outcomes":[{"name":"Spain","price":1.5},{"name":"Japan","price":2.5}]}]}`
}

const stamp = `{"timestamp":"2026-08-06T06:00:43Z","data":`

// said renders what matters of batches.
func said(batches []*odds.Batch) (out []string) {
	for _, b := range batches {
		text := b.Source
		for _, u := range b.Updates {
			text += fmt.Sprintf(" %s/%s/%s:%d", u.Event.ID, u.Venue, u.Market, len(u.Quotes))
		}
		out = append(out, text)
	}
	return out
}

// A poll of several sports is one batch each, at one time, however its events
// are mixed.
func TestEachSportIsABatch(t *testing.T) {
	text := stamp + "[" + strings.Join([]string{
		eventOf("s1", "soccer_epl", bookOf("v", "h2h")), eventOf("b1", "baseball_mlb", bookOf("v", "h2h")),
		eventOf("s2", "soccer_epl", bookOf("v", "h2h")+","+bookOf("w", "h2h_lay")), eventOf("b2", "baseball_mlb", ""),
	}, ",") + "]}"
	batches, rep, err := parse(t, strings.NewReader(text))
	want := []string{"baseball_mlb b1/v/h2h:2", "soccer_epl s1/v/h2h:2 s2/v/h2h:2 s2/w/h2h_lay:2"}
	if got := said(batches); err != nil || !slices.Equal(got, want) || rep.Quotes() != 8 {
		t.Fatalf("%q, %v; want %q", got, err, want)
	}
	if batches[0].At != batches[1].At || !batches[0].Polled || !batches[1].Polled {
		t.Errorf("%+v and %+v", batches[0], batches[1])
	}
	if ev := batches[1].Updates[0].Event; ev.Sport != "soccer" || ev.League != "epl" {
		t.Errorf("%+v", ev)
	}
	// With two sports an empty poll may be of either: it says nothing of both.
	batches, _, err = parse(t, strings.NewReader(text+"\n"+stamp+"[]}\n"))
	if err != nil || len(batches) != 2 {
		t.Errorf("%q, %v", said(batches), err)
	}
}

// Bare responses stay in the order of the recording, unless a stamp is days off.
func TestBareResponsesStayInOrder(t *testing.T) {
	var text string
	for _, minute := range []string{"06T06:01", "06T06:05", "06T06:02", "06T06:03", "06T06:05", "06T06:06", "08T06:00", "06T06:07"} {
		text += "[" + eventOf("e", "a_b", strings.ReplaceAll(bookOf("v", "h2h"), "06T06:00", minute)) + "]\n"
	}
	batches, _, err := parse(t, strings.NewReader(text))
	var got []odds.Millis
	for _, b := range batches {
		got = append(got, b.At.Sub(1785996000000))
	}
	if want := []odds.Millis{60_000, 300_000, 360_000, 420_000, 480_000, 540_000, 2 * 86_400_000, 420_000}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// A market's own stamp counts before its bookmaker's; of a bare response the newest
// of all is the time of the poll.
func TestStamps(t *testing.T) {
	book := func(updated, market string) string {
		return `{"key":"v","last_update":` + updated + `,"markets":[{"key":"h2h",` + market + `"outcomes":[{"name":"Spain","price":1.5},{"name":"Japan","price":2.5}]}]}`
	}
	for _, c := range []struct {
		name, book  string
		updated, at odds.Time
	}{
		{"the market's", book(`"2026-08-06T06:00:00Z"`, `"last_update":"2026-08-06T06:00:30Z",`), 1785996030000, 1785996030000},
		{"the market's is older", book(`"2026-08-06T06:00:00Z"`, `"last_update":"2026-08-06T05:59:30Z",`), 1785995970000, 1785996000000},
		{"the bookmaker's", book(`"2026-08-06T06:00:00Z"`, ""), 1785996000000, 1785996000000},
		{"as a number", book(`1785996000`, `"last_update":1785996030,`), 1785996030000, 1785996030000},
		{"one that cannot be read", book(`"2026-08-06T06:00:00Z"`, `"last_update":"soon",`), 1785996000000, 1785996000000},
	} {
		bare, rep, err := parse(t, strings.NewReader("["+eventOf("e", "a_b", c.book)+"]"))
		if err != nil || len(bare) != 1 || bare[0].At != c.at || bare[0].Updates[0].Updated != c.updated {
			t.Errorf("%s: %+v, %v, %v; want at %d, updated %d", c.name, bare, err, rep.Shown(), c.at, c.updated)
		}
		wrapped, _, err := parse(t, strings.NewReader(stamp+"["+eventOf("e", "a_b", c.book)+"]}"))
		if err != nil || wrapped[0].At != 1785996043000 || wrapped[0].Updates[0].Updated != c.updated {
			t.Errorf("%s, wrapped: %+v, %v", c.name, wrapped, err)
		}
	}
}

func TestRejectsSayWhy(t *testing.T) {
	good := bookOf("v", "h2h")
	outcomes := func(text string) string {
		return stamp + "[" + eventOf("e", "a_b", `{"key":"v","markets":[{"key":"m","outcomes":[{"name":"x","price":1.5},`+text+`]}]}`) + "]}"
	}
	for _, c := range []struct{ text, want string }{
		{`{"message":"out of credits"}`, "no_data: neither a response of The Odds API nor a wrapper around one"},
		{`7`, "no_data: neither a response of The Odds API nor a wrapper around one"},
		{`{"timestamp":"2026-08-06T06:00:43","data":[` + eventOf("e", "a_b", good) + `]}`, `bad_time: timestamp: the time has no zone: "2026-08-06T06:00:43"`},
		{`{"timestamp":null,"data":[` + eventOf("e", "a_b", good) + `]}`, "bad_time: timestamp: want RFC 3339 or an epoch in s, ms, µs or ns"},
		{`[` + eventOf("e", "a_b", "") + `]`, "no_time: no timestamp and no last_update"},
		{stamp + `[` + eventOf("", "a_b", good) + `]}`, "no_event_id: an event without id: Japan @ Spain"},
		{stamp + `[` + eventOf("e", "a_b", bookOf("", "h2h")) + `]}`, "no_key: a bookmaker or market without key in event e"},
		{stamp + `[` + eventOf("e", "a_b", bookOf("v", "")) + `]}`, "no_key: a bookmaker or market without key in event e"},
		{outcomes(`{"price":2}`), "no_selection: an outcome without name in market m"},
		{outcomes(`{"name":7,"price":2}`), "no_selection: an outcome without name in market m"},
		{outcomes(`{"name":"y"}`), `bad_price: "y": not a number`},
		{outcomes(`{"name":"y","price":"two"}`), `bad_price: "y": not a number`},
		{outcomes(`{"name":"y","price":1}`), `bad_price: "y": decimal odds must be above 1 and at most 1e12: 1`},
		{outcomes(`{"name":"y","price":2,"point":-1e6}`), `bad_line: "y": -1e+06 is not a handicap or total`},
		{stamp + `[]} {}`, "bad_json: byte 46: more than one JSON value in the line"},
		{stamp + `[}`, "bad_json: byte 44: want a value, not '}'"},
	} {
		_, rep, err := parse(t, strings.NewReader(c.text+"\n"))
		shown := rep.Shown()
		if err != nil || len(shown) != 1 || shown[0].Reason+": "+shown[0].Detail != c.want || shown[0].Line != 1 {
			t.Errorf("%s: %v, %v; want %s", c.text, shown, err, c.want)
		}
	}
}

// A market without any usable price still lists its outcomes.
func TestOutcomesWithoutAPriceAreListed(t *testing.T) {
	bad := strings.NewReplacer("1.5", "0", "2.5", "0").Replace(bookOf("w", "h2h"))
	batches, rep, err := parse(t, strings.NewReader(stamp+"["+eventOf("e", "a_b", bad+","+bookOf("v", "h2h"))+"]}"))
	if got := said(batches); err != nil || !slices.Equal(got, []string{"a_b e/w/h2h:2 e/v/h2h:2"}) || batches[0].Quotes() != 2 {
		t.Errorf("%q, %v, %v", got, err, rep.Shown())
	}
}

// The title names an event only where no two sides meet.
func TestTitles(t *testing.T) {
	text := stamp + `[{"id":"g","sport_key":"golf_masters_winner","sport_title":"Masters Winner","bookmakers":[` + bookOf("v", "outrights") + `]},` +
		`{"id":"m","sport_key":"golf_masters_winner","sport_title":"Masters","home_team":"A","away_team":"B","bookmakers":[` + bookOf("v", "h2h") + `]}]}`
	batches, _, err := parse(t, strings.NewReader(text))
	if err != nil || len(batches) != 1 {
		t.Fatal(said(batches), err)
	}
	a, b := batches[0].Updates[0].Event, batches[0].Updates[1].Event
	if a.Title != "Masters Winner" || a.Sport != "golf" || a.League != "masters_winner" || b.Title != "" || b.Home != "A" {
		t.Errorf("%+v, %+v", a, b)
	}
}

func TestSideOfAnOutcome(t *testing.T) {
	ev := &odds.Event{Home: "Spain", Away: "Japan"}
	for name, want := range map[string]odds.Side{
		"Spain": odds.Home, "Japan": odds.Away, "Draw": odds.Draw, "Over": odds.Over, "Under": odds.Under, "Yes": odds.Yes, "No": odds.No,
		"spain": odds.OtherSide, "draw": odds.OtherSide, "Brazil": odds.OtherSide,
	} {
		if got := side(name, ev); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// A selection at several lines has no main one; one that is said twice has.
func TestMainLines(t *testing.T) {
	nan := math.NaN()
	type q struct {
		name string
		line float64
	}
	for _, c := range []struct {
		name   string
		quotes []q
		want   []bool
	}{
		{"one", []q{{"Over", 2.5}}, []bool{true}},
		{"two sides", []q{{"Over", 2.5}, {"Under", 2.5}}, []bool{true, true}},
		{"two sides of a handicap", []q{{"A", -1}, {"B", 1}}, []bool{true, true}},
		{"one side at two lines", []q{{"Over", 2.5}, {"Over", 3.5}}, []bool{false, false}},
		{"one alternate of three", []q{{"Over", 2.5}, {"Under", 2.5}, {"Over", 3.5}}, []bool{false, true, false}},
		{"three ways", []q{{"A", nan}, {"B", nan}, {"Draw", nan}}, []bool{true, true, true}},
	} {
		p := New().(*parser)
		var quotes []odds.Quote
		for _, x := range c.quotes {
			quotes = append(quotes, odds.Quote{Selection: x.name, Line: x.line, Main: true})
		}
		p.markAlternates(quotes)
		var got []bool
		for i := range quotes {
			got = append(got, quotes[i].Main)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Without a sign of its own a poll is priced as the one before.
func TestPriceFormatIsRemembered(t *testing.T) {
	at := func(prices string) string {
		var outcomes []string
		for i, p := range strings.Fields(prices) {
			outcomes = append(outcomes, fmt.Sprintf(`{"name":"n%d","price":%s}`, i, p))
		}
		return pollOf(strings.Join(outcomes, ",")) + "\n"
	}
	for _, c := range []struct {
		polls []string
		want  float64 // the first price of the last poll
	}{
		{[]string{"-110 -110", "150 200"}, 2.5},
		{[]string{"1.9 1.9", "150 200"}, 150},
		{[]string{"150 200"}, 2.5},
		{[]string{"1.9 1.9", "-110 -110"}, 1 + 100.0/110},
		{[]string{"-110 -110", "1.9 1.9"}, 1.9},
		{[]string{"-110 -110", "200 -110 1.9"}, 3}, // a tie: as before, and 1.9 cannot be
		{[]string{"1.9 1.9", "200 -110 1.9"}, 200}, // a tie: as before, and -110 cannot be
	} {
		var text string
		for _, p := range c.polls {
			text += at(p)
		}
		batches, rep, err := parse(t, strings.NewReader(text))
		if err != nil || len(batches) != len(c.polls) {
			t.Fatal(c.polls, err, rep.Shown())
		}
		if got := batches[len(batches)-1].Updates[0].Quotes[0].Price; got != c.want {
			t.Errorf("%q: %v, want %v", c.polls, got, c.want)
		}
	}
}

// Documents written over many lines follow each other in one file; a bad one ends
// it, having given what stood before.
func TestDocuments(t *testing.T) {
	doc := strings.ReplaceAll(pollOf(american), ",", ",\n")
	n := strings.Count(doc, "\n")
	batches, rep, err := parse(t, strings.NewReader(doc+"\n\n"+doc+doc))
	if err != nil || len(batches) != 3 || rep.Quotes() != 9 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
	batches, _, err = parse(t, strings.NewReader(doc+"\n{\"data\":[}"))
	var at *feed.FileError
	if !errors.Is(err, feed.ErrFormat) || !errors.As(err, &at) || at.Line != n+2 || len(batches) != 1 {
		t.Errorf("%d batches, %v; want one, and an error in line %d", len(batches), err, n+2)
	}
	batches, _, err = parse(t, strings.NewReader(doc+"\n"+doc[:len(doc)-20]))
	if !errors.Is(err, feed.ErrTruncated) || len(batches) != 1 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
	disk := errors.New("disk")
	batches, _, err = parse(t, io.MultiReader(strings.NewReader(doc+"\n"), iotest.ErrReader(disk)))
	if !errors.Is(err, disk) || len(batches) != 1 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
}

// The error of the receiver comes back unchanged, whatever the shape of the text.
func TestTheReceiverCanStopTheParser(t *testing.T) {
	stop := errors.New("stop")
	line := pollOf(american) + "\n"
	for name, text := range map[string]string{
		"lines": line + line, "a document": strings.ReplaceAll(line, ",", ",\n") + line,
		"cut off": line[:len(line)-3] + `,{"id":`,
	} {
		n := 0
		err := New().Parse(t.Context(), "x", strings.NewReader(text), func(*odds.Batch) error { n++; return stop }, &feed.Report{})
		if err != stop || n != 1 {
			t.Errorf("%s: %d batches, %v", name, n, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	n := 0
	if err := New().Parse(ctx, "x", strings.NewReader(line), func(*odds.Batch) error { n++; return nil }, &feed.Report{}); err != stop || n != 0 {
		t.Errorf("cancelled: %d batches, %v", n, err)
	}
}

// A parser remembers strings and events, never the text: what it emitted stays.
func TestBatchesOutliveTheirText(t *testing.T) {
	a, b := pollOf(american), strings.NewReplacer("Spain", "Italy", "06:00:43Z", "07:00:43Z", "-200", "-300").Replace(pollOf(american))
	batches, _, err := parse(t, strings.NewReader(a+"\n"+b+"\n"+a+"\n"))
	if err != nil || len(batches) != 3 {
		t.Fatal(len(batches), err)
	}
	first := batches[0]
	alone, _, err := parse(t, strings.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", first.Updates[0].Quotes), fmt.Sprintf("%+v", alone[0].Updates[0].Quotes); got != want || first.Updates[0].Event.Home != "Spain" || batches[1].Updates[0].Event.Home != "Italy" {
		t.Errorf("%s, want %s", got, want)
	}
}
