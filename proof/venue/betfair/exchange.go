package betfair

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Exchange is a small market of its own: matches whose prices walk at random, from a seed. It
// is safe for concurrent use.
type Exchange struct {
	mu      sync.Mutex
	rng     *rand.Rand
	matches []*match // guarded by mu
	clk     int64    // guarded by mu: counts the changes
	start   time.Time
	seen    map[string]map[float64]bool // guarded by mu: the prices that were ever shown, by "market runner"
}

// match is a market of two runners.
type match struct {
	id      string
	number  int
	status  string
	defined int64 // clk of the last change of its definition
	runners [2]runner
}

const levels = 3

// runner has a ladder on either side of a tick.
type runner struct {
	id     int64
	name   string
	tick   int
	ladder [2][levels]level // back, lay
	ltp    float64
	traded int64 // clk
}

type level struct {
	price, size float64
	at          int64 // clk
}

// NewExchange returns an exchange of some matches that start an hour after a time.
func NewExchange(seed uint64, matches int, start time.Time) *Exchange {
	e := &Exchange{rng: rand.New(rand.NewPCG(seed, 1)), start: start.Add(time.Hour), seen: map[string]map[float64]bool{}}
	for range matches {
		e.Add()
	}
	return e
}

// Add opens one more match and returns its market's id.
func (e *Exchange) Add() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.matches) + 1
	m := &match{id: "1." + strconv.Itoa(1000+n), number: n, status: "OPEN"}
	e.clk++
	m.defined = e.clk
	for i := range m.runners {
		m.runners[i] = runner{id: int64(n*10 + i), name: fmt.Sprintf("Team %d%c", n, 'A'+i), tick: 20 + e.rng.IntN(60), ltp: 2, traded: e.clk}
		e.quote(m, i)
	}
	e.matches = append(e.matches, m)
	return m.id
}

// priceOf returns the price at a tick.
func priceOf(tick int) float64 { return float64(101+tick*2) / 100 }

// quote makes a runner's ladder anew; levels that stay as they are count as unchanged.
func (e *Exchange) quote(m *match, i int) {
	r := &m.runners[i]
	for side := range r.ladder {
		for n := range r.ladder[side] {
			at := r.tick - n
			if side == 1 {
				at = r.tick + 1 + n
			}
			if price := priceOf(at); price != r.ladder[side][n].price {
				r.ladder[side][n] = level{price, float64(2 + e.rng.IntN(500)), e.clk}
			}
		}
	}
	e.note(m, i)
}

// note remembers that a price was shown.
func (e *Exchange) note(m *match, i int) {
	key := m.id + " " + m.runners[i].name
	if e.seen[key] == nil {
		e.seen[key] = map[float64]bool{}
	}
	e.seen[key][m.runners[i].price()] = true
}

// price is the middle of the best prices.
func (r *runner) price() float64 { return 2 / (1/r.ladder[0][0].price + 1/r.ladder[1][0].price) }

// Step makes some random changes.
func (e *Exchange) Step(changes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range changes {
		m := e.matches[e.rng.IntN(len(e.matches))]
		i := e.rng.IntN(2)
		r := &m.runners[i]
		if m.status != "OPEN" {
			continue
		}
		e.clk++
		if e.rng.IntN(3) == 0 {
			l := &r.ladder[e.rng.IntN(2)][e.rng.IntN(levels)]
			l.size, l.at = float64(2+e.rng.IntN(500)), e.clk
			continue
		}
		r.tick = min(max(5, r.tick+1-2*e.rng.IntN(2)), 120)
		e.quote(m, i)
		if e.rng.IntN(4) == 0 {
			r.ltp, r.traded = r.ladder[0][0].price, e.clk
		}
	}
}

// Set changes the status of a market: "OPEN", "SUSPENDED", "CLOSED".
func (e *Exchange) Set(id, status string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.matches {
		if m.id == id {
			e.clk++
			m.status, m.defined = status, e.clk
		}
	}
}

