package present

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
)

// noon is the first tick of every recording here, 2026-08-08T12:00:00Z.
const noon odds.Time = 1_786_190_400_000

const (
	second odds.Millis = 1000
	minute             = 60 * second
)

// tape is a recording of an hour that is played from its tenth minute on.
func tape() Tape {
	return Tape{First: noon, From: noon.Add(10 * minute), Last: noon.Add(60 * minute)}
}

// wants compares the time that a clock tells.
func wants(t *testing.T, what string, c *Clock, now odds.Time, rate float64, s State) {
	t.Helper()
	is := c.Time()
	if is.Now != now || is.Rate != rate || is.Replay.State != s || c.Or(0) != now {
		t.Errorf("%s: %s at a rate of %g, %s; want %s, %g, %s", what, is.Now, is.Rate, is.Replay.State, now, rate, s)
	}
}

// waits waits for a time of the clock, and checks how long that takes.
func waits(t *testing.T, c *Clock, until odds.Time, takes time.Duration) {
	t.Helper()
	begun := time.Now()
	if err := c.Wait(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun).Round(time.Microsecond); took != takes {
		t.Errorf("until %s it took %s, want %s", until, took, takes)
	}
	if now := c.Or(0); now < until {
		t.Errorf("it is %s, before %s", now, until)
	}
}

// What is before From takes no time, the rest a tenth of what it took; nobody sees a time that
// something is still to be done at.
func TestAClockGoesTenTimesAsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(tape(), 10)
		wants(t, "at first", c, noon, 0, Learning)
		waits(t, c, noon.Add(9*minute), 0)
		time.Sleep(time.Hour)
		wants(t, "while something is done", c, noon.Add(9*minute), 0, Learning)
		waits(t, c, noon.Add(11*minute), 6*time.Second)
		go func() { _ = c.Wait(t.Context(), noon.Add(12*minute)) }()
		time.Sleep(3 * time.Second)
		wants(t, "on the way", c, noon.Add(11*minute+30*second), 10, Playing)
		time.Sleep(time.Hour)
		wants(t, "when nothing is done", c, noon.Add(12*minute), 10, Playing)
		c.End()
		time.Sleep(time.Hour)
		wants(t, "at the end", c, noon.Add(12*minute), 0, Ended)
	})
}

func TestAClockAtFullSpeedGoesWithWhatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(tape(), Most)
		for at := noon; at < tape().Last; at = at.Add(7 * minute) {
			waits(t, c, at, 0)
			time.Sleep(time.Second)
			state := Learning
			if at >= tape().From {
				state = Playing
			}
			wants(t, "then", c, at, 0, state)
		}
		if s := c.Time().Replay.Speed; s != 0 {
			t.Errorf("full speed is told as %g", s)
		}
	})
}

// A second is made up for, or the recording would fall behind by what every tick costs. A long wait is not:
// it would be followed by a leap.
func TestAClockMakesUpForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(Tape{First: noon, From: noon, Last: noon.Add(60 * minute)}, 10)
		waits(t, c, noon.Add(10*second), time.Second)
		time.Sleep(900 * time.Millisecond)
		waits(t, c, noon.Add(20*second), 100*time.Millisecond)
		time.Sleep(3 * time.Second)
		waits(t, c, noon.Add(30*second), time.Second)
	})
}

func TestAClockNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(tape(), 10)
		for _, at := range []odds.Time{noon.Add(20 * minute), noon.Add(5 * minute), noon, noon.Add(21 * minute)} {
			before := c.Now()
			if err := c.Wait(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			if c.Now().Before(before) {
				t.Errorf("from %s back to %s", before, c.Now())
			}
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(gone) })
		for _, w := range []interface {
			Wait(context.Context, odds.Time) error
		}{NewClock(Tape{First: noon, From: noon, Last: noon.Add(60 * minute)}, 1), Wall{}} {
			if err := w.Wait(ctx, odds.TimeOf(time.Now().Add(100*365*24*time.Hour))); !errors.Is(err, gone) {
				t.Errorf("%T: %v", w, err)
			}
		}
	})
}

func TestSpeeds(t *testing.T) {
	for text, want := range map[string]string{"1": "1×", "10": "10×", "0.1": "0.1×", "2.5": "2.5×", "1e4": "10000×", "max": "full speed"} {
		var s Speed
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != want {
			t.Errorf("%q is %s, %v; want %s", text, s, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "NaN", "Inf", "+Inf", "1e9", "10001", "0.09", "fast", "MAX", "10x"} {
		var s Speed
		if err := s.UnmarshalText([]byte(text)); err == nil || s != 0 {
			t.Errorf("%q is %s", text, s)
		}
	}
}

// One rule says what time it is.
func TestOf(t *testing.T) {
	c := NewClock(tape(), 10)
	for name, x := range map[string]struct {
		is, want Time
	}{
		"live":                {Of(noon, nil, false, noon-7), Time{Now: noon, Rate: 1}},
		"a recording":         {Of(noon, nil, true, noon-7), Time{Now: noon - 7}},
		"one without a tick":  {Of(noon, nil, false, 0), Time{Now: noon, Rate: 1}},
		"one that is played":  {Of(noon+7, c, false, 0), Time{Now: noon, Rate: 0, Replay: c.Time().Replay}},
		"one that comes late": {Of(noon+7, c, true, noon-7), Time{Now: noon, Rate: 0, Replay: c.Time().Replay}},
	} {
		if x.is.Now != x.want.Now || x.is.Rate != x.want.Rate || (x.is.Replay == nil) != (x.want.Replay == nil) {
			t.Errorf("%s: %+v, want %+v", name, x.is, x.want)
		}
	}
	var none *Clock
	if none.Or(5) != 5 {
		t.Error("without a recording there is another time")
	}
}
