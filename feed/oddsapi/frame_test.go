package oddsapi

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/odds"
)

const (
	getMLB = "GET /v4/sports/baseball_mlb/odds?regions=eu&markets=h2h&oddsFormat=decimal"
	idMLB  = "baseball_mlb?regions=eu&markets=h2h"
	noon   = odds.Time(1785996000000) // 2026-08-06T06:00:00Z
)

func in(at odds.Time, channel, text string) *frames.Frame {
	return &frames.Frame{Recv: at, Conn: 1, Kind: frames.In, Channel: channel, Data: []byte(text)}
}

// mlb is an answer with one event and the given bookmakers.
func mlb(books ...string) string {
	return "[" + eventOf("e1", "baseball_mlb", strings.Join(books, ",")) + "]"
}

func TestRequest(t *testing.T) {
	for channel, want := range map[string]string{
		getMLB: idMLB,
		"GET /sports/a_b/odds?bookmakers=x,y&markets=h2h,totals&eventIds=1": "a_b?bookmakers=x,y&markets=h2h,totals",
		"GET /v4/sports/a_b/odds":                  "a_b",
		"GET /v4/sports/a_b/events?dateFormat=iso": "",
		"429 " + getMLB:                            "",
		"GET /v4/sports":                           "",
		"GET /odds":                                "",
		"":                                         "",
		"GET /v4/sports/" + strings.Repeat("x", 5000) + "/odds?a=b": "",
	} {
		if id, ok := Request(channel); ok != (want != "") || ok && id != want {
			t.Errorf("%.60s: %q %v", channel, id, ok)
		}
	}
}

// An answer is a poll at its receipt, and makes its request live.
func TestAnswerIsAPoll(t *testing.T) {
	d := NewDecoder()
	told, err := d.Frame(&frames.Frame{Recv: noon, Conn: 1, Kind: frames.Out, Channel: getMLB})
	if err != nil || !reflect.DeepEqual(told.Changes, []frames.Change{{Market: idMLB, State: frames.Subscribed}}) {
		t.Errorf("%+v, %v", told, err)
	}
	told, err = d.Frame(in(noon+45_000, getMLB, mlb(bookOf("v", "h2h"))))
	if err != nil || len(told.Batches) != 1 || !slices.Equal(told.Heard, []string{idMLB}) || told.Changes[0].State != frames.Live {
		t.Fatalf("%+v, %v", told, err)
	}
	b := told.Batches[0]
	if b.At != noon+45_000 || b.Recv != b.At || !b.Polled || b.Source != "baseball_mlb" || b.Quotes() != 2 || b.Updates[0].Updated != noon {
		t.Errorf("%+v", b)
	}
	if told, _ = d.Frame(&frames.Frame{Recv: noon, Conn: 1, Kind: frames.Out, Channel: getMLB}); told.Changes != nil {
		t.Errorf("asked again: %+v", told)
	}
	m, ok := d.Market(idMLB)
	if !ok || m.Venue != "eu" || m.Name != "h2h" || m.Event.Sport != "baseball" || m.Event.League != "mlb" {
		t.Errorf("%+v %v", m, ok)
	}
	if _, ok := d.Market("else"); ok {
		t.Error("a market that was not named")
	}
}

// Frames without prices say nothing, and what is unknown in them is counted.
func TestFramesWithoutPrices(t *testing.T) {
	for _, c := range []struct {
		f    *frames.Frame
		want string // of Unknown, or of the error
	}{
		{in(noon, "GET /v4/sports", `[{"key":"a_b"}]`), ""},
		{in(noon, "GET /v4/sports/a_b/events?x=y", `[{"id":"e"}]`), ""},
		{in(noon, "429 "+getMLB, `{"message":"slow down","error_code":"EXCEEDED_FREQ_LIMIT"}`), ""},
		{in(noon, "418 "+getMLB, `{"error_code":"TEAPOT"}`), "error_code TEAPOT"},
		{in(noon, "503 "+getMLB, `<html>`), ""},
		{in(noon, "GET /v4/scores", `[]`), "channel GET /v4/scores"},
		{in(noon, getMLB, `{"message":"x"}`), "no answer of /odds, which is an array of events"},
		{in(noon, getMLB, `[{"id":`), "cut off"},
		{in(noon, getMLB, `[}`), "bad JSON"},
		{in(noon, getMLB, `[] []`), "more than one JSON value"},
		{in(noon, getMLB, `[]`), ""},
		{in(noon, getMLB, strings.Repeat(" ", mostFrame+1)), "ask for fewer"},
		{&frames.Frame{Kind: frames.Note, Data: []byte(`{"state":"gap"}`)}, ""},
	} {
		told, err := NewDecoder().Frame(c.f)
		got := strings.Join(told.Unknown, ";")
		if err != nil {
			got = err.Error()
		}
		if len(told.Batches) > 0 || !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s %.40s: %+v, %v; want %q", c.f.Channel, c.f.Data, told, err, c.want)
		}
	}
}

