package series

import (
	"slices"

	"corrgraph/odds"
)

// Coarsest is the coarsest resolution of a source: 30 days. Nothing is learned from one
// that is coarser.
const Coarsest odds.Millis = 30 * 24 * 3_600_000

// Clock is the poll clock of one source. Its step is the median of the steps so
// far: the resolution of all that the source says.
type Clock struct {
	Last, Prev odds.Time // the newest poll and the one before; 0 none
	Polls      int
	steps      []odds.Millis // sorted
	Missed     int           // steps long enough to hold a poll that never came
}

// maxSteps bounds the memory of a clock; beyond it every second step is dropped,
// which leaves the median where it was.
const maxSteps = 4096

// Tick takes a poll's stamp, later than the last one, and reports whether it
// follows the last one without a missed poll between.
func (c *Clock) Tick(at odds.Time) (joined bool) {
	c.Polls++
	c.Prev, c.Last = c.Last, at
	if c.Prev == 0 {
		return false
	}
	step := at.Sub(c.Prev)
	joined = !c.missed(step)
	if !joined {
		c.Missed++
	}
	i, _ := slices.BinarySearch(c.steps, step)
	c.steps = slices.Insert(c.steps, i, step)
	if len(c.steps) > maxSteps {
		half := c.steps[:0]
		for k := 0; k < len(c.steps); k += 2 {
			half = append(half, c.steps[k])
		}
		c.steps = half
	}
	return joined
}

// Step returns the median step; 0 before the second poll.
func (c *Clock) Step() odds.Millis {
	if len(c.steps) == 0 {
		return 0
	}
	return c.steps[len(c.steps)/2]
}

// missed: a step of 1.75 medians or more had room for another poll. Before there
// are 5 steps to take a median of, none is called missed.
func (c *Clock) missed(step odds.Millis) bool {
	return len(c.steps) >= 5 && 4*step >= 7*c.Step()
}
