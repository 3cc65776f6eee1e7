// Package telemetry is how the service shows what it does: numbers for Prometheus
// ([Metrics]), latency histograms for the audit tables ([Latency]), traces
// ([Tracing]) and logs ([NewLogger]).
//
// In go observations of the service's other packages, which telemetry doesn't know:
// whoever wires the program hands them over. Out come a scrape handler, rows of a
// minute, spans and lines. Everything may be used by many goroutines at once, and
// what is called for each request or tick takes well under a microsecond and
// allocates nothing, unless the request is one of those that are traced.
//
// No label and no attribute of a metric names an event, a team or a selection: they
// are without bound, and the API answers for each of them.
package telemetry
