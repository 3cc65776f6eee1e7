// Package api serves an instance over HTTP: JSON under /v1, server-sent events at
// /v1/stream, health, metrics and profiles. Package service computes the answers;
// this package decides only who may ask and how often.
//
// A request passes, in this order: recovery from panics, its id, its trace, headers
// for browsers, host and origin, authentication, the limit of its client, the role
// that its route needs, the limit of requests in flight, and its handler. Every
// answer has X-Request-Id; every error is a problem of RFC 9457 that repeats it.
// Requests refused before they reach the service are in the audit log too.
//
// [API] is an http.Handler and safe for concurrent use. It opens no listener and
// starts no goroutine: the caller owns the server, its timeouts and its TLS.
package api
