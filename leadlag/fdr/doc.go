// Package fdr turns scores into discoveries and confidence: p-values from decoys, q-values,
// and the local false-discovery rate. All functions are pure, and equal input gives equal
// output. A caller's bug, such as NaN, panics.
package fdr
