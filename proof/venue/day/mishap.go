package day

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"corrgraph/proof/venue"
	"corrgraph/proof/venue/polymarket"
)

// server is one of the three.
type server int

const (
	ofPolymarket server = iota
	ofKalshi
	ofStream
)

// mishap is something that goes wrong at a server. A plan of none is that the server is down.
type mishap struct {
	at     time.Duration
	server server
	venue.Plan
}

// down is that nobody answers at the server's address for By.
const down venue.Fault = "down"

// kinds are the mishaps that are drawn from. By is at most; a clock is off either way.
var kinds = []venue.Plan{
	{Fault: venue.Drop, For: 3},
	{Fault: venue.Duplicate, For: 5},
	{Fault: venue.Reorder},
	{Fault: venue.Delay, By: 3 * time.Second},
	{Fault: venue.Half},
	{Fault: venue.Cut},
	{Fault: venue.Code, N: 1011},
	{Fault: venue.Freeze, By: 2 * time.Minute, N: 1},
	{Fault: venue.Skew, By: 300 * time.Millisecond},
	{Fault: venue.Status, N: 401},
	{Fault: venue.Status, N: 429},
	{Fault: venue.Status, N: 503},
	{Fault: down, By: 4 * time.Minute},
}

// mishaps draws when what goes wrong, at each server so often on average, and nothing close to the
// end: whoever is frozen then is not found out any more.
func mishaps(seed uint64, length, every time.Duration) (all []mishap) {
	for s := ofPolymarket; s <= ofStream; s++ {
		r := rand.New(rand.NewPCG(seed, 1000+uint64(s)))
		for at := settling; ; {
			at += time.Duration(r.ExpFloat64() * float64(every)).Round(time.Millisecond)
			if at >= length-10*time.Minute {
				break
			}
			p := kinds[r.IntN(len(kinds))]
			p.At = 1
			switch share := r.Float64(); {
			case p.Fault == venue.Skew:
				p.By = time.Duration((2*share - 1) * float64(p.By)).Round(time.Millisecond)
			default:
				p.By = time.Duration((0.2 + 0.8*share) * float64(p.By)).Round(time.Millisecond)
			}
			all = append(all, mishap{at, s, p})
		}
	}
	slices.SortStableFunc(all, func(a, b mishap) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.server, b.server)) })
	return all
}

// spoil has a mishap happen.
func (f *floor) spoil(m mishap) {
	frames, doors, hosts := &f.stream.Frames, &f.stream.Requests, []string{streamHost}
	switch m.server {
	case ofPolymarket:
		frames, doors = &f.poly.Stream, &f.poly.Handshake
		hosts = []string{polymarket.StreamHost, polymarket.SportsHost, polymarket.GammaHost, polymarket.CLOBHost}
	case ofKalshi:
		frames, doors, hosts = &f.kalshi.Frames, &f.kalshi.Handshakes, []string{kalshiHost}
	}
	switch m.Fault {
	case venue.Status:
		doors.Add(m.Plan)
		frames.Add(venue.Plan{Fault: venue.Cut, At: 1})
	case down:
		f.outage(hosts, true)
		time.AfterFunc(m.By, func() { f.outage(hosts, false) })
		frames.Add(venue.Plan{Fault: venue.Cut, At: 1})
	default:
		frames.Add(m.Plan)
	}
}

func (f *floor) outage(hosts []string, on bool) {
	for _, h := range hosts {
		f.net.Down(h, on)
	}
}

// counted says how often what went wrong.
func counted(all []mishap) (text string) {
	n := map[venue.Fault]int{}
	for _, m := range all {
		n[m.Fault]++
	}
	for _, k := range kinds {
		if c := n[k.Fault]; c > 0 {
			text += fmt.Sprintf("%d %s, ", c, k.Fault)
			delete(n, k.Fault)
		}
	}
	return text[:max(0, len(text)-2)]
}
