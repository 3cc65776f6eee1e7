package stream

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// example loads one of the maps that are shipped.
func example(t testing.TB, name string) *Map {
	t.Helper()
	m, err := Load("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// recorded returns the made-up frames of an example.
func recorded(t testing.TB, name string) (out []*frames.Frame) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	err = frames.Read(context.Background(), bytes.NewReader(b), func(_ int, f *frames.Frame) error {
		out = append(out, f)
		return nil
	}, func(line int, err error) { t.Fatalf("line %d: %v", line, err) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// said writes down what a frame said.
func said(told frames.Told, err error) string {
	var b strings.Builder
	for _, x := range told.Batches {
		for _, u := range x.Updates {
			fmt.Fprintf(&b, "+%d %s %s %s", x.At%100_000, u.Event.ID, u.Venue, u.Market)
			if u.Image {
				b.WriteString(" image")
			}
			if u.Status != odds.Open {
				fmt.Fprintf(&b, " %v", u.Status)
			}
			for _, q := range u.Quotes {
				fmt.Fprintf(&b, " [%s", strings.TrimSpace(q.Subject+" "+q.Selection))
				if q.Line == q.Line {
					fmt.Fprintf(&b, " %v", q.Line)
				}
				if q.Main {
					b.WriteString("*")
				}
				if q.Status == odds.Open {
					fmt.Fprintf(&b, " %.4g]", q.Price)
				} else {
					fmt.Fprintf(&b, " %v]", q.Status)
				}
			}
			b.WriteString("\n")
		}
	}
	for _, c := range told.Changes {
		fmt.Fprintf(&b, "%s is %s %s\n", c.Market, c.State, c.Why)
	}
	for _, u := range told.Unknown {
		fmt.Fprintf(&b, "? %s\n", u)
	}
	if err != nil {
		fmt.Fprintf(&b, "! %v\n", err)
	}
	return b.String()
}

// The example of server-sent events says what docs/feeds/stream.md says of it.
func TestExampleOfServerSentEvents(t *testing.T) {
	check(t, "sse", []string{
		"",
		"+40 F1 pinnacle h2h image [Ann Arbor Aces* 1.85] [Bell City Bees* 2.05]\nF1/pinnacle/h2h is live \n",
		"+130 F1 pinnacle h2h image [Ann Arbor Aces* 1.85] [Bell City Bees* 2.05]\n", // whose names they are is known now
		"+800 F1 pinnacle totals image [Over 8.5* 1.91] [Under 8.5* 1.95] [Over 9 2.1] [Under 9 1.75]\nF1/pinnacle/totals is live \n",
		"+900 F1 draftkings spreads image [Ann Arbor Aces -1.5* 2.2] [Bell City Bees 1.5* 1.68]\nF1/draftkings/spreads is live \n",
		"",
		"+6000 F1 pinnacle totals [Over 8.5* suspended] [Under 8.5* suspended]\n",
		"+6800 F1 pinnacle totals image [Over 9* 1.92] [Under 9* 1.94]\n", // the line has moved
		"+7200 F1 draftkings player_strikeouts image [Cal Dorn Over 5.5* 1.87]\nF1/draftkings/player_strikeouts is live \n",
		"? market=1st Inning Moneyline\n",
		"+7900 F1 pinnacle h2h [Ann Arbor Aces* 1.8]\n",
		"+9000 F1 pinnacle h2h closed\n+9000 F1 pinnacle totals closed\n+9000 F1 draftkings spreads closed\n+9000 F1 draftkings player_strikeouts closed\n",
	})
}

// So does the example of a websocket.
func TestExampleOfAWebsocket(t *testing.T) {
	check(t, "websocket", []string{
		"", "",
		"+170 e1 pinnacle h2h image [Hull Hawks 1.909] [Leeds Lions 2.02]\n+170 e1 pinnacle totals image [Over 220.5 1.952] [Under 220.5 1.87]\ne1/pinnacle/h2h is live \ne1/pinnacle/totals is live \n",
		"+180 e2 pinnacle h2h image [York Yaks 2.5] [Bath Bulls 1.588]\n+180 e2 circa spreads image [York Yaks 4.5 1.909] [Bath Bulls -4.5 1.909]\ne2/pinnacle/h2h is live \ne2/circa/spreads is live \n",
		"+960 e1 pinnacle h2h [Hull Hawks 1.877] [Leeds Lions 2.06]\n",
		"",
		"+2960 e2 circa spreads [York Yaks 4.5 suspended] [Bath Bulls -4.5 suspended]\n",
		"+3460 e2 circa spreads image [York Yaks 5.5 1.926] [Bath Bulls -5.5 1.893]\n",
		"+3990 e1 pinnacle totals [Over 220.5 removed] [Under 220.5 removed]\n",
		"? message type=score\n",
		"+6000 e1 pinnacle h2h unknown\n+6000 e1 pinnacle totals unknown\n+6000 e2 circa spreads unknown\n+6000 e2 pinnacle h2h unknown\n" +
			"e1/pinnacle/h2h is gap message 9 came after 7\ne1/pinnacle/totals is gap message 9 came after 7\ne2/circa/spreads is gap message 9 came after 7\ne2/pinnacle/h2h is gap message 9 came after 7\n" +
			"? change of a market before its image\n",
		"+6470 e1 pinnacle h2h image [Hull Hawks 1.833] [Leeds Lions 2.1]\ne1/pinnacle/h2h is live \ne1/pinnacle/totals is idle \ne2/circa/spreads is idle \ne2/pinnacle/h2h is idle \n",
	})
}

// So does the map of SharpAPI, in both editions of its messages.
func TestExampleOfSharpAPI(t *testing.T) {
	check(t, "sharpapi", []string{
		"",
		"+500 s1 pinnacle h2h image [Bell City Bees* 1.69] [Ann Arbor Aces* 2.3]\ns1/pinnacle/h2h is live \n",
		"+600 s1 draftkings totals image [Over 8.5* 1.909] [Under 8.5* 1.909]\ns1/draftkings/totals is live \n",
		"",
		"+1900 s1 pinnacle h2h [Bell City Bees* 1.667]\n",
		"+2900 s1 pinnacle h2h [Ann Arbor Aces* suspended]\n",
		"+4000 s1 draftkings totals [Over 8.5 removed] [Under 8.5 removed]\n",
		"? message type=ev:detected\n",
	})
}

// TheRundown is read as far as its messages go: names are numbers there.
func TestExampleOfTheRundown(t *testing.T) {
	check(t, "therundown", []string{
		"",
		"+1000 e7 pinnacle h2h image [940* 1.855]\ne7/pinnacle/h2h is live \n",
		"+1000 e7 pinnacle h2h [951* 2.05]\n",
		"+2000 e7 26 totals image [10 8.5* 1.855]\ne7/26/totals is live \n", // whose number that is, the map does not know
		"+3000 e7 pinnacle h2h [940* suspended]\n",
		"? market=41\n",
	})
}

func check(t *testing.T, name string, want []string) {
	t.Helper()
	d := NewDecoder(example(t, name), Limits{})
	list := recorded(t, name)
	if len(list) != len(want) {
		t.Fatalf("%d frames, want %d", len(list), len(want))
	}
	for i, f := range list {
		if got := said(d.Frame(f)); got != want[i] {
			t.Errorf("frame %d said\n%swant\n%s", i, got, want[i])
		}
	}
}

// talk is a source in the words of a small map.
type talk struct {
	t *testing.T
	d *Decoder
	f frames.Frame
}

const small = `
name: small
transport: websocket
url: wss://feed.example.com/
%s
messages:
  - {when: {t: img}, is: snapshot, covers: %s, rows: ["r[]"]}
  - {when: {t: d}, is: delta, rows: ["r[]"]}
  - {when: {t: x}, is: remove, rows: ["r[]"]}
  - {when: {t: e}, is: event, rows: ["r[]"]}
  - {when: {t: hb}, is: heartbeat}
  - {when: {t: lost}, is: resync}
fields: {event_id: e, home: h, away: a, bookmaker: b, market: m, selection: s, side: o, subject: p, line: l, price: c, status: st, main: main, live: live, ts_source: {path: ts, unit: ms}}
`

func newTalk(t *testing.T, more, covers string, l Limits) *talk {
	t.Helper()
	m, err := Read("small", []byte(fmt.Sprintf(small, more, covers)))
	if err != nil {
		t.Fatal(err)
	}
	return &talk{t, NewDecoder(m, l), frames.Frame{Recv: 1_800_000_000_000, Conn: 1, Kind: frames.In}}
}

// say hands a frame over and checks what it says; the clock goes on by a second.
func (k *talk) say(data, want string) {
	k.t.Helper()
	k.f.Data = []byte(data)
	k.f.Recv += 1000
	f := k.f
	if got := said(k.d.Frame(&f)); got != want {
		k.t.Errorf("%s said\n%swant\n%s", data, got, want)
	}
}

func (k *talk) note(state frames.State, want string) {
	k.t.Helper()
	k.f.Kind = frames.Note
	k.say(fmt.Sprintf(`{"state":%q,"why":"w"}`, state), want)
	k.f.Kind = frames.In
}

func offer(e, market, side string, line, price float64, more string) string {
	return fmt.Sprintf(`{"e":%q,"b":"v","m":%q,"o":%q,"l":%g,"c":%g%s}`, e, market, side, line, price, more)
}

// A line that is locked while others are open has moved: to the one that is opened next, or,
// after a minute, to one of those that are open.
func TestALockedLineIsNotSuspendedForEver(t *testing.T) {
	k := newTalk(t, "", "market", Limits{})
	k.say(`{"t":"img","r":[`+offer("e", "totals", "over", 8, 1.5, "")+","+offer("e", "totals", "over", 9, 1.9, "")+`]}`, "+1000 e v totals image [Over 8 1.5] [Over 9 1.9]\ne/v/totals is live \n")
	k.say(`{"t":"d","r":[`+offer("e", "totals", "over", 9, 1.9, `,"st":"suspended"`)+`]}`, "+2000 e v totals [Over 9 suspended]\n")
	k.say(`{"t":"d","r":[`+offer("e", "totals", "over", 9.5, 1.9, "")+`]}`, "+3000 e v totals image [Over 8 1.5] [Over 9.5 1.9]\n")
	k.say(`{"t":"d","r":[`+offer("e", "totals", "over", 9, 1.7, "")+`]}`, "+4000 e v totals image [Over 8 1.5] [Over 9 1.7] [Over 9.5 1.9]\n")
	k.say(`{"t":"d","r":[`+offer("e", "totals", "over", 9, 1.7, `,"st":"suspended"`)+`]}`, "+5000 e v totals [Over 9 suspended]\n")
	k.f.Recv += 54_000
	k.say(`{"t":"hb"}`, "")
	k.f.Recv += 5_000
	k.say(`{"t":"hb"}`, "+66000 e v totals image [Over 8 1.5] [Over 9.5 1.9]\n")
}

// One that is the main line stays so until another is.
func TestAMainLineMovesWithItsMark(t *testing.T) {
	k := newTalk(t, "", "market", Limits{})
	main, other := `,"main":true`, `,"main":false`
	k.say(`{"t":"img","r":[`+offer("e", "spreads", "home", -3, 1.9, main)+","+offer("e", "spreads", "away", 3, 1.9, main)+","+offer("e", "spreads", "home", -4, 2.2, other)+`]}`,
		"+1000 e v spreads image [Home -3* 1.9] [Away 3* 1.9] [Home -4 2.2]\ne/v/spreads is live \n")
	k.say(`{"t":"d","r":[`+offer("e", "spreads", "home", -3, 1.9, main+`,"st":"suspended"`)+`]}`, "+2000 e v spreads [Home -3* suspended]\n")
	k.say(`{"t":"d","r":[`+offer("e", "spreads", "home", -5, 2.6, other)+`]}`, "+3000 e v spreads image [Home -3* suspended] [Away 3* 1.9] [Home -4 2.2] [Home -5 2.6]\n")
	k.say(`{"t":"d","r":[`+offer("e", "spreads", "home", -4, 1.95, main)+`]}`, "+4000 e v spreads image [Away 3 1.9] [Home -4* 1.95] [Home -5 2.6]\n")
}

// An image of everything ends what it has not; one of an event or a market ends what is of it.
func TestWhatAnImageCovers(t *testing.T) {
	two := `{"t":"img","r":[` + offer("e", "h2h", "home", 0, 2, "") + "," + offer("e", "btts", "yes", 0, 3, "") + "," + offer("f", "h2h", "home", 0, 4, "") + `]}`
	one := `{"t":"img","r":[` + offer("e", "h2h", "away", 0, 2.5, "") + `]}`
	for covers, want := range map[string]string{
		"market": "+2000 e v h2h image [Away 0 2.5]\n",
		"event":  "+2000 e v btts unknown\n+2000 e v h2h image [Away 0 2.5]\ne/v/btts is idle \n",
		"all":    "+2000 e v btts unknown\n+2000 f v h2h unknown\n+2000 e v h2h image [Away 0 2.5]\ne/v/btts is idle \nf/v/h2h is idle \n",
	} {
		k := newTalk(t, "", covers, Limits{})
		k.say(two, "+1000 e v h2h image [Home 0 2]\n+1000 e v btts image [Yes 0 3]\n+1000 f v h2h image [Home 0 4]\ne/v/h2h is live \ne/v/btts is live \nf/v/h2h is live \n")
		k.say(one, want)
	}
}

func TestStatesOfAConnection(t *testing.T) {
	k := newTalk(t, "", "market", Limits{})
	img := `{"t":"img","r":[` + offer("e", "h2h", "home", 0, 2, "") + `]}`
	change := `{"t":"d","r":[` + offer("e", "h2h", "home", 0, 3, "") + `]}`
	k.say(change, "? change of a market before its image\n")
	k.say(img, "+2000 e v h2h image [Home 0 2]\ne/v/h2h is live \n")
	k.note(frames.Stale, "+3000 e v h2h unknown\ne/v/h2h is stale w\n")
	k.note(frames.Stale, "")
	k.note(frames.Gap, "e/v/h2h is gap w\n")
	k.say(change, "? change of a market before its image\n")
	k.say(img, "+7000 e v h2h image [Home 0 2]\ne/v/h2h is live \n")
	k.say(`{"t":"lost"}`, "+8000 e v h2h unknown\ne/v/h2h is gap the source says that something was lost\n")
	if h := k.d.Heard(); h.Lost == "" || h.Kind != Resync {
		t.Errorf("%+v", h)
	}
	k.f.Conn = 2
	k.say(img, "+9000 e v h2h image [Home 0 2]\ne/v/h2h is live \n")
	k.f.Conn = 1
	k.say(change, "") // of a connection that is over
}

func TestRowsOfAllKinds(t *testing.T) {
	k := newTalk(t, "", "market", Limits{Wide: 3})
	k.say(`{"t":"img","r":[{"e":"e","h":"Ann","a":"Bea","b":"V","m":"h2h","s":"Bea","c":"2,5"},{"e":"e","b":"V","m":"h2h","s":"tie","c":3},{"e":"e","b":"V","m":"h2h","s":"home","c":null}]}`,
		"+1000 e v h2h image [Bea 2.5] [Draw 3] [Ann unpriced]\ne/v/h2h is live \n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","s":"Ann","c":0.5},{"e":"e","b":"v","m":"h2h","s":"Bea","c":2.6}]}`,
		"+2000 e v h2h [Bea 2.6]\n! price \"0.5\" is not decimal: decimal odds must be above 1 and at most 1e12: 0.5\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","s":"Cat","c":9},{"b":"v","m":"h2h","s":"Ann","c":2}]}`, "? selections of a market beyond 3\n! a row has no event_id\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","st":"suspended"}]}`, "+4000 e v h2h suspended\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","s":"Ann","c":2}]}`, "+5000 e v h2h suspended\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","st":"open"}]}`, "+6000 e v h2h image [Bea 2.6] [Draw 3] [Ann 2]\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","s":"Ann","st":"gone"},{"e":"e","b":"v","m":"h2h","l":"x"},{"e":"e","b":"v","m":"h2h","ts":5,"s":"Ann"}]}`, "? status=gone\n? line: not a handicap or total\n? ts_source: want RFC 3339 or an epoch in s, ms, µs or ns\n")
	k.say(`{"t":"x","r":[{"e":"e","m":"h2h","s":"Draw"},{"e":"q"}]}`, "+8000 e v h2h [Draw removed]\n? remove of what is not known\n")
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","s":"Ann","c":2,"live":true}]}`, "+9000 e v h2h image [Bea 2.6] [Ann 2]\n")
	k.say(`{"t":"x","r":[{"e":"e"}]}`, "+10000 e v h2h removed\ne/v/h2h is idle \n")
	k.say(`{"t":"what"}`, "? message t=what\n")
	k.say(`[1,2`, "! byte 4: the JSON text is cut off: want a comma or the end\n")
	if _, ok := k.d.Market("e/v/h2h"); ok {
		t.Error("a market that was removed is still there")
	}
}

