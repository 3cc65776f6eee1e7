// Package restart takes checkpoints of a running service and starts the next one from them.
//
// A checkpoint is the state of door and engines as of one position of the tick log. The door says
// what it remembers between two appends; each engine is saved by its owner once it has come as far;
// a goroutine of its own writes the file. At a start the newest checkpoint is taken that is whole,
// was made by the same version with the same configuration, and from which the log goes on. Else
// the one before is, and else the whole log is read: a checkpoint never changes what is said, it
// only saves time, and keeps what the log no longer holds.
package restart
