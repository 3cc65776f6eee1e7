package family

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/check"
	"corrgraph/engine/detail"
	"corrgraph/engine/rival"
	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

const marketStart odds.Time = 1_750_032_000_000

// desk is a board and the families that learn from it.
type desk struct {
	board *board.Board
	*Families
	events map[string]*odds.Event
}

func newDesk(o Options) *desk {
	d := &desk{board: board.New(board.Options{KeepMoves: series.Keep}), events: map[string]*odds.Event{}}
	d.Families = New(d.board, o)
	d.board.Observe(alone{d.Families})
	return d
}

// event is a match of baseball; "Bears-Eagles" is one of the Bears at home.
func (d *desk) event(name string, begins odds.Millis) *odds.Event {
	if d.events[name] == nil {
		home, away, _ := strings.Cut(name, "-")
		d.events[name] = &odds.Event{ID: name, Sport: "baseball", League: "kbo", Home: home, Away: away, Start: marketStart.Add(begins)}
	}
	return d.events[name]
}

// quote is a two-way market without margin, whose home or over side is worth v.
func (d *desk) quote(event, venue, market string, v, line float64) odds.Update {
	p := 1 / (1 + math.Exp(-v))
	sides := []odds.Side{odds.Home, odds.Away}
	if market == "totals" {
		sides = []odds.Side{odds.Over, odds.Under}
	}
	u := odds.Update{Event: d.event(event, 86_400_000), Venue: venue, Market: market}
	for i, price := range []float64{1 / p, 1 / (1 - p)} {
		u.Quotes = append(u.Quotes, odds.Quote{Selection: sides[i].String(), Side: sides[i], Line: line, Price: price})
	}
	return u
}

func (d *desk) say(at odds.Time, updates ...odds.Update) {
	d.board.Apply(&odds.Batch{Source: "stream", At: at, Recv: at, Updates: updates})
	d.Take(d.board.Moved)
	d.board.EndBatch()
}

// h2h says what venues show of an event, NaN for those that say nothing.
func (d *desk) h2h(at odds.Time, event string, values map[string]float64) {
	var us []odds.Update
	for venue, v := range values {
		us = append(us, d.quote(event, venue, "h2h", v, math.NaN()))
	}
	slices.SortFunc(us, func(a, b odds.Update) int { return strings.Compare(a.Venue, b.Venue) })
	d.say(at, us...)
}

// chase lets one venue move n times and another follow a second later, by share of it.
func (d *desk) chase(leader, follower string, share float64, n int) {
	rng, fair, at := rand.New(rand.NewPCG(5, 6)), 0.0, marketStart
	d.h2h(at, "Bears-Eagles", map[string]float64{leader: 0, follower: 0})
	for range n {
		at = at.Add(odds.Millis(20_000 + rng.IntN(20_000)))
		fair = 0.9*fair + 0.1*rng.NormFloat64()
		d.h2h(at, "Bears-Eagles", map[string]float64{leader: fair})
		d.h2h(at.Add(odds.Millis(900+rng.IntN(200))), "Bears-Eagles", map[string]float64{follower: share * fair})
	}
	d.Decide(at.Add(60_000))
}

func keys(s *Families) (out []string) {
	for _, k := range s.Keys() {
		out = append(out, k.String())
	}
	slices.Sort(out)
	return out
}

