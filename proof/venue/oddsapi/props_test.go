package oddsapi_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/feed/frames"
	server "corrgraph/proof/venue/oddsapi"
	"corrgraph/server/connect/oddsapi"
)

var noon = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

// twoGames are one that begins in three hours and one that does in three days.
func twoGames() server.Market {
	return &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: {noon.Add(3 * time.Hour), noon.Add(72 * time.Hour)}}}
}

// Props are asked for event by event, more often the nearer the start is, and not before the day of
// it; h2h is asked for as before. Each event has a state of its own, which ends with the event.
func TestProps(t *testing.T) {
	s := setup{date: noon, server: server.Options{Market: twoGames(), Props: []string{"player_points"}}}
	s.options = oddsapi.Options{Daily: 5000, Parts: []oddsapi.Part{{Markets: []string{"h2h", "player_points"}}}}
	run(t, s, func(r *rig) {
		r.pass(7 * time.Hour)
		var at []time.Duration
		for _, a := range r.server.Asked(true) {
			if strings.Contains(a.Path, "/events/") {
				at = append(at, a.At.Sub(noon).Round(time.Minute))
				if !strings.Contains(a.Path, mlb+"-0/") || a.Cost != 1 || a.Status != 200 {
					t.Errorf("%+v", a)
				}
			}
		}
		if want := "[0s 1h0m0s 2h0m0s 2h30m0s 2h35m0s 2h40m0s 2h45m0s 2h50m0s 2h55m0s]"; fmt.Sprint(at) != want {
			t.Errorf("%v, want %s", at, want)
		}
		props := 0
		for _, b := range r.got() {
			if b.Source != mlb || !b.Polled {
				t.Errorf("%+v", b)
			}
			for _, u := range b.Updates {
				if u.Market == "player_points" {
					props++
					if q := u.Quotes[0]; u.Event.ID != mlb+"-0" || q.Subject != "A. Guard" || q.Line != 20.5 || len(u.Quotes) != 4 {
						t.Errorf("%+v", u)
					}
				}
			}
		}
		if props != 2*len(at) {
			t.Errorf("%d updates of props in %d answers", props, len(at))
		}
		var states []string
		for _, m := range r.c.Markets() {
			states = append(states, fmt.Sprintf("%s %s %q", m.ID, m.State, m.Market.Event.Home))
		}
		want := []string{
			mlb + `/baseball_mlb-0?regions=eu&markets=player_points idle "Home 0"`,
			market + ` live ""`,
		}
		if !slices.Equal(states, want) {
			t.Errorf("%q, want %q", states, want)
		}
		if st := r.c.Status(); st.Unread > 0 || len(st.Unknown) > 0 {
			t.Errorf("%+v", st)
		}
	})
}

// A market of single events that the venue does not know costs one request, and the rest goes on.
func TestPropsInvalid(t *testing.T) {
	games := map[string][]time.Time{mlb: {noon.Add(time.Hour), noon.Add(2 * time.Hour), noon.Add(3 * time.Hour)}}
	s := setup{date: noon, server: server.Options{Market: &server.Walk{Seed: 1, Games: games}}}
	s.options = oddsapi.Options{Daily: 5000, Parts: []oddsapi.Part{{Markets: []string{"h2h", "player_pints"}}}}
	run(t, s, func(r *rig) {
		r.pass(2 * time.Hour)
		n := 0
		for _, a := range r.server.Asked(true) {
			if strings.Contains(a.Path, "/events/") {
				n++
			}
		}
		st := r.c.Status()
		if n != 1 || st.Skipped["invalid"] != 1 || st.Markets[frames.Live] != 1 || st.Markets[frames.Gap] != 1 {
			t.Errorf("%d requests; %+v", n, st)
		}
	})
}

