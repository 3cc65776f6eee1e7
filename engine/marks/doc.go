// Package marks follows the prices of anomalies, raised and suppressed alike: what each was, and
// what the other venues made of it, some time after the anomaly was first told. It belongs to the
// goroutine of the engine.
package marks