func TestWhichPairsAreWatched(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	nan := math.NaN()
	var us []odds.Update
	for _, v := range []string{"zoe", "amy", "eve"} {
		us = append(us, d.quote("Bears-Eagles", v, "h2h", 0, nan))
	}
	us = append(us, d.quote("Bears-Eagles", "amy", "totals", 0, 8.5))
	d.say(marketStart, us...)
	want := []string{
		"L1/baseball/kbo/h2h/pre//amy>consensus", "L1/baseball/kbo/h2h/pre//amy>eve", "L1/baseball/kbo/h2h/pre//amy>zoe",
		"L1/baseball/kbo/h2h/pre//consensus>eve", "L1/baseball/kbo/h2h/pre//consensus>zoe", "L1/baseball/kbo/h2h/pre//eve>zoe",
		"L2/baseball/kbo//pre/amy/h2h>totals", "L2/baseball/kbo//pre/consensus/h2h>totals",
	}
	if got := keys(d.Families); !slices.Equal(got, want) {
		t.Errorf("families\n%q\nwant\n%q", got, want)
	}
	if d.Counts.Pairs != [5]int{0, 6, 2, 0, 0} {
		t.Errorf("pairs by layer: %v", d.Counts.Pairs)
	}
	for _, f := range d.list {
		for _, p := range f.pairs {
			leader, follower := p.A.Book, p.B.Book
			switch {
			case p.A.Without != nil && p.A.Without != follower || p.B.Without != nil && p.B.Without != leader:
				t.Errorf("%s is set against a consensus that it is part of", f.Key)
			case p.A.Event != p.Event || p.Sign != 1:
				t.Errorf("%s: event %s, sign %v", f.Key, p.Event.ID, p.Sign)
			}
		}
	}
	// In play is another set of families.
	live := d.quote("Bears-Eagles", "amy", "h2h", 0, nan)
	live.InPlay = true
	if d.say(marketStart+1, live); !slices.Contains(keys(d.Families), "L2/baseball/kbo//pre/amy/h2h>totals") || d.Counts.Pairs[1] != 6 {
		t.Errorf("one venue in play: pairs %v", d.Counts.Pairs)
	}
	live.Venue = "eve"
	if d.say(marketStart+2, live); !slices.Contains(keys(d.Families), "L1/baseball/kbo/h2h/live//amy>eve") || d.Counts.Pairs[1] != 7 {
		t.Errorf("two venues in play: pairs %v, families %q", d.Counts.Pairs, keys(d.Families))
	}
}

func TestMatchesOfATeamAreWatchedTheRightWayRound(t *testing.T) {
	for _, c := range []struct {
		second string
		sign   float64
	}{{"Bears-Tigers", 1}, {"Tigers-Bears", -1}, {"Lions-Eagles", 1}, {"Eagles-Lions", -1}} {
		d := newDesk(Options{Seed: 1})
		d.event(c.second, 3*86_400_000)
		d.h2h(marketStart, c.second, map[string]float64{"amy": 0})
		d.h2h(marketStart+1, "Bears-Eagles", map[string]float64{"amy": 0})
		if d.Counts.Pairs[3] != 1 {
			t.Fatalf("%s: pairs %v", c.second, d.Counts.Pairs)
		}
		f := d.list[slices.IndexFunc(d.list, func(f *Family) bool { return f.Key.Layer == odds.CrossEvent })]
		p := f.pairs[0]
		if p.Sign != c.sign || p.A.Event.ID != "Bears-Eagles" || p.B.Event.ID != c.second || p.Event != p.B.Event {
			t.Errorf("%s: sign %v, from %s to %s, in the graph of %s", c.second, p.Sign, p.A.Event.ID, p.B.Event.ID, p.Event.ID)
		}
		if f.Key.Leader != "team:earlier" || f.Key.Follower != "team:later" || !f.block {
			t.Errorf("%s: family %s", c.second, f.Key)
		}
	}
}

func TestAMarketOfManyVenuesPairsTheBusiest(t *testing.T) {
	const most = 16 // the default
	const venues = most + 4
	d := newDesk(Options{Seed: 1})
	name := func(i int) string { return fmt.Sprintf("venue%02d", i) }
	first := map[string]float64{}
	for i := range venues {
		first[name(i)] = 0
	}
	d.h2h(marketStart, "Bears-Eagles", first)
	m := d.board.Order[0].Markets[0]
	if len(d.paired[m]) != most || d.Counts.LeftOut["L1 venues beyond the most active of a market"] != 4 {
		t.Fatalf("%d venues paired, left out %v", len(d.paired[m]), d.Counts.LeftOut)
	}
	resting := func(a, b int) (found, rests bool) {
		for _, pt := range d.Partners(m.Books[a].Nodes[0]) {
			if pt.Other == m.Books[b].Nodes[0] {
				if found {
					t.Fatalf("%s and %s are paired twice", name(a), name(b))
				}
				found, rests = true, pt.resting
			}
		}
		return found, rests
	}
	// The last four move, the others don't: they take the place of the four before.
	busy := func(venue ...int) {
		for k := range 5 {
			values := map[string]float64{}
			for _, i := range venue {
				values[name(i)] = float64(k+1+d.rounds) / 10
			}
			d.h2h(d.board.Now+1000, "Bears-Eagles", values)
		}
		d.Decide(d.board.Now)
	}
	busy(16, 17, 18, 19)
	for i := range venues {
		for j := range i {
			found, rests := resting(i, j)
			in := func(k int) bool { return k < 12 || k >= most }
			if both := in(i) && in(j); both && (!found || rests) || !both && found && !rests {
				t.Errorf("%s and %s: paired %v, resting %v", name(i), name(j), found, rests)
			}
		}
	}
	// Those that dropped out come back with the pairs that they had.
	pairs := d.Counts.Pairs[1]
	for range 3 {
		busy(12, 13, 14, 15)
	}
	if found, rests := resting(12, 13); !found || rests || d.Counts.Pairs[1] != pairs+16 { // with the four that had come in
		t.Errorf("back: paired %v, resting %v, %d pairs more", found, rests, d.Counts.Pairs[1]-pairs)
	}
}

