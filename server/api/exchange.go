package api

import (
	"context"
	"net/http"
	"time"

	"corrgraph/server/service"
)

// exchange is one request and its answer. It is the ResponseWriter of all handlers, and belongs to the request's goroutine.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	api   *API
	route *route // nil until one matches
	actor service.Actor
	start time.Time
	id    string
	code  int // of the answer; 0 before there is one
	bytes int64

	own    bool      // written by the API, not the multiplexer
	missed int       // status of the multiplexer's own error
	headed [8]string // storage for header values, to save allocations
	nhead  int
}

type exchangeKey struct{}

// exchangeOf returns the exchange of a context; nil if there is none.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

func requestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.w.Header() }

// WriteHeader implements http.ResponseWriter. If no route matched, the multiplexer's error is recorded and replaced by a problem.
func (x *exchange) WriteHeader(code int) {
	if x.route == nil && !x.own && code >= 400 {
		x.missed = code
		return
	}
	if x.code == 0 && code >= 200 {
		x.code = code
	}
	x.w.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	if x.missed != 0 && !x.own {
		return len(p), nil
	}
	if x.code == 0 {
		x.code = http.StatusOK
	}
	n, err := x.w.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// set sets a header by its canonical name. The first few cost no allocation.
func (x *exchange) set(name, value string) {
	if x.nhead == len(x.headed) {
		x.w.Header()[name] = []string{value}
		return
	}
	x.headed[x.nhead] = value
	x.w.Header()[name] = x.headed[x.nhead : x.nhead+1 : x.nhead+1]
	x.nhead++
}
