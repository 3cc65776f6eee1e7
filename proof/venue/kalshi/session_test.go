package kalshi_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	decoder "corrgraph/feed/kalshi"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/kalshi"
	"corrgraph/server/connect"
	"corrgraph/server/connect/kalshi"
)

func logger(l *logged) *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// parse reads a recording.
func parse(t *testing.T, recording []byte, f func(b *odds.Batch)) {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(recording), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	rep := &feed.Report{}
	p := frames.New(func() frames.Decoder { return decoder.NewDecoder(decoder.Options{}) })
	if err := p.Parse(t.Context(), "recording", z, func(b *odds.Batch) error { f(b); return nil }, rep); err != nil {
		t.Fatal(err)
	}
}

// all is how many markets the games have.
var all = len(games())

func TestFirstTick(t *testing.T) {
	start(t, settings{}, func(r *rig) {
		took := r.up(all)
		r.mu.Lock()
		first := r.told[0].b
		r.mu.Unlock()
		if took > 5*time.Second || first.Quotes() == 0 {
			t.Errorf("after %v the first batch had %d quotes", took, first.Quotes())
		}
		t.Logf("all %d markets live after %v", all, took)
		time.Sleep(time.Minute)
		m, ok := r.dec.Market("KXNBAGAME-25DEC25CLENYK-CLE")
		if !ok || m.Event.Home != "NYK" || m.Event.Away != "CLE" || m.Event.Sport != "basketball" || m.Event.League != "nba" || m.Name != "h2h" {
			t.Errorf("%+v %+v", m, m.Event)
		}
		if m, ok := r.dec.Market("KXFED-27APR-T4.25"); !ok || m.Event.Title != "Will the rate be above 4.25%?" || m.Name != "yes_no" {
			t.Errorf("%+v", m)
		}
		s := r.c.Status()
		if s.Unread != 0 || len(s.Unknown) != 0 || s.Sessions != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOlderFields(t *testing.T) {
	start(t, settings{cents: true}, func(r *rig) {
		r.up(all)
		time.Sleep(time.Minute)
		if s := r.c.Status(); s.Unread != 0 || len(s.Unknown) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// faults are those of single frames. Each is shown, and over soon.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name     string
		plan     venue.Plan
		within   time.Duration
		unseen   bool // nothing is lost
		sessions int
	}{
		{"drop", venue.Plan{Fault: venue.Drop, At: 1}, time.Second, false, 1},
		{"drop five", venue.Plan{Fault: venue.Drop, At: 1, For: 5}, time.Second, false, 1},
		{"delay", venue.Plan{Fault: venue.Delay, At: 1, By: 4 * time.Second}, 0, true, 1},
		{"duplicate", venue.Plan{Fault: venue.Duplicate, At: 1, For: 50}, 0, true, 1},
		{"reorder", venue.Plan{Fault: venue.Reorder, At: 1}, time.Second, false, 1},
		{"sequence", venue.Plan{Fault: venue.Sequence, At: 1}, time.Second, false, 1},
		{"half", venue.Plan{Fault: venue.Half, At: 1}, 3 * time.Second, false, 2},
		{"cut", venue.Plan{Fault: venue.Cut, At: 1}, 3 * time.Second, false, 2},
		{"code 1001", venue.Plan{Fault: venue.Code, At: 1, N: 1001}, 3 * time.Second, false, 2},
		{"code 1008", venue.Plan{Fault: venue.Code, At: 1, N: 1008}, 3 * time.Second, false, 2},
		{"freeze", venue.Plan{Fault: venue.Freeze, At: 1, By: time.Hour}, 30 * time.Second, false, 2},
		{"skew ahead", venue.Plan{Fault: venue.Skew, At: 1, By: time.Hour}, 0, true, 1},
		{"skew behind", venue.Plan{Fault: venue.Skew, At: 1, By: -time.Hour}, 0, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Only books are read, so that the faults hit them.
			start(t, settings{step: 50 * time.Millisecond}, func(r *rig) {
				r.up(all)
				time.Sleep(5 * time.Second)
				r.srv.Frames.Add(c.plan)
				from := time.Now()
				time.Sleep(40 * time.Second)
				r.up(all)
				found, over, ok := r.outage(from)
				t.Logf("found after %v, over %v later", found, over)
				if ok == c.unseen || found > c.within || over > 3*time.Second {
					t.Errorf("found %v after %v, over %v later; want within %v and 3 s", ok, found, over, c.within)
				}
				time.Sleep(30 * time.Second)
				if s := r.c.Status(); s.Sessions != c.sessions || r.live() != all {
					t.Errorf("%d sessions, want %d: %s", s.Sessions, c.sessions, r.log.text())
				}
			})
		})
	}
}

// A repair that the venue does not answer goes on to the next step, as far as a new connection.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		name     string
		script   func(s *server.Script)
		want     string // the last step that was needed
		within   time.Duration
		sessions int
	}{
		{"image", func(*server.Script) {}, "get_snapshot orderbook_delta", time.Second, 1},
		{"no answer to get_snapshot", func(s *server.Script) { s.Ignore("get_snapshot", 1) }, "add_markets orderbook_delta", 7 * time.Second, 1},
		{"get_snapshot is an error", func(s *server.Script) { s.Fail("get_snapshot", 13) }, "add_markets orderbook_delta", time.Second, 1},
		{
			"get_snapshot and delete_markets are errors",
			func(s *server.Script) { s.Fail("get_snapshot", 13); s.Fail("delete_markets", 13) },
			"unsubscribe orderbook_delta", 2 * time.Second, 1,
		},
		{"nothing helps", func(s *server.Script) {
			s.Fail("get_snapshot", 13)
			s.Fail("delete_markets", 13)
			s.Fail("unsubscribe", 11)
		}, "subscribe orderbook_delta", 5 * time.Second, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			start(t, settings{}, func(r *rig) {
				r.up(all)
				time.Sleep(5 * time.Second)
				c.script(&r.srv.Script)
				before := len(r.srv.Asked())
				from := time.Now()
				r.srv.Frames.Add(venue.Plan{Fault: venue.Drop, At: 1, For: 3})
				time.Sleep(30 * time.Second)
				r.up(all)
				_, took, ok := r.outage(from)
				asked := r.srv.Asked()[before:]
				t.Logf("%v by %v", took, asked)
				if !ok || took > c.within || !slices.Contains(asked, c.want) || r.c.Status().Sessions != c.sessions {
					t.Errorf("%v by %v in %d sessions; want %s within %v", took, asked, r.c.Status().Sessions, c.want, c.within)
				}
			})
		})
	}
}

