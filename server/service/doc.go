// Package service is what a running instance can be asked, whatever the transport:
// graphs, anomalies, forecasts and scores from what the live engine publishes, and
// the state of the instance itself.
//
// Every question passes the guards (pools, breakers, deadlines, memory), is
// timed, traced and written to the audit log with who asked. Readers see immutable
// values and take no lock that the engine waits for. A layer that can't be
// built is missing from the answer, with the reason, and takes no other with it.
package service
