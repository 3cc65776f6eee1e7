// Package propagate predicts where a move travels along the directed edges of the
// graph: when it arrives, how large, and with what confidence.
//
// A [Network] is built once from a snapshot's edges and answers three questions:
// the best path between two nodes ([Network.Best]), the k best ([Network.KBest])
// and the best path to everything downstream of a node ([Network.Downstream]).
// Everything is a pure function of the network; a Network may be used by any number
// of goroutines, a [Scratch] by one at a time.
//
// The best path has the highest product of |score|·confidence over its hops. Each
// factor is at most 1, so going round a cycle never pays and every path reported
// visits each of its nodes once. Ties go to fewer hops, then to the shorter lag,
// then to the order of the edges.
package propagate
