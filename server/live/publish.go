package live

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
)

// interest is how long after its last reader a view is kept current.
const interest = time.Minute

// publisher turns the loop's state into values for readers. It belongs to the
// loop's goroutine, as do the engine, book and changes that it reads; it writes hub
// and published, which anybody may read.
type publisher struct {
	e       *engine.Engine
	book    *book
	changes *changes
	out     *published
	hub     *Hub
	modes   *atomic.Pointer[modes]
	intake  Intake     // nil: unknown
	queue   func() int // length of the queue of deliveries
	clock   func() time.Time
	watch   *stopwatch
	learn   *learner
	told    func(received, appended time.Duration)

	recovered bool      // the log is read back: subscribers get messages
	catching  bool      // ticks are accepted though it may not be
	arrived   odds.Time // by the clock, when the newest applied delivery was accepted
	heard     time.Time // the same moment on the wall clock
	version   uint64
	slots     map[string]*slot // for the loop, without the sync.Map
	dirty     map[string]bool  // events with a view that has changed since
	shown     *modes           // modes of the current views
	decided   bool
	drawn     *store.Judgement // the learner's that judged is made of; nil before the first
	judged    *store.Judgement
	looked    odds.Time     // windows up to then were decided when it was looked last
	dueSince  time.Duration // since when the next one has been over and nothing was decided; 0: it is not over
	listed    uint64        // sequence number of the newest anomaly that published.recent may hold
	events    eventList
	missed    map[string]int // missed polls by source
	moves     moves
	messages  []Message

	under bool          // a publication is under way
	idle  bool          // it renews layers on standby too
	left  []string      // events that it has still to look at
	spent time.Duration // on it so far
}

// newPublisher returns a publisher over the loop's engine, book and changes.
func newPublisher(o *Options, hub *Hub, modes *atomic.Pointer[modes], out *published, watch *stopwatch) *publisher {
	return &publisher{
		hub: hub, modes: modes, out: out, watch: watch, told: o.Told, intake: o.Intake, clock: o.Clock,
		judged: store.Undecided(), slots: map[string]*slot{}, dirty: map[string]bool{}, missed: map[string]int{}, moves: newMoves(),
	}
}

// note records the engine's news, after the book has.
func (p *publisher) note(n *engine.News) {
	for _, id := range n.Forgotten { // some return at once, as touched events
		delete(p.dirty, id)
		delete(p.slots, id)
		p.changes.forget(id)
		p.out.slots.Delete(id)
	}
	for _, id := range n.Touched {
		s := p.slots[id]
		if s == nil {
			s = &slot{}
			p.slots[id] = s
			p.out.slots.Store(id, s)
		}
		p.changed(s, id)
	}
	for i := range n.Anomalies { // some end, or have their marks, on matches that are quoted no more
		if id := n.Anomalies[i].Event; p.slots[id] != nil {
			p.changed(p.slots[id], id)
		}
	}
	p.decided = p.decided || n.Decided
	if p.recovered { // no messages about what happened before the restart
		p.tell(n)
	}
}

// changed notes that an event must be shown and saved anew.
func (p *publisher) changed(s *slot, id string) {
	if s.view.Load() != nil { // it has readers
		p.dirty[id] = true
	}
	p.changes.note(s, id)
}

// tell turns news into messages.
func (p *publisher) tell(n *engine.News) {
	if p.hub.heard(time.Now()) {
		for _, m := range n.Moves {
			p.moves.add(m)
		}
	} else if len(n.Moves) > 0 {
		p.hub.skip()
	}
	for i := range n.Issued {
		p.messages = append(p.messages, Message{Kind: "prediction", Event: n.Issued[i].Event, At: n.Issued[i].IssuedAt, Data: Issued{n.Issued[i]}})
	}
	for i := range n.Revised { // the same forecast, with what it states now
		p.messages = append(p.messages, Message{Kind: "prediction", Event: n.Revised[i].Event, At: n.Revised[i].Newest().At, Data: Issued{n.Revised[i]}})
	}
	for i := range n.Answered {
		p.messages = append(p.messages, Message{Kind: "outcome", Event: n.Answered[i].Event, At: n.Answered[i].ResolvedAt, Data: Settled{n.Answered[i]}})
	}
	for i := range n.Anomalies {
		a := AnomalyUpdate{p.book.seq - uint64(len(n.Anomalies)-1-i), n.Anomalies[i]}
		p.messages = append(p.messages, Message{Kind: "anomaly", Key: fmt.Sprint(a.Key()), Event: a.Event, At: a.At, Data: a})
	}
}

