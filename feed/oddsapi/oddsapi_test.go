package oddsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"corrgraph/feed"
	"corrgraph/odds"
)

// parse returns all batches of a text.
func parse(t testing.TB, r io.Reader) (batches []*odds.Batch, rep *feed.Report, err error) {
	t.Helper()
	rep = &feed.Report{}
	err = New().Parse(t.Context(), "x.json", r, func(b *odds.Batch) error {
		batches = append(batches, b)
		return nil
	}, rep)
	return batches, rep, err
}

// pollOf returns an event with one market of the given outcomes.
func pollOf(outcomes string) string {
	return `{"timestamp":"2026-08-06T06:00:43Z","data":[{"id":"e1","sport_key":"soccer_fifa_world_cup","commence_time":"2026-08-06T06:00:43Z","home_team":"Spain","away_team":"Japan","new_member":{"a":[1]},` +
		`"bookmakers":[{"key":"pinnacle","last_update":"2026-08-06T06:00:00Z","markets":[{"key":"h2h","last_update":"2026-08-06T06:00:30Z","outcomes":[` + outcomes + `]}]}]}]}`
}

const american = `{"name":"Spain","price":-200},{"name":"Japan","price":650},{"name":"Draw","price":100}`

func TestWrapper(t *testing.T) {
	batches, rep, err := parse(t, strings.NewReader(pollOf(american)+"\n"))
	if err != nil || len(batches) != 1 || rep.Quotes() != 3 {
		t.Fatalf("%d batches, %d quotes, %v", len(batches), rep.Quotes(), err)
	}
	b := batches[0]
	if b.Source != "soccer_fifa_world_cup" || b.At.String() != "2026-08-06T06:00:43Z" || b.Recv != b.At || !b.Polled || b.Resolution != 0 {
		t.Errorf("%+v", b)
	}
	u := b.Updates[0]
	if u.Event.Sport != "soccer" || u.Event.League != "fifa_world_cup" || u.Venue != "pinnacle" || u.Market != "h2h" ||
		!u.InPlay || u.Updated.String() != "2026-08-06T06:00:30Z" || u.Status != odds.Open {
		t.Errorf("%+v of %+v", u, u.Event)
	}
	want := []odds.Quote{
		{Selection: "Spain", Side: odds.Home, Main: true, Price: 1.5},
		{Selection: "Japan", Side: odds.Away, Main: true, Price: 7.5},
		{Selection: "Draw", Side: odds.Draw, Main: true, Price: 2},
	}
	for i, q := range u.Quotes {
		if !math.IsNaN(q.Line) {
			t.Errorf("line %g", q.Line)
		}
		if q.Line = 0; q != want[i] {
			t.Errorf("%+v, want %+v", q, want[i])
		}
	}
}

func TestPriceFormatIsToldPollByPoll(t *testing.T) {
	for name, c := range map[string]struct {
		prices  string
		want    []float64
		rejects int
	}{
		"american":                   {"-110 150", []float64{1 + 100.0/110, 2.5}, 0},
		"american, one impossible":   {"-110 150 5", []float64{1 + 100.0/110, 2.5}, 1},
		"american, all long":         {"150 900", []float64{2.5, 10}, 0},
		"decimal":                    {"1.5 2.6", []float64{1.5, 2.6}, 0},
		"decimal, whole numbers":     {"2 3", []float64{2, 3}, 0},
		"decimal, a long price":      {"1.01 150", []float64{1.01, 150}, 0},
		"decimal, one impossible":    {"1.5 2.6 -5 1 0", []float64{1.5, 2.6}, 3},
		"decimal, one american":      {"1.5 2.6 -150", []float64{1.5, 2.6}, 1},
		"no number, null, too large": {`1.5 "x" null 1e999 2`, []float64{1.5, 2}, 3},
		"in quotes":                  {`"1.5" "2.5" 2`, []float64{1.5, 2.5, 2}, 0},
	} {
		var outcomes []string
		for i, price := range strings.Fields(c.prices) {
			outcomes = append(outcomes, fmt.Sprintf(`{"name":"n%d","price":%s}`, i, price))
		}
		batches, rep, err := parse(t, strings.NewReader(pollOf(strings.Join(outcomes, ","))))
		if err != nil || len(batches) != 1 {
			t.Fatal(name, len(batches), err)
		}
		var got []float64
		for _, q := range batches[0].Updates[0].Quotes {
			if q.Status == odds.Open {
				got = append(got, q.Price)
			} else if q.Status != odds.Unpriced || q.Price != 0 {
				t.Errorf("%s: %+v", name, q)
			}
		}
		if n := len(batches[0].Updates[0].Quotes); n != len(outcomes) {
			t.Errorf("%s: %d outcomes listed of %d", name, n, len(outcomes))
		}
		by, n := rep.Rejected()
		if !reflect.DeepEqual(got, c.want) || n != c.rejects || by["bad_price"] != n {
			t.Errorf("%s: %v, rejects %v; want %v and %d", name, got, by, c.want, c.rejects)
		}
	}
}

