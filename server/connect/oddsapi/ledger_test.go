package oddsapi

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is written down is what a new process knows; other credits stated since are those of the day.
func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not yet", "x.credits")
	now := at("2026-06-16 12:00")
	venue := func(daily int) *Venue {
		v, err := New(Options{Sports: []string{"baseball_mlb"}, Daily: daily, Ledger: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.recall(); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := venue(100)
	v.p.c.at(now)
	v.p.c.said(now, quota{900, 100, -1}, 0)
	v.p.c.charge(30)
	if err := v.keep(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		daily int
		want  float64
	}{{100, 20}, {40, 10}, {20, 0}, {0, 58}} {
		p := venue(c.daily).p
		p.c.said(now, quota{870, 130, -1}, 0)
		p.c.at(now)
		if got := p.c.available(); got != c.want {
			t.Errorf("%d stated: %g are left, want %g", c.daily, got, c.want)
		}
	}
	p := venue(100).p
	p.c.at(at("2026-06-17 00:00"))
	if got := p.c.available(); got != 100 {
		t.Errorf("the next day: %g", got)
	}
}

// A ledger that can't be read or written is told with what to do, and nothing is spent.
func TestLedgerThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"{": "delete it", "{}": "numbers can't be", strings.Repeat(" ", 5000): "want at most", `{"until":"2026-06-17T00:00:00Z","reset_day":1,"spent":-5}`: "numbers can't be",
	} {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := New(Options{Sports: []string{"baseball_mlb"}, Ledger: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.recall(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	v, err := New(Options{Sports: []string{"baseball_mlb"}, Ledger: filepath.Join(dir, "x", "below a file")})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.keep(); err == nil || !strings.Contains(err.Error(), "writable") {
		t.Error(err)
	}
}
