package oddsapi_test

import (
	"compress/bzip2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/proof/venue"
	server "corrgraph/proof/venue/oddsapi"
	"corrgraph/server/connect/oddsapi"
)

// evenings are starts of a month: three an evening.
func evenings(from time.Time, days int) (out []time.Time) {
	for d := range days {
		for i := range 3 {
			out = append(out, from.AddDate(0, 0, d).Add(time.Duration(17*60+50*i+7*d%40)*time.Minute))
		}
	}
	return out
}

// Over a month with faults the credits are never exceeded, every start that the reserve suffices for
// has captures before it, and what may be spent is.
func TestMonth(t *testing.T) {
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	games := evenings(begin, 38)
	s := setup{date: begin, keepNot: true}
	s.server = server.Options{Credits: 3000, Market: &server.Walk{Seed: 2, Games: map[string][]time.Time{mlb: games}}}
	run(t, s, func(r *rig) {
		for d := range 30 {
			r.server.Faults.Add(
				venue.Plan{Fault: venue.Status, At: 7 + d, N: 503}, venue.Plan{Fault: venue.Status, At: 40, N: 429, By: 30 * time.Second},
				venue.Plan{Fault: venue.Half, At: 60, N: 1}, venue.Plan{Fault: venue.Cut, At: 70},
			)
			time.Sleep(24 * time.Hour)
			if left := r.server.Left(); d < 29 && (left < 100*(29-d)-10 || left > 100*(29-d)+10) {
				t.Errorf("day %d: %d credits are left", d+1, left)
			}
			if d == 28 {
				time.Sleep(24*time.Hour - time.Minute)
				break
			}
		}
		if left := r.server.Left(); left > 30 {
			t.Errorf("%d credits were not used", left)
		}
		hit, all := 0, 0
		var at []time.Time
		for _, a := range r.server.Asked(true) {
			if a.Status == 200 {
				at = append(at, a.At)
			}
			if a.Status == 401 {
				t.Errorf("asked without credits at %v", a.At)
			}
		}
		for _, g := range games[:90] {
			all++
			for _, x := range at {
				if x.Before(g) && x.After(g.Add(-2*time.Minute)) {
					hit++
					break
				}
			}
		}
		st := r.c.Status()
		t.Logf("%d answers with prices, %d left, %d of %d starts had one in the last two minutes; %v; %s", len(at), r.server.Left(), hit, all, st.Skipped, st.SkippedLast)
		if hit < all*9/10 {
			t.Errorf("%d of %d starts", hit, all)
		}
	})
}

// An hour at ten times the usual rate leaves nothing behind.
func TestLeavesNothingBehind(t *testing.T) {
	begin := time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)
	games := soonGames(begin)[mlb][:20]
	s := setup{date: begin, keepNot: true, options: oddsapi.Options{Soon: 6 * time.Second, Daily: 40_000, Sports: []string{"a_b", mlb, "c_d"}}}
	s.server.Market = &server.Walk{Seed: 1, Games: map[string][]time.Time{mlb: games, "a_b": games, "c_d": games}}
	run(t, s, func(r *rig) {
		measure := func() (heap uint64, routines int) {
			synctest.Wait()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, runtime.NumGoroutine()
		}
		time.Sleep(5 * time.Minute)
		heap, routines := measure()
		time.Sleep(time.Hour)
		after, now := measure()
		t.Logf("%d answers, %d quotes; heap %d and %d kB, %d and %d goroutines", len(r.server.Asked(true)), r.quotes, heap>>10, after>>10, routines, now)
		if n := len(r.server.Asked(true)); n < 1_800 {
			t.Errorf("%d answers", n)
		}
		// The server keeps what it has shown, and the recording grows.
		if now > routines+3 || after > heap+64<<20 {
			t.Errorf("heap %d and %d, goroutines %d and %d", heap, after, routines, now)
		}
	})
}

// Recorded answers of a day come out as they were shown.
func TestRecordedAnswers(t *testing.T) {
	f, err := os.Open("../../../../shared/data/the-odds-api-v4/wnba_2026-08-07.ndjson.bz2")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no recordings beside the repository: %v", err)
	}
	defer f.Close()
	m, err := server.Read(bzip2.NewReader(f), "basketball_wnba", 60)
	if err != nil {
		t.Fatal(err)
	}
	o := oddsapi.Options{Sports: []string{"basketball_*"}, Daily: 2000}
	o.Parts = []oddsapi.Part{{Regions: []string{"us"}, Markets: []string{"h2h", "spreads", "totals"}}}
	run(t, setup{date: m.Begin(), options: o, server: server.Options{Market: m}}, func(r *rig) {
		time.Sleep(m.End().Sub(m.Begin()))
		all := r.got()
		if len(all) < 30 || all[0].Source != "basketball_wnba" {
			t.Fatalf("%d batches; %+v", len(all), r.c.Status())
		}
		n := 0
		for _, b := range all {
			n += b.Quotes()
		}
		s := r.c.Status()
		t.Logf("%d polls, %d quotes, unknown %v, skipped %v", len(all), n, s.Unknown, s.Skipped)
		if s.Unread > 0 || n < 10_000 || strings.Contains(s.SkippedLast, "failed") {
			t.Errorf("%+v", s)
		}
	})
}
