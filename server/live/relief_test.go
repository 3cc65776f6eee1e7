package live

import (
	"fmt"
	"math"
	"testing"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

// Under pressure a log that is read back brings in nothing new, and what was quoted longest
// ago goes, a quarter at a time and not at once.
func TestReliefWhileTheLogIsReadBack(t *testing.T) {
	e, at := engine.New(engine.Options{}), noon
	say := func(id string) {
		at = at.Add(1000)
		if err := e.Apply(&odds.Batch{Source: "s", At: at, Updates: []odds.Update{{Event: &odds.Event{ID: id, Sport: "soccer"}, Venue: "v", Market: "m", Quotes: []odds.Quote{
			{Selection: "a", Line: math.NaN(), Price: 2}, {Selection: "b", Line: math.NaN(), Price: 2},
		}}}}); err != nil {
			t.Fatal(err)
		}
		e.FlushLegs()
	}
	pressed, now, told := false, time.Unix(0, 0), 0
	r := relief{pressed: func() bool { return pressed }, clock: func() time.Time { return now }, failed: func(string, error) { told++ }}
	held := func() int { return len(e.EventSums()) }
	for k := range 8 {
		r.give(e)
		say(fmt.Sprint("e", k))
	}
	now = now.Add(time.Hour)
	for i, c := range []struct {
		wait    time.Duration
		pressed bool
		events  int
	}{{0, false, 8}, {0, true, 6}, {time.Second, true, 6}, {time.Second, true, 5}, {time.Hour, false, 5}} {
		now, pressed = now.Add(c.wait), c.pressed
		r.give(e)
		if held() != c.events {
			t.Fatalf("step %d: %d events, want %d", i, held(), c.events)
		}
		if pressed {
			if say("new"); held() != c.events {
				t.Errorf("step %d: an event was taken in", i)
			}
		}
	}
	if say("new"); held() != 6 || told != 2 {
		t.Errorf("afterwards %d events; told %d times", held(), told)
	}
}
