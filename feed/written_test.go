package feed

import (
	"errors"
	"strings"
	"testing"
	"time"

	"corrgraph/odds"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// The end of a day is written 24:00, and means the next one's first instant; no other time
// after it exists.
func TestTheEndOfADay(t *testing.T) {
	for _, text := range []string{"2026-12-31T24:00:00Z", "2026-12-31 24:00 UTC", "Dec 31, 2026 24:00:00 GMT"} {
		if at, err := ParseTime(text, nil); err != nil || at.String() != "2027-01-01T00:00:00Z" {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"2026-12-31T24:00:01Z", "2026-12-31T24:01:00Z", "2026-12-31T25:00:00Z"} {
		if at, err := ParseTime(text, nil); !errors.Is(err, ErrTime) {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
}

// Times as they are written in the wild, all the same instant: by programs of several
// languages, in mail, in spreadsheets, in names of files.
func TestTimesAsTheyAreWritten(t *testing.T) {
	const want = odds.Time(1786003243000) // 2026-08-06T08:00:43Z
	for _, text := range []string{
		"2026-08-06 08:00:43+00:00", "2026-08-06 08:00:43 +0000", "2026-08-06 08:00:43+00", "2026-08-06 08:00:43 +0000 UTC", "2026-08-06 08:00:43 UTC",
		"Thu Aug  6 08:00:43 UTC 2026", "Thu Aug 06 08:00:43 +0000 2026", "Thu Aug 6 04:00:43 EDT 2026",
		"2026-08-06T08:00:43z", "2026-08-06t08:00:43Z", "2026-08-06  08:00:43 Z", "2026/08/06 08:00:43 GMT", "2026.8.6 8:00:43Z", "2026-08-06T08:00:43,000Z",
		"2026-08-06 04:00:43 EDT", "2026-08-06 03:00:43 EST", "2026-08-06 10:00:43 CEST", "2026-08-06T04:00:43-04:00[America/New_York]", "2026-08-06 13:30:43 +05:30",
		"Thu, 06 Aug 2026 08:00:43 GMT", "Thu, 6 Aug 2026 04:00:43 -0400", "6 August 2026 08:00:43Z", "06-Aug-2026 08:00:43 UTC", "Aug 6, 2026, 8:00:43 AM UTC",
		"Thu Aug 06 2026 10:00:43 GMT+0200 (Central European Summer Time)", "August 6, 2026 4:00:43 a.m. EDT", "2026-08-06 04:00:43 am EDT", "2026-08-06 08:00:43AM Z",
		"20260806T080043Z", "20260806 08:00:43 Z", "20260806T100043+0200", "20260806T080043.000Z",
	} {
		for _, zone := range []*time.Location{nil, time.UTC, time.FixedZone("", -3600)} {
			if got, err := ParseTime(text, zone); err != nil || got != want {
				t.Errorf("%q: %v, %v; want %v", text, got, err, want)
			}
		}
	}
	for _, text := range []string{
		"2026-08-06 10:00:43", "2026-08-06T10:00:43", "2026/8/6 10:00:43", "6 Aug 2026 10:00:43", "Aug 6 2026 10:00:43 am", "20260806100043", "20260806T100043", "20260806100043000",
		"2026-08-06 10:00:43 CEST", "2026-08-06 08:00:43Z",
	} {
		if got, err := ParseTime(text, zoneOf(t, "Europe/Berlin")); err != nil || got != want {
			t.Errorf("%q in Berlin: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"2026-08-06 12:00 AM Z": "2026-08-06T00:00:00Z", "2026-08-06 12:30 PM Z": "2026-08-06T12:30:00Z", "2026-08-06 11:59 pm Z": "2026-08-06T23:59:00Z",
		"2026-08-06 08:00Z": "2026-08-06T08:00:00Z", "2026-08-06T08:00+0200": "2026-08-06T06:00:00Z", "2026-08-06 08:00:43.123456 +0000": "2026-08-06T08:00:43.123Z",
	} {
		if got, err := ParseTime(text, nil); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
}

// What has two meanings, or none, is refused with the reason.
func TestTimesThatSayTooLittle(t *testing.T) {
	for text, want := range map[string]string{
		"2026-08-06":             "a date without a time of day",
		"Aug 6, 2026":            "a date without a time of day",
		"05/10/2026 08:00Z":      "is the day first or the month?",
		"5.10.26 08:00":          "is the day first or the month?",
		"2026-08-06 08:00 IST":   "no zone is known to be meant by IST",
		"2026-08-06 13:00 PM":    "an hour from 1 to 12",
		"2026-02-30 08:00":       "there is no such day",
		"2026-08-06 25:00":       "want RFC 3339",
		"Foo 6, 2026, 8:00 AM Z": "there is no such day",
		"half past eight":        "want RFC 3339",
	} {
		if got, err := ParseTime(text, time.UTC); !errors.Is(err, ErrTime) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"20260806080043", "202608060800", "20260806T0800", "2026/08/06 8:00", "Aug 6, 2026, 8:00 AM"} {
		if got, err := ParseTime(text, nil); !errors.Is(err, ErrNaiveTime) {
			t.Errorf("%q: %v, %v; want ErrNaiveTime", text, got, err)
		}
	}
}

// In the hour that comes twice only an offset tells; the hour that is left out has no time.
// The instants beside both are certain.
func TestHoursThatComeTwiceOrNever(t *testing.T) {
	for _, c := range []struct {
		zone, text string
		want       string
		err        error
	}{
		{"America/New_York", "2026-11-01 00:59:59", "2026-11-01T04:59:59Z", nil},
		{"America/New_York", "2026-11-01 01:00:00", "", ErrTwice},
		{"America/New_York", "2026-11-01 01:59:59", "", ErrTwice},
		{"America/New_York", "2026-11-01 1:30 AM", "", ErrTwice},
		{"America/New_York", "2026-11-01 01:30 EDT", "2026-11-01T05:30:00Z", nil},
		{"America/New_York", "2026-11-01 01:30 EST", "2026-11-01T06:30:00Z", nil},
		{"America/New_York", "2026-11-01 01:30-05:00", "2026-11-01T06:30:00Z", nil},
		{"America/New_York", "2026-11-01 02:00:00", "2026-11-01T07:00:00Z", nil},
		{"America/New_York", "2026-03-08 01:59:59", "2026-03-08T06:59:59Z", nil},
		{"America/New_York", "2026-03-08 02:00:00", "", ErrTime},
		{"America/New_York", "2026-03-08 02:59:59", "", ErrTime},
		{"America/New_York", "2026-03-08 03:00:00", "2026-03-08T07:00:00Z", nil},
		{"Europe/London", "2026-10-25 01:30", "", ErrTwice},
		{"Europe/London", "2026-10-25 01:30 BST", "2026-10-25T00:30:00Z", nil},
		{"Europe/London", "2026-03-29 01:30", "", ErrTime},
		{"Australia/Lord_Howe", "2026-04-05 01:45", "", ErrTwice}, // the clock goes back by half an hour
		{"Australia/Lord_Howe", "2026-04-05 02:15", "2026-04-04T15:45:00Z", nil},
		{"Asia/Kolkata", "2026-11-01 01:30 IST", "2026-10-31T20:00:00Z", nil},
		{"UTC", "2026-11-01 01:30", "2026-11-01T01:30:00Z", nil},
	} {
		got, err := ParseTime(c.text, zoneOf(t, c.zone))
		if !errors.Is(err, c.err) || c.err == nil && got.String() != c.want {
			t.Errorf("%s in %s: %v, %v; want %s, %v", c.text, c.zone, got, err, c.want, c.err)
		}
		if errors.Is(c.err, ErrTwice) && errors.Is(err, ErrTime) {
			t.Errorf("%s: a time that comes twice is no bad time", c.text)
		}
	}
}

// Every instant of a year that a zone's clock shows once comes back, and no other.
func TestLocalTimesComeBack(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Chatham", "America/Sao_Paulo"} {
		zone, twice := zoneOf(t, name), 0
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(30 * time.Minute) {
			got, err := InZone(at.In(zone), zone)
			if errors.Is(err, ErrTwice) {
				twice++
			} else if err != nil || got != odds.TimeOf(at) {
				t.Fatalf("%s: %v is %v, %v", name, at, got, err)
			}
		}
		if twice > 4 {
			t.Errorf("%s: %d half hours come twice", name, twice)
		}
	}
}

// Text of any kind is a time or an error, and never both.
func FuzzParseWritten(f *testing.F) {
	for _, text := range []string{"2026-08-06 08:00:43 +0000 UTC", "Thu, 06 Aug 2026 08:00:43 GMT", "20260806T0800", "8/6/2026 8:00 PM", "2026-11-01 01:30", "2026-08-06T04:00:43-04:00[x]"} {
		f.Add(text)
	}
	zone := zoneOf(f, "America/New_York")
	f.Fuzz(func(t *testing.T, text string) {
		for _, z := range []*time.Location{nil, time.UTC, zone} {
			if got, err := ParseTime(text, z); (err == nil) != (got >= oldest) {
				t.Errorf("%q: %d, %v", text, got, err)
			}
		}
	})
}
