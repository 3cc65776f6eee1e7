package clock

import (
	"slices"

	"corrgraph/odds"
)

// Poll is the clock of one request. Its step, the median of the steps so far, is the
// resolution of everything from that source.
type Poll struct {
	Last, Prev odds.Time // the newest poll and the one before; 0 if none
	Polls      int
	steps      []odds.Millis // sorted
	Missed     int           // steps long enough to contain a missing poll
}

// maxSteps limits the memory of a clock. Beyond it every second step is dropped, which
// keeps the median.
const maxSteps = 4096

// Tick takes a poll's stamp, which must be later than the last one, and reports whether no
// poll was missed in between.
func (c *Poll) Tick(at odds.Time) (joined bool) {
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
func (c *Poll) Step() odds.Millis {
	if len(c.steps) == 0 {
		return 0
	}
	return c.steps[len(c.steps)/2]
}

// Lasts reports whether an answer is relied on after a time without another one: for two and a
// half steps, and as long as no step is known.
func (c *Poll) Lasts(d odds.Millis) bool {
	step := c.Step()
	return step == 0 || 2*d <= 5*step
}

// missed: a step of 1.75 medians or more has room for another poll. Without 5 steps for a
// median, none counts as missed.
func (c *Poll) missed(step odds.Millis) bool {
	return len(c.steps) >= 5 && 4*step >= 7*c.Step()
}
