package keys

import (
	"reflect"
	"testing"

	"go.yaml.in/yaml/v4"
)

type inside struct {
	Size int `yaml:"size"`
}

type outside struct {
	Name  string            `yaml:"name"`
	Parts []*inside         `yaml:"parts"`
	By    map[string]inside `yaml:"by"`
}

func parse(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

func TestAnUnknownKeyIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nparts:\n  - size: 1\nby:\n  x: {size: 2}\n": "",
		"nam: a\n":                               `line 1: unknown key "nam"; did you mean "name"?`,
		"name: a\nparts:\n  - sise: 1\n":         `line 3: unknown key "sise"; did you mean "size"?`,
		"by:\n  x:\n    seize: 2\n":              `line 3: unknown key "seize"; did you mean "size"?`,
		"by: {x: &a {size: 1}, y: *a}\n":         "",
		"by: {x: &a {siz: 1}, y: *a}\nname: x\n": `line 1: unknown key "siz"; did you mean "size"?`,
	} {
		got := ""
		if err := Known(parse(t, text), reflect.TypeFor[outside]()); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAPlaceHasALineAndAName(t *testing.T) {
	n := parse(t, "name: a\nparts:\n  - size: 1\n  - size: 2\n")
	for _, c := range []struct {
		path []any
		line int
		name string
	}{
		{[]any{"name"}, 1, "name"},
		{[]any{"parts", 1, "size"}, 4, "parts[1].size"},
		{[]any{"parts", 7, "size"}, 3, "parts[7].size"},
		{[]any{"lacking"}, 1, "lacking"},
	} {
		if line, name := Place(n, c.path...); line != c.line || name != c.name {
			t.Errorf("%v: line %d, %s", c.path, line, name)
		}
	}
}
