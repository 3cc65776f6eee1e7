package columns

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v4"
)

// ErrMap is wrapped by every error about a map itself.
var ErrMap = errors.New("column map")

//go:embed maps/*.yaml
var shipped embed.FS

// Load reads a map from a YAML file. An unknown key is an error that names its
// line and the nearest known key.
func Load(path string) (*Map, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(path, b)
}

// Read reads a map from YAML; errors refer to it as name.
func Read(name string, b []byte) (*Map, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrMap, name, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%w %s: want one mapping of keys", ErrMap, name)
	}
	m := new(Map)
	err := knownKeys(doc.Content[0], reflect.TypeFor[Map]())
	if err == nil {
		err = doc.Decode(m)
	}
	if err == nil {
		m.prog, err = compile(m)
	}
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrMap, name, err)
	}
	return m, nil
}

// Shipped returns the built-in maps in order of name. Each call returns new values.
func Shipped() []*Map {
	names, err := fs.Glob(shipped, "maps/*.yaml")
	if err != nil {
		panic(err) // the pattern is constant
	}
	var ms []*Map
	for _, name := range names {
		b, err := shipped.ReadFile(name)
		if err != nil {
			panic(err)
		}
		m, err := Read(name, b)
		if err != nil {
			panic(err) // a test reads them all
		}
		ms = append(ms, m)
	}
	return ms
}

func errAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

// knownKeys checks the keys of a node and everything below it against the yaml tags of t.
func knownKeys(n *yaml.Node, t reflect.Type) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return knownKeys(n, t.Elem())
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			if err := knownKeys(c, t.Elem()); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		fields, keys := map[string]reflect.Type{}, []string{}
		for i := range t.NumField() {
			if key := t.Field(i).Tag.Get("yaml"); key != "" {
				fields[key] = t.Field(i).Type
				keys = append(keys, key)
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			ft, ok := fields[key.Value]
			if !ok {
				return errAt(key, "unknown key %q; did you mean %q?", key.Value, nearest(key.Value, keys))
			}
			if err := knownKeys(n.Content[i+1], ft); err != nil {
				return err
			}
		}
	}
	return nil
}

// nearest returns the word with the smallest edit distance, the first if several tie.
func nearest(s string, words []string) (best string) {
	least := int(^uint(0) >> 1)
	for _, w := range words {
		if d := levenshtein.Distance(strings.ToLower(s), strings.ToLower(w), nil); d < least {
			least, best = d, w
		}
	}
	return best
}

// UnmarshalYAML takes a template alone or the mapping.
func (t *Text) UnmarshalYAML(n *yaml.Node) error {
	type plain Text
	return decodeText(n, &t.From, (*plain)(t))
}

// UnmarshalYAML takes a template alone or the mapping.
func (t *Time) UnmarshalYAML(n *yaml.Node) error {
	type plain Time
	return decodeText(n, &t.From, (*plain)(t))
}

// UnmarshalYAML takes a template alone or the mapping.
func (l *Line) UnmarshalYAML(n *yaml.Node) error {
	type plain Line
	return decodeText(n, &l.From, (*plain)(l))
}

func decodeText(n *yaml.Node, from *string, whole any) error {
	if n.Kind == yaml.ScalarNode {
		*from = n.Value
		return nil
	}
	return n.Decode(whole)
}
