package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/internal/suggest"
)

// parse sets v, a value of any key type but a list, from text. On an error v is
// unchanged. Limits are checked by field.limits.
func parse(v reflect.Value, text string) error {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
		return nil
	case *time.Duration:
		return assign(p, text, parseDuration)
	case *Size:
		return assign(p, text, ParseSize)
	case *Rate:
		return assign(p, text, ParseRate)
	case *bool:
		return assign(p, text, parseBool)
	case *int:
		return assign(p, text, func(s string) (int, error) {
			n, err := strconv.Atoi(s)
			return n, wanted(err, "a whole number", s)
		})
	case *int64:
		return assign(p, text, func(s string) (int64, error) {
			n, err := strconv.ParseInt(s, 10, 64)
			return n, wanted(err, "a whole number", s)
		})
	case *uint64:
		return assign(p, text, func(s string) (uint64, error) {
			n, err := strconv.ParseUint(s, 10, 64)
			return n, wanted(err, "a whole number, not negative", s)
		})
	case *float64:
		return assign(p, text, parseNumber)
	}
	panic(fmt.Sprintf("config: no key may have the type %v", v.Type()))
}

// assign sets p to the result of read.
func assign[T any](p *T, text string, read func(string) (T, error)) error {
	x, err := read(text)
	if err == nil {
		*p = x
	}
	return err
}

func parseBool(s string) (bool, error) {
	if s != "true" && s != "false" {
		return false, fmt.Errorf("want true or false, have %q", s)
	}
	return s == "true", nil
}

func parseNumber(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = strconv.ErrRange
	}
	return x, wanted(err, "a number", s)
}

// wanted explains an error of strconv.
func wanted(err error, what, have string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("want %s, have %q", what, have)
}

// format returns the text that parse reads back.
func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	default:
		return fmt.Sprint(x)
	}
}

// limits returns which limit or list of words v violates, "" if none.
func (f *field) limits(v reflect.Value) string {
	if f.enum != nil {
		if have := v.String(); !slices.Contains(f.enum, have) {
			return "want one of " + strings.Join(f.enum, ", ") + orNearest(have, f.enum)
		}
		return ""
	}
	if f.min != "" && compare(v, f.bound(f.min)) < 0 || f.max != "" && compare(v, f.bound(f.max)) > 0 {
		return "want " + f.bounds() + ", have " + format(v)
	}
	return ""
}

// orNearest ends the message about a word that is not allowed.
func orNearest(have string, words []string) string {
	if have == "" {
		return ""
	}
	near := suggest.Nearest(have, words)
	if near == "" {
		return fmt.Sprintf(", have %q", have)
	}
	return fmt.Sprintf(", have %q: did you mean %s?", have, near)
}

// bound parses a limit or default of the declaration.
func (f *field) bound(text string) reflect.Value {
	v := reflect.New(f.typ).Elem()
	if err := parse(v, text); err != nil {
		panic(fmt.Sprintf("config: declaration of %s: %v", f.key, err))
	}
	return v
}

// compare orders two numbers of one type.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return order(a.Int(), b.Int())
	case a.CanUint():
		return order(a.Uint(), b.Uint())
	}
	return order(a.Float(), b.Float())
}

// order is cmp.Compare, except that NaN exceeds every limit.
func order[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// setDefaults sets every key of a struct value to its default.
func setDefaults(fields []field, v reflect.Value) {
	walk(fields, v, func(f *field, v reflect.Value) {
		if f.list() {
			if problems := setList(f, v, f.def, ""); problems != nil {
				panic(fmt.Sprintf("config: declaration of %s: %v", f.key, problems))
			}
			return
		}
		if f.def != "" {
			v.Set(f.bound(f.def))
		}
	})
}

// Default returns the configuration with all defaults. It is valid.
func Default() Config {
	var c Config
	setDefaults(root(), reflect.ValueOf(&c).Elem())
	return c
}
