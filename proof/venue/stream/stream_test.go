package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/feed/stream"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/server/connect"
)

// both runs a test over both transports.
func both(t *testing.T, k knobs, f func(t *testing.T, g *rig)) {
	t.Helper()
	t.Run("websocket", func(t *testing.T) { bubble(t, false, k, f) })
	t.Run("sse", func(t *testing.T) { bubble(t, true, k, f) })
}

func TestPricesComeAndStayThoseOfTheSource(t *testing.T) {
	both(t, knobs{}, func(t *testing.T, g *rig) {
		start := time.Now()
		g.agrees(time.Minute)
		t.Logf("first price after %v", g.first.Sub(start))
		for range 50 {
			g.after(700 * time.Millisecond)
			if d := g.differ(); d != nil {
				t.Fatal(d)
			}
		}
		s := g.c.Status()
		if s.Sessions != 1 || s.Unread != 0 || len(s.Unknown) != 0 || g.seen()[frames.Live] == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Every fault is shown as a state or repaired, nothing is made up, and in the end the books are
// those of the source.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		plans   []venue.Plan
		most    time.Duration // to be right again
		session int           // at the end
	}{
		{"drop", []venue.Plan{{Fault: venue.Drop, At: 3}}, 3 * time.Second, 1},
		{"delay", []venue.Plan{{Fault: venue.Delay, At: 3, By: 4 * time.Second}}, 8 * time.Second, 1},
		{"duplicate", []venue.Plan{{Fault: venue.Duplicate, At: 3, For: 5}}, 3 * time.Second, 1},
		{"reorder", []venue.Plan{{Fault: venue.Reorder, At: 3}}, 3 * time.Second, 1},
		{"half", []venue.Plan{{Fault: venue.Half, At: 3}}, 5 * time.Second, 2},
		{"cut", []venue.Plan{{Fault: venue.Cut, At: 3}}, 5 * time.Second, 2},
		{"many cuts", []venue.Plan{{Fault: venue.Cut, At: 3}, {Fault: venue.Cut, At: 9}, {Fault: venue.Cut, At: 15}}, 20 * time.Second, 4},
		{"code", []venue.Plan{{Fault: venue.Code, At: 3, N: 1013}}, 10 * time.Second, 2},
		{"freeze", []venue.Plan{{Fault: venue.Freeze, At: 3, By: time.Hour}}, 40 * time.Second, 2},
		{"skew", []venue.Plan{{Fault: venue.Skew, At: 3, By: time.Hour}}, 3 * time.Second, 1},
		{"skew back", []venue.Plan{{Fault: venue.Skew, At: 3, By: -time.Hour}}, 3 * time.Second, 1},
		{"sequence", []venue.Plan{{Fault: venue.Sequence, At: 3}}, 3 * time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, false, knobs{}, func(t *testing.T, g *rig) { g.spoil(c.plans, c.most, c.session) })
		})
	}
	for _, c := range []struct {
		name    string
		plans   []venue.Plan
		most    time.Duration
		session int
	}{
		{"delay", []venue.Plan{{Fault: venue.Delay, At: 3, By: 4 * time.Second}}, 8 * time.Second, 1},
		{"duplicate", []venue.Plan{{Fault: venue.Duplicate, At: 3, For: 5}}, 3 * time.Second, 1},
		{"half", []venue.Plan{{Fault: venue.Half, At: 3}}, 8 * time.Second, 2},
		{"cut", []venue.Plan{{Fault: venue.Cut, At: 3}}, 8 * time.Second, 2},
		{"freeze", []venue.Plan{{Fault: venue.Freeze, At: 3, By: time.Hour}}, 40 * time.Second, 2},
		{"skew", []venue.Plan{{Fault: venue.Skew, At: 3, By: time.Hour}}, 3 * time.Second, 1},
	} {
		t.Run("sse "+c.name, func(t *testing.T) {
			bubble(t, true, knobs{}, func(t *testing.T, g *rig) { g.spoil(c.plans, c.most, c.session) })
		})
	}
}

func (g *rig) spoil(plans []venue.Plan, most time.Duration, sessions int) {
	g.t.Helper()
	g.agrees(time.Minute)
	g.s.Frames.Add(plans...)
	last := 0
	for _, p := range plans {
		last = max(last, p.At)
	}
	g.after(time.Duration(last) * 220 * time.Millisecond)
	took := g.agrees(most + 10*time.Second)
	s := g.c.Status()
	g.t.Logf("right again after %v; %d sessions, %d frames, %v, unread %d, %v", took, s.Sessions, s.Frames, s.Error, s.Unread, g.s.Asked())
	if took > most || s.Sessions != sessions {
		g.t.Errorf("%v, want at most %v; %d sessions, want %d (%s)", took, most, s.Sessions, sessions, s.Error)
	}
}

