package guard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// strained is a Pressure whose ticks are as late as a test says, at a clock of its own.
type strained struct {
	*Pressure
	now     time.Time
	late    time.Duration
	changes []string
}

func newStrained(t *testing.T) *strained {
	t.Helper()
	x := &strained{now: time.Unix(1_750_000_000, 0)}
	p, err := NewPressure(PressureOptions{
		Clock: func() time.Time { return x.now }, Late: func() time.Duration { return x.late },
		OnChange: func(from, to Strain, _ time.Duration) { x.changes = append(x.changes, from.String()+" "+to.String()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	x.Pressure = p
	return x
}

// pass lets time pass while ticks are that late.
func (x *strained) pass(d, late time.Duration) {
	x.late = late
	for range d / (50 * time.Millisecond) {
		x.now = x.now.Add(50 * time.Millisecond)
		x.look()
	}
}

// TestPressureShedsInOrder: what costs much goes first, and the service recovers by itself,
// one level after the other.
func TestPressureShedsInOrder(t *testing.T) {
	x := newStrained(t)
	for i, step := range []struct {
		lasts, late time.Duration
		want        Strain
	}{
		{time.Minute, 99 * time.Millisecond, Calm},
		{150 * time.Millisecond, time.Second, Calm}, // three looks are no proof
		{50 * time.Millisecond, 0, Calm},
		{150 * time.Millisecond, time.Second, Calm}, // they must be in a row
		{50 * time.Millisecond, time.Second, ShedReads},
		{50 * time.Millisecond, 0, ShedReads}, // one good look ends it only after a calm time
		{1900 * time.Millisecond, 0, ShedReads},
		{50 * time.Millisecond, 0, ShedCostly},
		{1950 * time.Millisecond, 0, ShedCostly},
		{50 * time.Millisecond, 0, Calm},
		{200 * time.Millisecond, 100 * time.Millisecond, ShedCostly},
		{time.Minute, 51 * time.Millisecond, ShedCostly}, // within the margin, however long
		{200 * time.Millisecond, 250 * time.Millisecond, ShedReads},
		{2 * time.Second, 60 * time.Millisecond, ShedCostly},
		{time.Minute, 60 * time.Millisecond, ShedCostly},
		{2 * time.Second, 49 * time.Millisecond, Calm},
	} {
		x.pass(step.lasts, step.late)
		if got := x.Level(); got != step.want {
			t.Errorf("step %d, %v late for %v: %v, want %v", i, step.late, step.lasts, got, step.want)
		}
		for s := Calm; s <= ShedReads; s++ {
			if want := s > Calm && s <= step.want; x.Sheds(s) != want {
				t.Errorf("step %d: %v is shed: %v", i, s, !want)
			}
		}
	}
	want := []string{
		"calm shed-reads", "shed-reads shed-costly", "shed-costly calm",
		"calm shed-costly", "shed-costly shed-reads", "shed-reads shed-costly", "shed-costly calm",
	}
	if !slices.Equal(x.changes, want) {
		t.Errorf("changes %q, want %q", x.changes, want)
	}
}

// TestPressureSaysWhy: what is shed, since when and how late ticks are.
func TestPressureSaysWhy(t *testing.T) {
	x := newStrained(t)
	if why := x.Reasons(); why != nil {
		t.Errorf("calm: %q", why)
	}
	x.pass(200*time.Millisecond, 123*time.Millisecond)
	since := x.now.UTC().Format(time.RFC3339)
	x.pass(10*time.Second, 300*time.Millisecond)
	why := strings.Join(x.Reasons(), "\n")
	for _, part := range []string{"shed-reads", "since " + since, "300ms", "predictions", "arbitrage", "graphs", "new streams"} {
		if !strings.Contains(why, part) {
			t.Errorf("%q says nothing of %q", why, part)
		}
	}
	x.pass(2100*time.Millisecond, 60*time.Millisecond)
	if why := strings.Join(x.Reasons(), "\n"); !strings.Contains(why, "shed-costly since "+since) || strings.Contains(why, "graphs") {
		t.Errorf("one level down: %q", why)
	}
	x.pass(10*time.Second, 0)
	if why := x.Reasons(); why != nil {
		t.Errorf("recovered: %q", why)
	}
}

// TestPressureSurvivesAClockSetBack: the calm time is not counted from the future.
func TestPressureSurvivesAClockSetBack(t *testing.T) {
	x := newStrained(t)
	x.pass(time.Second, time.Second)
	x.now = x.now.Add(-time.Hour)
	x.pass(5*time.Second, 0)
	if x.Level() != Calm {
		t.Errorf("%v", x.Level())
	}
}

// TestPressureRuns looks with each tick, until its context ends.
func TestPressureRuns(t *testing.T) {
	ticks, looked := make(chan time.Time), make(chan struct{}, 16)
	stopped := false
	p, err := NewPressure(PressureOptions{
		Clock: func() time.Time { return time.Unix(1, 0) }, Late: func() time.Duration { looked <- struct{}{}; return time.Second }, Looks: 2,
		Tick: func(d time.Duration) (<-chan time.Time, func()) {
			if d != 50*time.Millisecond {
				t.Errorf("looks every %v", d)
			}
			return ticks, func() { stopped = true }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	for range 2 {
		ticks <- time.Time{}
		<-looked
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !stopped || p.Level() != ShedReads || p.Late() != time.Second {
		t.Errorf("%v, ticker stopped %v, level %v", err, stopped, p.Level())
	}
}

func TestPressureOptions(t *testing.T) {
	clock, late := time.Now, func() time.Duration { return 0 }
	for name, o := range map[string]PressureOptions{
		"no clock":           {Late: late},
		"no lateness":        {Clock: clock},
		"falling thresholds": {Clock: clock, Late: late, Thresholds: [2]time.Duration{2 * time.Second, time.Second}},
		"below the margin":   {Clock: clock, Late: late, Thresholds: [2]time.Duration{40 * time.Millisecond, time.Second}},
		"negative":           {Clock: clock, Late: late, Hold: -1},
	} {
		if _, err := NewPressure(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
