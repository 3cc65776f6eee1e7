package oddsapi_test

import (
	"strings"
	"testing"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/oddsapi"
	"corrgraph/server/connect"
	"corrgraph/server/connect/oddsapi"
)

func TestFirstTick(t *testing.T) {
	run(t, setup{}, func(r *rig) {
		took := r.next(time.Minute)
		t.Logf("first tick after %v", took)
		if took > 2*time.Second || r.states(0) != "subscribed live" {
			t.Errorf("%v, %s", took, r.states(0))
		}
		r.same(r.got()[0])
		if s := r.c.Status(); s.Quota["credits"] != 99_999 || s.Quota["credits_last"] != 1 || s.Delay <= 0 && s.Delay != 0 || s.State != connect.Connected || len(s.Skipped) > 0 {
			t.Errorf("%+v", s)
		}
		m := r.c.Markets()[0]
		if m.ID != market || m.Market.Name != "h2h" || m.Market.Venue != "eu" || m.Market.Event.League != "mlb" {
			t.Errorf("%+v", m)
		}
	})
}

// Every fault: the states shown, the time until prices come again, and nothing is invented.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		plans  []venue.Plan
		states string
		most   time.Duration // by which prices come later
	}{
		{"500", []venue.Plan{{Fault: venue.Status, At: 1, N: 500}}, "", 3 * time.Second},
		{"503 for a capture", []venue.Plan{{Fault: venue.Status, At: 1, For: 3, N: 503}}, "", 67 * time.Second},
		{"502 for five minutes", []venue.Plan{{Fault: venue.Status, At: 1, For: 13, N: 502}}, "stale live", 5 * time.Minute},
		{"429", []venue.Plan{{Fault: venue.Status, At: 1, N: 429}}, "", 3 * time.Second},
		{"429 five times", []venue.Plan{{Fault: venue.Status, At: 1, For: 5, N: 429}}, "", 63 * time.Second},
		{"429, retry after 90 s", []venue.Plan{{Fault: venue.Status, At: 1, N: 429, By: 90 * time.Second}}, "", 91 * time.Second},
		{"429, retry after 10 min", []venue.Plan{{Fault: venue.Status, At: 1, N: 429, By: 10 * time.Minute}}, "stale live", 601 * time.Second},
		{"cut within", []venue.Plan{{Fault: venue.Half, At: 1}}, "", 3 * time.Second},
		{"cut off, as if whole", []venue.Plan{{Fault: venue.Half, At: 1, N: 1}}, "", 3 * time.Second},
		{"cut before", []venue.Plan{{Fault: venue.Cut, At: 1, For: 2}}, "", 3 * time.Second},
		{"no answer", []venue.Plan{{Fault: venue.Drop, At: 1}}, "", 18 * time.Second},
		{"frozen within", []venue.Plan{{Fault: venue.Freeze, At: 1, By: time.Hour}}, "", 18 * time.Second},
		{"late by 10 s", []venue.Plan{{Fault: venue.Delay, At: 1, By: 10 * time.Second}}, "", 11 * time.Second},
		{"an older copy", []venue.Plan{{Fault: venue.Skew, At: 1, By: -4 * time.Minute}, {Fault: venue.Skew, At: 2}}, "", 2 * time.Second},
		{"a copy from an hour ago", []venue.Plan{{Fault: venue.Skew, At: 1, By: -time.Hour}, {Fault: venue.Skew, At: 2}}, "stale live", 62 * time.Second},
		{"the clock is ahead", []venue.Plan{{Fault: venue.Skew, At: 1, By: time.Hour}, {Fault: venue.Skew, At: 2}}, "", 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, setup{}, func(r *rig) {
				for range 3 {
					r.next(2 * time.Minute)
				}
				n := len(r.changes)
				due := r.got()[2].Recv.Std().Add(time.Minute)
				r.server.Faults.Add(c.plans...)
				r.next(c.most + 2*time.Minute)
				took := r.got()[3].Recv.Std().Sub(due)
				for range 3 {
					r.next(2 * time.Minute)
				}
				all := r.got()
				r.same(all[len(all)-1])
				t.Logf("%s | prices late by %v | %s | skipped %v", c.name, took, r.states(n), r.c.Status().Skipped)
				if took > c.most || r.states(n) != c.states || r.state() != frames.Live {
					t.Errorf("%v, want %v; %q, want %q; %+v", took, c.most, r.states(n), c.states, r.c.Status())
				}
			})
		})
	}
}

