// Package detect finds anomalies. Every detector compares the present with the
// history of the same edge, node or relation. Detectors are pure functions of their
// input; histories are small values kept by the caller.
//
//   - [Market] reads one market of one event after a batch: outlier quotes,
//     desynchronisation, unusual moves, volatility, arbitrage. [Relate] reads two
//     markets of one venue.
//   - Package edges reads the edges of the graph, and checks the follower after a leader's move.
//   - [Policy] decides which of these candidates are raised.
//
// [Rules] lists every detector with its rule and its false-alarm rate. Rates hold
// for independent, roughly normal histories (log-normal for sizes and gaps of
// moves); real ones have heavier tails. Time is event time everywhere.
package detect
