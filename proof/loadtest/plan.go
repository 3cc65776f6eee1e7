package loadtest

import "math/rand/v2"

// plan maps the numbers of a run to requests. It is immutable and safe for
// concurrent use.
type plan struct {
	table   []Route // every route as often as its weight, shuffled
	clients uint64
	seed    uint64
}

// errand is one request.
type errand struct {
	route  Route
	client int
	pick   uint64 // index of the path among the route's paths, modulo their number
}

func newPlan(m Mix, clients int, seed uint64) *plan {
	p := &plan{clients: uint64(clients), seed: seed}
	for r, w := range m {
		for range w {
			p.table = append(p.table, Route(r))
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(p.table), func(i, j int) { p.table[i], p.table[j] = p.table[j], p.table[i] })
	return p
}

// at returns request number seq. Over every full table the mix is exact. Clients
// take turns, so that none exceeds its share of a limit.
func (p *plan) at(seq uint64) errand {
	return errand{p.table[seq%uint64(len(p.table))], int(seq % p.clients), mix(p.seed ^ seq)}
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): it maps
// neighbouring numbers to unrelated ones.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
