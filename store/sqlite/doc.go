// Package sqlite keeps a store in one SQLite file: results, the tick log, the audit log and
// the readiness matrix. Package db below it opens the file and runs statements; this
// package defines the tables and queries.
//
// Other programs may write to multi_layer_correlations and to the tables of the audit at
// any time.
//
// A killed process leaves whole chunks of the log, and whole results or none, except for an
// event that took several transactions ([Store.WriteEvent]), which may be partly written.
// With [Options.Durable] appends to the log survive a power failure too. Long writes yield
// their turn every 20 ms.
//
// Every statement is in one table with its deadline (statements.go).
package sqlite
