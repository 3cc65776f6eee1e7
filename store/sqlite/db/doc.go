// Package db opens one SQLite file, through modernc.org/sqlite and without cgo,
// and runs statements on it that end at their deadline. It knows no table: whoever
// opens a file brings its [Schema], its table of statements and what they mean.
//
// A [DB] opened for writing holds an advisory lock that dies with its process
// (see lock.go), so a second writer learns at once that the file is in use.
// Readers are never locked out: the file is in WAL mode. Other programs may write
// at any time; SQLite's own locks then order the writes.
//
// Everything is written in transactions. With synchronous=NORMAL a commit survives
// the death of the process; the last commits before a power failure may be missing,
// in order and each as a whole, and the file is never damaged by it. With
// [Options.Durable] commits of [DB.Together] survive that too, and with them
// whatever was committed before.
//
// Writers take turns, first come first served. Readers wait for no writer. Index
// searches have connections of their own, so that nothing that scans can keep them
// waiting, and every wait for a connection counts against the statement's deadline.
// Every statement is interrupted at its deadline, between the rows of an answer and
// inside a step.
package db
