//go:build !(goexperiment.simd && amd64)

package graph

// FilterConfidence sets bit i of bitmap (word i/64, bit i%64) where conf[i] is at
// least min, clears the other bits of those words, and returns how many are set.
// A NaN passes no threshold, and a NaN threshold passes nothing. bitmap needs
// [Words](len(conf)) words, else FilterConfidence panics; further words are left
// alone. Cost: one comparison an entry, no allocation.
func FilterConfidence(conf []float32, min float32, bitmap []uint64) (n int) {
	return filterPortable(conf, min, bitmap)
}
