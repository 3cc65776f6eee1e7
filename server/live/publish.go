package live

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// View is what readers see of one event. It is immutable.
type View struct {
	engine.EventView
	Version   uint64              // grows with every view of any event
	LayerAsOf [4]odds.Time        // event time of each layer's edges; 0 for a layer that is off
	Alarms    []AnomalyUpdate     // the event's newest, oldest first
	Settled   []ledger.Prediction // the event's newest, oldest first
	Past      []Past              // the graph as it was when the view was first asked for and after each decision since, oldest first

	decided odds.Time // the decision that it rests on
}

// State is what readers see of the whole. It is immutable.
type State struct {
	Recovering bool      // the log is being read back: not everything is there yet
	AsOf       odds.Time // event time applied; 0 before the first tick
	Arrived    odds.Time // wall clock at which the newest of it was accepted; 0 none since the start
	Published  odds.Time // wall clock
	Renewed    time.Time // the same moment by the true clock, which no drill sets
	Counts     engine.Counts
	Queue      int // deliveries that wait to be applied
	HeldBack   int // batches that wait for their place
	Feeds      []Feed
	Events     []EventRow // by newest quote, then id
	Issued     uint64
	Dropped    uint64 // answered predictions that the scorecard holds no more
	Outcomes   map[ledger.Outcome][5]uint64
	Anomalies  []AnomalyCount

	*Judgement // of the last decision; never nil
}

// Judgement is what the last decision said.
type Judgement struct {
	DecidedAt odds.Time // event time; 0 before the first
	Nodes     int
	Families  []graph.Family
	Groups    []engine.Group
	Opinions  map[string]graph.Opinion
	Check     engine.Mismatch
	Doubts    []catalog.Ambiguity
}

// EventRow is one event in a list.
type EventRow struct {
	catalog.Event
	Last    odds.Time // newest quote
	Open    int       // forecasts that wait for their answer
	Alarms  int       // anomalies that are on
	Quotes  int       // prices shown
	Markets int
}

// AnomalyCount is how many anomalies of a kind there were since the start.
type AnomalyCount struct {
	Kind       string
	Layer      odds.Layer
	Suppressed bool
	N          uint64
}

// slot is an event's place among what is published.
type slot struct {
	view   atomic.Pointer[View] // nil while nobody is interested
	wanted atomic.Int64         // when the last reader came, of Live.up

	unsaved bool // since it was saved last; owned by the loop
}

// interest is how long after its last reader an event's view is kept current.
const interest = time.Minute

// publisher turns what the loop knows into values for readers.
type publisher struct {
	lp        *loop
	feeds     []Feed
	recovered bool
	version   uint64
	slots     map[string]*slot // the loop's own way to them
	dirty     map[string]bool  // events with a view that has changed since
	modes     *modes           // of the views
	decided   bool
	judged    *Judgement
	alarms    uint64 // number of the newest alarm that Live.alarms may hold
	rows      []EventRow
	rowsAt    time.Duration // of Live.up
	rowsTook  time.Duration
	missed    map[string]int
	moves     map[odds.NodeID]int // index into pending
	pending   []engine.Move
	messages  []Message
}

func (p *publisher) note(n *engine.News) {
	save := p.lp.l.save
	for _, id := range n.Forgotten { // some of them come again at once: they are touched
		delete(p.dirty, id)
		delete(p.slots, id)
		save.forget(id)
		p.lp.l.slots.Delete(id)
	}
	for _, id := range n.Touched {
		s := p.slots[id]
		if s == nil {
			s = &slot{}
			p.slots[id] = s
			p.lp.l.slots.Store(id, s)
		}
		if s.view.Load() != nil { // somebody looks at it
			p.dirty[id] = true
		}
		save.note(s, id)
	}
	p.decided = p.decided || n.Decided
	if !p.recovered {
		return // nobody is told again what happened before
	}
	if p.lp.l.hub.heard(time.Now()) {
		for _, m := range n.Moves {
			p.move(m)
		}
	} else if len(n.Moves) > 0 {
		p.lp.l.hub.skip()
	}
	for i := range n.Issued {
		p.messages = append(p.messages, Message{Kind: "prediction", Event: n.Issued[i].Event, At: n.Issued[i].IssuedAt, Data: n.Issued[i]})
	}
	for i := range n.Settled {
		p.messages = append(p.messages, Message{Kind: "outcome", Event: n.Settled[i].Event, At: n.Settled[i].ResolvedAt, Data: n.Settled[i]})
	}
	for i := range n.Anomalies {
		a := AnomalyUpdate{p.lp.book.seq - uint64(len(n.Anomalies)-1-i), n.Anomalies[i]}
		p.messages = append(p.messages, Message{Kind: "anomaly", Key: fmt.Sprint(a.Kind, a.At, last(a.Nodes), a.Event), Event: a.Event, At: a.At, Data: a})
	}
}

