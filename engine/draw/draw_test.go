package draw

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWhatIsDrawnDoesNotDependOnTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	keys := make([]uint64, 5000)
	for i := range keys {
		keys[i] = r.Uint64()
	}
	want := slices.Clone(keys)
	slices.Sort(want)
	for _, n := range []int{0, 1, 64, 65, 5000} {
		some := slices.Clone(keys[:n])
		for range 3 {
			var got []uint64
			for _, d := range Draw(n, 64, func(i int) uint64 { return some[i] }) {
				if some[d.Index] != d.Key {
					t.Fatal("the index of another key")
				}
				got = append(got, d.Key)
			}
			want := slices.Clone(keys[:n])
			slices.Sort(want)
			if want = want[:min(n, 64)]; !slices.Equal(got, want) {
				t.Fatalf("of %d: %v, want %v", n, got, want)
			}
			r.Shuffle(n, func(i, j int) { some[i], some[j] = some[j], some[i] })
		}
	}
	for range 2 { // keys that are the same
		if got := Draw(9, 4, func(int) uint64 { return 7 }); len(got) != 4 || got[3].Index != 3 {
			t.Errorf("%v", got)
		}
	}
}

// A sample holds everything while there is room, and never more than the bound.
func TestASampleIsBounded(t *testing.T) {
	whole := Room{MostFamilies, MostPairs, 1024}
	for _, c := range []struct {
		families, pairs, moves int
		want                   Room
	}{
		{1, 1, 4096, whole},
		{249, 51, 20, whole},
		{36, 64, 400, Room{MostFamilies, MostPairs, 64 * 2}},
		{MostFamilies, MostPairs, 4096, Room{128, fewestPairs, fewestMoves}},
	} {
		lengths := func(families, pairs int) (out []int) {
			for range 2 * min(families, c.families) * min(pairs, c.pairs) {
				out = append(out, c.moves)
			}
			return out
		}
		got, n := Fit(lengths), 0
		for _, length := range lengths(got.Families, got.Pairs) {
			n += min(length, got.Moves)
		}
		if got.Moves < fewestMoves || n > mostMoves || got != c.want && c.families != 36 {
			t.Errorf("%+v: %+v with %d moves", c, got, n)
		}
	}
}
