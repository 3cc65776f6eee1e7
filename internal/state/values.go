package state

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// value codes one settable value, which it sets only while reading: others may read meanwhile what
// is written.
func (c *Coder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64:
		c.simple(v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x := v.Int()
		if c.int64(&x); c.Reading() {
			v.SetInt(x)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x := v.Uint()
		if c.uint(&x); c.Reading() {
			v.SetUint(x)
		}
	default:
		c.compound(v)
	}
}

// simple codes a value that is no integer and has no parts.
func (c *Coder) simple(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		x := v.Bool()
		if c.bool(&x); c.Reading() {
			v.SetBool(x)
		}
	case reflect.String:
		x := v.String()
		if c.string(&x); c.Reading() {
			v.SetString(x)
		}
	case reflect.Float32:
		x := float32(v.Float())
		if c.float32(&x); c.Reading() {
			v.SetFloat(float64(x))
		}
	default:
		x := v.Float()
		if c.float(&x); c.Reading() {
			v.SetFloat(x)
		}
	}
}

func (c *Coder) compound(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				panic(fmt.Sprintf("state: %v has unexported fields", v.Type()))
			}
			c.value(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			c.value(v.Index(i))
		}
	case reflect.Slice:
		c.slice(v)
	case reflect.Map:
		c.mapping(v)
	case reflect.Pointer:
		c.pointer(v)
	default:
		panic(fmt.Sprintf("state: a %v can't be saved", v.Type()))
	}
}

func (c *Coder) slice(v reflect.Value) {
	n := c.Len(v.Len())
	if !c.Reading() {
		for i := range n {
			c.value(v.Index(i))
		}
		return
	}
	v.SetLen(0)
	for i := range n {
		if c.err != nil {
			return
		}
		v.Grow(1)
		v.SetLen(i + 1)
		v.Index(i).SetZero()
		c.value(v.Index(i))
	}
}

// mapping codes a map in the order of its keys.
func (c *Coder) mapping(v reflect.Value) {
	t := v.Type()
	n := c.Len(v.Len())
	if !c.Reading() {
		keys := v.MapKeys()
		slices.SortFunc(keys, compare)
		for _, k := range keys {
			c.value(settable(k))
			c.value(settable(v.MapIndex(k)))
		}
		return
	}
	if n > 0 && v.IsNil() {
		v.Set(reflect.MakeMap(t))
	}
	v.Clear()
	for range n {
		if c.err != nil {
			return
		}
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		c.value(key)
		c.value(value)
		v.SetMapIndex(key, value)
	}
}

func (c *Coder) pointer(v reflect.Value) {
	there := !v.IsNil()
	c.bool(&there)
	if !there {
		if c.Reading() {
			v.SetZero()
		}
		return
	}
	if c.Reading() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	c.value(v.Elem())
}

// settable copies a value that cannot be set, such as those of maps.
func settable(v reflect.Value) reflect.Value {
	s := reflect.New(v.Type()).Elem()
	s.Set(v)
	return s
}

// compare orders map keys.
func compare(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return cmp.Compare(a.Int(), b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return cmp.Compare(a.Uint(), b.Uint())
	case reflect.Bool:
		switch {
		case a.Bool() == b.Bool():
			return 0
		case b.Bool():
			return -1
		}
		return 1
	case reflect.Struct:
		for i := range a.NumField() {
			if d := compare(a.Field(i), b.Field(i)); d != 0 {
				return d
			}
		}
		return 0
	case reflect.Array:
		for i := range a.Len() {
			if d := compare(a.Index(i), b.Index(i)); d != 0 {
				return d
			}
		}
		return 0
	}
	panic(fmt.Sprintf("state: keys of %v cannot be ordered", a.Type()))
}
