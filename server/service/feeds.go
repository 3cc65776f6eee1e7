package service

import (
	"context"
	"maps"

	"corrgraph/odds"
)

// Feed is the state of one source or venue.
type Feed struct {
	Source     string            `json:"source"`
	Venue      string            `json:"venue"` // empty: the source as a whole
	Polled     bool              `json:"polled"`
	Quotes     uint64            `json:"quotes"`
	Refused    map[string]uint64 `json:"refused"`     // refused quotes by reason; of sources
	Late       uint64            `json:"late"`        // of quotes, those that came too late to be learnt from; of sources
	LastTick   *odds.Time        `json:"last_tick"`   // newest event time; null: none
	ReceivedAt *odds.Time        `json:"received_at"` // by the clock of /healthz; null: none since the start
	AgeMs      *odds.Millis      `json:"age_ms"`      // since it was received; null: none since the start, or a recording
	DelayMs    odds.Millis       `json:"delay_ms"`    // of the newest quote, from the stamp of the source or venue
	StepMs     odds.Millis       `json:"step_ms"`     // resolution of the source's stamps; of sources
	Missed     int               `json:"missed"`      // polls that never arrived; of sources
	ClockSkew  string            `json:"clock_skew"`  // how its stamps disagree with receipt; empty: they agree, or too little is known
	StaleCopy  string            `json:"stale_copy"`  // the venue whose old prices it republishes; empty: it has its own; of venues
}

// Feeds is the state of all sources and venues.
type Feeds struct {
	AsOf odds.Time `json:"as_of"`
	Freshness
	Feeds    []Feed `json:"feeds"`
	Queue    int    `json:"queue"`     // deliveries waiting to be applied
	HeldBack int    `json:"held_back"` // batches waiting for slower sources
	WaitsFor string `json:"waits_for"` // the source that what is learnt waits for; empty: none
	BehindMs int64  `json:"behind_ms"` // how far its watermark is behind the clock
}

// Feeds lists sources and venues.
func (s *Service) Feeds(ctx context.Context) (out *Feeds, err error) {
	err = s.run(ctx, OpFeeds, "", func(context.Context) error {
		st, now, slow := s.o.Live.State(), s.ticking(), s.o.Ingest.Slowest()
		out = &Feeds{AsOf: st.AsOf, Freshness: s.fresh(true), Feeds: make([]Feed, 0, len(st.Feeds)), Queue: st.Queue, HeldBack: st.HeldBack, WaitsFor: slow.Source, BehindMs: int64(slow.Behind)}
		for i := range st.Feeds {
			f := &st.Feeds[i]
			x := Feed{
				Source: f.Source, Venue: f.Venue, Polled: f.Polled, Quotes: f.Quotes, Refused: map[string]uint64{}, Late: f.Late, DelayMs: f.Delay, StepMs: f.Step, Missed: f.Missed, ClockSkew: f.Doubt, StaleCopy: f.CopyOf,
			}
			maps.Copy(x.Refused, f.Refused)
			if f.Last != 0 {
				x.LastTick = &f.Last
			}
			if f.Received != 0 {
				age := now.Sub(f.Received)
				x.ReceivedAt, x.AgeMs = &f.Received, &age
			}
			if out.Recorded {
				x.AgeMs = nil // it was heard of another day
			}
			out.Feeds = append(out.Feeds, x)
		}
		return nil
	})
	return out, err
}

// Watch keeps the view of an event current for the next minute, so that changes of
// its graph are published. It fails if there is no such event.
func (s *Service) Watch(ctx context.Context, event string) error {
	return s.run(ctx, OpWatch, event, func(ctx context.Context) error {
		_, err := s.view(ctx, event)
		return err
	})
}
