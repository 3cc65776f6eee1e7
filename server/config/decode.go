package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"corrgraph/internal/suggest"
)

// decoder decodes one text into values, and records its problems and the keys that
// it set.
type decoder struct {
	name     string // name of the text, for messages
	problems Problems
	set      func(key, where string) // called with every key that gets a value
}

// where returns the position of a node.
func (d *decoder) where(n *yaml.Node) string {
	if n.Line == 0 {
		return d.name
	}
	return fmt.Sprintf("%s:%d", d.name, n.Line)
}

// document returns the only document of the text, nil if it is empty.
func (d *decoder) document(r io.Reader) *yaml.Node {
	loader, err := yaml.NewLoader(r, yaml.WithV4Defaults())
	if err != nil {
		d.syntax(err)
		return nil
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil {
		d.syntax(err)
		return nil
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			d.syntax(err)
		} else {
			d.problems.add(d.where(&second), "", "a second document begins; a configuration has only one")
		}
		return nil
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) == 0 {
		return nil
	}
	return first.Content[0]
}

// syntax records a YAML syntax error. An empty text is not an error.
func (d *decoder) syntax(err error) {
	if errors.Is(err, io.EOF) {
		return
	}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		d.problems.add(d.name, "", "%v", err)
		return
	}
	where := d.name
	if load.Mark.Line > 0 {
		where = fmt.Sprintf("%s:%d", d.name, load.Mark.Line)
	}
	d.problems.add(where, "", "%s", strings.TrimSpace(load.ContextMsg+" "+load.Message))
}

// mapping sets the fields of v, a struct, from a mapping.
func (d *decoder) mapping(n *yaml.Node, fields []field, prefix string, v reflect.Value) {
	n = target(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // all keys of the section are commented out
	}
	if n.Kind != yaml.MappingNode {
		d.problems.add(d.where(n), prefix, "want keys and values, have %s", describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		name := target(k).Value
		if line, twice := seen[name]; twice {
			d.problems.add(d.where(k), join(prefix, name), "the key is already set in line %d", line)
			continue
		}
		seen[name] = k.Line
		f, ok := find(fields, name)
		if !ok {
			d.unknown(k, fields, prefix, name)
			continue
		}
		d.value(value, f, join(prefix, name), v.Field(f.at))
	}
}

// unknown records an unknown key.
func (d *decoder) unknown(k *yaml.Node, fields []field, prefix, name string) {
	near := ""
	if _, ok := under(root(), prefix); ok {
		near = nearestKey(prefix, name)
	} else if near = suggest.Nearest(name, names(fields)); near != "" {
		near = join(prefix, near)
	}
	if near == "" {
		d.problems.add(d.where(k), join(prefix, name), "unknown key; known here: %s", strings.Join(names(fields), ", "))
		return
	}
	d.problems.add(d.where(k), join(prefix, name), "unknown key; did you mean %s?", near)
}

// value sets v from the value of a key.
func (d *decoder) value(n *yaml.Node, f *field, key string, v reflect.Value) {
	switch n = target(n); {
	case f.section():
		d.mapping(n, f.fields, key, v)
	case f.list():
		if d.list(n, f, key, v) {
			d.set(key, d.where(n))
		}
	default:
		if d.scalar(n, f, key, v) {
			d.set(key, d.where(n))
		}
	}
}

// list sets v from a sequence of mappings, all of it or nothing.
func (d *decoder) list(n *yaml.Node, f *field, key string, v reflect.Value) bool {
	if n.Kind != yaml.SequenceNode {
		d.problems.add(d.where(n), key, "want a list, have %s", describe(n))
		return false
	}
	before := len(d.problems)
	out := reflect.MakeSlice(f.typ, len(n.Content), len(n.Content))
	inner := decoder{name: d.name, set: func(string, string) {}}
	for i, item := range n.Content {
		setDefaults(f.fields, out.Index(i))
		inner.mapping(item, f.fields, fmt.Sprintf("%s[%d]", key, i), out.Index(i))
	}
	d.problems = append(d.problems, inner.problems...)
	if len(d.problems) > before {
		return false
	}
	v.Set(out)
	return true
}

// scalar sets v to one value.
func (d *decoder) scalar(n *yaml.Node, f *field, key string, v reflect.Value) bool {
	if n.Kind != yaml.ScalarNode {
		d.problems.add(d.where(n), key, "want one value (%s), have %s", f.kind(), describe(n))
		return false
	}
	if text := mistyped(n, f); text != "" {
		d.problems.add(d.where(n), key, "%s", text)
		return false
	}
	if err := parse(v, n.Value); err != nil {
		d.problems.add(d.where(n), key, "%v", err)
		return false
	}
	return true
}

// mistyped reports why a scalar has the wrong type for a key although its text
// could be parsed: a number where text belongs may have lost leading zeros.
func mistyped(n *yaml.Node, f *field) string {
	tag, isText := n.ShortTag(), f.typ.Kind() == reflect.String
	switch {
	case tag == "!!null":
		return "has no value; leave the key out for its default"
	case isText && f.enum == nil && tag != "!!str":
		return fmt.Sprintf("want text, have %s; put it in quotes if it is meant", describe(n))
	case !isText && tag == "!!str" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 && f.number():
		return fmt.Sprintf("want %s, have text; leave out the quotes", f.kind())
	}
	return ""
}

// number reports whether YAML has a native type for the key's values.
func (f *field) number() bool {
	switch f.kind() {
	case "true, false", "whole number", "number":
		return true
	}
	return false
}

// target resolves an alias.
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// describe describes the type of a node, without its text.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}

// names lists the last parts of keys.
func names(fields []field) []string {
	out := make([]string, len(fields))
	for i := range fields {
		out[i] = fields[i].name
	}
	return out
}

// setList sets v from the YAML of a list in a variable or setting.
func setList(f *field, v reflect.Value, text, where string) Problems {
	d := decoder{name: where, set: func(string, string) {}}
	n := d.document(strings.NewReader(text))
	if n == nil {
		if d.problems == nil {
			d.problems.add(where, f.key, "want a list, have nothing")
		}
		return d.problems
	}
	d.list(target(n), f, f.key, v)
	for i := range d.problems {
		d.problems[i].Where = where // line numbers within a variable are useless
	}
	return d.problems
}
