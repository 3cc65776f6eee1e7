// Package service answers questions to a running instance, whatever the transport:
// graphs, anomalies, forecasts and scores from what the live engine publishes, and
// the state of the instance itself.
//
// Every question passes the guards (pools, breakers, deadlines, memory), is timed,
// traced and written to the audit log with its actor. Readers see immutable values
// and take no lock that the engine waits for. A layer that can't be built is
// missing from the answer, with the reason; the other layers are served.
package service
