package market

import (
	"math"

	"corrgraph/odds"
)

const (
	common   = 3 * minute  // between moves that all venues share
	personal = 20 * minute // between a venue's own ideas
)

// streams are the markets of venues with a feed each.
func streams() []Market {
	return append(pollers(), []Market{
		{
			Name: "lag wanders", About: "The lag of bob behind ann drifts from 2 to 30 s and back in ten hours.",
			Looks:  looks(Link{A: "ann", B: "bob", Rule: Leads, Low: 2 * second, High: 30 * second}, 3, 6, 9, 0),
			events: 12, hours: 12, fill: wander,
		},
		{
			Name: "leader swaps", About: "ann leads bob by 5 s for six hours, then bob leads ann.",
			Looks: []Look{
				{At: Start + 6*hour - 1, Links: []Link{{A: "ann", B: "bob", Rule: Leads, Low: 4 * second, High: 6 * second}}},
				{At: Start + 9*hour, Links: []Link{{A: "ann", B: "bob", Rule: Swapped}}},
				{Links: []Link{{A: "ann", B: "bob", Rule: Swapped}}},
			},
			events: 12, hours: 12, fill: swap,
		},
		{
			Name: "goals for all", About: "Play moves all venues, mostly at once, else each after a delay by chance.",
			Looks: atEnd(all(Together, "ann", "bob", "cat")...), events: 12, hours: 2, live: true, fill: goals,
		},
		{
			Name: "stale copy", About: "old republishes the prices of lead, and at times those of minutes ago; slow follows lead.",
			Looks: atEnd(Link{A: "lead", B: "slow", Rule: Leads, Low: 5 * second, High: 7 * second},
				Link{A: "lead", B: "old", Rule: Copies}, Link{A: "old", B: "slow", Rule: Echoes}),
			Stale: "old", events: 12, hours: 6, fill: republish,
		},
		{
			Name: "clock ahead", About: "good and skewed move at once, but the stamps of skewed are 2 s ahead; slow follows both.",
			Looks: atEnd(Link{A: "good", B: "skewed", Rule: Together},
				Link{A: "good", B: "slow", Rule: Leads, Low: 5 * second, High: 7 * second},
				Link{A: "skewed", B: "slow", Rule: Leads, Low: 3 * second, High: 7 * second, Aside: true}),
			Skewed: "skewed", events: 12, hours: 6, fill: ahead,
		},
		{
			Name: "chain", About: "ann leads bob by 4 s and bob leads cat by 6 s; ann moves cat only through bob.",
			Looks: atEnd(Link{A: "ann", B: "bob", Rule: Leads, Low: 3 * second, High: 5 * second},
				Link{A: "bob", B: "cat", Rule: Leads, Low: 5 * second, High: 7 * second},
				Link{A: "ann", B: "cat", Rule: Mediated, Via: "bob"}),
			events: 12, hours: 6, fill: chain,
		},
		{
			Name: "slow follower", About: "bob follows ann by five minutes; cat moves on its own.",
			Looks: atEnd(Link{A: "ann", B: "bob", Rule: Leads, Low: 250 * second, High: 350 * second, Most: 8 * minute},
				Link{A: "ann", B: "cat", Rule: Apart}, Link{A: "bob", B: "cat", Rule: Apart}),
			events: 16, hours: 12, fill: slow,
		},
		{
			Name: "thin", About: "bob follows ann by 5 s; there are forty moves.",
			Looks:  atEnd(Link{A: "ann", B: "bob", Rule: Leads, Low: 4 * second, High: 6 * second}),
			events: 4, hours: 6, fill: thin,
		},
		{
			Name: "thin, nothing there", About: "Five venues move forty times each, independently.",
			Looks: atEnd(all(Apart, "ann", "bob", "cat", "dan", "eve")...), events: 4, hours: 6, fill: nothing,
		},
	}...)
}

// pollers are markets of venues that move together and are polled separately, each at a
// constant phase: the one asked first seems to move first.
func pollers() []Market {
	names := []string{"p0", "p10", "p25", "p40"}
	of := func(name, about string, ask func(p *plan) request) Market {
		return Market{
			Name: name, About: about, Looks: atEnd(all(Together, names...)...), events: 12, hours: 5,
			fill: func(p *plan) { phases(p, names, ask(p)) },
		}
	}
	return []Market{
		of("phases declared", "Pollers at constant phases say that they are polled, or state their resolution.", func(p *plan) request {
			if p.r.IntN(2) == 0 {
				return request{stated: true, changes: true}
			}
			return request{polled: true, stated: true}
		}),
		of("phases undeclared", "The same pollers report changes only and say nothing of polling.", func(*plan) request {
			return request{changes: true}
		}),
	}
}

// phases polls venues that move at once at 0, 10, 25 and 40 s past the minute.
func phases(p *plan, names []string, q request) {
	shops := p.shops(names, func(s *shop, m []move) { s.x = pathOf(0, m, ideas(p.r, p.span, personal)) })
	for k, at := range []int64{0, 10, 25, 40} {
		var one [][]shop
		for i := range shops {
			one = append(one, shops[i][k:k+1])
		}
		q.source, q.step, q.phase = names[k], minute, minute+at*second
		p.poll(q, one)
	}
}

// shops draws common moves for every event and lets each venue make of them what it does.
func (p *plan) shops(names []string, show func(s *shop, m []move)) (out [][]shop) {
	p.each(func(_ *odds.Event, start float64) {
		m := shocks(p.r, settle, p.span, common, 1)
		all := make([]shop, len(names))
		for k, name := range names {
			all[k].name = name
			show(&all[k], m)
			for i := range all[k].x.x {
				all[k].x.x[i] += start
			}
		}
		out = append(out, all)
	})
	return out
}

