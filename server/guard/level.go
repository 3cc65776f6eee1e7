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

// ladder chooses a level from a measure of load, such as memory use. It climbs at once,
// as far as the measure demands. It comes down one step at a time, once the measure has
// been below the step's threshold by a margin for a while. Both conditions are needed:
// shedding relieves at once, and without them the relief would let the load back in.
type ladder struct {
	thresholds []int64 // at which levels 1, 2 … begin, rising
	margin     int64
	hold       time.Duration
	level      int
	since      time.Time // steady time when the level was reached or last needed
}

// next returns the level for the measure at now; 0 below all thresholds.
func (l *ladder) next(used int64, now time.Time) int {
	reached := 0
	for i, t := range l.thresholds {
		if used >= t {
			reached = i + 1
		}
	}
	switch {
	case reached > l.level:
		l.level, l.since = reached, now
	case l.level == 0:
	case used >= l.thresholds[l.level-1]-l.margin:
		l.since = now // still needed
	case now.Sub(l.since) >= l.hold:
		l.level, l.since = l.level-1, now
	}
	return l.level
}