func TestSidesLinesAndAlternates(t *testing.T) {
	batches, _, err := parse(t, strings.NewReader(pollOf(
		`{"name":"Over","price":1.9,"point":2.5},{"name":"Under","price":1.9,"point":2.5},{"name":"Over","price":2.9,"point":3.5},{"name":"Over","description":"M. Oyarzabal","price":2.2,"point":0.5}`)))
	if err != nil {
		t.Fatal(err)
	}
	want := []odds.Quote{
		{Selection: "Over", Side: odds.Over, Line: 2.5, Price: 1.9},
		{Selection: "Under", Side: odds.Under, Line: 2.5, Main: true, Price: 1.9},
		{Selection: "Over", Side: odds.Over, Line: 3.5, Price: 2.9},
		{Subject: "M. Oyarzabal", Selection: "Over", Side: odds.Over, Line: 0.5, Main: true, Price: 2.2},
	}
	if got := batches[0].Updates[0].Quotes; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// A wrapped response, the response alone, pretty-printed, and the single event give the
// same batches, apart from the poll's stamp.
func TestShapesAgree(t *testing.T) {
	wrapped := pollOf(american)
	var w struct{ Data []json.RawMessage }
	if err := json.Unmarshal([]byte(wrapped), &w); err != nil {
		t.Fatal(err)
	}
	event := string(w.Data[0])
	pretty, _ := json.MarshalIndent(w.Data, "", "  ")
	ref, _, _ := parse(t, strings.NewReader(wrapped))
	for name, text := range map[string]string{
		"array": "[" + event + "]", "pretty": string(pretty), "event": event,
		"historical event": `{"data":` + event + `}`, "CRLF": "\r\n[" + event + "]\r\n",
	} {
		got, rep, err := parse(t, strings.NewReader(text))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d batches, %v, %v", name, len(got), err, rep.Shown())
			continue
		}
		if got[0].At.String() != "2026-08-06T06:00:30Z" {
			t.Errorf("%s: at %v, want the newest last_update", name, got[0].At)
		}
		got[0].Updates[0].InPlay = true
		if a, b := fmt.Sprintf("%+v", ref[0].Updates[0].Quotes), fmt.Sprintf("%+v", got[0].Updates[0].Quotes); a != b {
			t.Errorf("%s: %s, want %s", name, b, a)
		}
	}
}

func TestBadLinesAreCounted(t *testing.T) {
	good := pollOf(american)
	text := good + "\nnonsense\n" + good[:len(good)/2] + "\n" + good + "{}\n" + `{"message":"quota"}` + "\n" +
		strings.Replace(good, "06:00:43Z", "06:00:43", 1) + "\n" + good + "\n"
	batches, rep, err := parse(t, strings.NewReader(text))
	by, _ := rep.Rejected()
	if err != nil || len(batches) != 2 || !reflect.DeepEqual(by, map[string]int{"bad_json": 3, "no_data": 1, "bad_time": 1}) {
		t.Errorf("%d batches, %v, %v", len(batches), by, err)
	}
	var lines []int
	for _, r := range rep.Shown() {
		lines = append(lines, r.Line)
	}
	if !reflect.DeepEqual(lines, []int{2, 3, 4, 5, 6}) {
		t.Errorf("lines %v of %v", lines, rep.Shown())
	}
}

