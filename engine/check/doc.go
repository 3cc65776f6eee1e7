// Package check measures how often something is found where nothing can be. What it rests on
// is taken when a decision is made, as a Sample that never changes; judging it needs nothing of
// the engine, so that it can be done beside it, at any time, with the same result.
//
// Package draw bounds samples: at most 512 families and 64 pairs of each, chosen by hashes of what
// they are and of the decision, and the newest 1,024 moves of a series; fewer of these, then of
// pairs, then of families, while that would be more than half a million moves in all. Nothing
// depends on what was seen first.
package check
