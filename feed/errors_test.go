package feed

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"corrgraph/odds"
)

func TestFileErrorNamesFileLineAndCause(t *testing.T) {
	for want, e := range map[string]*FileError{
		"a.csv:7: cut off":           {File: "a.csv", Line: 7, Err: ErrTruncated},
		"a.csv: file does not exist": {File: "a.csv", Err: fs.ErrNotExist},
		"a.csv:1: not readable as odds: longer than 64 MiB in one line or document": {File: "a.csv", Line: 1, Err: ErrTooLong},
	} {
		if e.Error() != want || !errors.Is(e, e.Err) {
			t.Errorf("%q, want %q", e, want)
		}
	}
	if !errors.Is(ErrTooLong, ErrFormat) || errors.Is(ErrTruncated, ErrFormat) {
		t.Error("a line that is too long is a matter of format, one that is cut is not")
	}
}

// Each unit takes over where the one before ends: 1e11 s would be the year 5138,
// 1e11 ms is 1973.
func TestEpochsAtTheBordersOfTheirUnits(t *testing.T) {
	const first, last = odds.Time(100_000_000_000), odds.Time(99_999_999_999_999)
	for text, want := range map[string]odds.Time{
		"100000000": first, "99999999999": 99_999_999_999_000, // s
		"100000000000": first, "99999999999999": last, // ms
		"100000000000000": first, "99999999999999999": last, // µs
		"100000000000000000": first, "9223372036854775807": 9_223_372_036_854, "99999999999999000000": 99_999_999_999_999, // ns
		"100000000.0005": first, "100000000.001": first + 1, "1786003243.9999": 1_786_003_243_999, "1786003243123.9": 1_786_003_243_123,
		"0100000000": first,
	} {
		if got, err := ParseTime(text, nil); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"99999999", "99999999.9", "0", "100000000000000000000", "1e20", "-100000000", "1_786_003_243", " 1786003243", "1786003243 ", "+1786003243"} {
		if got, err := ParseTime(text, nil); !errors.Is(err, ErrTime) {
			t.Errorf("%q: %d, %v; want ErrTime", text, got, err)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1e9, 99_999_999.9, 1e20} {
		if got, ok := EpochTime(v); ok || got != 0 {
			t.Errorf("%v is %d", v, got)
		}
	}
	for v, want := range map[float64]odds.Time{1e8: first, 1e11: first, 1e14: first, 1e17: first, 1786003243.123: 1_786_003_243_123, 1.786003243123456e15: 1_786_003_243_123, 1.786003243123456789e18: 1_786_003_243_123} {
		if got, ok := EpochTime(v); !ok || got != want {
			t.Errorf("%v is %d, want %d", v, got, want)
		}
	}
}

// A leap day, the last second of a year, the first day that counts.
func TestDatesAtTheirBorders(t *testing.T) {
	for text, want := range map[string]string{
		"2024-02-29T23:59:59.999Z": "2024-02-29T23:59:59.999Z", "2000-02-29T00:00:00Z": "2000-02-29T00:00:00Z",
		"2026-12-31T23:59:59Z": "2026-12-31T23:59:59Z", "1973-03-03T09:46:40Z": "1973-03-03T09:46:40Z",
		"1974-01-01T00:00:00.0009Z": "1974-01-01T00:00:00Z", "2026-08-06T00:30:00+01:00": "2026-08-05T23:30:00Z",
		"2026-08-06T00:00:00.1Z": "2026-08-06T00:00:00.100Z", "2026-08-06T00:00:00-0330": "2026-08-06T03:30:00Z",
	} {
		if got, err := ParseTime(text, nil); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-06T00:00:00Z", "2026-08-00T00:00:00Z",
		"2026-08-06T00:60:00Z", "2026-08-06T00:00:60Z", "1973-03-03T09:46:39.999Z", "2026-08-06T00:00:00.Z", "2026-08-06", "2026-08-06T00:00:00z!",
	} {
		if got, err := ParseTime(text, time.UTC); !errors.Is(err, ErrTime) {
			t.Errorf("%s: %v, %v; want ErrTime", text, got, err)
		}
	}
	_, err := ParseTime("1969-08-06T08:00:43Z", nil)
	if want := `want RFC 3339 or an epoch in s, ms, µs or ns, after 1973: "1969-08-06T08:00:43Z"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = ParseTime("2026-08-06T08:00:43", nil)
	if want := `the time has no zone: "2026-08-06T08:00:43"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = ParseTime(strings.Repeat("9", 500), nil)
	if err == nil || len(err.Error()) > 150 || !strings.Contains(err.Error(), "…") {
		t.Errorf("a message of %d bytes", len(err.Error()))
	}
}

// In a zone with summer time the offset of the day itself counts.
func TestNaiveTimesAreReadInTheirZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-08-06 12:00": "2026-08-06T11:00:00Z", "2026-01-06T12:00:00.25": "2026-01-06T12:00:00.250Z", "2026-08-06T12:00:00Z": "2026-08-06T12:00:00Z",
	} {
		if got, err := ParseTime(text, zone); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	if _, err := ParseTime("1971-08-06 12:00", zone); !errors.Is(err, ErrTime) {
		t.Errorf("1971 in a zone: %v", err)
	}
}

