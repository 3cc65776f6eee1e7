package loadtest

import "time"

// Source makes batches of moving prices of events of its own, as NDJSON. The same
// number of events on the same day is the same events. It is safe for concurrent use.
type Source struct{ m *market }

// NewSource returns a source of so many events, in batches of about so many ticks, none
// of which repeats another.
func NewSource(events, batch int, day time.Time, seed uint64) *Source {
	return &Source{newMarket(max(events, 1), day.UTC().Truncate(24*time.Hour), batch, 0, seed)}
}

// Append appends the next batch, of the instant now, to b.
func (s *Source) Append(b []byte, now time.Time) []byte { return s.m.batch(b, now) }