// What credits do not allow is left out, event by event, and says why.
func TestPropsWithinCredits(t *testing.T) {
	var games []time.Time
	for i := range 12 {
		games = append(games, noon.Add(6*time.Hour+time.Duration(i)*10*time.Minute))
	}
	s := setup{date: noon, server: server.Options{Market: &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: games}}, Props: []string{"player_points"}}}
	s.options = oddsapi.Options{Daily: 60, Parts: []oddsapi.Part{{Regions: []string{"eu", "us"}, Markets: []string{"player_points"}}}}
	run(t, s, func(r *rig) {
		r.pass(12*time.Hour - time.Minute)
		spent, st := 100_000-r.server.Left(), r.c.Status()
		t.Logf("%d credits; %v; %s", spent, st.Skipped, st.SkippedLast)
		if spent > 30 || spent < 24 { // half of the day is left
			t.Errorf("%d credits of 30", spent)
		}
		if st.Skipped["budget"]+st.Skipped["reserve"] < 12 || !strings.Contains(st.SkippedLast, mlb+"/"+mlb+"-") {
			t.Errorf("%v %s", st.Skipped, st.SkippedLast)
		}
	})
}

// A service that is restarted again and again in the last hours of a day spends no more than its
// credits; what it does not know any more is written beside the store. Without that file each restart
// begins anew.
func TestRestartsKeepTheCreditsOfADay(t *testing.T) {
	const day, due = 48, 6 // credits: of a day, and of its last three hours
	for _, c := range []struct {
		stated int
		kept   bool
	}{{day, true}, {0, true}, {day, false}} {
		o := oddsapi.Options{Daily: c.stated}
		if c.kept {
			o.Ledger = filepath.Join(t.TempDir(), "x.credits")
		}
		left := due + day*20 // of 20 more days
		s := setup{date: time.Date(2026, 6, 10, 21, 0, 0, 0, time.UTC), options: o, keepNot: true, server: server.Options{Credits: left}}
		run(t, s, func(r *rig) {
			for range 6 {
				r.pass(20 * time.Minute)
				r.restart()
			}
			r.pass(time.Hour - time.Minute)
			spent := left - r.server.Left()
			t.Logf("%+v: %d credits", c, spent)
			if c.kept && (spent > due || spent < due-1) || !c.kept && spent <= due {
				t.Errorf("%+v: %d credits", c, spent)
			}
		})
	}
}

// An event that is still listed is being played, however long it takes.
func TestInPlayUntilItIsOver(t *testing.T) {
	s := setup{date: noon, keepNot: true, server: server.Options{Market: &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: {noon.Add(time.Minute)}}}}}
	s.options = oddsapi.Options{InPlay: 2 * time.Minute, InPlayFor: time.Hour, Daily: 5000} // it lasts three
	run(t, s, func(r *rig) {
		r.pass(6 * time.Hour)
		all := r.server.Asked(true)
		last := all[len(all)-1].At.Sub(noon)
		if len(all) < 85 || last < 3*time.Hour-2*time.Minute || last > 3*time.Hour+15*time.Minute {
			t.Errorf("%d requests, the last after %v", len(all), last)
		}
	})
}

// In play is what is left out first when credits are scarce, and that is told.
func TestInPlayWithinCredits(t *testing.T) {
	s := setup{date: noon, keepNot: true, server: server.Options{Market: &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: {noon.Add(time.Minute), noon.Add(6 * time.Hour)}}}}}
	s.options = oddsapi.Options{InPlay: 10 * time.Second, Daily: 200}
	run(t, s, func(r *rig) {
		r.pass(12*time.Hour - time.Minute)
		spent, st := 100_000-r.server.Left(), r.c.Status()
		t.Logf("%d credits; %v; %s", spent, st.Skipped, st.SkippedLast)
		before := 0
		for _, a := range r.server.Asked(true) {
			if left := noon.Add(6 * time.Hour).Sub(a.At); left >= 0 && left <= 30*time.Minute {
				before++
			}
		}
		if spent > 100 || spent < 90 || st.Skipped["budget"]+st.Skipped["reserve"] < 500 || before < 25 {
			t.Errorf("%d credits, %d before the start; %v", spent, before, st.Skipped)
		}
	})
}
