package catalog

import (
	"cmp"
	"slices"
	"strings"

	"corrgraph/odds"
)

// participant is one side of a match in comparable form.
type participant struct {
	key  string // entity id if there is one, else the normalized name
	name string // canonical
	id   string // entity id; empty if the name is ambiguous
}

// pair is the two participants of a match.
type pair struct {
	sport, league string
	home, away    participant
	reversed      bool // home's key sorts after away's
	unordered     bool // the source does not say which side is at home
	game          int  // of a doubleheader, as the names number it; 0 unknown
}

func (p pair) known() bool { return p.home.key != "" }

// key is the same for either order.
func (p pair) key() pair {
	a, b := participant{key: p.home.key}, participant{key: p.away.key}
	if p.reversed {
		a, b = b, a
	}
	return pair{home: a, away: b}
}

// who determines the participants of a source's event. They are unknown unless there are
// two different ones, both of them named already.
func (c *Catalog) who(source string, e *odds.Event, at odds.Time) pair {
	p := pair{sport: SportKey(e.Sport), league: c.facts.League(e.Sport, e.League)}
	home, away := e.Home, e.Away
	if home == "" && away == "" && len(e.Participants) == 2 && !isRace(e.Sport) {
		home, away, p.unordered = e.Participants[0], e.Participants[1], true
	}
	home, away, p.game = numbered(e, home, away)
	if isOpen(home) || isOpen(away) {
		return p
	}
	h, a := c.participant(source, e, home, at), c.participant(source, e, away, at)
	if h.key == a.key {
		c.doubt(source, e, home+" v "+away, []string{h.key}, "both participants have one name", at)
		return p
	}
	p.home, p.away, p.reversed = h, a, h.key > a.key
	return p
}

// isOpen reports whether a name stands for a participant that is not known yet.
func isOpen(name string) bool {
	switch n := Normalize(name); n {
	case "", "tbd", "tba", "tbc", "to be determined", "to be decided", "to be announced", "to be confirmed":
		return true
	default:
		return strings.HasPrefix(n, "winner of ") || strings.HasPrefix(n, "loser of ")
	}
}

func (c *Catalog) participant(source string, e *odds.Event, name string, at odds.Time) participant {
	switch ids := c.facts.Lookup(e.Sport, e.League, name); len(ids) {
	case 0:
		n := Normalize(name)
		id := teamID(participantKind(e.Sport), SportKey(e.Sport), c.facts.League(e.Sport, e.League), name)
		return participant{key: n, name: strings.TrimSpace(name), id: id}
	case 1:
		known, _ := c.facts.Entity(ids[0])
		return participant{key: ids[0], name: known.Name, id: ids[0]}
	default:
		c.doubt(source, e, name, ids, "the name fits more than one", at)
		// The key combines source and event: it equals no other.
		return participant{key: source + "\x00" + e.ID + "\x00" + Normalize(name), name: strings.TrimSpace(name)}
	}
}

// doubt lists an ambiguous participant, once for each league and spelling.
func (c *Catalog) doubt(source string, e *odds.Event, name string, candidates []string, why string, at odds.Time) {
	key := nameKey(SportKey(e.Sport), c.facts.League(e.Sport, e.League), Normalize(name))
	c.doubts.addOnce("participant\x00"+key, Ambiguity{
		Kind: "participant", Name: name, Source: source, SourceID: e.ID, Candidates: slices.Clone(candidates),
		Why: why, Done: "an event that it names is matched with no other", Since: at,
	})
}

// participantKind is the kind of participant in matches of a sport.
func participantKind(sport string) string {
	switch SportKey(sport) {
	case "tennis", "tabletennis", "badminton", "squash", "golf", "snooker", "darts", "chess",
		"boxing", "mma", "mixedmartialarts", "greyhoundracing", "horseracing":
		return Player
	default:
		return Team
	}
}