// A bookmaker that is missing for one poll has no prices in it, and is back in the next.
func TestBookMissing(t *testing.T) {
	run(t, setup{}, func(r *rig) {
		r.next(time.Minute)
		r.server.Without("betsson")
		r.next(2 * time.Minute)
		r.server.Without("")
		r.next(2 * time.Minute)
		var books []string
		for _, b := range r.got() {
			venues := map[string]bool{}
			for _, u := range b.Updates {
				venues[u.Venue] = true
			}
			if !b.Polled {
				t.Error("not polled")
			}
			books = append(books, strings.Repeat("x", len(venues)))
		}
		if strings.Join(books, " ") != "xx x xx" {
			t.Error(books)
		}
	})
}

// What can't get better by asking again says what to do.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		setup      setup
	}{
		{"wrong key", `store it as secret "odds-api"`, setup{key: "wr0ng"}},
		{"no secret", "there is no file secrets/odds-api", setup{key: "missing"}},
		{"unknown market", "correct the sports, regions, bookmakers and markets", setup{options: oddsapi.Options{Parts: []oddsapi.Part{{Markets: []string{"player_points"}}}}}},
		{"unknown sport", "correct the sports", setup{options: oddsapi.Options{Sports: []string{"baseball_mlx"}}}},
		{"no such sport", "no sport in season is called curling_*", setup{options: oddsapi.Options{Sports: []string{"curling_*"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, c.setup, func(r *rig) {
				took := r.until(time.Minute, "refused", func() bool { return r.c.Status().State == connect.Refused })
				s := r.c.Status()
				if !strings.Contains(s.Error, c.want) {
					t.Errorf("%s", s.Error)
				}
				t.Logf("after %v: %s", took, s.Error)
				r.pass(time.Hour)
				if n := r.c.Status().Sessions; n > 30 {
					t.Errorf("%d sessions in an hour", n)
				}
				if r.server.Left() != 100_000 {
					t.Error("it cost credits")
				}
			})
		})
	}
}

