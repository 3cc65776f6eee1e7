package polymarket

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/server/connect"
)

func TestStart(t *testing.T) {
	follow(t, 4, nil, func(b *bench) {
		b.within(time.Second, "all live", func() bool { return b.all(frames.Live) })
		b.right()
		s := b.c.Status()
		if s.Markets[frames.Live] != 12 || s.Unread != 0 || len(s.Unknown) != 0 || s.State != connect.Connected {
			t.Errorf("status %+v", s)
		}
		q, _ := b.told(b.events[0].Markets[0])
		if q.Status != odds.Open || q.Side != odds.Away {
			t.Errorf("told %+v", q)
		}
		q, _ = b.told(b.events[1].Markets[1])
		if q.Status != odds.Open || q.Side != odds.Draw || q.Selection != "Draw" {
			t.Errorf("told %+v", q)
		}
		stop := b.server.Walk(50 * time.Millisecond)
		time.Sleep(5 * time.Minute)
		stop()
		b.right()
		if made, open, pings, _ := b.server.Counts(); made != 1 || open != 1 || pings < 29 {
			t.Errorf("%d connections were made, %d are open, %d pings", made, open, pings)
		}
		if s := b.c.Status(); s.Unread != 0 || len(s.Unknown) != 0 || s.Sessions != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

// TestFaults plans one fault of the stream at a time and measures how long something is wrong.
func TestFaults(t *testing.T) {
	for _, x := range []struct {
		plan  venue.Plan
		most  time.Duration // until all is right again
		again int           // connections
	}{
		{venue.Plan{Fault: venue.Drop, At: 100}, 60 * time.Second, 1},
		{venue.Plan{Fault: venue.Drop, At: 100, For: 40}, 60 * time.Second, 1},
		{venue.Plan{Fault: venue.Duplicate, At: 100, For: 20}, 0, 1},
		{venue.Plan{Fault: venue.Delay, At: 100, By: 3 * time.Second}, 60 * time.Second, 1},
		{venue.Plan{Fault: venue.Reorder, At: 100}, 10 * time.Second, 1},
		{venue.Plan{Fault: venue.Half, At: 100}, time.Second, 2},
		{venue.Plan{Fault: venue.Cut, At: 100}, time.Second, 2},
		{venue.Plan{Fault: venue.Code, At: 100, N: 1006 + 5}, 10 * time.Second, 2},
		{venue.Plan{Fault: venue.Freeze, At: 100, By: time.Hour}, 30 * time.Second, 2},
		{venue.Plan{Fault: venue.Skew, At: 100, By: 3 * time.Second}, 0, 1},
		{venue.Plan{Fault: venue.Skew, At: 100, By: -3 * time.Second}, 15 * time.Second, 1},
	} {
		t.Run(fmt.Sprintf("%s %d %s", x.plan.Fault, x.plan.For, x.plan.By), func(t *testing.T) {
			follow(t, 4, nil, func(b *bench) {
				stop := b.server.Walk(100 * time.Millisecond)
				time.Sleep(time.Minute)
				b.right()
				b.server.Stream.Add(x.plan)
				var first, last, shown time.Time
				for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(100 * time.Millisecond) {
					if b.wrong() == "" {
						continue
					}
					if last = time.Now(); first.IsZero() {
						first = last
					}
					if !b.all(frames.Live) && shown.IsZero() {
						shown = last
					}
				}
				stop()
				time.Sleep(time.Minute)
				b.right()
				made, _, _, _ := b.server.Counts()
				if took := last.Sub(first); took > x.most || made > x.again {
					t.Errorf("wrong for %s, after %d connections", took, made)
				}
				t.Logf("shown after %s, right again after %s, %d connections", max(0, shown.Sub(first)), last.Sub(first), made)
			})
		})
	}
}

func TestQuietMarketIsLeftAlone(t *testing.T) {
	follow(t, 2, nil, func(b *bench) {
		time.Sleep(time.Minute)
		before := b.quotes
		time.Sleep(2 * time.Hour)
		b.right()
		made, _, _, _ := b.server.Counts()
		if s := b.c.Status(); made != 1 || s.Sessions != 1 || !b.all(frames.Live) || b.quotes > before+100 {
			t.Errorf("%d connections, %d quotes more, status %+v", made, b.quotes-before, s)
		}
	})
}

func TestFrozenMarketAmongOthers(t *testing.T) {
	follow(t, 4, nil, func(b *bench) {
		c := b.events[0].Markets[0]
		time.Sleep(10 * time.Second)
		b.server.Lose(c)
		b.server.Move(c)
		b.server.Move(b.events[1].Markets[0])
		found := b.within(time.Minute, "found", func() bool { return b.state(c) != frames.Live })
		healed := b.within(time.Minute, "healed", func() bool { return b.wrong() == "" })
		made, _, _, _ := b.server.Counts()
		if made != 1 {
			t.Errorf("%d connections", made)
		}
		t.Logf("found after %s, right again %s later", found, healed)
	})
}

func TestFrozenWithLivePong(t *testing.T) {
	follow(t, 10, nil, func(b *bench) {
		stop := b.server.Walk(time.Second)
		time.Sleep(time.Minute)
		b.server.Stream.Add(venue.Plan{Fault: venue.Freeze, At: 1, By: time.Hour})
		found := b.within(30*time.Second, "found", func() bool { return b.c.Status().Markets[frames.Live] < 30 && b.gaps(25) })
		healed := b.within(5*time.Second, "healed", func() bool { return b.wrong() == "" })
		stop()
		t.Logf("found after %s, right again %s later", found, healed)
	})
}

// gaps reports whether so many markets were told as unknown since they were told a price.
func (b *bench) gaps(n int) bool {
	for _, m := range b.c.Markets() {
		if m.State != frames.Live {
			n--
		}
	}
	return n <= 0
}

func TestMarketWithoutBook(t *testing.T) {
	for _, x := range []struct {
		mute  int
		after time.Duration
		made  int
		live  bool
	}{{1, 35 * time.Second, 1, true}, {3, 95 * time.Second, 1, true}, {4, 125 * time.Second, 2, true}, {100, 300 * time.Second, 2, false}} {
		t.Run(fmt.Sprint(x.mute), func(t *testing.T) {
			prepare := func(b *bench) { b.server.Mute(b.events[0].Markets[1], x.mute) }
			follow(t, 4, prepare, func(b *bench) {
				c := b.events[0].Markets[1]
				if s := b.state(c); s != frames.Subscribed {
					t.Errorf("it is %q at first", s)
				}
				stop := b.server.Walk(time.Second)
				time.Sleep(x.after)
				made, _, _, _ := b.server.Counts()
				if live := b.state(c) == frames.Live; live != x.live || made != x.made || b.c.Status().Markets[frames.Live] < 11 {
					t.Errorf("live %v, %d connections, %+v", live, made, b.c.Status())
				}
				time.Sleep(20 * time.Minute)
				stop()
				synctest.Wait()
				again, _, _, _ := b.server.Counts()
				if again != made || b.c.Status().Markets[frames.Live] < 11 {
					t.Errorf("later: %d connections, then %d", made, again)
				}
			})
		})
	}
}

func TestRefused(t *testing.T) {
	for name, spoil := range map[string]func(b *bench){
		"listing":   func(b *bench) { b.server.Gamma.Add(venue.Plan{Fault: venue.Status, At: 1, N: 403}) },
		"handshake": func(b *bench) { b.server.Handshake.Add(venue.Plan{Fault: venue.Status, At: 1, N: 401}) },
	} {
		t.Run(name, func(t *testing.T) {
			follow(t, 2, spoil, func(b *bench) {
				s := b.c.Status()
				if s.State != connect.Refused || !strings.Contains(s.Error, "run from a country and network") {
					t.Errorf("status %+v", s)
				}
				b.within(6*time.Minute, "live", func() bool { return b.all(frames.Live) })
				b.right()
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for name, faults := range map[string]func(b *bench) *venue.Faults{
		"listing": func(b *bench) *venue.Faults { return &b.server.Gamma }, "handshake": func(b *bench) *venue.Faults { return &b.server.Handshake },
	} {
		t.Run(name, func(t *testing.T) {
			prepare := func(b *bench) {
				b.server.Retry = "120"
				faults(b).Add(venue.Plan{Fault: venue.Status, At: 1, N: 429})
			}
			follow(t, 2, prepare, func(b *bench) {
				if s := b.c.Status(); s.State != connect.Waiting || !strings.Contains(s.Error, "429") {
					t.Errorf("status %+v", s)
				}
				if took := b.within(3*time.Minute, "live", func() bool { return b.all(frames.Live) }); took < 120*time.Second || took > 122*time.Second {
					t.Errorf("it connected again after %s", took)
				}
			})
		})
	}
}

func TestServerIsDown(t *testing.T) {
	follow(t, 2, func(b *bench) { b.net.Down(StreamHost, true) }, func(b *bench) {
		time.Sleep(10 * time.Minute)
		if n := b.net.Dialled(StreamHost); n < 20 || n > 60 {
			t.Errorf("it was dialled %d times in ten minutes", n)
		}
		b.net.Down(StreamHost, false)
		b.within(31*time.Second, "live", func() bool { return b.all(frames.Live) })
		stop := b.server.Walk(100 * time.Millisecond)
		time.Sleep(time.Minute)
		b.net.Down(StreamHost, true)
		b.server.Disconnect()
		synctest.Wait()
		if !b.all(frames.Gap) {
			t.Errorf("status %+v", b.c.Status())
		}
		if q, _ := b.told(b.events[0].Markets[0]); q.Status != odds.Unknown {
			t.Errorf("told %+v", q)
		}
		if q, _ := b.told(b.events[1].Markets[2]); q.Status != odds.Unknown {
			t.Errorf("told %+v", q)
		}
		time.Sleep(3 * time.Minute)
		b.net.Down(StreamHost, false)
		b.within(31*time.Second, "live", func() bool { return b.all(frames.Live) })
		stop()
		b.right()
	})
}

func TestMatchesComeAndGo(t *testing.T) {
	follow(t, 2, nil, func(b *bench) {
		b.server.Result(b.events[0], map[string]any{"score": "0-0", "period": "Q1", "status": "InProgress", "live": true, "ended": false})
		b.within(time.Second, "in play", func() bool { _, on := b.told(b.events[0].Markets[0]); return on })
		if _, on := b.told(b.events[1].Markets[0]); on {
			t.Error("the other match is in play too")
		}
		b.server.Result(b.events[0], map[string]any{"score": "3-0", "period": "Q1", "status": "InProgress", "live": true, "ended": false})
		synctest.Wait()
		if s := b.c.Status(); s.Markers != 4 {
			t.Errorf("%d markers, want 4", s.Markers)
		}
		b.events = append(b.events, b.server.Match(time.Now().Add(2*time.Hour), false))
		b.within(6*time.Minute, "a new match", func() bool { return b.state(b.events[2].Markets[0]) == frames.Live })
		b.server.Result(b.events[0], map[string]any{"score": "99-80", "period": "FT", "status": "Final", "live": false, "ended": true})
		b.within(time.Second, "its end", func() bool { return b.state(b.events[0].Markets[0]) == frames.Idle })
		if _, now := b.server.Asked(b.events[0].Markets[0]); now != 0 {
			t.Error("it is still subscribed to")
		}
		b.server.CloseMarkets(b.events[1])
		b.within(6*time.Minute, "its close", func() bool { return b.state(b.events[1].Markets[0]) == frames.Idle })
		if q, _ := b.told(b.events[1].Markets[0]); q.Status != odds.Closed {
			t.Errorf("told %+v", q)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := b.c.Status(); s.Markets[frames.Live] != 3 || s.Sessions != 1 || s.Connections != 3 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestSelected(t *testing.T) {
	prepare := func(b *bench) {
		b.options.Events, b.options.Assets = []string{b.events[1].Slug}, []string{b.events[2].Markets[1].Tokens[1]}
		b.options.WithoutSports = true
	}
	follow(t, 4, prepare, func(b *bench) {
		b.within(time.Second, "live", func() bool { return b.all(frames.Live) })
		if s := b.c.Status(); s.Markets[frames.Live] != 4 || s.Connections != 2 {
			t.Errorf("status %+v", s)
		}
		if b.state(b.events[2].Markets[1]) != frames.Live {
			t.Error("the market of the asset is not live")
		}
	})
}

func TestManyMarketsTakeManyConnections(t *testing.T) {
	follow(t, 200, func(b *bench) { b.options.MaxMarkets = 500; b.keep = false }, func(b *bench) {
		b.within(10*time.Second, "live", func() bool { return b.c.Status().Markets[frames.Live] == 500 })
		if _, open, _, _ := b.server.Counts(); open != 3 {
			t.Errorf("%d connections", open)
		}
		if s := b.c.Status(); s.Markets[frames.Subscribed] != 0 || s.Connections != 5 {
			t.Errorf("status %+v", s)
		}
		b.server.mu.Lock()
		for _, l := range b.server.links {
			if n := len(l.subscribed); n > 200 {
				t.Errorf("a connection has %d assets", n)
			}
		}
		first := b.server.links[0]
		b.server.mu.Unlock()
		_ = first.ws.CloseNow() // one connection of three is lost
		b.within(time.Second, "a gap", func() bool { return b.c.Status().Markets[frames.Gap] > 99 })
		if n := b.c.Status().Markets[frames.Live]; n < 300 {
			t.Errorf("only %d markets are live", n)
		}
		b.within(time.Second, "live", func() bool { return b.c.Status().Markets[frames.Live] == 500 })
		if s := b.c.Status(); s.Sessions != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestSilentAndNothingCanBeProved(t *testing.T) {
	follow(t, 2, func(b *bench) { b.server.CLOB.Add(venue.Plan{Fault: venue.Status, At: 1, For: 1 << 30, N: 500}) }, func(b *bench) {
		time.Sleep(30 * time.Minute)
		b.right()
		made, _, _, _ := b.server.Counts()
		if made < 3 || made > 8 || b.c.Status().Sessions != 1 {
			t.Errorf("%d connections, status %+v", made, b.c.Status())
		}
	})
}

func TestOtherPartsFail(t *testing.T) {
	follow(t, 2, func(b *bench) { b.net.Down(SportsHost, true) }, func(b *bench) {
		stop := b.server.Walk(200 * time.Millisecond)
		time.Sleep(time.Minute)
		b.net.Down(GammaHost, true)
		b.server.Gamma.Add(venue.Plan{Fault: venue.Status, At: 1, For: 2, N: 500})
		time.Sleep(12 * time.Minute)
		b.net.Down(GammaHost, false)
		b.net.Down(SportsHost, false)
		b.within(2*time.Minute, "scores", func() bool {
			b.server.Result(b.events[0], map[string]any{"score": "1-0", "live": true})
			synctest.Wait()
			return b.c.Status().Markers > 0
		})
		b.events = append(b.events, b.server.Match(time.Now().Add(2*time.Hour), true))
		b.within(11*time.Minute, "a new match", func() bool { return b.state(b.events[2].Markets[0]) == frames.Live })
		stop()
		b.right()
		if made, _, _, _ := b.server.Counts(); made != 1 || b.c.Status().Sessions != 1 {
			t.Errorf("%d connections, status %+v", made, b.c.Status())
		}
	})
}

func TestNothingIsListed(t *testing.T) {
	follow(t, 0, nil, func(b *bench) {
		time.Sleep(time.Minute)
		if s := b.c.Status(); s.State != connect.Connected || s.Sessions != 1 {
			t.Errorf("status %+v", s)
		}
		b.events = append(b.events, b.server.Match(time.Now().Add(time.Hour), false))
		b.within(6*time.Minute, "live", func() bool { return b.all(frames.Live) })
		b.right()
	})
}

func TestFreezeUnderSilence(t *testing.T) {
	// The one market of a quiet connection moves after the feed froze.
	prepare := func(b *bench) { b.options.Events = []string{b.events[0].Slug} }
	follow(t, 1, prepare, func(b *bench) {
		time.Sleep(10 * time.Minute)
		b.server.Stream.Add(venue.Plan{Fault: venue.Freeze, At: 1, By: time.Hour})
		b.server.Move(b.events[0].Markets[0])
		b.within(30*time.Second, "found", func() bool { return b.state(b.events[0].Markets[0]) != frames.Live })
		b.within(30*time.Second, "healed", func() bool { return b.wrong() == "" })
	})
}
