// Package backup keeps copies of a store in a folder: it makes them while the store
// is in use, verifies each one, rotates them by age, and restores one.
//
// A backup is one file, corrgraph-20260102T150405.000Z.db by its time in UTC,
// beside a checksum file with the same name plus .sha256, in the form that
// sha256sum checks. Both appear whole, in one step, the checksum first; a file left
// half written by a killed process has another name and is removed by the next
// backup. status.json records the last backup and the last test restore.
//
// One [Folder] writes to a folder at a time. Any number of processes may list,
// verify and restore.
package backup
