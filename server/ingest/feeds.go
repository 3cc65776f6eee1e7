package ingest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"corrgraph/feed"
	"corrgraph/odds"
)

type feedKey struct{ source, venue string }

// feeds counts the quotes of each source and venue. Run's goroutine writes it,
// anybody may read.
type feeds struct {
	mu     sync.Mutex
	of     map[feedKey]*feed.Stats // guarded by mu
	listed []feed.Stats            // guarded by mu; immutable once listed, nil if a row has changed since
	recent map[string]*recent      // guarded by mu; by source
	begun  time.Time
}

// mostFeeds limits the memory that a client can take up by inventing names.
const mostFeeds = 1024

func newFeeds() feeds {
	return feeds{of: map[feedKey]*feed.Stats{}, listed: []feed.Stats{}, recent: map[string]*recent{}, begun: time.Now()}
}

// feedLocked returns the row of a source or venue. Beyond the limit it is a row
// that is never listed: a venue's quotes are counted in its source's row too.
func (f *feeds) feedLocked(source, venue string) *feed.Stats {
	k := feedKey{source, venue}
	x := f.of[k]
	if x == nil {
		if len(f.of) >= mostFeeds {
			return &feed.Stats{}
		}
		x = &feed.Stats{Source: source, Venue: venue}
		f.of[k] = x
	}
	return x
}

// heard counts a batch accepted at a wall-clock time, 0 if it is read from the log.
func (f *feeds) heard(b *odds.Batch, now odds.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = nil
	s := f.feedLocked(b.Source, "")
	s.Polled = b.Polled
	if b.Late {
		s.Late += uint64(b.Quotes())
	}
	count(s, b.At, now, now.Sub(b.At), b.Quotes())
	switch {
	case now == 0:
	case b.Late:
		f.recentLocked(s).refused(f.span(), unlearnt, b.Quotes())
	default:
		f.recentLocked(s).accepted(f.span(), b.Quotes())
	}
	for i := range b.Updates {
		u := &b.Updates[i]
		delay := now.Sub(b.At)
		if u.Updated != 0 {
			delay = now.Sub(u.Updated)
		}
		v := f.feedLocked(b.Source, u.Venue)
		v.Polled = b.Polled
		count(v, b.At, now, delay, u.Prices())
	}
}

func count(s *feed.Stats, at, now odds.Time, delay odds.Millis, quotes int) {
	s.Quotes += uint64(quotes)
	if now == 0 {
		s.Last = max(s.Last, at)
		return
	}
	s.Received = now
	if at >= s.Last {
		s.Last, s.Delay = at, delay
	}
}

// refused counts refused quotes.
func (f *feeds) refused(source, reason string, quotes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = nil
	s := f.feedLocked(source, "")
	f.recentLocked(s).refused(f.span(), reason, quotes)
	was := s.Refused // listed maps must not change
	s.Refused = map[string]uint64{reason: uint64(quotes)}
	for reason, n := range was {
		s.Refused[reason] += n
	}
}

// list returns all feeds, sorted by source and venue; the same slice until
// something changes.
func (f *feeds) list() []feed.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listed != nil {
		return f.listed
	}
	f.listed = make([]feed.Stats, 0, len(f.of))
	for _, s := range f.of {
		f.listed = append(f.listed, *s)
	}
	slices.SortFunc(f.listed, func(a, b feed.Stats) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Venue, b.Venue))
	})
	return f.listed
}
