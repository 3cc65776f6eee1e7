package origin

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"corrgraph/odds"
)

func mv(venue string, at odds.Millis, size float64) Move {
	return Move{Arrival: Arrival{Venue: venue, At: odds.Time(at), Size: size}, Selection: "s", Node: odds.NodeID(venue), RMS: 0.02}
}

// told writes waves: "0.1@0: a 0, b 2000".
func told(waves []Wave) string {
	var out []string
	for _, w := range waves {
		var moves []string
		for _, m := range w.Moves {
			moves = append(moves, fmt.Sprintf("%s %d", m.Venue, int64(m.At)))
		}
		out = append(out, fmt.Sprintf("%v@%d: %s", w.Size, int64(w.Shown), strings.Join(moves, ", ")))
	}
	return strings.Join(out, "; ")
}

func TestWaves(t *testing.T) {
	slow := &Known{Links: map[[2]string]Link{{"a", "b"}: {Leader: "a", Follower: "b", High: 250_000, Confidence: 1}}}
	for name, c := range map[string]struct {
		known *Known
		moves []Move
		want  string
	}{
		"a large move, and who joins it":       {nil, []Move{mv("a", 0, 0.1), mv("b", 2000, 0.08), mv("c", 3000, 0.06)}, "0.1@0: a 0, b 2000, c 3000"},
		"small moves show nothing":             {nil, []Move{mv("a", 0, 0.03), mv("b", 1, 0.01)}, ""},
		"small moves don't join":               {nil, []Move{mv("a", 0, 0.1), mv("b", 1, 0.02)}, "0.1@0: a 0"},
		"the usual size is unknown":            {nil, []Move{{Arrival: Arrival{Venue: "a", Size: 0.04}, Selection: "s"}, {Arrival: Arrival{Venue: "b", Size: 0.06, At: 1}, Selection: "s"}}, "0.06@1: a 0, b 1"},
		"a venue counts once":                  {nil, []Move{mv("a", 0, 0.1), mv("a", 10, 0.1), mv("b", 20, 0.1)}, "0.1@0: a 0, b 20"},
		"the other way is another":             {nil, []Move{mv("a", 0, 0.1), mv("b", 1000, -0.1)}, "0.1@0: a 0; -0.1@1000: b 1000"},
		"much later is another":                {nil, []Move{mv("a", 0, 0.1), mv("b", 180_000, 0.1)}, "0.1@0: a 0; 0.1@180000: b 180000"},
		"unless it is known to follow late":    {slow, []Move{mv("a", 0, 0.1), mv("b", 250_000, 0.1)}, "0.1@0: a 0, b 250000"},
		"but no later than that":               {slow, []Move{mv("a", 0, 0.1), mv("b", 250_001, 0.1)}, "0.1@0: a 0; 0.1@250001: b 250001"},
		"small steps before belong to it":      {nil, []Move{mv("a", 0, 0.03), mv("a", 1000, 0.03), mv("b", 5000, 0.1)}, "0.1@5000: a 0, b 5000"},
		"not those that were taken back":       {nil, []Move{mv("a", 0, 0.03), mv("a", 1000, -0.03), mv("b", 5000, 0.1)}, "0.1@5000: b 5000"},
		"nor those of long before":             {nil, []Move{mv("a", 0, 0.035), mv("b", 200_000, 0.06)}, "0.06@200000: b 200000"},
		"two prices don't mix":                 {nil, []Move{mv("a", 0, 0.1), {Arrival: Arrival{Venue: "b", At: 5, Size: 0.1}, Selection: "t", RMS: 0.02}}, "0.1@0: a 0; 0.1@5: b 5"},
		"slow polls have three to join in":     {nil, []Move{{Arrival: Arrival{Venue: "a", Size: 0.1, Resolution: 300_000}, Selection: "s"}, {Arrival: Arrival{Venue: "b", At: 600_000, Size: 0.1, Resolution: 300_000}, Selection: "s"}}, "0.1@0: a 0, b 600000"},
		"one instant is in the order of names": {nil, []Move{mv("b", 0, 0.1), mv("a", 0, 0.1)}, "0.1@0: a 0, b 0"},
	} {
		known := func(string) *Known {
			if c.known != nil {
				return c.known
			}
			return &Known{}
		}
		if got := told(Waves(c.moves, known)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(c.moves), func(i, j int) { c.moves[i], c.moves[j] = c.moves[j], c.moves[i] })
		if got := told(Waves(c.moves, known)); got != c.want {
			t.Errorf("%s, shuffled: %s, want %s", name, got, c.want)
		}
	}
}
