package quarantine

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
)

// batch is one with a price of an event.
func batch(event string, price float64) *odds.Batch {
	return &odds.Batch{Source: "feed", At: 1000, Recv: 2000, Updates: []odds.Update{{
		Event: &odds.Event{ID: event}, Venue: "v", Market: "h2h", Quotes: []odds.Quote{{Selection: "A", Line: math.NaN(), Price: price}},
	}}}
}

// life is where processes live one after the other, and the present.
type life struct {
	dir string
	now time.Time
}

func (l *life) open(t *testing.T, o Options) *Guard {
	t.Helper()
	o.Dir, o.Clock = l.dir, func() time.Time { return l.now }
	g, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// die ends a process without Close. The marker stays as it is.
func die(t *testing.T, g *Guard) {
	t.Helper()
	if err := g.unmap(); err != nil {
		t.Fatal(err)
	}
}

func newLife(t *testing.T) *life {
	return &life{dir: filepath.Join(t.TempDir(), "a.db.quarantine"), now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
}

// TestTwoDeaths puts a batch into quarantine after two deaths, for both engines, and no other one.
func TestTwoDeaths(t *testing.T) {
	l := newLife(t)
	deadly, other := batch("deadly", 2), batch("other", 2)
	for death := range Deaths {
		g := l.open(t, Options{})
		if got, want := len(g.Found()), min(death, 1); got != want || len(g.Items()) != 0 {
			t.Errorf("after %d deaths: %d found, %d held", death, got, len(g.Items()))
		}
		if got := strings.Join(g.Notes(), ""); death > 0 && !strings.Contains(got, "deadly") || len(g.Reasons()) != 0 {
			t.Errorf("after %d deaths: notes %q, reasons %q", death, got, g.Reasons())
		}
		s := g.Slot(Telling)
		for _, b := range []*odds.Batch{other, deadly} {
			if _, ok := s.Begin(b); !ok {
				t.Fatalf("after %d deaths a batch is kept back", death)
			}
		}
		die(t, g)
	}
	for range 2 { // it stays there
		g := l.open(t, Options{})
		if len(g.Items()) != 1 || g.Items()[0].Event != "deadly" || g.Items()[0].Deaths != Deaths || len(g.Reasons()) != 1 || len(g.Notes()) != 0 {
			t.Fatalf("held: %+v, reasons %q, notes %q", g.Items(), g.Reasons(), g.Notes())
		}
		for _, engine := range engines {
			s := g.Slot(engine)
			id, ok := s.Begin(deadly)
			if ok || id != ID(deadly) || !g.Keeps(id, 1000) {
				t.Errorf("%s was given it", engine)
			}
			if id, ok := s.Begin(other); !ok || g.Keeps(id, 1000) {
				t.Errorf("%s was not given another one", engine)
			}
			s.End()
		}
		if g.Skipped() != 2 {
			t.Errorf("%d skipped", g.Skipped())
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSuspicion is dropped once the batch has been applied by the engine that died of it, after a day,
// and with the quarantine of the same batch.
func TestSuspicion(t *testing.T) {
	suspects := func(l *life) (out []string) {
		all, err := List(l.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			state := " suspected"
			if i.Held {
				state = " held"
			}
			out = append(out, i.Event+" "+i.Engine+state)
		}
		return out
	}
	died := func(l *life, event string, by ...string) {
		g := l.open(t, Options{})
		for _, engine := range by {
			g.Slot(engine).Begin(batch(event, 2))
		}
		die(t, g)
	}
	t.Run("applied", func(t *testing.T) {
		l := newLife(t)
		died(l, "x", Telling)
		g := l.open(t, Options{})
		if s := suspects(l); len(s) != 1 || s[0] != "x telling suspected" {
			t.Fatalf("suspected: %q", s)
		}
		g.Slot(Learning).Begin(batch("x", 2))
		g.Slot(Learning).End()
		if len(suspects(l)) != 1 {
			t.Error("the other engine cleared it")
		}
		g.Slot(Telling).Begin(batch("x", 2))
		g.Slot(Telling).Begin(batch("y", 2)) // the one before is done
		if s := suspects(l); len(s) != 0 || len(g.Notes()) != 0 {
			t.Errorf("still suspected: %q, %q", s, g.Notes())
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		died(l, "x", Telling)
		l.open(t, Options{}).Close()
		if s := suspects(l); len(s) != 1 || s[0] != "x telling suspected" {
			t.Errorf("two deaths with a success between them: %q", s)
		}
	})
	t.Run("a day", func(t *testing.T) {
		l := newLife(t)
		died(l, "x", Telling)
		l.open(t, Options{}).Close()
		l.now = l.now.Add(25 * time.Hour)
		l.open(t, Options{}).Close()
		if s := suspects(l); len(s) != 0 {
			t.Errorf("after a day: %q", s)
		}
	})
	t.Run("both engines", func(t *testing.T) {
		l := newLife(t)
		died(l, "x", Telling, Learning)
		died(l, "x", Telling)
		g := l.open(t, Options{})
		if s := suspects(l); len(s) != 1 || s[0] != "x telling held" || len(g.Items()) != 1 {
			t.Errorf("%q", s)
		}
		g.Close()
	})
}

// TestRetry takes a batch out; what is suspected is left.
func TestRetry(t *testing.T) {
	l := newLife(t)
	for range Deaths {
		g := l.open(t, Options{})
		g.Slot(Learning).Begin(batch("deadly", 2))
		die(t, g)
	}
	g := l.open(t, Options{})
	g.Slot(Telling).Begin(batch("suspected", 2))
	die(t, g)
	l.open(t, Options{}).Close()
	if _, err := Retry(l.dir, hexID(1)); !errors.Is(err, ErrUnknown) {
		t.Errorf("retry of what is not there: %v", err)
	}
	if _, err := Retry(l.dir, hexID(ID(batch("suspected", 2)))); !errors.Is(err, ErrUnknown) {
		t.Errorf("retry of what is only suspected: %v", err)
	}
	out, err := Retry(l.dir, hexID(ID(batch("deadly", 2))))
	if err != nil || len(out) != 1 || out[0].Event != "deadly" {
		t.Fatalf("%v, %v", out, err)
	}
	if all, err := List(l.dir); err != nil || len(all) != 1 || all[0].Held {
		t.Errorf("left: %+v, %v", all, err)
	}
	if out, err := Retry(l.dir, ""); err != nil || len(out) != 0 {
		t.Errorf("nothing to retry: %v, %v", out, err)
	}
	g = l.open(t, Options{})
	if _, ok := g.Slot(Learning).Begin(batch("deadly", 2)); !ok {
		t.Error("it is still kept back")
	}
	g.Close()
}

// TestHung puts what is not done in time into quarantine: once, and only if nothing else began meanwhile.
func TestHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t)
		var hung []Item
		g := l.open(t, Options{Longest: 10 * time.Second, Hung: func(i Item, err error) {
			if err != nil {
				t.Error(err)
			}
			hung = append(hung, i)
		}})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go g.Run(ctx)
		s := g.Slot(Telling)
		for range 30 { // many that take a second each
			s.Begin(batch("quick", 2))
			time.Sleep(time.Second)
		}
		s.End()
		time.Sleep(time.Minute)
		if len(hung) != 0 {
			t.Fatalf("what is done hangs: %v", hung)
		}
		s.Begin(batch("endless", 2))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(hung) != 1 || hung[0].Event != "endless" || !hung[0].Held || !strings.Contains(hung[0].Why, "10s") {
			t.Fatalf("%+v", hung)
		}
		stop()
		synctest.Wait()
		die(t, g)
		g = l.open(t, Options{})
		if _, ok := g.Slot(Learning).Begin(batch("endless", 2)); ok || len(g.Found()) != 0 || len(g.Items()) != 1 || g.Items()[0].Why != hung[0].Why {
			t.Errorf("the next process: %+v, %+v", g.Items(), g.Found())
		}
		g.Close()
	})
}

// TestNever lets batches take as long as they like.
func TestNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newLife(t).open(t, Options{Longest: -1, Hung: func(Item, error) { t.Error("hung") }})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- g.Run(ctx) }()
		g.Slot(Telling).Begin(batch("endless", 2))
		time.Sleep(1000 * time.Hour)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestKept keeps a batch back for a day, and then as long as the log holds it.
func TestKept(t *testing.T) {
	l := newLife(t)
	for range Deaths {
		g := l.open(t, Options{})
		g.Slot(Telling).Begin(batch("deadly", 2))
		die(t, g)
	}
	for _, c := range []struct {
		after  time.Duration
		oldest odds.Time
		held   int
		pinned odds.Time
	}{
		{0, 0, 1, 1000},
		{0, 5000, 1, 1000}, // the log was trimmed all the same
		{25 * time.Hour, 900, 1, odds.Never},
		{0, 1001, 0, odds.Never},
	} {
		l.now = l.now.Add(c.after)
		g := l.open(t, Options{Oldest: c.oldest})
		if !g.Keeps(ID(batch("deadly", 2)), 1000) { // once the log does not hold it, nothing can be tried again
			t.Errorf("%+v: it could be applied again", c)
		}
		if len(g.Items()) != c.held || g.Pinned() != c.pinned {
			t.Errorf("%+v: %d held, pinned %v", c, len(g.Items()), g.Pinned())
		}
		g.Close()
	}
}

// TestSpoilt goes on without a file that can't be read, which is put aside.
func TestSpoilt(t *testing.T) {
	l := newLife(t)
	g := l.open(t, Options{})
	g.Slot(Telling).Begin(batch("x", 2))
	die(t, g)
	l.open(t, Options{}).Close()
	all, _ := List(l.dir)
	path := all[0].path(l.dir)
	for _, content := range []string{"", "{", `{"id":"12"}`, `{"id":"0000000000000001","engine":"telling"}`, "[]"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := List(l.dir); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q is listed: %v", content, err)
		}
		g, err := Open(Options{Dir: l.dir, Clock: time.Now})
		if g == nil || err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("%q: %v", content, err)
		}
		g.Close()
		if _, err := os.Stat(path + unreadable); err != nil {
			t.Error(err)
		}
		if g, err := Open(Options{Dir: l.dir, Clock: time.Now}); err != nil {
			t.Errorf("%q is reported twice: %v", content, err)
		} else {
			g.Close()
		}
	}
}