// entities lists the entities of an event: the participants, then the entities they link
// to, from the narrowest kind to the widest. Only the home side's venue is included.
func (c *Catalog) entities(p pair) []string {
	var ids []string
	for _, side := range []participant{p.home, p.away} {
		if side.id != "" {
			ids = append(ids, side.id)
		}
	}
	for _, kind := range []string{Person, Owner, Venue, City} {
		for _, side := range []participant{p.home, p.away} {
			if kind == Venue && (side != p.home || p.unordered) {
				continue
			}
			team, _ := c.facts.Entity(side.id)
			for _, id := range team.Links {
				if kindOf(id) == kind && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// kindOf returns the kind in an entity id.
func kindOf(id string) string {
	kind, _, _ := strings.Cut(id, ":")
	return kind
}

// fit is how well two events agree; higher is better.
type fit uint8

const (
	no     fit = iota
	maybe      // undecidable: listed as an ambiguity
	loose      // one start is unknown, everything else agrees
	strict     // everything agrees
)

// find returns the one event that e certainly is, or the reason why it is undecidable.
func (c *Catalog) find(source string, e *odds.Event, w pair, at odds.Time) (*entry, *Ambiguity) {
	if !w.known() {
		return nil, nil
	}
	var by [strict + 1][]*entry
	for _, other := range newest(c.meetings[w.key()]) {
		if slices.Contains(other.sources, source) {
			continue // a source's own ids are distinct events
		}
		f := c.fit(e, w, at, other)
		by[f] = append(by[f], other)
	}
	switch {
	case len(by[strict]) == 1:
		return by[strict][0], nil
	case len(by[strict]) > 1:
		if one := nearest(e.Start, by[strict]); one != nil {
			return one, nil
		}
		return nil, doubtful("the same two meet more than once within the window", by[strict])
	case len(by[loose]) == 1 && len(by[maybe]) == 0:
		if rivals := c.rivals(by[loose][0], w, at); len(rivals) > 0 {
			return nil, doubtful("the start is unknown and another meeting of the same two could fit", append(rivals, by[loose][0]))
		}
		return by[loose][0], nil
	case len(by[loose]) > 0:
		return nil, doubtful("the start is unknown and more than one meeting of the same two could fit", append(by[loose], by[maybe]...))
	case len(by[maybe]) > 0:
		return nil, doubtful(c.whyMaybe(e, w, at, by[maybe]), by[maybe])
	}
	return nil, nil
}

// oneStart is how far apart the starts are that a source gives for one match listed twice.
const oneStart = 10 * minute

// listedTwice is the doubt about a new event whose two sides the same source lists at the same
// start under another id; nil if there is none.
func (c *Catalog) listedTwice(source string, e *odds.Event, w pair) *Ambiguity {
	if !w.known() || e.Start == 0 {
		return nil
	}
	var twice []*entry
	for _, other := range newest(c.meetings[w.key()]) {
		if other.Start != 0 && other.apart(e.Start) <= oneStart && w.sport == other.Sport && w.league == other.League &&
			w.game == other.pair.game && slices.Contains(other.sources, source) {
			twice = append(twice, other)
		}
	}
	if twice == nil {
		return nil
	}
	return doubtful("one source lists the same two at the same start under another id", twice)
}

// newest limits what a new event is compared with.
func newest(list []*entry) []*entry { return list[max(0, len(list)-mostRivals):] }

// whyMaybe says what keeps events with the same two participants apart.
func (c *Catalog) whyMaybe(e *odds.Event, w pair, at odds.Time, events []*entry) string {
	for _, other := range events {
		if c.when(e.Start, at, other) == maybe && e.Start != 0 && other.Start != 0 {
			return "the same two meet within the window, but at starts so far apart that there may be two games in a day"
		}
		if w.game != other.pair.game {
			return "the same two meet, but not both names number the game alike"
		}
	}
	return "the same two meet, but sport, league or first sight don't agree"
}

func doubtful(why string, events []*entry) *Ambiguity {
	a := &Ambiguity{Kind: "event", Why: why}
	for _, e := range events {
		a.Candidates = append(a.Candidates, e.ID)
	}
	slices.Sort(a.Candidates)
	return a
}

func (c *Catalog) fit(e *odds.Event, w pair, at odds.Time, other *entry) fit {
	if w.sport != "" && other.Sport != "" && w.sport != other.Sport {
		return no
	}
	f := sameGame(c.when(e.Start, at, other), e.Start != 0 && other.Start != 0, w.game, other.pair.game)
	if f != no && (w.sport != other.Sport || w.league != "" && other.League != "" && w.league != other.League) {
		return maybe
	}
	return f
}

// when compares start times, or first sightings if a start is unknown. A start fits if it
// is near any start that a source has given for the other event, also one since corrected.
func (c *Catalog) when(start, at odds.Time, other *entry) fit {
	switch {
	case start != 0 && other.Start != 0:
		switch d := other.apart(start); {
		case d <= c.near(&other.Event):
			return strict
		case d <= c.options.Window:
			return maybe
		}
		return no
	case other.Start != 0 && at > other.Start.Add(c.options.Window):
		return no // over before this source reported it
	case start != 0 && other.LastSeen > start.Add(c.options.Window):
		return no // quoted after this one was over
	case apart(at, other.FirstSeen) <= c.options.FirstSeen:
		return loose
	case apart(at, other.LastSeen) <= c.options.FirstSeen:
		return maybe
	}
	return no
}

// apart is how far a start is from the nearest that was given for the event.
func (ev *entry) apart(start odds.Time) odds.Millis {
	d := apart(start, ev.Start)
	for _, s := range ev.starts {
		d = min(d, apart(start, s))
	}
	return d
}

// rivals are other meetings that could equally be an event without a start.
func (c *Catalog) rivals(of *entry, w pair, at odds.Time) (out []*entry) {
	if of.Start != 0 {
		return nil
	}
	for _, other := range c.meetings[w.key()] {
		shared := slices.ContainsFunc(other.sources, func(s string) bool { return slices.Contains(of.sources, s) })
		if other != of && !shared && other.Sport == of.Sport && c.when(0, at, other) != no {
			out = append(out, other)
		}
	}
	return out
}

func apart(a, b odds.Time) odds.Millis {
	return max(a, b).Sub(min(a, b))
}

// Clone returns a copy that shares nothing with e.
func (e Event) Clone() Event {
	e.Entities = slices.Clone(e.Entities)
	return e
}

// about is the start, or the first sighting if the start is unknown.
func (e *Event) about() odds.Time { return cmp.Or(e.Start, e.FirstSeen) }
