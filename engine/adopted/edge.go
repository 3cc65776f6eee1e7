// Package adopted keeps edges under watch once they are known: it bets on each wave of the
// leader's moves that the follower answers as called, published or not, first to learn how
// often that is so, then to notice when it no longer is. In go the moves of both and the
// verdicts of decisions; out come alarms and what they mean. It reads no clock.
package adopted

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"corrgraph/internal/state"
	"corrgraph/leadlag/change"
	"corrgraph/ledger/rule"
	"corrgraph/odds"
	"corrgraph/series"
)

const (
	// firstLook is after how many bets the rate is bounded anew; then after each doubling, looks
	// times in all.
	firstLook = 60
	looks     = 4
	// provisional is the share of the lower bound on what the edge was discovered by that it is
	// held to until the first look: there it was chosen among windows by what it showed.
	provisional = 0.5
	// settled is how long after a change another one counts as a further one: who changed
	// again must prove itself for twice as long.
	settled = odds.Millis(7 * 24 * 3_600_000)
	// lost is how long after a change an edge is called changing at most.
	lost = odds.Millis(24 * 3_600_000)
	// least is the smallest leader's move that is bet on, in r.m.s.
	least = 0.5
)

// Rule is what an edge says: within From to To of the leader's move the follower makes at
// least half of Beta times it.
type Rule struct {
	Back     bool // the pair's second series is the leader
	Beta     float64
	From, To odds.Millis
}

// Series are the two sides of a watched pair.
type Series struct {
	Event            string
	Leader, Follower []series.Increment // oldest first
	RMS              float64            // of the leader's moves
	Sign             float64            // −1 if the follower's sign must be inverted
	Heard            odds.Time          // up to when a move of the follower would have been seen
}

// Edge is a directed family under watch. Use New.
type Edge struct {
	rule  Rule
	fresh bool                 // nothing is bet on yet: the rate of what is past is unknown
	bet   odds.Time            // the moves until then are bet on
	waves map[string]odds.Time // the end of each event's last wave
	trial change.Trial         // since the rule was adopted
	looks int                  // at the trial
	watch change.Detector

	alarmed odds.Time // the last alarm; 0 none
	since   odds.Time // the change it found
	changed bool      // it has not proved itself since
	changes int       // each within settled of the one before
	former  float64   // the rate that it was held to before
	leads   bool      // it was published with a leader then
	told    bool      // a decision was made since

	waved, answered int // waves from the change to the alarm
}

// New adopts an edge.
func New(r Rule, at odds.Time) *Edge {
	e := &Edge{}
	e.adopt(r, at)
	return e
}

func (e *Edge) adopt(r Rule, at odds.Time) {
	e.rule, e.fresh, e.bet, e.waves, e.trial, e.looks, e.watch = r, true, at.Add(-r.To), map[string]odds.Time{}, change.Trial{}, 0, change.Detector{}
}

// Changing reports whether the edge no longer does what it was adopted for, or has not yet
// proved that it does again. It may be asked of nil.
func (e *Edge) Changing() bool { return e != nil && e.changed }

// Since is when the last change began; 0 if there was none. It may be asked of nil.
func (e *Edge) Since() odds.Time {
	if e == nil {
		return 0
	}
	return e.since
}

// Lately is how many of the leader's waves there were from the change to the alarm, how many of
// them were answered, and the share that was before, at least.
func (e *Edge) Lately() (waves, answered int, least float64) { return e.waved, e.answered, e.former }

// Told reports whether the change concerns readers: the edge was published with a leader, and a
// decision was made since. It may be asked of nil.
func (e *Edge) Told() bool { return e.Changing() && e.leads && e.told }

// Back reports whether the moves of the pair's second series are bet on.
func (e *Edge) Back() bool { return e.rule.Back }

// Take bets on the waves that are over by now, and reports an alarm. published says whether
// readers are told that the edge has a leader. Cost: O(moves since the last call), and of all
// moves since the last change when the edge has just been adopted.
func (e *Edge) Take(all []Series, now odds.Time, published bool) (alarm bool) {
	if e.fresh {
		e.lookBack(all)
	}
	until := now.Add(-e.rule.To)
	for _, b := range e.bets(all, e.bet, until) {
		if alarm = e.watch.Bet(b.at, b.won); alarm {
			break
		}
		e.prove(b)
	}
	e.bet = max(e.bet, until)
	maps.DeleteFunc(e.waves, func(_ string, end odds.Time) bool { return end <= e.bet })
	if alarm {
		e.alarm(now, published)
	}
	return alarm
}

// lookBack learns from the waves that the edge was discovered by.
func (e *Edge) lookBack(all []Series) {
	var past change.Trial
	for _, b := range e.bets(all, e.since-1, e.bet) {
		past.Add(b.event, b.won)
	}
	e.fresh, e.watch = false, change.New(provisional*past.Least(0), e.bet)
}

