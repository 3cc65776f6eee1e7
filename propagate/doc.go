// Package propagate predicts where a move travels along the directed edges of the graph:
// when it arrives, how large, and with what confidence.
//
// A [Network] is built once from a snapshot's edges and answers three questions: the best
// path between two nodes ([Network.Best]), the k best ([Network.KBest]) and the best path
// to everything downstream of a node ([Network.Downstream]). All answers are pure functions
// of the network. A Network is safe for concurrent use, a [Scratch] is not.
//
// The best path has the highest product of |score|·confidence over its hops. Each factor is
// at most 1, so cycles never pay and every reported path visits each of its nodes once.
// Ties go to fewer hops, then to the shorter lag, then to the order of the edges.
package propagate
