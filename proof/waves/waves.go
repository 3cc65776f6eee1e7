// Package waves judges where the product says that waves of moves come from: on simulated
// markets by the truth, on recordings by the venues' own stamps. It follows an engine and
// knows at each wave only what had been decided before.
package waves

import (
	"cmp"
	"maps"
	"slices"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/propagate/origin"
)

// Found is a wave and where it is said to come from.
type Found struct {
	Event string
	origin.Wave
	origin.Posterior
	Known *origin.Known
}

// Follower finds the waves of an engine, window by window.
type Follower struct {
	// Until is when it stops to learn; 0: never.
	Until odds.Time
	// Blind leaves the venues' own stamps out, so that they can judge.
	Blind bool
	Found []Found // in order of time of each window

	news    engine.News
	moves   map[string][]origin.Move // by event; of the window and what its waves may reach back to
	places  map[string]origin.Place  // by selection
	known   map[origin.Place]*origin.Known
	learned int
	from    odds.Time // the beginning of the window
}

// lookBack is how much of the window before is kept: no wave reaches further back.
const lookBack = odds.Millis(3_600_000)

// every is how many decisions pass between two looks at what is known.
const every = 4

// Take reads what an engine has found since the last call. Call it after each batch.
func (f *Follower) Take(e *engine.Engine) {
	e.Drain(&f.news)
	if f.moves == nil {
		f.moves, f.places, f.known, f.from = map[string][]origin.Move{}, map[string]origin.Place{}, map[origin.Place]*origin.Known{}, e.Now()
	}
	for i := range f.news.Moves {
		m := &f.news.Moves[i]
		venue, _, market, selection, ok := m.Node.Parts()
		if !ok || venue == odds.ConsensusVenue {
			continue
		}
		own := m.Own
		if f.Blind {
			own = 0
		}
		phase := map[bool]string{false: "pre", true: "live"}[m.Live]
		key := m.Event + "\x00" + market + "\x00" + selection + "\x00" + phase
		f.places[key] = origin.Place{Market: market, Phase: phase}
		f.moves[m.Event] = append(f.moves[m.Event], origin.Move{
			Arrival: origin.Arrival{Venue: venue, At: m.At, Own: own, Resolution: m.Resolution, Size: m.Raw}, Selection: key, Node: m.Node, RMS: m.RMS,
		})
	}
	if !f.news.Decided {
		return
	}
	if f.learned++; f.learned%every == 0 {
		f.Finish(e)
		if f.Until == 0 || e.Now() < f.Until {
			f.learn(e)
		}
	}
}

// learn looks at what is known now.
func (f *Follower) learn(e *engine.Engine) {
	clear(f.known)
	families, ranked, groups := e.Families(), e.Leadership(), e.Groups()
	for i := range families {
		k := &families[i].Key
		at := origin.Place{Sport: k.Sport, League: k.League, Market: k.Market, Phase: k.Phase}
		if k.Layer == odds.Direct && f.known[at] == nil {
			f.known[at] = origin.KnownOf(at, families, ranked, groups)
		}
	}
}

// Finish judges the waves of the present window, and begins the next one.
func (f *Follower) Finish(e *engine.Engine) {
	now := e.Now()
	league := map[string][2]string{}
	for _, ev := range e.Events() {
		league[ev.ID] = [2]string{ev.Sport, ev.League}
	}
	nothing := &origin.Known{}
	var found []Found
	for _, id := range slices.Sorted(maps.Keys(f.moves)) {
		known := func(selection string) *origin.Known {
			at := f.places[selection]
			at.Sport, at.League = league[id][0], league[id][1]
			return cmp.Or(f.known[at], nothing)
		}
		for _, w := range origin.Waves(f.moves[id], known) {
			if w.Shown >= f.from {
				k := known(w.Selection)
				found = append(found, Found{id, w, origin.Of(w.Arrivals(), k), k})
			}
		}
		f.moves[id] = slices.DeleteFunc(f.moves[id], func(m origin.Move) bool { return now.Sub(m.At) > lookBack })
	}
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(a.Shown, b.Shown) })
	f.Found, f.from = append(f.Found, found...), now
}
