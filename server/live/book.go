package live

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Limits per event.
const (
	eventAnomalies   = 200
	eventPredictions = 100
)

// book keeps the newest predictions and anomalies: of all events for the scorecard
// and the lists, and of each event for its view. It belongs to the loop.
type book struct {
	settled   ring[*ledger.Prediction] // in order of settlement; never changed, but replaced
	at        map[string]uint64        // which of them a call is, by id
	scored    uint64                   // how many of them the scorer has been given
	replaced  map[uint64]bool          // which of those are others since
	issued    uint64
	outcomes  map[outcomeKey]uint64
	anomalies ring[AnomalyUpdate]
	seq       uint64 // of the newest anomaly update
	kinds     map[anomalyKey]uint64
	marked    uint64 // updates of anomalies that have their marks
	events    map[string]*eventBook

	unforecast ring[*money.Bet]      // closed bets of value that no forecast made
	bets       map[string]*money.Bet // the newest of each call that is not settled yet
	priced     uint64                // news of bets
}

type outcomeKey struct {
	layer   odds.Layer
	outcome ledger.Outcome
}

type anomalyKey struct {
	kind       string
	layer      odds.Layer
	suppressed bool
}

// AnomalyUpdate is the newest form of an anomaly: raised, changed or ended.
type AnomalyUpdate struct {
	Seq uint64 // ascending over all events; supersedes earlier updates of the same anomaly
	detect.Anomaly
}

// eventBook holds the newest of one event, oldest first.
type eventBook struct {
	anomalies []AnomalyUpdate
	settled   []ledger.Prediction
	changed   bool // since its view was renewed
	shared    bool // somebody else reads the slices
}

// own makes the slices ones that may be changed.
func (e *eventBook) own() {
	if e.shared {
		e.anomalies, e.settled, e.shared = slices.Clone(e.anomalies), slices.Clone(e.settled), false
	}
}

func newBook(predictions, anomalies int) *book {
	return &book{
		settled: ring[*ledger.Prediction]{most: predictions}, at: map[string]uint64{}, replaced: map[uint64]bool{}, anomalies: ring[AnomalyUpdate]{most: anomalies},
		unforecast: ring[*money.Bet]{most: predictions}, bets: map[string]*money.Bet{},
		outcomes: map[outcomeKey]uint64{}, kinds: map[anomalyKey]uint64{}, events: map[string]*eventBook{},
	}
}

// event returns an event's book, to be changed.
func (k *book) event(id string) *eventBook {
	e := k.events[id]
	if e == nil {
		e = &eventBook{}
		k.events[id] = e
	}
	e.changed = true
	e.own()
	return e
}

// note records the engine's news.
func (k *book) note(n *engine.News) {
	k.issued += uint64(len(n.Issued))
	for i := range n.Issued {
		k.bets[n.Issued[i].ID] = n.Issued[i].Money
	}
	for _, p := range n.Settled {
		if p.Outcome == ledger.AlreadyMoved {
			k.issued++ // it was settled on issue
		}
		if b := k.bets[p.ID]; b != nil {
			p.Money = b
		}
		delete(k.bets, p.ID)
		k.outcomes[outcomeKey{p.Layer, p.Outcome}]++
		k.keep(p)
		e := k.event(p.Event)
		e.settled = keepNewest(append(e.settled, p), eventPredictions)
	}
	for i := range n.Priced {
		k.price(&n.Priced[i])
	}
	for _, a := range n.Anomalies {
		k.update(a)
	}
	for _, id := range n.Forgotten {
		delete(k.events, id)
	}
}

// keep adds a settled prediction.
func (k *book) keep(p ledger.Prediction) {
	r := &k.settled
	if len(r.values) == r.most {
		delete(k.at, r.values[r.head].ID)
		delete(k.replaced, r.dropped)
	}
	r.add(&p)
	k.at[p.ID] = r.total() - 1
}

