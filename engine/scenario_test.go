package engine

import (
	"bufio"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/odds"
)

// A scenario is a file of commands, one a line; # begins a comment. Commands
// first plan a market, "want" then says what the engine must have concluded from
// it. A series is venue/event/market; its value is that of the first side (home,
// over, the first runner). Times like +1h30m count from the start of the file.
//
//	event ID sport/league Home v Away [starts +3h]     underscores are blanks
//	market h2h | spreads | totals LINE | NAME three | NAME runners A,B,C [winners N] | NAME raw
//	venue NAME stream | poll 60s
//	walk SERIES every 7s..19s step 0.03 [from +0s] [to +2h]
//	follow SERIES LEADER after 2s [jitter 10%] [share 0.9] [times 1] [from] [to]
//	jump SERIES 0.3 at +2h
//	quote SERIES 9.0 at +2h for 10s        the first side's price alone, the rest as it was
//	margin SERIES 8% at +1h · line SERIES 221.5 at +1h · suspend SERIES at +1h for 30s
//	remove SERIES RUNNER at +1h · onesided SERIES [at +1h for 10m] · alternates SERIES 8,9
//	missed 60s at +1h for 10m              the poll of that step did not come
//	absent VENUE at +1h for 10m            polls came without the venue
//	frozen VENUE at +1h for 1h             polls came with an old stamp of the venue
//	split SERIES                           each update arrives leg by leg, 5 ms apart
//	swapped SERIES                         the source calls home what others call away
//	twice                                  every batch of a poll comes twice
type scenario struct {
	rng    *rand.Rand
	events map[string]*sceneEvent
	venues map[string]*sceneVenue
	series map[string]*sceneSeries
	order  []*sceneSeries
	end    odds.Time
	twice  bool
	missed map[odds.Millis][]span
	e      *Engine
	found  Collector
	issued []issuedAt
}

type sceneEvent struct {
	in, swapped *odds.Event
	markets     map[string]*sceneMarket
}

type sceneMarket struct {
	name     string
	sides    []odds.Side
	names    []string
	line     float64
	raw      bool
	winners  int
	complete odds.Stated
}

type sceneVenue struct {
	name           string
	poll           odds.Millis
	absent, frozen []span
}

type sceneSeries struct {
	v          *sceneVenue
	ev         *sceneEvent
	m          *sceneMarket
	moves      []sceneMove
	quoted     []override
	margins    []override
	lines      []override
	suspended  []span
	removed    map[string]odds.Time
	alternates []float64
	onesided   []span
	split      bool
	swapped    bool
}

type sceneMove struct {
	at odds.Time
	d  float64
}

type span struct{ from, to odds.Time }

type override struct {
	span
	x float64
}

const sceneStart odds.Time = 1_780_336_800_000 // 2026-06-01T18:00:00Z

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			play(t, f)
		})
	}
}

// Every kind that a recording can produce has a file in which it must occur, and one, or a
// period or a venue, in which it must not.
func TestEveryKindHasScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	comes, stays := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		_, wants := load(t, f)
		for _, w := range wants {
			switch w := w.words; {
			case w[1] == "anomaly":
				comes[w[2]] = true
			case w[1] == "no" && w[2] == "anomaly":
				stays[w[3]] = true
			}
		}
	}
	for _, r := range detect.Rules() {
		if r.Kind != detect.External && !(comes[r.Kind] && stays[r.Kind]) {
			t.Errorf("%s: must come somewhere %v, must not somewhere %v", r.Kind, comes[r.Kind], stays[r.Kind])
		}
	}
}

// play runs one file: its plan through the engine, then its expectations.
func play(t *testing.T, file string) {
	s, wants := load(t, file)
	s.run(t, Options{})
	if len(wants) == 0 {
		t.Fatalf("%s wants nothing", file)
	}
	for _, w := range wants {
		if err := s.want(w.words[1:]); err != nil {
			t.Errorf("%s:%d: %s: %v", file, w.line, strings.Join(w.words, " "), err)
		}
	}
	if t.Failed() {
		s.explain(t)
	}
}

type wanted struct {
	line  int
	words []string
}

func load(t *testing.T, file string) (*scenario, []wanted) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &scenario{
		rng: rand.New(rand.NewPCG(1, 1)), events: map[string]*sceneEvent{}, venues: map[string]*sceneVenue{},
		series: map[string]*sceneSeries{}, missed: map[odds.Millis][]span{},
	}
	var wants []wanted
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if words[0] == "want" {
			wants = append(wants, wanted{n, words})
		} else if err := s.plan(words); err != nil {
			t.Fatalf("%s:%d: %s: %v", file, n, text, err)
		}
	}
	return s, wants
}

