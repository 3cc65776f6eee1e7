// Package state writes and reads the mutable state of the packages that keep any, for
// checkpoints. One function an owner says what its state is, for both directions: a
// [Coder] writes the values that it is shown, or fills them in.
//
// The encoding is deterministic: equal states give equal bytes. It is framed and
// checked, so that no byte reaches an owner that was not written.
package state