// price records what has become known of a bet.
func (k *book) price(t *engine.Told) {
	k.priced++
	if t.Call == "" {
		k.unforecast.add(t.Bet)
		return
	}
	if n, found := k.at[t.Call]; found {
		at := k.settled.at(n)
		p := **at
		p.Money = t.Bet
		if *at = &p; n < k.scored {
			k.replaced[n] = true
		}
	}
	if e := k.events[t.Event]; e != nil {
		e.own()
		for i := range e.settled {
			if e.settled[i].ID == t.Call {
				e.settled[i].Money, e.changed = t.Bet, true
			}
		}
	}
	if _, open := k.bets[t.Call]; open {
		k.bets[t.Call] = t.Bet
	}
}

// update records an anomaly in place of its earlier form.
func (k *book) update(a detect.Anomaly) {
	k.seq++
	x := AnomalyUpdate{k.seq, a}
	e := k.event(a.Event)
	others := slices.DeleteFunc(e.anomalies, func(o AnomalyUpdate) bool { return o.Key() == a.Key() })
	if len(others) == len(e.anomalies) && a.Evidence.Marks == nil { // first update of this anomaly; marks come later
		k.kinds[anomalyKey{a.Kind, a.Layer, a.Suppressed != ""}]++
	}
	if a.Evidence.Marks != nil {
		k.marked++
	}
	e.anomalies = keepNewest(append(others, x), eventAnomalies)
	k.anomalies.add(x)
}

// keepNewest drops elements beyond most from the front, once there is a quarter too
// many, since dropping moves the rest.
func keepNewest[T any](s []T, most int) []T {
	if len(s) < most+most/4 {
		return s
	}
	return append(s[:0:0], s[len(s)-most:]...)
}

// newest returns the newest update of each anomaly, newest first; most limits their
// number.
func (k *book) newest(most int) []AnomalyUpdate {
	seen := map[detect.Key]bool{}
	var out []AnomalyUpdate
	for a := range k.anomalies.backward {
		k := a.Key()
		if seen[k] {
			continue
		}
		seen[k] = true
		if out = append(out, *a); len(out) == most {
			break
		}
	}
	return out
}

// withMarks returns the newest form of each anomaly that has its marks. Cost: O(updates kept).
func (k *book) withMarks() (out []detect.Anomaly) {
	seen := map[detect.Key]bool{}
	for a := range k.anomalies.backward {
		if k := a.Key(); a.Evidence.Marks != nil && !seen[k] {
			seen[k] = true
			out = append(out, a.Anomaly)
		}
	}
	return out
}

// ring keeps a bounded number of the newest values.
type ring[T any] struct {
	most    int
	values  []T
	head    int    // index of the oldest once the ring is full
	dropped uint64 // values that are no longer kept
}

func (r *ring[T]) add(v T) {
	if len(r.values) < r.most {
		r.values = append(r.values, v)
		return
	}
	r.values[r.head] = v
	r.head = (r.head + 1) % r.most
	r.dropped++
}

// total counts the values ever added.
func (r *ring[T]) total() uint64 { return r.dropped + uint64(len(r.values)) }

// at returns the nth value ever added, from 0. It must still be kept.
func (r *ring[T]) at(n uint64) *T {
	return &r.values[(r.head+int(n-r.dropped))%len(r.values)]
}

// all returns a copy of the values, oldest first.
func (r *ring[T]) all() []T { return r.from(0) }

// from returns a copy of the values from the nth ever added on, oldest first.
func (r *ring[T]) from(n uint64) (out []T) {
	for n = max(n, r.dropped); n < r.total(); n++ {
		out = append(out, *r.at(n))
	}
	return out
}

// backward yields the values, newest first.
func (r *ring[T]) backward(yield func(*T) bool) {
	for n := r.total(); n > r.dropped; n-- {
		if !yield(r.at(n - 1)) {
			return
		}
	}
}
