package reaction

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"corrgraph/leadlag/fdr"
	"corrgraph/odds"
)

// Least is how many events with marks it takes to say anything of a venue, or of two.
const Least = 8

const (
	draws   = 400  // of events, for intervals
	flips   = 1999 // of the signs of events, for the test of two venues
	certain = 0.05 // the greatest q at which a venue is said to be first
)

// Place is where venues are compared.
type Place struct {
	Sport  string `json:"sport"`
	League string `json:"league"`
	Market string `json:"market"`
}

// ReactionRow is how soon a venue reacts in one market of a league.
type ReactionRow struct {
	Place
	Venue     string `json:"venue"`
	Marks     int    `json:"marks"`
	Events    int    `json:"events"`
	Reacted   int    `json:"reacted"`
	Censored  int    `json:"censored"`
	Suspended int    `json:"suspended_first" doc:"Of those that reacted: it suspended before it moved."`
	// Median is that of Kaplan and Meier, of the latest times at which each can have reacted. Its
	// interval goes from the median of the earliest times to that of the latest, each drawn by event.
	Median     *odds.Millis `json:"median_ms" doc:"After the mark, of all marks; null: under 8 events, or fewer than half reacted."`
	MedianLow  *odds.Millis `json:"median_low_ms"`
	MedianHigh *odds.Millis `json:"median_high_ms" doc:"null: beyond what was waited for."`
	Step       odds.Millis  `json:"resolution_ms" doc:"How much earlier than told it may have reacted, at most."`
	Compared   int          `json:"compared" doc:"Marks that another venue was watched on, too."`
	First      int          `json:"first" doc:"Of those compared: it certainly reacted before all others."`
	Controls   int          `json:"controls" doc:"Marks with a look at the same span five minutes earlier."`
	Quiet      int          `json:"control_reacted" doc:"Of the controls: how often it did the same without a score."`
}

// ReactionPair is which of two venues reacts sooner to the same marks. Its test compares how often either is
// certainly first with how often it is so five minutes earlier, and exchanges both at random, event by
// event: a venue that moves more often than another one is not sooner.
type ReactionPair struct {
	Place
	A      string       `json:"a"`
	B      string       `json:"b"`
	Marks  int          `json:"marks"`
	Events int          `json:"events"`
	AFirst int          `json:"a_first" doc:"Marks on which a certainly reacted before b."`
	BFirst int          `json:"b_first"`
	Tested int          `json:"tested_events" doc:"Events with controls of both."`
	P      *float64     `json:"p" doc:"null: under 8 such events."`
	Q      *float64     `json:"q" doc:"Over all pairs of this answer."`
	First  string       `json:"first" doc:"The venue that is sooner at q of at most 0.05; empty: none is known to be."`
	ByLow  *odds.Millis `json:"by_low_ms" doc:"How much sooner, at least and at most, at the median mark to which both reacted; null without first."`
	ByHigh *odds.Millis `json:"by_high_ms"`
}

// Judge compares the venues on the marks of scores. Rows are ordered by place and median, pairs by
// place; a of a pair is the sooner one if they are tested. It does not modify the marks. Cost: O(marks · venues · (draws + venues)
// + events · venues² · flips / 64).
func Judge(marks []EventMark) (rows []ReactionRow, pairs []ReactionPair) {
	by, places := map[Place][]*EventMark{}, []Place(nil)
	for i := range marks {
		m := &marks[i]
		for _, market := range m.markets() {
			p := Place{m.Sport, m.League, market}
			if by[p] == nil {
				places = append(places, p)
			}
			by[p] = append(by[p], m)
		}
	}
	slices.SortFunc(places, Place.compare)
	rows, pairs = []ReactionRow{}, []ReactionPair{}
	for _, p := range places {
		venues := venuesOf(by[p], p.Market)
		seen := seenBy(venues, by[p], p.Market)
		of := make([]ReactionRow, 0, len(venues))
		for i, v := range venues {
			of = append(of, rowOf(p, v, by[p], seen[i]))
			for j, o := range venues[i+1:] {
				if x := pairOf(p, v, o, by[p], seen[i], seen[i+1+j]); x.Marks > 0 {
					pairs = append(pairs, x)
				}
			}
		}
		slices.SortStableFunc(of, func(a, b ReactionRow) int { return cmp.Compare(a.order(), b.order()) })
		rows = append(rows, of...)
	}
	judgeTogether(pairs)
	return rows, pairs
}

