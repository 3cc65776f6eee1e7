package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// bookmaker is a venue of the demo and its leader.
type bookmaker struct {
	name, role string
	leader     int // index of the venue it follows; -1 none
	follow     follow
	own        float64 // its own moves, relative to the leader's number
	polled     bool
}

const (
	pollStep   = 60_000
	leadMoves  = 430    // of the first venue in each market, whatever the demo's length
	loner      = 5      // index of the independent venue
	crossLagL2 = 40_000 // ms; enough for a consensus with polled venues
	crossLagL3 = 45_000
	crossLagL4 = 50_000
)

func bookmakers() []bookmaker {
	return []bookmaker{
		{name: "sharpline", role: "leader", leader: -1, own: 1},
		{name: "quickbet", role: "follower", follow: follow{2_000, 0.1, 0.9, 1, 0.75}, own: 0.4},
		{name: "midway", role: "follower", follow: follow{5_000, 0.1, 0.85, 0.9, 0.7}, own: 0.4},
		{name: "slowhouse", role: "follower", follow: follow{12_000, 0.15, 0.8, 0.8, 0.65}, own: 0.4},
		{name: "mirrorbet", role: "copy", leader: 2, follow: follow{5, 0, 1, 1, 0.98}, own: 0.05},
		{name: "loner", role: "independent", leader: -1, own: 1},
		{name: "pollhouse", role: "follower", follow: follow{20_000, 0.1, 0.9, 1, 0.8}, own: 0.3, polled: true},
		{name: "latepoll", role: "follower", follow: follow{90_000, 0.1, 0.9, 1, 0.8}, own: 0.3, polled: true},
	}
}

// fixture is a match of the demo. If from is set, its first venue's h2h follows
// that of an earlier fixture.
type fixture struct {
	id, sport, league, home, away string
	start                         int // minutes after the end; negative: in play for that long at the end
	markets                       []*market
	linked                        bool // h2h leads totals
	from                          int  // index + 1
	layer                         odds.Layer
	relation                      string
	fromSel, sel                  int // selections with the shared team or city
}

const nextDay = 24 * 60

func fixtures() []fixture {
	mlb := []*market{h2h(0), spreads("baseball", "mlb", -1.5, 1), totals("baseball", "mlb", 8.5, 0.5)}
	wnba := []*market{h2h(0), spreads("basketball", "wnba", -3.5, 1), totals("basketball", "wnba", 164.5, 1)}
	kbo := []*market{h2h(0), spreads("baseball", "kbo", -1.5, 1), totals("baseball", "kbo", 9.5, 0.5)}
	epl := []*market{h2h(0.45), spreads("soccer", "epl", -0.5, 0.5), totals("soccer", "epl", 2.5, 0.5)}
	return []fixture{
		{id: "mlb-nyy-bos", sport: "baseball", league: "mlb", home: "New York Yankees", away: "Boston Red Sox", start: 60, markets: mlb, linked: true},
		{
			id: "mlb-tor-nyy", sport: "baseball", league: "mlb", home: "Toronto Blue Jays", away: "New York Yankees", start: nextDay, markets: mlb, linked: true,
			from: 1, layer: odds.CrossEvent, relation: "team", sel: 1,
		},
		{id: "mlb-chc-stl", sport: "baseball", league: "mlb", home: "Chicago Cubs", away: "St. Louis Cardinals", start: 80, markets: mlb, linked: true},
		{id: "mlb-sea-tex", sport: "baseball", league: "mlb", home: "Seattle Mariners", away: "Texas Rangers", start: 120, markets: mlb, linked: true},
		{
			id: "wnba-nyl-lva", sport: "basketball", league: "wnba", home: "New York Liberty", away: "Las Vegas Aces", start: 90, markets: wnba, linked: true,
			from: 1, layer: odds.CrossSport, relation: "city",
		},
		{
			id: "wnba-lva-phx", sport: "basketball", league: "wnba", home: "Las Vegas Aces", away: "Phoenix Mercury", start: nextDay, markets: wnba, linked: true,
			from: 5, layer: odds.CrossEvent, relation: "team", fromSel: 1,
		},
		{
			id: "wnba-chi-sea", sport: "basketball", league: "wnba", home: "Chicago Sky", away: "Seattle Storm", start: 120, markets: wnba, linked: true,
			from: 3, layer: odds.CrossSport, relation: "city",
		},
		{id: "kbo-lg-doosan", sport: "baseball", league: "kbo", home: "LG Twins", away: "Doosan Bears", start: -90, markets: kbo},
		{id: "kbo-kia-lotte", sport: "baseball", league: "kbo", home: "KIA Tigers", away: "Lotte Giants", start: -75, markets: kbo},
		{id: "epl-ars-che", sport: "soccer", league: "epl", home: "Arsenal", away: "Chelsea", start: -105, markets: epl},
		{id: "epl-liv-ars", sport: "soccer", league: "epl", home: "Liverpool", away: "Arsenal", start: 4 * nextDay, markets: epl},
	}
}

