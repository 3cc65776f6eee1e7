package sameness

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// text writes a value out in full, the same for equal values: maps in the order of their keys,
// what pointers point to instead of where it lies, and NaN as such. Members at their zero value
// are left out.
func text(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v))
	return b.String()
}

func write(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Pointer, reflect.Interface:
		write(b, v.Elem())
	case reflect.Struct:
		writeMembers(b, v)
	case reflect.Map:
		writeMap(b, v)
	case reflect.Slice, reflect.Array:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			write(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Float32, reflect.Float64:
		b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	default:
		fmt.Fprint(b, v) // of a number or a truth value it writes the value
	}
}

func writeMembers(b *strings.Builder, v reflect.Value) {
	b.WriteByte('{')
	n := 0
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			continue
		}
		if n++; n > 1 {
			b.WriteByte(' ')
		}
		b.WriteString(v.Type().Field(i).Name)
		b.WriteByte(':')
		write(b, v.Field(i))
	}
	b.WriteByte('}')
}

func writeMap(b *strings.Builder, v reflect.Value) {
	var pairs []string
	for at := v.MapRange(); at.Next(); {
		var p strings.Builder
		write(&p, at.Key())
		p.WriteByte(':')
		write(&p, at.Value())
		pairs = append(pairs, p.String())
	}
	slices.Sort(pairs)
	b.WriteString("{" + strings.Join(pairs, " ") + "}")
}
