package betfair

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"corrgraph/feed"
	"corrgraph/odds"
)

const two = `"eventId":"9","eventTypeId":"2","marketType":"MATCH_ODDS","marketTime":"2024-01-20T06:20:00.000Z","eventName":"Norrie v Ruud","numberOfWinners":1,` +
	`"runners":[{"id":1,"sortPriority":1,"name":"Cameron Norrie","status":"ACTIVE"},{"id":2,"sortPriority":2,"name":"Casper Ruud","status":"ACTIVE"}]`

func def(status, rest string) string {
	return `{"op":"mcm","pt":1000000000001,"mc":[{"id":"1.1","marketDefinition":{"status":"` + status + `",` + two + `}` + rest + `}]}`
}

func delta(rc string) string {
	return `{"op":"mcm","pt":1000000000500,"mc":[{"id":"1.1","rc":[` + rc + `]}]}`
}

func lines(ls ...string) []byte { return []byte(strings.Join(ls, "\n") + "\n") }

// last returns the last update of the last batch.
func last(t *testing.T, bs []*odds.Batch) odds.Update {
	t.Helper()
	valid(t, bs)
	us := bs[len(bs)-1].Updates
	return us[len(us)-1]
}

func TestPriceRule(t *testing.T) {
	for _, c := range []struct {
		name, rc string
		want     float64
	}{
		{"mid in probability", `{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]],"ltp":3}`, 2 / (1/1.9 + 1/2.1)},
		{"levels before full depth", `{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]],"batb":[[0,1.5,1]],"batl":[[0,1.6,1]]}`, 2 / (1/1.5 + 1/1.6)},
		{"display before levels", `{"id":1,"batb":[[0,1.5,1]],"batl":[[0,1.6,1]],"bdatb":[[0,3,1]],"bdatl":[[0,3.1,1]]}`, 2 / (1/3.0 + 1/3.1)},
		{"best level is not the first sent", `{"id":1,"batb":[[1,1.4,1],[0,1.5,1]],"batl":[[0,1.6,1]]}`, 2 / (1/1.5 + 1/1.6)},
		{"too wide, last trade inside", `{"id":1,"atb":[[1.2,5]],"atl":[[8,5]],"ltp":3}`, 3},
		{"too wide, last trade below the book", `{"id":1,"atb":[[4,5]],"atl":[[80,5]],"ltp":3}`, 4},
		{"one side", `{"id":1,"atl":[[2.5,5]],"ltp":3}`, 2.5},
		{"crossed", `{"id":1,"atb":[[2.2,5]],"atl":[[2.0,5]],"ltp":2.6}`, 2.6},
		{"ltp as a word", `{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]],"ltp":"NaN","spn":"Infinity"}`, 2 / (1/1.9 + 1/2.1)},
		{"nothing", `{"id":1,"atb":[[1.9,5]]}`, 0},
		{"ltp of zero", `{"id":1,"ltp":0}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bs, rep := parse(t, lines(def("OPEN", `,"rc":[`+c.rc+`]`)))
			if _, n := rep.Rejected(); n != 0 {
				t.Fatal(rep.Shown())
			}
			u := last(t, bs)
			if len(u.Quotes) != 2 || u.Quotes[1].Status != odds.Unpriced || u.Complete != odds.StatedYes {
				t.Fatalf("%+v, want both runners, the second without a price", u)
			}
			if c.want == 0 {
				if u.Quotes[0].Status != odds.Unpriced || u.Quotes[0].Price != 0 {
					t.Fatalf("%+v, want no price", u.Quotes)
				}
				return
			}
			if math.Abs(u.Quotes[0].Price-c.want) > 1e-12 || u.Quotes[0].Side != odds.Home || u.Quotes[0].Selection != "Cameron Norrie" {
				t.Fatalf("%+v, want %v", u.Quotes, c.want)
			}
		})
	}
}

func TestSizeZeroRemoves(t *testing.T) {
	bs, _ := parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"atb":[[1.9,5],[1.8,5]],"atl":[[2.1,5]]}]`),
		delta(`{"id":1,"atb":[[1.9,0]]}`)))
	if q := last(t, bs).Quotes; len(q) != 1 || math.Abs(q[0].Price-2/(1/1.8+1/2.1)) > 1e-12 {
		t.Errorf("%+v", q)
	}
	bs, _ = parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]]}]`),
		delta(`{"id":1,"atb":[[1.9,0]]}`)))
	if q := last(t, bs).Quotes; len(q) != 1 || q[0].Status != odds.Suspended {
		t.Errorf("a runner without a price: %+v", q)
	}
}

func TestImageReplaces(t *testing.T) {
	bs, _ := parse(t, lines(
		def("OPEN", `,"img":true,"rc":[{"id":1,"ltp":2},{"id":2,"ltp":2.2}]`),
		`{"op":"mcm","pt":1000000000500,"mc":[{"id":"1.1","img":true,"rc":[{"id":2,"ltp":2.4}]}]}`))
	u := last(t, bs)
	if !u.Image || len(u.Quotes) != 2 || u.Quotes[0].Status != odds.Suspended || u.Quotes[1].Price != 2.4 {
		t.Errorf("%+v", u)
	}
}

func TestSuspensionForgetsTrades(t *testing.T) {
	bs, _ := parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"ltp":2},{"id":2,"ltp":2.2}]`),
		def("SUSPENDED", ""),
		delta(`{"id":1,"ltp":1.5}`),
		def("OPEN", `,"rc":[{"id":2,"ltp":5}]`)))
	if len(bs) != 3 || bs[1].Updates[0].Status != odds.Suspended || len(bs[1].Updates[0].Quotes) != 0 {
		t.Fatalf("%d batches", len(bs))
	}
	u := last(t, bs)
	if u.Status != odds.Open || len(u.Quotes) != 2 || u.Quotes[0].Status != odds.Suspended || u.Quotes[1].Price != 5 {
		t.Errorf("%+v", u)
	}
}

