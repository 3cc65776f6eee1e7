package betfair

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

type runnerKey struct {
	id int64
	hc float64
}

// market is the present state of one Betfair market.
type market struct {
	id      string
	key     string  // our market: "h2h"
	line    float64 // of every quote, if the type states it; NaN otherwise
	shared  bool    // other Betfair markets are lines of the same market in our model
	racing  bool    // event is one race of the meeting
	eventID string
	event   *odds.Event
	kind    string // marketType
	ladder  bool   // of handicaps: every runner has its hc as line
	sport   string
	named   bool // selections are names
	first   int64
	winners int
	field   odds.Stated // whether the runners defined are all there are
	inPlay  bool
	status  odds.Status
	broken  bool // a runner was removed on this line
	cut     bool // interrupted: earlier trades are void when the market resumes

	conn     int  // over which it is read; 0 of a recording
	apart    bool // its lines may be read over several connections
	late     bool // its connection's stream has status 503
	lost     bool // nothing is known until the next image
	resumes  bool // or until what has changed meanwhile is told
	restored bool // that is being told
	state    frames.State
	closed   odds.Time // when it was closed or lost; 0 if it is neither
	meeting  string    // Betfair's eventId
	seen     odds.Time // the stamp of what was told of it last

	runners []*runner // by sort priority of the first definition, then by arrival
	byKey   map[runnerKey]*runner

	told       bool
	sent       odds.Status
	sentInPlay bool
}

// define creates a market from its first definition.
func (s *stream) define(id string, d *definition) *market {
	mk := &market{id: id, byKey: map[runnerKey]*runner{}, kind: d.MarketType, sport: sportOf(d.EventTypeID)}
	mk.ladder = d.MarketType == "ASIAN_HANDICAP" || strings.HasPrefix(d.BettingType, "ASIAN_HANDICAP_")
	mk.racing = racing(d.EventTypeID)
	mk.meeting = d.EventID
	if mk.eventID = d.EventID; mk.racing {
		mk.eventID = s.raceID(d)
	}
	mk.key, mk.line, mk.shared = marketKey(id, d)
	unique := [2]string{mk.eventID, mk.key + lineText(mk.line)}
	if s.keys[unique] != "" {
		// A type expected once per event occurred twice: the id distinguishes them.
		mk.key += "-" + id
		unique[1] = mk.key
	}
	s.keys[unique] = id
	s.markets[id] = mk
	s.order = append(s.order, mk)
	if len(d.Runners) > 0 {
		first := slices.MinFunc(d.Runners, func(a, b runnerDef) int { return cmp.Compare(a.Sort, b.Sort) })
		mk.first, mk.named = first.ID, first.Name != ""
	}
	return mk
}

// update applies a definition: the event's facts, the state, the runners.
func (mk *market) update(s *stream, d *definition) {
	mk.event = s.event(mk, d)
	status := statusOf(d.Status)
	if mk.told && status != odds.Open {
		mk.cut = true
	}
	mk.status, mk.inPlay, mk.winners = status, d.InPlay, d.Winners
	switch {
	case mk.shared || len(d.Runners) == 0:
		mk.field = odds.Unstated
	case d.Complete != nil && !*d.Complete:
		mk.field = odds.StatedNo
	default:
		mk.field = odds.StatedYes
	}
	for _, rd := range sorted(d.Runners) {
		if rd.ID == 0 || !odds.ValidLine(rd.HC) {
			s.reject("bad_runner", "market "+mk.id)
			continue
		}
		_, known := mk.byKey[runnerKey{rd.ID, rd.HC}]
		r := s.runner(mk, rd, rd.HC)
		if r == nil {
			continue
		}
		removed := rd.Status == "REMOVED" || rd.Status == "REMOVED_VACANT" || rd.Status == "HIDDEN"
		if removed && !r.removed && known {
			mk.broken, mk.cut = true, true
		}
		r.dirty = r.dirty || removed != r.removed
		r.removed = removed
	}
	mk.keyLine(d)
}

func sorted(rs []runnerDef) []runnerDef {
	slices.SortStableFunc(rs, func(a, b runnerDef) int { return cmp.Compare(a.Sort, b.Sort) })
	return rs
}

