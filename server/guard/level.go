package guard

import "time"

// Level is how much work an instance sheds to stay below its memory ceiling. Levels
// are cumulative: ShedL4 sheds predictions and streams too.
type Level uint32

// The levels, in the order in which they are reached. Ingest is shed last: a
// refused question can be asked again, a refused tick leaves a gap.
const (
	Normal          Level = iota
	ShedStreams           // new streams are refused, running ones end
	ShedPredictions       // also predictions and propagation
	ShedL4                // also layer 4
	ShedIngest            // also new ticks: only requests that need little memory are served
)

// String returns "normal", "shed-streams", "shed-predictions", "shed-l4" or
// "shed-ingest".
func (l Level) String() string {
	return [...]string{"normal", "shed-streams", "shed-predictions", "shed-l4", "shed-ingest"}[l]
}

// ladder chooses the level from memory use. It climbs at once, as far as use
// demands. It comes down one step at a time, once use has been below the step's
// threshold by a margin for a while. Both conditions are needed: shedding frees
// memory at once, and without them the freed memory would let the load back in.
type ladder struct {
	thresholds [4]int64 // bytes at which ShedStreams … ShedIngest begin, rising
	margin     int64    // bytes
	hold       time.Duration
	level      Level
	since      time.Time // steady time when the level was reached or last needed
}

// next returns the level for the memory use at now.
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
