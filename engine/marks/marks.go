package marks

import (
	"math"
	"slices"
	"strings"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/fair"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// most bounds the prices of a match that await marks. Anomalies beyond have none.
const most = 4096

// Bets knows the marks of the bets of calls.
type Bets interface {
	Marks(ev *board.Event, call string) ([]money.Mark, bool)
}

// Keeper is the anomalies of one engine that await marks.
type Keeper struct {
	Refused int // anomalies without marks because too many of their match await theirs

	board   *board.Board
	bets    Bets
	tell    func(detect.Anomaly)
	waiting map[*board.Event]*match
	next    odds.Time // when the next mark is due
	view    detect.MarketView
}

// match is the anomalies of an event that await marks, oldest first.
type match struct {
	all    []*entry
	prices int
	due    odds.Time // the earliest mark
}

// entry is an anomaly that awaits marks.
type entry struct {
	anomaly detect.Anomaly // as told last
	from    odds.Time      // when it was told first
	legs    []leg
	made    int // marks that are made or came too late
	marks   []detect.Mark
}

// leg is a price of an anomaly.
type leg struct {
	node  odds.NodeID
	book  *board.Book
	price fair.Price
	was   float64 // decimal, as shown when the anomaly was told first; at most 1: none
	fee   float64 // of the venue; NaN: unknown
	lay   bool    // or raw: no probability is stated
}

// New returns an empty keeper, which passes each anomaly to tell once its marks are complete.
// Anomalies of value have the fair probabilities of their bets in b.
func New(bd *board.Board, b Bets, tell func(detect.Anomaly)) *Keeper {
	return &Keeper{board: bd, bets: b, tell: tell, waiting: map[*board.Event]*match{}, next: odds.Never}
}

// nodes are the prices that an anomaly is about; none where there is nothing to take.
func nodes(a *detect.Anomaly) []odds.NodeID {
	switch {
	case len(a.Nodes) == 0:
		return nil
	case detect.IsArbitrage(a.Kind):
		return a.Nodes
	case a.Kind == detect.OutlierQuote || a.Kind == detect.Desynchronisation || a.Kind == detect.Value:
		return a.Nodes[:1]
	case a.Kind == detect.HiddenEdge:
		return a.Nodes[len(a.Nodes)-1:]
	}
	return nil
}

// Told takes a report of an anomaly; the first one opens its marks. Cost: O(outcomes and venues
// of its markets) for the first, O(waiting on its match) for others.
func (k *Keeper) Told(a *detect.Anomaly, first bool) {
	about := nodes(a)
	ev := k.board.Event(a.Event)
	if len(about) == 0 || ev == nil {
		return
	}
	w, key := k.waiting[ev], a.Key()
	if w != nil {
		for _, e := range w.all {
			if e.anomaly.Key() == key {
				e.anomaly = own(a)
				return
			}
		}
	}
	if !first || a.Evidence.Marks != nil {
		return
	}
	e := &entry{anomaly: own(a), from: k.board.Now}
	for _, id := range about {
		if l, ok := k.leg(ev, id, a); ok {
			e.legs = append(e.legs, l)
		}
	}
	k.open(ev, e)
}

// own is a copy of an anomaly that shares nothing that is not saved once.
func own(a *detect.Anomaly) detect.Anomaly {
	c := *a
	c.Evidence.Bets, c.Evidence.Origin = c.Evidence.Bets.Clone(), c.Evidence.Origin.Clone()
	return c
}

func (k *Keeper) open(ev *board.Event, e *entry) {
	w := k.waiting[ev]
	switch {
	case len(e.legs) == 0:
		return
	case w == nil:
		w = &match{due: odds.Never}
		k.waiting[ev] = w
	case w.prices+len(e.legs) > most:
		k.Refused++
		return
	}
	w.all, w.prices = append(w.all, e), w.prices+len(e.legs)
	w.due = min(w.due, e.due())
	k.next = min(k.next, w.due)
}

// due is when the next mark of an entry is.
func (e *entry) due() odds.Time {
	if after, ok := money.MarkAfter(e.made); ok {
		return e.from.Add(after)
	}
	return odds.Never
}

// leg finds a price on the board. k.view is that of its market afterwards.
func (k *Keeper) leg(ev *board.Event, id odds.NodeID, a *detect.Anomaly) (l leg, ok bool) {
	venue, _, market, _, whole := id.Parts()
	for _, m := range ev.Markets {
		if whole && (!strings.HasPrefix(market, m.Family) || k.board.Book(m, venue) == nil) {
			continue
		}
		k.board.View(m, k.board.Now, &k.view)
		for i := range k.view.Venues {
			w := &k.view.Venues[i]
			s := slices.Index(w.Nodes, id)
			b := k.board.Book(m, w.Venue)
			if s < 0 || b == nil {
				continue
			}
			l = leg{node: id, book: b, was: b.Offer(s), fee: b.Venue.Commission, lay: k.view.Lay || k.view.Raw}
			if b.Venue.FeeUnknown {
				l.fee = math.NaN()
			}
			l.price = fair.Price{Sport: ev.Sport, Market: m.Family, K: s, Line: w.Lines[s], Worth: w.Worth[s], Listed: fair.Count(w.Listed)}
			l.price.Without = k.without(w, a)
			return l, true
		}
	}
	return l, false
}

// without lists the venues in the view that are no opinion beside a venue's: itself, the leader
// of a hidden edge, and what is grouped with them.
func (k *Keeper) without(w *detect.VenueView, a *detect.Anomaly) []string {
	names, groups := []string{w.Venue}, []int{w.Group}
	if a.Kind == detect.HiddenEdge {
		leader, _, _, _, _ := a.Nodes[0].Parts()
		for i := range k.view.Venues {
			if x := &k.view.Venues[i]; x.Venue == leader {
				names, groups = append(names, leader), append(groups, x.Group)
			}
		}
	}
	return fair.Left(&k.view, names, groups)
}

// Look marks the anomalies on the matches of a batch, after the ledger of bets has looked. Cost:
// O(1) while no mark is due, else O(waiting on these matches).
func (k *Keeper) Look() {
	at := k.board.Now
	if at < k.next {
		return
	}
	looked := false
	for _, ev := range k.board.Quoted {
		w := k.waiting[ev]
		if w == nil || at < w.due {
			continue
		}
		looked = true
		k.advance(ev, w, func(e *entry) bool { return k.look(e, at) })
	}
	if looked {
		k.again()
	}
}

// again finds when the next mark is due.
func (k *Keeper) again() {
	k.next = odds.Never
	for _, w := range k.waiting {
		k.next = min(k.next, w.due)
	}
}

// advance follows the anomalies of a match and tells those that are done.
func (k *Keeper) advance(ev *board.Event, w *match, done func(*entry) bool) {
	w.all = slices.DeleteFunc(w.all, func(e *entry) bool {
		if !done(e) {
			return false
		}
		w.prices -= len(e.legs)
		k.tell(k.whole(ev, e))
		return true
	})
	w.due = odds.Never
	for _, e := range w.all {
		w.due = min(w.due, e.due())
	}
	if len(w.all) == 0 {
		delete(k.waiting, ev)
	}
}

// look makes the marks that are due; it reports whether none is left.
func (k *Keeper) look(e *entry, at odds.Time) bool {
	after, more := money.MarkAfter(e.made)
	for more && at >= e.from.Add(after) {
		seen := at <= e.from.Add(2*after)
		for i := range e.legs {
			l := &e.legs[i]
			mark := detect.Mark{Node: l.node, AfterMs: after, Was: known(l.was, l.was > 1), Fee: known(l.fee, !math.IsNaN(l.fee))}
			if seen {
				look := at
				mark.At = &look
				k.mark(e, l, &mark)
			}
			e.marks = append(e.marks, mark)
		}
		e.made++
		after, more = money.MarkAfter(e.made)
	}
	return !more
}

// known is a number of its own, which no other mark shares; nil if it is not known.
func known(x float64, yes bool) *float64 {
	if !yes {
		return nil
	}
	return &x
}

// mark reads a price and what the others make of it. Polls from before the anomaly was told say
// nothing.
func (k *Keeper) mark(e *entry, l *leg, mark *detect.Mark) {
	b := l.book
	fresh := e.from + 1
	p := b.Offer(l.price.K)
	if b.Current() && p > 1 && fair.Same(b.Line(l.price.K), l.price.Line) && !(b.Source.Polled && b.SeenAt < fresh) {
		seen := b.SeenAt
		mark.Price, mark.PriceAt = &p, &seen
	}
	if l.lay || e.anomaly.Kind == detect.Value {
		return
	}
	k.board.View(b.Market, *mark.At, &k.view)
	if a := l.price.Of(&k.view, false, fresh); a.Fair != nil {
		mark.Fair, mark.FairAt = &a.Fair.Shin, &a.Newest
	}
}

// whole is the anomaly of an entry with its marks. What the others make of a price of value is
// known of its bet.
func (k *Keeper) whole(ev *board.Event, e *entry) detect.Anomaly {
	a := e.anomaly
	a.Evidence.Marks = slices.Clone(e.marks)
	if a.Kind != detect.Value {
		return a
	}
	made, _ := k.bets.Marks(ev, a.Evidence.Call)
	for i := range a.Evidence.Marks {
		mark := &a.Evidence.Marks[i]
		for _, m := range made {
			if m.AfterMs == mark.AfterMs {
				mark.Fair, mark.FairAt = &m.Fair, &m.At
			}
		}
	}
	return a
}

// longest is how long after an anomaly was first told its last mark may come.
func longest() (d odds.Millis) {
	for n := 0; ; n++ {
		after, ok := money.MarkAfter(n)
		if !ok {
			return d
		}
		d = 2 * after
	}
}

// Expire ends the wait for marks that can't come any more, on matches that are not quoted. It is
// meant for decisions. Cost: O(waiting), O(1) if none is due.
func (k *Keeper) Expire(at odds.Time) {
	if at < k.next {
		return
	}
	late := longest()
	for _, ev := range k.board.Order {
		if w := k.waiting[ev]; w != nil {
			k.advance(ev, w, func(e *entry) bool { return at > e.from.Add(late) && k.look(e, odds.Never) })
		}
	}
	k.again()
}

// Forget tells what marks there are on forgotten events, which are dropped.
func (k *Keeper) Forget(gone map[*board.Event]bool) {
	for _, ev := range k.board.Order {
		if w := k.waiting[ev]; w != nil && gone[ev] {
			k.sofar(ev, w)
			delete(k.waiting, ev)
		}
	}
	k.again()
}

// Finish tells what marks there are; more may follow.
func (k *Keeper) Finish() {
	for _, ev := range k.board.Order {
		if w := k.waiting[ev]; w != nil {
			k.sofar(ev, w)
		}
	}
}

func (k *Keeper) sofar(ev *board.Event, w *match) {
	for _, e := range w.all {
		if e.made > 0 {
			k.tell(k.whole(ev, e))
		}
	}
}
