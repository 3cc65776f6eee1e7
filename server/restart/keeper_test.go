package restart

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// place is where services live one after the other.
type place struct {
	log    logtest.Memory
	dir    string
	config string
	every  int
	room   func(int64) bool
	sent   int
	guard  engine.Guard // of both engines
	aside  func(uint64, odds.Time) bool
}

// service is one of them.
type service struct {
	*place
	keeper *Keeper
	door   *ingest.Ingester
	live   *live.Live
	found  int
	end    func()
}

func (p *place) start(t *testing.T) *service {
	t.Helper()
	s := &service{place: p, keeper: New(Options{Dir: p.dir, Log: &p.log, Config: p.config, Every: p.every, Clock: time.Now, Room: p.room, Aside: p.aside})}
	o := live.Options{Engine: engine.Options{DecideEvery: 600_000}, Telling: p.guard, Learning: p.guard}
	from, l, found := s.keeper.Load(t.Context(), o)
	s.live, s.found = l, len(found)
	s.door = ingest.New(ingest.Options{Log: &p.log, From: from, Cuts: s.keeper, Verdict: l.Verdict, CatchUp: l.CatchUp})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	go func() {
		defer s.keeper.Close()
		ended <- s.door.Run(ctx, l)
	}()
	go func() { ended <- l.Run(ctx) }()
	go func() { ended <- s.keeper.Run(ctx) }()
	synctest.Wait()
	s.end = func() {
		t.Helper()
		cancel()
		for range 3 {
			if err := <-ended; err != nil {
				t.Errorf("the service ended: %v", err)
			}
		}
	}
	return s
}

// send sends some quotes of the present, a second apart.
func (s *service) send(t *testing.T, n int) {
	t.Helper()
	ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
	for range n {
		time.Sleep(time.Second)
		s.sent++
		now := odds.TimeOf(time.Now())
		_, err := s.door.Accept(t.Context(), []*odds.Batch{{Source: "feed", At: now, Recv: now, Updates: []odds.Update{{
			Event: ev, Venue: fmt.Sprint("v", s.sent%3), Market: "h2h", Quotes: []odds.Quote{
				{Selection: "A", Side: odds.Home, Line: math.NaN(), Main: true, Price: 2 + float64(s.sent%7)/10},
				{Selection: "B", Side: odds.Away, Line: math.NaN(), Main: true, Price: 1.9},
			},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

// quotes is how many quotes the service has applied since the log began.
func (s *service) quotes() int {
	time.Sleep(5 * time.Second)
	synctest.Wait()
	return s.live.State().Counts.Quotes
}

// TestStarts is what services are started from, one after the other.
func TestStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 50}
		started := func(s *service, from string, found int) {
			t.Helper()
			if got := s.keeper.Status().Started; !strings.HasPrefix(got, from) || s.found != found {
				t.Errorf("started from %q with %d findings, want %q with %d", got, s.found, from, found)
			}
			if got := s.quotes(); got != 2*p.sent {
				t.Errorf("%d quotes are known of %d", got, 2*p.sent)
			}
			if notes := strings.Join(s.keeper.Notes(), "; "); !strings.Contains(notes, from) {
				t.Errorf("notes say %q", notes)
			}
		}
		s := p.start(t)
		started(s, "the whole tick log: there is no checkpoint", 0)
		s.send(t, 40)
		if st := s.keeper.Status(); st.Newest.Position == 0 || st.Newest.Bytes == 0 || st.Failures != 0 || st.Taken.IsZero() {
			t.Errorf("after 80 quotes: %+v", st)
		}
		newest := s.keeper.Status().Newest.Position
		s.end()
		if got := s.keeper.Status().Newest.Position; got <= newest {
			t.Errorf("the newest checkpoint is of %d after the end, before it was of %d", got, newest)
		}
		s = p.start(t)
		started(s, "the checkpoint of ", 0)
		s.send(t, 5)
		s.end()

		// What the log no longer holds is known.
		if _, err := p.log.Trim(t.Context(), s.keeper.Status().Newest.Position); err != nil {
			t.Fatal(err)
		}
		s = p.start(t)
		started(s, "the checkpoint of ", 0)
		s.end()
	})
}

func TestFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 1_000_000}
		run := func(from string, found int) *service {
			t.Helper()
			s := p.start(t)
			if got := s.keeper.Status().Started; !strings.Contains(got, from) || s.found != found {
				t.Errorf("started from %q with %d findings, want %q with %d", got, s.found, from, found)
			}
			s.send(t, 4)
			if got := s.quotes(); got != 2*p.sent {
				t.Errorf("%q: %d quotes are known of %d", from, got, 2*p.sent)
			}
			return s
		}
		run("there is no checkpoint", 0).end()
		run("the checkpoint of", 0).end()

		all, err := checkpoint.List(p.dir)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d checkpoints, error %v", len(all), err)
		}
		flip(t, all[0].Path, 5000)
		s := run(fmt.Sprintf("position %d ", all[1].Position), 1)
		s.end()
		all, _ = checkpoint.List(p.dir)
		for i := range all {
			flip(t, all[i].Path, 9000)
		}
		run("the whole tick log", 2).end()

		p.config = "two"
		run("another configuration", 0).end()

		var enc ticklog.Encoder
		old := odds.TimeOf(time.Now()).Add(-3_600_000)
		if _, err := p.log.Append(t.Context(), enc.Pack([]*odds.Batch{{Source: "file", At: old, Recv: old, Polled: true}})); err != nil {
			t.Fatal(err)
		}
		s = p.start(t)
		if got := s.keeper.Status().Started; !strings.Contains(got, "a recording was added") || s.found != 0 {
			t.Errorf("with a recording behind it: started from %q, %d findings", got, s.found)
		}
		s.end()
	})
}

