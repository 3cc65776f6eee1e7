package loadtest

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// universe is a market of many events with prepared batches: each is a template
// that needs only times and prices. Venue 0 of an event leads; the others show its
// previous price with small errors.
type universe struct {
	batches []*prepared
	latent  []atomic.Uint64 // bits of log-odds by event; written only by its leader's batch
	changed float64         // share of quotes that change the price
}

// prepared is a batch. Its holder owns it.
type prepared struct {
	body    []byte
	updates []update
	r       *rand.Rand
}

// update is one venue's quote of both sides of one event.
type update struct {
	event, venue int32
	shown        float64 // log-odds
	home, away   spot
}

// ticksPerUpdate is the number of sides of a market.
const ticksPerUpdate = 2

// newUniverse makes enough events for the given number of nodes. A node is one
// event's market at one venue: its two sides are one series. A venue's neighbours
// are the other venues and their consensus.
func newUniverse(nodes, neighbours, ticks int, changed float64, f Format, day time.Time, seed uint64) *universe {
	events := (nodes + neighbours - 1) / neighbours
	u := &universe{latent: make([]atomic.Uint64, events), changed: changed}
	r := rand.New(rand.NewPCG(seed, 3))
	order := r.Perm(events * neighbours)
	per := max(1, ticks/ticksPerUpdate)
	for from := 0; from < len(order); from += per {
		p := &prepared{r: rand.New(rand.NewPCG(seed, 4+uint64(from)))}
		if f == CSV {
			p.body = append(p.body, csvHeader...)
		}
		for _, node := range order[from:min(from+per, len(order))] {
			x := update{event: int32(node / neighbours), venue: int32(node % neighbours)}
			both := listings(int(x.event), day, 1)
			p.body, x.home = both[0].appendRow(p.body, f, sourceName(0), int(x.venue))
			p.body, x.away = both[1].appendRow(p.body, f, sourceName(0), int(x.venue))
			p.updates = append(p.updates, x)
		}
		p.write(0, 0)
		u.batches = append(u.batches, p)
	}
	return u
}

// move gives a batch its next prices, and times spread evenly from the previous
// batch's time to now.
func (u *universe) move(p *prepared, before, now int64) {
	for i := range p.updates {
		x := &p.updates[i]
		if p.r.Float64() >= u.changed {
			continue
		}
		latent := math.Float64frombits(u.latent[x.event].Load())
		if x.venue == 0 {
			latent = 0.95*latent + 0.05*p.r.NormFloat64()
			u.latent[x.event].Store(math.Float64bits(latent))
		}
		x.shown = math.Max(-2, math.Min(2, latent+0.01*p.r.NormFloat64()))
	}
	p.write(before, now)
}

func (p *prepared) write(before, now int64) {
	n := int64(len(p.updates))
	for i := range p.updates {
		x := &p.updates[i]
		at := before + (now-before)*int64(i+1)/n
		putTime(p.body[x.home.time:], at)
		putTime(p.body[x.away.time:], at)
		putPrice(p.body[x.home.price:], priceOf(x.shown, false))
		putPrice(p.body[x.away.price:], priceOf(x.shown, true))
	}
}

func (p *prepared) ticks() int { return ticksPerUpdate * len(p.updates) }
