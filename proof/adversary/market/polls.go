package market

import "fmt"

// step is the time between two answers of a request for several venues.
const step = minute

// polls are the markets that a request shows, several venues in one answer. Where one
// answer is one clock a lead shorter than a poll can be told; elsewhere it can't.
//
// Only stamps tell a venue that follows by 40 s from one whose prices are read 40 s late:
// both are here, and every lead that must be found is stamped.
func polls() []Market {
	var m []Market
	for _, lag := range []int64{10, 20, 30, 40} {
		m = append(m, lead(lag))
	}
	trap := func(name, about string, venues []string, fill func(*plan)) {
		m = append(m, Market{Name: "poll: " + name, About: about, Looks: atEnd(all(Together, venues...)...), events: 16, hours: 5, fill: fill})
	}
	three, four := []string{"ann", "bob", "late"}, []string{"ann", "bob", "cat", "dan"}
	trap("ages, stamped", "late is read 40 s before the answer, and its stamps say so.", three, func(p *plan) { ages(p, three, true) })
	trap("ages, bare", "late is read 40 s before the answer, and nothing says so.", three, func(p *plan) { ages(p, three, false) })
	trap("overshoot", "wild moves too far and comes back by the next answer.", []string{"ann", "bob", "wild"}, overshoot)
	trap("steps", "coarse shows multiples of 0.05 only.", []string{"ann", "bob", "coarse"}, steps)
	trap("phases declared", "Separate pollers at constant phases say that they are polled.",
		[]string{"p0", "p10", "p25", "p40"}, func(p *plan) { phases(p, []string{"p0", "p10", "p25", "p40"}, request{polled: true}) })
	trap("phases undeclared", "Separate pollers at constant phases list all their prices and say nothing of polling.",
		[]string{"p0", "p10", "p25", "p40"}, func(p *plan) { phases(p, []string{"p0", "p10", "p25", "p40"}, request{}) })
	trap("equal grids", "Two sources answer at the same instants; the prices of one are 25 s old.", four, grids)
	trap("split requests", "A source is asked for two venues, and 8 s later for two others.", four, split)
	trap("common shocks", "Four venues of one answer move at once.", four, func(p *plan) {
		p.poll(api(), p.shops(four, p.ordinary))
	})
	return m
}

// api is a request that says all it should.
func api() request {
	return request{source: "api", step: step, phase: step, polled: true, stated: true, stamped: true}
}

// ordinary is a venue that moves at once and has ideas of its own.
func (p *plan) ordinary(s *shop, m []move) {
	s.x = pathOf(0, delayed(m, within(p.r, second)), ideas(p.r, p.span, personal))
}

// lead lets slow follow fast and even, which move together, by less than a poll.
func lead(lag int64) Market {
	after := func(leader string) Link {
		return Link{A: leader, B: "slow", Rule: Leads, High: 2 * step, Most: 2 * step, Aside: leader == "even"}
	}
	return Market{
		Name: fmt.Sprintf("poll: lead of %d s", lag), About: fmt.Sprintf("slow follows fast and even by %d s in answers every 60 s.", lag),
		Looks:  atEnd(after("fast"), after("even"), Link{A: "fast", B: "even", Rule: Together}),
		events: 16, hours: 5,
		fill: func(p *plan) {
			p.poll(api(), p.shops([]string{"fast", "even", "slow"}, func(s *shop, m []move) {
				if p.ordinary(s, m); s.name == "slow" {
					s.x = pathOf(0, delayed(m, about(p.r, lag*second)), ideas(p.r, p.span, personal))
				}
			}))
		},
	}
}

func ages(p *plan, venues []string, stamped bool) {
	q := api()
	q.stamped = stamped
	p.poll(q, p.shops(venues, func(s *shop, m []move) {
		if p.ordinary(s, m); s.name == "late" {
			s.age = 40 * second
		}
	}))
}

func overshoot(p *plan) {
	p.poll(api(), p.shops([]string{"ann", "bob", "wild"}, func(s *shop, m []move) {
		p.ordinary(s, m)
		if s.name != "wild" {
			return
		}
		var over []move
		for _, x := range m {
			over = append(over, move{x.at, 1.6 * x.dx}, move{x.at + 45*second + p.r.Int64N(30*second), -0.6 * x.dx})
		}
		s.x = pathOf(0, over, ideas(p.r, p.span, personal))
	}))
}

// steps splits every move into four small ones, about a minute apart. A coarse price skips
// some of them, which is no lag.
func steps(p *plan) {
	var small []move
	p.poll(api(), p.shops([]string{"ann", "bob", "coarse"}, func(s *shop, m []move) {
		if s.name == "ann" {
			small = small[:0]
			for _, x := range m {
				for k := range int64(4) {
					small = append(small, move{x.at + k*minute + p.r.Int64N(minute), x.dx / 4})
				}
			}
		}
		if s.x = pathOf(0, delayed(small, within(p.r, second))); s.name == "coarse" {
			s.grain = 0.05
		}
	}))
}

func grids(p *plan) {
	shops := p.shops([]string{"ann", "bob", "cat", "dan"}, func(s *shop, m []move) {
		if p.ordinary(s, m); s.name == "cat" || s.name == "dan" {
			s.age = 25 * second
		}
	})
	p.halves(shops, func(q request, later bool) request {
		q.source, q.stamped = "one", false
		if later {
			q.source = "two"
		}
		return q
	})
}

func split(p *plan) {
	p.halves(p.shops([]string{"ann", "bob", "cat", "dan"}, p.ordinary), func(q request, later bool) request {
		if later {
			q.phase += 8 * second
		}
		return q
	})
}

// halves asks for the first two venues and for the rest in requests of their own.
func (p *plan) halves(shops [][]shop, ask func(q request, later bool) request) {
	first, rest := make([][]shop, len(shops)), make([][]shop, len(shops))
	for i, s := range shops {
		first[i], rest[i] = s[:2], s[2:]
	}
	p.poll(ask(api(), false), first)
	p.poll(ask(api(), true), rest)
}