func TestUnknownMembersAreCounted(t *testing.T) {
	text := strings.NewReplacer(`"id":"e1"`, `"id":"e1","mood":[1]`, `"key":"v"`, `"key":"v","link":"x","colour":1`, `"name":"Spain"`, `"name":"Spain","bet_limit":5,"luck":{}`).Replace(mlb(bookOf("v", "h2h")))
	told, err := NewDecoder().Frame(in(noon, getMLB, text))
	if want := []string{"event.mood", "book.colour", "outcome.luck"}; err != nil || !slices.Equal(told.Unknown, want) || told.Batches[0].Quotes() != 2 {
		t.Errorf("%q, %v", told.Unknown, err)
	}
}

// What can't be read is an error, and the rest counts.
func TestRestOfAnAnswerCounts(t *testing.T) {
	bad := strings.Replace(bookOf("w", "h2h"), "1.5", "0.3", 1)
	told, err := NewDecoder().Frame(in(noon, getMLB, mlb(bad, bookOf("v", "h2h"))))
	if err == nil || !strings.Contains(err.Error(), "1 refused, the first bad_price") || len(told.Batches) != 1 || told.Batches[0].Quotes() != 3 {
		t.Errorf("%+v, %v", told, err)
	}
}

// The first empty answer ends what there was; those after it say nothing new.
func TestEmptyAnswers(t *testing.T) {
	d := NewDecoder()
	for i, c := range []struct {
		text    string
		batches int
	}{{"[]", 0}, {mlb(bookOf("v", "h2h")), 1}, {"[]", 1}, {"[]", 0}, {mlb(), 1}} {
		told, err := d.Frame(in(noon+odds.Time(i)*60_000, getMLB, c.text))
		if err != nil || len(told.Batches) != c.batches || told.Changes[0].State != frames.Live {
			t.Errorf("%d: %+v, %v", i, told, err)
		}
		for _, b := range told.Batches {
			if b.Source != "baseball_mlb" || !b.Polled || b.At != b.Recv {
				t.Errorf("%d: %+v", i, b)
			}
		}
	}
}

// A last_update that goes back is an older copy twice; then the venue insists on it.
func TestLastUpdateGoesBack(t *testing.T) {
	d := NewDecoder()
	for i, c := range []struct {
		stamp  string
		quotes int
	}{{"06:00:00", 2}, {"06:01:00", 2}, {"06:00:30", 0}, {"06:01:30", 2}, {"06:00:00", 0}, {"06:00:00", 0}, {"06:00:00", 2}, {"06:00:00", 2}, {"07:30:00", 2}, {"06:10:00", 2}} {
		other := strings.ReplaceAll(bookOf("w", "h2h"), "06:00:00", "06:05:00")
		told, err := d.Frame(in(noon+odds.Time(i)*60_000, getMLB, mlb(strings.ReplaceAll(bookOf("v", "h2h"), "06:00:00", c.stamp), other)))
		if err != nil || told.Batches[0].Quotes() != 2+c.quotes || (len(told.Unknown) == 0) != (c.quotes == 2) {
			t.Errorf("%d: %d quotes, %v, %v", i, told.Batches[0].Quotes(), told.Unknown, err)
		}
	}
}

// An answer from long ago says nothing, and its request is stale until the next.
func TestOldCopy(t *testing.T) {
	d := NewDecoder()
	told, err := d.Frame(in(noon.Add(oldCopy+1000), getMLB, mlb(bookOf("v", "h2h"))))
	if err != nil || len(told.Batches) > 0 || told.Changes[0].State != frames.Stale || !strings.Contains(told.Changes[0].Why, "06:00:00Z") {
		t.Errorf("%+v, %v", told, err)
	}
	told, _ = d.Frame(in(noon.Add(oldCopy), getMLB, mlb(bookOf("v", "h2h"))))
	if len(told.Batches) != 1 || told.Changes[0].State != frames.Live {
		t.Errorf("%+v", told)
	}
}