func (s *scenario) run(t *testing.T, o Options) {
	t.Helper()
	facts, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	o.Facts, o.ScoreAtFinish = facts, true
	s.e = New(o)
	for _, b := range s.batches() {
		n := s.e.forecasts.open.Len() + len(s.e.forecasts.held)
		if err := s.e.Apply(b); err != nil {
			t.Fatal(err)
		}
		if s.e.forecasts.open.Len()+len(s.e.forecasts.held) > n {
			s.issued = append(s.issued, issuedAt{s.e.Now(), n})
		}
		s.found.Collect(s.e)
	}
	s.found.Finish(s.e)
}

type issuedAt struct {
	now odds.Time
	n   int
}

// plan adds one command to the plan.
func (s *scenario) plan(w []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	o := options(w)
	switch w[0] {
	case "event":
		s.event(w, o)
	case "market":
		s.market(w[1:], o)
	case "venue":
		v := &sceneVenue{name: w[1]}
		if w[2] == "poll" {
			v.poll = millis(w[3])
		}
		s.venues[v.name] = v
	case "walk":
		s.walk(s.at(w[1]), o)
	case "follow":
		s.follow(s.at(w[1]), s.at(w[2]), o)
	case "jump":
		x := s.at(w[1])
		x.moves = append(x.moves, sceneMove{o.time("at", 0), number(w[2])})
	case "quote":
		x := s.at(w[1])
		x.quoted = append(x.quoted, override{o.span(), number(w[2])})
	case "margin":
		x := s.at(w[1])
		x.margins = append(x.margins, override{o.span(), number(w[2])})
	case "line":
		x := s.at(w[1])
		x.lines = append(x.lines, override{o.span(), number(w[2])})
	case "suspend":
		x := s.at(w[1])
		x.suspended = append(x.suspended, o.span())
	case "remove":
		x := s.at(w[1])
		x.removed = map[string]odds.Time{w[2]: o.time("at", 0)}
	case "onesided":
		x := s.at(w[1])
		x.onesided = append(x.onesided, o.span())
	case "alternates":
		for _, l := range strings.Split(w[2], ",") {
			s.at(w[1]).alternates = append(s.at(w[1]).alternates, number(l))
		}
	case "split":
		s.at(w[1]).split = true
	case "swapped":
		s.at(w[1]).swapped = true
	case "missed":
		s.missed[millis(w[1])] = append(s.missed[millis(w[1])], o.span())
	case "absent":
		s.venues[w[1]].absent = append(s.venues[w[1]].absent, o.span())
	case "frozen":
		s.venues[w[1]].frozen = append(s.venues[w[1]].frozen, o.span())
	case "twice":
		s.twice = true
	case "seed":
		n, err := strconv.ParseUint(w[1], 10, 64)
		if err != nil {
			panic(err)
		}
		s.rng = rand.New(rand.NewPCG(n, 1))
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

// event ID sport/league Home v Away [starts T]
func (s *scenario) event(w []string, o opts) {
	sport, league, _ := strings.Cut(w[2], "/")
	home, away := strings.ReplaceAll(w[3], "_", " "), strings.ReplaceAll(w[5], "_", " ")
	in := odds.Event{ID: w[1], Sport: sport, League: league, Start: o.time("starts", sceneStart.Add(24*3_600_000)), Home: home, Away: away}
	other := in
	other.ID, other.Home, other.Away = w[1]+"-swapped", away, home
	s.events[w[1]] = &sceneEvent{in: &in, swapped: &other, markets: map[string]*sceneMarket{}}
}

// market applies to every event of the file.
func (s *scenario) market(w []string, o opts) {
	m := &sceneMarket{name: w[0], line: math.NaN(), names: []string{"home", "away"}, sides: []odds.Side{odds.Home, odds.Away}}
	kind := w[0]
	if len(w) > 1 && kind != "totals" && kind != "spreads" {
		kind = w[1]
	}
	switch kind {
	case "totals":
		m.names, m.sides, m.line = []string{"over", "under"}, []odds.Side{odds.Over, odds.Under}, number(w[1])
	case "spreads":
		m.line = number(w[1])
	case "three":
		m.names, m.sides = []string{"home", "away", "draw"}, []odds.Side{odds.Home, odds.Away, odds.Draw}
	case "runners":
		m.names = strings.Split(w[2], ",")
		m.sides = make([]odds.Side, len(m.names))
		m.winners, m.complete = int(o.number("winners", 0)), odds.StatedYes
	case "raw":
		m.names, m.sides, m.raw = []string{"last"}, []odds.Side{odds.OtherSide}, true
	}
	for _, ev := range s.events {
		ev.markets[m.name] = m
	}
}

// at finds or adds the series venue/event/market.
func (s *scenario) at(name string) *sceneSeries {
	if x := s.series[name]; x != nil {
		return x
	}
	p := strings.Split(name, "/")
	v, ev := s.venues[p[0]], s.events[p[1]]
	if v == nil || ev == nil || ev.markets[p[2]] == nil {
		panic("no such venue, event or market: " + name)
	}
	x := &sceneSeries{v: v, ev: ev, m: ev.markets[p[2]]}
	s.series[name] = x
	s.order = append(s.order, x)
	return x
}

// walk plans moves with exponential sizes, a fifth more than step on average, that stay
// within about ±1, because a price cannot go arbitrarily far.
func (s *scenario) walk(x *sceneSeries, o opts) {
	every := strings.Split(o["every"], "..")
	lo, hi := millis(every[0]), millis(every[len(every)-1])
	step := o.number("step", 0.03)
	to := o.time("to", sceneStart.Add(2*3_600_000))
	v := x.value(odds.Never)
	for at := o.time("from", sceneStart); ; {
		at = at.Add(lo + odds.Millis(s.rng.Int64N(int64(hi-lo)+1)))
		if at > to {
			break
		}
		d := step * (0.2 + s.rng.ExpFloat64())
		if s.rng.IntN(2) == 0 {
			d = -d
		}
		if math.Abs(v) > 1 {
			d = math.Copysign(d, -v)
		}
		v += d
		x.moves = append(x.moves, sceneMove{at, d})
	}
	x.sort()
}

func (s *scenario) follow(x, leader *sceneSeries, o opts) {
	after, jitter := float64(millis(o["after"])), o.number("jitter", 0)
	share, times := o.number("share", 1), o.number("times", 1)
	from, to := o.time("from", 0), o.time("to", odds.Never)
	for _, m := range leader.moves {
		if s.rng.Float64() >= share || m.at < from || m.at > to {
			continue
		}
		lag := after * (1 + jitter*(2*s.rng.Float64()-1))
		x.moves = append(x.moves, sceneMove{m.at.Add(odds.Millis(lag)), m.d * times})
	}
	x.sort()
}

func (x *sceneSeries) sort() {
	slices.SortStableFunc(x.moves, func(a, b sceneMove) int { return cmp.Compare(a.at, b.at) })
}

// batches renders the plan in event-time order.
func (s *scenario) batches() (out []*odds.Batch) {
	polls := map[odds.Millis][]*sceneSeries{}
	for _, x := range s.order {
		s.end = max(s.end, x.last())
		if x.v.poll > 0 {
			polls[x.v.poll] = append(polls[x.v.poll], x)
		} else {
			out = append(out, x.stream()...)
		}
	}
	for step, series := range polls {
		for at := sceneStart; at <= s.end.Add(2*step); at = at.Add(step) {
			if !in(s.missed[step], at) {
				out = append(out, poll(step, series, at))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *odds.Batch) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Source, b.Source)) })
	if s.twice {
		var all []*odds.Batch
		for _, b := range out {
			again := *b
			all = append(all, b, &again)
		}
		return all
	}
	return out
}

