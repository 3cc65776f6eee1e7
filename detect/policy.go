package detect

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// Reset is the default strength below which a raised anomaly ends.
const Reset = 0.75

// Reasons for which a [Policy] suppresses an anomaly.
const (
	CoolingDown = "cooling down: it was raised and ended shortly before"
	OverBudget  = "the event has used up its anomalies of this kind and hour"
	Unconfirmed = "gone before it was confirmed"
)

// Phantom is why an arbitrage that outlasts real ones is doubted: bettors close those.
const Phantom = "suspected phantom: it has lasted longer than a real arbitrage does"

// PhantomAfter is how long an arbitrage may last before it is taken for a phantom: a price
// that can't be bet on, two different questions, or a venue that does not update.
const PhantomAfter = 30 * minute

// phantom reports whether a raised arbitrage has lasted too long.
func (s *episode) phantom(a *Anomaly, now odds.Time) bool {
	return IsArbitrage(a.Kind) && now.Sub(s.anomaly.At) > PhantomAfter
}

// doubt leaves a raised anomaly in place, but no longer as anything urgent.
func (s *episode) doubt(why string) (Anomaly, Verdict) {
	if s.anomaly.Evidence.Suspected != "" {
		return Anomaly{}, Continues
	}
	s.anomaly.Severity, s.anomaly.Evidence.Suspected = SeverityLow, why
	s.anomaly.Evidence.Text += "; " + why
	return s.anomaly, Doubted
}

const hour = 60 * minute

// PolicyOptions control what is raised. The zero value is the default.
type PolicyOptions struct {
	// Reset is the strength in (0, 1] below which a raised anomaly ends. Zero means 0.75.
	Reset float64
	// CoolDown is how long after its end an anomaly is not raised again. Zero means 10
	// minutes, negative none.
	CoolDown odds.Millis
	// Hold is how long an anomaly of each kind must last before it is raised. Kinds not
	// listed are raised at once.
	Hold map[string]odds.Millis
	// Budget is how many anomalies of one kind and event are raised within an hour of
	// event time. Zero means 20, negative no limit.
	Budget int
}

// Verdict is a [Policy]'s decision on a candidate.
type Verdict uint8

// The verdicts. Raised, Worsened, Doubted, Ended and Kept come with an anomaly to store. For
// Worsened, Doubted and Ended it replaces the one raised before: same kind, event, nodes and
// At.
const (
	Ignored   Verdict = iota // below the threshold, or awaiting confirmation
	Continues                // raised or suppressed before, and still active
	Raised
	Worsened // its severity has increased
	Doubted  // it stays raised, at LOW: Evidence.Suspected says why
	Ended    // Until is set
	Kept     // suppressed; the reason is in Suppressed
)

// Policy decides which candidates are raised. It raises an anomaly once while it lasts,
// ends it at a lower threshold than it began, and applies a cool-down, a confirmation time
// and a budget per event. It is driven by event time alone and is deterministic. O(1) per
// candidate. It is not safe for concurrent use.
type Policy struct {
	o      PolicyOptions
	events map[string]*eventState
}

// identity identifies an anomaly within an event: candidates that share it are the same.
type identity struct {
	kind  string
	layer odds.Layer
	a, b  odds.NodeID
}

// eventState is the policy's state of one event.
type eventState struct {
	cases    map[identity]*episode
	order    []*episode // active ones that must be offered at every look
	hourFrom odds.Time
	raised   map[string]int // by kind, so that a frequent kind cannot use up a rare one's budget
}

// stage is how far an episode has progressed.
type stage uint8

const (
	idle stage = iota
	pending
	blocked
	raised
)

// episode is one anomaly from its first candidate to its end, and what must be remembered
// of it after that.
type episode struct {
	stage   stage
	listed  bool // in eventState.order
	since   odds.Time
	offered odds.Time
	ended   odds.Time // 0 if never
	anomaly Anomaly   // as first offered or raised
}

// NewPolicy returns a policy with empty memory.
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

