package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// book is a decoder of frames "image M", "price M P" and "lost M".
type book struct{ known map[string]bool }

func (b *book) Frame(f *frames.Frame) (t frames.Told, err error) {
	if f.Kind == frames.Note || f.Kind == frames.Out {
		return t, nil
	}
	var what, id string
	if _, err := fmt.Sscan(string(f.Data), &what, &id); err != nil {
		return t, fmt.Errorf("%q is no message", f.Data)
	}
	switch what {
	case "image":
		b.known[id] = true
		t.Changes = []frames.Change{{Market: id, State: frames.Live}}
		t.Batches = []*odds.Batch{{Source: "fake", At: f.Recv - 5, Recv: f.Recv, Updates: []odds.Update{{Event: &odds.Event{ID: id}, Venue: "fake", Market: "h2h", Quotes: []odds.Quote{{Selection: "a", Price: 2}}}}}}
	case "lost":
		t.Changes = []frames.Change{{Market: id, State: frames.Gap, Why: "a number is missing"}}
	default:
		t.Unknown = []string{what}
	}
	t.Heard = []string{id}
	return t, nil
}

func (b *book) Market(id string) (frames.Market, bool) {
	return frames.Market{Event: &odds.Event{ID: id}, Venue: "fake", Name: "h2h"}, b.known[id]
}

// fake is a venue whose sessions are functions.
type fake struct {
	mu       sync.Mutex
	begun    []time.Time                                // guarded by mu
	sessions []func(ctx context.Context, l *Line) error // the last one again and again
}

func (*fake) Name() string            { return "fake" }
func (*fake) Decoder() frames.Decoder { return &book{map[string]bool{}} }
func (f *fake) Session(ctx context.Context, l *Line) error {
	f.mu.Lock()
	f.begun = append(f.begun, time.Now())
	nth := min(len(f.begun), len(f.sessions)) - 1
	f.mu.Unlock()
	return f.sessions[nth](ctx, l)
}

// starts are the times at which sessions began.
func (f *fake) starts() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.begun)
}

// open opens a connection and has it say things.
func open(ctx context.Context, l *Line, frames ...string) (*Conn, error) {
	c, err := l.Open(ctx)
	for _, f := range frames {
		if err == nil {
			_, err = c.In(ctx, "all", []byte(f))
		}
	}
	return c, err
}

// running is a Connector in a bubble.
type running struct {
	*Connector
	told    []*odds.Batch
	changes []string
	stop    func() error
}

func run(o Options, f *fake) *running {
	r := &running{}
	o.Emit = func(_ context.Context, b []*odds.Batch) error {
		r.told = append(r.told, b...)
		return nil
	}
	o.Changed = func(s frames.Standing) {
		r.changes = append(r.changes, strings.TrimSpace(fmt.Sprintf("%s %s %s", s.ID, s.State, s.Why)))
	}
	o.Jitter = func() float64 { return 1 }
	r.Connector = New(f, o)
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = func() error {
		cancel(io.EOF)
		return <-done
	}
	return r
}

// TestBackOffGrowsUntilAnImageComes: connecting alone proves nothing.
func TestBackOffGrowsUntilAnImageComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(says ...string) func(context.Context, *Line) error {
			return func(ctx context.Context, l *Line) error {
				_, err := open(ctx, l, says...)
				return errors.Join(err, errors.New("cut"))
			}
		}
		f := &fake{sessions: []func(context.Context, *Line) error{fails("hello x"), fails("hello x"), fails("hello x"), fails("image m"), fails("hello x")}}
		r := run(Options{}, f)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		var waits []time.Duration
		begun := f.starts()
		for i := range begun[1:] {
			waits = append(waits, begun[i+1].Sub(begun[i]))
		}
		want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 500 * time.Millisecond, time.Second, 2 * time.Second}
		if !slices.Equal(waits[:len(want)], want) {
			t.Errorf("waited %v, want %v", waits, want)
		}
		for range 10 {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		begun = f.starts()
		if n := len(begun); begun[n-1].Sub(begun[n-2]) != longest {
			t.Errorf("the longest wait is %v, want %v", begun[n-1].Sub(begun[n-2]), longest)
		}
		if s := r.Status(); s.State != Waiting || s.Again == nil || s.Error == "" || s.Connections != 0 {
			t.Errorf("while it waits: %+v", s)
		}
		if err := r.stop(); err != io.EOF {
			t.Error("ended with", err)
		}
	})
}