func TestOverflowIsAGap(t *testing.T) {
	start(t, settings{}, func(r *rig) {
		r.up(all)
		time.Sleep(5 * time.Second)
		from := time.Now()
		r.srv.Overflow()
		time.Sleep(20 * time.Millisecond)
		if gaps := r.c.Markets(frames.Gap); len(gaps) != all || !strings.Contains(gaps[0].Why, "25") {
			t.Errorf("shown as %+v", gaps)
		}
		r.up(all)
		found, over, ok := r.outage(from)
		t.Logf("found %v after %v, over %v later", ok, found, over)
		if r.c.Status().Sessions != 1 {
			t.Error("it needed a new connection")
		}
	})
}

// Books that are not kept up while tickers go on are found by the tickers.
func TestFrozenBooks(t *testing.T) {
	start(t, settings{step: 20 * time.Millisecond}, func(r *rig) {
		r.up(all)
		r.srv.Script.Mute(true)
		from := time.Now()
		time.Sleep(30 * time.Second)
		found, _, _ := r.outage(from)
		t.Logf("found after %v", found)
		if found == 0 || found > 30*time.Second {
			t.Errorf("found after %v", found)
		}
		r.srv.Script.Mute(false)
		// A change that was not sent is missed by the books that were not looked at yet.
		time.Sleep(time.Minute)
		r.up(all)
	})
}

// A market that nothing happens in is asked, and lives.
func TestQuietMarket(t *testing.T) {
	start(t, settings{step: 20 * time.Minute}, func(r *rig) {
		r.up(all)
		time.Sleep(10 * time.Minute)
		s := r.c.Status()
		if s.Sessions != 1 || r.live() != all {
			t.Errorf("%+v", s)
		}
		n := 0
		for _, a := range r.srv.Asked() {
			if a == "get_snapshot orderbook_delta" {
				n++
			}
		}
		if n < 30 || n > 45 {
			t.Errorf("asked %d times in 10 minutes", n)
		}
	})
}

