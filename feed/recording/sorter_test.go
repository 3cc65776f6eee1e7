package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/feed"
	"corrgraph/odds"
)

// sorted passes batches through a sorter that may hold most quotes, and returns
// what came out and how many were late.
func sorted(t interface{ Fatal(...any) }, o Options, most int, in []*odds.Batch) (out []*odds.Batch, late int) {
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	f := &file{name: "x"}
	s := sorter{o: o, file: f, max: most, newest: odds.Ever, sent: odds.Ever}
	send := func(b *odds.Batch) error {
		out = append(out, b)
		return nil
	}
	for _, b := range in {
		f.rep.Read(1, b.Quotes())
		if err := s.add(b, 1, send); err != nil {
			t.Fatal(err)
		}
		if s.waiting > most {
			t.Fatal(fmt.Sprint(s.waiting, " quotes wait, at most ", most))
		}
	}
	if err := s.flush(send); err != nil || s.waiting != 0 {
		t.Fatal(fmt.Sprint(s.waiting, " wait after the end, ", err))
	}
	_, late = f.rep.Rejected()
	return out, late
}

// Whatever the order of a file, what comes out is in order, its equals in the
// order of the file, and every batch either came out or was counted as late.
func TestSorterKeepsOrderAndCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *odds.Batch {
			return &odds.Batch{
				At: odds.Time(rapid.Int64Range(0, 20).Draw(t, "at")), Source: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "source"),
				Seq: rapid.Int64Range(0, 2).Draw(t, "seq"), Polled: rapid.Bool().Draw(t, "polled"),
				Updates: []odds.Update{{Quotes: make([]odds.Quote, rapid.IntRange(1, 3).Draw(t, "quotes"))}},
			}
		}), 0, 30).Draw(t, "batches")
		o := Options{
			OutOfOrder:      odds.Millis(rapid.Int64Range(-1, 9).Draw(t, "bound")),
			PollsOutOfOrder: odds.Millis(rapid.Int64Range(-1, 30).Draw(t, "bound of polls")),
		}
		most := rapid.IntRange(4, 40).Draw(t, "most")
		out, late := sorted(t, o, most, in)
		place := map[*odds.Batch]int{}
		quotes := 0
		for i, b := range in {
			place[b] = i
			quotes += b.Quotes()
		}
		for i, b := range out {
			quotes -= b.Quotes()
			if i == 0 {
				continue
			}
			// A batch of the last time sent still comes, though its source would sort before.
			was := out[i-1]
			if b.At < was.At || compare(was, b) == 0 && place[b] < place[was] {
				t.Fatalf("batch %d of the file after batch %d", place[b], place[was])
			}
			delete(place, was)
		}
		if quotes != late {
			t.Fatalf("%d quotes are missing, %d late", quotes, late)
		}
	})
}

// With room and time enough nothing is late, and a file comes out as if sorted.
func TestSorterSorts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []*odds.Batch
		for i, at := range rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 5000), rapid.Int64Range(0, 3)), 0, 40).Draw(t, "times") {
			in = append(in, &odds.Batch{At: odds.Time(at), Seq: int64(i % 3)})
		}
		out, late := sorted(t, Options{}, math.MaxInt, in)
		want := slices.Clone(in)
		slices.SortStableFunc(want, compare)
		if late != 0 || !slices.Equal(out, want) {
			t.Fatalf("%d late, %d of %d came out", late, len(out), len(in))
		}
	})
}