// Whatever is sent, what is kept is bounded.
func TestDecoderIsBounded(t *testing.T) {
	d := NewDecoder()
	for i := range mostMarkets + 50 {
		d.Frame(in(noon, fmt.Sprintf("GET /v4/sports/a_%d/odds?regions=eu", i), "[]"))
	}
	if len(d.markets) != mostMarkets || len(d.ids) != mostMarkets {
		t.Errorf("%d markets, %d ids", len(d.markets), len(d.ids))
	}
	var text strings.Builder
	for i := range mostEvents + 10 {
		fmt.Fprintf(&text, "%s,", eventOf(fmt.Sprint("e", i), fmt.Sprint("a_", i), bookOf("v", "h2h")))
	}
	answer := "[" + strings.TrimSuffix(text.String(), ",") + "]"
	d.Frame(in(noon, getMLB, answer))
	d.Frame(in(noon, getMLB, mlb(bookOf("v", "h2h"))))
	if len(d.p.known) > 1 || len(d.p.sports) > 1 {
		t.Errorf("%d events, %d sports", len(d.p.known), len(d.p.sports))
	}
	d.Frame(in(noon, getMLB, "["+eventOf(strings.Repeat("long", 100), "a_b", bookOf("v", "h2h"))+"]"))
	d.Frame(in(noon, getMLB, mlb(bookOf("v", "h2h"))))
	for id := range d.p.known {
		if len(id) > feed.MaxName {
			t.Error("a long name is kept")
		}
	}
}