// keeping is a guard that keeps back the batches of one venue.
type keeping string

func (k keeping) Begin(b *odds.Batch) (uint64, bool) { return 7, b.Updates[0].Venue != string(k) }
func (k keeping) End()                               {}

// TestQuarantine passes a checkpoint over that was taken without what is to be applied again.
func TestQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 1_000_000}
		run := func(from string, quotes int) {
			t.Helper()
			s := p.start(t)
			if got := s.keeper.Status().Started; !strings.Contains(got, from) || s.found != 0 {
				t.Errorf("started from %q with %d findings, want %q", got, s.found, from)
			}
			s.send(t, 9)
			if got := s.quotes(); got != quotes {
				t.Errorf("%q: %d quotes are known, want %d", from, got, quotes)
			}
			s.end()
		}
		run("there is no checkpoint", 18)
		p.guard, p.aside = keeping("v1"), func(id uint64, _ odds.Time) bool { return id == 7 }
		run("the checkpoint of", 18+12)
		run("the checkpoint of", 18+24)
		p.guard, p.aside = nil, nil
		run("it was taken without batch 0000000000000007, which is to be applied again", 4*18)
		run("the checkpoint of", 5*18)
	})
}

// flip changes one byte of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[min(at, len(b)/2)] ^= 0x10
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNoneWithoutRoom: while memory is short none is taken, and one that can't be written is
// counted and said.
func TestNoneWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := true
		p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 20, room: func(int64) bool { return !short }}
		s := p.start(t)
		s.send(t, 30)
		if st := s.keeper.Status(); st.Newest.Position != 0 || st.Skipped == 0 || st.Unkept != 60 {
			t.Errorf("without room: %+v", st)
		}
		short = false
		if err := os.WriteFile(p.dir, nil, 0o600); err != nil { // where the folder should be
			t.Fatal(err)
		}
		s.send(t, 15)
		if st := s.keeper.Status(); st.Failures == 0 || len(s.keeper.Reasons()) != 1 {
			t.Errorf("without a folder: %+v, %q", st, s.keeper.Reasons())
		}
		if err := os.Remove(p.dir); err != nil {
			t.Fatal(err)
		}
		s.send(t, 30)
		if st := s.keeper.Status(); st.Newest.Position == 0 || s.keeper.Reasons() != nil {
			t.Errorf("with room and folder: %+v", st)
		}
		s.end()
	})
}

// TestAFailedAppendMakesNoDoor: what a failed append may have left in the log was not told, so that
// no checkpoint may stand behind it, until the log shows that it left nothing.
func TestAFailedAppendMakesNoDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{dir: filepath.Join(t.TempDir(), "a.checkpoints"), config: "one", every: 10}
		broken, full := errors.New("disk full"), atomic.Bool{}
		p.log.Fail = func() error {
			if full.Load() {
				return broken
			}
			return nil
		}
		s := p.start(t)
		s.send(t, 2)
		full.Store(true)
		now := odds.TimeOf(time.Now())
		if _, err := s.door.Accept(t.Context(), []*odds.Batch{{Source: "feed", At: now, Recv: now, Polled: true}}); !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
		full.Store(false)
		var enc ticklog.Encoder // all the same, it is there
		if _, err := p.log.Append(t.Context(), enc.PackLive([]*odds.Batch{{Source: "feed", At: now, Recv: now, Polled: true}}, ticklog.Head{Clock: now})); err != nil {
			t.Fatal(err)
		}
		s.send(t, 30)
		s.end()
		if at := s.keeper.Status().Newest.Position; at != 0 {
			t.Errorf("a checkpoint of %d stands behind what was not told", at)
		}
	})
}
