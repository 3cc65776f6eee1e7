// Package client is the Go client of corrgraph's HTTP API, the only one: provers and
// commands ask a service through it.
//
// [Client] has a typed method for each question that is asked of a service, and two
// raw doors: [Client.Do] sends any request and returns any answer, and
// [Client.Connect] opens a bare connection for those who write HTTP by hand. An
// answer of status 300 or above is a [*Problem]. Only [Client.Patient] and what is
// built on it repeats a request, and only as Retry-After allows.
//
// A Client reads the clock and opens sockets. It is safe for concurrent use.
package client