// The stamp of a change counts, unless it lies ahead or before what was told of its market.
func TestTimes(t *testing.T) {
	k := newTalk(t, "", "market", Limits{})
	at := func(off int64, price float64) string {
		return fmt.Sprintf(`[{"e":"e","b":"v","m":"h2h","o":"home","c":%g,"ts":%d}]}`, price, 1_800_000_000_000+off)
	}
	k.say(`{"t":"img","r":`+at(-3_600_000, 2), "+1000 e v h2h image [Home 2]\ne/v/h2h is live \n")
	k.say(`{"t":"d","r":`+at(1800, 2.1), "+1800 e v h2h [Home 2.1]\n")
	k.say(`{"t":"d","r":`+at(1700, 2.2), "+1800 e v h2h [Home 2.2]\n")
	k.say(`{"t":"d","r":`+at(90_000, 2.3), "+4000 e v h2h [Home 2.3]\n")
}

// Numbers that are left out, come again, or begin anew.
func TestNumbers(t *testing.T) {
	k := newTalk(t, "sequence: {path: n}", "all", Limits{})
	img := func(n int) string {
		return fmt.Sprintf(`{"t":"img","n":%d,"r":[%s]}`, n, offer("e", "h2h", "home", 0, 2, ""))
	}
	change := func(n int, price float64) string {
		return fmt.Sprintf(`{"t":"d","n":%d,"r":[%s]}`, n, offer("e", "h2h", "home", 0, price, ""))
	}
	k.say(img(5), "+1000 e v h2h image [Home 0 2]\ne/v/h2h is live \n")
	k.say(change(6, 3), "+2000 e v h2h [Home 0 3]\n")
	k.say(change(6, 4), "")
	k.say(change(3, 4), "")
	k.say(`{"t":"hb","n":6}`, "")
	k.say(`{"t":"new","n":7}`, "? message t=new\n")
	k.say(change(8, 4), "+7000 e v h2h [Home 0 4]\n")
	k.say(`{"t":"hb","n":9}`, "")
	k.say(`{"t":"hb","n":11}`, "+9000 e v h2h unknown\ne/v/h2h is gap message 11 came after 9\n")
	k.say(change(12, 5), "? change of a market before its image\n")
	k.say(img(2), "+11000 e v h2h image [Home 0 2]\ne/v/h2h is live \n")
	k.say(change(3, 5), "+12000 e v h2h [Home 0 5]\n")
	for range mostAgain {
		k.say(change(1, 6), "")
	}
	k.say(change(1, 6), "+13000 e v h2h unknown\ne/v/h2h is gap message 1 came after 3\n? change of a market before its image\n")
}

