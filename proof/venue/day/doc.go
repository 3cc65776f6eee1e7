// Package day judges whether faults of venues change what is learnt from them.
//
// It plants a market in which it is known who leads whom, and by how much: a bookmaker moves, two
// exchanges and another bookmaker follow, one more bookmaker moves by itself. Three scripted
// servers show it at once, the real connectors read them, and a door and a pair of engines learn
// from what they say, in a bubble whose clock goes on only when nothing is left to do. That is done
// with and without faults, and the edges that were found are compared. What was told is held
// against what was shown: no price may be told that was not shown at that time, and none may be
// missing unless its market was in doubt.
//
// TestDay runs 100 minutes of it, and `make venue-day` a whole day.
package day