// prove counts a bet. After 60, 120, 240 and 480 the rate is bounded anew, and an edge that is
// changing is compared with what it was.
func (e *Edge) prove(b bet) {
	if e.looks == looks {
		return
	}
	if e.trial.Add(b.event, b.won); e.trial.Bets < firstLook<<e.looks {
		return
	}
	e.looks++
	e.watch.Raise(e.trial.Least(e.looks))
	switch {
	case e.changed && e.trial.Rate() < e.former: // not yet what it was
		e.trial, e.looks = change.Trial{}, 0
	case e.looks >= min(e.changes, looks):
		e.changed = false
	}
	if e.looks == looks {
		e.trial = change.Trial{}
	}
}

func (e *Edge) alarm(now odds.Time, published bool) {
	if now.Sub(e.alarmed) > settled {
		e.changes = 0
	}
	if !e.changed { // else what is lost is lost already
		e.told, e.leads, e.former = false, published, e.watch.Least()
	}
	e.changes++
	e.since, e.waved, e.answered = e.watch.Onset()
	e.alarmed, e.changed = now, true
	e.adopt(e.rule, now)
}

// Judged takes the verdict of a decision: the rule of its leader, nil if nobody leads. keep is
// false once there is no edge to watch any more.
func (e *Edge) Judged(r *Rule, at odds.Time) (keep bool) {
	if r != nil && (r.Back != e.rule.Back || e.changed && e.moved(r)) {
		e.adopt(*r, at)
	}
	if !e.changed {
		return true
	}
	if e.told = true; at.Sub(e.alarmed) < lost {
		return true
	}
	e.changed = false
	return r != nil
}

// moved reports whether a rule's window is another one, by a quarter of its length.
func (e *Edge) moved(r *Rule) bool {
	far := (e.rule.To - e.rule.From) / 4
	return max(e.rule.From-r.From, r.From-e.rule.From) > far || max(e.rule.To-r.To, r.To-e.rule.To) > far
}

// bet is one wave and whether the follower answered.
type bet struct {
	event string
	at    odds.Time
	won   bool
}

// trigger is a leader's move that may begin a wave.
type trigger struct {
	at   odds.Time
	size float64 // in r.m.s.
	pair int
	move *series.Increment
}

// bets are those of the waves that began after a time and until another one, in order. A wave
// begins with an event's first move of the leader that is large enough, and by several series
// at once with the largest; it is over when the follower's time is. Waves at whose end the
// follower was not heard are no bets.
func (e *Edge) bets(all []Series, after, until odds.Time) (out []bet) {
	var begun []trigger
	for i := range all {
		p := &all[i]
		from, _ := slices.BinarySearchFunc(p.Leader, after.Add(1), func(m series.Increment, t odds.Time) int { return cmp.Compare(m.At, t) })
		for k := from; k < len(p.Leader) && p.Leader[k].At <= until; k++ {
			m := &p.Leader[k]
			if size := math.Abs(m.Raw) / p.RMS; p.RMS > 0 && size >= least {
				begun = append(begun, trigger{m.At, size, i, m})
			}
		}
	}
	slices.SortStableFunc(begun, func(a, b trigger) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.size, a.size))
	})
	for _, t := range begun {
		p := &all[t.pair]
		if t.at < e.waves[p.Event] {
			continue
		}
		end := t.at.Add(e.rule.To)
		e.waves[p.Event] = end
		if size := e.rule.Beta * p.Sign * t.move.Raw; p.Heard >= end && size != 0 {
			out = append(out, bet{p.Event, t.at, e.answers(p, t.at, size)})
		}
	}
	return out
}

// answers reports whether the follower makes half of a move of a size in time.
func (e *Edge) answers(p *Series, at odds.Time, size float64) bool {
	var times []odds.Time
	var moves []float64
	end := at.Add(e.rule.To)
	from, _ := slices.BinarySearchFunc(p.Follower, at.Add(1), func(m series.Increment, t odds.Time) int { return cmp.Compare(m.At, t) })
	for _, m := range p.Follower[from:] {
		if m.At > end {
			break
		}
		times, moves = append(times, m.At), append(moves, m.Raw)
	}
	return rule.Called(times, moves, at, at.Add(e.rule.From), end, size)
}

// State saves the edge, or restores it.
func (e *Edge) State(c *state.Coder) {
	c.Values(&e.rule.Back, &e.rule.Beta, &e.rule.From, &e.rule.To, &e.fresh, &e.bet, &e.looks)
	c.Values(&e.alarmed, &e.since, &e.changed, &e.changes, &e.former, &e.told, &e.leads, &e.waved, &e.answered)
	if e.waves == nil {
		e.waves = map[string]odds.Time{}
	}
	state.Map(c, e.waves, cmp.Compare[string], func(event *string, end *odds.Time) { c.Values(event, end) })
	e.trial.State(c)
	e.watch.State(c)
}
