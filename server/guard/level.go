package guard

import "time"

// Level is how much an instance gives up to stay below its memory ceiling. The
// levels add up: who sheds L4 sheds predictions and streams too.
type Level uint32

// The levels, in the order in which they are reached. What is kept the longest is
// ingest: an answer not given can be asked for again, a tick not taken leaves a gap.
const (
	Normal          Level = iota
	ShedStreams           // no new streams, and the running ones end
	ShedPredictions       // nor predictions and propagation
	ShedL4                // nor layer 4
	ShedIngest            // nor new ticks: only what needs little memory is still served
)

// String returns "normal", "shed-streams", "shed-predictions", "shed-l4" or
// "shed-ingest".
func (l Level) String() string {
	return [...]string{"normal", "shed-streams", "shed-predictions", "shed-l4", "shed-ingest"}[l]
}

// ladder decides the level from what is used. It climbs at once, as far as use
// demands, and comes down one step at a time, when use has been below the step's
// threshold by a margin for a while. Both are needed: shedding frees memory at once,
// and without them what it freed would let the flood back in.
type ladder struct {
	thresholds [4]int64 // bytes at which ShedStreams … ShedIngest begin, rising
	margin     int64    // bytes
	hold       time.Duration
	level      Level
	since      time.Time // steady time when the level was reached or last needed
}

// next returns the level after use was seen at now.
func (l *ladder) next(used int64, now time.Time) Level {
	reached := Normal
	for i, t := range l.thresholds {
		if used >= t {
			reached = Level(i + 1)
		}
	}
	switch {
	case reached > l.level:
		l.level, l.since = reached, now
	case l.level == Normal:
	case used >= l.thresholds[l.level-1]-l.margin:
		l.since = now // still needed
	case now.Sub(l.since) >= l.hold:
		l.level, l.since = l.level-1, now
	}
	return l.level
}
