package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/odds"
)

// mend corrects the schemas. Huma does not know that a pointer to a struct can be
// null, that our times are times, and that our lists are never null unless tagged
// so; and it forbids members that a later version may add. own are the schemas of
// request bodies, which stay strict.
func mend(r huma.Registry, own ...string) {
	const prefix = "#/components/schemas/"
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		delete(r.Map(), name) // huma's own, replaced by Problem
	}
	for name, s := range r.Map() {
		strict := false
		for _, o := range own {
			strict = strict || o == name
		}
		if !strict {
			s.AdditionalProperties = nil
		}
		t := r.TypeFromRef(prefix + name)
		if t == nil || t.Kind() != reflect.Struct {
			continue
		}
		mendMembers(s, t)
	}
}

// mendMembers corrects the JSON members of a struct, including those of embedded
// structs, even if a Go name hides them.
func mendMembers(s *huma.Schema, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if f.Anonymous && member == "" && inner.Kind() == reflect.Struct {
			mendMembers(s, inner)
		} else if p := s.Properties[member]; p != nil {
			null := f.Tag.Get("nullable")
			whole(p, null == "true")
			s.Properties[member] = mended(p, f.Type, null != "false")
		}
	}
}

// whole marks a list, and lists inside it, as nullable or not.
func whole(p *huma.Schema, null bool) {
	if p.Type == huma.TypeArray {
		p.Nullable = null
		whole(p.Items, false)
	}
}

func mended(p *huma.Schema, t reflect.Type, null bool) *huma.Schema {
	null = null && t.Kind() == reflect.Pointer
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[odds.Time]() || t == reflect.TypeFor[time.Time]():
		p.Format = "date-time"
	case null && p.Ref != "":
		return &huma.Schema{AnyOf: []*huma.Schema{p, {Type: "null"}}}
	}
	return p
}
