package state

import (
	"maps"
	"slices"
)

// Map codes a map of any types in key order. each must not change the keys. The map to read
// into must not be nil.
func Map[K comparable, V any](c *Coder, m map[K]V, order func(a, b K) int, each func(*K, *V)) {
	n := c.Len(len(m))
	if !c.Reading() {
		for _, k := range slices.SortedFunc(maps.Keys(m), order) {
			v := m[k]
			each(&k, &v)
		}
		return
	}
	for range n {
		if c.err != nil {
			return
		}
		var k K
		var v V
		each(&k, &v)
		m[k] = v
	}
}
