// Package sqlite keeps a store in one SQLite file, through modernc.org/sqlite
// and without cgo.
//
// A [Store] opened for writing holds an advisory lock that dies with its process
// (see lock.go), so a second writer learns at once that the store is in use.
// Readers are never locked out: the file is in WAL mode. Programs other than
// corrgraph may write to multi_layer_correlations and to the tables of the
// audit at any time; SQLite's own locks then order the writes.
//
// Everything is written in transactions: a killed process leaves whole chunks of
// the log and whole results or none; of an event that took several transactions
// ([Store.WriteEvent]) it may leave a part. With synchronous=NORMAL a commit
// survives the death of the process. The last commits before a power failure may
// be missing, in order and each as a whole; the store is never damaged by it. With
// [Options.Durable] appends to the log survive that too, and with them whatever
// was committed before.
//
// Who writes takes turns, first come first served, and what takes long gives its
// turn up every 20 ms. Who reads waits for no writer. Index searches have
// connections of their own, so that nothing that scans can keep them waiting, and
// every wait for a connection counts against the statement's deadline.
//
// Every statement stands in one table with its deadline (statements.go) and is
// really interrupted there, between the rows of an answer and inside a step.
package sqlite