// A part that the venue does not know costs the others nothing.
func TestOnePartInvalid(t *testing.T) {
	o := oddsapi.Options{Parts: []oddsapi.Part{{Markets: []string{"player_points"}}, {Markets: []string{"h2h"}}}}
	run(t, setup{options: o}, func(r *rig) {
		r.next(time.Minute)
		r.next(2 * time.Minute)
		s := r.c.Status()
		if s.Skipped["invalid"] != 1 || s.Markets[frames.Live] != 1 || s.Markets[frames.Gap] != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A venue that can't be reached ends the session; the next one begins with what costs nothing.
func TestUnreachable(t *testing.T) {
	run(t, setup{}, func(r *rig) {
		r.next(time.Minute)
		r.next(2 * time.Minute)
		r.net.Down(address, true)
		r.server.Faults.Add(venue.Plan{Fault: venue.Cut, At: 1})
		r.until(10*time.Minute, "a gap", func() bool { return r.state() == frames.Gap })
		left := r.server.Left()
		r.pass(20 * time.Minute)
		if r.server.Left() != left || r.c.Status().State == connect.Connected && r.c.Status().Sessions < 10 {
			t.Errorf("%+v", r.c.Status())
		}
		r.net.Down(address, false)
		took := r.next(2 * time.Minute)
		t.Logf("reachable again: prices after %v; %s", took, r.states(0))
		if took > 35*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

// Retry-After holds for all requests, those that cost nothing too.
func TestRetryAfter(t *testing.T) {
	run(t, setup{}, func(r *rig) {
		r.next(time.Minute)
		r.server.Faults.Add(venue.Plan{Fault: venue.Status, At: 1, N: 429, By: 25 * time.Minute})
		r.next(30 * time.Minute)
		all := r.server.Asked(false)
		for i, a := range all {
			if a.Status == 429 {
				if gap := all[i+1].At.Sub(a.At); gap < 25*time.Minute {
					t.Errorf("asked again after %v", gap)
				}
				if s := r.c.Status(); s.Skipped["rate_limited"] < 20 || s.Skipped["rate_limited"] > 26 {
					t.Errorf("%v", s.Skipped)
				}
				return
			}
		}
		t.Error("no 429")
	})
}

// When another program has spent the credits, nothing is asked for that costs any until there are
// new ones; then it goes on by itself.
func TestNoCredits(t *testing.T) {
	date := time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC)
	run(t, setup{date: date}, func(r *rig) {
		r.next(time.Minute)
		r.server.Spend(1 << 30)
		r.pass(90 * time.Minute)
		s := r.c.Status()
		if s.Skipped["credits"] < 60 || s.Quota["credits"] != 0 || s.State != connect.Connected || r.state() != frames.Stale {
			t.Errorf("%+v %v", s, r.state())
		}
		t.Log(s.SkippedLast)
		n := len(r.server.Asked(true))
		if n > 4 {
			t.Errorf("%d requests", n)
		}
		took := r.next(2 * time.Hour)
		if at := time.Since(date); at < 2*time.Hour || at > 2*time.Hour+11*time.Minute {
			t.Errorf("new credits were found after %v, %v", at, took)
		}
	})
}

// Failures that the venue charges for stay within the credits of the day.
func TestFailuresThatCost(t *testing.T) {
	o := oddsapi.Options{Daily: 240}
	run(t, setup{options: o, server: server.Options{Credits: 5000, ChargesFailures: true}}, func(r *rig) {
		r.server.Faults.Add(venue.Plan{Fault: venue.Status, At: 1, For: 1 << 20, N: 500})
		r.pass(24*time.Hour - time.Second)
		if spent := 5000 - r.server.Left(); spent > 240 || spent < 200 {
			t.Errorf("%d credits; %+v", spent, r.c.Status())
		}
	})
}

// Without the list of events what was known of them counts; the venue that wants to be left alone at
// the very beginning is.
func TestFreeRequestsFail(t *testing.T) {
	run(t, setup{}, func(r *rig) {
		r.next(time.Minute)
		r.server.Free.Add(venue.Plan{Fault: venue.Status, At: 1, For: 6, N: 500})
		for range 40 {
			r.next(2 * time.Minute)
		}
		if s := r.c.Status(); s.Sessions != 1 || len(s.Skipped) > 0 || !strings.Contains(r.log.String(), "the events of a sport can't be told") {
			t.Errorf("%+v", s)
		}
	})
	run(t, setup{server: server.Options{Silent: true}, options: oddsapi.Options{Monthly: 31 * 24 * 60}}, func(r *rig) {
		r.next(time.Minute)
		for range 5 {
			r.next(3 * time.Minute)
		}
		if s := r.c.Status(); s.Quota["credits_today"] <= 0 {
			t.Errorf("%+v", s)
		}
	})
}

// While something is being played captures are made if that is wanted.
func TestInPlay(t *testing.T) {
	date := time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	for _, step := range []time.Duration{0, 2 * time.Minute} {
		o := oddsapi.Options{InPlay: step, InPlayFor: 2 * time.Hour, Daily: 5000}
		m := &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: {date.Add(time.Minute)}}}
		run(t, setup{date: date, options: o, server: server.Options{Market: m}}, func(r *rig) {
			r.pass(3*time.Hour + time.Minute)
			n := len(r.server.Asked(true))
			if step == 0 && n > 5 || step > 0 && (n < 88 || n > 93) {
				t.Errorf("every %v: %d requests; %+v", step, n, r.c.Status())
			}
			all := r.got()
			if u := all[1].Updates; len(u) == 0 || !u[0].InPlay {
				t.Errorf("%+v", all[1])
			}
		})
	}
}

// Two parts of a sport are asked for together, and each has a state of its own.
func TestTwoParts(t *testing.T) {
	o := oddsapi.Options{Parts: []oddsapi.Part{{Markets: []string{"h2h"}}, {Bookmakers: []string{"pinnacle"}, Markets: []string{"totals"}}}}
	run(t, setup{options: o}, func(r *rig) {
		r.next(time.Minute)
		r.next(time.Minute)
		r.pass(10 * time.Minute)
		r.server.Faults.Add(venue.Plan{Fault: venue.Status, At: 2, N: 500})
		r.pass(10 * time.Minute)
		all := r.c.Markets(frames.Live)
		if len(all) != 2 || all[0].ID != mlb+"?bookmakers=pinnacle&markets=totals" || all[1].ID != market {
			t.Errorf("%+v", all)
		}
		asked := r.server.Asked(true)
		for i := 1; i < len(asked); i++ {
			if gap := asked[i].At.Sub(asked[i-1].At); gap > 70*time.Second {
				t.Errorf("request %d came %v after the one before", i, gap)
			}
		}
		for _, b := range r.got() {
			if m := b.Updates[0].Market; m != "h2h" && m != "totals" || len(b.Updates) == 0 {
				t.Errorf("%+v", b.Updates[0])
			}
		}
	})
}