// TestMarker keeps what fits of long names, whatever was there before.
func TestMarker(t *testing.T) {
	l := newLife(t)
	long := strings.Repeat("ä", 400)
	for k, c := range []struct{ event, want string }{{long, long[:mostName]}, {"", ""}, {"short", "short"}} {
		g := l.open(t, Options{})
		b := batch(c.event, 2)
		b.Source = c.event
		g.Slot(Telling).Begin(batch(long, 3))
		g.Slot(Telling).Begin(b)
		die(t, g)
		g = l.open(t, Options{})
		if f := g.Found(); len(f) != 1 || f[0].Event != c.want || f[0].Source != c.want || f[0].Market != "h2h" || f[0].Quotes != 1 || f[0].At != 1000 {
			t.Errorf("%d: %+v", k, f)
		}
		g.Close()
	}
}

// TestNames differ if what batches say does, and only then.
func TestNames(t *testing.T) {
	a := batch("e", 2)
	same := batch("e", 2)
	same.Recv = 3000
	if ID(a) != ID(same) {
		t.Error("the name depends on when a batch was received")
	}
	changes := map[string]func(*odds.Batch){
		"source":    func(b *odds.Batch) { b.Source = "other" },
		"time":      func(b *odds.Batch) { b.At++ },
		"order":     func(b *odds.Batch) { b.Seq++ },
		"event":     func(b *odds.Batch) { b.Updates[0].Event = &odds.Event{ID: "f"} },
		"venue":     func(b *odds.Batch) { b.Updates[0].Venue = "w" },
		"market":    func(b *odds.Batch) { b.Updates[0].Market = "totals" },
		"subject":   func(b *odds.Batch) { b.Updates[0].Quotes[0].Subject = "P" },
		"line":      func(b *odds.Batch) { b.Updates[0].Quotes[0].Line = 1.5 },
		"selection": func(b *odds.Batch) { b.Updates[0].Quotes[0].Selection = "B" },
		"price":     func(b *odds.Batch) { b.Updates[0].Quotes[0].Price = 2.5 },
		"updates":   func(b *odds.Batch) { b.Updates = append(b.Updates, b.Updates[0]) },
	}
	for what, change := range changes {
		b := batch("e", 2)
		change(b)
		if ID(a) == ID(b) {
			t.Errorf("the name does not depend on the %s", what)
		}
	}
}

// TestBeginAllocatesNothing: it is called for each batch.
func TestBeginAllocatesNothing(t *testing.T) {
	g := newLife(t).open(t, Options{})
	s, b := g.Slot(Telling), batch("e", 2)
	if n := testing.AllocsPerRun(100, func() { s.Begin(b); s.End() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	g.Close()
}

func BenchmarkBegin(b *testing.B) {
	g, err := Open(Options{Dir: b.TempDir(), Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	s, x := g.Slot(Telling), batch("event", 2)
	for b.Loop() {
		s.Begin(x)
		s.End()
	}
	g.Close()
}