func TestForgottenEventsTakeTheirPairsWithThem(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.h2h(marketStart, "Bears-Eagles", map[string]float64{"amy": 0, "eve": 0, "zoe": 0})
	d.h2h(marketStart+1000, "Bears-Tigers", map[string]float64{"amy": 0, "eve": 0, "zoe": 0})
	d.h2h(marketStart+2000, "Bears-Tigers", map[string]float64{"amy": 0.1})
	d.h2h(marketStart+3000, "Bears-Eagles", map[string]float64{"amy": 0.1})
	families := len(d.list)
	gone := map[*board.Event]bool{d.board.Event("Bears-Tigers"): true}
	d.Forget(gone)
	d.board.Forget(gone, marketStart)
	for _, f := range d.list {
		for _, p := range f.pairs {
			if gone[p.A.Event] || gone[p.B.Event] {
				t.Errorf("%s still has a pair of the match", f.Key)
			}
		}
	}
	for n, w := range d.watched {
		for _, pt := range w.partners {
			if gone[n.Event] || gone[pt.Other.Event] {
				t.Errorf("%s is still paired with %s", n.ID, pt.Other.ID)
			}
		}
	}
	if len(d.list) != families || len(d.linked) != 0 || len(d.paired) != 1 || len(d.waiting) == 0 {
		t.Errorf("%d families of %d, %d links, %d markets, %d moves waiting", len(d.list), families, len(d.linked), len(d.paired), len(d.waiting))
	}
	d.Decide(marketStart + 10_000) // with families that have no pair left
	d.h2h(marketStart+20_000, "Bears-Lions", map[string]float64{"amy": 0, "eve": 0})
	if d.Decide(marketStart + 30_000); len(d.list) != families {
		t.Errorf("the next match of the team made %d families more", len(d.list)-families)
	}
}

func TestWhoMovesFirstLeadsWhateverItsName(t *testing.T) {
	var reports []graph.Family
	for _, names := range [][2]string{{"amy", "zoe"}, {"zoe", "amy"}} {
		d := newDesk(Options{Seed: 1})
		d.chase(names[0], names[1], 0.8, 500)
		all := d.All()
		if len(all) != 1 {
			t.Fatalf("%d families", len(all))
		}
		r := all[0]
		if r.Key.Leader != names[0] || r.Key.Follower != names[1] || !r.Discovered || r.Simultaneous || r.FirstFound == 0 {
			t.Errorf("%s leads: %+v", names[0], r)
		}
		if r.Lag < 850 || r.Lag > 1150 || math.Abs(r.Beta-0.8) > 0.05 || r.LagLow > 1000 || r.LagHigh < 1000 || r.N < 450 {
			t.Errorf("lag %d in [%d, %d], β %v of %d moves", r.Lag, r.LagLow, r.LagHigh, r.Beta, r.N)
		}
		reports = append(reports, r)

		es := d.Edges()
		if len(es) != 1 || es[0].Source != odds.Node(names[0], "Bears-Eagles", "h2h", math.NaN(), "home") || es[0].Kind != "follows" || es[0].Evidence != graph.FromOwn {
			t.Fatalf("edges %+v", es)
		}
		_, opinions := (*check.Sample)(d.Sample(d.board.Now)).Judge(1)
		if o := opinions[r.Key.String()]; o.LLR <= 1 || o.Lag < 500 || o.Lag > 1500 || math.Abs(o.Rho) > 1.2 {
			t.Errorf("the published estimator says %+v", o)
		}
		leads := 0
		for _, n := range []*board.Node{d.list[0].pairs[0].A, d.list[0].pairs[0].B} {
			for _, pt := range d.Partners(n) {
				if pt.Leads() {
					leads++
					if n.Book.Venue.Name != names[0] {
						t.Errorf("%s is said to lead", n.ID)
					}
				}
			}
		}
		if leads != 1 {
			t.Errorf("%d of the two lead", leads)
		}
		rules := map[string]rival.Rule{}
		d.list[0].Baselines(func(name string, r rival.Rule) { rules[name] = r })
		if hy := rules["hayashi_yoshida"]; len(rules) != 2 || rules["simultaneous_copy"].Beta != 1 || hy.From >= 1100 || hy.To <= 900 || math.Abs(hy.Beta-0.8) > 0.1 {
			t.Errorf("simple rules %+v", rules)
		}
	}
	a, b := reports[0], reports[1]
	if math.Abs(a.Score-b.Score) > 1e-9 || math.Abs(a.Beta-b.Beta) > 1e-9 || a.Lag != b.Lag || a.N != b.N || math.Abs(a.D-(-b.D)) > 1e-9 {
		t.Errorf("with names exchanged\n%+v\nis\n%+v", a, b)
	}
}

