package simulate

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

func sortMoves(m []move) {
	slices.SortFunc(m, func(a, b move) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.dx, b.dx)) })
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.series, b.series), cmp.Compare(a.kind, b.kind), cmp.Compare(a.v, b.v))
}

// run orders the entries and emits their effects, instant by instant.
func (w *world) run(emit func(*odds.Batch) error) error {
	w.schedulePolls()
	slices.SortFunc(w.entries, compareEntries)
	var touched []int32
	for i := 0; i < len(w.entries); {
		at := w.entries[i].at
		touched = touched[:0]
		for ; i < len(w.entries) && w.entries[i].at == at; i++ {
			e := w.entries[i]
			if e.kind == polls {
				if err := w.emitSource(at, int(e.series-pollBase), nil, emit); err != nil {
					return err
				}
				continue
			}
			if w.apply(e) && (len(touched) == 0 || touched[len(touched)-1] != e.series) {
				touched = append(touched, e.series)
			}
		}
		if err := w.emitStreams(at, touched, emit); err != nil {
			return err
		}
	}
	w.truth.Suspensions = sortSuspensions(w.truth.Suspensions)
	return nil
}

func sortSuspensions(s []truth.Suspension) []truth.Suspension {
	slices.SortFunc(s, func(a, b truth.Suspension) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Node, b.Node)) })
	return s
}

func (w *world) schedulePolls() {
	for i, s := range w.sources {
		for t := firstPoll(s.step); s.step > 0 && t <= w.span; t += s.step {
			w.add(entry{at: t, series: int32(pollBase + i), kind: polls})
		}
	}
}

// firstPoll is half a step after the start, when every price is available.
func firstPoll(step int64) int64 { return max(settle, step/2) }

// apply changes the state of a series and reports whether its venue's stream emits
// the change.
func (w *world) apply(e entry) bool {
	s := w.series[e.series]
	visible := s.suspended == 0
	switch e.kind {
	case opens:
		s.open = true
	case moves, jumps:
		s.x += e.v
		if e.cause > 0 && w.opts.Tell != nil {
			w.opts.Tell(Step{w.node(int(e.series)), w.at(e.at), e.v, w.venues[e.cause-1].name})
		}
	case reMargins:
		s.margin = e.v
	case errs:
		s.outlier = 1 + int(e.v)
	case returns:
		s.outlier = 0
	case suspends:
		s.suspended++
	case reopens:
		s.suspended--
		visible = s.suspended == 0
	}
	s.changed = e.at
	return visible && s.open && w.sources[w.venues[s.venue].source].step == 0
}

// emitStreams emits the changed series, one batch per source.
func (w *world) emitStreams(at int64, touched []int32, emit func(*odds.Batch) error) error {
	src := func(i int32) int { return w.venues[w.series[i].venue].source }
	if len(touched) > 1 {
		slices.SortStableFunc(touched, func(a, b int32) int { return cmp.Compare(src(a), src(b)) })
	}
	for len(touched) > 0 {
		n := 1
		for n < len(touched) && src(touched[n]) == src(touched[0]) {
			n++
		}
		if err := w.emitSource(at, src(touched[0]), touched[:n], emit); err != nil {
			return err
		}
		touched = touched[n:]
	}
	return nil
}

// single is a batch of one update in one allocation, since nearly all are.
type single struct {
	batch  odds.Batch
	update [1]odds.Update
}

// emitSource emits the given series of a source; nil means all, as in a poll.
func (w *world) emitSource(at int64, src int, index []int32, emit func(*odds.Batch) error) error {
	one := new(single)
	b := &one.batch
	b.Source, b.At = w.sources[src].name, w.at(at)
	b.Recv = b.At + odds.Time(w.sources[src].delay)
	b.Updates = one.update[:0]
	if index == nil {
		b.Polled, b.Resolution = true, odds.Millis(w.sources[src].step)
		for _, s := range w.series {
			if w.venues[s.venue].source == src && s.open {
				b.Updates = append(b.Updates, w.show(s, at))
			}
		}
	}
	for _, i := range index {
		b.Updates = append(b.Updates, w.show(w.series[i], at))
	}
	w.truth.Batches++
	w.truth.Quotes += b.Quotes()
	w.truth.End = b.At
	return emit(b)
}

// show returns a venue's current quotes of a market. A suspended market repeats its
// last open price.
func (w *world) show(s *series, at int64) odds.Update {
	event := w.events[s.event]
	u := odds.Update{
		Event: event, Venue: w.venues[s.venue].name, Market: s.market.name, Image: true,
		InPlay: w.at(at) >= event.Start, Updated: w.at(s.changed),
	}
	if s.suspended > 0 {
		u.Status = odds.Suspended
	}
	if s.suspended == 0 || s.shown[0] == 0 {
		w.price(s, at)
	}
	u.Quotes = make([]odds.Quote, len(s.market.sel))
	for i := range u.Quotes {
		u.Quotes[i] = odds.Quote{Selection: selectionName(event, s.market, i), Side: s.market.side[i], Line: s.lineOf(i), Main: true, Price: s.shown[i]}
	}
	return u
}

// selectionName returns a source's name of an outcome: a team, Over, Under, Draw.
func selectionName(e *odds.Event, m *market, i int) string {
	switch m.side[i] {
	case odds.Home:
		return e.Home
	case odds.Away:
		return e.Away
	case odds.Over:
		return "Over"
	case odds.Under:
		return "Under"
	}
	return "Draw"
}

// lineOf returns the line of a selection; the away side of a spread has the
// negative of the home side's.
func (s *series) lineOf(sel int) float64 {
	switch {
	case s.market.dir == 0:
		return math.NaN()
	case s.market.dir > 0 && sel == 1:
		return 0 - s.line // never −0
	}
	return s.line
}

// price sets the quotes from the state, and moves the line if the price has strayed
// too far from even.
func (w *world) price(s *series, at int64) {
	m := s.market
	was := s.line
	logit := func() float64 { return s.x + m.dir*m.slope*(s.line-m.line) }
	for m.dir != 0 && math.Abs(logit()) > 0.75*m.slope*m.step {
		s.line -= m.dir * math.Copysign(m.step, logit())
	}
	if s.line != was && s.shown[0] != 0 {
		w.truth.LineMoves = append(w.truth.LineMoves, truth.LineMove{Node: w.nodeAt(w.venues[s.venue].name, s.event, m, 0), At: w.at(at), From: was, To: s.line, Slope: m.slope})
	}
	p := 1 / (1 + math.Exp(-logit()))
	s.shown = [3]float64{price(p * s.margin), price((1 - p) * (1 - m.draw) * s.margin), price((1 - p) * m.draw * s.margin)}
	if s.outlier > 0 {
		o := &w.truth.Outliers[s.outlier-1]
		if o.Fair == 0 {
			o.Fair, o.Price = s.shown[0], price(1/(wrongBy*s.shown[0]))
		}
		s.shown[0] = o.Price
	}
}

// wrongBy is the factor between a wrong and the right price: about half, in
// log-odds, of a wrong quote seen in real recordings.
const wrongBy = 5

// price turns a probability into decimal odds with eight digits; 0 stays 0.
func price(p float64) float64 {
	if p == 0 {
		return 0
	}
	o := 1 / p
	digits := math.Pow(10, 7-math.Floor(math.Log10(o)))
	return math.Round(o*digits) / digits
}