func TestRejectsNameTheirLineInADocument(t *testing.T) {
	_, rep, err := parse(t, strings.NewReader("[\n"+`{"id":"e","sport_key":"a_b","bookmakers":[{"key":"k","last_update":"2026-08-06T06:00:43Z","markets":[{"key":"h2h","outcomes":[`+
		"\n{\"name\":\"x\",\"price\":2.5},\n{\"name\":\"y\",\"price\":0}\n]}]}]}]\n"))
	if shown := rep.Shown(); err != nil || len(shown) != 1 || shown[0].Line != 4 {
		t.Errorf("%v, %v", shown, err)
	}
}

func TestCutOffGivesWhatItHeld(t *testing.T) {
	good := pollOf(american)
	second := strings.Replace(good, `]}]}]}]}`, `]}]}]},{"id":"e2","home`, 1)
	batches, _, err := parse(t, strings.NewReader(good+"\n"+second))
	var at *feed.FileError
	if !errors.Is(err, feed.ErrTruncated) || !errors.As(err, &at) || at.Line != 2 || len(batches) != 2 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
	broken := errors.New("disk")
	batches, _, err = parse(t, io.MultiReader(strings.NewReader(good+"\n"+good[:40]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(batches) != 1 {
		t.Errorf("%d batches, %v", len(batches), err)
	}
}

func TestEmptyPollKeepsTheClock(t *testing.T) {
	empty := `{"timestamp":"2026-08-06T07:00:43Z","data":[]}`
	batches, rep, err := parse(t, strings.NewReader(empty+"\n"+pollOf(american)+"\n"+empty+"\n"))
	_, n := rep.Rejected()
	if err != nil || n != 0 || len(batches) != 2 || len(batches[1].Updates) != 0 || batches[1].Source != "soccer_fifa_world_cup" || !batches[1].Polled {
		t.Errorf("%d batches, %v, %v", len(batches), rep.Shown(), err)
	}
}

func TestOneEventAnId(t *testing.T) {
	good := pollOf(american)
	later := strings.Replace(good, `commence_time":"2026-08-06T06:00`, `commence_time":"2026-08-06T09:00`, 1)
	batches, _, err := parse(t, strings.NewReader(good+"\n"+good+"\n"+later))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := batches[0].Updates[0].Event, batches[1].Updates[0].Event, batches[2].Updates[0].Event
	if a != b || b == c || c.Start == a.Start {
		t.Errorf("%p %p %p", a, b, c)
	}
}

func TestTooLongLineIsOneError(t *testing.T) {
	long := io.MultiReader(strings.NewReader(pollOf(american)+"\n"), endless{})
	batches, _, err := parse(t, long)
	if !errors.Is(err, feed.ErrTooLong) || len(batches) != 1 || !strings.Contains(err.Error(), "x.json:2") {
		t.Errorf("%d batches, %v", len(batches), err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestRawRecordings(t *testing.T) {
	files, _ := filepath.Glob(recordings(t, "raw/*.json.gz"))
	if len(files) != 4 {
		t.Fatal(files)
	}
	for _, file := range files {
		batches, rep, err := parse(t, open(t, file))
		if _, n := rep.Rejected(); err != nil || n > 0 || len(batches) != 1 || rep.Quotes() == 0 || batches[0].At == 0 {
			t.Errorf("%s: %d batches, %d quotes, %v, %v", file, len(batches), rep.Quotes(), rep.Shown(), err)
		}
	}
}

// Any bytes give an error or valid batches, and the decoder agrees with encoding/json.
func FuzzParse(f *testing.F) {
	f.Add([]byte(pollOf(american) + "\n" + pollOf(`{"name":"x","price":1.5}`)))
	f.Add([]byte(`[{"id":"a","sport_key":"b_c","bookmakers":[{"key":"k","last_update":1786003243,"markets":[{"key":"totals","outcomes":[{"name":"Over","price":2,"point":1e400}]}]}]}]`))
	f.Add([]byte("[\n]"))
	f.Add([]byte(`{"data":{"id":"a","bookmakers":[]},"data":[],"bookmakers":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		batches, rep, _ := parse(t, strings.NewReader(string(text)))
		quotes := 0
		for _, b := range batches {
			quotes += b.Quotes()
			for _, u := range b.Updates {
				if u.Event == nil || u.Event.ID == "" || u.Venue == "" || u.Market == "" || len(u.Quotes) == 0 {
					t.Fatalf("%+v", u)
				}
				for _, q := range u.Quotes {
					if q.Status != odds.Unpriced && !odds.Odds(q.Price).Valid() || q.Selection == "" || math.IsInf(q.Line, 0) {
						t.Fatalf("%+v", q)
					}
				}
			}
			if b.At == 0 {
				t.Fatalf("%+v", b)
			}
		}
		if quotes != rep.Quotes() {
			t.Fatalf("%d quotes, %d counted", quotes, rep.Quotes())
		}
		compareDecoders(t, text)
	})
}

// compareDecoders reads one value with encoding/json too and compares the part that any
// reader must agree on: the outcomes of each market, in order.
func compareDecoders(t *testing.T, text []byte) {
	var d decoder
	_, err := d.decode(text, 0)
	whole := err == nil && d.scan.End()
	var any_ any
	if jsonErr := json.Unmarshal(text, &any_); (jsonErr == nil) != whole {
		var beyond *json.UnmarshalTypeError
		if !errors.As(jsonErr, &beyond) {
			t.Fatalf("decode: %v, whole %v; encoding/json: %v", err, whole, jsonErr)
		}
		return
	}
	list, ok := any_.([]any)
	if !whole || !ok {
		return
	}
	var want, got []string
	for _, e := range list {
		event, ok := e.(map[string]any)
		if !ok {
			want = append(want, "event ")
			continue
		}
		want = append(want, fmt.Sprint("event ", str(event["id"])))
		each(event["bookmakers"], func(b map[string]any) {
			want = append(want, "book "+str(b["key"]))
			each(b["markets"], func(m map[string]any) {
				want = append(want, "market "+str(m["key"]))
				each(m["outcomes"], func(o map[string]any) {
					price, _ := o["price"].(float64)
					want = append(want, fmt.Sprint("outcome ", str(o["name"]), price))
				})
			})
		})
	}
	p := &d.poll
	for _, e := range p.events {
		got = append(got, fmt.Sprint("event ", e.id))
		for _, b := range p.books[e.books.from:e.books.to] {
			got = append(got, "book "+b.key)
			for _, m := range p.markets[b.markets.from:b.markets.to] {
				got = append(got, "market "+m.key)
				for _, o := range p.outcomes[m.outcomes.from:m.outcomes.to] {
					got = append(got, fmt.Sprint("outcome ", o.name, o.price))
				}
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q:\n%q\nwant\n%q", text, got, want)
	}
}

func str(v any) string { s, _ := v.(string); return s }

func each(v any, do func(map[string]any)) {
	list, _ := v.([]any)
	for _, e := range list {
		o, _ := e.(map[string]any)
		do(o)
	}
}

func TestImpossibleLinesAreRejected(t *testing.T) {
	for _, bad := range []string{`1e300`, `"one"`, `{}`} {
		batches, rep, err := parse(t, strings.NewReader(pollOf(`{"name":"a","price":1.9,"point":"1.5"},{"name":"b","price":1.9,"point":`+bad+`}`)))
		if err != nil || len(batches) != 1 || len(batches[0].Updates[0].Quotes) != 2 {
			t.Fatal(len(batches), err)
		}
		if q := batches[0].Updates[0].Quotes; q[0].Line != 1.5 || q[1].Status != odds.Unpriced {
			t.Errorf("%s: %+v", bad, q)
		}
		if by, n := rep.Rejected(); n != 1 || by["bad_line"] != 1 {
			t.Errorf("%s: rejects %v", bad, by)
		}
	}
	batches, _, err := parse(t, strings.NewReader(strings.ReplaceAll(pollOf(`{"name":"Over","price":1.9,"point":1.5},{"name":"Under","price":1.9,"point":"?"}`), `"key":"h2h"`, `"key":"totals"`)))
	if err != nil || len(batches[0].Updates[0].Quotes) != 1 {
		t.Errorf("a total on an unknown line: %+v, %v", batches[0].Updates[0].Quotes, err)
	}
	batches, _, err = parse(t, strings.NewReader(pollOf(`{"name":"a","price":1.9},{"name":null,"price":9},{"name":"b","price":1.9}`)))
	if q := batches[0].Updates[0].Quotes; err != nil || len(q) != 3 || q[1].Selection != nameless || q[1].Status != odds.Unpriced {
		t.Errorf("an outcome without a name: %+v, %v", q, err)
	}
}
