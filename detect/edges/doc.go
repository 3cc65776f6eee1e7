// Package edges says which edges of a graph depart from their own history, and
// whether a follower has answered its leader's move in time. It is the part of
// package detect that reads the graph, kept apart so that what only shows prices need
// not know edges. Its functions are pure; time is event time.
package edges
