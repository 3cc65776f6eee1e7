package series

import (
	"slices"

	"corrgraph/odds"
)

// Keeping adds a time to times, which are in order and differ. Once there are most of them, the
// older half goes, and what would belong to it is left out. It returns the result, which shares memory with times.
func Keeping(times []odds.Time, at odds.Time, most int) []odds.Time {
	i, known := slices.BinarySearch(times, at)
	half := most / 2
	switch {
	case known || len(times) >= most && i < half:
		return times
	case len(times) >= most:
		times, i = times[:copy(times, times[half:])], i-half
	}
	return slices.Insert(times, i, at)
}
