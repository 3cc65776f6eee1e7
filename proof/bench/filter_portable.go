//go:build !(goexperiment.simd && amd64)

package bench

func filterName() string { return "filter_portable" }
