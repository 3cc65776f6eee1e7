package jsondoc

import (
	"errors"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	const text = `{"a":{"b":[{"c":1},{"c":"x"}],"d-e":true},"m":{"k":{"v":[7,8]},"l":{"v":[9]}},"n":null}`
	var d Document
	if err := d.Read([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{"a.b[1].c": "x", "/a.b[0].c": "1", "a.d-e": "true", "a.b": "", "a": "", "n": "", "zz": "", "a.b[2].c": "", "m.k@": "k"} {
		path, err := ParsePath(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		got := ""
		if at := d.Follow(0, path.Steps); at >= 0 {
			n := &d.Nodes[at]
			if got = string(n.Word()); path.Key {
				got = string(n.Key)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
	p, err := ParsePath("m{}.v[]")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	d.Each(0, p.Steps, nil, func(at int32, in []int32) {
		all = append(all, string(d.Nodes[in[0]].Key)+string(d.Nodes[at].Text))
	})
	if got := strings.Join(all, " "); got != "k7 k8 l9" {
		t.Errorf("rows %s", got)
	}
	for _, p := range []string{"a..b", ".a", "a.", "a[", "a[-1]", "a[1", "a{x}", "a b", "a.[]", "a]b"} {
		if _, err := ParsePath(p); err == nil {
			t.Errorf("%q is a path", p)
		}
	}
}

func TestDocumentsAreBounded(t *testing.T) {
	var d Document
	for text, want := range map[string]error{
		"[" + strings.Repeat("0,", MostNodes) + "0]":      ErrTooMany,
		strings.Repeat("[", 80) + strings.Repeat("]", 80): ErrTooDeep,
		`{} {}`: ErrMore,
		strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60): nil,
	} {
		if err := d.Read([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", text, err, want)
		}
	}
	if d.Read([]byte("{}")); cap(d.Nodes) > KeptNodes {
		t.Errorf("room for %d values is kept", cap(d.Nodes))
	}
}
