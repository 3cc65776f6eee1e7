package chance

import (
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

// world issues calls whose chance is known.
type world struct {
	rng    *rand.Rand
	league string
	level  float64            // log-odds of an average call
	venue  map[string]float64 // what a follower adds
}

func newWorld(seed uint64) *world {
	return &world{
		rand.New(rand.NewPCG(seed, 7)), "baseball_mlb", -2,
		map[string]float64{"ann": 0, "bob": 0.8, "cas": -0.8, "dan": 0.3},
	}
}

// call draws a call, its chance and its outcome.
func (w *world) call() (f *Features, chance float64, hit bool) {
	r := w.rng
	f = &Features{
		League: w.league, Follower: []string{"ann", "bob", "cas", "dan"}[r.IntN(4)], Market: []string{"h2h", "totals"}[r.IntN(2)],
		Live: r.IntN(3) == 0, With: 1 + r.IntN(6), Against: r.IntN(3), Gap: 0.1 * r.NormFloat64(), OwnLast: 0.05 * r.NormFloat64(),
		ToStart: odds.Millis(r.IntN(48*3600_000) - 3600_000), Families: []string{"x", "y", "z"}[:1+r.IntN(3)],
	}
	z := w.level + 0.4*float64(f.With-3) - 0.3*float64(f.Against-1) + 8*f.Gap + w.venue[f.Follower]
	chance = sigmoid(z)
	return f, chance, r.Float64() < chance
}

// live teaches a model n calls, each scored before it is learnt.
func (w *world) live(m *Model, n int, score func(stated, chance float64, hit bool)) {
	for range n {
		f, chance, hit := w.call()
		if score != nil {
			score(m.Predict(f), chance, hit)
		}
		m.Learn(f, hit)
	}
}

// plain is a usual call.
func plain(league string) *Features {
	return &Features{League: league, Follower: "ann", Market: "h2h", With: 3, ToStart: 6 * 3600_000}
}

// teach gives a model outcomes of one plain call, hits spread evenly.
func teach(m *Model, f *Features, hits, n int) {
	for i := range n {
		m.Learn(f, (i+1)*hits/n > i*hits/n)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %.4f, want %.4f ± %.4f", what, got, want, within)
	}
}