func (x *sceneSeries) last() (t odds.Time) {
	for _, m := range x.moves {
		t = max(t, m.at)
	}
	return max(t, sceneStart)
}

// stream renders a batch at every instant at which the series changes.
func (x *sceneSeries) stream() (out []*odds.Batch) {
	times := []odds.Time{sceneStart}
	for _, m := range x.moves {
		times = append(times, m.at)
	}
	for _, o := range slices.Concat(x.quoted, x.margins, x.lines) {
		times = append(times, o.from, o.to)
	}
	for _, p := range slices.Concat(x.suspended, x.onesided) {
		times = append(times, p.from, p.to)
	}
	for _, at := range x.removed {
		times = append(times, at)
	}
	slices.Sort(times)
	for _, at := range slices.Compact(times) {
		if at > x.last().Add(24*3_600_000) || in(x.suspended, at) && in(x.suspended, at-1) {
			continue
		}
		b := &odds.Batch{Source: x.v.name, At: at, Recv: at, Updates: []odds.Update{x.update(at)}}
		if legs := b.Updates[0].Quotes; x.split && len(legs) > 1 {
			for i := range legs {
				leg := *b
				leg.At = at.Add(odds.Millis(5 * i))
				u := b.Updates[0]
				u.Quotes = legs[i : i+1]
				leg.Updates = []odds.Update{u}
				out = append(out, &leg)
			}
			continue
		}
		out = append(out, b)
	}
	return out
}

