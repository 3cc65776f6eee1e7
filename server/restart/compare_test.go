package restart

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
)

// compare are options as of every service of a place.
func (p *place) compare() CompareOptions {
	return CompareOptions{Dir: p.dir, Log: &p.log, Config: p.config, Live: live.Options{Engine: engine.Options{DecideEvery: 600_000}}}
}

// begun returns a place whose service took two checkpoints and went on.
func begun(t *testing.T) (*place, *service) {
	p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 60}
	s := p.start(t)
	s.send(t, 200)
	return p, s
}

// TestCompare: what a service knows follows from its log, whenever it was saved, and after a
// restart too.
func TestCompare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := begun(t)
		for range 4 {
			c, err := Compare(t.Context(), p.compare())
			if err != nil || !c.Same() || c.To <= c.From || c.AsOf == 0 {
				t.Errorf("%+v, error %v", c, err)
			}
			s.send(t, 70)
		}
		s.end()
		s = p.start(t)
		s.send(t, 5)
		s.end()
		if c, err := Compare(t.Context(), p.compare()); err != nil || !c.Same() {
			t.Errorf("after a restart: %+v, error %v", c, err)
		}
		o := p.compare()
		o.Config = "two"
		if _, err := Compare(t.Context(), o); !errors.Is(err, ErrNoPair) {
			t.Errorf("of another configuration: error %v", err)
		}
	})
}

// altered is a log of which some chunks read otherwise.
type altered struct {
	ingest.Log
	mu       sync.Mutex
	from, to ticklog.Position    // guarded by mu
	do       func(*ticklog.Part) // guarded by mu
}

func (l *altered) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return func(yield func(ticklog.Entry, error) bool) {
		for e, err := range l.Log.Read(ctx, from) {
			l.mu.Lock()
			from, to, do := l.from, l.to, l.do
			l.mu.Unlock()
			if err == nil && e.Position >= from && e.Position <= to {
				var dec ticklog.Decoder
				var enc ticklog.Encoder
				p, err := dec.DecodePart(e.Payload)
				if err != nil {
					panic(err)
				}
				do(&p)
				e.Chunk = enc.PackLive(p.Batches, p.Head)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// TestCompareFinds reads a log in which one thing is another: what follows differs.
func TestCompareFinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := begun(t)
		s.end()
		all, err := checkpoint.List(p.dir)
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		second, last := all[1].Position+1, all[0].Position-1 // what lies between
		price := func(p *ticklog.Part) {
			for _, b := range p.Batches {
				b.Updates[0].Quotes[0].Price += 0.01
			}
		}
		for _, c := range []struct {
			name     string
			from, to ticklog.Position
			do       func(*ticklog.Part)
			differ   []string
		}{
			{"nothing", second, last, func(*ticklog.Part) {}, nil},
			{"a price", second, last, price, []string{"telling", "learning"}},
			{"what came late", second, last, func(p *ticklog.Part) {
				for _, b := range p.Batches {
					b.Late = true
				}
			}, []string{"learning"}},
			{"the chunk of the first", second - 1, second - 1, price, []string{fmt.Sprintf("tick log at position %d", all[1].Position)}},
			{"the chunk of the second", last + 1, last + 1, price, []string{fmt.Sprintf("tick log at position %d", all[0].Position)}},
			{"what comes before", 1, second - 2, price, nil},
			{"what comes after", last + 2, last + 9, price, nil},
		} {
			o := p.compare()
			o.Log = &altered{Log: &p.log, from: c.from, to: c.to, do: c.do}
			got, err := Compare(t.Context(), o)
			if err != nil {
				t.Errorf("%s: error %v", c.name, err)
			}
			for _, name := range c.differ {
				if !slices.Contains(got.Differ, name) {
					t.Errorf("%s: %q differ, and not %s", c.name, got.Differ, name)
				}
			}
			if got.Same() != (c.differ == nil) {
				t.Errorf("%s: %q differ", c.name, got.Differ)
			}
		}
	})
}

// TestComparer compares once there are two checkpoints, no more often than it may, and not while
// there is no room.
func TestComparer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := begun(t)
		defer s.end()
		room, results := false, 0
		log := &altered{Log: &p.log}
		o := p.compare()
		o.Log, o.Share = log, 0.25
		c := NewComparer(ComparerOptions{
			CompareOptions: o, Every: time.Hour, Ready: func(int64) bool { return room },
			OnResult: func(Compared, error) { results++ },
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		offer := func(want Comparisons) {
			t.Helper()
			c.Taken(1000)
			synctest.Wait()
			if got := c.Status(); got.Same != want.Same || got.Differ != want.Differ || got.None != want.None || results != int(want.Same+want.Differ+want.None) {
				t.Errorf("%+v and %d results, want %+v", got, results, want)
			}
		}
		offer(Comparisons{})
		room = true
		offer(Comparisons{Same: 1})
		if c.Reasons() != nil || len(c.Notes()) != 1 {
			t.Errorf("reasons %q, notes %q", c.Reasons(), c.Notes())
		}
		offer(Comparisons{Same: 1}) // it waits until the hour is over
		all, _ := checkpoint.List(p.dir)
		log.mu.Lock()
		log.from, log.to, log.do = all[0].Position, all[0].Position, func(p *ticklog.Part) { p.Clock++ }
		log.mu.Unlock()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := c.Status(); got.Differ != 1 || len(c.Reasons()) != 1 || c.Notes() != nil {
			t.Errorf("%+v, reasons %q, notes %q", got, c.Reasons(), c.Notes())
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
