// Package origin says where a wave of moves comes from. A wave is one move of a selection as
// it travels from venue to venue. Who is seen first is often a laggard: its poll came first,
// it repeats an older move, or it moved for itself. So the origin is a distribution over
// venues, from what is known of who leads whom and from all arrivals, and it may be that
// nobody can tell.
//
// Waves finds the waves in the moves of an event; Of judges one. Both are pure: equal input
// gives equal output, in whatever order venues, links and groups are given.
package origin
