package clock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

const start odds.Time = 1_780_336_800_000

// heard feeds a track instants, without times of receipt.
func heard(instants []odds.Time) *Track {
	t := &Track{}
	for _, at := range instants {
		t.Tick(at, 0)
		t.Tick(at, 0)
	}
	return t
}

// changesOf are the instants at which a poller of a step reports a change, one poll in every.
func changesOf(r *rand.Rand, n int, step, jitter, every float64) (out []odds.Time) {
	for k := 0.0; len(out) < n; k++ {
		if r.Float64()*every < 1 {
			out = append(out, start+odds.Time(k*step+jitter*(2*r.Float64()-1)))
		}
	}
	return out
}

// arrivals are instants of a Poisson process.
func arrivals(r *rand.Rand, n int, mean float64, round odds.Time) (out []odds.Time) {
	at := float64(start)
	for len(out) < n {
		at += r.ExpFloat64() * mean
		if t := odds.Time(at) / round * round; len(out) == 0 || t > out[len(out)-1] {
			out = append(out, t)
		}
	}
	return out
}

func TestRegularStampsAreAGrid(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		for name, c := range map[string]struct {
			instants []odds.Time
			want     odds.Millis
		}{
			"every poll":              {changesOf(r, 30, 60_000, 0, 1), 60_000},
			"changes only":            {changesOf(r, 200, 60_000, 0, 3), 60_000},
			"rare changes":            {changesOf(r, 200, 10_000, 0, 12), 10_000},
			"jitter":                  {changesOf(r, 200, 60_000, 500, 3), 60_000},
			"too few":                 {changesOf(r, 29, 60_000, 0, 1), 0},
			"half a second":           {changesOf(r, 200, 500, 0, 1), 0},
			"much jitter":             {changesOf(r, 200, 60_000, 15_000, 3), 0},
			"a fast stream":           {arrivals(r, 300, 900, 1), 0},
			"a stream":                {arrivals(r, 300, 20_000, 1), 0},
			"a slow stream":           {arrivals(r, 300, 1_800_000, 1), 0},
			"a stream, whole seconds": {arrivals(r, 300, 7_000, 1000), 1000},
			"a stream, whole minutes": {arrivals(r, 300, 200_000, 60_000), 60_000},
		} {
			got := heard(c.instants).Step()
			if d := got - c.want; c.want == 0 && got != 0 || 100*d > c.want || -100*d > c.want {
				t.Errorf("%s, seed %d: step %d ms, want %d", name, seed, got, c.want)
			}
		}
	}
}

// A poller that starts anew keeps its grid, one that has become a stream loses it.
func TestAGridEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	at := changesOf(r, 100, 60_000, 0, 2)
	for _, x := range changesOf(r, 100, 60_000, 0, 2) {
		at = append(at, x-start+at[99]+37_123)
	}
	if got := heard(at).Step(); got != 60_000 {
		t.Errorf("started anew: step %d ms", got)
	}
	for _, x := range arrivals(r, 200, 20_000, 1) {
		at = append(at, x-start+at[199])
	}
	if got := heard(at).Step(); got != 0 {
		t.Errorf("a stream since: step %d ms", got)
	}
}

func TestPhasesAreClocksOfTheirOwn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	grid := func(phase odds.Time, step float64) *Track {
		at := changesOf(r, 100, step, 0, 2)
		for i := range at {
			at[i] += phase
		}
		return heard(at)
	}
	one := grid(0, 60_000)
	for _, c := range []struct {
		name string
		o    *Track
		want bool
	}{
		{"the same", grid(0, 60_000), true},
		{"a minute later", grid(60_300, 60_000), true},
		{"just before", grid(59_500, 60_000), true},
		{"another phase", grid(10_000, 60_000), false},
		{"another step", grid(0, 30_000), false},
		{"a stream", heard(arrivals(r, 100, 20_000, 1)), false},
		{"nothing known", nil, false},
	} {
		if got := one.Together(c.o); got != c.want {
			t.Errorf("%s: together %v", c.name, got)
		}
	}
}

func TestDelaysTellWhatIsWrongWithAClock(t *testing.T) {
	for name, c := range map[string]struct {
		delay      func(r *rand.Rand, hours float64) float64 // ms
		n          int
		resolution odds.Millis
		want       string
	}{
		"in time":              {func(r *rand.Rand, _ float64) float64 { return 40 + 500*r.ExpFloat64() }, 500, 20, "0 0"},
		"slow but steady":      {func(r *rand.Rand, _ float64) float64 { return 4000 + 500*r.ExpFloat64() }, 500, 20, "0 0"},
		"two seconds ahead":    {func(*rand.Rand, float64) float64 { return -2000 }, 500, 20, "2000 0"},
		"a little ahead":       {func(*rand.Rand, float64) float64 { return -200 }, 500, 20, "0 0"},
		"within its minute":    {func(*rand.Rand, float64) float64 { return -20_000 }, 500, 60_000, "0 0"},
		"too few":              {func(*rand.Rand, float64) float64 { return -2000 }, 29, 20, "0 0"},
		"one wrong in three":   {func(r *rand.Rand, _ float64) float64 { return -5000 * float64(r.IntN(3)/2) }, 500, 20, "0 0"},
		"drifts":               {func(_ *rand.Rand, h float64) float64 { return 1000 + 600*h }, 500, 20, "0 1000"},
		"drifts back":          {func(_ *rand.Rand, h float64) float64 { return 10_000 - 600*h }, 500, 20, "0 -1000"},
		"drifts, with a noise": {func(r *rand.Rand, h float64) float64 { return 1000 + 600*h + 10*r.Float64() }, 500, 20, "0 1000"},
		"drifts a little":      {func(_ *rand.Rand, h float64) float64 { return 1000 + 100*h }, 500, 20, "0 0"},
		"another route":        {func(_ *rand.Rand, h float64) float64 { return 1000 + 600*float64(int(h/3.4)) }, 500, 20, "0 0"},
	} {
		r := rand.New(rand.NewPCG(1, 6))
		var x Track
		for k := range c.n {
			at := start + odds.Time(k)*30_000
			x.Tick(at, at+odds.Time(c.delay(r, float64(k)/120)))
		}
		s := x.Skewed(c.resolution)
		if got := fmt.Sprint(s.Ahead, 100*math.Round(float64(s.Drift)/100)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