func TestVenuesThatMoveTogetherAreAGroup(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	rng, at := rand.New(rand.NewPCG(8, 8)), marketStart
	d.h2h(at, "Bears-Eagles", map[string]float64{"amy": 0, "eve": 0, "zoe": 0})
	fair := 0.0
	for range 60 {
		at = at.Add(odds.Millis(20_000 + rng.IntN(20_000))) // steps of one length would be a poll's
		fair += 0.1 * rng.NormFloat64()
		d.h2h(at, "Bears-Eagles", map[string]float64{"amy": fair, "zoe": fair})
		d.h2h(at.Add(5000), "Bears-Eagles", map[string]float64{"eve": fair})
	}
	d.Decide(at.Add(60_000))
	if got := d.Groups(); len(got) != 1 || got[0].Sport != "baseball" || got[0].League != "kbo" || !slices.Equal(got[0].Venues, []string{"amy", "zoe"}) {
		t.Errorf("groups %+v", got)
	}
}

// The answer does not depend on how many work at it.
func TestWorkersAgree(t *testing.T) {
	var want string
	for _, workers := range []int{1, 2, 5} {
		d := newDesk(Options{Seed: 3, Workers: workers})
		rng, at := rand.New(rand.NewPCG(6, 7)), marketStart
		for i := range 700 { // 4 venues of 2 matches: 2800 moves wait for one count
			at = at.Add(odds.Millis(1000 + rng.IntN(2000)))
			event := []string{"Bears-Eagles", "Lions-Tigers"}[i%2]
			d.h2h(at, event, map[string]float64{"amy": rng.NormFloat64(), "bob": rng.NormFloat64(), "eve": rng.NormFloat64(), "zoe": rng.NormFloat64()})
		}
		if len(d.waiting) < waitMost/8 {
			t.Fatalf("%d moves wait: too few to be shared", len(d.waiting))
		}
		d.Decide(at)
		var found []detect.Anomaly
		for some := range d.Departures(odds.Direct, at) {
			found = append(found, some...)
		}
		check, opinions := (*check.Sample)(d.Sample(at)).Judge(workers)
		got := fmt.Sprint(d.All(), d.Edges(), check, opinions, d.Coincidences(), found)
		if want == "" {
			want = got
		}
		if got != want || d.Coincidences() == 0 {
			t.Errorf("%d workers find something else", workers)
		}
	}
}

func (d *desk) inspect(source, target odds.NodeID, most int) (got detail.Detail, ok bool) {
	x, ok := d.Evidence(source, target)
	if !ok {
		return got, false
	}
	return x.Detail(most), true
}

