package live

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// Feed is how one source or venue has been heard.
type Feed struct {
	Source   string
	Venue    string // empty for the source as a whole
	Polled   bool
	Quotes   uint64
	Refused  map[string]uint64 // quotes not taken, by reason; of sources
	Last     odds.Time         // newest event time
	Received odds.Time         // wall clock of the newest
	Delay    odds.Millis       // receive time less event time of the newest; of polls, of the venue's own stamp; 0 from the log
	Step     odds.Millis       // what the source's stamps can tell apart; of sources
	Missed   int               // polls that never came; of sources
}

type feedKey struct{ source, venue string }

// feeds is kept by the door; what it publishes is immutable.
type feeds struct {
	of      map[feedKey]*Feed
	changed bool
	last    []Feed
}

// mostFeeds bounds what a client can make us remember by inventing names.
const mostFeeds = 1024

func newFeeds() feeds { return feeds{of: map[feedKey]*Feed{}} }

func (f *feeds) feed(k feedKey) *Feed {
	x := f.of[k]
	if x == nil {
		if len(f.of) >= mostFeeds {
			return &Feed{} // counted in its source's own row
		}
		x = &Feed{Source: k.source, Venue: k.venue}
		f.of[k] = x
	}
	return x
}

// note takes what was heard at a wall-clock time; 0 where it is read back.
func (f *feeds) note(batches []*odds.Batch, now odds.Time) {
	for _, b := range batches {
		s := f.feed(feedKey{b.Source, ""})
		s.Polled = b.Polled
		s.heard(b.At, now, now.Sub(b.At), b.Quotes())
		for i := range b.Updates {
			u := &b.Updates[i]
			delay := now.Sub(b.At)
			if u.Updated != 0 {
				delay = now.Sub(u.Updated)
			}
			v := f.feed(feedKey{b.Source, u.Venue})
			v.Polled = b.Polled
			v.heard(b.At, now, delay, len(u.Quotes))
		}
	}
	f.changed = f.changed || len(batches) > 0
}

func (x *Feed) heard(at, now odds.Time, delay odds.Millis, quotes int) {
	x.Quotes += uint64(quotes)
	if now == 0 {
		x.Last = max(x.Last, at)
		return
	}
	x.Received = now
	if at >= x.Last {
		x.Last, x.Delay = at, delay
	}
}

func (f *feeds) refused(r *request) {
	for _, no := range r.receipt.Refused {
		x := f.feed(feedKey{r.batches[no.Batch].Source, ""})
		was := x.Refused // published ones must not change
		x.Refused = map[string]uint64{no.Reason: uint64(no.Quotes)}
		for reason, n := range was {
			x.Refused[reason] += n
		}
		f.changed = true
	}
}

// publish returns all feeds by source and venue; the same slice until something
// changes.
func (f *feeds) publish() []Feed {
	if !f.changed {
		return f.last
	}
	f.changed = false
	f.last = make([]Feed, 0, len(f.of))
	for _, x := range f.of {
		f.last = append(f.last, *x)
	}
	slices.SortFunc(f.last, func(a, b Feed) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Venue, b.Venue)) })
	return f.last
}
