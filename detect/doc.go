// Package detect says what is abnormal now. Everything in it compares now with
// the own history of an edge, a node or a relation, and is a pure function of
// what it is given; histories are small values that their owner keeps.
//
//   - [Market] reads one market of one event after a batch: outlier quotes,
//     desynchronisation, unusual moves, volatility, arbitrage. [Relate] reads two
//     markets of one venue.
//   - Package edges reads the edges of the graph, and follows one leader's move.
//   - [Policy] decides which of those candidates are raised.
//
// [Rules] lists every detector with its rule and its false-alarm rate. Rates hold
// for independent, roughly normal histories (log-normal for sizes and gaps of
// moves); real ones have heavier tails. Time is event time everywhere.
package detect
