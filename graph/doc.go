// Package graph holds the four layers of an event's edges as an immutable [Snapshot], built
// by pure functions from the estimators' results.
package graph