// Prices returns the prices of the open markets, by "market runner".
func (e *Exchange) Prices() map[string]float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]float64{}
	for _, m := range e.matches {
		for i := range m.runners {
			if m.status == "OPEN" {
				out[m.id+" "+m.runners[i].name] = m.runners[i].price()
			}
		}
	}
	return out
}

// Showed reports whether a price was ever shown of "market runner".
func (e *Exchange) Showed(runner string, price float64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen[runner][price]
}

// changes returns what has changed in some markets since a clk, 0 all, none means all markets,
// and the present clk.
func (e *Exchange) changes(since int64, ids []string) (mcs []map[string]any, clk int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.matches {
		if ids != nil && !slices.Contains(ids, m.id) || since == 0 && m.status == "CLOSED" {
			continue
		}
		if mc := m.change(since, e.start); len(mc) > 1 {
			mcs = append(mcs, mc)
		}
	}
	return mcs, e.clk
}

func (m *match) change(since int64, start time.Time) map[string]any {
	mc := map[string]any{"id": m.id}
	image := since == 0
	if image {
		mc["img"] = true
	}
	if m.defined > since {
		mc["marketDefinition"] = m.definition(start)
	}
	var rcs []map[string]any
	for i := range m.runners {
		if rc := m.runners[i].change(since); len(rc) > 1 {
			rcs = append(rcs, rc)
		}
	}
	if rcs != nil {
		mc["rc"] = rcs
	}
	return mc
}

func (r *runner) change(since int64) map[string]any {
	rc := map[string]any{"id": r.id}
	for side, name := range []string{"bdatb", "bdatl"} {
		var ls [][3]float64
		for n, l := range r.ladder[side] {
			if l.at > since {
				ls = append(ls, [3]float64{float64(n), l.price, l.size})
			}
		}
		if ls != nil {
			rc[name] = ls
		}
	}
	if r.traded > since {
		rc["ltp"] = r.ltp
	}
	return rc
}

// definition is that of the live stream, which has no names.
func (m *match) definition(start time.Time) map[string]any {
	var rs []map[string]any
	for i := range m.runners {
		rs = append(rs, map[string]any{"status": "ACTIVE", "sortPriority": i + 1, "id": m.runners[i].id})
	}
	return map[string]any{
		"bspMarket": false, "turnInPlayEnabled": true, "persistenceEnabled": true, "marketBaseRate": 5, "eventId": strconv.Itoa(500 + m.number),
		"eventTypeId": "2", "numberOfWinners": 1, "bettingType": "ODDS", "marketType": "MATCH_ODDS", "marketTime": start.UTC().Format("2006-01-02T15:04:05.000Z"),
		"bspReconciled": false, "complete": true, "inPlay": false, "crossMatching": true, "runnersVoidable": false, "numberOfActiveRunners": 2,
		"betDelay": 0, "status": m.status, "runners": rs, "regulators": []string{"MR_INT"}, "countryCode": "GB", "timezone": "GMT", "version": m.defined,
	}
}

// catalogue lists the markets that are not closed.
func (e *Exchange) catalogue(ids []string) []map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []map[string]any{}
	for _, m := range e.matches {
		if m.status == "CLOSED" || ids != nil && !slices.Contains(ids, m.id) {
			continue
		}
		a, b := &m.runners[0], &m.runners[1]
		out = append(out, map[string]any{
			"marketId": m.id, "marketName": "Match Odds", "marketStartTime": e.start.UTC().Format(time.RFC3339),
			"competition": map[string]any{"id": "77", "name": "Wimbledon"}, "event": map[string]any{"id": strconv.Itoa(500 + m.number), "name": a.name + " v " + b.name},
			"runners": []any{map[string]any{"selectionId": a.id, "runnerName": a.name}, map[string]any{"selectionId": b.id, "runnerName": b.name}},
		})
	}
	return out
}
