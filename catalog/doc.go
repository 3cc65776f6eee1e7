// Package catalog knows events, participants and the entities behind them, which
// spellings mean the same, and which pairs of nodes each layer watches.
//
// Events of sources go in; one [Event] for each match comes out, whatever its
// sources call it. What could be two things is never merged: it is listed as an
// [Ambiguity]. [Facts] are immutable and safe to share; a [Catalog] is mutable
// and belongs to one goroutine. Results depend on the order of the calls alone.
package catalog
