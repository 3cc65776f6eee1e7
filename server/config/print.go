package config

import (
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Value is a key with its value, for programs and people.
type Value struct {
	Key    string `json:"key"`
	Value  any    `json:"value"` // boolean, number, list, or text in the key's notation
	Source Source `json:"source"`
	Where  string `json:"where,omitempty"`
	Reload bool   `json:"reload"` // changes on SIGHUP
}

// Values returns every key in the declared order.
func (l *Loaded) Values() (out []Value) {
	walk(root(), reflect.ValueOf(&l.Config).Elem(), func(f *field, v reflect.Value) {
		o := l.Origin(f.key)
		out = append(out, Value{f.key, shown(f, v), o.Source, o.Where, f.reload})
	})
	return out
}

// shown returns a value in the form that programs prefer: numbers as numbers,
// values with a unit as text.
func shown(f *field, v reflect.Value) any {
	if f.list() {
		items := make([]map[string]any, v.Len())
		for i := range items {
			items[i] = map[string]any{}
			walk(f.fields, v.Index(i), func(g *field, v reflect.Value) {
				if said(v) {
					items[i][g.key] = shown(g, v)
				}
			})
		}
		return items
	}
	if f.number() {
		return v.Interface()
	}
	return visible(format(v))
}

// said reports whether a value of a list element is set: parameters of other faults
// are not. For keys with a default, zero is never valid.
func said(v reflect.Value) bool { return !v.IsZero() }

// text returns a value in the key's notation, a list as YAML on one line.
func text(f *field, v reflect.Value) string {
	if !f.list() {
		return format(v)
	}
	n := valueNode(f, v)
	n.Style = yaml.FlowStyle
	out, err := yaml.Dump(n, yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		panic(err) // our own nodes can be encoded
	}
	return strings.TrimSpace(string(out))
}

// visible removes the password that a URL may hold.
func visible(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// Print writes the effective configuration as YAML that Load reads back, with the
// source of every value as a comment. It holds no secrets: tokens are in a file of
// their own, and passwords in URLs are left out.
func (l *Loaded) Print(w io.Writer) error {
	n := l.nodes(root(), reflect.ValueOf(&l.Config).Elem())
	text, err := yaml.Dump(n, yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// nodes encodes a section as YAML.
func (l *Loaded) nodes(fields []field, v reflect.Value) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for i := range fields {
		f := &fields[i]
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name}
		value := v.Field(f.at)
		if f.section() {
			out.Content = append(out.Content, key, l.nodes(f.fields, value))
			continue
		}
		n := valueNode(f, value)
		comment := "# " + l.Origin(f.key).String()
		if n.Kind == yaml.ScalarNode || n.Style == yaml.FlowStyle {
			n.LineComment = comment
		} else {
			key.LineComment = comment
		}
		out.Content = append(out.Content, key, n)
	}
	return out
}

// String describes the origin.
func (o Origin) String() string { return strings.TrimSpace(string(o.Source) + " " + o.Where) }

// valueNode encodes one value as YAML.
func valueNode(f *field, v reflect.Value) *yaml.Node {
	if !f.list() {
		return scalarNode(f, v)
	}
	out := &yaml.Node{Kind: yaml.SequenceNode}
	if v.Len() == 0 {
		out.Style = yaml.FlowStyle
	}
	for i := range v.Len() {
		out.Content = append(out.Content, elementNode(f.fields, v.Index(i)))
	}
	return out
}

// elementNode encodes what is set of one element of a list, or of a section of it.
func elementNode(fields []field, v reflect.Value) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for i := range fields {
		f, x := &fields[i], v.Field(fields[i].at)
		if !said(x) {
			continue
		}
		var n *yaml.Node
		if f.section() {
			n = elementNode(f.fields, x)
		} else {
			n = scalarNode(f, x)
		}
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.name}, n)
	}
	return out
}

// scalarNode encodes one scalar as YAML. Text that YAML would read as another type
// is quoted.
func scalarNode(f *field, v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: visible(format(v))}
	if f.typ.Kind() == reflect.String {
		n.Tag = "!!str"
	}
	return n
}