// A batch as old as the bound takes its place; a millisecond more is late, and
// every quote of it counts, or the batch where it has none.
func TestHowLateABatchMayBe(t *testing.T) {
	at := func(ms odds.Time, polled bool, quotes int) *odds.Batch {
		return &odds.Batch{At: ms, Polled: polled, Updates: []odds.Update{{Quotes: make([]odds.Quote, quotes)}}}
	}
	const now, dayAgo = odds.Time(100_000_000), odds.Time(100_000_000 - 24*3_600_000)
	for _, c := range []struct {
		name  string
		o     Options
		first *odds.Batch
		then  *odds.Batch
		late  int
	}{
		{"a stream, 5 s", Options{}, at(now, false, 1), at(now-5000, false, 2), 0},
		{"a stream, more", Options{}, at(now, false, 1), at(now-5001, false, 2), 2},
		{"a poll, a day", Options{}, at(now, true, 1), at(dayAgo, true, 2), 0},
		{"a poll, more", Options{}, at(now, true, 1), at(dayAgo-1, true, 2), 2},
		{"an empty poll, more", Options{}, at(now, true, 1), at(dayAgo-1, true, 0), 1},
		{"none allowed", Options{OutOfOrder: -1}, at(now, false, 1), at(now-1, false, 2), 2},
		{"none allowed, equal times", Options{OutOfOrder: -7}, at(now, false, 1), at(now, false, 2), 0},
		{"the caller's", Options{OutOfOrder: 10}, at(now, false, 1), at(now-11, false, 2), 2},
	} {
		out, late := sorted(t, c.o, 1000, []*odds.Batch{c.first, c.then})
		if late != c.late || (len(out) == 2) != (c.late == 0) {
			t.Errorf("%s: %d late, %d came out", c.name, late, len(out))
		}
	}
	f := &file{name: "x.csv"}
	s := sorter{file: f, newest: 1785996044000}
	s.late(at(1785996000000, false, 1), 7)
	want := "x.csv:7: late: 2026-08-06T06:00:00Z after 2026-08-06T06:00:44Z is too late to be sorted in: sort the file by time, or check the times before it"
	if got := f.rep.Shown()[0].String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A full window lets the oldest go, whatever its time; one older than that is late.
func TestAFullWindowLetsTheOldestGo(t *testing.T) {
	batch := func(at odds.Time) *odds.Batch {
		return &odds.Batch{At: at, Polled: true, Updates: []odds.Update{{Quotes: make([]odds.Quote, 4)}}}
	}
	in := []*odds.Batch{batch(10), batch(30), batch(20), batch(40), batch(15), batch(9)} // each weighs 5
	out, late := sorted(t, Options{}, 15, in)
	var got []odds.Time
	for _, b := range out {
		got = append(got, b.At)
	}
	// 10 leaves as the fourth comes, 15 takes its place and leaves at once.
	if want := []odds.Time{10, 15, 20, 30, 40}; !slices.Equal(got, want) || late != 4 {
		t.Errorf("%v, %d quotes late; want %v, 4", got, late, want)
	}
}

// What a user reads of a file that no parser knows.
func TestUnknownContentSaysWhat(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it is empty",
		"\ufeff \r\n":                   "it is empty",
		"\xff\xfe\x00\x00a\x00\x00\x00": "it is UTF-32, or UTF-16 that is cut off; convert it to UTF-8",
		"\xff\xfe":                      "it is UTF-32, or UTF-16 that is cut off; convert it to UTF-8",
		"a\x00b\x00":                    "it is UTF-16 without a byte order mark; convert it to UTF-8",
		"\x00a\x00b":                    "it is UTF-16 without a byte order mark; convert it to UTF-8",
		"a,b\nAtl\xe9tico,c\n":          "it is not UTF-8 (byte 0xE9 in line 2); convert it, for example with iconv -f WINDOWS-1252 -t UTF-8",
		"\xfd7zXZ\x00\x00":              "it is xz: unpack it (xz -d), or pack it with gzip, bzip2 or zstd",
		"PK\x03\x04":                    "it is a zip archive or an Excel workbook: unpack it, or save its table as CSV",
		"a,b\rc,d\re,f":                 `its lines end in CR alone; convert it, for example with tr '\r' '\n'`,
		"<!DOCTYPE html>":               "it is a web page or XML, perhaps an error in place of an answer",
		"abc\x00b":                      "it is binary, and neither gzip, bzip2, zstd nor tar",
		`{"a":1,"b":{"op":2}}`:          "JSON of an unknown kind, members a, b",
		`{"a":1`:                        "JSON of an unknown kind, members a",
		`{`:                             "bad JSON: byte 1: the JSON text is cut off: want a member name",
		`[1,2]`:                         "JSON of an unknown kind, members ",
		"time,odds\n1,2\n":              "columns missing: ts_source or ts_received, bookmaker, event_id, market, selection, price (found time, odds), and no map fits",
		"ts_source,bookmaker,event_id,market,selection\n": "columns missing: price (found ts_source, bookmaker, event_id, market, selection), and no map fits",
		`{"` + strings.Repeat("x", 500) + `":1}`:          "JSON of an unknown kind, members " + strings.Repeat("x", 400) + "…",
		`{"` + strings.Repeat("두", 200) + `":1}`:          "JSON of an unknown kind, members " + strings.Repeat("두", 133) + "?…",
	} {
		path := write(t, "x", []byte(text))
		s := open(t, Options{}, path)
		batches := drain(t, s)
		if errs := s.Errors(); len(batches) != 0 || len(errs) != 1 || !errors.Is(errs[0], feed.ErrFormat) || errs[0].Error() != path+": not readable as odds: "+want {
			t.Errorf("%.40q: %d batches, %v; want %s", text, len(batches), errs, want)
		}
	}
}

