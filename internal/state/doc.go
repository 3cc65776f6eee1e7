// Package state writes and reads the mutable state of packages, for checkpoints. Each owner
// describes its state in one function for both directions: a [Coder] either writes the
// values it is given or fills them in.
//
// The encoding is deterministic: equal states give equal bytes. It is framed and
// checksummed, so that owners never read damaged bytes.
package state
