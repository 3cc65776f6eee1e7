package catalog

import (
	"regexp"
	"slices"

	"corrgraph/odds"
)

// isRace reports whether the events of a sport are races, which are known by their runners:
// a start is corrected, but nobody runs in two races at a time.
func isRace(sport string) bool {
	switch SportKey(sport) {
	case "horseracing", "greyhounds", "greyhoundracing", "harnessracing":
		return true
	}
	return false
}

// place is a name that runners of all races have.
var place = regexp.MustCompile(`^(?:(?:trap|runner|horse|dog|no|number|box|stall) ?)?\d{0,3}$`)

// fieldOf returns the runners of a race, normalized and sorted; nil unless they tell it
// from others.
func fieldOf(e *odds.Event) (field []string) {
	if len(e.Participants) < 2 || !isRace(e.Sport) {
		return nil
	}
	for _, p := range e.Participants {
		if n := Normalize(p); !place.MatchString(n) {
			field = append(field, n)
		}
	}
	slices.Sort(field)
	if field = slices.Compact(field); len(field) < 2 {
		return nil
	}
	return field
}

// common counts what two sorted lists share.
func common(a, b []string) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			n, i, j = n+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return n
}

// ofMeeting matches the id of a race that its feed made of the id of the whole meeting and
// a start, which may be corrected.
var ofMeeting = regexp.MustCompile(`^(.+)-\d{4}(?:-[^-]+)?$`)

func meetingOf(id string) string {
	if m := ofMeeting.FindStringSubmatch(id); m != nil {
		return m[1]
	}
	return ""
}

// race returns the race that has the same runners, or the reason why it is undecidable.
// Two ids of one source can be one race if they are of the same meeting.
func (c *Catalog) race(id sourceID, e *odds.Event, w pair, at odds.Time) (*entry, *Ambiguity) {
	field := fieldOf(e)
	var same, some []*entry
	for _, other := range c.runsWith(field) {
		own := slices.Contains(other.sources, id.source)
		if other.Sport != w.sport || own && (other.meeting == "" || other.meeting != meetingOf(id.id)) || c.when(e.Start, at, other) == no {
			continue
		}
		switch n := common(field, other.field); {
		case n >= 2 && n == min(len(field), len(other.field)):
			same = append(same, other)
		case n >= 2:
			some = append(some, other)
		}
	}
	switch {
	case len(same) == 1:
		return same[0], nil
	case len(same) > 1:
		return nil, doubtful("more than one race has these runners", same)
	case len(some) > 0:
		return nil, doubtful("a race at about the same time has some of these runners", some)
	}
	return nil, nil
}

// runsWith returns the races in which any of the runners takes part, each once.
func (c *Catalog) runsWith(field []string) (races []*entry) {
	for _, name := range field {
		for _, other := range newest(c.runners[name]) {
			if !slices.Contains(races, other) {
				races = append(races, other)
			}
		}
	}
	return races
}

// enter records the runners of a race that were unknown so far.
func (c *Catalog) enter(ev *entry, e *odds.Event) {
	if ev.field != nil {
		return
	}
	ev.field, ev.meeting = fieldOf(e), meetingOf(e.ID)
	for _, name := range ev.field {
		c.runners[name] = append(c.runners[name], ev)
	}
}
