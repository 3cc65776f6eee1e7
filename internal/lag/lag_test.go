package lag

import (
	"testing"
	"time"
)

func TestLag(t *testing.T) {
	start := time.Unix(1_750_000_000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var l Lag
	worst := func(step string, now, want int) {
		t.Helper()
		if got := l.Worst(at(now)); got != time.Duration(want)*time.Millisecond {
			t.Errorf("%s: %v, want %d ms", step, got, want)
		}
	}
	worst("at rest", 0, 0)
	l.Begin(at(10))
	worst("stuck", 110, 100)
	worst("stuck for longer", 210, 200)
	l.End(at(310))
	l.Begin(at(320))
	l.End(at(321))
	worst("the longest of two", 400, 300)
	worst("told once", 400, 0)
	l.Begin(at(400))
	l.End(at(450))
	l.Begin(at(440))
	worst("done beside at hand", 520, 80)
	l.End(at(530))
	l.End(at(900)) // nothing was at hand
	worst("ended once", 1000, 90)
}
