// Package placeholder fills secrets and positions into what a source is sent, when it is sent.
package placeholder

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"corrgraph/feed/internal/keys"
)

// Payload is a message to send: a text as it is, anything else as JSON.
type Payload struct {
	tree  any    // of JSON
	shown string // with its placeholders
	plain bool   // a text
}

// UnmarshalYAML takes any value.
func (p *Payload) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		p.shown, p.plain = n.Value, true
		return nil
	}
	if err := n.Decode(&p.tree); err != nil {
		return err
	}
	text, err := encode(p.tree)
	if err != nil {
		return keys.ErrAt(n, "%v; write what JSON can hold", err)
	}
	p.shown = text
	return nil
}

// Shown is the message with its placeholders.
func (p *Payload) Shown() string { return p.shown }

func encode(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// Filling replaces placeholders: ${secret:name} by the secret of that name, ${resume} by a
// position and ${resume:number}, as a whole value, by the position as a number. Without a
// position what holds it is left out: the member of a message, the parameter, the header.
type Filling struct {
	Secret   func(name string) (string, error)
	Position string
}

var pattern = regexp.MustCompile(`\$\{([^}]*)\}?`)

// Text fills a text; ok is false if it is to be left out.
func (f Filling) Text(text string) (out string, ok bool, err error) {
	if !strings.Contains(text, "${") {
		return text, true, nil
	}
	ok = true
	out = pattern.ReplaceAllStringFunc(text, func(p string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(p, "${"), "}")
		kind, of, _ := strings.Cut(name, ":")
		switch {
		case !strings.HasSuffix(p, "}"):
			err = errors.Join(err, fmt.Errorf("%q has no end; write ${secret:name}", p))
		case name == "resume":
			ok = ok && f.Position != ""
			return f.Position
		case kind == "secret" && of != "":
			s, e := f.Secret(of)
			err = errors.Join(err, e)
			return s
		default:
			err = errors.Join(err, fmt.Errorf("unknown placeholder %s; write ${secret:name}, ${resume} or, as a whole value in a message, ${resume:number}", p))
		}
		return ""
	})
	return out, ok, err
}

// Payload fills a message; ok is false if it is to be left out.
func (f Filling) Payload(p *Payload) (out string, ok bool, err error) {
	if p.plain {
		return f.Text(p.shown)
	}
	v, _, err := f.value(p.tree)
	if err != nil {
		return "", false, err
	}
	out, err = encode(v)
	return out, true, err
}

// value fills a value of JSON; ok is false if it is to be left out.
func (f Filling) value(v any) (out any, ok bool, err error) {
	switch v := v.(type) {
	case string:
		if v != "${resume:number}" {
			return f.Text(v)
		}
		if json.Valid([]byte(f.Position)) {
			return json.Number(f.Position), true, nil
		}
		return f.Position, f.Position != "", nil
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			x, ok, e := f.value(e)
			if err = errors.Join(err, e); ok {
				list = append(list, x)
			}
		}
		return list, true, err
	case map[string]any:
		o := make(map[string]any, len(v))
		for k, e := range v {
			x, ok, e := f.value(e)
			if err = errors.Join(err, e); ok {
				o[k] = x
			}
		}
		return o, true, err
	}
	return v, true, nil
}