func TestReportKeepsTheFirstOfEachReason(t *testing.T) {
	for keep, want := range map[int][]int{0: {1, 2, 3, 4}, 1: {1, 4}, 2: {1, 2, 4}, 10: {1, 2, 3, 4, 5}} {
		r := Report{Keep: keep}
		for line, reason := range []string{"", "x", "x", "x", "y", "x"} {
			if reason != "" {
				r.Reject(Reject{File: "f", Line: line, Reason: reason})
			}
		}
		var lines []int
		for _, s := range r.Shown() {
			lines = append(lines, s.Line)
		}
		if by, n := r.Rejected(); n != 5 || by["x"] != 4 || by["y"] != 1 || !reflect.DeepEqual(lines, want) {
			t.Errorf("keep %d: %v, lines %v, want %v", keep, by, lines, want)
		}
	}
}

// A long detail is cut, but never inside a letter: reports are shown as JSON.
func TestLongDetailsStayText(t *testing.T) {
	for pad := range 3 {
		var r Report
		r.Reject(Reject{Reason: "x", Detail: strings.Repeat("x", pad) + strings.Repeat("두", 100)})
		detail := r.Shown()[0].Detail
		if !utf8.ValidString(detail) || !strings.HasSuffix(detail, "두…") || len(detail) > 203 || len(detail) < 198 {
			t.Errorf("pad %d: %d bytes, %q", pad, len(detail), detail)
		}
	}
	var r Report
	r.Reject(Reject{File: "f", Line: 3, Reason: "x", Detail: strings.Repeat("x", 200)})
	if got := r.Shown()[0]; len(got.Detail) != 200 || got.String() != "f:3: x: "+got.Detail {
		t.Errorf("%d bytes: %v", len(got.Detail), got)
	}
}

// What a report hands out is the caller's; the report goes on.
func TestReportsHandOutCopies(t *testing.T) {
	var r Report
	if by, n := r.Rejected(); n != 0 || len(by) != 0 || len(r.Shown()) != 0 || r.Quotes() != 0 {
		t.Errorf("an empty report: %v, %v", by, r.Shown())
	}
	r.Reject(Reject{Reason: "x"})
	by, _ := r.Rejected()
	by["x"] = 99
	r.Shown()[0].Reason = "spoiled"
	if by, _ := r.Rejected(); by["x"] != 1 || r.Shown()[0].Reason != "x" {
		t.Errorf("%v, %v", by, r.Shown())
	}
	r.Read(7, 5)
	r.TakeBack(2, Reject{Reason: "late"})
	r.TakeBack(0, Reject{Reason: "late"})
	if by, _ := r.Rejected(); r.Quotes() != 3 || r.Line() != 7 || by["late"] != 3 {
		t.Errorf("%d quotes, line %d, %v; want 3, 7, 3 late", r.Quotes(), r.Line(), by)
	}
	r.Skip("x")
	r.Skipped()["x"] = 99
	if n := r.Skipped()["x"]; n != 1 {
		t.Errorf("%d skipped, want 1", n)
	}
	text, err := json.Marshal(r.Shown()[0])
	if err != nil || string(text) != `{"file":"","line":0,"reason":"x","detail":""}` {
		t.Errorf("%s, %v", text, err)
	}
}

// Sums of sums are sums: whatever was shown, every reject counts once.
func TestReportsAddUpWhateverTheyShow(t *testing.T) {
	for _, keep := range []int{0, 1, 5, -1} {
		a, sum := Report{Keep: keep}, Report{Keep: 2}
		for range 4 {
			a.Reject(Reject{Reason: "x"})
		}
		sum.Add(&a)
		sum.Add(&a)
		sum.Add(&Report{})
		if by, n := sum.Rejected(); n != 8 || by["x"] != 8 || len(sum.Shown()) > 2 {
			t.Errorf("keep %d: %v, %d shown", keep, by, len(sum.Shown()))
		}
		if _, n := a.Rejected(); n != 4 {
			t.Errorf("keep %d: what was added has %d rejects", keep, n)
		}
	}
}

func TestReportsAreSharedByParsers(t *testing.T) {
	var r, sum Report
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 100 {
				r.Read(1, 1)
				r.Reject(Reject{Reason: "x"})
				r.Rejected()
				r.Shown()
			}
			sum.Add(&Report{})
		})
	}
	work.Wait()
	if _, n := r.Rejected(); n != 400 || r.Quotes() != 400 || len(r.Shown()) != 3 {
		t.Errorf("%d rejects, %d quotes, %d shown", n, r.Quotes(), len(r.Shown()))
	}
}
