// Package structure holds the tests of the source tree as a whole: which package may import
// which and why, what keeps results deterministic, and how large files and packages may
// grow. They read the source, so that a new package is covered from its first line.
package structure