// move adds up what a series has moved since the last publication.
func (p *publisher) move(m engine.Move) {
	i, ok := p.moves[m.Node]
	if !ok {
		p.moves[m.Node] = len(p.pending)
		p.pending = append(p.pending, m)
		return
	}
	m.Raw += p.pending[i].Raw
	m.RMS = p.pending[i].RMS
	p.pending[i] = m
}

// mostMoves bounds the moves that one publication tells of: the largest, each by
// its own usual size.
const mostMoves = 1024

// flushMoves makes messages of the moves since the last publication.
func (p *publisher) flushMoves() {
	if len(p.pending) > mostMoves {
		size := func(m engine.Move) float64 { return math.Abs(m.Raw) / max(m.RMS, 1e-9) }
		slices.SortFunc(p.pending, func(a, b engine.Move) int { return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Node, b.Node)) })
		p.pending = p.pending[:mostMoves]
	}
	for _, m := range p.pending {
		p.messages = append(p.messages, Message{Kind: "move", Key: string(m.Node), Event: m.Event, At: m.At, Data: m})
	}
	p.pending = p.pending[:0]
	clear(p.moves)
}

// publish renews what readers see. Layers on standby are renewed when nothing
// waits to be applied.
func (lp *loop) publish(idle bool) {
	p, start := &lp.pub, lp.l.up()
	if p.decided || p.judged == nil {
		p.judge()
	}
	p.flushMoves()
	if m := lp.l.modes.Load(); m != p.modes {
		p.modes = m
		p.allDirty() // a layer that was off is in none of them
	}
	for id := range p.dirty {
		s := p.slots[id]
		if s == nil || start-time.Duration(s.wanted.Load()) > interest {
			if s != nil {
				s.view.Store(nil) // the next reader asks for it
			}
			delete(p.dirty, id)
			continue
		}
		lp.publishEvent(id, idle)
		runtime.Gosched() // a reader's turn: all of them together take milliseconds
	}
	p.state(start)
	if lp.book.seq != p.alarms {
		p.alarms = lp.book.seq
		lp.l.alarms.Store(nil)
	}
	lp.l.hub.Publish(p.messages...)
	clear(p.messages)
	p.messages = p.messages[:0]
	lp.l.timed("publish", start)
}

// publishEvent renews the view of one event.
func (lp *loop) publishEvent(id string, idle bool) {
	p := &lp.pub
	s := p.slots[id]
	if s == nil {
		return
	}
	old, modes := s.view.Load(), lp.l.modes.Load()
	var layers [4]bool
	for i := range layers {
		layers[i] = !modes.off[i] && (idle || old == nil || old.LayerAsOf[i] == 0 || !modes.standby[i])
	}
	ev, ok := lp.e.View(id, layers)
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
	if b := lp.book.events[id]; b != nil {
		v.Alarms, v.Settled = slices.Clone(b.anomalies), slices.Clone(b.settled)
	}
	v.remember(old, lp.e.DecidedAt())
	s.view.Store(v)
	delete(p.dirty, id)
	if old != nil {
		p.messages = append(p.messages, Message{Kind: "graph", Key: id, Event: id, At: v.AsOf, Data: v.Version})
	}
}

// judge takes over what the last decision said.
func (p *publisher) judge() {
	e := p.lp.e
	p.decided = false
	j := &Judgement{DecidedAt: e.DecidedAt(), Nodes: e.Nodes(), Families: e.Families(), Groups: e.Groups(), Opinions: e.Opinions(), Check: e.Mismatch()}
	_, j.Doubts = e.Catalog()
	p.judged = j
	p.allDirty() // every link may look otherwise now
	for id, s := range p.slots {
		p.lp.l.save.note(s, id)
	}
	if p.recovered {
		p.messages = append(p.messages, Message{Kind: "decision", Key: "decision", At: j.DecidedAt, Data: len(j.Families)})
	}
}

// allDirty has every view made anew.
func (p *publisher) allDirty() {
	for id, s := range p.slots {
		if s.view.Load() != nil {
			p.dirty[id] = true
		}
	}
}

// rowsEvery is how often the list of events is renewed, or seldomer, down to
// rowsSeldom, where it is so long that it would take more than a fiftieth of the time.
const (
	rowsEvery  = time.Second
	rowsSeldom = 10 * time.Second
)