func TestRemovedRunnerBreaks(t *testing.T) {
	removed := strings.Replace(def("OPEN", ""), `"Casper Ruud","status":"ACTIVE"`, `"Casper Ruud","status":"REMOVED"`, 1)
	bs, _ := parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]]},{"id":2,"ltp":2.2}]`),
		removed,
		delta(`{"id":1,"atb":[[1.9,0],[1.2,5]],"atl":[[2.1,0],[1.25,5]]}`)))
	if len(bs) != 3 {
		t.Fatalf("%d batches", len(bs))
	}
	u := bs[1].Updates[0]
	if u.Status != odds.Suspended || len(u.Quotes) != 1 || u.Quotes[0].Status != odds.Removed || u.Quotes[0].Selection != "Casper Ruud" {
		t.Errorf("at the removal: %+v", u)
	}
	if u = last(t, bs); u.Status != odds.Open || u.Quotes[0].Status != odds.Open {
		t.Errorf("after it: %+v", u)
	}
}

func TestUpstreamLateIsUnknown(t *testing.T) {
	bs, _ := parse(t, lines(
		def("OPEN", `,"rc":[{"id":1,"ltp":2}]`),
		`{"op":"mcm","pt":1000000000400,"ct":"HEARTBEAT","status":503}`,
		`{"op":"mcm","pt":1000000000410,"ct":"HEARTBEAT","status":503}`,
		`{"op":"mcm","pt":1000000000500,"ct":"HEARTBEAT","status":null}`))
	if len(bs) != 3 || bs[1].Updates[0].Status != odds.Unknown {
		t.Fatalf("%d batches", len(bs))
	}
	if u := last(t, bs); u.Status != odds.Open || u.Prices() != 1 || u.Quotes[0].Price != 2 {
		t.Errorf("%+v", u)
	}
}

func TestHandicapsAreLines(t *testing.T) {
	bs, _ := parse(t, lines(`{"op":"mcm","pt":1000000000001,"mc":[{"id":"1.1","img":true,"marketDefinition":{"status":"OPEN","eventId":"9","eventTypeId":"1",`+
		`"marketType":"ASIAN_HANDICAP","numberOfWinners":0,"keyLineDefinition":{"kl":[{"id":7,"hc":-0.5},{"id":8,"hc":0.5}]},"runners":[`+
		`{"id":7,"hc":-0.5,"sortPriority":1},{"id":8,"hc":0.5,"sortPriority":2},{"id":7,"sortPriority":3},{"id":8,"sortPriority":4}]},`+
		`"rc":[{"id":7,"hc":-0.5,"ltp":2},{"id":8,"hc":0.5,"ltp":1.9},{"id":7,"ltp":1.5}]}]}`))
	u := last(t, bs)
	want := []odds.Quote{
		{Selection: "7", Side: odds.Home, Line: -0.5, Main: true, Price: 2},
		{Selection: "8", Side: odds.Away, Line: 0.5, Main: true, Price: 1.9},
		{Selection: "7", Side: odds.Home, Line: 0, Price: 1.5},
		{Selection: "8", Side: odds.Away, Line: 0, Status: odds.Unpriced},
	}
	if u.Market != "spreads" || !reflect.DeepEqual(u.Quotes, want) {
		t.Errorf("%s %+v", u.Market, u.Quotes)
	}
}

// Runners of every ladder of handicaps have a line, at 0 too, whatever the market's type.
func TestEveryLadderOfHandicapsHasLines(t *testing.T) {
	for _, betting := range []string{"ASIAN_HANDICAP_DOUBLE_LINE", "ASIAN_HANDICAP_SINGLE_LINE"} {
		bs, _ := parse(t, lines(`{"op":"mcm","pt":1000000000001,"mc":[{"id":"1.1","img":true,"marketDefinition":{"status":"OPEN","eventId":"9","eventTypeId":"1",`+
			`"marketType":"ALT_TOTAL_GOALS","bettingType":"`+betting+`","runners":[{"id":7,"hc":2.5,"sortPriority":1},{"id":7,"sortPriority":2}]},`+
			`"rc":[{"id":7,"hc":2.5,"ltp":2},{"id":7,"ltp":1.5}]}]}`))
		want := []odds.Quote{{Selection: "7", Line: 2.5, Price: 2}, {Selection: "7", Line: 0, Price: 1.5}}
		if u := last(t, bs); !reflect.DeepEqual(u.Quotes, want) {
			t.Errorf("%s: %+v", betting, u.Quotes)
		}
	}
}

// Points are no odds: a line market is passed over, all of it, and the others are read.
func TestLineMarketsArePassedOver(t *testing.T) {
	for betting, quotes := range map[string]int{"LINE": 1, "RANGE": 1, "ODDS": 3} {
		bs, rep := parse(t, lines(
			strings.Replace(def("OPEN", `,"rc":[{"id":1,"ltp":219.5}]`), `"status":"OPEN"`, `"status":"OPEN","bettingType":"`+betting+`"`, 1),
			delta(`{"id":1,"ltp":220.5}`),
			strings.ReplaceAll(def("OPEN", `,"rc":[{"id":1,"ltp":1.5}]`), "1.1", "1.2")))
		n := 0
		for _, b := range bs {
			n += b.Quotes()
		}
		if skipped := rep.Skipped()["change of a line market"]; n != quotes || skipped != 3-quotes {
			t.Errorf("%s: %d quotes, %d passed over", betting, n, skipped)
		}
	}
}

// Messages about orders, races and cricket are passed over and counted.
func TestMessagesWithoutPricesArePassedOver(t *testing.T) {
	bs, rep := parse(t, lines(
		`{"op":"connection","connectionId":"x"}`, `{"op":"ocm","pt":1000000000001}`, `{"op":"rcm","pt":1000000000001,"rc":[{"mid":"1.1","rpc":{"prg":1.5}}]}`,
		`{"op":"rcm"}`, `{"op":"ccm","pt":"x","cc":[]}`, def("OPEN", `,"rc":[{"id":1,"ltp":2}]`)))
	by, _ := rep.Rejected()
	if want := map[string]int{"ocm message": 1, "rcm message": 2}; len(bs) != 1 || rep.Skipped()["rcm message"] != want["rcm message"] || rep.Skipped()["ocm message"] != 1 {
		t.Errorf("%d batches, %v, rejected %v", len(bs), rep.Skipped(), by)
	}
}

// Several Betfair markets are lines of totals: a suspended one must not suspend the others.
func TestTotalsShareAMarket(t *testing.T) {
	total := func(id, kind, status, rc string) string {
		return `{"op":"mcm","pt":1000000000001,"mc":[{"id":"` + id + `","marketDefinition":{"status":"` + status + `","eventId":"9","eventTypeId":"1",` +
			`"marketType":"` + kind + `","runners":[{"id":5,"name":"Under Goals","sortPriority":1},{"id":6,"name":"Over Goals","sortPriority":2}]},"rc":[` + rc + `]}]}`
	}
	bs, _ := parse(t, lines(
		total("1.1", "OVER_UNDER_25", "OPEN", `{"id":6,"ltp":2}`),
		total("1.2", "OVER_UNDER_105", "OPEN", `{"id":5,"ltp":1.1}`),
		total("1.1", "OVER_UNDER_25", "SUSPENDED", ``)))
	u := last(t, bs)
	if u.Market != "totals" || u.Status != odds.Open || u.Image || len(u.Quotes) != 1 ||
		!reflect.DeepEqual(u.Quotes[0], odds.Quote{Selection: "Over", Side: odds.Over, Line: 2.5, Status: odds.Suspended}) {
		t.Errorf("%+v", u)
	}
	if q := bs[1].Updates[0].Quotes[0]; q.Line != 10.5 || q.Side != odds.Under {
		t.Errorf("%+v", q)
	}
}

func TestRejects(t *testing.T) {
	bs, rep := parse(t, lines(
		`{"op":"mcm","pt":1000000000001,"mc":[{"id":"1.7","rc":[{"id":1,"ltp":2}]}]}`,
		`{"op":"mcm",`,
		`{"op":"what"}`,
		`{"op":"connection","connectionId":"x"}`,
		`{"op":"mcm","mc":[]}`,
		`{"op":"mcm","pt":1000000000001,"mc":[{"id":"1.1","marketDefinition":{"status":"OPEN"}}]}`,
		def("OPEN", `,"rc":[{"ltp":2},{"id":1,"hc":1e300,"ltp":2}]`)))
	by, _ := rep.Rejected()
	want := map[string]int{"no_definition": 1, "bad_json": 1, "unknown_op": 1, "no_time": 1, "no_event": 1, "bad_runner": 2}
	if !reflect.DeepEqual(by, want) || len(bs) != 1 {
		t.Errorf("%v, want %v; %d batches", by, want, len(bs))
	}
	if s := rep.Shown()[1]; s.Line != 2 || s.Reason != "bad_json" {
		t.Errorf("%+v", s)
	}
}

func TestCutOffLastLine(t *testing.T) {
	in := append(lines(def("OPEN", `,"rc":[{"id":1,"ltp":2}]`)), `{"op":"mcm","pt":10000`...)
	bs, _, err := parseErr(in)
	var at *feed.FileError
	if !errors.Is(err, feed.ErrTruncated) || !errors.As(err, &at) || at.Line != 2 || len(bs) != 1 {
		t.Errorf("%v after %d batches", err, len(bs))
	}
}

// FuzzParse: any bytes give an error, rejects or valid batches.
func FuzzParse(f *testing.F) {
	f.Add(lines(def("OPEN", `,"img":true,"rc":[{"id":1,"atb":[[1.9,5]],"atl":[[2.1,5]],"ltp":"NaN"},{"id":2,"hc":-1.5,"batb":[[0,3,1]]}]`), def("SUSPENDED", ""), delta(`{"id":1,"ltp":1.5}`)))
	f.Add([]byte(`{"op":"mcm","pt":1,"status":503,"mc":[{"id":"a","marketDefinition":{"eventId":"1","marketType":"OVER_UNDER_25","status":"OPEN"}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		bs, _, _ := parseErr(in)
		valid(t, bs)
	})
}

// exact keeps of a decoded value the members a type names, by exact spelling: encoding/json
// accepts "PT" for "pt", Betfair's protocol does not.
func exact(v any, t reflect.Type) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for i := range t.NumField() {
			if m, ok := v[t.Field(i).Tag.Get("json")]; ok {
				kept[t.Field(i).Tag.Get("json")] = exact(m, t.Field(i).Type)
			}
		}
		return kept
	case []any:
		for i := range v {
			v[i] = exact(v[i], t.Elem())
		}
	}
	return v
}

