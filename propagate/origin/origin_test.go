package origin

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
)

const second = odds.Millis(1000)

// linked knows links of full confidence, each "leader>follower", arriving after 1 to 3 s.
func linked(pairs ...[2]string) *Known {
	k := &Known{Links: map[[2]string]Link{}}
	for _, p := range pairs {
		k.Links[p] = Link{Leader: p[0], Follower: p[1], Low: second, High: 3 * second, Confidence: 1}
	}
	return k
}

func arrivals(all ...Arrival) []Arrival { return all }

func seen(venue string, at odds.Millis) Arrival {
	return Arrival{Venue: venue, At: odds.Time(at), Size: 0.1}
}

func polled(venue string, at, step odds.Millis) Arrival {
	return Arrival{Venue: venue, At: odds.Time(at), Resolution: step, Size: 0.1}
}

func (p *Posterior) of(venue string) float64 {
	for _, s := range p.Shares {
		if s.Venue == venue {
			return s.P
		}
	}
	return math.NaN()
}

func TestOf(t *testing.T) {
	ab := [2]string{"a", "b"}
	for name, c := range map[string]struct {
		arrivals []Arrival
		known    *Known
		top      string // empty: nobody is told
		least    float64
	}{
		"nobody knows anything, one is clearly sooner": {arrivals(seen("a", 0), seen("b", 5000)), linked(), "a", 0.55},
		"equal stamps":                            {arrivals(seen("a", 0), seen("b", 0)), linked(), "", 0},
		"one poll":                                {arrivals(polled("a", 0, 60_000), polled("b", 0, 60_000)), linked(), "", 0},
		"the leader is first":                     {arrivals(seen("a", 0), seen("b", 2000)), linked(ab), "a", 0.9},
		"the follower is first by little":         {arrivals(polled("b", 0, 60_000), seen("a", 500)), linked([2]string{"a", "b"}, [2]string{"a", "c"}), "", 0},
		"two others follow the second":            {arrivals(seen("b", 0), seen("a", 100), seen("c", 2100), seen("d", 2500)), linked(ab, [2]string{"a", "c"}, [2]string{"a", "d"}), "a", 0.85},
		"who leads tells in one poll":             {arrivals(polled("b", 0, 60_000), polled("a", 0, 60_000)), &Known{Links: map[[2]string]Link{ab: {Leader: "a", Follower: "b", Low: 0, High: 120_000, Confidence: 1, Same: 0.6, Next: 0.3, Later: 0.1}}}, "a", 0.6},
		"the score tells where nothing else does": {arrivals(seen("a", 0), seen("b", 0)), &Known{Scores: map[string]float64{"a": 0.4, "b": -0.4}}, "a", 0.75},
		"stamps of their own tell what a poll does not": {
			arrivals(Arrival{Venue: "a", At: 60_000, Own: 20_000, Resolution: 1}, Arrival{Venue: "b", At: 60_000, Own: 50_000, Resolution: 1}), linked(), "a", 0.55,
		},
		"alone": {arrivals(seen("a", 0)), linked(), "a", 0.9},
	} {
		p := Of(c.arrivals, c.known)
		if told := p.Told; told != (c.top != "") || told && (p.Shares[0].Venue != c.top || p.Shares[0].P < c.least) {
			t.Errorf("%s: %+v, want %q at %v or more", name, p, c.top, c.least)
		}
	}
}

func TestEqualsShareEvenly(t *testing.T) {
	p := Of(arrivals(polled("a", 0, 60_000), polled("b", 0, 60_000), polled("c", 0, 60_000)), linked())
	if p.Shares[0].P != p.Shares[2].P || p.Shares[0].Venue != "a" || p.Told || !slices.Equal(p.Earliest, []string{"a", "b", "c"}) {
		t.Errorf("%+v", p)
	}
}

func TestGroupsCountOnce(t *testing.T) {
	alone := Of(arrivals(seen("x", 0), seen("a", 0)), &Known{})
	k := &Known{Groups: [][]string{{"a", "b", "c"}}}
	p := Of(arrivals(seen("x", 0), seen("b", 0), seen("a", 0), seen("c", 900)), k)
	if math.Abs(p.of("x")-alone.of("x")) > 1e-12 || len(p.Shares) != 2 || !slices.Equal(p.Shares[0].Group, []string{"a", "b", "c"}) {
		t.Errorf("%+v, a pair %+v", p, alone)
	}
}

