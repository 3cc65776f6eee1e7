package catalog

import (
	"slices"
	"strings"

	"corrgraph/odds"
)

// sameID returns the event that other sources give the same id, if nothing that is said of
// the two differs; or, if it may be the same, the reason for the doubt. Recordings of
// several venues share one id per event, but unrelated venues count from 1 as well.
func (c *Catalog) sameID(id sourceID, e *odds.Event, w pair, at odds.Time) (*entry, *Ambiguity) {
	var doubts []*entry
	why, asked := "", Normalize(e.Title)
	for _, other := range slices.Backward(c.shared[id.id]) {
		if slices.Contains(other.sources, id.source) {
			continue
		}
		same, reason := c.sameThing(id.id, asked, e, w, at, other)
		if same {
			return other, nil
		}
		if reason != "" {
			doubts, why = append(doubts, other), reason
		}
	}
	if why == "" {
		return nil, nil
	}
	return nil, doubtful("two sources use one id, but "+why, doubts)
}

// sameThing compares two events of one id. Neither the same nor a reason: they are
// certainly two. asked is the normalized title of e.
func (c *Catalog) sameThing(id, asked string, e *odds.Event, w pair, at odds.Time, other *entry) (same bool, doubt string) {
	f := c.when(e.Start, at, other)
	knows, known := w.known(), other.pair.known()
	switch {
	case w.sport != other.Sport:
		return false, ""
	case knows && known && w.key() != other.pair.key(), common(fieldOf(e), other.field) == 0 && fieldOf(e) != nil && other.field != nil:
		return false, ""
	case w.league != "" && other.League != "" && w.league != other.League && !(knows && known && f == strict && tells(id, e.Start, other)):
		return false, "their leagues differ"
	case w.game != 0 && other.pair.game != 0 && w.game != other.pair.game:
		return false, "they number the game differently"
	case knows && known && f != strict && f != loose && !tells(id, e.Start, other):
		return false, "the same two start hours apart"
	case knows != known && (asked == "" || asked != Normalize(other.Title)):
		return false, "only one of them names the participants"
	case !knows && !known && (asked == "") != (other.asked == ""):
		return false, "only one of them says what it is about"
	case !knows && !known && !sameQuestion(asked, other.asked):
		return false, "their titles differ"
	case f == no && !tells(id, e.Start, other):
		return false, "they are far apart in time"
	}
	return true, ""
}

// tells reports whether an id is so long that two sources don't share it by chance, and the
// starts are no further apart than a match may be put off.
func tells(id string, start odds.Time, other *entry) bool {
	return len(id) >= 8 && (start == 0 || other.Start == 0 || other.apart(start) <= putOff)
}

// sameQuestion reports whether two normalized titles ask the same: the same words in the
// same order, but for those that carry no meaning, and for the plural.
func sameQuestion(a, b string) bool { return slices.Equal(gist(a), gist(b)) }

// continues reports whether a source's new title can be of what the old one named: it asks
// the same, or one title is the other with words added.
func continues(was, now string) bool {
	short, long := gist(was), gist(now)
	if len(short) > len(long) {
		short, long = long, short
	}
	var added []string
	for _, word := range long {
		if len(short) > 0 && short[0] == word {
			short = short[1:]
		} else {
			added = append(added, word)
		}
	}
	return len(short) == 0 && !slices.ContainsFunc(added, tellsApart)
}

// gist returns the words of a title that carry its meaning.
func gist(title string) (words []string) {
	for _, w := range strings.Fields(title) {
		switch w {
		case "will", "to", "of", "in", "on", "at", "for", "be", "is", "an", "does", "do", "did", "there":
			continue
		}
		if len(w) > 3 && !strings.HasSuffix(w, "ss") {
			w = strings.TrimSuffix(w, "s")
		}
		words = append(words, w)
	}
	return words
}
