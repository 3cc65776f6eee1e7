package detect

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// Reset is the default strength under which a raised anomaly ends.
const Reset = 0.75

// The reasons that a [Policy] suppresses an anomaly for.
const (
	CoolingDown = "cooling down: it was raised and ended shortly before"
	OverBudget  = "the event has used up its anomalies of this kind and hour"
	Unconfirmed = "gone before it was confirmed"
)

const hour = 60 * minute

// PolicyOptions say what is raised. The zero value is the default.
type PolicyOptions struct {
	// Reset is the strength in (0, 1] under which a raised anomaly ends.
	// Zero means 0.75.
	Reset float64
	// CoolDown is how long after its end the same anomaly is not raised again.
	// Zero means 10 minutes, negative none.
	CoolDown odds.Millis
	// Hold is how long a kind must last before it is raised. Kinds not in it
	// are raised at once. Nil means none.
	Hold map[string]odds.Millis
	// Budget is how many anomalies of one kind and event are raised within an hour of
	// event time. Zero means 20, negative no limit.
	Budget int
}

// Verdict is what a [Policy] made of a candidate.
type Verdict uint8

// The verdicts. Raised, Worsened, Ended and Kept come with an anomaly to store;
// Worsened and Ended are the one raised before: same kind, event, nodes and At.
const (
	Ignored   Verdict = iota // under the threshold, or waiting to be confirmed
	Continues                // raised or suppressed before and still on
	Raised
	Worsened // its severity went up
	Ended    // Until is set
	Kept     // suppressed; the reason is in Suppressed
)

// Policy decides which candidates are raised: each once while it lasts, with a
// lower threshold for ending than for beginning, a cool-down, a time to be
// confirmed in and a budget an event. It is driven by event time alone and
// deterministic. O(1) a candidate. It is not safe for concurrent use.
type Policy struct {
	o      PolicyOptions
	events map[string]*eventState
}

// identity is what makes two candidates the same anomaly within an event.
type identity struct {
	kind  string
	layer odds.Layer
	a, b  odds.NodeID
}

// eventState is what is known of one event.
type eventState struct {
	cases    map[identity]*episode
	order    []*episode // those that are on and must be offered at every look
	hourFrom odds.Time
	raised   map[string]int // by kind, so that a frequent kind can't silence a rare one
}

// stage is how far an episode has come.
type stage uint8

const (
	idle stage = iota
	pending
	blocked
	raised
)

// episode is one anomaly from its first candidate to its end, and what is remembered of
// it afterwards.
type episode struct {
	stage   stage
	listed  bool // in eventState.order
	since   odds.Time
	offered odds.Time
	ended   odds.Time // 0 never
	anomaly Anomaly   // as first raised or offered
}

// NewPolicy returns a policy without memory.
func NewPolicy(o PolicyOptions) *Policy {
	if o.Reset == 0 {
		o.Reset = Reset
	}
	if o.CoolDown == 0 {
		o.CoolDown = 10 * minute
	}
	if o.Budget == 0 {
		o.Budget = 20
	}
	return &Policy{o: o, events: map[string]*eventState{}}
}

// Offer judges a candidate at event time now; times of one event must not
// decrease. The anomaly returned is to be stored unless the verdict is Ignored
// or Continues. A candidate with Until set ends what was raised, or is raised
// and over at once.
func (p *Policy) Offer(a Anomaly, now odds.Time) (Anomaly, Verdict) {
	ev := p.event(a.Event)
	s := ev.episode(a)
	s.offered = now
	switch {
	case s.stage == raised && (a.Until != 0 || a.Strength < p.o.Reset):
		return s.end(a.Until, a.Suppressed, now), Ended
	case s.stage == raised:
		return s.worsen(a)
	case a.Suppressed != "":
		ev.list(s, a)
		return keep(s, a)
	case a.Strength < 1 && a.Until == 0:
		return vanish(s, now)
	}
	if s.stage == idle {
		s.stage, s.since, s.anomaly = pending, now, a
	}
	ev.list(s, a)
	if a.Until == 0 && now.Sub(s.since) < p.o.Hold[a.Kind] {
		return Anomaly{}, Ignored
	}
	if reason := p.bar(ev, s, a.Kind, now); reason != "" {
		a.Suppressed = reason
		return keep(s, a)
	}
	return p.raise(ev, s, a, now), Raised
}

// EndLook ends what was on in a layer of an event and was not offered at now:
// edge anomalies and arbitrage, which are offered at every look. Call it after
// all candidates of a look; it appends what is to be stored. O(what is on).
func (p *Policy) EndLook(event string, layer odds.Layer, now odds.Time, dst []Anomaly) []Anomaly {
	ev := p.events[event]
	if ev == nil {
		return dst
	}
	stay := ev.order[:0]
	for _, s := range ev.order {
		switch {
		case s.stage == idle:
			s.listed = false
			continue
		case s.anomaly.Layer != layer || s.offered == now:
			stay = append(stay, s)
			continue
		case s.stage == raised:
			dst = append(dst, s.end(now, "", now))
		default:
			if a, v := vanish(s, now); v == Kept {
				dst = append(dst, a)
			}
		}
		s.listed = false
	}
	clear(ev.order[len(stay):])
	ev.order = stay
	return dst
}

