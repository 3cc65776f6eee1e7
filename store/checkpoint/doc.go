// Package checkpoint keeps files with the state of a running service as of a position of its tick
// log, so that a start need not read the log from the beginning.
//
// A file is written under another name, synced and renamed: it is there whole or not at all. Its
// sections come first, then a manifest with the size and SHA-256 of each, then the size and
// SHA-256 of the manifest; nothing of it can change, be cut off or exchanged unnoticed. What a
// section holds is the business of whoever writes it. Nothing here knows an engine or a log.
package checkpoint
