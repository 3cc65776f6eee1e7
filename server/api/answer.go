package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reply is the result of a JSON handler: a value of its own, or an answer shared
// with other requests.
type reply struct {
	status int
	value  any
	shared shareable
}

// shareable is an answer that keeps its rendering; see memo.Shared.
type shareable interface {
	Rendered(render func(value any) (any, error)) (any, error)
}

// fresh returns a reply made for one request.
func fresh(v any, err error) (reply, error) { return reply{status: http.StatusOK, value: v}, err }

// shared returns a reply given to all who ask the same.
func shared(s shareable, err error) (reply, error) {
	return reply{status: http.StatusOK, shared: s}, err
}

// register adds an operation that answers JSON: its input is what huma has read and
// validated as I. body is a value of the answer's type, used only for the OpenAPI
// document.
func register[I any](a *API, rt route, op huma.Operation, body any, f func(ctx context.Context, in *I) (reply, error)) {
	a.fill(&rt, &op, body)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		out, err := f(ctx, in)
		return &huma.StreamResponse{Body: func(c huma.Context) {
			unwrap(c).reply(out, err)
		}}, nil
	})
}

// reply sends the result of a handler.
func (x *exchange) reply(out reply, err error) {
	var doc *document
	if err == nil {
		doc, err = x.api.documentOf(out)
	}
	if err != nil {
		x.fail(x.api.failure(x.r.Context(), err))
		return
	}
	x.document(out.status, doc)
}

// documentOf renders a reply; a shared one only for the first who asks.
func (a *API) documentOf(out reply) (*document, error) {
	if out.shared == nil {
		return a.render(out.value)
	}
	v, err := out.shared.Rendered(a.renderShared)
	if err != nil {
		return nil, err
	}
	return v.(*document), nil
}

// smallest is the minimum size in bytes of an answer that is compressed.
const smallest = 1024

// document sends a JSON document with its ETag: not at all if the client has it
// already, compressed if the client accepts gzip.
func (x *exchange) document(status int, doc *document) {
	h := x.w.Header()
	body, tag := doc.body, doc.etag
	x.set("Content-Type", "application/json")
	x.set("Vary", "Accept-Encoding")
	zip := len(body) >= smallest && acceptsGzip(x.r.Header["Accept-Encoding"])
	if zip {
		// The two forms differ in bytes, so their strong tags must differ.
		tag = tag[:len(tag)-1] + `-gzip"`
	}
	if status == http.StatusOK && (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead) {
		x.set("Etag", tag)
		x.set("Cache-Control", "private, no-cache") // may be stored, must be revalidated
		if matches(x.r.Header["If-None-Match"], doc.etag) {
			delete(h, "Content-Type")
			x.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if zip {
		body = x.api.zipped(doc)
		x.set("Content-Encoding", "gzip")
	}
	x.set("Content-Length", strconv.Itoa(len(body)))
	x.WriteHeader(status)
	_, _ = x.Write(body) // a client that left is not a failure
}

// acceptsGzip reports whether a client accepts gzip: named, with a quality above 0.
func acceptsGzip(values []string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			q, is := strings.CutPrefix(strings.TrimSpace(params), "q=")
			weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !is || err == nil && weight > 0
		}
	}
	return false
}

// matches reports whether If-None-Match names a document in either form.
func matches(values []string, tag string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
			if part == "*" || strings.Replace(part, `-gzip"`, `"`, 1) == tag {
				return true
			}
		}
	}
	return false
}

// fail answers with a problem, and writes it to the audit log unless the service
// has.
func (x *exchange) fail(p *Problem) {
	x.own = true
	if p.Status == statusGone {
		x.code = statusGone
		return
	}
	if !p.noted {
		x.note(p)
	}
	own := *p
	own.Instance, own.RequestID = x.r.URL.EscapedPath(), x.id
	body, err := json.Marshal(&own)
	if err != nil { // it echoed a value that JSON can't hold
		own.Errors = nil
		body, _ = json.Marshal(&own)
	}
	h := x.w.Header()
	for _, name := range []string{"Etag", "Content-Encoding", "Vary"} {
		delete(h, name)
	}
	h["Content-Type"] = []string{"application/problem+json"}
	h["Cache-Control"] = []string{"no-store"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if p.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Bearer realm="corrgraph"`}
	}
	if p.retry > 0 {
		h["Retry-After"] = []string{seconds(p.retry)}
	}
	x.WriteHeader(p.Status)
	_, _ = x.Write(body)
}
