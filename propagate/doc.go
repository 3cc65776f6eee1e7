// Package propagate says where a move goes next: along the directed edges of the
// graph, how long it takes, how large it arrives and how sure that is.
//
// A [Network] is made once from a snapshot's edges and then answers three
// questions: the best path between two nodes ([Network.Best]), the k best
// ([Network.KBest]) and the best path to everything downstream of a node
// ([Network.Downstream]). Everything is a pure function of the network; a Network
// may be used by any number of goroutines, a [Scratch] by one at a time.
//
// The best path has the highest product of |score|·confidence over its hops.
// Each factor is at most 1, so going round a cycle never pays and every path
// reported visits each of its nodes once. Among equals the one of fewer hops
// wins, then the one of the shorter lag, then the one found first, which the order of
// the edges decides.
package propagate
