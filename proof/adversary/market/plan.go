package market

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/odds"
)

// plan is a market under construction. Times are ms since the start.
type plan struct {
	r      *rand.Rand
	name   string
	span   int64
	live   bool
	events []*odds.Event
	out    []*odds.Batch
}

func newPlan(m *Market, r *rand.Rand) *plan {
	p := &plan{r: r, name: m.Name, span: m.hours * hour, live: m.live}
	start := Start + odds.Time(p.span+hour)
	if m.live {
		start = Start - minute
	}
	for i := range m.events {
		id := fmt.Sprintf("adverse-%02d", i)
		p.events = append(p.events, &odds.Event{ID: id, Sport: "baseball", League: "adverse", Start: start, Home: "Home " + id, Away: "Away " + id})
	}
	return p
}

// each runs fill for every event with the log-odds at which its prices begin.
func (p *plan) each(fill func(e *odds.Event, start float64)) {
	for _, e := range p.events {
		fill(e, 0.6*(p.r.Float64()-0.5))
	}
}

// shop is a venue.
type shop struct {
	name  string
	x     path
	ahead int64   // how much its clock runs ahead
	age   int64   // how long before the answer a request reads its prices
	grain float64 // its prices are multiples of it; 0 means 0.001
}

// quote returns the prices at some log-odds.
func (s *shop) quote(e *odds.Event, x float64) []odds.Quote {
	p := 1 / (1 + math.Exp(-x))
	return []odds.Quote{
		{Selection: e.Home, Side: odds.Home, Line: math.NaN(), Main: true, Price: s.price(p)},
		{Selection: e.Away, Side: odds.Away, Line: math.NaN(), Main: true, Price: s.price(1 - p)},
	}
}

// margin is every venue's overround.
const margin = 1.05

func (s *shop) price(p float64) float64 {
	steps := 1000.0
	if s.grain > 0 {
		steps = math.Round(1 / s.grain)
	}
	return max(math.Round(steps/(margin*p)), steps+1) / steps
}

// update is what a venue shows of an event.
func (p *plan) update(s *shop, e *odds.Event, t int64) odds.Update {
	return odds.Update{Event: e, Venue: s.name, Market: "h2h", InPlay: p.live, Quotes: s.quote(e, s.x.value(t))}
}

// delay is the time from a price to its receipt.
const delay = 40

// stream shows every change of a venue's price as it happens.
func (p *plan) stream(e *odds.Event, s shop) {
	shift := p.r.Int64N(second) // of the first price
	for i, t := range s.x.at {
		if t > p.span {
			break
		}
		if i == 0 {
			t = shift
		}
		p.out = append(p.out, &odds.Batch{
			Source: s.name, At: Start + odds.Time(t+s.ahead), Recv: Start + odds.Time(t+delay),
			Updates: []odds.Update{p.update(&s, e, t)},
		})
	}
}

// request is a question that is asked again every step.
type request struct {
	source  string
	step    int64
	phase   int64 // of the first answer
	polled  bool  // says that it is polled
	stated  bool  // states its resolution
	stamped bool  // tells when each venue's price was read
	changes bool  // answers only with what changed
}

// poll answers a request; shops are the venues it shows, by event.
func (p *plan) poll(q request, shops [][]shop) {
	last := map[[2]string]float64{}
	for t := q.phase; t <= p.span; t += q.step {
		b := &odds.Batch{Source: q.source, At: Start + odds.Time(t), Recv: Start + odds.Time(t+delay), Polled: q.polled}
		if q.stated {
			b.Resolution = odds.Millis(q.step)
		}
		for i, e := range p.events {
			for k := range shops[i] {
				s := &shops[i][k]
				read := t - s.age - p.r.Int64N(2*second)
				u := p.update(s, e, read)
				if q.stamped {
					u.Updated = Start + odds.Time(read)
				}
				is := [2]string{e.ID, s.name}
				if q.changes && last[is] == u.Quotes[0].Price {
					continue
				}
				last[is] = u.Quotes[0].Price
				b.Updates = append(b.Updates, u)
			}
		}
		if len(b.Updates) > 0 {
			p.out = append(p.out, b)
		}
	}
}
