//go:build goexperiment.simd && amd64

package bench

import "simd/archsimd"

// filterName names the implementation that graph.FilterConfidence selects on this
// CPU.
func filterName() string {
	if archsimd.X86.AVX2() {
		return "filter_avx2"
	}
	return "filter_portable"
}