// Close appends the end of everything that is on in an event which nobody has quoted
// since last: nothing was seen to last any longer. In order of time. O(cases of the
// event).
func (p *Policy) Close(event string, last odds.Time, dst []Anomaly) []Anomaly {
	ev := p.events[event]
	if ev == nil {
		return dst
	}
	from := len(dst)
	for _, s := range ev.cases {
		if s.stage == raised {
			until := max(last, s.anomaly.At)
			dst = append(dst, s.end(until, "", until)) // the cool-down is over by then
		}
		s.stage, s.listed = idle, false
	}
	ev.order = ev.order[:0]
	slices.SortFunc(dst[from:], func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Nodes, b.Nodes))
	})
	return dst
}

// Forget drops all memory of an event that is over.
func (p *Policy) Forget(event string) { delete(p.events, event) }

func (p *Policy) event(id string) *eventState {
	ev := p.events[id]
	if ev == nil {
		ev = newEventState()
		p.events[id] = ev
	}
	return ev
}

func newEventState() *eventState {
	return &eventState{raised: map[string]int{}, cases: map[identity]*episode{}}
}

func (ev *eventState) episode(a Anomaly) *episode {
	id := identity{kind: a.Kind, layer: a.Layer}
	switch {
	case a.Kind == Arbitrage:
		id.a = marketOf(a.Nodes) // its legs change while it lasts
	case len(a.Nodes) > 1:
		id.a, id.b = a.Nodes[0], a.Nodes[1]
	case len(a.Nodes) == 1:
		id.a = a.Nodes[0]
	}
	s := ev.cases[id]
	if s == nil {
		s = &episode{}
		ev.cases[id] = s
	}
	return s
}

// marketOf is the market of a leg, as a key.
func marketOf(nodes []odds.NodeID) odds.NodeID {
	if len(nodes) == 0 {
		return ""
	}
	_, event, market, _, ok := nodes[0].Parts()
	if !ok {
		return nodes[0]
	}
	return odds.NodeID(event + "/" + market)
}

// lasting reports whether a kind is offered at every look while it lasts;
// others say themselves when they end.
func lasting(kind string) bool {
	switch kind {
	case OutlierQuote, Desynchronisation, Incoherence, MoveSize, MoveFrequency, MoveClustering, Volatility, Premature, Delayed:
		return false
	}
	return true
}

func (ev *eventState) list(s *episode, a Anomaly) {
	if !s.listed && a.Until == 0 && lasting(a.Kind) {
		s.listed = true
		ev.order = append(ev.order, s)
	}
}

// bar returns why a confirmed candidate must not be raised.
func (p *Policy) bar(ev *eventState, s *episode, kind string, now odds.Time) string {
	if s.ended != 0 && now.Sub(s.ended) < p.o.CoolDown {
		return CoolingDown
	}
	if now.Sub(ev.hourFrom) >= hour {
		ev.hourFrom = now
		clear(ev.raised)
	}
	if p.o.Budget > 0 && ev.raised[kind] >= p.o.Budget {
		return OverBudget
	}
	return ""
}

func (p *Policy) raise(ev *eventState, s *episode, a Anomaly, now odds.Time) Anomaly {
	ev.raised[a.Kind]++
	a.At = s.anomaly.At // of its first abnormal tick, not of its confirmation
	a.Evidence.Text = a.Explain()
	s.stage, s.anomaly = raised, a
	if a.Until != 0 {
		s.stage, s.ended = idle, now
	}
	return a
}

// keep returns a suppressed candidate, once while it lasts.
func keep(s *episode, a Anomaly) (Anomaly, Verdict) {
	before := s.stage
	s.stage = blocked
	if a.Until != 0 {
		s.stage = idle
	}
	if before == blocked {
		return Anomaly{}, Continues
	}
	if before == pending {
		a.At = s.anomaly.At
	}
	a.Evidence.Text = a.Explain()
	s.anomaly = a
	return a, Kept
}

// vanish handles a candidate that is no longer there and was never raised.
func vanish(s *episode, now odds.Time) (Anomaly, Verdict) {
	was := s.stage
	s.stage = idle
	if was != pending {
		return Anomaly{}, Ignored
	}
	a := s.anomaly
	a.Until, a.Suppressed = now, Unconfirmed
	a.Evidence.Text = a.Explain()
	return a, Kept
}

// worsen remembers the worst that a raised anomaly has been. Its nodes stay those that
// it was raised with, by which it is known: the legs of an arbitrage change while it lasts,
// and those of its worst moment are in the evidence.
func (s *episode) worsen(a Anomaly) (Anomaly, Verdict) {
	if a.Suppressed != "" || a.Strength <= s.anomaly.Strength {
		return Anomaly{}, Continues
	}
	before := s.anomaly.Severity
	a.Evidence.Text = a.Explain()
	a.At, a.Nodes = s.anomaly.At, s.anomaly.Nodes
	s.anomaly = a
	if a.Severity.rank() > before.rank() {
		return a, Worsened
	}
	return Anomaly{}, Continues
}

func (s *episode) end(until odds.Time, reason string, now odds.Time) Anomaly {
	if until == 0 {
		until = now
	}
	s.stage, s.ended = idle, now
	s.anomaly.Until, s.anomaly.Suppressed = until, reason
	return s.anomaly
}