func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Sport, o.Sport), cmp.Compare(p.League, o.League), cmp.Compare(p.Market, o.Market))
}

// order is the median, and what has none last.
func (r *ReactionRow) order() odds.Millis {
	if r.Median == nil {
		return 2 * Horizon
	}
	return *r.Median
}

func (m *EventMark) markets() (names []string) {
	for i := range m.Books {
		if !slices.Contains(names, m.Books[i].Market) {
			names = append(names, m.Books[i].Market)
		}
	}
	return names
}

// seenBy is the reaction of each venue to each mark in a market; nil if it was not watched.
func seenBy(venues []string, marks []*EventMark, market string) [][]*Reaction {
	nth, out := map[string]int{}, make([][]*Reaction, len(venues))
	for i, v := range venues {
		nth[v], out[i] = i, make([]*Reaction, len(marks))
	}
	for k, m := range marks {
		for i := range m.Books {
			if r := &m.Books[i]; r.Market == market && out[nth[r.Venue]][k] == nil {
				out[nth[r.Venue]][k] = r
			}
		}
	}
	return out
}

func venuesOf(marks []*EventMark, market string) (names []string) {
	for _, m := range marks {
		for i := range m.Books {
			if r := &m.Books[i]; r.Market == market && !slices.Contains(names, r.Venue) {
				names = append(names, r.Venue)
			}
		}
	}
	slices.Sort(names)
	return names
}

func rowOf(p Place, venue string, marks []*EventMark, seen []*Reaction) ReactionRow {
	r := ReactionRow{Place: p, Venue: venue}
	var early, late sample
	for k, m := range marks {
		x := seen[k]
		if x == nil {
			continue
		}
		r.Marks++
		early.add(m.Event, x.Low, x.Reacted())
		late.add(m.Event, max(x.Low, x.High), x.Reacted())
		r.count(m, x)
	}
	r.Events = len(early.events)
	if r.Events < Least {
		return r
	}
	early.sort()
	late.sort()
	low, high := early.medians(p, venue), late.medians(p, venue)
	r.Median = within(late.median(nil))
	r.MedianLow, r.MedianHigh = within(low[len(low)*25/1000]), within(high[len(high)*975/1000])
	return r
}

// count adds a reaction.
func (r *ReactionRow) count(m *EventMark, x *Reaction) {
	switch {
	case !x.Reacted():
		r.Censored++
	default:
		r.Reacted++
		r.Step = max(r.Step, x.High-x.Low)
		if x.How == Suspended {
			r.Suspended++
		}
	}
	others, first := 0, true
	for i := range m.Books {
		if o := &m.Books[i]; o.Market == x.Market && o.Venue != x.Venue {
			others++
			first = first && x.Sooner(&o.Seen)
		}
	}
	if others > 0 {
		r.Compared++
		if first {
			r.First++
		}
	}
	if c := x.Control; c != nil {
		r.Controls++
		if c.Reacted() {
			r.Quiet++
		}
	}
}

// within is a time as an answer states it; nil beyond what was waited for.
func within(t odds.Millis) *odds.Millis {
	if t > Horizon {
		return nil
	}
	return &t
}

// sample is times of reactions, some right-censored, each of an event.
type sample struct {
	all    []observed
	events map[string]int // numbered in the order in which they came
}

type observed struct {
	at      odds.Millis
	reacted bool
	event   int
}

func (s *sample) add(event string, at odds.Millis, reacted bool) {
	if s.events == nil {
		s.events = map[string]int{}
	}
	n, ok := s.events[event]
	if !ok {
		n = len(s.events)
		s.events[event] = n
	}
	s.all = append(s.all, observed{at, reacted, n})
}

// median is the time by which half have reacted, by the estimator of Kaplan and Meier: at one time
// reactions come before censoring. Events count as often as times says, once each for nil. Beyond
// Horizon: fewer than half have. The sample must be sorted.
func (s *sample) median(times []int) odds.Millis {
	left := 0
	weight := func(o *observed) int {
		if times == nil {
			return 1
		}
		return times[o.event]
	}
	for i := range s.all {
		left += weight(&s.all[i])
	}
	survive := 1.0
	for i := range s.all {
		o := &s.all[i]
		w := weight(o)
		if o.reacted && w > 0 {
			if survive *= 1 - float64(w)/float64(left); survive <= 0.5+1e-12 {
				return o.at
			}
		}
		left -= w
	}
	return Horizon + 1
}

