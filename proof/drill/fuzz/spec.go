package fuzz

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// operation is one method of one path, as the OpenAPI document describes it.
type operation struct {
	method, path string
	params       []parameter
	forms        []string // media types of the body; none: it takes no body
	admin        bool     // needs the role admin: does or shows something harmful
}

func (o *operation) name() string { return o.method + " " + o.path }

// parameter is one value that a request may carry.
type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"` // path, query or header
	Required bool   `json:"required"`
	Schema   schema `json:"schema"`
}

// schema is the part of a JSON schema that defines valid values.
type schema struct {
	Type     any      `json:"type"` // a string, or a list of them
	Format   string   `json:"format"`
	Enum     []any    `json:"enum"`
	Minimum  *float64 `json:"minimum"`
	Maximum  *float64 `json:"maximum"`
	Examples []any    `json:"examples"`
}

// kind returns the type of a value that isn't null.
func (s *schema) kind() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, v := range t {
			if v, ok := v.(string); ok && v != "null" {
				return v
			}
		}
	}
	return "string"
}

// readSpec reads the operations of an OpenAPI document, in a fixed order.
func readSpec(text []byte) ([]operation, error) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	var ops []operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			var d struct {
				Role       string      `json:"x-role"`
				Parameters []parameter `json:"parameters"`
				Body       struct {
					Content map[string]any `json:"content"`
				} `json:"requestBody"`
			}
			if !isMethod(method) {
				continue // not a method: summary, parameters, extensions
			}
			if err := json.Unmarshal(doc.Paths[path][method], &d); err != nil {
				return nil, fmt.Errorf("read the OpenAPI document: %s %s: %w", method, path, err)
			}
			ops = append(ops, operation{
				method: strings.ToUpper(method), path: path, params: d.Parameters, admin: d.Role == "admin",
				forms: slices.Sorted(maps.Keys(d.Body.Content)),
			})
		}
	}
	if len(ops) == 0 {
		return nil, fmt.Errorf("the OpenAPI document describes no operation")
	}
	return ops, nil
}

func isMethod(s string) bool {
	return slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, s)
}

// split separates operations that may always be fuzzed from those that need
// consent.
func split(ops []operation, admin bool) (may, forbidden []operation) {
	for _, o := range ops {
		if o.admin && !admin {
			forbidden = append(forbidden, o)
		} else {
			may = append(may, o)
		}
	}
	return may, forbidden
}

// forbids reports whether a request could reach a forbidden operation, however its
// path is spelt. When in doubt it says yes.
func forbids(forbidden []operation, method, target string) bool {
	spelt, _, _ := strings.Cut(target, "?")
	for range 3 {
		plain, err := url.PathUnescape(spelt)
		if err != nil {
			break
		}
		spelt = plain
	}
	spelt = strings.ToLower(spelt)
	for i := range forbidden {
		literal, _, _ := strings.Cut(forbidden[i].path, "{")
		literal = strings.Trim(literal, "/")
		if strings.EqualFold(method, forbidden[i].method) && strings.Contains(spelt, literal[strings.LastIndexByte(literal, '/')+1:]) {
			return true
		}
	}
	return false
}
