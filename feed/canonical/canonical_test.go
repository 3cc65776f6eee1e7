package canonical

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corrgraph/feed"
	"corrgraph/odds"
)

func parse(t testing.TB, r io.Reader, o Options) (batches []*odds.Batch, rep *feed.Report, err error) {
	t.Helper()
	rep = &feed.Report{}
	err = New(o).Parse(t.Context(), "x", r, func(b *odds.Batch) error {
		batches = append(batches, b)
		return nil
	}, rep)
	return batches, rep, err
}

const header = "ts_source,bookmaker,event_id,market,selection,price\n"

func TestCSVAndNDJSONSayTheSame(t *testing.T) {
	table := "\xef\xbb\xbfTS_Source,extra,sportsbook,event_id,sport,home,away,market,point,outcome,price,price_format,status,in_play\r\n" +
		`2026-08-06T06:00:43.5Z,"a ""b"", c",Pinnacle,e1,baseball,"Cubs, Chicago",Mets,h2h,,"Cubs, Chicago",+150,american,,` + "\r\n" +
		`1785996043500,,Pinnacle,e1,,,,h2h,,Mets,4/6,fractional,,` + "\r\n" +
		`1785996043.5,,Pinnacle,e1,,,,totals,8.5,over,55,cents,open,true` + "\r\n" +
		`1785996044,,Pinnacle,e1,,,,h2h,,Mets,,,suspended,` + "\r\n"
	objects := `{"ts_source":"2026-08-06T06:00:43.5Z","x":{"y":[1]},"book":"Pinnacle","event_id":"e1","sport":"baseball","home":"Cubs, Chicago","away":"Mets","market":"h2h","selection":"Cubs, Chicago","price":"150","price_format":"american"}` + "\n" +
		`{"ts_source":1785996043500,"book":"Pinnacle","event_id":"e1","market":"h2h","name":"Mets","price":"4/6","price_format":"fractional","line":null}` + "\n\n" +
		`{"ts_source":1785996043.5,"book":"Pinnacle","event_id":"e1","market":"totals","points":8.5,"name":"over","price":55,"price_format":"cents","in_play":true}` + "\n" +
		`{"ts_source":1785996044,"book":"Pinnacle","event_id":"e1","market":"h2h","name":"Mets","status":"suspended"}`
	a, repA, errA := parse(t, strings.NewReader(table), Options{})
	b, repB, errB := parse(t, strings.NewReader(objects), Options{})
	if errA != nil || errB != nil || repA.Quotes() != 4 || repB.Quotes() != 4 {
		t.Fatal(errA, errB, repA.Shown(), repB.Shown())
	}
	if d := cmp.Diff(a, b, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	ev := &odds.Event{ID: "e1", Sport: "baseball", Home: "Cubs, Chicago", Away: "Mets"}
	nan, four := math.NaN(), 4.0
	want := []*odds.Batch{
		{At: 1785996043500, Recv: 1785996043500, Updates: []odds.Update{
			{Event: ev, Venue: "Pinnacle", Market: "h2h", Quotes: []odds.Quote{
				{Selection: "Cubs, Chicago", Side: odds.Home, Line: nan, Main: true, Price: 2.5},
				{Selection: "Mets", Side: odds.Away, Line: nan, Main: true, Price: 1 + four/6},
			}},
			{Event: ev, Venue: "Pinnacle", Market: "totals", InPlay: true, Quotes: []odds.Quote{
				{Selection: "over", Side: odds.Over, Line: 8.5, Main: true, Price: 100.0 / 55},
			}},
		}},
		{At: 1785996044000, Recv: 1785996044000, Updates: []odds.Update{
			{Event: ev, Venue: "Pinnacle", Market: "h2h", Quotes: []odds.Quote{
				{Selection: "Mets", Side: odds.Away, Line: nan, Main: true, Status: odds.Suspended},
			}},
		}},
	}
	if d := cmp.Diff(want, a, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
}

func TestRejectsByReason(t *testing.T) {
	const good = "1785996044,b,e,h2h,x,2.5"
	for row, reason := range map[string]string{
		"2026-08-06T06:00:43,b,e,h2h,x,2.5": "naive_time", "soon,b,e,h2h,x,2.5": "bad_time",
		"1785996044,b,e,h2h,x,1": "bad_price", "1785996044,b,e,h2h,x,NaN": "bad_price", "1785996044,b,e,h2h,x,": "missing_value",
		"1785996044,,e,h2h,x,2.5": "missing_value", "1785996044,b,e,h2h,,2.5": "missing_value", ",b,e,h2h,x,2.5": "missing_value",
		"1785996044,b,e,h2h,x": "bad_csv", `1785996044,b,e,h2h,"x,2.5`: "bad_csv", `1785996044,b,e,h2h,"x"y,2.5`: "bad_csv",
	} {
		batches, rep, err := parse(t, strings.NewReader(header+good+"\n"+row+"\n"+good+"\n"), Options{})
		by, n := rep.Rejected()
		if err != nil || n != 1 || by[reason] != 1 || rep.Quotes() != 2 || len(batches) != 1 || rep.Shown()[0].Line != 3 {
			t.Errorf("%q: %v, %d quotes, %v, want %s", row, by, rep.Quotes(), err, reason)
		}
	}
	for members, reason := range map[string]string{
		`"status":"gone"`: "bad_status", `"line":"x"`: "bad_line", `"line":1e300`: "bad_line", `"line":-1e6`: "bad_line", `"price":1.7e308`: "bad_price", `"size":-1`: "bad_size", `"is_main":"perhaps"`: "bad_flag",
		`"seq":1.5`: "bad_number", `"resolution_ms":9223372036854775807`: "bad_number", `"price_format":"roman"`: "bad_format", `"start_time":"5"`: "bad_time", `"price":{}`: "missing_value", `"price":tru`: "bad_json",
	} {
		row := `{"ts_received":1785996044,"bookmaker":"b","event_id":"e","market":"h2h","selection":"x","price":2.5`
		text := row + "}\n" + strings.Replace(row+",", `"price":2.5,`, "", 1)
		if !strings.Contains(members, `"price":`) {
			text += `"price":2.5,`
		}
		_, rep, err := parse(t, strings.NewReader(text+members+"}\n"+row+"}"), Options{})
		by, n := rep.Rejected()
		if err != nil || n != 1 || by[reason] != 1 || rep.Quotes() != 2 {
			t.Errorf("%s: %v, %d quotes, %v, want %s", members, by, rep.Quotes(), err, reason)
		}
	}
}

func TestZone(t *testing.T) {
	batches, _, err := parse(t, strings.NewReader(header+"2026-08-06 15:00:43,b,e,h2h,x,2.5\n"), Options{Zone: time.FixedZone("KST", 9*3600)})
	if err != nil || len(batches) != 1 || batches[0].At.String() != "2026-08-06T06:00:43Z" {
		t.Error(batches, err)
	}
}

func TestMissingColumnsAreNamed(t *testing.T) {
	_, _, err := parse(t, strings.NewReader("time,bookmaker,event_id,market,odds\n"), Options{})
	if !errors.Is(err, feed.ErrFormat) || !strings.Contains(err.Error(), "x:1: ") ||
		!strings.Contains(err.Error(), "ts_source or ts_received, selection, price") {
		t.Error(err)
	}
}

func TestCutOff(t *testing.T) {
	const good = "1785996044,b,e,h2h,x,2.5\n"
	// Whoever could not take what came before says so, and not that it ends there.
	full := errors.New("full")
	refuse := func(*odds.Batch) error { return full }
	if err := New(Options{}).Parse(t.Context(), "x", strings.NewReader(header+good+"178599"), refuse, &feed.Report{}); !errors.Is(err, full) {
		t.Errorf("%v, want what refused the batch", err)
	}
	_, rep, err := parse(t, strings.NewReader(header+good+"178599"), Options{})
	if !errors.Is(err, feed.ErrTruncated) || rep.Quotes() != 1 {
		t.Error(rep.Quotes(), err)
	}
	_, rep, err = parse(t, strings.NewReader(`{"ts_source":1785996044,"bookmaker":"b","event_id":"e","market":"h2h","selection":"x","price":2.5}`+"\n"+`{"ts_sou`), Options{})
	if !errors.Is(err, feed.ErrTruncated) || rep.Quotes() != 1 {
		t.Error(rep.Quotes(), err)
	}
	// 2.55 cut to 2.5 looks complete, so nothing of a partly read line may be used.
	disk := errors.New("disk")
	_, rep, err = parse(t, io.MultiReader(strings.NewReader(header+good+"1785996044,b,e,h2h,y,2.5"), iotest.ErrReader(disk)), Options{})
	if !errors.Is(err, disk) || rep.Quotes() != 1 {
		t.Error(rep.Quotes(), err)
	}
}

func TestAlternateLines(t *testing.T) {
	batches, _, err := parse(t, strings.NewReader("ts_source,bookmaker,event_id,market,selection,line,price\n"+
		"1785996044,b,e,totals,over,8.5,1.9\n1785996044,b,e,totals,under,8.5,1.9\n1785996044,b,e,totals,over,9.5,2.9\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var main []bool
	for _, q := range batches[0].Updates[0].Quotes {
		main = append(main, q.Main)
	}
	if !slices.Equal(main, []bool{false, true, false}) {
		t.Error(main)
	}
}

// random returns batches that the writer can hold without loss.
func random(seed uint64, n int) (batches []*odds.Batch) {
	r := rand.New(rand.NewPCG(seed, 0))
	price := func() float64 { return 1 + r.Float64()*r.Float64()*50 + 1e-9 }
	events := []*odds.Event{{ID: "e/1", Sport: "baseball", League: "mlb", Start: 1785996044000, Home: `Cubs, "Chicago"`, Away: "Métro"}, {ID: "2", Title: "x,y"}}
	at := odds.Time(1785996000000)
	for range n {
		at += odds.Time(1 + r.IntN(5000))
		b := &odds.Batch{
			Source: []string{"", "a", "b,c"}[r.IntN(3)], At: at, Recv: at.Add(odds.Millis(r.IntN(2))), Polled: r.IntN(2) == 0,
			Resolution: odds.Millis(r.IntN(2) * 300000), Seq: int64(r.IntN(3)),
		}
		for _, ev := range events {
			for _, venue := range []string{"v1", "v2"}[:r.IntN(3)] {
				u := odds.Update{
					Event: ev, Venue: venue, Market: "m", InPlay: r.IntN(2) == 0, Image: r.IntN(2) == 0, Format: odds.PriceFormat(r.IntN(2)),
					Updated: odds.Time(r.IntN(2)) * at, Status: odds.Status(r.IntN(5)),
					Terms: odds.Terms{Winners: r.IntN(4), Complete: odds.Stated(r.IntN(3)), Lay: r.IntN(4) == 0, Settlement: []string{"", "overtime"}[r.IntN(2)]},
				}
				names := []string{"over", "under", "Zoë"}
				if ev.Home != "" {
					names = append(names, ev.Home, ev.Away)
				}
				for _, name := range names {
					q := odds.Quote{Subject: []string{"", "Al Stone"}[r.IntN(2)], Selection: name, Line: math.NaN(), Main: r.IntN(2) == 0, Status: odds.Status(max(0, r.IntN(10)-5)), Size: float64(r.IntN(2)) * 1.5}
					q.Side = map[string]odds.Side{"over": odds.Over, "under": odds.Under, ev.Home: odds.Home, ev.Away: odds.Away}[name]
					if r.IntN(2) == 0 {
						q.Line = float64(r.IntN(9)) / 2
					}
					if q.Status == odds.Open {
						q.Price = price()
					}
					u.Quotes = append(u.Quotes, q)
				}
				b.Updates = append(b.Updates, u)
			}
		}
		if len(b.Updates) > 0 {
			batches = append(batches, b)
		}
	}
	return batches
}

func TestRoundTripIsExact(t *testing.T) {
	for seed := range uint64(20) {
		want := random(seed, 50)
		var text bytes.Buffer
		w := NewWriter(&text)
		for _, b := range want {
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, rep, err := parse(t, &text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, n := rep.Rejected(); n > 0 {
			t.Fatal(rep.Shown())
		}
		if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

func TestWriterRefusesWhatItCantHold(t *testing.T) {
	for _, venue := range []string{"a\nb", " a", "a\r"} {
		w := NewWriter(io.Discard)
		err := w.Write(&odds.Batch{At: 1785996044000, Updates: []odds.Update{{Event: &odds.Event{ID: "e"}, Venue: venue, Status: odds.Closed}}})
		if !errors.Is(err, ErrText) || !errors.Is(w.Flush(), ErrText) {
			t.Errorf("%q: %v", venue, err)
		}
	}
}

// Any bytes give an error or valid ticks.
func FuzzParse(f *testing.F) {
	f.Add([]byte(header + "1785996044,b,e,h2h,x,2.5\n1785996045,b,e,h2h,\"x\"\"\",2.5\n"))
	f.Add([]byte(`{"ts_source":1785996044,"bookmaker":"b","event_id":"e","market":"h2h","selection":"x","price":"5/2","price_format":"fractional","line":1e308}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		batches, rep, _ := parse(t, bytes.NewReader(text), Options{})
		quotes := 0
		for _, b := range batches {
			quotes += b.Quotes()
			for _, u := range b.Updates {
				if u.Event == nil || u.Event.ID == "" || u.Venue == "" || u.Market == "" {
					t.Fatalf("%+v", u)
				}
				for _, q := range u.Quotes {
					open := odds.Odds(q.Price).Valid() || u.Format == odds.Raw && q.Price > 0 && !math.IsInf(q.Price, 0)
					if q.Selection == "" || open != (q.Status == odds.Open) || math.IsInf(q.Line, 0) {
						t.Fatalf("%+v", q)
					}
				}
			}
		}
		if quotes > rep.Quotes() {
			t.Fatalf("%d quotes, %d counted", quotes, rep.Quotes())
		}
	})
}

// A line that encoding/csv accepts splits into the same fields.
func FuzzSplit(f *testing.F) {
	for _, line := range []string{`a,b`, `"a,""b""",c`, `,`, `"",""`, `a"b`, `"a"b`, `"a`, `"a",`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n") || text == "" {
			return
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.Read()
		fields, ok := split(nil, []byte(text), ',')
		if err != nil {
			return // it also refuses quotes inside plain fields, which we read as they are
		}
		var got []string
		for _, f := range fields {
			got = append(got, string(f))
		}
		if !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %q %v, want %q", text, got, ok, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var text bytes.Buffer
	w := NewWriter(&text)
	for _, batch := range random(1, 5000) {
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, rep, err := parse(b, bytes.NewReader(text.Bytes()), Options{}); err != nil || rep.Quotes() == 0 {
			b.Fatal(err, fmt.Sprint(rep.Shown()))
		}
	}
}

// An array of ticks says the same as NDJSON, however it is laid out; its lines are its
// elements.
func TestArraysSayTheSame(t *testing.T) {
	const a, b = `{"ts_source":1785996044,"bookmaker":"v","event_id":"e","market":"h2h","selection":"x","price":2.5}`,
		`{"ts_source":1785996045,"bookmaker":"v","event_id":"e","market":"h2h","selection":"x","price":2,"in_play":"gone"}`
	want, _, err := parse(t, strings.NewReader(a+"\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, cause := range map[string]error{
		"[" + a + "," + b + "]":                                 nil,
		"\ufeff [\n" + a + ",\n\n  " + b + "\n]\n":              nil,
		"[" + a + "]\n[" + b + "]\n":                            nil,
		"[" + strings.ReplaceAll(a, ",", ",\n") + "," + b + "]": nil,
		"[" + a + "," + b + ",":                                 feed.ErrTruncated,
		"[" + a + "," + b + "} ]":                               feed.ErrFormat,
	} {
		got, rep, err := parse(t, strings.NewReader(text), Options{})
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" || !errors.Is(err, cause) || rep.Shown()[0].Line != 2 || rep.Shown()[0].Reason != "bad_flag" {
			t.Errorf("%s: %v, %v, %s", text, err, rep.Shown(), diff)
		}
	}
	_, rep, err := parse(t, strings.NewReader(`[5,"x",[],null,`+a+`]`), Options{})
	if by, _ := rep.Rejected(); err != nil || by["bad_json"] != 4 || rep.Quotes() != 1 {
		t.Errorf("%v, %v", by, err)
	}
}

// Tables are delimited by what their header is; semicolons come with decimal commas.
func TestDelimiters(t *testing.T) {
	const table = "ts_source,bookmaker,event_id,market,selection,price,line\n1785996044,v,e,h2h,x,1.95,2.5\n"
	want, _, err := parse(t, strings.NewReader(table), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		strings.ReplaceAll(table, ",", ";"), strings.ReplaceAll(table, ",", "\t"), strings.ReplaceAll(table, ",", "|"),
		strings.ReplaceAll(strings.ReplaceAll(table, ",", ";"), ".", ","),
		strings.ReplaceAll(table, "\n", "\r\n"),
		strings.Replace(strings.Replace(table, "1.95", `"1,95"`, 1), "2.5", `"2,5"`, 1),
		"ts_source;bookmaker;event_id;market;selection;price;line\n1785996044;v;e;h2h;x;1,950;2,500\n",
	} {
		got, rep, err := parse(t, strings.NewReader(text), Options{})
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" || err != nil {
			t.Errorf("%q: %v, %v, %s", text, err, rep.Shown(), diff)
		}
	}
}

// Text in another encoding costs its row, whichever column it is in.
func TestTextThatIsNotUTF8(t *testing.T) {
	text := "ts_source,bookmaker,event_id,market,selection,price,home\n"
	for _, row := range []string{"v,e,h2h,x,2,Atl\xe9tico", "v\xff,e,h2h,x,2,A", "v,\xe9,h2h,x,2,A", "v,e,h2h,\xe9,2,A", "v,e,h2h,x,2,A", "v,e,h2h,x,2,Atl\xe9tico"} {
		text += "1785996044," + row + "\n"
	}
	_, rep, err := parse(t, strings.NewReader(text), Options{})
	if by, _ := rep.Rejected(); err != nil || by["bad_text"] != 5 || rep.Quotes() != 1 {
		t.Errorf("%v, %v, %d quotes", by, err, rep.Quotes())
	}
}