func TestAnEdgeIsExplainedEitherWayRound(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	amy, zoe := odds.Node("amy", "Bears-Eagles", "h2h", math.NaN(), "home"), odds.Node("zoe", "Bears-Eagles", "h2h", math.NaN(), "home")
	d.h2h(marketStart, "Bears-Eagles", map[string]float64{"amy": 0, "zoe": 0})
	if got, ok := d.inspect(zoe, amy, 5); !ok || got.Edge.Source != zoe || got.Edge.P != 1 || got.Edge.Discovered || got.Why == "" || len(got.Leader) != 0 {
		t.Errorf("nothing to judge yet: %+v, %v", got, ok)
	}
	d = newDesk(Options{Seed: 1})
	d.chase("zoe", "amy", 1, 300)
	for _, ends := range [][2]odds.NodeID{{amy, zoe}, {zoe, amy}} {
		got, ok := d.inspect(ends[0], ends[1], 5)
		if !ok || got.Edge.Source != zoe || got.Edge.Target != amy || got.Why != "" || len(got.Leader) != 5 || len(got.Follower) != 5 {
			t.Fatalf("%s to %s: %+v, %v", ends[0], ends[1], got, ok)
		}
		if first, last := got.Leader[0], got.Leader[4]; first.At >= last.At || math.Abs(last.Value-got.Follower[4].Value) > 1e-9 || got.Follower[4].At < last.At {
			t.Errorf("leader %v, follower %v", got.Leader, got.Follower)
		}
		best := slices.MaxFunc(got.Curve, func(a, b detail.CurvePoint) int { return int(math.Copysign(1, a.Z-b.Z)) })
		if best.Lag < 800 || best.Lag > 1200 {
			t.Errorf("the curve is highest at %d ms", best.Lag)
		}
	}
	for _, ends := range [][2]odds.NodeID{{"nonsense", zoe}, {zoe, "nonsense"}, {"x/nobody/h2h/home", zoe}, {zoe, zoe}} {
		if _, ok := d.inspect(ends[0], ends[1], 5); ok {
			t.Errorf("%s and %s are not watched together", ends[0], ends[1])
		}
	}
}

func (d *desk) saved(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	c := state.NewWriter(&b, "families", 1)
	d.Families.State(c, d.board.State(c))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restoredDesk(t *testing.T, from []byte) (*desk, error) {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(from), "families", 1)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(Options{Seed: 1})
	d.Families.State(c, d.board.State(c))
	return d, c.Close()
}

func TestFamiliesThatWereSavedGoOn(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.chase("zoe", "amy", 0.8, 300)
	d.h2h(d.board.Now+1000, "Bears-Tigers", map[string]float64{"amy": 0, "zoe": 0})
	d.h2h(d.board.Now+1000, "Bears-Tigers", map[string]float64{"amy": 0.1, "zoe": 0.2}) // moves that wait
	for range d.Departures(odds.Direct, d.board.Now) {
	}
	saved := d.saved(t)
	again, err := restoredDesk(t, saved)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(saved, again.saved(t)) {
		t.Error("what was restored is saved as something else")
	}
	for _, x := range []*desk{d, again} {
		x.h2h(x.board.Now+2000, "Bears-Tigers", map[string]float64{"amy": 0.3})
		x.Decide(x.board.Now + 60_000)
		for range 4 { // too few for a point of the trend, unless those before the last point count again
			x.h2h(x.board.Now+30_000, "Bears-Eagles", map[string]float64{"zoe": float64(x.board.Now%7) / 9})
			x.h2h(x.board.Now+1000, "Bears-Eagles", map[string]float64{"amy": float64(x.board.Now%5) / 9})
		}
		for range x.Departures(odds.Direct, x.board.Now) {
		}
	}
	if got, want := fmt.Sprint(again.All(), again.Edges(), again.Counts), fmt.Sprint(d.All(), d.Edges(), d.Counts); got != want {
		t.Errorf("%s\nof families that were never saved:\n%s", got, want)
	}
}

func TestStatesOfFamiliesThatMakeNoSense(t *testing.T) {
	for name, spoil := range map[string]func(d *desk){
		"a pair without a node":                func(d *desk) { d.list[0].pairs[0].A = nil },
		"a pair of no event":                   func(d *desk) { d.list[0].pairs[0].Event = nil },
		"a partner without a pair":             func(d *desk) { d.watched[d.list[0].pairs[0].A].partners[0].Pair = nil },
		"a partner of a third direction":       func(d *desk) { d.watched[d.list[0].pairs[0].A].partners[0].dir = 7 },
		"a family judged on nothing":           func(d *desk) { d.list[0].ev = nil },
		"evidence of more decoys than it said": func(d *desk) { d.list[0].ev.Axis = leadlag.NewAxis(3_600_000) },
	} {
		d := newDesk(Options{Seed: 1})
		d.chase("zoe", "amy", 0.8, 40)
		if _, err := restoredDesk(t, d.saved(t)); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		var b bytes.Buffer
		c := state.NewWriter(&b, "families", 1)
		d.Families.State(c, d.board.State(c))
		err := c.Close() // some of it can't even be written
		if err == nil {
			_, err = restoredDesk(t, b.Bytes())
		}
		if !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