// recorded returns the bodies of a recording as frames at their times.
func recorded(t testing.TB, file string) (out []*frames.Frame) {
	text, err := io.ReadAll(open(t, recordings(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		i, j := bytes.Index(line, []byte(`"timestamp":"`)), bytes.Index(line, []byte(`"data":`))
		at, err := feed.ParseTime(line[i+13:i+33], nil)
		if err != nil {
			t.Fatal(err)
		}
		body := bytes.TrimSuffix(bytes.TrimSpace(line[j+7:]), []byte("}"))
		out = append(out, in(at, getMLB, string(body)))
	}
	return out
}

// Real answers decode to what the parser makes of their recording.
func TestFramesAgreeWithTheParser(t *testing.T) {
	const file = "wnba_2026-08-07.ndjson.bz2"
	all := recorded(t, file)
	want, _, err := parse(t, open(t, recordings(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder()
	var got []*odds.Batch
	for _, f := range all {
		told, err := d.Frame(f)
		if err != nil || len(told.Unknown) > 0 {
			t.Fatalf("%v, %v", err, told.Unknown)
		}
		got = append(got, told.Batches...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d batches, want %d", len(got), len(want))
	}
	for i := range got {
		if a, b := fmt.Sprintf("%v", shape(got[i])), fmt.Sprintf("%v", shape(want[i])); a != b {
			t.Fatalf("batch %d:\n%.300s\n%.300s", i, a, b)
		}
	}
}

func shape(b *odds.Batch) (out []any) {
	out = append(out, b.Source, b.At, b.Recv, b.Polled)
	for _, u := range b.Updates {
		out = append(out, *u.Event, u.Venue, u.Market, u.Updated, u.InPlay, u.Quotes)
	}
	return out
}

func FuzzFrame(f *testing.F) {
	for _, text := range []string{
		mlb(bookOf("v", "h2h"), bookOf("w", "totals")), "[]", `{"message":"x","error_code":"INVALID_KEY"}`, pollOf(american), `[{"id":"e","bookmakers":[{"markets":[{"outcomes":[{}]}]}]}]`,
		`[{"id":"a","sport_key":"s","commence_time":1785996000,"bookmakers":[{"key":"k","last_update":"x","markets":[{"key":"m","outcomes":[{"name":"Over","price":"1.9","point":null}]}]}]}]`,
	} {
		f.Add([]byte(text), getMLB, byte(0))
		f.Add([]byte(text[:len(text)/2]), "429 "+getMLB, byte(1))
	}
	f.Add([]byte(`{"state":"gap"}`), "", byte(2))
	f.Fuzz(func(t *testing.T, data []byte, channel string, kind byte) {
		d := NewDecoder()
		for i := range 3 {
			k := []frames.Kind{frames.In, frames.Out, frames.Note}[kind%3]
			told, _ := d.Frame(&frames.Frame{Recv: noon + odds.Time(i)*1000, Conn: 1, Kind: k, Channel: channel, Data: data})
			for _, b := range told.Batches {
				if b.At != noon+odds.Time(i)*1000 || !b.Polled {
					t.Fatalf("%+v", b)
				}
				for _, u := range b.Updates {
					for _, q := range u.Quotes {
						if u.Event == nil || q.Status == odds.Open && !(q.Price > 1 && q.Price <= 1e12) {
							t.Fatalf("%+v", u)
						}
					}
				}
			}
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	all := recorded(b, "mlb_2026-08-07.ndjson.bz2")
	size, quotes := 0, 0
	for _, f := range all {
		size += len(f.Data)
	}
	b.SetBytes(int64(size / len(all)))
	b.ReportAllocs()
	d := NewDecoder()
	i := 0
	for b.Loop() {
		f := *all[i%len(all)]
		f.Recv += odds.Time(i/len(all)) * 86_400_000
		f.Recv = min(f.Recv, all[i%len(all)].Recv)
		told, err := d.Frame(&f)
		if err != nil {
			b.Fatal(err)
		}
		for _, x := range told.Batches {
			quotes += x.Quotes()
		}
		i++
	}
	b.ReportMetric(float64(quotes)/float64(i), "quotes/op")
}

// An answer about a single event is about that event alone; another one is none.
func TestAnswerAboutOneEvent(t *testing.T) {
	d := NewDecoder()
	const channel = "GET /v4/sports/baseball_mlb/events/e1/odds?regions=us&markets=pitcher_strikeouts&oddsFormat=decimal"
	const id = "baseball_mlb/e1?regions=us&markets=pitcher_strikeouts"
	at := odds.Time(1_780_000_000_000)
	frame := func(kind frames.Kind, body string) (frames.Told, error) {
		return d.Frame(&frames.Frame{Recv: at, Conn: 1, Kind: kind, Channel: channel, Data: []byte(body)})
	}
	event := func(id, books string) string {
		return `{"id":"` + id + `","sport_key":"baseball_mlb","home_team":"A","away_team":"B","bookmakers":[` + books + `]}`
	}
	const book = `{"key":"x","markets":[{"key":"pitcher_strikeouts","outcomes":[{"name":"Over","description":"P","price":1.9,"point":5.5},{"name":"Under","description":"P","price":1.9,"point":5.5}]}]}`
	if told, _ := frame(frames.Out, ""); len(told.Changes) != 1 || told.Changes[0].Market != id {
		t.Errorf("%+v", told)
	}
	told, err := frame(frames.In, event("e1", book))
	if err != nil || len(told.Batches) != 1 || len(told.Batches[0].Updates) != 1 || told.Batches[0].Updates[0].Quotes[0].Subject != "P" || told.Batches[0].Source != "baseball_mlb" {
		t.Errorf("%+v, %v", told, err)
	}
	if m, ok := d.Market(id); !ok || m.Event.ID != "e1" || m.Event.Home != "A" || m.Venue != "us" {
		t.Errorf("%+v", m)
	}
	if told, err = frame(frames.In, event("e1", "")); err != nil || len(told.Batches) != 0 || len(told.Changes) != 1 || told.Changes[0].State != frames.Live {
		t.Errorf("without prices: %+v, %v", told, err)
	}
	for _, body := range []string{event("e2", book), "[" + event("e1", book) + "," + event("e2", book) + "]", "[]"} {
		if told, err = frame(frames.In, body); err == nil || len(told.Batches)+len(told.Changes) != 0 {
			t.Errorf("%s: %+v, %v", body, told, err)
		}
	}
	for _, path := range []string{"/v4/sports/x/events//odds", "/v4/sports/x/events/a/b/odds", "/v4/events/a/odds"} {
		if id, ok := Request("GET " + path); ok {
			t.Errorf("%s: %s", path, id)
		}
	}
}
