package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

const (
	tickRate  = 0.2 // source moves a second
	farthest  = 2.0 // largest log-odds that a path may reach
	nullGroup = 5   // venues per null event: 10 pairs that share nodes
	sport     = "simulated"
	shortest  = 200.0 // ms; planted lags are log-uniform
	longest   = 20_000.0
)

// calibration makes null pairs of all eight kinds and planted pairs, every event in
// a league of its own, so that nothing is pooled.
func (w *world) calibration() {
	w.span = int64(float64(w.opts.Moves) / tickRate * 1000)
	w.streams(nullGroup)
	league, kinds := 0, Kinds()
	for left := w.opts.Null; left > 0; league++ {
		n := 2
		for n < nullGroup && (n+1)*n/2 <= left {
			n++
		}
		left -= n * (n - 1) / 2
		w.nullEvent(w.random(league), leagueName("null", league), 0, n, kinds[league%len(kinds)])
	}
	for i := range max(0, w.opts.True) {
		r := w.random(1<<20 + i)
		w.plantedEvent(r, leagueName("true", i), 0, r.IntN(2), w.drawFollow(r))
	}
}

// pooled makes families: one league, the same two venues, lag and size, many events
// with few moves each.
func (w *world) pooled() {
	w.span = int64(float64(w.opts.Moves) / tickRate * 1000)
	w.streams(2)
	kinds := Kinds()
	for i := range max(0, w.opts.Null) {
		r := w.random(i)
		for e := range w.opts.FamilySize {
			w.nullEvent(r, leagueName("null", i), e, 2, kinds[i%len(kinds)])
		}
	}
	for i := range max(0, w.opts.True) {
		r := w.random(1<<20 + i)
		f, leader := w.drawFollow(r), r.IntN(2)
		for e := range w.opts.FamilySize {
			w.plantedEvent(r, leagueName("true", i), e, leader, f)
		}
	}
}

func leagueName(what string, i int) string { return fmt.Sprintf("%s%04d", what, i) }

func (w *world) streams(n int) {
	names := [nullGroup]string{"alpha", "bravo", "carat", "delta", "ember"}
	for _, name := range names[:n] {
		w.addStream(name, "varies", 40)
	}
}

func (w *world) drawFollow(r *rand.Rand) follow {
	lo, hi := math.Log(shortest), math.Log(longest)
	return follow{lag: math.Round(math.Exp(lo + r.Float64()*(hi-lo))), jitter: 0.15, share: 0.8, beta: 1, r2: w.opts.R2}
}

// testEvent is a match in play from the start.
func (w *world) testEvent(league string, i int) int {
	id := fmt.Sprintf("%s-%03d", league, i)
	return w.addEvent(&odds.Event{ID: id, Sport: sport, League: league, Start: w.at(-600_000), Home: "Home " + id, Away: "Away " + id})
}

// nullEvent adds n venues that share only their activity.
func (w *world) nullEvent(r *rand.Rand, league string, i, n int, kind string) {
	event, m := w.testEvent(league, i), h2h(0)
	var act intensity
	if kind == "bursts" || !w.opts.Steady {
		act = bursts(r, w.span)
	}
	first := len(w.series)
	for v := range n {
		s := w.addSeries(r, &series{venue: v, event: event, market: m, moves: draw(r, w.span, float64(w.opts.Moves), kind, act)})
		w.commit(farthest, s)
		for other := first; other < s; other++ {
			w.truth.Nulls = append(w.truth.Nulls, truth.Null{A: w.node(other), B: w.node(s), Kind: kind})
		}
	}
}

// plantedEvent adds a leader (venue 0 or 1), and a follower that makes as many
// moves of its own as the leader.
func (w *world) plantedEvent(r *rand.Rand, league string, i, leader int, f follow) {
	event, m := w.testEvent(league, i), h2h(0)
	mean := float64(w.opts.Moves)
	a := w.addSeries(r, &series{venue: leader, event: event, market: m, moves: draw(r, w.span, mean, "heavy", nil)})
	b := w.addSeries(r, &series{venue: 1 - leader, event: event, market: m})
	w.series[b].moves = copyMoves(r, w.series[a].moves, f, draw(r, w.span, mean, "heavy", nil))
	w.commit(farthest, a, b)
	w.link(odds.Direct, w.node(a), w.node(b), fmt.Sprintf("L1/%s/%s>%s", league, w.venues[leader].name, w.venues[1-leader].name), "", f)
}

// link records a planted link.
func (w *world) link(layer odds.Layer, leader, follower odds.NodeID, family, relation string, f follow) {
	w.truth.Links = append(w.truth.Links, truth.Link{
		Layer: layer, Leader: leader, Follower: follower, Family: family, Relation: relation,
		LagMs: odds.Millis(f.lag), Jitter: f.jitter, Beta: f.beta, Share: f.share, R2: f.r2,
	})
}
