package simulate

import (
	"math"
	"math/rand/v2"

	"corrgraph/odds"
	"corrgraph/proof/simulate/truth"
)

// settle is the time, in ms, within which every venue shows its first price.
const settle = 2000

// world is a market under construction. Times inside it are ms since its start.
type world struct {
	opts    Options
	truth   *truth.Truth
	span    int64
	venues  []venue
	sources []source
	events  []*odds.Event
	series  []*series
	entries []entry
}

type venue struct {
	name   string
	source int
}

// source is a connection: one stream, or one poll of several venues.
type source struct {
	name  string
	step  int64 // of the poll; 0 for a stream
	delay int64 // from event time to receive time
}

// market maps a series' value, the log-odds of the first selection at the initial
// line, to prices.
type market struct {
	name  string
	sel   []string
	side  []odds.Side
	draw  float64 // share of the draw in the remainder of the first selection
	dir   float64 // sign of a higher line's effect on the first selection; 0 without lines
	line  float64 // initial line
	step  float64 // of line moves
	slope float64 // log-odds per point
}

func h2h(draw float64) *market {
	m := &market{name: "h2h", sel: []string{"home", "away"}, side: []odds.Side{odds.Home, odds.Away}}
	if draw > 0 {
		m.draw = draw
		m.sel, m.side = append(m.sel, "draw"), append(m.side, odds.Draw)
	}
	return m
}

// totals and spreads take their slopes from the table that readers use by default.
func totals(sport, league string, line, step float64) *market {
	return &market{
		name: "totals", sel: []string{"over", "under"}, side: []odds.Side{odds.Over, odds.Under},
		dir: -1, line: line, step: step, slope: odds.LineSlope(sport, league, "totals"),
	}
}

func spreads(sport, league string, line, step float64) *market {
	return &market{
		name: "spreads", sel: []string{"home", "away"}, side: []odds.Side{odds.Home, odds.Away},
		dir: 1, line: line, step: step, slope: odds.LineSlope(sport, league, "spreads"),
	}
}

// series is one market of one event at one venue: its plan and its state.
type series struct {
	venue, event int
	market       *market
	moves        []move

	x         float64 // value
	margin    float64 // overround, 1.05 for 5 %
	line      float64
	shown     [3]float64 // prices last shown
	changed   int64      // when the state last changed
	open      bool
	suspended int // nested suspensions
	outlier   int // 1 + index in truth.Outliers; 0 none
}

type move struct {
	at    int64
	dx    float64
	cause int32 // 1 + the venue whose own move it is or copies
}

// entry is one change of one series. Entries are ordered by all four fields, so
// that their order never depends on how they were made.
type entry struct {
	at     int64
	v      float64
	series int32
	kind   kind
	cause  int32 // of a move
}

type kind uint8

const (
	opens kind = iota
	moves
	jumps // a move that shows only in the reopening price
	reMargins
	errs    // v is the index of the outlier
	returns // back to the right price
	suspends
	reopens
	polls // series is then the source, plus pollBase
)

const pollBase = math.MaxInt32 / 2

func newWorld(o Options) *world {
	return &world{opts: o, truth: &truth.Truth{Preset: o.Preset, Seed: o.Seed, Start: o.Start}}
}

func (w *world) at(t int64) odds.Time { return w.opts.Start + odds.Time(t) }

func (w *world) add(e entry) { w.entries = append(w.entries, e) }

// addStream adds a venue with a stream of its own.
func (w *world) addStream(name, role string, delay int64) int {
	w.sources = append(w.sources, source{name: name, delay: delay})
	return w.addVenue(name, role, len(w.sources)-1)
}

func (w *world) addVenue(name, role string, src int) int {
	w.venues = append(w.venues, venue{name, src})
	w.truth.Venues = append(w.truth.Venues, truth.Venue{Name: name, Role: role, Source: w.sources[src].name, StepMs: odds.Millis(w.sources[src].step)})
	return len(w.venues) - 1
}

func (w *world) addEvent(e *odds.Event) int {
	w.events = append(w.events, e)
	w.truth.Events = append(w.truth.Events, truth.Event{ID: e.ID, Sport: e.Sport, League: e.League, Home: e.Home, Away: e.Away, Start: e.Start})
	return len(w.events) - 1
}

func (w *world) addSeries(r *rand.Rand, s *series) int {
	s.x = 0.3 * (2*r.Float64() - 1)
	if s.market.dir != 0 {
		s.x /= 6 // lines keep both sides near even
	}
	s.line = s.market.line
	s.margin = 1.03 + 0.04*r.Float64()
	for i := range s.moves {
		if s.moves[i].cause == 0 {
			s.moves[i].cause = int32(s.venue) + 1
		}
	}
	w.series = append(w.series, s)
	i := len(w.series) - 1
	w.add(entry{at: r.Int64N(settle / 2), series: int32(i), kind: opens})
	return i
}

// node is the id of a series' first selection.
func (w *world) node(i int) odds.NodeID {
	s := w.series[i]
	return w.nodeAt(w.venues[s.venue].name, s.event, s.market, 0)
}

func (w *world) nodeAt(venue string, event int, m *market, sel int) odds.NodeID {
	return odds.Node(venue, w.events[event].ID, m.name, math.NaN(), m.sel[sel])
}

// follow is how a series copies another.
type follow struct {
	lag                     float64 // ms
	jitter, share, beta, r2 float64
}

// copyMoves returns delayed copies of a share of the leader's moves, merged with
// own moves scaled so that r2 of the variance is copied.
func copyMoves(r *rand.Rand, leader []move, f follow, own []move) []move {
	out := make([]move, 0, len(leader)+len(own))
	var copied, drawn float64
	for _, m := range leader {
		if r.Float64() >= f.share {
			continue
		}
		d := max(1, math.Round(f.lag*(1+f.jitter*r.NormFloat64())))
		out = append(out, move{m.at + int64(d), f.beta * m.dx, m.cause})
		copied += f.beta * m.dx * f.beta * m.dx
	}
	for _, m := range own {
		drawn += m.dx * m.dx
	}
	k := 1.0
	if drawn > 0 {
		k = math.Sqrt(copied * (1 - f.r2) / f.r2 / drawn)
	}
	for _, m := range own {
		out = append(out, move{m.at, k * m.dx, 0})
	}
	sortMoves(out)
	return out
}

// draw draws a series' own moves.
func draw(r *rand.Rand, span int64, mean float64, kind string, act intensity) []move {
	t := times(r, span, mean, act)
	x := increments(r, len(t), kind)
	out := make([]move, len(t))
	for i := range t {
		out[i] = move{settle + t[i], x[i], 0}
	}
	return out
}

// commit schedules the moves of linked series, scaled by one factor, which keeps
// their ratios: at most 0.02 r.m.s. per move, and no path further than limit from
// its start.
func (w *world) commit(limit float64, index ...int) {
	var sum, n, far float64
	for _, i := range index {
		x := 0.0
		for _, m := range w.series[i].moves {
			x += m.dx
			far = max(far, math.Abs(x))
			sum += m.dx * m.dx
			n++
		}
	}
	if n == 0 {
		return
	}
	k := min(0.02/math.Sqrt(sum/n), limit/far)
	for _, i := range index {
		s := w.series[i]
		for _, m := range s.moves {
			w.add(entry{at: m.at, v: k * m.dx, series: int32(i), kind: moves, cause: m.cause})
		}
		s.moves = nil
	}
}
