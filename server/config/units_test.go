package config

import (
	"math"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "50ms": 50 * time.Millisecond, "7d": 168 * time.Hour, "2w": 336 * time.Hour, "1h30m": 90 * time.Minute,
		"1.5s": 1500 * time.Millisecond, "-10s": -10 * time.Second, "0.1us": 100, "3µs": 3000, "1d12h": 36 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "50", "ms", "1x", "1 s", "0.5ns", "1e3s", "300y", "106752d", "1..5s", "--1s", "1s2", "1,5s"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: read as %v", text, got)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "256MiB": 256 << 20, "4GB": 4e9, "1.5GiB": 3 << 29, "0.1GB": 1e8, "17B": 17, "16TiB": 1 << 44, "1024KB": 1024e3,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "4", "4gb", "-1MB", "0.5B", "1GB1MB", "99999999TB", "GB", "4 GB", "0x10B", "1/2GB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: read as %d", text, got)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]Rate{"0": 0, "1000/s": 1000, "90/m": 1.5, "36/h": 0.01, "0.5/s": 0.5, "0/m": 0} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1000", "/s", "-1/s", "NaN/s", "Inf/s", "1e999/s", "5/d", "1 /s"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q: read as %v", text, got)
		}
	}
}

// FuzzUnits: any text is an error, or a value whose own text means the same.
func FuzzUnits(f *testing.F) {
	for _, s := range []string{"1h30m", "-0.5s", "4GB", "1.5GiB", "90/m", "0.1/s", "1e-300/h", "9223372036854775807ns", "-9223372036854775807ns", "5/h"} {
		f.Add(s, int64(1))
	}
	f.Add("", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, s string, n int64) {
		if d, err := parseDuration(s); err == nil {
			if back, err := parseDuration(formatDuration(d)); err != nil || back != d {
				t.Errorf("%q: %d as text %q is %d, %v", s, d, formatDuration(d), back, err)
			}
		}
		if x, err := ParseSize(s); err == nil {
			if back, err := ParseSize(x.String()); err != nil || back != x || x < 0 {
				t.Errorf("%q: %d as text %q is %d, %v", s, x, x, back, err)
			}
		}
		if r, err := ParseRate(s); err == nil {
			if back, err := ParseRate(r.String()); err != nil || back != r || !(r >= 0) || math.IsInf(float64(r), 0) {
				t.Errorf("%q: %v as text %q is %v, %v", s, float64(r), r, back, err)
			}
		}
		if text := formatDuration(time.Duration(n)); n != math.MinInt64 {
			if back, err := parseDuration(text); err != nil || int64(back) != n {
				t.Errorf("%d as text %q is %d, %v", n, text, back, err)
			}
		}
	})
}