// demo makes a readable market with every feature.
func (w *world) demo() {
	w.span = int64(w.opts.Minutes) * 60_000
	books := bookmakers()
	w.demoVenues(books)
	all := fixtures()
	var index []int     // of every series, to find a common scale
	var first [][][]int // [fixture][market][venue] → series
	for i, f := range all {
		r := w.random(i)
		event := w.addEvent(&odds.Event{ID: f.id, Sport: f.sport, League: f.league, Home: f.home, Away: f.away, Start: w.at(w.span + int64(f.start)*60_000)})
		from := max(0, w.span+int64(f.start)*60_000) // of play
		var act intensity
		if f.start < 0 {
			act = bursts(r, w.span).after(from, w.span)
		}
		first = append(first, make([][]int, len(f.markets)))
		for m := range f.markets {
			first[i][m] = w.demoMarket(r, books, all, first, i, m, act)
			index = append(index, first[i][m]...)
		}
		if f.start < 0 {
			w.scores(r, event, first[i], from)
		} else {
			w.outages(r, first[i])
		}
		w.remargin(r, first[i])
		w.demoNulls(event, f, first[i])
		w.demoLinks(books, all, i)
	}
	w.commit(1.2, index...)
	w.crossNull(odds.CrossEvent, 9, 0, 10, 1)
	w.crossNull(odds.CrossSport, 3, 0, 6, 1)
}

func (w *world) demoVenues(books []bookmaker) {
	poll := -1
	for i, b := range books {
		switch {
		case !b.polled:
			w.addStream(b.name, b.role, int64(20+10*i))
		case poll < 0:
			poll = len(w.sources)
			w.sources = append(w.sources, source{name: "oddspoll", step: pollStep, delay: 150})
			fallthrough
		default:
			w.addVenue(b.name, b.role, poll)
		}
	}
}

// demoMarket draws the moves of one market at every venue.
func (w *world) demoMarket(r *rand.Rand, books []bookmaker, all []fixture, first [][][]int, i, m int, act intensity) []int {
	f, event := all[i], len(w.events)-1
	out := make([]int, len(books))
	for v, b := range books {
		s := &series{venue: v, event: event, market: f.markets[m], moves: draw(r, w.span, b.own*leadMoves, prices, act)}
		switch {
		case v > 0 && b.leader >= 0:
			s.moves = copyMoves(r, w.series[out[b.leader]].moves, b.follow, s.moves)
		case v > 0:
		case f.linked && f.markets[m].name == "totals":
			s.moves = copyMoves(r, w.series[first[i][0][0]].moves, crossFollow(odds.CrossMarket, 1), s.moves)
		case f.from > 0 && f.markets[m].name == "h2h":
			s.moves = copyMoves(r, w.series[first[f.from-1][0][0]].moves, crossFollow(f.layer, f.homeSign()), s.moves)
		}
		s.moves = s.within(settle + w.span)
		out[v] = w.addSeries(r, s)
	}
	return out
}

// within drops moves after end.
func (s *series) within(end int64) []move {
	n := len(s.moves)
	for n > 0 && s.moves[n-1].at > end {
		n--
	}
	return s.moves[:n]
}

// crossFollow returns how a market or event follows another.
func crossFollow(layer odds.Layer, sign float64) follow {
	lag := map[odds.Layer]float64{odds.CrossMarket: crossLagL2, odds.CrossEvent: crossLagL3, odds.CrossSport: crossLagL4}[layer]
	return follow{lag: lag, jitter: 0.08, share: 0.9, beta: 0.8 * sign, r2: 0.8}
}

// homeSign turns the link between the shared team's selections into one between the
// first selections, which the series represent.
func (f *fixture) homeSign() float64 {
	if f.fromSel != f.sel {
		return -1
	}
	return 1
}

// demoLinks records the links planted by demoMarket: at the venues, and on the
// consensus driven by their common leader.
func (w *world) demoLinks(books []bookmaker, all []fixture, i int) {
	f, event := all[i], i
	for _, m := range f.markets {
		at := func(v int) odds.NodeID { return w.nodeAt(books[v].name, event, m, 0) }
		for v, b := range books {
			if v == 0 || b.leader < 0 {
				continue
			}
			family := fmt.Sprintf("L1/%s/%s/%s/%s>%s", f.sport, f.league, m.name, books[b.leader].name, b.name)
			w.link(odds.Direct, at(b.leader), at(v), family, "", b.follow)
		}
	}
	if f.linked {
		for _, venue := range [...]string{books[0].name, odds.ConsensusVenue} {
			family := fmt.Sprintf("L2/%s/%s/%s/h2h>totals", f.sport, f.league, venue)
			w.link(odds.CrossMarket, w.nodeAt(venue, event, f.markets[0], 0), w.nodeAt(venue, event, f.markets[2], 0), family, "", crossFollow(odds.CrossMarket, 1))
		}
	}
	if f.from > 0 {
		from := w.nodeAt(odds.ConsensusVenue, f.from-1, all[f.from-1].markets[0], f.fromSel)
		to := w.nodeAt(odds.ConsensusVenue, event, f.markets[0], f.sel)
		family := fmt.Sprintf("%s/%s/%s", f.layer.Key(), f.league, f.relation)
		w.link(f.layer, from, to, family, f.relation, crossFollow(f.layer, 1))
	}
}

