// Package keys checks the keys of YAML maps against the types that they are read into, so that
// every error names a line and what would be right there.
package keys

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v4"
)

// ErrAt is an error at a node: it begins with the node's line.
func ErrAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

// Known checks the keys of a node and everything below it against the yaml tags of t. An
// unknown key is an error that names its line and the nearest known key.
func Known(n *yaml.Node, t reflect.Type) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return Known(n, t.Elem())
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			if err := Known(c, t.Elem()); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := Known(n.Content[i+1], t.Elem()); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		return members(n, t)
	}
	return nil
}

func members(n *yaml.Node, t reflect.Type) error {
	fields, keys := map[string]reflect.Type{}, []string{}
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" {
			fields[key] = t.Field(i).Type
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 { // it is read in a way of its own
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		ft, ok := fields[key.Value]
		if !ok {
			return ErrAt(key, "unknown key %q; did you mean %q?", key.Value, Nearest(key.Value, keys))
		}
		if err := Known(n.Content[i+1], ft); err != nil {
			return err
		}
	}
	return nil
}

// Nearest returns the word with the smallest edit distance, the first if several tie.
func Nearest(s string, words []string) (best string) {
	least := int(^uint(0) >> 1)
	for _, w := range words {
		if d := levenshtein.Distance(strings.ToLower(s), strings.ToLower(w), nil); d < least {
			least, best = d, w
		}
	}
	return best
}

// Place finds a value below a node by its keys (strings) and places in lists (ints): its line,
// and how it is called in messages. Where the path leads nowhere the last line found counts.
func Place(n *yaml.Node, path ...any) (line int, name string) {
	for _, step := range path {
		switch step := step.(type) {
		case int:
			name += "[" + strconv.Itoa(step) + "]"
		case string:
			if name += "." + step; name[1:] == step {
				name = step
			}
		}
		if next := inner(n, step); next != nil {
			n = next
		}
	}
	return n.Line, name
}

func inner(n *yaml.Node, step any) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	}
	return nil
}
