package feed

import (
	"errors"
	"testing"
	"time"

	"corrgraph/odds"
)

func TestParseTime(t *testing.T) {
	const want = odds.Time(1786003243123)
	for _, text := range []string{
		"2026-08-06T08:00:43.123Z", "2026-08-06T08:00:43.123999999Z", "2026-08-06 08:00:43.123Z", "2026-08-06T10:00:43.123+02:00",
		"2026-08-06T10:00:43.123+0200", "1786003243.123", "1786003243123", "1786003243123999", "1786003243123999999", "1.786003243123e9",
	} {
		if got, err := ParseTime(text, nil); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
		if got, err := ParseTime([]byte(text), time.UTC); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"2026-08-06T08:00:43", "2026-08-06 08:00:43.5", "2026-08-06T08:00"} {
		if _, err := ParseTime(text, nil); !errors.Is(err, ErrNaiveTime) {
			t.Errorf("%s: %v, want ErrNaiveTime", text, err)
		}
	}
	if got, err := ParseTime("2026-08-06T10:00:43.123", time.FixedZone("", 7200)); err != nil || got != want {
		t.Errorf("in a zone: %d, %v; want %d", got, err, want)
	}
	for _, text := range []string{
		"", "x", "12", "-1786003243", "20260806", "2026-13-06T08:00:43Z", "2026-02-30T08:00:43Z",
		"2026-08-06T24:00:43Z", "1969-08-06T08:00:43Z", "NaN", "Inf", "1e300", "0x10000000000",
	} {
		if got, err := ParseTime(text, time.UTC); !errors.Is(err, ErrTime) {
			t.Errorf("%q: %d, %v; want ErrTime", text, got, err)
		}
	}
}

// The fast path must agree with package time whenever it gives an answer.
func FuzzParseTime(f *testing.F) {
	for _, text := range []string{"2026-08-06T08:00:43Z", "2024-02-29T23:59:59.5Z", "2100-02-29T00:00:00Z", "2026-12-31T23:59:60Z", "2026-08-06T08:00:43.0000000001Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseUTC(text)
		if !ok {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || odds.TimeOf(want) != got {
			t.Errorf("%q: %d, package time says %d, %v", text, got, odds.TimeOf(want), err)
		}
	})
}

func TestReportAddsUp(t *testing.T) {
	var a, b, sum Report
	for range 5 {
		a.Reject(Reject{File: "a", Reason: "x"})
		b.Reject(Reject{File: "b", Reason: "x"})
		b.Reject(Reject{File: "b", Reason: "y"})
	}
	a.Read(1, 3)
	b.Read(1, 4)
	sum.Add(&a)
	sum.Add(&b)
	by, total := sum.Rejected()
	if sum.Quotes() != 7 || total != 15 || by["x"] != 10 || by["y"] != 5 || len(sum.Shown()) != 6 {
		t.Errorf("%d quotes, %v, shown %v", sum.Quotes(), by, sum.Shown())
	}
}