// demoNulls records the unlinked pairs that the layers watch: the independent venue
// with every other, spreads with the other markets, and totals with h2h if they are
// not linked.
func (w *world) demoNulls(event int, f fixture, s [][]int) {
	null := func(a, b odds.NodeID) { w.truth.Nulls = append(w.truth.Nulls, truth.Null{A: a, B: b, Kind: prices}) }
	for m := range s {
		for v := range s[m] {
			if v != loner {
				null(w.node(s[m][loner]), w.node(s[m][v]))
			}
		}
	}
	consensus := func(m int) odds.NodeID { return w.nodeAt(odds.ConsensusVenue, event, f.markets[m], 0) }
	null(consensus(0), consensus(1))
	null(consensus(1), consensus(2))
	if !f.linked {
		null(consensus(0), consensus(2))
	}
}

// crossNull records two unlinked events that share a team or city.
func (w *world) crossNull(layer odds.Layer, a, selA, b, selB int) {
	m := h2h(0)
	w.truth.Nulls = append(w.truth.Nulls, truth.Null{
		Kind: prices,
		A:    w.nodeAt(odds.ConsensusVenue, a, m, selA), B: w.nodeAt(odds.ConsensusVenue, b, m, selB),
	})
}

// scores adds scores to a match in play: all venues suspend within the same second,
// and reopen after more than a poll at prices that have jumped together.
func (w *world) scores(r *rand.Rand, event int, s [][]int, from int64) {
	n := 3
	gap := (w.span - from) / int64(n+1)
	for i := range n {
		t := settle + from + gap*int64(i+1) + r.Int64N(gap/3)
		shock := truth.Shock{Event: w.events[event].ID, At: w.at(t)}
		var last, until int64
		for m := range s {
			jump := math.Copysign(0.25+0.15*r.Float64(), float64(2*((i+m)%2)-1))
			if m == 0 {
				shock.Size = jump
			}
			for v, k := range s[m] {
				off, on := t+int64(100*v)+r.Int64N(100), t+pollStep+15_000+r.Int64N(15_000)
				w.suspend(k, off, on)
				w.add(entry{at: t + 1000, v: jump, series: int32(k), kind: jumps})
				last, until = max(last, off-t), max(until, on)
			}
		}
		shock.SpreadMs, shock.Until = odds.Millis(last), w.at(until)
		w.truth.Shocks = append(w.truth.Shocks, shock)
	}
}

func (w *world) suspend(k int, from, to int64) {
	w.add(entry{at: from, series: int32(k), kind: suspends})
	w.add(entry{at: to, series: int32(k), kind: reopens})
	w.truth.Suspensions = append(w.truth.Suspensions, truth.Suspension{Node: w.node(k), At: w.at(from), Until: w.at(to)})
}

// outages gives a match before play one isolated suspension in its first half and
// one wrong price in its second.
func (w *world) outages(r *rand.Rand, s [][]int) {
	half := w.span / 2
	k := s[r.IntN(len(s))][r.IntN(loner+1)]
	from := settle + half/4 + r.Int64N(half/2)
	w.suspend(k, from, from+20_000+r.Int64N(20_000))

	k = s[0][r.IntN(len(s[0]))]
	at := half + settle + r.Int64N(half/2)
	until := at + 4_000 + r.Int64N(6_000)
	on, off := at, until
	if w.sources[w.venues[w.series[k].venue].source].step > 0 {
		at = firstPoll(pollStep) + (at-firstPoll(pollStep))/pollStep*pollStep
		until = at + pollStep
		on, off = at-1, at+1 // seen by this poll only
	}
	w.add(entry{at: on, v: float64(len(w.truth.Outliers)), series: int32(k), kind: errs})
	w.add(entry{at: off, series: int32(k), kind: returns})
	w.truth.Outliers = append(w.truth.Outliers, truth.Outlier{Node: w.node(k), At: w.at(at), Until: w.at(until)})
}

// remargin changes overrounds, without information about the match.
func (w *world) remargin(r *rand.Rand, s [][]int) {
	for m := range s {
		for _, k := range s[m] {
			was := w.series[k].margin
			for t := settle + r.Int64N(w.span/4); t < w.span; t += w.span/8 + r.Int64N(w.span/4) {
				now := 1.02 + 0.06*r.Float64()
				w.add(entry{at: t, v: now, series: int32(k), kind: reMargins})
				w.truth.MarginMoves = append(w.truth.MarginMoves, truth.MarginMove{Node: w.node(k), At: w.at(t), From: was, To: now})
				was = now
			}
		}
	}
}
