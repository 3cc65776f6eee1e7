package present

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
)

// batch is one of a source, at so long after noon, received so long after that.
func batch(source string, at, delay odds.Millis) *odds.Batch {
	return &odds.Batch{Source: source, At: noon.Add(at), Recv: noon.Add(at + delay)}
}

// reader returns batches, then an error.
func reader(end error, all ...*odds.Batch) func() (*odds.Batch, error) {
	return func() (*odds.Batch, error) {
		if len(all) == 0 {
			return nil, end
		}
		b := all[0]
		all = all[1:]
		return b, nil
	}
}

// recording is some ticks: a and b of one instant, c received after the next one, d that says it
// was received a week later, and e before it happened.
func recording() []*odds.Batch {
	return []*odds.Batch{
		batch("a", 0, 0), batch("b", 0, 0), batch("c", second, 4*second), batch("a", 2*second, 0),
		batch("d", 10*second, 7*24*60*minute), batch("e", 11*second, -minute), batch("a", 300*second, 0),
	}
}

// door notes what it is handed, and when.
type door struct {
	c     interface{ Now() time.Time }
	notes []string
	busy  time.Duration // that accepting takes
	rests int           // beats until nothing waits
}

func (d *door) say(what string) {
	d.notes = append(d.notes, fmt.Sprintf("%s %s", odds.TimeOf(d.c.Now()).Std().Format("04:05.000"), what))
}

func (d *door) accept(_ context.Context, batches []*odds.Batch) error {
	var of []string
	for _, b := range batches {
		of = append(of, b.Source)
	}
	d.say(strings.Join(of, "+"))
	d.rests = 3
	time.Sleep(d.busy)
	return nil
}

func (d *door) beat(context.Context) (bool, error) {
	if d.rests > 0 {
		d.say("beat")
		d.rests--
	}
	return d.rests > 0, nil
}

// played plays the recording and returns what was done and how long it took.
func played(t *testing.T, s Speed, from odds.Millis, busy time.Duration) ([]string, time.Duration) {
	t.Helper()
	tape, err := Measure(reader(io.EOF, recording()...))
	if err != nil {
		t.Fatal(err)
	}
	tape.From = noon.Add(from)
	c := NewClock(tape, s)
	d := &door{c: c, busy: busy}
	begun := time.Now()
	p := Player{Clock: c, Accept: d.accept, Beat: d.beat}
	if err := p.Play(t.Context(), reader(io.EOF, recording()...)); err != nil {
		t.Fatal(err)
	}
	return d.notes, time.Since(begun).Round(time.Millisecond)
}

// Everything is handed in when it was received, and looked at in between as long as something
// waits.
func TestARecordingIsPlayedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notes, took := played(t, 1, 0, 0)
		want := []string{
			"00:00.000 a+b", "00:00.000 beat", "00:00.250 beat", "00:00.500 beat",
			"00:02.000 a", "00:02.000 beat", "00:02.250 beat", "00:02.500 beat",
			"00:05.000 c", "00:05.000 beat", "00:05.250 beat", "00:05.500 beat",
			"00:10.000 d", "00:10.000 beat", "00:10.250 beat", "00:10.500 beat",
			"00:11.000 e", "00:11.000 beat", "00:11.250 beat", "00:11.500 beat",
			"05:00.000 a", "05:00.000 beat", "05:00.250 beat", "05:00.500 beat",
		}
		if !slices.Equal(notes, want) {
			t.Errorf("it was\n%s\nwant\n%s", strings.Join(notes, "\n"), strings.Join(want, "\n"))
		}
		if took != 300*time.Second+500*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

// At any speed, from anywhere, and however slow the door is, the same is done at the same times.
func TestNothingDependsOnTheSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want, _ := played(t, 1, 0, 0)
		for _, x := range []struct {
			speed Speed
			from  odds.Millis
			busy  time.Duration
			takes time.Duration
		}{
			{10, 0, 0, 30_050 * time.Millisecond},
			{10, 100 * second, 0, 20_050 * time.Millisecond},
			{1, 0, 300 * time.Millisecond, 300_500 * time.Millisecond},
			{1000, 0, 100 * time.Millisecond, 600 * time.Millisecond},
			{Most, 0, 0, 0},
			{Most, 3 * second, time.Second, 6 * time.Second},
		} {
			notes, took := played(t, x.speed, x.from, x.busy)
			if !slices.Equal(notes, want) {
				t.Errorf("%s from %s: it was\n%s\nwant\n%s", x.speed, x.from.Std(), strings.Join(notes, "\n"), strings.Join(want, "\n"))
			}
			if d := took - x.takes; d < -time.Millisecond || d > 300*time.Millisecond {
				t.Errorf("%s from %s, %s a request: it took %s, want %s", x.speed, x.from.Std(), x.busy, took, x.takes)
			}
		}
	})
}

// By the wall clock the past is sent at once, 256 batches a request, and the rest when it is due.
func TestAMarketIsPlayedByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := odds.TimeOf(time.Now())
		var all []*odds.Batch
		for k := range 300 {
			all = append(all, &odds.Batch{Source: "a", At: now.Add(odds.Millis(k-300) * second)})
		}
		all = append(all, &odds.Batch{Source: "b", At: now.Add(5 * second)}, &odds.Batch{Source: "c", At: now.Add(5 * second)})
		var sizes []string
		p := Player{Clock: Wall{}, Accept: func(_ context.Context, batches []*odds.Batch) error {
			sizes = append(sizes, fmt.Sprintf("%d at +%s", len(batches), odds.TimeOf(time.Now()).Sub(now).Std()))
			return nil
		}}
		if err := p.Play(t.Context(), reader(io.EOF, all...)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(sizes, ", "); got != "256 at +0s, 44 at +0s, 2 at +5s" {
			t.Error(got)
		}
	})
}

func TestAPlayerEndsWithTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		fails := func(context.Context, []*odds.Batch) error { return broken }
		takes := func(context.Context, []*odds.Batch) error { return nil }
		beats := func(context.Context) (bool, error) { return false, nil }
		for name, x := range map[string]struct {
			p    Player
			next func() (*odds.Batch, error)
		}{
			"reader": {Player{Accept: takes, Beat: beats}, reader(broken, recording()...)},
			"door":   {Player{Accept: fails, Beat: beats}, reader(io.EOF, recording()...)},
			"beat":   {Player{Accept: takes, Beat: func(context.Context) (bool, error) { return false, broken }}, reader(io.EOF, recording()...)},
		} {
			x.p.Clock = NewClock(tape(), Most)
			if err := x.p.Play(t.Context(), x.next); !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		p := Player{Clock: NewClock(Tape{First: noon, From: noon}, 1), Accept: takes, Beat: beats}
		if err := p.Play(ctx, reader(io.EOF, recording()...)); !errors.Is(err, context.Canceled) {
			t.Errorf("in the middle: %v", err)
		}
	})
}

func TestMeasure(t *testing.T) {
	m, err := Measure(reader(io.EOF, recording()...))
	if want := (Tape{noon, noon, noon.Add(300 * second)}); err != nil || m != want {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	if m, err := Measure(reader(io.EOF)); err != nil || m.First <= m.Last {
		t.Errorf("of nothing: %+v, %v", m, err)
	}
	if _, err := Measure(reader(io.ErrUnexpectedEOF, recording()...)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails: %v", err)
	}
}
