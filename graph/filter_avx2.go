//go:build goexperiment.simd && amd64

package graph

import (
	"math/bits"
	"simd/archsimd"
)

// FilterConfidence sets bit i of bitmap (word i/64, bit i%64) where conf[i] is at
// least min, clears the other bits of those words, and returns how many are set.
// A NaN passes no threshold, and a NaN threshold passes nothing. bitmap needs
// [Words](len(conf)) words, else FilterConfidence panics; further words are left
// alone. This form compares eight entries at a time where the CPU has AVX2. Cost:
// one comparison an entry, no allocation.
func FilterConfidence(conf []float32, min float32, bitmap []uint64) (n int) {
	if !archsimd.X86.AVX2() {
		return filterPortable(conf, min, bitmap)
	}
	return filterAVX2(conf, min, bitmap)
}

// filterAVX2 takes the whole words; what is left is too short to matter.
func filterAVX2(conf []float32, min float32, bitmap []uint64) (n int) {
	whole := len(conf) / 64
	_ = bitmap[:Words(len(conf))]
	threshold := archsimd.BroadcastFloat32x8(min)
	for w := range whole {
		c := (*[64]float32)(conf[w*64:])
		var word uint64
		for k := 0; k < 64; k += 8 {
			v := archsimd.LoadFloat32x8((*[8]float32)(c[k : k+8]))
			word |= uint64(v.GreaterEqual(threshold).ToBits()) << k
		}
		bitmap[w] = word
		n += bits.OnesCount64(word)
	}
	archsimd.ClearAVXUpperBits()
	return n + filterPortable(conf[whole*64:], min, bitmap[whole:])
}