func TestNoPings(t *testing.T) {
	start(t, settings{step: time.Hour, o: kalshi.Options{Quiet: time.Hour}}, func(r *rig) {
		r.up(all)
		r.srv.Script.Dead(true)
		found := r.until(time.Minute, "it is dead", func() bool { return r.live() == 0 })
		if found < 20*time.Second || found > 32*time.Second || !strings.Contains(r.c.Status().Error, "not even a ping") {
			t.Errorf("after %v: %s", found, r.c.Status().Error)
		}
		r.srv.Script.Dead(false)
		r.up(all)
	})
}

func TestRefused(t *testing.T) {
	wrong := func(name string) (string, error) {
		if name == "kalshi_key_id" {
			return "another", nil
		}
		return secrets(name)
	}
	broken := func(name string) (string, error) {
		if name == "kalshi_private_key" {
			return "-----BEGIN RSA PRIVATE KEY-----\nSECRETSECRET\n-----END RSA PRIVATE KEY-----", nil
		}
		return secrets(name)
	}
	for _, c := range []struct {
		name   string
		s      settings
		want   []string
		before func(r *rig)
	}{
		{"wrong key", settings{secret: wrong}, []string{"401", "belong together"}, nil},
		{"broken key", settings{secret: broken}, []string{"kalshi_private_key", "whole"}, nil},
		{"no secret", settings{secret: func(string) (string, error) { return "", errors.New("looked in the environment") }}, []string{"looked in the environment"}, nil},
		{"clock", settings{}, []string{"401", "1m0s behind", "set it right"}, func(r *rig) {
			r.srv.Requests.Add(venue.Plan{Fault: venue.Skew, At: 1, By: time.Minute})
		}},
		{"handshake", settings{}, []string{"handshake", "401", "clocks agree"}, func(r *rig) {
			r.srv.Handshakes.Add(venue.Plan{Fault: venue.Status, At: 1, N: 401})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.before = c.before
			start(t, c.s, func(r *rig) {
				r.until(10*time.Second, "refused", func() bool { return r.c.Status().State == connect.Refused })
				s := r.c.Status()
				for _, w := range c.want {
					if !strings.Contains(s.Error, w) {
						t.Errorf("%q does not say %q", s.Error, w)
					}
				}
				if wait := s.Again.Sub(s.Since).Std(); wait < time.Minute {
					t.Errorf("again after %v", wait)
				}
			})
		})
	}
}

func TestTooManyRequests(t *testing.T) {
	for _, c := range []struct {
		name  string
		plan  venue.Plan
		where func(s *server.Server) *venue.Faults
		wait  time.Duration
	}{
		{"handshake, with Retry-After", venue.Plan{Fault: venue.Status, At: 1, N: 429, By: 42 * time.Second}, func(s *server.Server) *venue.Faults { return &s.Handshakes }, 42 * time.Second},
		{"handshake, without", venue.Plan{Fault: venue.Status, At: 1, N: 429}, func(s *server.Server) *venue.Faults { return &s.Handshakes }, 10 * time.Second},
		{"list, without", venue.Plan{Fault: venue.Status, At: 2, N: 429}, func(s *server.Server) *venue.Faults { return &s.Requests }, 10 * time.Second},
		{"list, 503", venue.Plan{Fault: venue.Status, At: 1, N: 503}, func(s *server.Server) *venue.Faults { return &s.Requests }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			start(t, settings{before: func(r *rig) { c.where(r.srv).Add(c.plan) }}, func(r *rig) {
				took := r.up(all)
				if took < c.wait || took > c.wait+3*time.Second {
					t.Errorf("up after %v, want %v", took, c.wait)
				}
			})
		})
	}
}

// Many markets go over several connections, in parts.
func TestParts(t *testing.T) {
	start(t, settings{o: kalshi.Options{PerConnection: 4, PerCommand: 3, Leagues: []string{"nba"}}}, func(r *rig) {
		n := all - 1 // without the question
		r.up(n)
		if got := r.c.Status().Connections; got != 3 {
			t.Errorf("%d connections", got)
		}
		time.Sleep(20 * time.Second)
		r.srv.Cut()
		r.until(5*time.Second, "lost", func() bool { return r.live() < n })
		r.up(n)
	})
}