// sort orders the sample by time, reactions first.
func (s *sample) sort() {
	slices.SortStableFunc(s.all, func(a, b observed) int {
		switch {
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.reacted == b.reacted:
			return 0
		case a.reacted:
			return -1
		}
		return 1
	})
}

// medians are those of events drawn anew with replacement, sorted.
func (s *sample) medians(p Place, names ...string) []odds.Millis {
	r := seeded(p, names...)
	out, times := make([]odds.Millis, draws), make([]int, len(s.events))
	for i := range out {
		clear(times)
		for range times {
			times[r.IntN(len(times))]++
		}
		out[i] = s.median(times)
	}
	slices.Sort(out)
	return out
}

// seeded is a generator that depends on names alone.
func seeded(p Place, names ...string) *rand.Rand {
	h := fnv.New64a()
	for _, w := range append([]string{p.Sport, p.League, p.Market}, names...) {
		h.Write([]byte(w))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(h.Sum64(), 14))
}

func pairOf(p Place, a, b string, marks []*EventMark, byA, byB []*Reaction) ReactionPair {
	x := ReactionPair{Place: p, A: a, B: b}
	events, tested := map[string]bool{}, map[string]int{}
	var order []string
	for k, m := range marks {
		ra, rb := byA[k], byB[k]
		if ra == nil || rb == nil {
			continue
		}
		x.Marks++
		events[m.Event] = true
		s := sign(&ra.Seen, &rb.Seen)
		x.AFirst, x.BFirst = x.AFirst+max(s, 0), x.BFirst+max(-s, 0)
		if ra.Control == nil || rb.Control == nil {
			continue
		}
		if _, ok := tested[m.Event]; !ok {
			order = append(order, m.Event)
		}
		tested[m.Event] += s - sign(ra.Control, rb.Control)
	}
	x.Events, x.Tested = len(events), len(order)
	if x.Tested >= Least {
		sums := make([]int, len(order))
		for i, e := range order {
			sums[i] = tested[e]
		}
		p := flipped(sums, seeded(p, a, b))
		x.P = &p
		if total(sums) < 0 {
			x.A, x.B, x.AFirst, x.BFirst, byA, byB = b, a, x.BFirst, x.AFirst, byB, byA
		}
		x.by(byA, byB)
	}
	return x
}

// by is how much later B reacts than A, at least and at most, at the median mark.
func (x *ReactionPair) by(byA, byB []*Reaction) {
	var low, high []odds.Millis
	for k, a := range byA {
		b := byB[k]
		if a != nil && b != nil && a.Reacted() && b.Reacted() {
			low, high = append(low, b.Low-a.High), append(high, b.High-a.Low)
		}
	}
	if len(low) > 0 {
		slices.Sort(low)
		slices.Sort(high)
		x.ByLow, x.ByHigh = &low[len(low)/2], &high[len(high)/2]
	}
}

// sign is 1 if a certainly reacted before b, -1 if b did before a, else 0.
func sign(a, b *Seen) int {
	switch {
	case a.Sooner(b):
		return 1
	case b.Sooner(a):
		return -1
	}
	return 0
}

func total(sums []int) (t int) {
	for _, s := range sums {
		t += s
	}
	return t
}

// flipped is how probable a total at least as far from 0 is if the sign of each sum is a coin's.
func flipped(sums []int, r *rand.Rand) float64 {
	have, far := total(sums), 1
	for range flips {
		t, coins := 0, uint64(0)
		for i, s := range sums {
			if i%64 == 0 {
				coins = r.Uint64()
			}
			if coins&1 == 0 {
				s = -s
			}
			t, coins = t+s, coins>>1
		}
		if max(t, -t) >= max(have, -have) {
			far++
		}
	}
	return float64(far) / (flips + 1)
}

// judgeTogether says which pairs have a venue that is first, all of them tested together.
func judgeTogether(pairs []ReactionPair) {
	var p []float64
	for i := range pairs {
		if pairs[i].P != nil {
			p = append(p, *pairs[i].P)
		}
	}
	q := fdr.BenjaminiHochberg(p)
	for i := range pairs {
		x := &pairs[i]
		if x.P != nil {
			x.Q, q = &q[0], q[1:]
		}
		if x.Q == nil || *x.Q > certain {
			x.ByLow, x.ByHigh = nil, nil
			continue
		}
		x.First = x.A
	}
}
