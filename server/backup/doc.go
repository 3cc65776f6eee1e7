// Package backup keeps copies of a store in a folder: it makes them while the
// store is in use, checks each before it counts, thins them out by age, and puts
// one back.
//
// A backup is one file, corrgraph-20260102T150405.000Z.db by its time in UTC, and
// beside it the same name with .sha256, in the form that sha256sum checks. The
// files appear whole, in one step, the checksum first; what a killed process left
// half made has another name and is removed by the next backup. Beside them,
// status.json tells when a backup was last made and when one was last restored
// for trial.
//
// One [Folder] writes to a folder at a time. Any number of processes may list,
// verify and restore.
package backup
