package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/odds"
)

// mend makes the schemas say what the answers are: huma does not know that a
// pointer to a struct can be null and that our times are times, and it forbids
// members that a later version may add. own are the schemas of request bodies,
// which stay strict.
func mend(r huma.Registry, own ...string) {
	const prefix = "#/components/schemas/"
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		delete(r.Map(), name) // huma's own, which we answer with Problem instead
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
		for _, f := range reflect.VisibleFields(t) {
			member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if p := s.Properties[member]; p != nil {
				s.Properties[member] = mended(p, f.Type)
			}
		}
	}
}

func mended(p *huma.Schema, t reflect.Type) *huma.Schema {
	null := t.Kind() == reflect.Pointer
	if null {
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
