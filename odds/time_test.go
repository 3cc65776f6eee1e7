package odds_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"corrgraph/odds"
)

func TestTimeText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		at := odds.Time(rng.Int64N(4_000_000_000_000) - 1_000_000_000_000)
		layout := "2006-01-02T15:04:05.000Z"
		if i%2 == 0 {
			at -= at % 1000
		}
		if at%1000 == 0 {
			layout = "2006-01-02T15:04:05Z"
		}
		want := at.Std().Format(layout)
		if at.String() != want {
			t.Fatalf("%d is %s, want %s", int64(at), at, want)
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, odds.Time(1_750_000_000_007).String()); err != nil {
		t.Error(err)
	}
}

func TestTimeTruncatesToMilliseconds(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want odds.Time
	}{
		{time.Time{}, 0},
		{time.Unix(0, 0), 0},
		{time.Unix(1, 999_999), 1000},
		{time.Unix(1, 1_999_999), 1001},
		{time.Unix(1, 0).In(time.FixedZone("KST", 9*3600)), 1000},
		{time.Unix(0, -1), -1}, // the millisecond that it lies in, also before 1970
	} {
		if got := odds.TimeOf(c.at); got != c.want {
			t.Errorf("%v is %d, want %d", c.at, int64(got), int64(c.want))
		}
	}
	for d, want := range map[time.Duration]odds.Millis{
		0: 0, time.Second: 1000, 1999 * time.Microsecond: 1, -1999 * time.Microsecond: -1, 999_999: 0,
	} {
		if got := odds.MillisOf(d); got != want {
			t.Errorf("%v is %d ms, want %d", d, got, want)
		}
	}
	if d := odds.Millis(-1500).Std(); d != -1500*time.Millisecond {
		t.Errorf("-1500 ms is %v", d)
	}
}

func TestTimeArithmetic(t *testing.T) {
	a, b := odds.Time(1_785_996_044_000), odds.Time(1_785_996_043_999)
	if a.Sub(b) != 1 || b.Sub(a) != -1 || b.Add(1) != a || a.Add(a.Sub(b)).Add(b.Sub(a)) != a {
		t.Errorf("%d and %d", a.Sub(b), b.Sub(a))
	}
	if a.Std().Location() != time.UTC {
		t.Errorf("in %v, want UTC", a.Std().Location())
	}
	if !(odds.Ever < 0 && 0 < a && a < odds.Never) {
		t.Error("Ever and Never are not the ends of time")
	}
}

// What a Time writes as JSON, it reads back; a wrong text leaves it as it was.
func TestTimeTextReadsBack(t *testing.T) {
	for _, at := range []odds.Time{0, 1, -1, 999, 1_785_996_044_000, 1_785_996_044_050, -62_135_596_799_999} {
		text, err := at.MarshalText()
		if err != nil || string(text) != at.String() {
			t.Errorf("%d is %s, %v", int64(at), text, err)
		}
		got := odds.Time(7)
		if err := got.UnmarshalText(text); err != nil || got != at {
			t.Errorf("%s is read as %d, %v; want %d", text, int64(got), err, int64(at))
		}
	}
	got := odds.Time(7)
	if err := got.UnmarshalText([]byte("2026-08-06T08:00:44+02:00")); err != nil || got.String() != "2026-08-06T06:00:44Z" {
		t.Errorf("another zone: %v, %v", got, err)
	}
	got = 7
	for _, text := range []string{"", "1785996044000", "2026-08-06", "2026-08-06T06:00:44", "2026-13-06T06:00:44Z"} {
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 7 {
			t.Errorf("%q: %v, %v; want an error and no change", text, got, err)
		}
	}
}

func TestAppendFormatKeepsWhatWasThere(t *testing.T) {
	if got := string(odds.Time(1_785_996_044_007).AppendFormat([]byte("at "))); got != "at 2026-08-06T06:00:44.007Z" {
		t.Errorf("%q", got)
	}
}

func TestASpanBeyondADurationIsTheLongestOne(t *testing.T) {
	for m, want := range map[odds.Millis]time.Duration{1500: 1500 * time.Millisecond, -1: -time.Millisecond, 1 << 62: 1<<63 - 1, -1 << 62: -1 << 63} {
		if got := m.Std(); (got-want).Abs() > time.Millisecond || got > 0 != (want > 0) {
			t.Errorf("%d ms is %v, want %v", m, got, want)
		}
	}
}
