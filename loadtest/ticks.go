package loadtest

import "time"

// Ticks makes batches of moving prices of events of its own, as NDJSON. The same
// number of events on the same day is the same events. It is safe for concurrent use.
type Ticks struct{ m *market }

// NewTicks returns ticks of so many events, in batches of about so many ticks, none
// of which repeats another.
func NewTicks(events, batch int, day time.Time, seed uint64) *Ticks {
	return &Ticks{newMarket(max(events, 1), day.UTC().Truncate(24*time.Hour), batch, 0, seed)}
}

// Append appends the next batch, of the instant now, to b.
func (t *Ticks) Append(b []byte, now time.Time) []byte { return t.m.batch(b, now) }
