package ledger

import "math"

const z95 = 1.959963984540054 // quantile of the normal distribution for 95 %

// Wilson returns the 95 % interval of a rate, given hits out of n independent observations
// (Wilson 1927). Without observations it is [0, 1]. It panics unless 0 ≤ hits ≤ n.
func Wilson(hits, n int) (low, high float64) {
	if hits < 0 || hits > n {
		panic("ledger: hits outside [0, n]")
	}
	if n == 0 {
		return 0, 1
	}
	return wilson(float64(hits)/float64(n), float64(n))
}

// wilson is the interval of a rate observed n times, n > 0.
func wilson(rate, n float64) (low, high float64) {
	centre := rate + z95*z95/(2*n)
	half := z95 * math.Sqrt(rate*(1-rate)/n+z95*z95/(4*n*n))
	scale := 1 + z95*z95/n
	low, high = (centre-half)/scale, (centre+half)/scale
	if rate == 0 {
		low = 0 // rounding would leave a tiny value
	}
	if rate == 1 {
		high = 1
	}
	return low, high
}

// Clustered returns the share of hits and its 95 % interval. Outcomes of one event may depend
// on each other, those of different events may not: the variance is that of the sums by
// event (the sandwich estimator of a mean with clusters, with m / (m − 1) for m events). One
// event says nothing about others, so that the interval is [0, 1], as without any outcome.
// Where all events agree, which leaves no variance, it is Wilson's over events. The interval
// is cut to [0, 1]. It panics on unequal lengths. The order of the outcomes changes the
// results by rounding alone.
func Clustered(hits []bool, events []string) (rate, low, high float64) {
	if len(hits) != len(events) {
		panic("ledger: numbers of outcomes and events differ")
	}
	var o outcomes
	var n numbers
	for i, h := range hits {
		o.add(outcome(h), n.of(events[i]))
	}
	return o.mean(&clusters{})
}

// outcomes are shares from 0 to 1, each of an event.
type outcomes struct {
	shares []float64
	events []int32 // their numbers
}

func (o *outcomes) add(share float64, event int32) {
	o.shares, o.events = append(o.shares, share), append(o.events, event)
}

func (o *outcomes) clear() { o.shares, o.events = o.shares[:0], o.events[:0] }

// clusters is room for sums by event, which is used again and again.
type clusters struct {
	at   []int32 // by event, one more than the place of its sum; 0: none
	sums []float64
}

// of adds up the deviations from the mean by event, in the order of first sight: any other would
// change the rounding.
func (c *clusters) of(o *outcomes, mean float64) []float64 {
	c.sums = c.sums[:0]
	for i, x := range o.shares {
		e := int(o.events[i])
		if e >= len(c.at) {
			c.at = append(c.at, make([]int32, e+1-len(c.at))...)
		}
		if c.at[e] == 0 {
			c.sums = append(c.sums, 0)
			c.at[e] = int32(len(c.sums))
		}
		c.sums[c.at[e]-1] += x - mean
	}
	for _, e := range o.events {
		c.at[e] = 0
	}
	return c.sums
}

// mean is Clustered of shares.
func (o *outcomes) mean(c *clusters) (mean, low, high float64) {
	n := float64(len(o.shares))
	if n == 0 {
		return 0, 0, 1
	}
	for _, x := range o.shares {
		mean += x
	}
	mean /= n
	sums := c.of(o, mean)
	m := float64(len(sums))
	if m < 2 {
		return mean, 0, 1
	}
	var squares float64
	for _, s := range sums {
		squares += s * s
	}
	half := z95 * math.Sqrt(squares*m/(m-1)) / n
	if half < 1e-9 {
		low, high = wilson(mean, m)
		return mean, low, high
	}
	return mean, max(0, mean-half), min(1, mean+half)
}

// Brier returns the mean of (prob − outcome)², which is 0 for perfect foresight; ok is
// false if there is nothing to score (Brier 1950). It panics on unequal lengths.
func Brier(prob []float64, hit []bool) (score float64, ok bool) {
	mustMatch(prob, hit)
	if len(prob) == 0 {
		return 0, false
	}
	var sum float64
	for i, p := range prob {
		d := p - outcome(hit[i])
		sum += d * d
	}
	return sum / float64(len(prob)), true
}

// surest is how close to certain a probability counts in LogLoss: one that came out wrong
// would otherwise outweigh all others.
const surest = 0.001

// LogLoss returns the mean of −ln of the probability stated of what happened, each cut to
// 0.001…0.999; ok is false if there is nothing to score. It panics on unequal lengths.
func LogLoss(prob []float64, hit []bool) (score float64, ok bool) {
	mustMatch(prob, hit)
	if len(prob) == 0 {
		return 0, false
	}
	var sum float64
	for i, p := range prob {
		sum += loss(p, hit[i])
	}
	return sum / float64(len(prob)), true
}

func outcome(hit bool) float64 {
	if hit {
		return 1
	}
	return 0
}

func mustMatch(prob []float64, hit []bool) {
	if len(prob) != len(hit) {
		panic("ledger: numbers of probabilities and outcomes differ")
	}
}