// TestWhatIsRefusedIsNotAskedAgainSoon, and a venue's own wish is obeyed.
func TestWhatIsRefusedIsNotAskedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sessions: []func(context.Context, *Line) error{
			func(context.Context, *Line) error {
				return &RetryAfter{7 * time.Second, errors.New("429 too many requests")}
			},
			func(context.Context, *Line) error { return fmt.Errorf("the key is unknown: %w", ErrRefused) },
		}}
		r := run(Options{}, f)
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if len(f.starts()) != 2 || f.starts()[1].Sub(f.starts()[0]) != 7500*time.Millisecond {
			t.Errorf("sessions at %v", f.starts())
		}
		if s := r.Status(); s.State != Refused || s.Error != "the key is unknown: refused" {
			t.Errorf("refused: %+v", s)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(f.starts()) != 2 {
			t.Errorf("%d sessions in the minute after a refusal", len(f.starts())-2)
		}
		r.stop()
	})
}

// TestALostConnectionTakesItsMarketsWithIt, and those of no other one.
func TestALostConnectionTakesItsMarketsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sessions: []func(context.Context, *Line) error{func(ctx context.Context, l *Line) error {
			a, err := open(ctx, l, "image a", "image b")
			b, err2 := open(ctx, l, "image c")
			if err = errors.Join(err, err2, b.Note(ctx, frames.Subscribed, "", "d")); err != nil {
				return err
			}
			time.Sleep(31 * time.Second)
			if got := fmt.Sprint(a.Overdue(), b.Overdue()); got != "[] [d]" {
				t.Error("overdue:", got)
			}
			a.Close(ctx, "reset by the venue")
			a.Close(ctx, "again")
			<-ctx.Done()
			return context.Cause(ctx)
		}}}
		r := run(Options{}, f)
		time.Sleep(40 * time.Second)
		synctest.Wait()
		want := []string{"a live", "b live", "c live", "d subscribed", "a gap reset by the venue", "b gap reset by the venue"}
		if !slices.Equal(r.changes, want) {
			t.Errorf("changes %q, want %q", r.changes, want)
		}
		if s := r.Status(); s.Connections != 1 || s.Markets[frames.Gap] != 2 || s.Markets[frames.Live] != 1 || s.Quotes != 3 || s.Delay != 5 {
			t.Errorf("status %+v", s)
		}
		if gone := r.Markets(frames.Gap); len(gone) != 2 || gone[0].Market.Event.ID != "a" || !gone[0].Known || gone[0].Heard == 0 {
			t.Errorf("gaps %+v", gone)
		}
		r.stop()
		if got := r.changes[len(want):]; !slices.Equal(got, []string{"c gap the connection was cut", "d gap the connection was cut"}) {
			t.Errorf("at the end %q", got)
		}
	})
}

// TestOneBudgetOfConnections: a session waits for room.
func TestOneBudgetOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var second time.Duration
		f := &fake{sessions: []func(context.Context, *Line) error{func(ctx context.Context, l *Line) error {
			a, err := open(ctx, l)
			if err != nil {
				return err
			}
			begun := time.Now()
			time.AfterFunc(3*time.Second, func() { a.Close(ctx, "done") })
			if _, err := open(ctx, l); err != nil {
				return err
			}
			second = time.Since(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		}}}
		r := run(Options{Connections: 1}, f)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if second != 3*time.Second {
			t.Errorf("the second connection waited %v", second)
		}
		r.stop()
	})
}