func (p *publisher) state(now time.Duration) {
	lp := p.lp
	if p.rows == nil || now-p.rowsAt >= max(rowsEvery, min(50*p.rowsTook, rowsSeldom)) {
		p.rows, p.rowsAt = lp.rows(), now
		p.rowsTook = lp.l.up() - now
	}
	s := &State{
		Recovering: !p.recovered, AsOf: lp.e.Now(), Arrived: lp.arrived, Published: odds.TimeOf(lp.l.o.Clock()), Renewed: time.Now(), Counts: lp.e.Counts(),
		Queue: len(lp.in), HeldBack: len(lp.order.heap), Feeds: p.clocks(), Events: p.rows, Issued: lp.book.issued, Dropped: lp.book.dropped,
		Outcomes: map[ledger.Outcome][5]uint64{}, Judgement: p.judged,
	}
	for k, n := range lp.book.outcomes {
		o := s.Outcomes[k.outcome]
		o[k.layer] = n
		s.Outcomes[k.outcome] = o
	}
	for k, n := range lp.book.kinds {
		s.Anomalies = append(s.Anomalies, AnomalyCount{k.kind, k.layer, k.suppressed, n})
	}
	slices.SortFunc(s.Anomalies, func(a, b AnomalyCount) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Kind, b.Kind))
	})
	lp.l.state.Store(s)
}

// clocks adds to the feeds what the engine knows of their clocks, and tells of
// polls that never came.
func (p *publisher) clocks() []Feed {
	out := slices.Clone(p.feeds)
	if p.missed == nil {
		p.missed = map[string]int{}
	}
	of := map[string]engine.Source{}
	for _, s := range p.lp.e.Sources() {
		of[s.Name] = s
		if was, ok := p.missed[s.Name]; ok && s.Missed > was && p.recovered {
			p.messages = append(p.messages, Message{Kind: "gap", Key: s.Name, At: p.lp.e.Now(), Data: s})
		}
		p.missed[s.Name] = s.Missed
	}
	for i := range out {
		if s, ok := of[out[i].Source]; ok {
			out[i].Step, out[i].Missed = s.Step, s.Missed
		}
	}
	return out
}

func (lp *loop) rows() []EventRow {
	sums := lp.e.EventSums()
	rows := make([]EventRow, 0, len(sums))
	for i := range sums {
		r := EventRow{Event: sums[i].Event, Last: sums[i].Last, Open: sums[i].Open, Quotes: sums[i].Quotes, Markets: sums[i].Markets}
		if b := lp.book.events[r.ID]; b != nil {
			for k := range b.anomalies {
				if a := &b.anomalies[k]; a.Until == 0 && a.Suppressed == "" {
					r.Alarms++
				}
			}
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b EventRow) int { return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.ID, b.ID)) })
	return rows
}

// State returns the newest state.
func (l *Live) State() *State { return l.state.Load() }

// View returns the newest view of an event, or asks for one when nobody was
// interested before; while the loop is busy with a decision an older one may be
// all there is. ErrUnknown where there is no such event.
func (l *Live) View(ctx context.Context, id string) (*View, error) {
	x, ok := l.slots.Load(id)
	if !ok {
		return nil, fmt.Errorf("%w %q", ErrUnknown, id)
	}
	s := x.(*slot)
	s.wanted.Store(int64(l.up()))
	if v := s.view.Load(); v != nil {
		return v, nil
	}
	err := l.do(ctx, func() { l.loop.publishEvent(id, true) })
	if v := s.view.Load(); v != nil {
		return v, nil
	}
	if err == nil {
		err = fmt.Errorf("%w %q", ErrUnknown, id) // forgotten meanwhile
	}
	return nil, err
}

// Inspect explains the link between two nodes; ok is false where they are not
// watched together.
func (l *Live) Inspect(ctx context.Context, source, target odds.NodeID, most int) (d engine.Detail, ok bool, err error) {
	type answer struct {
		d  engine.Detail
		ok bool
	}
	got := make(chan answer, 1)
	err = l.do(ctx, func() {
		d, ok := l.loop.e.Inspect(source, target, most)
		got <- answer{d, ok}
	})
	if err != nil {
		return d, false, err
	}
	a := <-got
	return a.d, a.ok, nil
}

// recent are the newest alarms, at most so many.
type recent struct {
	most int
	list []AnomalyUpdate
}

// Alarms returns the newest anomalies of all events, newest first, at most so many.
// They are gathered once a publication, because the loop waits meanwhile, and
// shared: nobody may change them.
func (l *Live) Alarms(ctx context.Context, most int) ([]AnomalyUpdate, error) {
	if r := l.alarms.Load(); r != nil && r.most == most {
		return r.list, nil
	}
	got := make(chan []AnomalyUpdate, 1)
	err := l.do(ctx, func() {
		r := l.alarms.Load()
		if r == nil || r.most != most { // others may have asked meanwhile
			r = &recent{most, l.loop.book.alarms(most)}
			l.alarms.Store(r)
		}
		got <- r.list
	})
	if err != nil {
		return nil, err
	}
	return <-got, nil
}
