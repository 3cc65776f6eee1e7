package live

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Bounds of what is kept of one event.
const (
	eventAnomalies   = 200
	eventPredictions = 100
)

// book keeps the newest predictions and anomalies: of all events together for the
// scorecard and the lists, and of each event for its view.
type book struct {
	settled   []ledger.Prediction // ring of the newest, in the order they were answered
	head      int                 // where the next one goes once the ring is full
	most      int
	dropped   uint64 // answered predictions that are no longer kept
	issued    uint64
	outcomes  map[outcomeKey]uint64
	anomalies []AnomalyUpdate // ring of the newest
	alarmHead int
	alarmMost int
	seq       uint64
	kinds     map[alarmKey]uint64
	events    map[string]*eventBook
}

type outcomeKey struct {
	layer   odds.Layer
	outcome ledger.Outcome
}

type alarmKey struct {
	kind       string
	layer      odds.Layer
	suppressed bool
}

// AnomalyUpdate is an anomaly in the order in which it was raised, changed or ended.
type AnomalyUpdate struct {
	Seq uint64 // ascending over all events, newest last; a later Alarm of the same anomaly replaces it
	detect.Anomaly
}

type eventBook struct {
	anomalies []AnomalyUpdate
	settled   []ledger.Prediction
}

func newBook(predictions, anomalies int) book {
	return book{
		most: predictions, alarmMost: anomalies, outcomes: map[outcomeKey]uint64{}, kinds: map[alarmKey]uint64{}, events: map[string]*eventBook{},
	}
}

func (k *book) event(id string) *eventBook {
	e := k.events[id]
	if e == nil {
		e = &eventBook{}
		k.events[id] = e
	}
	return e
}

func (k *book) note(n *engine.News) {
	k.issued += uint64(len(n.Issued))
	for _, p := range n.Settled {
		if p.Outcome == ledger.AlreadyMoved {
			k.issued++ // it was never open
		}
		k.outcomes[outcomeKey{p.Layer, p.Outcome}]++
		if len(k.settled) < k.most {
			k.settled = append(k.settled, p)
		} else {
			k.settled[k.head] = p
			k.head = (k.head + 1) % k.most
			k.dropped++
		}
		e := k.event(p.Event)
		e.settled = keepNewest(append(e.settled, p), eventPredictions)
	}
	for _, a := range n.Anomalies {
		k.alarm(a)
	}
	for _, id := range n.Forgotten {
		delete(k.events, id)
	}
}

func (k *book) alarm(a detect.Anomaly) {
	k.seq++
	x := AnomalyUpdate{k.seq, a}
	e := k.event(a.Event)
	again := false
	e.anomalies = slices.DeleteFunc(e.anomalies, func(o AnomalyUpdate) bool { return same(&o.Anomaly, &a) && replace(&again) })
	e.anomalies = keepNewest(append(e.anomalies, x), eventAnomalies)
	if !again {
		k.kinds[alarmKey{a.Kind, a.Layer, a.Suppressed != ""}]++
	}
	if len(k.anomalies) < k.alarmMost {
		k.anomalies = append(k.anomalies, x)
		return
	}
	k.anomalies[k.alarmHead] = x
	k.alarmHead = (k.alarmHead + 1) % k.alarmMost
}

func replace(again *bool) bool { *again = true; return true }

// same reports whether b says anew what a was about.
func same(a, b *detect.Anomaly) bool {
	return a.Kind == b.Kind && a.At == b.At && a.Layer == b.Layer && last(a.Nodes) == last(b.Nodes)
}

func last(nodes []odds.NodeID) odds.NodeID {
	if len(nodes) == 0 {
		return ""
	}
	return nodes[len(nodes)-1]
}

// keepNewest drops what is beyond most at the front, seldom, for it moves the rest.
func keepNewest[T any](s []T, most int) []T {
	if len(s) < most+most/4 {
		return s
	}
	return append(s[:0:0], s[len(s)-most:]...)
}

// predictions returns a copy of those that are kept, oldest answer first.
func (k *book) predictions() []ledger.Prediction {
	return append(slices.Clone(k.settled[k.head:]), k.settled[:k.head]...)
}

// alarms returns the newest of each anomaly that is kept, newest first.
func (k *book) alarms(most int) []AnomalyUpdate {
	type id struct {
		kind, event string
		node        odds.NodeID
		at          odds.Time
	}
	seen := map[id]bool{}
	var out []AnomalyUpdate
	n := len(k.anomalies)
	for i := range n {
		a := k.anomalies[(k.alarmHead+n-1-i)%n]
		x := id{a.Kind, a.Event, last(a.Nodes), a.At}
		if seen[x] {
			continue
		}
		seen[x] = true
		if out = append(out, a); len(out) == most {
			break
		}
	}
	return out
}
