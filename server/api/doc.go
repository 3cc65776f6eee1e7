// Package api serves an instance over HTTP: JSON under /v1, server-sent events at
// /v1/stream, health, metrics and profiles. In go requests, out come the answers of
// package service; nothing is decided here but who may ask and how much.
//
// A request passes, in this order: recovery from panics, its id, its trace, headers
// for browsers, host and origin, authentication, the limit of its client, the role
// that its route needs, the limit of what is in flight, and its handler. Every
// answer bears X-Request-Id; every error is a problem of RFC 9457 that repeats it.
// What is refused before it reaches the service is in the audit log too.
//
// [API] is an http.Handler and safe for concurrent use. It listens to nothing and
// starts no goroutine: the caller owns the server, its time limits and its TLS.
package api
