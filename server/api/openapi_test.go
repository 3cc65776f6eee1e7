package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/server/access"
)

func all(o *Options) { o.Profiles = true }

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	bubble(t, knobs{options: all}, func(t *testing.T, g *rig) {
		var doc struct {
			OpenAPI string `json:"openapi"`
			Paths   map[string]map[string]struct {
				OperationID string                `json:"operationId"`
				Summary     string                `json:"summary"`
				Role        string                `json:"x-role"`
				Security    []map[string][]string `json:"security"`
				Responses   map[string]any        `json:"responses"`
			} `json:"paths"`
		}
		if err := json.Unmarshal(g.want(http.StatusOK, g.ask("", "GET", "/openapi.json", nil)).Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.OpenAPI != "3.1.0" {
			t.Errorf("version %q", doc.OpenAPI)
		}
		var described, served []string
		ids := map[string]bool{}
		for path, methods := range doc.Paths {
			for method, op := range methods {
				described = append(described, strings.ToUpper(method)+" "+path)
				if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || op.Responses["default"] == nil {
					t.Errorf("%s %s is described badly: %+v", method, path, op)
				}
				ids[op.OperationID] = true
			}
		}
		for _, rt := range g.api.routes {
			path := strings.Replace(rt.path, "...}", "}", 1)
			served = append(served, rt.method+" "+path)
			op := doc.Paths[path][strings.ToLower(rt.method)]
			if rt.role > access.Nobody && (op.Role != rt.role.String() || len(op.Security) != 1) || rt.role == access.Nobody && op.Security != nil {
				t.Errorf("%s %s: role %q and security %v", rt.method, path, op.Role, op.Security)
			}
		}
		slices.Sort(described)
		slices.Sort(served)
		if !slices.Equal(described, served) {
			t.Errorf("described:\n%s\nserved:\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
		}
	})
}

// TestTheDocumentIsValid checks what OpenAPI 3.1 requires of a document: every
// reference resolves, every path parameter is described, types are those of JSON
// Schema, and nothing of 3.0 is left.
func TestTheDocumentIsValid(t *testing.T) {
	bubble(t, knobs{options: all}, func(t *testing.T, g *rig) {
		var doc map[string]any
		if err := json.Unmarshal(g.api.OpenAPI(), &doc); err != nil {
			t.Fatal(err)
		}
		refs := 0
		walk("", doc, func(at string, node map[string]any) {
			if ref, ok := node["$ref"].(string); ok {
				refs++
				if resolve(doc, ref) == nil {
					t.Errorf("%s: %s leads nowhere", at, ref)
				}
			}
			if _, old := node["nullable"]; old {
				t.Errorf("%s: nullable is of 3.0", at)
			}
			if in, ok := node["in"].(string); ok && node["name"] != nil && (node["schema"] == nil || !slices.Contains([]string{"path", "query", "header"}, in)) {
				t.Errorf("%s: parameter %v", at, node)
			}
			if x, ok := node["type"]; ok && strings.Contains(at, "schema") {
				for _, kind := range list(x) {
					if !slices.Contains([]any{"object", "array", "string", "number", "integer", "boolean", "null"}, kind) && !strings.HasSuffix(at, "/properties") {
						t.Errorf("%s: type %v", at, x)
					}
				}
			}
		})
		if refs < 30 {
			t.Errorf("%d references: the document is not whole", refs)
		}
		for path, item := range doc["paths"].(map[string]any) {
			for method, op := range item.(map[string]any) {
				for _, m := range regexp.MustCompile(`\{(.+?)\}`).FindAllStringSubmatch(path, -1) {
					if !slices.ContainsFunc(list(op.(map[string]any)["parameters"]), func(p any) bool {
						d := p.(map[string]any)
						return d["name"] == m[1] && d["in"] == "path" && d["required"] == true
					}) {
						t.Errorf("%s %s does not describe %s", method, path, m[1])
					}
				}
			}
		}
	})
}

func list(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case nil:
		return nil
	}
	return []any{v}
}

func walk(at string, v any, f func(at string, node map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(at, v)
		for k, child := range v {
			walk(at+"/"+k, child, f)
		}
	case []any:
		for _, child := range v {
			walk(at+"/*", child, f)
		}
	}
}

// resolve follows a reference within a document.
func resolve(doc any, ref string) any {
	rest, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	for _, step := range strings.Split(rest, "/") {
		m, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = m[step]
	}
	return doc
}

func TestExamplesAreAsTheirSchemas(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		spec := g.api.huma.OpenAPI()
		n := 0
		for path, item := range spec.Paths {
			for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
				if op == nil {
					continue
				}
				for _, r := range op.Responses {
					if m := r.Content["application/json"]; m != nil && m.Example != nil {
						n++
						var res huma.ValidateResult
						huma.Validate(spec.Components.Schemas, m.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, m.Example, &res)
						for _, err := range res.Errors {
							t.Errorf("%s %s: %v", op.Method, path, err)
						}
					}
				}
			}
		}
		if n < 20 {
			t.Errorf("%d answers have an example", n)
		}
	})
}
