package oddsapi

import (
	"math/rand/v2"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// plan returns a planner of sports that are asked for in one part.
func plan(t testing.TB, o Options, sports map[string][]time.Time) *planner {
	t.Helper()
	for key := range sports {
		o.Sports = append(o.Sports, key)
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range v.choose(nil) {
		v.p.sports = append(v.p.sports, v.sport("/v4", key))
	}
	return v.p
}

// month is what a simulated month came to.
type month struct {
	spent, captures, soon int
	skipped               map[string]int
	starts, closed        int // and how many had a capture in the two minutes before
	near                  int // starts that had one in the half hour before
	perDay                []int
	overdrawn             int // requests that there were no credits for
}

// live simulates days of a plan against a venue that counts.
func live(p *planner, games map[string][]time.Time, from time.Time, days, credits int) (m month) {
	m.skipped, m.perDay = map[string]int{}, make([]int, days)
	left := credits
	taken := map[string][]time.Time{}
	for now := from; ; {
		a := p.next(now)
		if a.at.After(now) {
			now = a.at
			if !now.Before(from.AddDate(0, 0, days)) {
				break
			}
			continue
		}
		switch a.do {
		case schedule:
			var times []time.Time
			for _, g := range games[a.sport.key] {
				if g.Add(3*time.Hour).After(now) && g.Before(now.AddDate(0, 0, 7)) {
					times = append(times, g)
				}
			}
			p.scheduled(a.sport, now, times)
			p.c.said(now, quota{float64(left), float64(credits - left), 0}, 0)
		case skip:
			p.skipped(a)
			m.skipped[a.reason]++
		case doubt:
			a.part.doubted = true
		case capture:
			p.begin(a, now)
			for _, x := range a.sport.parts {
				if !p.pay(a.sport, x, now) {
					x.open = false
					continue
				}
				if cost := x.cost(); cost > left {
					m.overdrawn++
				} else {
					left -= cost
					m.perDay[now.Sub(from)/day] += cost
				}
				m.captures++
				if a.phase == soon {
					m.soon++
				}
				p.c.said(now, quota{float64(left), float64(credits - left), float64(x.cost())}, x.cost())
				p.answered(a.sport, x, now)
			}
			taken[a.sport.key] = append(taken[a.sport.key], now)
		}
	}
	m.spent = credits - left
	for key, times := range games {
		for _, g := range times {
			if !g.After(from.Add(time.Hour)) || g.After(from.AddDate(0, 0, days)) {
				continue
			}
			m.starts++
			if has(taken[key], g.Add(-cluster-2*time.Minute), g) {
				m.closed++
			}
			if has(taken[key], g.Add(-30*time.Minute), g) {
				m.near++
			}
		}
	}
	return m
}

func has(times []time.Time, from, to time.Time) bool {
	for _, x := range times {
		if !x.Before(from) && !x.After(to) {
			return true
		}
	}
	return false
}

// games draws starts: so many a day, in the evening of America.
func games(r *rand.Rand, from time.Time, days, each int) (out []time.Time) {
	for d := range days {
		for range each {
			out = append(out, from.AddDate(0, 0, d).Add(17*time.Hour+time.Duration(r.IntN(10*12))*5*time.Minute))
		}
	}
	return out
}

// Over a month the credits are never exceeded, the reserve is there before starts, and all is
// spent that may be.
func TestMonth(t *testing.T) {
	from := at("2026-06-01 00:00")
	r := rand.New(rand.NewPCG(1, 2))
	g := map[string][]time.Time{"baseball_mlb": games(r, from, 31, 8), "basketball_wnba": games(r, from, 31, 2), "soccer_epl": nil}
	for _, c := range []struct {
		credits      int
		parts        []Part
		spent        float64 // share at least
		near, closed float64 // shares of starts
	}{
		{500, nil, 0.97, 0.2, 0.2},
		{3_000, nil, 0.97, 0.7, 0.7},
		{20_000, nil, 0.97, 1, 0.95},
		{20_000, []Part{{Regions: []string{"eu", "us"}, Markets: []string{"h2h", "totals"}}}, 0.97, 0.98, 0.85},
		{100_000, nil, 0.1, 1, 1},
	} {
		p := plan(t, Options{Parts: c.parts, Monthly: c.credits}, g)
		m := live(p, g, from, 30, c.credits)
		near, closed := float64(m.near)/float64(m.starts), float64(m.closed)/float64(m.starts)
		t.Logf("%d credits: spent %d, %d captures, %d soon, %d starts: %.2f in the last half hour, %.2f just before; %v; %v", c.credits, m.spent, m.captures, m.soon, m.starts, near, closed, m.skipped, m.perDay)
		if m.overdrawn > 0 || m.spent > c.credits || float64(m.spent) < c.spent*float64(c.credits) || near < c.near || closed < c.closed {
			t.Errorf("%d credits: %+v; near %.2f, closed %.2f", c.credits, m, near, closed)
		}
	}
}