// news publishes at once what follows from what has just been told: all but moves, which are
// summed up until the next publication.
func (p *publisher) news(d *delivery) {
	if len(p.messages) == 0 {
		return
	}
	forecast := slices.ContainsFunc(p.messages, func(m Message) bool { return m.Kind == "prediction" })
	p.hub.Publish(p.messages...)
	clear(p.messages)
	p.messages = p.messages[:0]
	if present := d.accepted.Sub(p.e.Now()) <= recordedAfter; forecast && present && d.accepted != 0 { // a recording that is sent has all the time
		p.told(max(0, p.clock().Sub(d.accepted.Std())), p.watch.now()-d.appended)
	}
}

// publish renews what readers see, at a stretch.
func (p *publisher) publish(idle bool) {
	for p.step() {
	}
	p.begin(idle)
	for p.step() {
	}
}

// begin begins a publication, unless one is under way. Layers on standby are renewed only if idle,
// when no delivery waits.
func (p *publisher) begin(idle bool) {
	if p.under {
		return
	}
	p.under, p.idle, p.spent = true, idle, 0
	p.obeyed()
	p.messages = p.moves.flush(p.messages)
	if m := p.modes.Load(); m != p.shown {
		p.shown = m
		p.allDirty() // views lack a layer that was off
	}
	p.left = slices.AppendSeq(p.left[:0], maps.Keys(p.dirty))
	p.events.begin(p.watch.now(), p)
}

// step goes on with the publication under way: it renews one view, then lists some events and,
// once there are none left, publishes the rest. It reports whether there is more to do. Others
// have their turn between two steps: all views together take a few tens of milliseconds.
func (p *publisher) step() (more bool) {
	if !p.under {
		return false
	}
	start := p.watch.now()
	switch more = true; {
	case len(p.left) > 0:
		p.view(start)
	case len(p.events.left) > 0:
		p.list(start)
	default:
		more = false
		p.rest()
	}
	p.spent += p.watch.now() - start
	if !more {
		p.under = false
		p.watch.timed("publish", p.spent)
	}
	runtime.Gosched() // let readers run
	return more
}

// always is ready to be received from.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// more is ready while a publication is under way.
func (p *publisher) more() <-chan struct{} {
	if p.under {
		return always
	}
	return nil
}

// view renews the next view, if it has changed and somebody reads it.
func (p *publisher) view(now time.Duration) {
	id := p.left[len(p.left)-1]
	p.left = p.left[:len(p.left)-1]
	s := p.slots[id]
	switch {
	case !p.dirty[id]:
	case s == nil || now-time.Duration(s.wanted.Load()) > interest:
		if s != nil {
			s.view.Store(nil) // the next reader requests it again
		}
		delete(p.dirty, id)
	default:
		p.renew(id, p.idle)
	}
}

// rest publishes all but views, and the messages that the publication made.
func (p *publisher) rest() {
	p.judge()
	p.state()
	if p.book.seq != p.listed {
		p.listed = p.book.seq
		p.out.recent.Store(nil)
	}
	p.hub.Publish(p.messages...)
	clear(p.messages)
	p.messages = p.messages[:0]
}

// renew renews the view of one event.
func (p *publisher) renew(id string, idle bool) {
	s := p.slots[id]
	if s == nil {
		return
	}
	old, modes := s.view.Load(), p.modes.Load()
	var layers [4]bool
	for i := range layers {
		layers[i] = !modes.off[i] && (idle || old == nil || old.LayerAsOf[i] == 0 || !modes.standby[i])
	}
	ev, ok := p.e.View(id, layers)
	if !ok {
		return
	}
	p.version++
	v := &View{EventView: ev, Version: p.version}
	for i := range layers {
		switch {
		case layers[i]:
			v.LayerAsOf[i] = ev.AsOf
		case old != nil && !modes.off[i]:
			v.Layers[i], v.LayerAsOf[i] = old.Layers[i], old.LayerAsOf[i]
		}
	}
	if b := p.book.events[id]; b != nil {
		if b.changed || old == nil {
			v.Anomalies, v.Settled = slices.Clone(b.anomalies), slices.Clone(b.settled)
		} else {
			v.Anomalies, v.Settled = old.Anomalies, old.Settled
		}
		b.changed = false
	}
	v.remember(old, p.e.DecidedAt())
	s.view.Store(v)
	delete(p.dirty, id)
	if old != nil {
		p.messages = append(p.messages, Message{Kind: "graph", Key: id, Event: id, At: v.AsOf, Data: Renewed{v.Version}})
	}
}