// reference decodes a line with encoding/json; ok is false if that rejects it.
func reference(in []byte) (m message, ok bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	if json.Unmarshal(in, &m) != nil || d.Decode(&v) != nil {
		return m, false
	}
	text, err := json.Marshal(exact(v, reflect.TypeFor[message]()))
	m = message{}
	return m, err == nil && json.Unmarshal(text, &m) == nil
}

// FuzzDecode: whatever encoding/json accepts must decode to the same values.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(def("OPEN", `,"rc":[{"id":1,"hc":-1.5,"atb":[[1.9,5],[2]],"bdatl":[[0,2.1,5,9]],"ltp":1e1}]`)))
	f.Add([]byte(`{"PT":1,"status":null,"conflateMs":0,"op":"\u00e9\ud83d\ude00","mc":null,"x":{"y":[1,"]"]}}`))
	f.Add([]byte(`{"op":"a","op":"b","mc":[{"rc":[],"rc":[{"ltp":1,"ltp":null,"atb":[]}],"img":true,"con":false,"img":null}],"pt":1,"pt":2}`))
	f.Add([]byte(`{"mc":[{"marketDefinition":{"keyLineDefinition":{"kl":[{"id":5,"hc":-0.5}]},"inPlay":true,"numberOfWinners":3}},null]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		want, ok := reference(in)
		if !ok {
			return
		}
		var got message
		if err := decode(in, &got); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %+v, want %+v", in, got, want)
		}
	})
}

// Members of the wrong type fail the line, with their offset.
func TestWrongTypes(t *testing.T) {
	for text, want := range map[string]string{
		`{"op":1}`:                        "byte 6: want a string",
		`{"pt":1.5}`:                      "byte 6: want an integer",
		`{"pt":"1"}`:                      "byte 6: want an integer",
		`{"mc":{}}`:                       "byte 6: want an array",
		`{"mc":[[]]}`:                     "byte 7: want an object",
		`{"mc":[{"img":1,"id":2}]}`:       "byte 14: want true or false",
		`{"mc":[{"rc":[{"ltp":"x"}]}]}`:   "byte 21: want a number",
		`{"mc":[{"rc":[{"ltp":1e999}]}]}`: "byte 21: want a number",
		`[]`:                              "byte 0: want an object",
		`{} {}`:                           "byte 3: more than one JSON value in the line",
		`{"op":1,`:                        "byte 8: the JSON text is cut off: want a member name",
	} {
		var m message
		if err := decode([]byte(text), &m); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
