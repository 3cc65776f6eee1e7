package config

import "reflect"

// Change is a key whose value differs between two configurations.
type Change struct {
	Key      string
	Old, New string // in the key's notation; lists as YAML
	Reload   bool   // a running service applies it; false: it needs a restart
}

// Changes lists the keys that differ, in the declared order.
func Changes(old, next *Config) (out []Change) {
	pairs(old, next, func(f *field, a, b reflect.Value) {
		out = append(out, Change{f.key, visible(text(f, a)), visible(text(f, b)), f.reload})
	})
	return out
}

// Merge returns old with those keys of next that a running service can change. It
// may be invalid although both are valid; check it before use.
func Merge(old, next *Config) Config {
	out := *old
	pairs(&out, next, func(f *field, a, b reflect.Value) {
		if f.reload {
			a.Set(b)
		}
	})
	return out
}

// pairs visits the keys that differ.
func pairs(x, y *Config, visit func(f *field, a, b reflect.Value)) {
	var others []reflect.Value
	walk(root(), reflect.ValueOf(y).Elem(), func(_ *field, v reflect.Value) { others = append(others, v) })
	i := 0
	walk(root(), reflect.ValueOf(x).Elem(), func(f *field, a reflect.Value) {
		b := others[i]
		i++
		if text(f, a) != text(f, b) {
			visit(f, a, b)
		}
	})
}