// duel streams a leader and a follower whose lag depends on the time.
func (p *plan) duel(lag func(int64) int64) {
	p.each(func(e *odds.Event, start float64) {
		lead := append(shocks(p.r, settle, p.span, common, 1), ideas(p.r, p.span, personal)...)
		p.stream(e, shop{name: "ann", x: pathOf(start, lead)})
		p.stream(e, shop{name: "bob", x: pathOf(start, follow(p.r, lead, lag), ideas(p.r, p.span, personal))})
	})
}

// wander lets the lag go up and down between 2 and 30 s, in equal proportions.
func wander(p *plan) {
	period, phase := float64(10*hour), p.r.Float64()
	p.duel(func(at int64) int64 {
		_, turn := math.Modf(float64(at)/period + phase)
		return int64(2 * second * math.Pow(15, math.Abs(2*turn-1)))
	})
}

func swap(p *plan) {
	lag := about(p.r, 5*second)
	p.each(func(e *odds.Event, start float64) {
		half := p.span / 2
		first, then := shocks(p.r, settle, half-minute, common, 1), shocks(p.r, half, p.span, common, 1)
		p.stream(e, shop{name: "ann", x: pathOf(start, first, follow(p.r, then, lag), ideas(p.r, p.span, personal))})
		p.stream(e, shop{name: "bob", x: pathOf(start, then, follow(p.r, first, lag), ideas(p.r, p.span, personal))})
	})
}

// goals moves all venues within a second, and mostly at once, as they watch the same
// scout: a few goals and many smaller chances.
func goals(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		play := append(shocks(p.r, settle, p.span, 3*minute, 1), shocks(p.r, settle, p.span, 30*minute, 4)...)
		for _, name := range []string{"ann", "bob", "cat"} {
			p.stream(e, shop{name: name, x: pathOf(start, delayed(play, p.scouted), ideas(p.r, p.span, personal))})
		}
	})
}

// scouted is a delay of up to 4 ms in six cases of ten, else of up to a second.
func (p *plan) scouted(int64) int64 {
	if p.r.IntN(10) < 6 {
		return p.r.Int64N(5)
	}
	return p.r.Int64N(second)
}

// republish lets old copy lead within 4 ms, and once in half an hour show lead's price of
// three to ten minutes ago for a while.
func republish(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		lead := shocks(p.r, settle, p.span, common, 1)
		x := pathOf(start, lead)
		p.stream(e, shop{name: "lead", x: x})
		p.stream(e, shop{name: "slow", x: pathOf(start, delayed(lead, about(p.r, 6*second)))})
		copied := delayed(lead, func(int64) int64 { return 1 + p.r.Int64N(4) })
		var lapses []move
		for t := int64(15 * minute); t < p.span; t += 20*minute + p.r.Int64N(20*minute) {
			if dx := x.value(t-3*minute-p.r.Int64N(7*minute)) - x.value(t); dx != 0 {
				lapses = append(lapses, move{t, dx}, move{t + 20*second + p.r.Int64N(40*second), -dx})
			}
		}
		p.stream(e, shop{name: "old", x: pathOf(start, copied, lapses)})
	})
}

func ahead(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		m := shocks(p.r, settle, p.span, common, 1)
		p.stream(e, shop{name: "good", x: pathOf(start, delayed(m, within(p.r, 100)), ideas(p.r, p.span, personal))})
		p.stream(e, shop{name: "skewed", ahead: 2 * second, x: pathOf(start, delayed(m, within(p.r, 100)), ideas(p.r, p.span, personal))})
		p.stream(e, shop{name: "slow", x: pathOf(start, follow(p.r, m, about(p.r, 6*second)), ideas(p.r, p.span, personal))})
	})
}

// chain lets cat repeat all that bob shows, bob's own moves as well.
func chain(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		ann := append(shocks(p.r, settle, p.span, common, 1), ideas(p.r, p.span, personal)...)
		bob := append(follow(p.r, ann, about(p.r, 4*second)), ideas(p.r, p.span, 20*minute)...)
		cat := append(follow(p.r, bob, about(p.r, 6*second)), ideas(p.r, p.span, personal)...)
		p.stream(e, shop{name: "ann", x: pathOf(start, ann)})
		p.stream(e, shop{name: "bob", x: pathOf(start, bob)})
		p.stream(e, shop{name: "cat", x: pathOf(start, cat)})
	})
}

// slow lets bob repeat after five minutes what ann shows, a quarter of an hour apart: moves in
// between would swamp the wait.
func slow(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		ann := shocks(p.r, settle, p.span, 15*minute, 1)
		p.stream(e, shop{name: "ann", x: pathOf(start, ann)})
		p.stream(e, shop{name: "bob", x: pathOf(start, follow(p.r, ann, about(p.r, 5*minute)), ideas(p.r, p.span, hour))})
		p.stream(e, shop{name: "cat", x: pathOf(start, shocks(p.r, settle, p.span, 15*minute, 1))})
	})
}

// few draws ten moves.
func (p *plan) few() []move {
	m := shocks(p.r, settle, p.span-minute, p.span/20, 1)
	for len(m) < 10 {
		m = shocks(p.r, settle, p.span-minute, p.span/20, 1)
	}
	return m[:10]
}

func thin(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		m := p.few()
		p.stream(e, shop{name: "ann", x: pathOf(start, m)})
		p.stream(e, shop{name: "bob", x: pathOf(start, delayed(m, about(p.r, 5*second)))})
	})
}

func nothing(p *plan) {
	p.each(func(e *odds.Event, start float64) {
		for _, name := range []string{"ann", "bob", "cat", "dan", "eve"} {
			p.stream(e, shop{name: name, x: pathOf(start, p.few())})
		}
	})
}
