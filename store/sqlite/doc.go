// Package sqlite keeps a store in one SQLite file: results, the tick log, the
// audit log and the readiness matrix. Package db under it opens the file and runs
// statements; here are the tables, and what is asked of them.
//
// Programs other than corrgraph may write to multi_layer_correlations and to the
// tables of the audit at any time.
//
// A killed process leaves whole chunks of the log and whole results or none; of an
// event that took several transactions ([Store.WriteEvent]) it may leave a part.
// With [Options.Durable] appends to the log survive a power failure too. Whatever
// takes long gives its turn to write up every 20 ms.
//
// Every statement stands in one table with its deadline (statements.go).
package sqlite
