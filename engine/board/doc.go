// Package board holds the latest state of every venue: sources and their clocks, events and
// their markets, each venue's book of each market, the series of every selection, and the
// consensus of venues. It takes batches in event-time order and reports what moved;
// interpreting the moves is left to other packages.
//
// A Board is not safe for concurrent use. Its exported fields are read-only for other
// packages, except those documented otherwise.
package board
