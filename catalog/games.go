package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"corrgraph/odds"
)

const minute = hour / 60

// oneGame is how far apart two sources' starts of one match may be in a sport in which the
// same two can meet twice in a day. The second game of a doubleheader starts three hours or
// more after the first.
const oneGame = 2 * hour

// near is how far apart two starts of one match may be.
func (c *Catalog) near(ev *Event) odds.Millis {
	if meetOnce(ev.Sport, ev.League) {
		return c.options.Window
	}
	return min(c.options.Window, oneGame)
}

// meetOnce reports whether the same two never meet twice in a day. Games played at a
// console or drawn by a computer are listed under the sport that they imitate.
func meetOnce(sport, league string) bool {
	switch sport {
	case "soccer", "football", "americanfootball", "basketball", "icehockey", "hockey", "rugby", "rugbyunion", "rugbyleague",
		"rugbyunions", "aussierules", "australianrules", "handball", "volleyball", "lacrosse", "cricket", "tennis", "boxing", "mma", "mixedmartialarts":
	default:
		return false
	}
	return !slices.ContainsFunc(strings.Fields(league), func(word string) bool {
		return slices.Contains([]string{"esoccer", "ebasketball", "efootball", "ehockey", "ecricket", "etennis", "cyber", "virtual", "simulated", "srl", "esports"}, word)
	})
}

// sameGame adjusts a fit by the numbers that the names give the games of a doubleheader;
// timed means that both starts are known.
func sameGame(f fit, timed bool, a, b int) fit {
	switch {
	case f == no || a == b && a == 0:
		return f
	case a == b && timed:
		return strict // the number settles what the starts leave open
	case a == b:
		return f
	case a == 0 || b == 0:
		if f == loose {
			return maybe
		}
		return f
	case f == strict:
		return maybe
	}
	return no
}

// nearest returns the event that starts clearly nearest to a start; nil if none does.
func nearest(start odds.Time, events []*entry) *entry {
	slices.SortStableFunc(events, func(a, b *entry) int { return int(a.apart(start) - b.apart(start)) })
	first, second := events[0].apart(start), events[1].apart(start)
	if first <= 90*minute && second >= first+60*minute {
		return events[0]
	}
	return nil
}

var (
	gameAfter  = regexp.MustCompile(`(?i)^(.*?)[\s,;:–-]*(?:\bgame\s*#?\s*([1-4])|[(\[]\s*(?:game|gm|g|dh)\.?\s*#?\s*([1-4])\s*[)\]])\s*$`)
	gameBefore = regexp.MustCompile(`(?i)^\s*(?:game\s*#?\s*([1-4])|\(?g([1-4])\)?)(?:\s*[:–-]\s*|\s+)(.+)$`) // Esports has a team G2
)

// numbered removes the number of the game from names: "Oak City (Game 2)", "G2 Oak City".
// It is 0 if neither the names nor the title have one, or if they contradict each other.
func numbered(e *odds.Event, home, away string) (h, a string, game int) {
	h, g1 := cutGame(e.Sport, home)
	a, g2 := cutGame(e.Sport, away)
	_, g3 := cutGame(e.Sport, e.Title)
	for _, g := range []int{g1, g2, g3} {
		switch {
		case g == 0 || g == game:
		case game != 0:
			return home, away, 0
		default:
			game = g
		}
	}
	return h, a, game
}

func cutGame(sport, name string) (rest string, game int) {
	if m := gameAfter.FindStringSubmatch(name); m != nil && Normalize(m[1]) != "" {
		game, _ = strconv.Atoi(m[2] + m[3]) // one of the two
		return m[1], game
	}
	if m := gameBefore.FindStringSubmatch(name); m != nil && (m[2] == "" || SportKey(sport) == "baseball") {
		game, _ = strconv.Atoi(m[1] + m[2])
		return m[3], game
	}
	return name, 0
}
