// Package draw says what of an engine is drawn for a sample that is bounded: by hashes of what
// things are, whatever was seen first.
package draw

import "slices"

// The bounds of a sample, which takes 32 MB at most.
const (
	MostFamilies = 512
	MostPairs    = 64      // of a family
	MostEvents   = 1 << 15 // in all Roles
	mostMoves    = 1 << 19 // in all; 40 bytes each
)

// Room is how much of what was drawn is taken.
type Room struct{ Families, Pairs, Moves int }

// fewestMoves and fewestPairs are how far moves of a series, and then pairs of a family, are
// reduced before there are fewer families.
const fewestMoves, fewestPairs = 128, 16

// Fit returns the largest room in which half a million moves suffice. lengths returns, for a
// number of families and of pairs of each, how many moves each of their series has.
func Fit(lengths func(families, pairs int) []int) Room {
	r := Room{MostFamilies, MostPairs, 1024}
	for {
		all := lengths(r.Families, r.Pairs)
		for r.Moves = 1024; r.Moves >= fewestMoves; r.Moves /= 2 {
			n := 0
			for _, length := range all {
				n += min(length, r.Moves)
			}
			if n <= mostMoves {
				return r
			}
		}
		if r.Pairs > fewestPairs {
			r.Pairs /= 2
		} else {
			r.Families /= 2
		}
	}
}

// Key is the hash of something that is known by several numbers.
func Key(parts ...uint64) (k uint64) {
	for _, p := range parts {
		k = mix(k ^ p)
	}
	return k
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014), after its increment.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Drawn is one of n things that are drawn from.
type Drawn struct {
	Key   uint64
	Index int
}

// Draw returns at most `most` of n things, those of the smallest keys, in the order of keys.
// Cost: O(n), and a few sorts of 2·most.
func Draw(n, most int, key func(i int) uint64) []Drawn {
	out := make([]Drawn, 0, min(n, 2*most))
	limit := ^uint64(0)
	cut := func() {
		slices.SortFunc(out, func(a, b Drawn) int {
			if a.Key != b.Key {
				return compare(a.Key, b.Key)
			}
			return a.Index - b.Index
		})
		if len(out) > most {
			out = out[:most]
			limit = out[most-1].Key
		}
	}
	for i := range n {
		if k := key(i); k < limit || len(out) < most {
			if out = append(out, Drawn{k, i}); len(out) == 2*most {
				cut()
			}
		}
	}
	cut()
	return out
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	return 1
}