// A gap is shown as one until the image comes.
func TestAGapIsToldAtOnce(t *testing.T) {
	bubble(t, false, knobs{}, func(t *testing.T, g *rig) {
		g.agrees(time.Minute)
		g.s.Frames.Add(venue.Plan{Fault: venue.Drop, At: 1}, venue.Plan{Fault: venue.Delay, At: 3, By: 3 * time.Second})
		g.after(time.Second)
		if n := len(g.prices()); n != 0 || g.seen()[frames.Gap] == 0 || g.seen()[frames.Live] != 0 {
			t.Errorf("%d prices are told in a gap; %v", n, g.seen())
		}
		g.agrees(10 * time.Second)
	})
}

// While heartbeats go on nothing of the market comes: that is found out by asking for images.
func TestAFrozenMarketWithLiveHeartbeats(t *testing.T) {
	bubble(t, false, knobs{}, func(t *testing.T, g *rig) {
		g.agrees(time.Minute)
		g.s.Frames.Add(venue.Plan{Fault: venue.Freeze, At: 1, By: time.Hour, N: 1})
		began := time.Now()
		g.state(connect.Waiting, time.Minute)
		found := time.Since(began)
		t.Logf("found after %v: %s", found, g.c.Status().Error)
		if found > 30*time.Second || len(g.prices()) != 0 {
			t.Errorf("found after %v, want 30 s; %d prices told", found, len(g.prices()))
		}
		g.agrees(20 * time.Second)
	})
}

// A quiet market is asked less and less often, and keeps its connection.
func TestAQuietMarketKeepsItsConnection(t *testing.T) {
	both(t, knobs{every: 24 * time.Hour}, func(t *testing.T, g *rig) {
		g.after(time.Hour)
		s, asked := g.c.Status(), g.s.Asked()
		if g.sse {
			if s.Sessions > 15 { // one that can't be asked is connected to anew every 5 minutes
				t.Errorf("%d sessions in an hour: %s", s.Sessions, s.Error)
			}
			return
		}
		if s.Sessions != 1 || asked["resync"] > 20 || asked["resync"] == 0 {
			t.Errorf("%d sessions (%s), asked %v", s.Sessions, s.Error, asked)
		}
		if d := g.differ(); d != nil {
			t.Error(d)
		}
	})
}

// A lost connection goes on where it ended, and nothing of what happened meanwhile is lost.
func TestAConnectionGoesOnWhereItWas(t *testing.T) {
	both(t, knobs{}, func(t *testing.T, g *rig) {
		g.agrees(time.Minute)
		g.net.Down("feed.test:80", true)
		g.s.Frames.Add(venue.Plan{Fault: venue.Cut, At: 1})
		g.after(5 * time.Second)
		if n := len(g.prices()); n != 0 {
			t.Errorf("%d prices are told without a connection", n)
		}
		g.net.Down("feed.test:80", false)
		took := g.agrees(40 * time.Second)
		t.Logf("right again %v after the source was there; %v", took, g.s.Asked())
		if g.s.Asked()["resume"] != 1 {
			t.Errorf("asked %v", g.s.Asked())
		}
	})
}

// Where the source has forgotten what was missed, it starts anew.
func TestWhatIsTooLongAgoIsReadAnew(t *testing.T) {
	both(t, knobs{keep: 5}, func(t *testing.T, g *rig) {
		g.agrees(time.Minute)
		g.net.Down("feed.test:80", true)
		g.s.Frames.Add(venue.Plan{Fault: venue.Cut, At: 1})
		g.after(10 * time.Second)
		g.net.Down("feed.test:80", false)
		if g.sse { // the source says nothing of it: only a shorter resume.within tells
			return
		}
		g.agrees(40 * time.Second)
		if g.s.Asked()["resume"] != 0 {
			t.Errorf("asked %v", g.s.Asked())
		}
	})
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		k     knobs
		state connect.Connection
		again time.Duration // at least
		says  string
	}{
		{"wrong key", knobs{secret: "another key"}, connect.Refused, 2 * time.Minute, "key is wrong"},
		{"no key", knobs{secret: "none"}, connect.Refused, 2 * time.Minute, "set CORRGRAPH_SECRET_"},
		{"401", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 401}}}, connect.Refused, 2 * time.Minute, "check the secrets"},
		{"403", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 403}}}, connect.Refused, 2 * time.Minute, "right"},
		{"404", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 404}}}, connect.Refused, 2 * time.Minute, "check the url"},
		{"moved", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 302}}}, connect.Refused, 2 * time.Minute, "check the url"},
		{"429 with a time", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 429, By: 90 * time.Second}}}, connect.Waiting, 90 * time.Second, "429"},
		{"429 without", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 429}}}, connect.Waiting, time.Minute, "429"},
		{"503 with a time", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 503, By: 20 * time.Second}}}, connect.Waiting, 20 * time.Second, "503"},
		{"500", knobs{plans: []venue.Plan{{Fault: venue.Status, At: 1, N: 500}}}, connect.Waiting, 0, "500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, c.k, func(t *testing.T, g *rig) {
				s := g.state(c.state, 30*time.Second)
				if wait := s.Again.Sub(s.Since).Std(); wait < c.again || !strings.Contains(s.Error, c.says) {
					t.Errorf("again in %v, want at least %v: %s", wait, c.again, s.Error)
				}
				if strings.Contains(s.Error, key) || strings.Contains(s.Error, "another key") {
					t.Errorf("a key is shown: %s", s.Error)
				}
				if c.k.secret == "" {
					g.state(connect.Connected, 6*time.Minute)
					g.agrees(30 * time.Second)
				}
			})
		})
	}
}

