package config

import (
	"slices"
	"strings"
)

// nearest returns which of the known words was most likely meant, "" where none is
// near. Cost: len(word) × the sum of their lengths.
func nearest(word string, known []string) string {
	best, at := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < min(at, len(word)) {
			best, at = k, d
		}
	}
	return best
}

// nearestKey returns what an unknown key under a section was most likely meant to
// be: a key beside it, or else one of the same name in another section.
func nearestKey(prefix, name string) string {
	all := root()
	if beside, ok := under(all, prefix); ok {
		if near := nearest(name, names(beside)); near != "" {
			return join(prefix, near)
		}
	}
	for _, same := range []func(f field) bool{
		func(f field) bool { return f.name == name },
		func(f field) bool { return nearest(name, []string{f.name}) != "" },
	} {
		if i := slices.IndexFunc(leaves(), same); i >= 0 {
			return leaves()[i].key
		}
	}
	return ""
}

// under returns the keys of a section.
func under(fields []field, key string) ([]field, bool) {
	if key == "" {
		return fields, true
	}
	for name := range strings.SplitSeq(key, ".") {
		f, ok := find(fields, name)
		if !ok || !f.section() {
			return nil, false
		}
		fields = f.fields
	}
	return fields, true
}

// distance is the number of edits that turn a into b: letters inserted, left out,
// replaced or swapped with their neighbour (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
