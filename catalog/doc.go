// Package catalog matches events and participants across sources, and decides which pairs
// of events layers 3 and 4 watch.
//
// Sources' events go in; one [Event] per match comes out, whatever each source's spelling.
// Anything ambiguous is listed as an [Ambiguity] and never merged. [Facts] are immutable
// and safe to share; a [Catalog] is mutable and not safe for concurrent use. Results depend
// only on the order of the calls.
package catalog
