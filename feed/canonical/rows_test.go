package canonical

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corrgraph/feed"
	"corrgraph/odds"
)

// row is a good NDJSON row with members added; a member given twice wins.
func row(more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"ts_source":1785996044,"bookmaker":"b","event_id":"e","market":"h2h","selection":"x","price":2.5` + more + "}\n"
}

// said renders what matters of batches, for short expectations.
func said(batches []*odds.Batch) (out []string) {
	for _, b := range batches {
		text := fmt.Sprintf("%d %s:", b.At-1785996044000, b.Source)
		for _, u := range b.Updates {
			text += fmt.Sprintf(" %s/%s/%s", u.Venue, u.Event.ID, u.Market)
			if u.Status != odds.Open {
				text += " " + u.Status.String()
			}
			for _, q := range u.Quotes {
				text += fmt.Sprintf(" %s@%g", q.Selection, q.Price)
			}
		}
		out = append(out, text)
	}
	return out
}

// ofAnOutcome reports whether a reject is of a row whose outcome is known: it is listed.
func ofAnOutcome(reject string) bool {
	for _, reason := range []string{"bad_price", "bad_format", "bad_status", "bad_line", "bad_size", "bad_flag: is_main"} {
		if strings.HasPrefix(reject, reason) {
			return true
		}
	}
	return false
}

// A row that is refused for what it says of its outcome costs the price alone: a market
// without it would look smaller than it is.
func TestARefusedRowListsItsOutcome(t *testing.T) {
	for members, listed := range map[string]bool{
		`"market":"h2h","size":"n/a"`:         true,
		`"market":"h2h","status":"halted"`:    true,
		`"market":"h2h","price_format":"hk"`:  true,
		`"market":"h2h","is_main":"perhaps"`:  true,
		`"market":"h2h","line":"n/a"`:         true,
		`"market":"totals","line":"n/a"`:      false, // of which total?
		`"market":"h2h","in_play":"perhaps"`:  false,
		`"market":"h2h","back_lay":"perhaps"`: false,
	} {
		batches, rep, err := parse(t, strings.NewReader(row(members)), Options{})
		if _, n := rep.Rejected(); err != nil || n != 1 || len(batches) == 1 != listed {
			t.Errorf("%s: %d batches, rejects %v, %v", members, len(batches), rep.Shown(), err)
			continue
		}
		if listed {
			if q := batches[0].Updates[0].Quotes; len(q) != 1 || q[0].Status != odds.Unpriced || q[0].Price != 0 {
				t.Errorf("%s: %+v", members, q)
			}
		}
	}
}

// In a table delimited by semicolons a comma is a decimal point, but American odds have none.
func TestNumbersOfATableDelimitedBySemicolons(t *testing.T) {
	for text, want := range map[string]string{
		"1,95;2,5;decimal": "1.95 2.5", "1,950;2,125;decimal": "1.95 2.125", "+1,200;-1,5;american": "13 -1.5", "+150;;american": "2.5 NaN", "2.5;-3½;decimal": "2.5 -3.5",
	} {
		batches, rep, err := parse(t, strings.NewReader("ts_source;bookmaker;event_id;market;selection;price;line;price_format\n1785996044;v;e;totals;over;"+text+"\n"), Options{})
		if err != nil || len(batches) != 1 {
			t.Fatal(text, rep.Shown(), err)
		}
		if q := batches[0].Updates[0].Quotes[0]; fmt.Sprintf("%g %g", q.Price, q.Line) != want {
			t.Errorf("%s: %g %g, want %s", text, q.Price, q.Line, want)
		}
	}
}

// Rows of one market that contradict each other in whether its outcomes are all do not say so.
func TestOutcomesAreNotCompleteIfOneRowDeniesIt(t *testing.T) {
	for _, c := range [][2]string{{"true", "false"}, {"false", "true"}} {
		batches, _, err := parse(t, strings.NewReader(row(`"selection":"a","complete":`+c[0])+row(`"selection":"b","complete":`+c[1])+row(`"selection":"c"`)), Options{})
		if err != nil || len(batches) != 1 || batches[0].Updates[0].Complete != odds.StatedNo {
			t.Errorf("%v: %+v, %v", c, batches, err)
		}
	}
}

// What a user reads of a row that was refused.
func TestRejectsSayWhy(t *testing.T) {
	for members, want := range map[string]string{
		`"price":1`:                              "bad_price: decimal odds must be above 1 and at most 1e12: 1",
		`"price":"1_000"`:                        `bad_price: not a number: "1_000"`,
		`"price":"0x1p4"`:                        `bad_price: not a number: "0x1p4"`,
		`"price":"5/2"`:                          `bad_price: not a number: "5/2"`,
		`"price":50,"price_format":"american"`:   "bad_price: american odds must be finite and not between -100 and 100: 50",
		`"price":1,"price_format":"probability"`: "bad_price: a probability must lie strictly between 0 and 1: 1",
		`"price":0,"price_format":"raw"`:         `bad_price: "0": a raw price must be between 1e-12 and 1e12`,
		`"price":2e12,"price_format":"RAW"`:      `bad_price: "2e12": a raw price must be between 1e-12 and 1e12`,
		`"price":0.4,"price_format":"logodds"`:   `bad_format: price_format: "logodds": want decimal, american, fractional, probability, cents or raw`,
		`"price":null`:                           "",
		`"status":"gone"`:                        `bad_status: "gone": want open, suspended, closed, removed, unknown or unpriced`,
		`"line":"1_5"`:                           `bad_line: line: "1_5" is not a number`,
		`"line":1e6`:                             `bad_line: line: "1e6" is not a handicap or total`,
		`"line":"Inf"`:                           `bad_line: line: "Inf" is not a number`,
		`"size":-0.5`:                            `bad_size: size: "-0.5": want a number, not negative`,
		`"size":"NaN"`:                           `bad_size: size: "NaN": want a number, not negative`,
		`"is_main":"perhaps"`:                    `bad_flag: is_main: "perhaps": want true or false`,
		`"in_play":2`:                            `bad_flag: in_play: "2": want true or false`,
		`"polled":"x"`:                           `bad_flag: polled: "x": want true or false`,
		`"image":"x"`:                            `bad_flag: image: "x": want true or false`,
		`"seq":-1`:                               `bad_number: seq: "-1": want a whole number, not negative`,
		`"winners":1.5`:                          `bad_number: winners: "1.5": want a whole number, not negative`,
		`"resolution_ms":"1e3"`:                  `bad_number: resolution_ms: "1e3": want a whole number, not negative`,
		`"resolution_ms":86400001`:               "bad_number: resolution_ms: 86400001: want at most a day, 86400000",
		`"ts_source":"2026-08-06 12:00"`:         `naive_time: ts_source: the time has no zone: "2026-08-06 12:00"`,
		`"ts_received":"soon"`:                   `bad_time: ts_received: want RFC 3339 or an epoch in s, ms, µs or ns: "soon"`,
		`"last_update":7`:                        `bad_time: last_update: want RFC 3339 or an epoch in s, ms, µs or ns: "7"`,
		`"start_time":"2026-08-06 12:00"`:        `naive_time: start_time: the time has no zone: "2026-08-06 12:00"`,
	} {
		batches, rep, err := parse(t, strings.NewReader(row(members)), Options{})
		var got string
		for _, r := range rep.Shown() {
			got = r.Reason + ": " + r.Detail
		}
		if err != nil || got != want || (len(batches) == 1) != (want == "" || ofAnOutcome(want)) {
			t.Errorf("%s: %q, %v; want %q", members, got, err, want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{strings.Replace(row(""), `"price":2.5`, `"price":null`, 1), "missing_value: price, with status open"},
		{strings.Replace(row(""), `"bookmaker":"b"`, `"bookmaker":"  "`, 1), "missing_value: bookmaker"},
		{strings.Replace(row(""), `"event_id":"e"`, `"event_id":""`, 1), "missing_value: event_id"},
		{strings.Replace(row(""), `"ts_source":1785996044,`, ``, 1), "missing_value: ts_source or ts_received"},
		{row("") + "[1]\n", "bad_json: not an object"},
		{row("") + "{} {}\n", "bad_json: more than one value in the line"},
		{header + "1785996044,b,e,h2h,x\n", "bad_csv: 5 fields, want 6"},
		{header + "1785996044,b,e,h2h,\"x\"y,2.5\n", "bad_csv: a quoted field does not end on its line, or goes on behind its closing quote"},
	} {
		_, rep, err := parse(t, strings.NewReader(c.text), Options{})
		if shown := rep.Shown(); err != nil || len(shown) != 1 || shown[0].Reason+": "+shown[0].Detail != c.want {
			t.Errorf("%q: %v, %v; want %s", c.text, shown, err, c.want)
		}
	}
}

// Names may be in any case and order in objects as in tables; of a name and its
// alias the one that says something counts, and space around a value says nothing.
func TestObjectsAreAsForgivingAsTables(t *testing.T) {
	want, _, _ := parse(t, strings.NewReader(row("")), Options{})
	for name, text := range map[string]string{
		"any case":        `{"PRICE":2.5,"TS_Source":1785996044,"Bookmaker":"b","Event_ID":"e","Market":"h2h","Selection":"x"}`,
		"aliases":         `{"ts_source":1785996044,"sportsbook":"b","event_id":"e","market":"h2h","outcome":"x","price":2.5}`,
		"an empty alias":  `{"ts_source":1785996044,"bookmaker":"b","book":"","event_id":"e","market":"h2h","name":"x","selection":null,"price":2.5}`,
		"space":           `{"ts_source":" 1785996044","bookmaker":" b ","event_id":"e\t","market":"h2h","selection":"x ","price":" 2.5 "}`,
		"escapes":         `{"ts_source":1785996044,"bookmaker":"\u0062","event_id":"e","market":"h2h","selection":"x","price":2.50}`,
		"other members":   `{"extra":{"price":9},"ts_source":1785996044,"prices":[1],"bookmaker":"b","event_id":"e","market":"h2h","selection":"x","price":2.5}`,
		"a table":         "Price,TS_SOURCE , book,sportsbook,event_id,market,selection,extra\n2.5,1785996044,,b,e,h2h,x,9\n",
		"a table, quoted": "\"price\",\"ts_source\",\"book\",\"event_id\",\"market\",\"selection\"\r\n\"2.5\",\"1785996044\",\" b\",\"e\",\"h2h\",\"x\"\r\n",
	} {
		got, rep, err := parse(t, strings.NewReader(text), Options{})
		if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" || err != nil {
			t.Errorf("%s: %v, %v\n%s", name, err, rep.Shown(), d)
		}
	}
}

// Rows of one time and source are a batch, those of one market in it an update,
// also where others stand between them.
func TestRowsOfOneTimeAreABatch(t *testing.T) {
	const head = "ts_source,source,bookmaker,event_id,market,selection,price\n"
	for _, c := range []struct{ name, rows, want string }{
		{"one market", "1785996044,s,b,e,m,x,2\n1785996044,s,b,e,m,y,3", "0 s: b/e/m x@2 y@3"},
		{"others between", "1785996044,s,b,e,m,x,2\n1785996044,s,c,e,m,x,4\n1785996044,s,b,e,n,x,5\n1785996044,s,b,e,m,y,3", "0 s: b/e/m x@2 y@3 c/e/m x@4 b/e/n x@5"},
		{"two sources", "1785996044,s,b,e,m,x,2\n1785996044,r,b,e,m,x,4\n1785996044,s,b,e,m,y,3", "0 s: b/e/m x@2 y@3|0 r: b/e/m x@4"},
		{"a time that returns", "1785996044,s,b,e,m,x,2\n1785996045,s,b,e,m,x,3\n1785996044,s,b,e,m,x,4", "0 s: b/e/m x@2|1000 s: b/e/m x@3|0 s: b/e/m x@4"},
		{"one id at two sources", "1785996044,s,b,e,m,x,2\n1785996044,r,b,e,m,x,3", "0 s: b/e/m x@2|0 r: b/e/m x@3"},
		{"a bad row between", "1785996044,s,b,e,m,x,2\n1785996044,s,b,e,m,x,0\n1785996044,s,b,e,m,y,3", "0 s: b/e/m x@2 x@0 y@3"},
		{"blank lines", "\n1785996044,s,b,e,m,x,2\n\n  \n1785996044,s,b,e,m,y,3\n\n", "0 s: b/e/m x@2 y@3"},
	} {
		batches, _, err := parse(t, strings.NewReader(head+c.rows), Options{})
		if got := strings.Join(said(batches), "|"); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

// What a batch or an update is told once holds for all its rows.
func TestRowsAddUp(t *testing.T) {
	text := row(`"ts_received":1785996045,"seq":7,"resolution_ms":1000,"polled":true,"last_update":1785996040,"winners":2`) +
		row(`"ts_received":1785996047,"selection":"y","last_update":1785996042,"image":"TRUE"`) +
		row(`"ts_received":1785996046,"selection":"z","last_update":1785996041,"winners":1,"size":0`)
	batches, rep, err := parse(t, strings.NewReader(text), Options{})
	if err != nil || len(batches) != 1 || len(batches[0].Updates) != 1 {
		t.Fatal(batches, err, rep.Shown())
	}
	b, u := batches[0], batches[0].Updates[0]
	if b.Recv != 1785996047000 || b.Seq != 7 || b.Resolution != 1000 || !b.Polled {
		t.Errorf("%+v", b)
	}
	if u.Updated != 1785996042000 || !u.Image || u.Winners != 2 || len(u.Quotes) != 3 {
		t.Errorf("%+v", u)
	}
	batches, _, _ = parse(t, strings.NewReader(strings.Replace(row(""), "ts_source", "ts_received", 1)), Options{})
	if b := batches[0]; b.At != 1785996044000 || b.Recv != b.At {
		t.Errorf("ordered by ts_received: %+v", b)
	}
}

// A market is in play once its start has passed, unless the row says otherwise.
func TestInPlay(t *testing.T) {
	for members, want := range map[string]bool{
		``:                                      false,
		`"start_time":1785996044`:               true,
		`"start_time":1785996043.999`:           true,
		`"start_time":1785996044.001`:           false,
		`"start_time":1785996043,"in_play":"F"`: false,
		`"start_time":1785996099,"in_play":"1"`: true,
		`"in_play":true`:                        true,
	} {
		batches, rep, err := parse(t, strings.NewReader(row(members)), Options{})
		if err != nil || len(batches) != 1 || batches[0].Updates[0].InPlay != want {
			t.Errorf("%s: %v, %v; want in play %v", members, rep.Shown(), err, want)
		}
	}
}

// A state without a selection is the market's; its price is not read.
func TestStates(t *testing.T) {
	const head = "ts_source,bookmaker,event_id,market,selection,price,status\n"
	batches, rep, err := parse(t, strings.NewReader(head+
		"1785996044,b,e,m1,x,2.5,\n1785996044,b,e,m1,,n/a,Suspended\n1785996044,b,e,m2,y,0,removed\n1785996044,b,e,m2,z,3,OPEN\n1785996044,b,e,m3,,,unknown\n"), Options{})
	want := []string{"0 : b/e/m1 suspended x@2.5 b/e/m2 y@0 z@3 b/e/m3 unknown"}
	if got := said(batches); err != nil || len(rep.Shown()) != 0 || !slices.Equal(got, want) {
		t.Fatalf("%q, %v, %v; want %q", got, err, rep.Shown(), want)
	}
	if u := batches[0].Updates[1]; u.Status != odds.Open || u.Quotes[0].Status != odds.Removed || u.Quotes[1].Status != odds.Open {
		t.Errorf("a selection that was removed, and its market: %+v", u)
	}
}

// A fact that is new makes a new event; the one handed out before stays as it was,
// and an empty field takes nothing away.
func TestFactsOfAnEventGrow(t *testing.T) {
	text := row(`"sport":"baseball","home":"Cubs"`) + row(`"sport":"","home":null`) +
		row(`"away":"Mets","title":"T","league":"mlb","start_time":1785996100,"market":"m2"`) + row(`"start_time":1785996200,"market":"m3"`)
	batches, _, err := parse(t, strings.NewReader(text), Options{})
	if err != nil || len(batches) != 1 {
		t.Fatal(len(batches), err)
	}
	var got []odds.Event
	for _, u := range batches[0].Updates {
		got = append(got, *u.Event)
	}
	want := []odds.Event{
		{ID: "e", Sport: "baseball", Home: "Cubs"},
		{ID: "e", Sport: "baseball", Home: "Cubs", Away: "Mets", Title: "T", League: "mlb", Start: 1785996100000},
		{ID: "e", Sport: "baseball", Home: "Cubs", Away: "Mets", Title: "T", League: "mlb", Start: 1785996200000},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if q := batches[0].Updates[0].Quotes; len(q) != 2 {
		t.Errorf("rows without facts are not of the same update: %+v", q)
	}
}

// Strings and events are carried over to the next parse by Names, and not else.
func TestNamesCarryOver(t *testing.T) {
	names := NewNames()
	first, _, _ := parse(t, strings.NewReader(row(`"sport":"baseball"`)), Options{Names: names})
	second, _, _ := parse(t, strings.NewReader(row("")), Options{Names: names})
	other, _, _ := parse(t, strings.NewReader(row("")), Options{})
	a, b, c := first[0].Updates[0].Event, second[0].Updates[0].Event, other[0].Updates[0].Event
	if a != b || a == c || c.Sport != "" {
		t.Errorf("%p %p %p, %+v", a, b, c, c)
	}
}

// When a batch is emitted, the report knows its first line.
func TestTheReportKnowsTheLine(t *testing.T) {
	text := header + "1785996044,b,e,h2h,x,2.5\n1785996044,b,e,h2h,y,0\n\n1785996044,b,e,h2h,z,2.5\n1785996045,b,e,h2h,x,2.5\n"
	var got []string
	rep := &feed.Report{}
	err := New(Options{}).Parse(t.Context(), "x", strings.NewReader(text), func(b *odds.Batch) error {
		got = append(got, fmt.Sprintf("%d: %d", b.At-1785996044000, rep.Line()))
		return nil
	}, rep)
	if err != nil || !slices.Equal(got, []string{"0: 2", "1000: 6"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// The error of the receiver comes back unchanged, and nothing is emitted after it.
func TestTheReceiverCanStopTheParser(t *testing.T) {
	stop := errors.New("stop")
	text := header + "1785996044,b,e,h2h,x,2.5\n1785996045,b,e,h2h,x,2.5\n1785996046,b,e,h2h,x,2.5\n"
	for _, after := range []int{1, 2, 3} {
		n := 0
		err := New(Options{}).Parse(t.Context(), "x", strings.NewReader(text), func(*odds.Batch) error {
			if n++; n == after {
				return stop
			}
			return nil
		}, &feed.Report{})
		if err != stop || n != after {
			t.Errorf("stopped after %d: %d batches, %v", after, n, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	n := 0
	err := New(Options{}).Parse(ctx, "x", strings.NewReader(text), func(*odds.Batch) error { n++; return nil }, &feed.Report{})
	if err != stop || n != 0 {
		t.Errorf("cancelled: %d batches, %v", n, err)
	}
}

// A selection that stands once, or twice on one line, has no alternates; one with
// and without a line has.
func TestMainLinesAreGuessed(t *testing.T) {
	for _, c := range []struct{ name, lines, want string }{
		{"one each", "over 8.5,under 8.5", "true true"},
		{"said twice", "over 8.5,over 8.5", "true true"},
		{"two without a line", "x -,x -", "true true"},
		{"with and without", "x -,x 1", "false false"},
		{"without and with", "x 1,x -", "false false"},
		{"three lines", "over 1,over 2,over 3,under 2", "false false false true"},
		{"one alone", "over 8.5", "true"},
	} {
		var text string
		for _, l := range strings.Split(c.lines, ",") {
			name, line, _ := strings.Cut(l, " ")
			members := `"selection":"` + name + `"`
			if line != "-" {
				members += `,"line":` + line
			}
			text += row(members)
		}
		batches, rep, err := parse(t, strings.NewReader(text), Options{})
		if err != nil || len(batches) != 1 {
			t.Fatal(c.name, err, rep.Shown())
		}
		var got []string
		for _, q := range batches[0].Updates[0].Quotes {
			got = append(got, fmt.Sprint(q.Main))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
	batches, _, _ := parse(t, strings.NewReader(row(`"line":1,"is_main":"perhaps"`)+row(`"line":1,"is_main":false`)+row(`"line":2,"is_main":"true"`)), Options{})
	if q := batches[0].Updates[0].Quotes; len(q) != 3 || q[0].Status != odds.Unpriced || q[1].Main || !q[2].Main {
		t.Errorf("what the rows say: %+v", q)
	}
}

func TestHeader(t *testing.T) {
	for text, want := range map[string][]string{
		"a,b\n1,2":            {"a", "b"},
		"\xef\xbb\xbfa,b\r\n": {"a", "b"},
		`"a, b","c""d"`:       {"a, b", `c"d`},
		"a":                   {"a"},
		"":                    {""},
		",":                   {"", ""},
	} {
		if got, err := Header([]byte(text), ','); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := Header([]byte("a;b,c\td"), ';'); err != nil || !slices.Equal(got, []string{"a", "b,c\td"}) {
		t.Errorf("another delimiter: %q, %v", got, err)
	}
	for _, text := range []string{`"a`, `a,"b`, `"a"b,c`, "\"a\n\""} {
		if got, err := Header([]byte(text), ','); !errors.Is(err, feed.ErrFormat) || got != nil || err.Error() != "not readable as odds: the header ends inside quotes" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	_, _, err := parse(t, strings.NewReader("\"ts_source,bookmaker\n"), Options{})
	if !errors.Is(err, feed.ErrFormat) || !strings.HasPrefix(err.Error(), "x:1: ") {
		t.Errorf("a table with such a header: %v", err)
	}
}

func TestMissing(t *testing.T) {
	for header, want := range map[string]string{
		"ts_source,bookmaker,event_id,market,selection,price":      "",
		"TS_RECEIVED , Book,event_id,market,NAME,price,price":      "",
		"ts_source,ts_received,sportsbook,event_id,market,outcome": "price",
		"":                          "ts_source or ts_received, bookmaker, event_id, market, selection, price",
		"bookmaker,odds,start_time": "ts_source or ts_received, event_id, market, selection, price",
	} {
		if got := strings.Join(Missing(strings.Split(header, ",")), ", "); got != want {
			t.Errorf("%q lacks %q, want %q", header, got, want)
		}
	}
}

// Every name of every column is read into that column alone.
func TestEveryNameIsOneColumn(t *testing.T) {
	seen := map[string]int{}
	for c, names := range Columns() {
		for _, name := range names {
			if other, ok := seen[name]; ok || name != normal(name) || name == "" {
				t.Errorf("%q is column %d and %d", name, c, other)
			}
			seen[name] = c
		}
	}
	if len(Columns()) != int(columnCount) {
		t.Errorf("%d columns, want %d", len(Columns()), columnCount)
	}
}

func TestWriterText(t *testing.T) {
	var text bytes.Buffer
	w := NewWriter(&text)
	if err := w.Flush(); err != nil || text.Len() != 0 {
		t.Errorf("nothing written gives %q, %v", text.String(), err)
	}
	ev := &odds.Event{ID: "e", Home: `A "B", C`}
	b := &odds.Batch{At: 1785996044000, Recv: 1785996044000, Source: "s", Updates: []odds.Update{
		{Event: ev, Venue: "v", Market: "m"}, // an open market without quotes says nothing
		{Event: ev, Venue: "v", Market: "m", Status: odds.Closed, Quotes: []odds.Quote{
			{Selection: "x", Line: math.NaN(), Main: true, Price: 1.5},
			{Selection: "y", Line: -0.5, Status: odds.Removed, Price: 9, Size: 2.25},
		}},
	}}
	if err := errors.Join(w.Write(b), w.Flush()); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(text.String(), "\n")
	want := []string{
		"ts_source,ts_received,bookmaker,event_id,market,selection,price,sport,league,start_time,home,away,title,line,price_format,status,is_main,in_play,size,seq,source,resolution_ms,polled,last_update,image,winners,player,team,complete,back_lay,settlement",
		`2026-08-06T06:00:44Z,,v,e,m,,,,,,"A ""B"", C",,,,,closed,,false,,,s,,,,,,,,,,`,
		`2026-08-06T06:00:44Z,,v,e,m,x,1.5,,,,"A ""B"", C",,,,,,true,false,,,s,,,,,,,,,,`,
		`2026-08-06T06:00:44Z,,v,e,m,y,,,,,"A ""B"", C",,,-0.5,,removed,false,false,2.25,,s,,,,,,,,,,`,
		"",
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
}

// The first error of what is written to stays.
func TestWriterKeepsItsError(t *testing.T) {
	disk := errors.New("disk full")
	w := NewWriter(failing{disk})
	b := &odds.Batch{At: 1785996044000, Updates: []odds.Update{{Event: &odds.Event{ID: strings.Repeat("x", 5000)}, Venue: "v", Status: odds.Closed}}}
	if err := w.Write(b); err != disk {
		t.Errorf("%v", err)
	}
	good := &odds.Batch{At: 1785996044000}
	if err := errors.Join(w.Write(good), w.Flush()); !errors.Is(err, disk) {
		t.Errorf("afterwards: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