func TestCloseCodes(t *testing.T) {
	for code, want := range map[int]connect.Connection{4001: connect.Refused, 4003: connect.Refused, 4029: connect.Waiting, 1000: connect.Waiting} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			bubble(t, false, knobs{}, func(t *testing.T, g *rig) {
				g.agrees(time.Minute)
				g.s.Frames.Add(venue.Plan{Fault: venue.Code, At: 1, N: code})
				s := g.state(want, 10*time.Second)
				wait := s.Again.Sub(s.Since).Std()
				if code == 4029 && wait < 2*time.Minute || code == 1000 && wait > time.Second {
					t.Errorf("again in %v: %s", wait, s.Error)
				}
				g.state(connect.Connected, 6*time.Minute)
				g.agrees(30 * time.Second)
			})
		})
	}
}

// A recording says again what was said, and has no secret.
func TestARecordingSaysTheSame(t *testing.T) {
	both(t, knobs{record: true}, func(t *testing.T, g *rig) {
		g.agrees(time.Minute)
		g.s.Frames.Add(venue.Plan{Fault: venue.Cut, At: 5}, venue.Plan{Fault: venue.Half, At: 30}, venue.Plan{Fault: venue.Drop, At: 55})
		g.after(30 * time.Second)
		g.s.Close()
		g.after(2 * time.Second)
		g.mu.Lock()
		want := g.batches
		g.mu.Unlock()
		got := g.replay()
		if len(got) != len(want) {
			t.Fatalf("%d batches, %d were told", len(got), len(want))
		}
		for i := range got {
			if !reflect.DeepEqual(plain(got[i]), plain(want[i])) {
				t.Fatalf("batch %d: %+v, was %+v", i, got[i], want[i])
			}
		}
	})
}

// plain is a batch in a form that compares: NaN is a line too.
func plain(b *odds.Batch) string {
	s := fmt.Sprint(b.Source, b.At, b.Recv)
	for _, u := range b.Updates {
		s += fmt.Sprint("\n", *u.Event, u.Venue, u.Market, u.Status, u.Image, u.Updated, u.Terms, u.Quotes)
	}
	return s
}

func (g *rig) replay() (out []*odds.Batch) {
	g.t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(g.rec.Bytes()))
	if err != nil {
		g.t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil && err != io.ErrUnexpectedEOF { // it is being written
		g.t.Fatal(err)
	}
	if bytes.Contains(text, []byte(key)) {
		g.t.Error("the recording has the key")
	}
	name := map[bool]string{true: "sse", false: "websocket"}[g.sse]
	m, err := stream.Load("../../../feed/stream/testdata/" + name + ".yaml")
	if err != nil {
		g.t.Fatal(err)
	}
	parser := frames.New(func() frames.Decoder { return stream.NewDecoder(m, stream.Limits{}) })
	err = parser.Parse(context.Background(), "recording", bytes.NewReader(text), func(b *odds.Batch) error {
		out = append(out, b)
		return nil
	}, &feed.Report{})
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

// An hour of twenty messages a second, with a cut now and then, leaves nothing behind.
func TestAnHourLeaksNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	both(t, knobs{every: 50 * time.Millisecond, keep: 500}, func(t *testing.T, g *rig) {
		g.after(time.Minute)
		gather := func() (goroutines int, heap uint64) {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		n, heap := gather()
		for range 12 {
			g.s.Frames.Add(venue.Plan{Fault: venue.Cut, At: 1})
			g.after(5 * time.Minute)
		}
		g.s.Forget() // what it has shown is remembered for this test alone
		later, grown := gather()
		t.Logf("%d frames in %d sessions; goroutines %d → %d, heap %d → %d KiB", g.c.Status().Frames, g.c.Status().Sessions, n, later, heap>>10, grown>>10)
		if later > n+2 || grown > heap+4<<20 {
			t.Errorf("goroutines %d → %d, heap %d → %d", n, later, heap, grown)
		}
		if d := g.differ(); d != nil {
			t.Error(d[:min(len(d), 5)])
		}
	})
}
