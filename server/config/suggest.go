package config

import (
	"slices"
	"strings"

	"corrgraph/internal/suggest"
)

// nearestKey returns the key most likely meant by an unknown one: a key in the same
// section, or else one with the same name in another section.
func nearestKey(prefix, name string) string {
	all := root()
	if beside, ok := under(all, prefix); ok {
		if near := suggest.Nearest(name, names(beside)); near != "" {
			return join(prefix, near)
		}
	}
	for _, same := range []func(f field) bool{
		func(f field) bool { return f.name == name },
		func(f field) bool { return suggest.Nearest(name, []string{f.name}) != "" },
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
