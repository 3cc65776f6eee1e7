package detect

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"corrgraph/odds"
)

func TestHistoriesAreSmall(t *testing.T) {
	if n := unsafe.Sizeof(NodeHistory{}); n > 128 {
		t.Errorf("NodeHistory has %d bytes", n)
	}
	if n := unsafe.Sizeof(RelationHistory{}); n > 64 {
		t.Errorf("RelationHistory has %d bytes", n)
	}
}

// nullMarket is n venues around a wandering consensus; every quote moves.
type nullMarket struct {
	rng     *rand.Rand
	view    MarketView
	history []NodeHistory
}

func newNullMarket(n int, seed uint64) *nullMarket {
	m := &nullMarket{rng: rand.New(rand.NewPCG(seed, 1)), history: make([]NodeHistory, n)}
	m.view = MarketView{Event: "match", Market: "h2h", Selections: []string{"home", "away"}, Sides: sidesOf(2), Venues: make([]VenueView, n)}
	for i := range m.view.Venues {
		m.view.Venues[i] = VenueView{
			Venue: "v", Group: i, Complete: true, Listed: []bool{true, true}, Nodes: []odds.NodeID{"venue/match/h2h/home", "venue/match/h2h/away"},
			Values: make([]float64, 2), Prices: []float64{1.9, 1.9}, Moved: make([]float64, 2), Others: make([]float64, 2),
			OthersMoved: make([]float64, 2), OtherGroups: n - 1, Seen: true, Resolution: minute,
			History: []*NodeHistory{&m.history[i], nil},
		}
	}
	return m
}

func (m *nullMarket) next(every odds.Millis) {
	v := &m.view
	v.At += odds.Time(1 + m.rng.ExpFloat64()*float64(every))
	common := 0.05 * m.rng.NormFloat64()
	for i := range v.Venues {
		w := &v.Venues[i]
		old := w.Values[0] - w.Others[0]
		dev := 0.04 * m.rng.NormFloat64()
		w.Others[0] += common
		w.OthersMoved[0] = common
		w.Values[0] = w.Others[0] + dev
		w.Moved[0] = common + dev - old
		w.SeenAt, w.ChangedAt = v.At, v.At
	}
}

// A market with noise alone.
func TestFalseAlarmsOfMarkets(t *testing.T) {
	const looks, venues = 20_000, 10
	m := newNullMarket(venues, 9)
	m.view.At = clock("00:00")
	found := map[string]int{}
	for range looks {
		m.next(10 * minute)
		for _, a := range Market(&m.view, nil) {
			if a.Until == 0 || a.Kind != OutlierQuote && a.Kind != Desynchronisation {
				found[a.Kind]++
			}
		}
	}
	t.Log(found)
	stated := map[string]float64{Desynchronisation: 6.4e-5, OutlierQuote: 1e-6, MoveSize: 3.2e-5, MoveFrequency: 1e-4, MoveClustering: 4e-5, Volatility: 3.2e-5, Arbitrage: 0}
	for kind, k := range found {
		want := stated[kind] * looks * venues
		if float64(k) > want+4*math.Sqrt(want) {
			t.Errorf("%s %d times in %d looks at a venue, stated %.1f", kind, k, looks*venues, want)
		}
	}
}

// Windows of one, four and forty Poisson moves.
func TestFalseAlarmsOfFrequency(t *testing.T) {
	for _, mean := range []odds.Millis{15 * minute, 4 * minute, 22_000} {
		m := newNullMarket(1, 11)
		m.view.At = clock("00:00")
		windows, found := 40_000, 0
		end := m.view.At.Add(odds.Millis(windows) * 15 * minute)
		for m.view.At < end {
			m.next(mean)
			for _, a := range Market(&m.view, nil) {
				if a.Kind == MoveFrequency {
					found++
				}
			}
		}
		if want := 1e-4 * float64(windows); float64(found) > want+4*math.Sqrt(want) {
			t.Errorf("a move every %d ms: %d in %d windows", mean, found, windows)
		}
	}
}

func TestFalseAlarmsOfRelations(t *testing.T) {
	const looks = 200_000
	rng := rand.New(rand.NewPCG(12, 1))
	var h RelationHistory
	v := RelationView{Event: "match", A: "dk/match/spreads/home", B: "dk/match/h2h/home", History: &h}
	found := 0
	for i := range looks {
		v.At = odds.Time(i) * minute
		v.ValueB = 0.5 * rng.NormFloat64()
		v.ValueA = 0.8*v.ValueB + 0.05*rng.NormFloat64()
		for _, a := range Relate(&v, nil) {
			if a.Until == 0 {
				found++
			}
		}
	}
	if want := 6.4e-5 * looks; float64(found) > want {
		t.Errorf("%d in %d looks", found, looks)
	}
}

// In play a new history begins; nothing is concluded from a gap longer than windows are
// followed.
func TestPhaseStartsAnew(t *testing.T) {
	m := newNullMarket(3, 13)
	m.view.At = clock("00:00")
	for range 100 {
		m.next(minute)
		Market(&m.view, nil)
	}
	m.view.Live = true
	m.next(minute)
	m.view.Venues[0].Values[0] += 5
	m.view.Venues[0].Moved[0] += 5
	if found := Market(&m.view, nil); len(found) > 0 {
		t.Errorf("judged by the pre-match history: %v", list(found))
	}
	if n := m.history[1].dev.n; n != 1 {
		t.Errorf("%d points of history after the phase changed", n)
	}
}

func TestMarketAllocatesOnlyForAnomalies(t *testing.T) {
	m := newNullMarket(10, 14)
	m.view.At = clock("00:00")
	dst := make([]Anomaly, 0, 64)
	n := testing.AllocsPerRun(200, func() {
		m.next(10 * minute)
		dst = Market(&m.view, dst[:0])
	})
	if n > 0 {
		t.Errorf("%v allocations a look", n)
	}
}

func BenchmarkMarket(b *testing.B) {
	m := newNullMarket(11, 15)
	var dst []Anomaly
	b.ReportAllocs()
	for b.Loop() {
		m.next(10 * minute)
		dst = Market(&m.view, dst[:0])
	}
}