func TestFilters(t *testing.T) {
	for name, c := range map[string]struct {
		o    kalshi.Options
		want int
	}{
		"series":     {kalshi.Options{Series: []string{"KXFED"}}, 1},
		"events":     {kalshi.Options{Events: []string{"KXNBATOTAL-25DEC25CLENYK", "KXNBAGAME-GONE"}, Series: []string{}}, 2},
		"tickers":    {kalshi.Options{Tickers: []string{"KXNBAGAME-25DEC25CLENYK-CLE", "KXNOT-1"}, Series: []string{}}, 1},
		"sports":     {kalshi.Options{Sports: []string{"basketball"}, Series: []string{}}, all - 1},
		"MaxMarkets": {kalshi.Options{MaxMarkets: 3, Leagues: []string{"nba"}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			start(t, settings{o: c.o}, func(r *rig) {
				r.up(c.want)
				time.Sleep(10 * time.Second)
				if got := r.live(); got != c.want {
					t.Errorf("%d markets", got)
				}
			})
		})
	}
}

// A market that ends is told as closed, and not followed any more after the list was refreshed.
func TestEnd(t *testing.T) {
	const gone = "KXNBAGAME-25DEC25CLENYK-CLE"
	start(t, settings{}, func(r *rig) {
		r.up(all)
		r.srv.Lifecycle(gone, "deactivated")
		time.Sleep(time.Second)
		r.srv.Lifecycle(gone, "activated")
		time.Sleep(time.Second)
		r.srv.Settle(gone)
		time.Sleep(time.Second)
		r.mu.Lock()
		var seen []odds.Status
		for _, x := range r.told {
			for i := range x.b.Updates {
				for j := range x.b.Updates[i].Quotes {
					u := &x.b.Updates[i]
					if q := &u.Quotes[j]; ticker(u, q) == gone && (seen == nil || seen[len(seen)-1] != q.Status) {
						seen = append(seen, q.Status)
					}
				}
			}
		}
		r.mu.Unlock()
		if want := []odds.Status{odds.Open, odds.Suspended, odds.Open, odds.Closed}; !slices.Equal(seen, want) {
			t.Errorf("told as %v, want %v", seen, want)
		}
		r.until(6*time.Minute, "not followed", func() bool { return r.live() == all-1 })
		time.Sleep(time.Second)
		if !slices.Contains(r.srv.Asked(), "delete_markets orderbook_delta") {
			t.Error("it is still subscribed to")
		}
		if s := r.c.Status(); s.Sessions != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A market that is listed and never shown is given up, tried again with the next list, and costs
// the others nothing.
func TestGivenUp(t *testing.T) {
	markets := games()
	markets[0].Silent = true
	start(t, settings{markets: markets}, func(r *rig) {
		r.up(all - 1)
		time.Sleep(time.Minute)
		stale := r.c.Markets(frames.Stale)
		if len(stale) != 1 || stale[0].ID != markets[0].Ticker || !strings.Contains(stale[0].Why, "not shown") {
			t.Errorf("%+v", stale)
		}
		tries := func() (n int) {
			for _, a := range r.srv.Asked() {
				if a == "add_markets orderbook_delta" {
					n++
				}
			}
			return n
		}
		before := tries()
		time.Sleep(6 * time.Minute)
		if after := tries(); before != 1 || after != 2 || r.c.Status().Sessions != 1 || r.live() != all-1 {
			t.Errorf("added %d times, then %d, in %d sessions", before, after, r.c.Status().Sessions)
		}
	})
}

// Errors of commands: some pass, one needs somebody, and one that is not answered ends a
// connection.
func TestCommandErrors(t *testing.T) {
	t.Run("too many", func(t *testing.T) {
		start(t, settings{before: func(r *rig) { r.srv.Script.Fail("subscribe", 27) }}, func(r *rig) {
			time.Sleep(time.Second)
			r.srv.Script.Fail("subscribe", 0)
			if took := r.up(all); took > 5*time.Second || r.c.Status().Sessions != 1 {
				t.Errorf("%v, %d sessions", took, r.c.Status().Sessions)
			}
		})
	})
	t.Run("key", func(t *testing.T) {
		start(t, settings{before: func(r *rig) { r.srv.Script.Fail("subscribe", 9) }}, func(r *rig) {
			r.until(5*time.Second, "refused", func() bool { return r.c.Status().State == connect.Refused })
			if e := r.c.Status().Error; !strings.Contains(e, "rights of the API key") {
				t.Error(e)
			}
		})
	})
	t.Run("no answer", func(t *testing.T) {
		start(t, settings{before: func(r *rig) { r.srv.Script.Ignore("subscribe", 1) }}, func(r *rig) {
			if took := r.up(all); took < 10*time.Second || took > 14*time.Second || !strings.Contains(r.c.Status().Error, "no answer to subscribe") {
				t.Errorf("%v: %s", took, r.c.Status().Error)
			}
		})
	})
	t.Run("limit", func(t *testing.T) {
		o := kalshi.Options{PerCommand: 6, Leagues: []string{"nba"}}
		start(t, settings{o: o, before: func(r *rig) { r.srv.Script.Fail("add_markets", 26) }}, func(r *rig) {
			r.up(6)
			time.Sleep(time.Minute)
			if stale := r.c.Markets(frames.Stale); len(stale) != all-1-6 || !strings.Contains(stale[0].Why, "26") || r.c.Status().Sessions != 1 {
				t.Errorf("%+v", stale)
			}
		})
	})
	t.Run("down", func(t *testing.T) {
		start(t, settings{before: func(r *rig) { r.net.Down("kalshi.test:80", true) }}, func(r *rig) {
			time.Sleep(time.Minute)
			if n := r.c.Status().Sessions; n < 5 || n > 20 {
				t.Errorf("%d sessions in a minute", n)
			}
			r.net.Down("kalshi.test:80", false)
			r.up(all)
		})
	})
}

// An hour of 50 changes a second, with a fault a minute.
func TestHour(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	start(t, settings{lean: true, step: 20 * time.Millisecond, o: kalshi.Options{Leagues: []string{"nba"}}}, func(r *rig) {
		n := all - 1
		r.up(n)
		measure := func() (int, uint64) {
			synctest.Wait()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		kinds := []venue.Plan{{Fault: venue.Drop, At: 1}, {Fault: venue.Cut, At: 1}, {Fault: venue.Sequence, At: 1}, {Fault: venue.Duplicate, At: 1, For: 10}}
		time.Sleep(time.Minute)
		goroutines, heap := measure()
		for i := range 59 {
			r.srv.Frames.Add(kinds[i%len(kinds)])
			time.Sleep(time.Minute)
			r.up(n)
		}
		now, used := measure()
		if now > goroutines+2 || used > heap+2<<20 {
			t.Errorf("%d goroutines and %d bytes, after a minute there were %d and %d", now, used, goroutines, heap)
		}
		t.Logf("%d frames, heap %d kB, after a minute %d kB", r.c.Status().Frames, used>>10, heap>>10)
	})
}

// No secret is recorded or logged, whatever goes wrong.
func TestSecretsStaySecret(t *testing.T) {
	start(t, settings{before: func(r *rig) {
		r.srv.Handshakes.Add(venue.Plan{Fault: venue.Status, At: 1, N: 503})
		r.srv.Requests.Add(venue.Plan{Fault: venue.Status, At: 2, N: 500})
	}}, func(r *rig) {
		r.up(all)
		r.srv.Cut()
		time.Sleep(10 * time.Second)
		r.up(all)
		r.stop()
		time.Sleep(time.Second)
		synctest.Wait()
		z, err := zstd.NewReader(bytes.NewReader(r.file.b), zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		recorded, _ := io.ReadAll(z)
		_, secret := key()
		line := strings.Split(secret, "\n")[3]
		for _, text := range []string{string(recorded), r.log.text(), r.c.Status().Error} {
			if strings.Contains(text, line) || strings.Contains(text, "SIGNATURE") || strings.Contains(text, keyID) {
				t.Error("a secret is in it")
			}
		}
		if !strings.Contains(string(recorded), `"use_yes_price":false`) {
			t.Error("what was asked is not recorded")
		}
	})
}
