// Package graph holds the four layers of edges of an event as an immutable
// [Snapshot], built by pure functions from what the estimators found.
package graph