// Offer judges a candidate at event time now; the times of one event must not decrease.
// Store the returned anomaly unless the verdict is Ignored or Continues. A candidate with
// Until set ends the raised anomaly, or is raised and ended at once. One that is suppressed,
// such as an arbitrage on stale legs, keeps none alive that is raised or waits to be.
func (p *Policy) Offer(a Anomaly, now odds.Time) (Anomaly, Verdict) {
	ev := p.event(a.Event)
	s := ev.episode(a)
	if s.stage != idle && !s.unfit() && a.Suppressed != "" && a.Until == 0 {
		return Anomaly{}, Continues // if nothing better is offered, EndLook ends it
	}
	s.offered = now
	switch {
	case s.stage == raised && (a.Until != 0 || a.Strength < p.o.Reset):
		return s.end(a.Until, a.Suppressed, now), Ended
	case s.stage == raised && s.phantom(&a, now):
		return s.doubt(Phantom)
	case s.stage == raised:
		return s.worsen(a)
	case a.Suppressed != "":
		ev.list(s, a)
		return keep(s, a)
	case a.Strength < 1 && a.Until == 0:
		return vanish(s, now)
	}
	if s.stage == idle || s.unfit() {
		s.stage, s.since = pending, now
		s.hold(&a)
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

// EndLook ends the active anomalies in a layer of an event that were not offered at now. It
// covers edge anomalies and arbitrage, which are offered at every look. Call it after all
// candidates of a look; it appends the anomalies to store. O(active anomalies).
func (p *Policy) EndLook(event string, layer odds.Layer, now odds.Time, dst []Anomaly) []Anomaly {
	return p.over(event, layer, dst, func(s *episode) (odds.Time, bool) { return now, s.offered != now })
}

// Lapse ends what EndLook covers and was offered last at a time that is too long gone, as of that
// time: nobody has looked since, and nothing says that it is still the same. Call it before the
// candidates of a look. O(active anomalies).
func (p *Policy) Lapse(event string, layer odds.Layer, gone func(last odds.Time) bool, dst []Anomaly) []Anomaly {
	return p.over(event, layer, dst, func(s *episode) (odds.Time, bool) { return s.offered, gone(s.offered) })
}

// over ends the active anomalies in a layer of an event that have ended, and says when.
func (p *Policy) over(event string, layer odds.Layer, dst []Anomaly, ended func(*episode) (odds.Time, bool)) []Anomaly {
	ev := p.events[event]
	if ev == nil {
		return dst
	}
	stay := ev.order[:0]
	for _, s := range ev.order {
		if s.stage == idle {
			s.listed = false
			continue
		}
		at, gone := ended(s)
		switch {
		case s.anomaly.Layer != layer || !gone:
			stay = append(stay, s)
			continue
		case s.stage == raised:
			dst = append(dst, s.end(at, "", at))
		default:
			if a, v := vanish(s, at); v == Kept {
				dst = append(dst, a)
			}
		}
		s.listed = false
	}
	clear(ev.order[len(stay):])
	ev.order = stay
	return dst
}

// Close ends all active anomalies of an event that has had no quotes since last, and
// appends them in order of time: there is no evidence that they lasted longer. O(episodes
// of the event).
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

// Marked adds the marks of an anomaly that was stored, so that later forms of it have them. It
// does nothing once another one has taken its place.
func (p *Policy) Marked(a *Anomaly) {
	if ev := p.events[a.Event]; ev != nil {
		if s := ev.cases[a.identity()]; s != nil && s.anomaly.Key() == a.Key() {
			s.anomaly.Evidence.Marks = a.Evidence.Marks
		}
	}
}

// hold makes a the newest form of the episode's anomaly; it keeps the marks of the one before
// if that was the same.
func (s *episode) hold(a *Anomaly) {
	if a.Key() == s.anomaly.Key() {
		a.Evidence.Marks = s.anomaly.Evidence.Marks
	}
	s.anomaly = *a
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

func (a *Anomaly) identity() identity {
	id := identity{kind: a.Kind, layer: a.Layer}
	switch {
	case IsArbitrage(a.Kind):
		id.a, id.b = Markets(a.Nodes) // its legs change during its life
	case len(a.Nodes) > 1:
		id.a, id.b = a.Nodes[0], a.Nodes[1]
	case len(a.Nodes) == 1:
		id.a = a.Nodes[0]
	}
	return id
}

func (ev *eventState) episode(a Anomaly) *episode {
	id := a.identity()
	s := ev.cases[id]
	if s == nil {
		s = &episode{}
		ev.cases[id] = s
	}
	return s
}

// Markets returns a key for the market of an arbitrage, by its legs: the market of the first,
// or its node if a long id hides it, and that of the second if it is another one, the lay
// prices of the first.
func Markets(nodes []odds.NodeID) (a, b odds.NodeID) {
	if len(nodes) == 0 {
		return "", ""
	}
	_, event, market, _, ok := nodes[0].Parts()
	if !ok {
		return nodes[0], ""
	}
	a = odds.NodeID(event + "/" + market)
	if len(nodes) > 1 {
		if _, _, other, _, ok := nodes[1].Parts(); ok && other != market {
			b = odds.NodeID(event + "/" + other)
		}
	}
	return a, b
}

// lasting reports whether a kind is offered at every look while it lasts. Other kinds
// report their own end.
func lasting(kind string) bool {
	switch kind {
	case OutlierQuote, Desynchronisation, Incoherence, MoveSize, MoveFrequency, MoveClustering, Volatility, Premature, Delayed:
		return false
	}
	return true
}

// unfit reports whether the episode was kept back for what it was, not for when it came. Then
// it begins with the first candidate that is fit.
func (s *episode) unfit() bool {
	return s.stage == blocked && s.anomaly.Suppressed != CoolingDown && s.anomaly.Suppressed != OverBudget
}

func (ev *eventState) list(s *episode, a Anomaly) {
	if !s.listed && a.Until == 0 && lasting(a.Kind) {
		s.listed = true
		ev.order = append(ev.order, s)
	}
}

// bar returns the reason why a confirmed candidate must not be raised, if any.
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
	a.At = s.anomaly.At // the first abnormal tick, not the confirmation
	a.Evidence.Text = a.Explain()
	s.stage = raised
	s.hold(&a)
	if a.Until != 0 {
		s.stage, s.ended = idle, now
	}
	return a
}

// keep returns a suppressed candidate, once per episode.
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
	s.hold(&a)
	return a, Kept
}

// vanish ends a candidate that is gone and was never raised.
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

// worsen records the worst state of a raised anomaly. Its nodes stay those it was raised
// with, because they identify it. The legs of an arbitrage change during its life; those of
// its worst moment are in the evidence.
func (s *episode) worsen(a Anomaly) (Anomaly, Verdict) {
	if a.Suppressed != "" || a.Strength <= s.anomaly.Strength {
		return Anomaly{}, Continues
	}
	before := s.anomaly.Severity
	a.Evidence.Text = a.Explain()
	a.At, a.Nodes = s.anomaly.At, s.anomaly.Nodes
	s.hold(&a)
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