// keyLine marks the runners of the main line of a handicap market.
func (mk *market) keyLine(d *definition) {
	if d.KeyLine == nil {
		return
	}
	for _, r := range mk.runners {
		was := r.main
		r.main = slices.ContainsFunc(d.KeyLine.Lines, func(l keyRunner) bool { return l.ID == r.id && l.HC == r.hc })
		r.dirty = r.dirty || r.main != was
	}
}

func (mk *market) define(rd runnerDef, hc float64) *runner {
	r := &runner{id: rd.ID, hc: hc, line: mk.line}
	r.name, r.side = mk.selection(rd)
	if mk.ladder {
		r.line = hc
	} else if hc != 0 && math.IsNaN(r.line) {
		r.line = hc
	}
	mk.byKey[runnerKey{rd.ID, hc}] = r
	mk.runners = append(mk.runners, r)
	return r
}

// clear empties all books and last trades before an image.
func (mk *market) clear() {
	for _, r := range mk.runners {
		r.book, r.ltp, r.dirty = book{}, 0, true
	}
}

// resume starts a line. A market that resumes after a break discards its earlier trades:
// their prices predate the break.
func (mk *market) resume(d *definition) {
	mk.broken = false
	open := mk.status == odds.Open
	if d != nil {
		open = statusOf(d.Status) == odds.Open
	}
	if !mk.cut || !open {
		return
	}
	mk.cut = false
	for _, r := range mk.runners {
		r.ltp, r.dirty = 0, true
	}
}

// published is the market's status as it is told.
func (mk *market) published() odds.Status {
	switch {
	case (mk.late || mk.lost) && mk.status != odds.Closed:
		return odds.Unknown
	case mk.broken && mk.status == odds.Open:
		return odds.Suspended
	default:
		return mk.status
	}
}

// aside reports whether a status is told of each runner, and not of the whole market: it has
// other lines, which may be open.
func (mk *market) aside(st odds.Status) bool {
	return mk.shared && (st != odds.Unknown || mk.apart)
}

// news returns the market's changes since the last call.
func (mk *market) news(maxWidth float64, image bool) (odds.Update, bool) {
	st := mk.published()
	u := odds.Update{
		Event: mk.event, Venue: Source, Market: mk.key, Status: st, InPlay: mk.inPlay,
		Image: image && !mk.shared, Terms: odds.Terms{Winners: mk.winners, Complete: mk.field, Middle: true},
	}
	if st == odds.Open {
		u.Quotes = mk.quotes(maxWidth, image || mk.sent != odds.Open || !mk.told)
	} else {
		u.Quotes = mk.gone(st)
		if mk.aside(st) {
			u.Status = odds.Open
		}
	}
	if mk.told && st == mk.sent && mk.inPlay == mk.sentInPlay && len(u.Quotes) == 0 && !u.Image {
		return u, false
	}
	mk.told, mk.sent, mk.sentInPlay = true, st, mk.inPlay
	return u, true
}

func (mk *market) quotes(maxWidth float64, all bool) (qs []odds.Quote) {
	for _, r := range mk.runners {
		if q, ok := r.quote(maxWidth, all); ok {
			qs = append(qs, q)
		}
	}
	return qs
}

// gone returns the quotes of a market that is not open: its removed runners and, for a
// shared market, all runners that had a price.
func (mk *market) gone(st odds.Status) (qs []odds.Quote) {
	for _, r := range mk.runners {
		why := r.sentGone
		switch {
		case r.removed:
			why = odds.Removed
		case mk.aside(st) && r.sent != 0:
			why = st
		}
		if why == r.sentGone {
			continue
		}
		r.sent, r.sentGone, r.dirty = 0, why, true
		qs = append(qs, odds.Quote{Selection: r.name, Side: r.side, Line: r.line, Main: r.main, Status: why})
	}
	return qs
}

func statusOf(s string) odds.Status {
	switch s {
	case "OPEN":
		return odds.Open
	case "CLOSED":
		return odds.Closed
	default: // SUSPENDED, INACTIVE
		return odds.Suspended
	}
}
