// Package keep holds the readiness gates that need no instance, only a store: that
// the report's SQL runs on it, that its deadline cuts, and that its audit log keeps
// what it should and nothing more.
package keep
