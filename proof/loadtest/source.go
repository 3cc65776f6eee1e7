package loadtest

import "time"

// Source makes batches of moving prices for events of its own, as NDJSON. Sources
// with the same number of events have the same events on the same day. It is safe
// for concurrent use.
type Source struct{ m *market }

// NewSource returns a source of that many events, in batches of about batch ticks,
// none of which repeats another.
func NewSource(events, batch int, day time.Time, seed uint64) *Source {
	return &Source{newMarket(max(events, 1), day.UTC().Truncate(24*time.Hour), batch, 0, seed, 1)}
}

// Append appends the next batch, with the instant now, to b.
func (s *Source) Append(b []byte, now time.Time) []byte { return s.m.batch(b, now) }