// obeyed marks everything for renewal if a verdict has come into force: any link may have
// changed.
func (p *publisher) obeyed() {
	if !p.decided {
		return
	}
	p.decided = false
	p.allDirty()
	for id, s := range p.slots {
		p.changes.note(s, id)
	}
}

// judge takes over the newest judgement, once its verdict is in force, and what the newest check
// says of that verdict or an earlier one.
func (p *publisher) judge() {
	if j := p.learn.judged.Load(); j != nil && j != p.drawn && j.DecidedAt <= p.e.DecidedAt() {
		p.drawn, p.judged = j, j.Checked(p.judged.Check, p.judged.Opinions)
		if p.recovered {
			p.messages = append(p.messages, Message{Kind: "decision", Key: "decision", At: j.DecidedAt, Data: Decided{len(j.Families)}})
		}
	}
	if c := p.learn.check.newest.Load(); c != nil && c.mismatch.At > p.judged.Check.At && c.mismatch.At <= p.judged.DecidedAt {
		p.judged = p.judged.Checked(c.mismatch, c.opinions)
	}
}

// undecided is how long nothing has been decided though a window is over.
func (p *publisher) undecided(now time.Duration) time.Duration {
	looked := p.learn.out.Reached()
	switch {
	case !p.recovered || looked >= p.e.LastLook(p.e.Now()):
		p.dueSince = 0
		return 0
	case p.dueSince == 0 || looked != p.looked:
		p.dueSince = now
	}
	p.looked = looked
	return now - p.dueSince
}

// allDirty marks every view for renewal.
func (p *publisher) allDirty() {
	for id, s := range p.slots {
		if s.view.Load() != nil {
			p.dirty[id] = true
		}
	}
}

// state publishes the State.
func (p *publisher) state() {
	counts := p.e.Counts()
	counts.Coincidences = int(p.learn.met.Load())
	reading := !p.recovered || !p.learn.back.Load() // the log is being read back
	s := &State{
		Recovering: reading, CatchingUp: reading && p.catching, AsOf: p.e.Now(), Arrived: p.arrived, Heard: p.heard, Published: odds.TimeOf(p.clock()), Renewed: time.Now(), Counts: counts,
		Queue: p.queue(), Issued: p.book.issued, Dropped: p.book.settled.dropped,
		Outcomes: map[ledger.Outcome][5]uint64{}, Judgement: p.judged, Ambiguities: p.e.Ambiguities(),
		Undecided: p.undecided(p.watch.now()), Unchecked: p.learn.check.awaited(), Unlearnt: p.learn.in.Waiting(),
	}
	s.Events, s.Leagues = p.events.rows, p.events.of
	s.Feeds = p.feeds()
	if p.intake != nil {
		s.HeldBack = p.intake.HeldBack()
	}
	for k, n := range p.book.outcomes {
		o := s.Outcomes[k.outcome]
		o[k.layer] = n
		s.Outcomes[k.outcome] = o
	}
	for k, n := range p.book.kinds {
		s.Anomalies = append(s.Anomalies, AnomalyCount{k.kind, k.layer, k.suppressed, n})
	}
	slices.SortFunc(s.Anomalies, AnomalyCount.compare)
	p.out.state.Store(s)
}

// feeds adds the engine's knowledge of clocks to the feeds, and publishes polls
// that never arrived.
func (p *publisher) feeds() (out []feed.Stats) {
	of := map[string]engine.Source{}
	for _, s := range p.e.Sources() {
		of[s.Name] = s
		if was, ok := p.missed[s.Name]; ok && s.Missed > was && p.recovered {
			p.messages = append(p.messages, Message{Kind: "gap", Key: s.Name, At: p.e.Now(), Data: Missed{s}})
		}
		p.missed[s.Name] = s.Missed
	}
	if p.intake == nil {
		return nil
	}
	out = slices.Clone(p.intake.Feeds())
	for i := range out {
		if s, ok := of[out[i].Source]; ok {
			out[i].Step, out[i].Missed = s.Step, s.Missed
		}
	}
	clocked(out, p.e.Clocks())
	return out
}

// clocked adds to feeds what the engine doubts of their clocks and prices. A source has the
// worst clock of its venues.
func clocked(out []feed.Stats, all []engine.Clock) {
	for _, c := range all {
		for i := range out {
			f := &out[i]
			if f.Source != c.Source || f.Venue != "" && f.Venue != c.Venue {
				continue
			}
			if skew := max(c.Ahead, c.Drift, -c.Drift); skew > f.Skew {
				f.Skew, f.Doubt = skew, c.Skew.String()
			}
			if f.Venue != "" {
				f.CopyOf = c.CopyOf
			}
		}
	}
}
