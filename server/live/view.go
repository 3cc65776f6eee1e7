package live

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live/handoff"
	"corrgraph/store"
)

// View is what readers see of one event. It is immutable.
type View struct {
	engine.EventView
	Version   uint64              // increases with every view of any event
	LayerAsOf [4]odds.Time        // event time of each layer's edges; 0 for a layer that is off
	Anomalies []AnomalyUpdate     // the event's newest, oldest first
	Settled   []ledger.Prediction // the event's newest, oldest first
	Past      []Past              // the graph when the view was first requested and after each decision since, oldest first

	decided odds.Time // the decision it is based on
}

// State is what readers see of the engine as a whole. It is immutable.
type State struct {
	Recovering  bool      // the log is not yet read back completely
	CatchingUp  bool      // and ticks are accepted meanwhile: readers get what is known by AsOf
	AsOf        odds.Time // event time applied; 0 before the first tick
	Arrived     odds.Time // by the clock, when the newest applied tick was accepted; 0 if none since the start
	Heard       time.Time // the same moment on the wall clock, to measure real time from
	Published   odds.Time // by the clock
	Renewed     time.Time // the same moment by the monotonic clock, which no drill can set
	Counts      engine.Counts
	Queue       int // deliveries waiting to be applied
	HeldBack    int // accepted batches waiting for slower sources
	Feeds       []feed.Stats
	Events      []EventRow // by newest quote, then id
	Leagues     []catalog.League
	Issued      uint64 // predictions since the start of the log
	Dropped     uint64 // settled predictions not in the scorecard
	Outcomes    map[ledger.Outcome][5]uint64
	Anomalies   []AnomalyCount
	Ambiguities *catalog.Ambiguities // up to AsOf, newer than those of the Judgement; nil before the first tick

	// By the monotonic clock: how long nothing has been decided though a window is over, and how long
	// the newest decision has not been checked. Old verdicts, and what an earlier check says, stay
	// meanwhile.
	Undecided, Unchecked time.Duration
	Unlearnt             int // quotes waiting to be learnt from, in memory and in the log

	*store.Judgement // of the last decision; never nil
}

// Reading says that the log is being read back; nil if it is not.
func (s *State) Reading() []string {
	switch {
	case s.CatchingUp:
		return []string{fmt.Sprintf("catching up: what the tick log got since the checkpoint is being told, up to %s by now; ticks are accepted", s.AsOf)}
	case s.Recovering:
		return []string{"recovering: the tick log is being read back"}
	}
	return nil
}

// Closed reports whether no ticks are accepted because the log is being read back.
func (s *State) Closed() bool { return s.Recovering && !s.CatchingUp }

// recordedAfter is how old ticks are on arrival that come from a recording. Feeds that fall
// silent are stale, not recorded.
const recordedAfter = odds.Millis(600_000)

// Recorded reports whether the newest tick is of a recording: one that was served from the
// store alone, or sent long after it happened.
func (s *State) Recorded(now odds.Time) bool {
	seen := cmp.Or(s.Arrived, now)
	return !s.Recovering && s.AsOf != 0 && seen.Sub(s.AsOf) > recordedAfter
}

// overdueAfter is how long a window may be over, or a decision made, until whoever decides or
// checks counts as stuck. Slow sources hold a decision back for up to five minutes.
const overdueAfter = 10 * time.Minute

// Overdue says which verdicts or checks are older than they should be, and whether learning is far
// behind.
func (s *State) Overdue() (why []string) {
	if s.Undecided > overdueAfter {
		why = append(why, fmt.Sprintf("decisions: none was made for %s though a window is over; the verdicts of %s stay in force", s.Undecided.Truncate(time.Second), s.DecidedAt))
	}
	if s.Unlearnt > handoff.MostSettled/2 {
		why = append(why, fmt.Sprintf("learning: %d quotes wait to be learnt from", s.Unlearnt))
	}
	if s.Unchecked > overdueAfter {
		why = append(why, fmt.Sprintf("check on mismatched events: that of the newest decision has been awaited for %s; the one of %s is shown", s.Unchecked.Truncate(time.Second), s.Check.At))
	}
	return why
}

// staleAfter is how long the feeds may be silent; polled ones for three polls.
const staleAfter odds.Millis = 30_000

// Stale reports whether nothing has come for longer than that, by the clock.
func (s *State) Stale(now odds.Time) bool {
	if s.Recovering || s.Arrived == 0 {
		return true
	}
	limit := staleAfter
	for i := range s.Feeds {
		if f := &s.Feeds[i]; f.Venue == "" && f.Polled {
			limit = max(limit, 3*f.Step)
		}
	}
	age := now.Sub(s.Arrived)
	return age > limit || age < -limit // the clock was set back since
}

// EventRow is one event in a list.
type EventRow struct {
	catalog.Event
	Last      odds.Time // newest quote
	Open      int       // pending forecasts
	Anomalies int       // raised and not ended
	Quotes    int       // prices shown
	Markets   int
}

// AnomalyCount is the number of anomalies of a kind since the start.
type AnomalyCount struct {
	Kind       string
	Layer      odds.Layer
	Suppressed bool
	N          uint64
}

// compare orders counts by layer, kind, and suppressed ones last.
func (a AnomalyCount) compare(b AnomalyCount) int {
	last := 0
	if a.Suppressed != b.Suppressed {
		if last = 1; b.Suppressed {
			last = -1
		}
	}
	return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Kind, b.Kind), last)
}

// published is what readers load. The loop writes it; the scorer writes the card.
type published struct {
	state  atomic.Pointer[State]
	card   atomic.Pointer[Card]
	recent atomic.Pointer[recent] // nil when anomalies have changed since
	slots  sync.Map               // event id → *slot
}

func newPublished() *published {
	p := &published{}
	p.state.Store(&State{Recovering: true})
	return p
}

// known reports whether an event is published.
func (p *published) known(event string) bool {
	_, ok := p.slots.Load(event)
	return ok
}

// slot is an event's entry in what is published.
type slot struct {
	view   atomic.Pointer[View] // nil without recent readers
	wanted atomic.Int64         // last read, by the stopwatch

	unsaved bool // changed since the last save; owned by the loop
}

// recent are the newest anomalies; most limits their number.
type recent struct {
	most int
	list []AnomalyUpdate
}