func poll(step odds.Millis, series []*sceneSeries, at odds.Time) *odds.Batch {
	b := &odds.Batch{Source: "poll" + step.Std().String(), At: at, Recv: at, Polled: true}
	for _, x := range series {
		if in(x.v.absent, at) {
			continue
		}
		u := x.update(at)
		u.Updated = at.Add(-30_000)
		for _, p := range x.v.frozen {
			if at >= p.from && at < p.to {
				u = x.update(p.from)
				u.Updated = p.from.Add(-30_000)
			}
		}
		b.Updates = append(b.Updates, u)
	}
	return b
}

func in(spans []span, at odds.Time) bool {
	return slices.ContainsFunc(spans, func(p span) bool { return at >= p.from && at < p.to })
}

// update is the venue's state of the market at a time.
func (x *sceneSeries) update(at odds.Time) odds.Update {
	u := odds.Update{Event: x.ev.in, Venue: x.v.name, Market: x.m.name, InPlay: at >= x.ev.in.Start, Terms: odds.Terms{Winners: x.m.winners, Complete: x.m.complete}}
	if x.swapped {
		u.Event = x.ev.swapped
	}
	if x.m.raw {
		u.Format = odds.Raw
	}
	if in(x.suspended, at) {
		u.Status = odds.Suspended
		return u
	}
	line := x.m.line
	for _, l := range x.lines {
		if at >= l.from && at < l.to {
			line = l.x
		}
	}
	u.Quotes = x.quotes(at, line)
	for _, l := range x.alternates {
		u.Quotes = append(u.Quotes, x.quotes(at, l)...)
	}
	if len(x.alternates) > 0 {
		for i := range x.m.names {
			u.Quotes[i].Main = true
		}
	}
	if in(x.onesided, at) {
		u.Quotes = u.Quotes[:1]
	}
	return u
}

// value is the joined log-odds of the first side.
func (x *sceneSeries) value(at odds.Time) (v float64) {
	for _, m := range x.moves {
		if m.at <= at {
			v += m.d
		}
	}
	return v
}

func (x *sceneSeries) quotes(at odds.Time, line float64) (out []odds.Quote) {
	v := x.value(at)
	margin := 0.04
	for _, o := range x.margins {
		if at >= o.from && at < o.to {
			margin = o.x
		}
	}
	if line == line { // the price moves back, so that a moving line does not change the value
		slope := odds.LineSlope(x.ev.in.Sport, x.ev.in.League, x.m.name)
		if x.m.sides[0] == odds.Over {
			slope = -slope
		}
		v += slope * (line - x.m.line)
	}
	weights := make([]float64, len(x.m.names))
	total := 0.0
	for k := range weights {
		weights[k] = 1
		if k == 0 {
			weights[k] = math.Exp(v)
		}
		if at >= x.removedAt(k) {
			weights[k] = 0
		}
		total += weights[k]
	}
	for k, name := range x.m.names {
		q := odds.Quote{Selection: name, Side: x.m.sides[k], Line: line}
		if x.m.sides[0] == odds.Home && k == 1 {
			q.Line = -line
		}
		if x.swapped {
			q.Selection, q.Side = x.m.names[1-k], x.m.sides[1-k]
		}
		switch {
		case x.m.raw:
			q.Price = 100 * math.Exp(v)
		case weights[k] == 0:
			q.Status = odds.Removed
		default:
			q.Price = total / weights[k] / (1 + margin)
		}
		for _, o := range x.quoted {
			if k == 0 && at >= o.from && at < o.to {
				q.Price = o.x
			}
		}
		out = append(out, q)
	}
	return out
}

func (x *sceneSeries) removedAt(k int) odds.Time {
	if at, ok := x.removed[x.m.names[k]]; ok {
		return at
	}
	return odds.Never
}

// opts are the "word value" pairs of a command.
type opts map[string]string

func options(w []string) opts {
	o := opts{}
	for i := 1; i+1 < len(w); i++ {
		o[w[i]] = w[i+1]
	}
	return o
}

func (o opts) number(key string, missing float64) float64 {
	if v, ok := o[key]; ok {
		return number(v)
	}
	return missing
}

func (o opts) time(key string, missing odds.Time) odds.Time {
	if v, ok := o[key]; ok {
		return clockTime(v)
	}
	return missing
}

// span starts at T and lasts for the given time, else for ever.
func (o opts) span() span {
	p := span{from: o.time("at", 0), to: odds.Never}
	if v, ok := o["for"]; ok {
		p.to = p.from.Add(millis(v))
	}
	return p
}

func clockTime(s string) odds.Time { return sceneStart.Add(millis(strings.TrimPrefix(s, "+"))) }

func millis(s string) odds.Millis {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return odds.MillisOf(d)
}

func number(s string) float64 {
	scale := 1.0
	if strings.HasSuffix(s, "%") {
		s, scale = strings.TrimSuffix(s, "%"), 0.01
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return x * scale
}