// TestWhatCannotBeReadIsCounted, named, and ends nothing.
func TestWhatCannotBeReadIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sessions: []func(context.Context, *Line) error{func(ctx context.Context, l *Line) error {
			c, err := open(ctx, l, "", "novelty x", "image a", "lost a")
			for i := range 200 {
				if err == nil {
					_, err = c.In(ctx, "all", fmt.Appendf(nil, "type%d x", i))
				}
			}
			l.Quota("credits", 12)
			l.Skipped("reserve", "baseball_mlb at 12:00")
			<-ctx.Done()
			return errors.Join(err, context.Cause(ctx))
		}}}
		r := run(Options{}, f)
		time.Sleep(time.Second)
		synctest.Wait()
		s := r.Status()
		if s.Unread != 1 || s.UnreadLast != `"" is no message` || s.Unknown["novelty"] != 1 || len(s.Unknown) != mostUnknown+1 || s.Unknown["others"] != 200-mostUnknown+1 {
			t.Errorf("%d unread (%s), %d kinds unknown, %v others", s.Unread, s.UnreadLast, len(s.Unknown), s.Unknown["others"])
		}
		if s.Quota["credits"] != 12 || s.Skipped["reserve"] != 1 || s.SkippedLast != "reserve: baseball_mlb at 12:00" || s.Markets[frames.Gap] != 1 {
			t.Errorf("status %+v", s)
		}
		r.stop()
	})
}

// TestMarketsThatAreOverAreForgotten, but not before there are very many.
func TestMarketsThatAreOverAreForgotten(t *testing.T) {
	c := New(&fake{}, Options{})
	f := &frames.Frame{Recv: 1, Conn: 1, Kind: frames.In}
	change := func(id int, state frames.State) {
		c.took(f, &frames.Told{Changes: []frames.Change{{Market: fmt.Sprint(id), State: state}}}, nil)
	}
	change(-1, frames.Live)
	for i := range mostMarkets + 10 {
		change(i, frames.Live)
		change(i, frames.Idle)
	}
	if s := c.Status(); s.Markets[frames.Live] != 1 || s.Markets[frames.Idle] != 11 {
		t.Errorf("remembered: %v", s.Markets)
	}
}

// file is a recording in memory.
type file struct {
	strings.Builder
	fails  bool
	closed bool
}

func (f *file) Write(p []byte) (int, error) {
	if f.fails {
		return 0, errors.New("no space left on device")
	}
	return f.Builder.Write(p)
}

func (f *file) Close() error {
	f.closed = true
	return nil
}

// TestARecordingHoldsWhatWasSaid, in both directions and with what was found out, and a full disk
// ends the recording, not the reading.
func TestARecordingHoldsWhatWasSaid(t *testing.T) {
	for _, full := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{sessions: []func(context.Context, *Line) error{func(ctx context.Context, l *Line) error {
				c, err := open(ctx, l, "image a")
				c.Out(ctx, "all", []byte(`{"op":"subscribe"}`))
				<-ctx.Done()
				return errors.Join(err, context.Cause(ctx))
			}}}
			to := &file{fails: full}
			r := run(Options{Record: func() (io.WriteCloser, error) { return to, nil }}, f)
			time.Sleep(2 * time.Second)
			synctest.Wait()
			r.stop()
			s := r.Status()
			if len(r.told) == 0 || full != (s.RecordError != "") || !to.closed {
				t.Errorf("full %v: told %d, error %q, closed %v", full, len(r.told), s.RecordError, to.closed)
			}
			if full {
				return
			}
			var got []string
			for _, f := range recorded(t, to.String()) {
				got = append(got, fmt.Sprintf("%d %s %s", f.Conn, f.Kind, f.Data))
			}
			if want := []string{"1 in image a", `1 out {"op":"subscribe"}`, `1 note {"state":"gap","why":"the connection was cut"}`}; !slices.Equal(got, want) {
				t.Errorf("recorded %q, want %q", got, want)
			}
		})
	}
}
