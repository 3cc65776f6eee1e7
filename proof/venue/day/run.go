package day

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/ticklog/logtest"
)

// Options say how long the market is.
type Options struct {
	Seed   uint64
	Length time.Duration
	Games  int           // at most 12
	Every  time.Duration // between two moves of the leader in a game, on average
	Decide time.Duration // between two decisions
	Faults time.Duration // between two faults of a server, on average
	After  time.Duration // that the market goes on after the service was started again
	Strict bool          // the edges between followers must be the same as well
}

// edge is what was learnt of two books.
type edge struct {
	leader, follower string
	lag, resolution  time.Duration
	low, high        time.Duration // interval of the lag
	confidence       float64
	n                int
	directed         bool
}

func (e edge) String() string {
	return fmt.Sprintf("%s > %s %.1f s (%.1f to %.1f)", e.leader, e.follower, e.lag.Seconds(), e.low.Seconds(), e.high.Seconds())
}

// life is what became of one run.
type life struct {
	name          string
	edges         []edge
	mishaps       []mishap
	steps         int
	accounts      map[string]Account // by source
	open, unknown int
	invented      []string
	inventions    int
	frames        map[string]int // by source
	sessions      map[string]int
	refused       map[string]int // quotes, by reason
	first         map[string]time.Duration
	forecast      map[string]time.Duration // the first forecast of a move of each book
	again         *life                    // the same service, started again on its log
}

// read says which books a source tells of.
var read = map[string][]int{"polymarket": {1}, "kalshi": {2}, "numbered": {leader, 3, loner}}

// lived holds the market with some mishaps, and says what became of it.
func lived(t *testing.T, o Options, name string, spoilt []mishap) (l *life) {
	t.Helper()
	_, _ = key() // outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		f := open(o.Games, time.Now().Add(o.Length+12*time.Hour).Truncate(time.Hour))
		defer f.close()
		log := &logtest.Memory{}
		s := start(t, f, log, o.Decide)
		l = &life{name: name, mishaps: spoilt}
		steps := planned(o.Seed, o.Games, o.Length+o.After, o.Every)
		n := slices.IndexFunc(steps, func(x step) bool { return x.at >= o.Length })
		l.hold(f, time.Now(), steps[:n], spoilt)
		l.quiet(t, s)
		l.learnt(t, s)
		l.started(t, s)
		s.end()
		s = start(t, f, log, o.Decide)
		l.again = &life{name: l.name + ", started again on its log"}
		l.again.hold(f, time.Now().Add(-o.Length), steps[n:], nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		l.again.started(t, s)
		s.end()
	})
	return l
}

// hold lets moves and mishaps happen; began is when the market opened.
func (l *life) hold(f *floor, began time.Time, steps []step, spoilt []mishap) {
	for _, x := range steps {
		for len(spoilt) > 0 && spoilt[0].at <= x.at {
			time.Sleep(spoilt[0].at - time.Since(began))
			f.spoil(spoilt[0])
			spoilt = spoilt[1:]
		}
		time.Sleep(x.at - time.Since(began))
		f.put(x)
	}
	l.steps += len(steps)
}

// quiet waits until nothing that was shown waits for anything.
func (l *life) quiet(t *testing.T, s *service) {
	t.Helper()
	for range 20 {
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.alive() {
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			return
		}
	}
	t.Errorf("%s: not all markets are live at the end: %+v", l.name, s.desk.Status())
}

// learnt takes down what the service says, and what was told of what was shown.
func (l *life) learnt(t *testing.T, s *service) {
	t.Helper()
	l.frames, l.sessions, l.accounts = map[string]int{}, map[string]int{}, map[string]Account{}
	for name, c := range s.connectors {
		st := c.Status()
		l.frames[name], l.sessions[name] = st.Frames, st.Sessions
		l.accounts[name] = s.f.story.account(read[name], s.began, time.Now())
	}
	st := &s.f.story
	l.open, l.unknown, l.invented, l.inventions = st.Open, st.Unknown, st.Invented, st.Inventions
	l.refused = map[string]int{}
	by, _ := s.refused.Rejected()
	for reason, n := range by {
		l.refused[reason] += n
	}
	for _, r := range s.accepted.Refused {
		l.refused[fmt.Sprint(r.Reason)] += r.Quotes
	}
	for i := range s.live.State().Families {
		if x := &s.live.State().Families[i]; x.Discovered {
			l.edges = append(l.edges, edgeOf(x))
		}
	}
	slices.SortFunc(l.edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(bookOf(a.leader), bookOf(b.leader)), cmp.Compare(bookOf(a.follower), bookOf(b.follower)))
	})
}

// started takes down how long it took to the first price and the first forecast.
func (l *life) started(t *testing.T, s *service) {
	t.Helper()
	l.first, l.forecast = map[string]time.Duration{}, map[string]time.Duration{}
	for book, at := range s.first {
		l.first[book] = at.Sub(s.began)
	}
	err := s.live.Forecasts(t.Context(), func(all iter.Seq[*ledger.Prediction]) {
		for p := range all {
			book, _, _ := strings.Cut(string(p.Target), "/")
			after := p.KnownAt.Std().Sub(s.began)
			if had, ok := l.forecast[book]; after >= 0 && (!ok || after < had) {
				l.forecast[book] = after
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func edgeOf(x *graph.Family) edge {
	d := func(m odds.Millis) time.Duration { return m.Std() }
	return edge{
		x.Key.Leader, x.Key.Follower, d(x.Lag), d(x.Resolution), d(x.LagLow), d(x.LagHigh), x.Confidence, x.N, !x.Simultaneous && !x.Copied,
	}
}

// Run holds the market with and without faults, prints what became of it, and reports whether the
// same was learnt, nothing was invented, and nothing was lost that was not in doubt.
func Run(t *testing.T, o Options, w io.Writer) bool {
	t.Helper()
	calm := lived(t, o, "without faults", nil)
	rough := lived(t, o, "with faults", mishaps(o.Seed, o.Length, o.Faults))
	var wrong []string
	for _, l := range []*life{calm, rough} {
		l.print(w)
		wrong = append(wrong, l.faults()...)
	}
	wrong = append(wrong, differ(calm.edges, rough.edges, o.Strict)...)
	for _, x := range wrong {
		fmt.Fprintln(w, "WRONG:", x)
	}
	return len(wrong) == 0
}
