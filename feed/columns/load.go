package columns

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"go.yaml.in/yaml/v4"

	"corrgraph/feed/internal/keys"
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
	err := keys.Known(doc.Content[0], reflect.TypeFor[Map]())
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