// A lone mover is nearly always the origin; two together may follow the same unseen one.
func TestSeveralMayFollowAnUnseenOne(t *testing.T) {
	lone, two := Of(arrivals(seen("a", 0)), &Known{}), Of(arrivals(seen("a", 0), seen("b", 0)), &Known{})
	if lone.Unseen > 0.05 || two.Unseen <= lone.Unseen {
		t.Errorf("unseen behind one %v, behind two %v", lone.Unseen, two.Unseen)
	}
}

func TestNothingArrived(t *testing.T) {
	if p := Of(nil, &Known{}); p.Told || p.Shares != nil || p.Unseen != 0 {
		t.Errorf("%+v", p)
	}
}

// Whatever arrives, the answer is a distribution, the same in any order, and the same at any
// time of day.
func TestAnyArrivals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	venue := func() string { return fmt.Sprintf("v%d", r.IntN(6)) }
	for range 500 {
		k := &Known{Links: map[[2]string]Link{}, Scores: map[string]float64{venue(): r.Float64() - 0.5}}
		for range r.IntN(8) {
			l := Link{Leader: venue(), Follower: venue(), Low: odds.Millis(r.IntN(100_000)), Confidence: r.Float64()}
			l.High = l.Low + odds.Millis(r.IntN(2)*r.IntN(100_000))
			k.Links[[2]string{l.Leader, l.Follower}] = l
		}
		if r.IntN(2) == 0 {
			k.Groups = [][]string{{"v1", "v2"}}
		}
		var all, later []Arrival
		for v := range 1 + r.IntN(6) {
			a := Arrival{Venue: fmt.Sprintf("v%d", v), At: odds.Time(r.IntN(5) * r.IntN(200_000)), Resolution: odds.Millis(r.IntN(2) * 60_000), Size: 0.1}
			all = append(all, a)
			a.At += 1e12
			later = append(later, a)
		}
		p, sum := Of(all, k), 0.0
		for _, s := range p.Shares {
			if sum += s.P; !(s.P >= 0) {
				t.Fatalf("%+v", p)
			}
		}
		if math.Abs(sum+p.Unseen-1) > 1e-9 {
			t.Fatalf("adds up to %v: %+v", sum+p.Unseen, p)
		}
		if q := Of(later, k); fmt.Sprint(q) != fmt.Sprint(p) {
			t.Fatalf("later it is %+v, was %+v", q, p)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		q := Of(all, k)
		for i := range q.Shares {
			if q.Shares[i].Venue != p.Shares[i].Venue || math.Abs(q.Shares[i].P-p.Shares[i].P) > 1e-9 {
				t.Fatalf("in another order it is %+v, was %+v", q, p)
			}
		}
	}
}

func TestKnownOf(t *testing.T) {
	f := func(leader, follower string, change func(*graph.Family)) graph.Family {
		x := graph.Family{Key: graph.FamilyKey{Layer: odds.Direct, Sport: "s", League: "l", Market: "h2h", Phase: "pre", Leader: leader, Follower: follower}, Discovered: true, Confidence: 0.9, LagHigh: 5}
		change(&x)
		return x
	}
	k := KnownOf(Place{"s", "l", "h2h", "pre"}, []graph.Family{
		f("a", "b", func(*graph.Family) {}),
		f("a", "c", func(x *graph.Family) { x.Simultaneous = true }),
		f("a", "d", func(x *graph.Family) { x.Copied = true }),
		f("a", "e", func(x *graph.Family) { x.BelowFloor = true }),
		f("a", "f", func(x *graph.Family) { x.Discovered = false }),
		f("a", "g", func(x *graph.Family) { x.Key.Phase = "live" }),
		f("a", "h", func(x *graph.Family) { x.Key.League = "m" }),
		f("a", "i", func(x *graph.Family) { x.Key.Layer = odds.CrossMarket }),
	}, []graph.Leadership{
		{Sport: "s", League: "l", Standings: []graph.Standing{{Venue: "a", Score: 0.3}}},
		{Sport: "s", League: "m", Standings: []graph.Standing{{Venue: "a", Score: 9}}},
	}, []graph.Group{{Sport: "s", League: "l", Venues: []string{"a", "b"}}, {Sport: "s", League: "m", Venues: []string{"c", "d"}}})
	if len(k.Links) != 1 || k.Links[[2]string{"a", "b"}].Confidence != 0.9 || k.Scores["a"] != 0.3 || len(k.Groups) != 1 {
		t.Errorf("%+v", k)
	}
}
