// Package sqlite keeps a store in one SQLite file, through modernc.org/sqlite
// and without cgo.
//
// A [Store] opened for writing holds an advisory lock that dies with its process
// (see lock.go), so a second writer learns at once that the store is in use.
// Readers are never locked out: the file is in WAL mode. Programs other than
// corrgraph may write to multi_layer_correlations and to the two tables of the
// audit at any time; SQLite's own locks then order the writes.
//
// Everything is written in transactions: a killed process leaves whole chunks of
// the log and whole results or none. With synchronous=NORMAL a commit survives
// the death of the process. The last commits before a power failure may be
// missing, in order and each as a whole; the store is never damaged by it.
//
// Every statement stands in one table with its deadline (statements.go) and is
// really interrupted there, between the rows of an answer and inside a step.
package sqlite
