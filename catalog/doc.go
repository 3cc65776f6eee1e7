// Package catalog matches events and participants across sources, and decides which
// pairs of events layers 3 and 4 watch.
//
// Source events go in; one [Event] per match comes out, however its sources spell
// it. Anything ambiguous is listed as an [Ambiguity] and never merged. [Facts] are
// immutable and safe to share; a [Catalog] is mutable and belongs to one goroutine.
// Results depend on the order of the calls alone.
package catalog