// What is held stays within its limits, whatever is sent, and what is forgotten is told as unknown.
func TestMemoryIsBounded(t *testing.T) {
	k := newTalk(t, "", "market", Limits{Events: 20, Markets: 40, Selections: 60})
	told := map[string]bool{}
	for i := range 3000 {
		k.f.Recv += 10
		k.f.Data = []byte(`{"t":"img","r":[` + offer(fmt.Sprint("e", i), fmt.Sprint("m", i%3), "home", 0, 2, "") + "," + offer(fmt.Sprint("e", i), "h2h", "home", 0, 2, "") + `]}`)
		f := k.f
		out, err := k.d.Frame(&f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range out.Batches {
			for _, u := range b.Updates {
				told[u.Event.ID+u.Market] = u.Status == odds.Open
			}
		}
		if len(k.d.events) > 20 || len(k.d.byID) > 40 || k.d.entries > 60 || len(k.d.markets) != len(k.d.byID) {
			t.Fatalf("%d events, %d markets, %d selections", len(k.d.events), len(k.d.byID), k.d.entries)
		}
	}
	open := 0
	for _, yes := range told {
		if yes {
			open++
		}
	}
	if open != len(k.d.byID) {
		t.Errorf("%d markets are open to whoever listened, %d are held", open, len(k.d.byID))
	}
}

// FuzzFrame: whatever is sent, what is told is valid.
func FuzzFrame(f *testing.F) {
	ms := map[bool]*Map{true: example(f, "sse"), false: example(f, "websocket")}
	for _, name := range []string{"sse", "websocket"} {
		for _, x := range recorded(f, name) {
			f.Add(name == "sse", x.Channel, x.Data, x.Data)
		}
	}
	f.Fuzz(func(t *testing.T, which bool, channel string, a, b []byte) {
		d := NewDecoder(ms[which], Limits{Events: 10, Markets: 20, Selections: 50, Wide: 10})
		for i, data := range [][]byte{a, b, a} {
			told, _ := d.Frame(&frames.Frame{Recv: 1_800_000_000_000 + odds.Time(i), Conn: 1, Kind: frames.In, Channel: channel, Data: data})
			for _, x := range told.Batches {
				if x.At <= 0 || x.At > x.Recv || len(x.Updates) == 0 {
					t.Fatalf("%+v", x)
				}
				for _, u := range x.Updates {
					for _, q := range u.Quotes {
						if q.Status == odds.Open && !(q.Price > 1 && q.Price <= odds.Most) || q.Selection == "" {
							t.Fatalf("%+v", q)
						}
					}
				}
			}
		}
		if len(d.events) > 10 || len(d.byID) > 20 || d.entries > 50 {
			t.Fatalf("%d events, %d markets, %d selections", len(d.events), len(d.byID), d.entries)
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	for _, name := range []string{"sse", "websocket"} {
		b.Run(name, func(b *testing.B) {
			d := NewDecoder(example(b, name), Limits{})
			list := recorded(b, name)
			at := map[string]int{"sse": 10, "websocket": 4}[name] // one change, and two
			for _, f := range list[:at] {
				_, _ = d.Frame(f)
			}
			price := [2][]byte{list[at].Data, bytes.ReplaceAll(bytes.ReplaceAll(list[at].Data, []byte("1.8,"), []byte("1.9,")), []byte("-114"), []byte("-118"))}
			f := *list[at]
			d.p.sequence = nil
			b.SetBytes(int64(len(f.Data)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f.Data = price[i&1]
				if told, err := d.Frame(&f); err != nil || len(told.Batches) != 1 {
					b.Fatal(told, err)
				}
			}
		})
	}
}
