package live

import (
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

// Legs that may still come delay a decision. Every instant until then was once timed as one.
func TestADecisionIsTimedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timed := 0
		o := Options{Clock: clockAt(noon.Add(4 * 3_600_000)), Timed: func(what string, _ time.Duration) {
			if what == "decide" {
				timed++
			}
		}}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}}, o)
		windows := map[odds.Time]bool{}
		for at := noon; at < noon.Add(3*3_600_000); at = at.Add(30_000) {
			for k := range odds.Millis(4) { // within the time that legs may take
				send(t, l, [][]*odds.Batch{{batch("a", at.Add(20*k), 1.5+float64(k)/10)}})
				windows[at.Add(20*k)/1_800_000] = true
			}
		}
		end()
		if timed != len(windows)-1 {
			t.Errorf("%d decisions were timed, %d windows ended", timed, len(windows)-1)
		}
	})
}
