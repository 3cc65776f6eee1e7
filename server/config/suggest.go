package config

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// nearest returns the known word that was most likely meant, "" if none is close.
// Cost: len(word) × the sum of their lengths.
func nearest(word string, known []string) string {
	best, at := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(k), nil); d < min(at, len(word)) {
			best, at = k, d
		}
	}
	return best
}

// nearestKey returns the key most likely meant by an unknown one: a key in the same
// section, or else one with the same name in another section.
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
