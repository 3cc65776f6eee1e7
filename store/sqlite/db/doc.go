// Package db opens one SQLite file, through modernc.org/sqlite and without cgo, and runs
// statements that end at their deadline. It knows no tables: the caller provides the
// [Schema] and the statements.
//
// A [DB] opened for writing holds an advisory lock that is released when its process dies
// (see lock.go), so a second writer learns at once that the file is in use. Readers are
// never locked out: the file is in WAL mode. Other programs may write at any time; SQLite's
// own locks then order the writes.
//
// All writes are transactions. With synchronous=NORMAL a commit survives the death of the
// process. A power failure may lose the last commits, in order and each as a whole, but
// never damages the file. With [Options.Durable] commits of [DB.Together] survive that too,
// as does everything committed before them.
//
// Writers take turns, first come first served. Readers wait for no writer. Index searches
// have separate connections, so that scans cannot delay them, and every wait for a
// connection counts toward the statement's deadline. Every statement is interrupted at its
// deadline, both between rows and within a step.
package db
