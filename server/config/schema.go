package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// field is one key as its struct declares it.
type field struct {
	name string // last part of key
	key  string // from the top, joined with dots
	doc  string
	typ  reflect.Type
	at   int // index in the struct that declares it

	def, min, max string
	enum          []string
	reload        bool

	fields []field // of a section, or of one element of a list
}

// section reports whether the key holds further keys instead of a value.
func (f *field) section() bool { return f.typ.Kind() == reflect.Struct }

// list reports whether the value is a list.
func (f *field) list() bool { return f.typ.Kind() == reflect.Slice }

// schema returns the keys of a struct type under a prefix, in their declared order.
func schema(t reflect.Type, prefix string) []field {
	out := make([]field, t.NumField())
	for i := range out {
		sf := t.Field(i)
		f := &out[i]
		*f = field{
			name: sf.Tag.Get("yaml"), doc: sf.Tag.Get("doc"), typ: sf.Type, at: i,
			def: sf.Tag.Get("default"), min: sf.Tag.Get("min"), max: sf.Tag.Get("max"),
			reload: sf.Tag.Get("reload") == "true",
		}
		f.key = join(prefix, f.name)
		if e := sf.Tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		switch {
		case f.section():
			f.fields = schema(sf.Type, f.key)
		case f.list():
			f.fields = schema(sf.Type.Elem(), "")
		}
	}
	return out
}

// root returns the keys of Config.
func root() []field { return schema(reflect.TypeFor[Config](), "") }

// join joins a prefix and a name into a key.
func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// walk calls visit with every key that has a value, and with that value in v, a
// struct described by fields.
func walk(fields []field, v reflect.Value, visit func(f *field, v reflect.Value)) {
	for i := range fields {
		f := &fields[i]
		if f.section() {
			walk(f.fields, v.Field(f.at), visit)
			continue
		}
		visit(f, v.Field(f.at))
	}
}

// leaves returns the keys of Config that have values.
func leaves() (out []field) {
	walk(root(), reflect.ValueOf(Config{}), func(f *field, _ reflect.Value) { out = append(out, *f) })
	return out
}

// find returns the key with that name, which may be a section, and whether it
// exists.
func find(fields []field, name string) (*field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	return &fields[i], true
}

// variable returns the environment variable of a key.
func variable(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

const envPrefix = "CORRGRAPH_"

// kind describes the values of the key.
func (f *field) kind() string {
	switch {
	case f.enum != nil:
		return strings.Join(f.enum, ", ")
	case f.list():
		return "list"
	case f.typ == reflect.TypeFor[time.Duration]():
		return "duration"
	case f.typ == reflect.TypeFor[Size]():
		return "size"
	case f.typ == reflect.TypeFor[Rate]():
		return "rate"
	}
	switch f.typ.Kind() {
	case reflect.Bool:
		return "true, false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	return "text"
}

// bounds describes the limits of the key's values, "" if there are none.
func (f *field) bounds() string {
	switch {
	case f.min != "" && f.max != "":
		return f.min + " to " + f.max
	case f.min != "":
		return "at least " + f.min
	}
	return ""
}
