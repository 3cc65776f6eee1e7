// Package client is the only Go client of corrgraph's HTTP API: the packages under
// proof and the commands use it.
//
// [Client] has a typed method for each common question, and two low-level ones:
// [Client.Do] sends any request and returns any answer, and [Client.Connect] opens
// a bare connection for callers that write HTTP themselves. An answer of status 300
// or above is a [*Problem]. Only [Client.Patient], and methods built on it, repeat
// a request, and only as Retry-After permits.
//
// A Client reads the clock and opens sockets. It is safe for concurrent use.
package client