// The members of the first object tell the format of JSON.
func TestJSONIsToldByItsMembers(t *testing.T) {
	const row = `"event_id":"e","market":"h2h","selection":"x","price":2,"ts_source":1785996044,"bookmaker":"b"`
	for text, want := range map[string]string{
		`[]`:                       "oddsapi",
		`[{"bookmakers":[]}]`:      "oddsapi",
		`{"timestamp":1,"data":0`:  "oddsapi",
		`{"op":"mcm"}`:             "betfair",
		`{"x":[{"data":1}],"clk":`: "betfair",
		`{` + row + `}`:            "canonical",
		`{"extra":{},` + row:       "canonical",
		`{"EVENT_ID":"e","Market":"h2h","book":"x","name":"y"}`: "canonical",
	} {
		s := open(t, Options{}, write(t, "x", ticks("v", 1)))
		got, err := s.ofJSON("x", []byte(text))
		if err != nil || fmt.Sprintf("%T", got) != fmt.Sprintf("%T", s.named(want)) {
			t.Errorf("%s: %T, %v; want that of %s", text, got, err, want)
		}
		s.Close()
	}
}

// A format that is asked for is used, whatever the content looks like.
func TestTheFormatAskedForIsUsed(t *testing.T) {
	text := ticks("v", 1, 2)
	for _, format := range Formats() {
		s := open(t, Options{Format: format}, write(t, "x", text))
		batches := drain(t, s)
		_, rejects := s.Report().Rejected()
		want := format == "auto" || format == "canonical"
		if (len(batches) == 2) != want || !want && rejects == 0 && len(s.Errors()) == 0 {
			t.Errorf("%s: %d batches, %d rejects, %v", format, len(batches), rejects, s.Errors())
		}
	}
	_, err := Open(t.Context(), []string{"x"}, Options{Format: "xml"})
	if want := `recordings can't be opened: no format "xml"; there are [auto oddsapi betfair canonical columns]`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The end is an end, however often it is asked for.
func TestTheEndStays(t *testing.T) {
	s := open(t, Options{}, write(t, "x", ticks("v", 1)), write(t, "y", nil))
	drain(t, s)
	for range 3 {
		if b, err := s.Next(); b != nil || err != io.EOF {
			t.Errorf("%v, %v", b, err)
		}
	}
	if n := len(s.Errors()); n != 1 || len(s.Report().Skipped()) != 0 {
		t.Errorf("%d errors, %v skipped", n, s.Report().Skipped())
	}
}

// What will come through standard input nobody knows.
func TestProgressOfStandardInputHasNoTotal(t *testing.T) {
	text := ticks("v", 1, 2, 3)
	s := open(t, Options{Stdin: bytes.NewReader(text)}, "-")
	if n := len(drain(t, s)); n != 3 {
		t.Fatal(n)
	}
	if read, total := s.Progress(); read != int64(len(text)) || total != 0 {
		t.Errorf("read %d of %d, want %d of an unknown total", read, total, len(text))
	}
}
