package columns

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"corrgraph/feed"
	"corrgraph/odds"
)

const long = `
name: long
time: "{ts}"
resolution_ms: 500
venue: "{book}"
sport: tennis
home: "{home}"
away: "{away}"
event: "{home} v {away} {day}"
market: {from: "{market}", map: {ML: h2h, OU: totals}}
line: {from: "{line}", of: home}
status: {from: "{state}", map: {on: open, "off": suspended}, else: unknown}
in_play: "{live}"
price_format: american
skip:
  - {from: "{price}", match: '^$', why: no price}
prices:
  - {from: "{price}", is: "{sel}", size: "{stake}", gone: '^x$'}
`

const header = "ts,book,home,away,market,line,state,live,price,sel,stake\n"

func read(t testing.TB, text string) *Map {
	t.Helper()
	m, err := Read("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Rows with one selection each, of one time and market, form one update.
func TestLongFormat(t *testing.T) {
	bs, rep := parse(t, read(t, long), "x", []byte("\ufeff"+header+
		"2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n"+
		"2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,-200,away,\n"+
		"2026-01-02T03:04:05Z,b2,A,B,OU,2.5,on,,x,Over,\n"+
		"2026-01-02T03:04:05Z,b2,A,B,OU,2.5,on,,,Over,\n"+
		"2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+160,A,10\n"+
		"2026-01-02T03:04:06Z,b1,A,B,ML,,off,true,,A,\n"+
		"2026-01-02T03:04:06Z,b1,A,B,ML,,off,true,1,A,\n"))
	if len(bs) != 2 || bs[0].Source != "long" || bs[0].Resolution != 500 || bs[0].At.String() != "2026-01-02T03:04:05Z" {
		t.Fatalf("%d batches %+v", len(bs), bs[0])
	}
	nan := math.NaN()
	want := [][]odds.Quote{
		{{Selection: "A", Side: odds.Home, Line: nan, Price: 2.5, Size: 10}, {Selection: "B", Side: odds.Away, Line: nan, Price: 1.5}},
		{{Selection: "Over", Side: odds.Over, Line: 2.5, Status: odds.Suspended}},
		{{Selection: "A", Side: odds.Home, Line: nan, Price: 2.6, Size: 10}},
	}
	for i, u := range bs[0].Updates {
		if len(u.Quotes) != len(want[i]) {
			t.Fatalf("update %d: %+v", i, u)
		}
		for j, q := range u.Quotes {
			if q.Line != q.Line {
				q.Line, want[i][j].Line = 0, 0
			}
			if q != want[i][j] {
				t.Errorf("update %d: %+v, want %+v", i, q, want[i][j])
			}
		}
	}
	if u := bs[0].Updates[0]; u.Event.ID != "A v B 2026-01-02" || !u.InPlay || u.Venue != "b1" {
		t.Errorf("%+v %+v", *u.Event, u)
	}
	if u := bs[1].Updates[0]; u.Status != odds.Open || len(u.Quotes) != 1 || u.Quotes[0].Selection != "A" || u.Quotes[0].Status != odds.Suspended {
		t.Errorf("%+v", u)
	}
	if got := rep.Skipped(); !reflect.DeepEqual(got, map[string]int{"no price": 2}) {
		t.Error(got)
	}
}

func TestNDJSON(t *testing.T) {
	m := read(t, "name: n\ninput: ndjson\ntime: {from: '{t}', unit: ms}\nvenue: v\nevent: '{ev.id}'\nmarket: m\nprice_format: probability\nprices: [{from: '{p}', is: yes}]\n")
	bs, rep, err := parseErr(m, "x", []byte(`{"t":1700000000123,"ev":{"id":7},"p":"0.25"}`+"\n\n[1]\n"+`{"t":1700000000124,"ev":{"id":7},"p":1}`+"\n"+`{"t":17000`))
	by, _ := rep.Rejected()
	var at *feed.FileError
	if !errors.Is(err, feed.ErrTruncated) || !errors.As(err, &at) || at.Line != 5 || !reflect.DeepEqual(by, map[string]int{"bad_row": 1, "bad_price": 1}) {
		t.Fatalf("%v, %v", err, by)
	}
	if len(bs) != 2 || bs[0].At != 1700000000123 || bs[0].Updates[0].Quotes[0].Price != 4 || bs[0].Updates[0].Event.ID != "7" {
		t.Errorf("%+v", bs)
	}
	if q := bs[1].Updates[0].Quotes; len(q) != 1 || q[0].Status != odds.Unpriced || q[0].Price != 0 {
		t.Errorf("%+v", q)
	}
}

// wide has a column for each outcome.
const wide = "name: wide\ntime: '{t}'\nvenue: '{b}'\nhome: A\naway: B\nevent: e\nmarket: '{m}'\nline: '{l}'\nstatus: {from: '{st}', else: open, map: {off: suspended}}\n" +
	"prices: [{from: '{h}', is: home, gone: '^-$'}, {from: '{d}', is: draw}, {from: '{a}', is: away}]\n"

// A price that is refused counts as one reject. Its outcome still exists, and the row's other
// prices are read: the market looks no smaller than it is.
func TestARefusedPriceLeavesItsOutcome(t *testing.T) {
	for bad, american := range map[string]bool{"abc": false, "0.5": false, "1": false, "": false, "-50": true, "NaN": false} {
		text, good := wide, [2]float64{2.4, 3.2}
		h, a := "2.4", "3.2"
		if american {
			text, h, a = text+"price_format: american\n", "+140", "+220"
		}
		bs, rep, _ := parseErr(read(t, text), "x", []byte("t,b,m,l,st,h,d,a\n2026-01-02T03:04:05Z,x,h2h,,,"+h+","+bad+","+a+"\n"))
		if by, _ := rep.Rejected(); !reflect.DeepEqual(by, map[string]int{"bad_price": 1}) || rep.Quotes() != 2 || len(bs) != 1 {
			t.Fatalf("%q: %v, %d quotes, %d batches", bad, by, rep.Quotes(), len(bs))
		}
		q := bs[0].Updates[0].Quotes
		if len(q) != 3 || q[0].Price != good[0] || q[2].Price != good[1] || q[1].Side != odds.Draw || q[1].Status != odds.Unpriced || q[1].Price != 0 {
			t.Errorf("%q: %+v", bad, q)
		}
	}
}

// A row that is rejected for another reason is one reject, whatever its prices are.
func TestARejectedRowIsOneReject(t *testing.T) {
	_, rep, _ := parseErr(read(t, wide), "x", []byte("t,b,m,l,st,h,d,a\n2026-01-02T03:04:05Z,x,h2h,abc,,0,0,0\n2026-01-02T03:04:05Z,x\xff,h2h,,,0,0,0\n"))
	if by, _ := rep.Rejected(); !reflect.DeepEqual(by, map[string]int{"bad_line": 1, "bad_text": 1}) {
		t.Error(by)
	}
}

// The status of a row is that of what it names: its selection, its line, or else the whole
// market.
func TestStatusOfWhatTheRowNames(t *testing.T) {
	row := func(line, status string) string {
		return "t,b,m,l,st,h,d,a\n2026-01-02T03:04:05Z,x,h2h," + line + "," + status + ",2.4,3,-\n"
	}
	u := func(m, text string) odds.Update {
		bs, _ := parse(t, read(t, m), "x", []byte(text))
		return bs[0].Updates[0]
	}
	if got := u(wide, row("", "off")); got.Status != odds.Suspended || len(got.Quotes) != 0 {
		t.Errorf("the market: %+v", got)
	}
	got := u(wide, row("2.5", "off"))
	if got.Status != odds.Open || len(got.Quotes) != 3 {
		t.Fatalf("a line: %+v", got)
	}
	for _, q := range got.Quotes {
		if q.Status != odds.Suspended || q.Line != 2.5 || q.Price != 0 {
			t.Errorf("a line: %+v", q)
		}
	}
	if got := u(long, header+"2026-01-02T03:04:05Z,b1,A,B,ML,,off,true,x,,\n"); got.Status != odds.Suspended || len(got.Quotes) != 0 {
		t.Errorf("a row without a selection: %+v", got)
	}
	// The other outcome of the same time stays open.
	got = u(long, header+"2026-01-02T03:04:05Z,b1,A,B,ML,,off,true,+150,A,\n2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,-200,B,\n")
	if q := got.Quotes; got.Status != odds.Open || len(q) != 2 || q[0].Status != odds.Suspended || q[1].Status != odds.Open || q[1].Price != 1.5 {
		t.Errorf("one of two: %+v", got)
	}
}

// A market of very many rows takes time in proportion to them.
func TestManyRowsOfOneMarket(t *testing.T) {
	var text strings.Builder
	text.WriteString(header)
	const n = 50_000
	for i := range n {
		fmt.Fprintf(&text, "2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,runner %d,10\n", i)
	}
	bs, _ := parse(t, read(t, long), "x", []byte(text.String()))
	if len(bs) != 1 || len(bs[0].Updates) != 1 || len(bs[0].Updates[0].Quotes) != n {
		t.Fatalf("%d batches", len(bs))
	}
}

func TestRejects(t *testing.T) {
	ok := "2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n"
	for _, c := range []struct{ row, reason string }{
		{strings.Replace(ok, "2026-01-02T03:04:05Z", "2026-01-02 03:04:05", 1), "naive_time"},
		{strings.Replace(ok, "2026-01-02T03:04:05Z", "", 1), "bad_time"},
		{strings.Replace(ok, "ML", "XX", 1), "no_translation"},
		{strings.Replace(ok, "+150", "+50", 1), "bad_price"},
		{strings.Replace(ok, "+150", "NaN", 1), "bad_price"},
		{strings.Replace(ok, "true", "maybe", 1), "bad_bool"},
		{strings.Replace(ok, "ML,,", "OU,abc,", 1), "bad_line"},
		{strings.Replace(ok, "b1", "", 1), "no_event"},
		{strings.Replace(ok, ",A,10", ",,10", 1), "no_selection"},
		{"1,2,3\n", "bad_row"},
		{strings.Replace(ok, "b1", `b"1`, 1), "bad_row"},
	} {
		bs, rep, err := parseErr(read(t, long), "x", []byte(header+c.row+ok))
		by, _ := rep.Rejected()
		if err != nil || !reflect.DeepEqual(by, map[string]int{c.reason: 1}) || len(bs) != 1 {
			t.Errorf("%q: %v, %v, %d batches", c.row, err, by, len(bs))
		} else if s := rep.Shown()[0]; s.Line != 2 || s.File != "x" {
			t.Errorf("%+v", s)
		}
	}
}

func TestUnreadable(t *testing.T) {
	ok := "2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n"
	for _, c := range []struct {
		in, want string
		err      error
		batches  int
	}{
		{"", "empty", feed.ErrFormat, 0},
		{strings.Replace(header, "book", "bok", 1), `no column "book", which key venue of map long reads; the nearest is "bok"`, feed.ErrFormat, 0},
		{header + ok + "2026-01-0", "x:3", feed.ErrTruncated, 1},
		{header + ok + `2026,"b` + "\n1,2\n", "x:3", feed.ErrFormat, 0},
	} {
		bs, _, err := parseErr(read(t, long), "x", []byte(c.in))
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) || len(bs) != c.batches {
			t.Errorf("%q: %v, %d batches", c.in, err, len(bs))
		}
	}
	_, _, err := parseErr(shippedMap(t, "btcjpy-two-exchanges"), "other.csv", []byte("date,last\n"))
	if !errors.Is(err, feed.ErrFormat) {
		t.Error(err)
	}
}

func TestStopsWhenEmitFails(t *testing.T) {
	stop := errors.New("stop")
	in := header + strings.Repeat("2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n", 2)
	err := New(read(t, long)).Parse(context.Background(), "x", strings.NewReader(in), func(*odds.Batch) error { return stop }, new(feed.Report))
	if err != stop {
		t.Error(err)
	}
}

// A map reads prices and lines as the canonical format does.
func TestPricesAsTheyAreWritten(t *testing.T) {
	const fractions = "name: m\ntime: {from: '{t}', unit: s}\nvenue: v\nevent: e\nmarket: m\nline: '{l}'\nprice_format: fractional\ndelimiter: ';'\nprices: [{from: '{p}', is: x}]\n"
	for _, c := range []struct{ format, price, line, want string }{
		{"american", "EVEN", "−1.5", "2 -1.5"},
		{"american", "−110", "+2,5", "1.9091 2.5"},
		{"american", "+1,200", "", "13 NaN"},
		{"fractional", "5/2", "0", "3.5 0"},
		{"fractional", "evens", "PK", "2 0"},
		{"fractional", "evens", "-3½", "2 -3.5"},
		{"fractional", "evens", "0/-0,5", "2 -0.25"},
		{"fractional", "evens", "0/-1", "bad_line"},
		{"fractional", "evens", "0/-0.5", "2 -0.25"},
		{"fractional", "5", "", "bad_price"},
		{"decimal", "1,95", "0,25", "1.95 0.25"},
		{"decimal", "1,950", "2,125", "1.95 2.125"}, // the delimiter is a semicolon
		{"decimal", "0x1p1", "", "bad_price"},
		{"probability", "40 %", "", "2.5 NaN"},
		{"cents", "40¢", "", "2.5 NaN"},
		{"raw", "1 000", "", "bad_price"},
		{"raw", "0,5", "", "0.5 NaN"},
	} {
		m := read(t, strings.Replace(fractions, "fractional", c.format, 1))
		bs, rep, err := parseErr(m, "x", []byte("t;l;p\n1786003243;"+c.line+";"+c.price+"\n"))
		got := ""
		if len(bs) == 1 {
			q := bs[0].Updates[0].Quotes[0]
			got = fmt.Sprintf("%.5g %g", q.Price, q.Line)
		}
		for _, r := range rep.Shown() {
			got = r.Reason
		}
		if err != nil || got != c.want {
			t.Errorf("%s %q at %q: %s, %v; want %s", c.format, c.price, c.line, got, err, c.want)
		}
	}
}

func TestBadMaps(t *testing.T) {
	min := "name: m\ntime: '{t}'\nvenue: v\nevent: e\nmarket: m\nprices: [{from: '{p}', is: x}]\n"
	if _, err := Read("m", []byte(min)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{min + "resolution: 5\n", `line 7: unknown key "resolution"; did you mean "resolution_ms"?`},
		{strings.Replace(min, "is:", "iss:", 1), `line 6: unknown key "iss"; did you mean "is"?`},
		{strings.Replace(min, "time: '{t}'", "time: {from: '{t}', layout: '2006-01-02'}", 1), "zone is required"},
		{strings.Replace(min, "time: '{t}'", "time: {from: '{t}', unit: sec}", 1), `did you mean "s"?`},
		{min + "price_format: cent\n", `did you mean "cents"?`},
		{min + "title: '{file.x}'\n", "group (?P<x>"},
		{min + "title: '{x'\n", "{ without }"},
		{min + "new_event_after: 3\n", "line 7"},
		{strings.Replace(min, "venue: v\n", "", 1), "key venue is required"},
		{strings.Replace(min, "is: x", "split: ','", 1), "a list has split and are"},
		{"- a\n", "one mapping"},
		{"a: [\n", "m.yaml"},
	} {
		_, err := Read("m.yaml", []byte(c.text))
		if !errors.Is(err, ErrMap) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.yaml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := Load(path); err != nil || m.Name != "long" {
		t.Error(m, err)
	}
}

// Exactly one shipped map matches each recording's header.
func TestShippedMatch(t *testing.T) {
	for want, h := range map[string]string{
		"kalshi-nba-1min":          "game_id,ticker,timestamp,datetime,open,high,low,close,volume",
		"btcjpy-two-exchanges":     "date,last",
		"prediction-markets-multi": "snapshot_time,platform,market_id,title,category,close_date,status,raw_url,volume,liquidity,yes_price,no_price",
		"proto-live-odds":          "observed_at,league,home_en,away_en,kickoff,odds,overround,payout",
		"proto-changes":            "ts,year,round,game_no,sport,league,market_family,n_way,market_label,home,away,date_text,odds,result,prev_odds",
		"":                         "date,last,volume",
	} {
		got := ""
		for _, m := range Shipped() {
			if m.Matches(strings.Split(h, ",")) {
				got += m.Name
			}
		}
		if got != want {
			t.Errorf("%q matches %q", h, got)
		}
	}
	if m := shippedMap(t, "btcjpy-two-exchanges"); m.MatchesFile("/x/prices.csv") || !m.MatchesFile("/x/btcboxJPY_2018.csv") {
		t.Error("file names")
	}
}

const sharedKeys = `
name: shared
time: "{t}"
polled: true
venue: v
league: "{l}"
event: "{k}"
market: m
new_event_after: 12h
new_event_after_polls: 2
prices: [{from: "{p}", is: A}]
`

// Two meetings share a key: the later one is listed second and stays.
func TestMeetings(t *testing.T) {
	for _, c := range []struct{ name, rows, want string }{
		{"the first leaves", "00:00 2.0,00:15 2.0 1.5,00:30 2.1 1.5,00:45 1.52", "0000,0000 0015,0000 0015,0015"},
		{"one comes before", "00:00 1.5,00:15 2.0 1.5,00:30 2.1 1.5", "0000,0015 0000,0015 0000"},
		{"equal prices: new last, first leaves", "00:00 2.0,00:15 2.0 2.0,00:30 2.0", "0000,0000 0015,0015"},
		{"absent from one poll of its league", "00:00 2.0,00:15 -,00:30 2.0", "0000,,0000"},
		{"absent from two", "00:00 2.0,00:15 -,00:30 -,00:45 2.1", "0000,,,0045"},
		{"absent from two, back as it was", "00:00 2.0,00:15 -,00:30 -,00:45 2.0", "0000,,,0000"},
		{"absent from two, one of two back as it was", "00:00 2.0 1.5,00:15 -,00:30 -,00:45 1.5", "0000 0000b,,,0000b"},
		{"no polls for ten hours", "00:00 2.0,10:00 2.0", "0000,0000"},
		{"no polls for thirteen", "00:00 2.0,13:00 2.0", "0000,1300"},
	} {
		in := "t,l,k,p\n"
		for _, poll := range strings.Split(c.rows, ",") {
			at, prices, _ := strings.Cut(poll, " ")
			in += "2026-01-01T" + at + ":00Z,x,other,3.0\n"
			for _, p := range strings.Fields(strings.ReplaceAll(prices, "-", "")) {
				in += "2026-01-01T" + at + ":00Z,x,key," + p + "\n"
			}
		}
		bs, _ := parse(t, read(t, sharedKeys), "x", []byte(in))
		var got []string
		for _, b := range bs {
			var ids []string
			for _, u := range b.Updates {
				if id, ok := strings.CutPrefix(u.Event.ID, "key:20260101T"); ok {
					ids = append(ids, id)
				}
			}
			got = append(got, strings.Join(ids, " "))
		}
		if s := strings.Join(got, ","); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// FuzzParse: any bytes give an error, rejects or valid batches, by every map.
func FuzzParse(f *testing.F) {
	maps := append(Shipped(), read(f, long), read(f, sharedKeys))
	names := map[string]string{"btcjpy-two-exchanges": "aJPY_", "kalshi-nba-1min": "1_AA_at_BB_2025-12-25_candles"}
	f.Add(0, []byte("date,last\n2018-08-12 00:00:19,681008.0\n"))
	f.Add(1, []byte("game_id,ticker,timestamp,close\n1,X-AA,1766534580,66.0\n"))
	f.Add(5, []byte(header+"2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n"))
	f.Add(6, []byte("t,l,k,p\n2026-01-01T00:00:00Z,x,k,2\n2026-01-01T00:00:00Z,x,k,3\n2026-01-01T00:15:00Z,x,k,3\n"))
	f.Fuzz(func(t *testing.T, which int, in []byte) {
		m := maps[uint(which)%uint(len(maps))]
		bs, _, _ := parseErr(m, names[m.Name]+"x", in)
		for _, b := range bs {
			if b.At <= 0 || b.Source == "" || len(b.Updates) == 0 {
				t.Fatalf("%+v", b)
			}
			for _, u := range b.Updates {
				least := 1.0
				if u.Format == odds.Raw {
					least = 0
				}
				if u.Event == nil || u.Event.ID == "" || u.Venue == "" || u.Market == "" {
					t.Fatalf("%+v", u)
				}
				for _, q := range u.Quotes {
					open := q.Status == odds.Open
					if q.Selection == "" || open != (q.Price > least) || math.IsInf(q.Price, 0) || math.IsInf(q.Line, 0) || !(q.Size >= 0) {
						t.Fatalf("%+v", q)
					}
				}
			}
		}
	})
}

// FuzzRead: any bytes give a usable map or ErrMap.
func FuzzRead(f *testing.F) {
	f.Add([]byte(long))
	f.Add([]byte(sharedKeys))
	f.Add([]byte("name: m\ntime: '{t'\nvenue: [v]\nprices: [{from: '{p}', is: x, split: ','}]\n"))
	f.Add([]byte("a: &a [*a, {<<: *a}]\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := Read("m.yaml", in)
		if err != nil {
			if !errors.Is(err, ErrMap) {
				t.Fatal(err)
			}
			return
		}
		parseErr(m, "x", []byte(header+"2026-01-02T03:04:05Z,b1,A,B,ML,,on,true,+150,A,10\n"))
	})
}
