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
// two different ones.
func (c *Catalog) who(source string, e *odds.Event) pair {
	p := pair{sport: SportKey(e.Sport), league: c.facts.League(e.Sport, e.League)}
	home, away := e.Home, e.Away
	if home == "" && away == "" && len(e.Participants) == 2 {
		home, away, p.unordered = e.Participants[0], e.Participants[1], true
	}
	if Normalize(home) == "" || Normalize(away) == "" {
		return p
	}
	h, a := c.participant(source, e, home), c.participant(source, e, away)
	if h.key == a.key {
		c.doubt(e, home+" v "+away, []string{h.key}, "both participants have one name")
		return p
	}
	p.home, p.away, p.reversed = h, a, h.key > a.key
	return p
}

func (c *Catalog) participant(source string, e *odds.Event, name string) participant {
	switch ids := c.facts.Lookup(e.Sport, e.League, name); len(ids) {
	case 0:
		n := Normalize(name)
		id := teamID(participantKind(e.Sport), SportKey(e.Sport), c.facts.League(e.Sport, e.League), name)
		return participant{key: n, name: strings.TrimSpace(name), id: id}
	case 1:
		known, _ := c.facts.Entity(ids[0])
		return participant{key: ids[0], name: known.Name, id: ids[0]}
	default:
		c.doubt(e, name, ids, "the name fits more than one")
		// The key combines source and event: it equals no other.
		return participant{key: source + "\x00" + e.ID + "\x00" + Normalize(name), name: strings.TrimSpace(name)}
	}
}

// doubt lists an ambiguous participant, once for each league and spelling.
func (c *Catalog) doubt(e *odds.Event, name string, candidates []string, why string) {
	key := nameKey(SportKey(e.Sport), c.facts.League(e.Sport, e.League), Normalize(name))
	if !c.doubted[key] {
		c.doubted[key] = true
		c.ambiguous = append(c.ambiguous, Ambiguity{"participant", name, slices.Clone(candidates), why})
	}
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
	for _, other := range c.meetings[w.key()] {
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
		return nil, doubtful("the same two meet more than once within the window", by[strict])
	case len(by[loose]) == 1 && len(by[maybe]) == 0:
		if rivals := c.rivals(by[loose][0], w, at); len(rivals) > 0 {
			return nil, doubtful("the start is unknown and another meeting of the same two could fit", append(rivals, by[loose][0]))
		}
		return by[loose][0], nil
	case len(by[loose]) > 0:
		return nil, doubtful("the start is unknown and more than one meeting of the same two could fit", append(by[loose], by[maybe]...))
	case len(by[maybe]) > 0:
		return nil, doubtful("the same two meet, but sport, league or first sight don't agree", by[maybe])
	}
	return nil, nil
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
	f := c.when(e.Start, at, other)
	if f != no && (w.sport != other.Sport || w.league != "" && other.League != "" && w.league != other.League) {
		return maybe
	}
	return f
}

// when compares start times, or first sightings if a start is unknown.
func (c *Catalog) when(start, at odds.Time, other *entry) fit {
	switch {
	case start != 0 && other.Start != 0:
		if apart(start, other.Start) <= c.options.Window {
			return strict
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
