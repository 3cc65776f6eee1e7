package api

import (
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/server/access"
)

// config configures huma, which only parses and validates parameters and describes
// the API.
func (a *API) config() huma.Config {
	c := huma.DefaultConfig("corrgraph", a.o.Version)
	c.Info.Description = "A live lead-lag graph of odds: who moves first, who follows, after how long and how surely."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no $schema in answers
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", Description: "A token printed by `corrgraph token new`."},
	}
	c.Transformers = []huma.Transformer{func(ctx huma.Context, _ string, v any) (any, error) {
		m, ok := v.(*huma.ErrorModel)
		if !ok {
			return v, nil
		}
		x, p := unwrap(ctx), problemOf(m)
		x.own = true
		p.Instance, p.RequestID = x.r.URL.EscapedPath(), x.id
		return p, nil
	}}
	return c
}

//go:embed examples/*.json
var examples embed.FS

// example returns the example of an operation in the document: an answer from a
// simulated market, long lists cut short. Nil if there is none.
func example(operation string) any {
	text, err := examples.ReadFile("examples/" + operation + ".json")
	if err != nil {
		return nil
	}
	var v any
	if json.Unmarshal(text, &v) != nil {
		return nil // a test reads all examples
	}
	return v
}

const bearerScheme = "bearer"

func ptr[T any](v T) *T { return &v }

func query(name, doc, example string, s *huma.Schema) *huma.Param {
	p := &huma.Param{Name: name, In: "query", Description: doc, Schema: s}
	if example != "" {
		p.Example = example
	}
	return p
}

// fill completes the description of an operation. body is a value of the answer's
// type, nil if that is not JSON.
func (a *API) fill(rt *route, op *huma.Operation, body any) {
	op.Method, op.Path = rt.method, strings.Replace(rt.path, "...}", "}", 1)
	op.Metadata = map[string]any{routeKey: rt}
	if rt.role > access.Nobody {
		op.Security = []map[string][]string{{bearerScheme: {}}}
		op.Extensions = map[string]any{"x-role": rt.role.String()}
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	good := &huma.Response{Description: http.StatusText(op.DefaultStatus), Headers: map[string]*huma.Param{
		"X-Request-Id": {Description: "The id of this request, also in traces and logs.", Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): good, "default": {
		Description: "A problem", Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"),
		}},
	}}
	if body == nil {
		return
	}
	t := reflect.TypeOf(body)
	good.Content = map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(t, true, t.Name()), Example: example(op.OperationID)}}
	if rt.method == http.MethodGet && op.DefaultStatus == http.StatusOK {
		good.Headers["ETag"] = &huma.Param{Description: "Of this document; send it as If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString}}
		op.Responses["304"] = &huma.Response{Description: "The client has this document already."}
	}
}

// document describes an operation that huma does not serve, and returns its entry
// in the document.
func (a *API) document(rt *route, o huma.Operation, body any) *huma.Operation {
	op := &o
	a.fill(rt, op, body)
	for rest := op.Path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, after, _ := strings.Cut(after, "}")
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		rest = after
	}
	a.huma.OpenAPI().AddOperation(op)
	return op
}

// ticksBody describes the formats of ticks.
func ticksBody() *huma.RequestBody {
	const line = `{"ts_source":"2026-01-02T15:04:05.123Z","bookmaker":"a","event_id":"match-1","sport":"tennis","home":"Ann","away":"Bea","market":"h2h","selection":"home","price":1.91}`
	var one any
	_ = json.Unmarshal([]byte(line), &one) // a constant covered by a test
	text := &huma.Schema{Type: huma.TypeString}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		formNDJSON: {Schema: text, Example: line + "\n"},
		formCSV:    {Schema: text, Example: "ts_source,bookmaker,event_id,market,selection,price\n2026-01-02T15:04:05.123Z,a,match-1,h2h,home,1.91\n"},
		formJSON:   {Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}, Example: []any{one}},
	}}
}

// describe renders the OpenAPI document and registers its route.
func (a *API) describe() error {
	rt := route{method: "GET", path: "/openapi.json"}
	op := a.document(&rt, huma.Operation{OperationID: "get-openapi", Tags: []string{"operation"}, Summary: "This document"}, nil)
	op.Responses["200"].Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}
	mend(a.huma.OpenAPI().Components.Schemas, "FaultRequest", "LinkDecision", "NameDecision")
	doc, err := a.render(a.huma.OpenAPI())
	if err != nil {
		return errors.Join(errors.New("api: describing it"), err)
	}
	a.spec = doc
	a.mount(&rt, func(w http.ResponseWriter, _ *http.Request) { w.(*exchange).document(http.StatusOK, a.spec) })
	return nil
}

// OpenAPI returns the document that describes the API, as JSON. The caller must not
// change it.
func (a *API) OpenAPI() []byte { return a.spec.body }
