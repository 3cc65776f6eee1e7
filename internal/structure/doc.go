// Package structure holds the tests of the tree as a whole: which package may
// import which and why, what keeps results deterministic, how large a file may
// grow, and what it all adds up to. They read the source, so that a new package is covered from its first line.
package structure
