package betfair

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/odds"
)

// sportOf returns the sport of an eventTypeId; an unknown one gives "betfair-<id>".
func sportOf(eventType string) string {
	switch eventType {
	case "1":
		return "soccer"
	case "2":
		return "tennis"
	case "3":
		return "golf"
	case "4":
		return "cricket"
	case "5":
		return "rugby_union"
	case "6":
		return "boxing"
	case "7":
		return "horse_racing"
	case "8":
		return "motor_sport"
	case "10":
		return "special_bets"
	case "11":
		return "cycling"
	case "1477":
		return "rugby_league"
	case "2378961":
		return "politics"
	case "3503":
		return "darts"
	case "4339":
		return "greyhounds"
	case "6422":
		return "snooker"
	case "6423":
		return "american_football"
	case "7511":
		return "baseball"
	case "7522":
		return "basketball"
	case "7524":
		return "ice_hockey"
	case "26420387":
		return "mixed_martial_arts"
	case "":
		return ""
	}
	return "betfair-" + eventType
}

// racing reports whether an event of this type is a meeting of many races.
func racing(eventType string) bool { return eventType == "7" || eventType == "4339" }

// awayFirst reports whether Betfair lists the away team first ("A @ B").
func awayFirst(sport string) bool {
	return slices.Contains([]string{"american_football", "baseball", "basketball", "ice_hockey"}, sport)
}

// race is a race of a meeting.
type race struct {
	id      string
	runners []int64 // selection ids, sorted
}

// raceID is the event id of a race: Betfair's eventId with the race's first known start
// (UTC) added, "31389771-1826". A racing event is a whole meeting: the WIN and PLACE markets
// of one race belong together, those of two races do not. A start is corrected, also between
// two markets of one race, so that races are told apart by their runners. Where two races
// have one first start, the second gets its lowest selection id added.
func (s *stream) raceID(d *definition) string {
	runners := make([]int64, 0, len(d.Runners))
	for _, r := range d.Runners {
		runners = append(runners, r.ID)
	}
	slices.Sort(runners)
	runners = slices.Compact(runners)
	id := d.EventID
	if t := timeOf(d.MarketTime); t != 0 {
		id += "-" + t.Std().Format("1504")
	}
	if len(runners) == 0 {
		return id
	}
	for _, r := range s.races[d.EventID] {
		if within(runners, r.runners) || within(r.runners, runners) {
			return r.id
		}
	}
	if slices.ContainsFunc(s.races[d.EventID], func(r race) bool { return r.id == id }) {
		id += "-" + strconv.FormatInt(runners[0], 10)
	}
	s.races[d.EventID] = append(s.races[d.EventID], race{id, runners})
	return id
}

// within reports whether all of a are in b. Both are sorted.
func within(a, b []int64) bool {
	for _, x := range a {
		if _, ok := slices.BinarySearch(b, x); !ok {
			return false
		}
	}
	return true
}

func timeOf(s string) odds.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0
	}
	return odds.TimeOf(t)
}

var (
	saddle    = regexp.MustCompile(`^\d+\. `) // "1. Paradise Mission"
	overUnder = regexp.MustCompile(`^OVER_UNDER_(\d{2,4})(?:_([A-Z0-9_]+))?$`)
	halfGoals = regexp.MustCompile(`^FIRST_HALF_GOALS_(\d{2,4})$`)
	setNumber = regexp.MustCompile(`\d+`)
)

// marketKey returns a market's name. shared means that several Betfair markets are lines
// of it.
//
//   - MATCH_ODDS is h2h with two or three runners, else match_odds.
//   - ASIAN_HANDICAP is spreads, every runner with its hc as line.
//   - OVER_UNDER_25 is totals at 2.5, FIRST_HALF_GOALS_05 is totals_h1 at 0.5.
//   - SET_WINNER adds the number in the market's name ("Set 4 Winner" is
//     set_winner_4), or its id if it has no name.
//   - OTHER_PLACE adds the number of places paid.
//   - Every other type is unchanged, in lower case: win, place, half_time…
//
// A second market of an event with the same name gets its id appended.
func marketKey(id string, d *definition) (key string, line float64, shared bool) {
	kind, none := d.MarketType, math.NaN()
	switch {
	case kind == "MATCH_ODDS" && (len(d.Runners) == 2 || len(d.Runners) == 3):
		return "h2h", none, false
	case kind == "ASIAN_HANDICAP":
		return "spreads", none, false
	case kind == "SET_WINNER":
		if n := setNumber.FindString(d.Name); n != "" {
			return "set_winner_" + n, none, false
		}
		return "set_winner-" + id, none, false
	case kind == "OTHER_PLACE":
		return "other_place_" + strconv.Itoa(d.Winners), none, false
	case kind == "":
		return "market-" + id, none, false
	}
	if m := overUnder.FindStringSubmatch(kind); m != nil {
		key = "totals"
		if m[2] != "" {
			key += "_" + strings.ToLower(m[2])
		}
		return key, tenths(m[1]), true
	}
	if m := halfGoals.FindStringSubmatch(kind); m != nil {
		return "totals_h1", tenths(m[1]), true
	}
	return strings.ToLower(kind), none, false
}

// tenths reads the line in a market type: "25" is 2.5, "105" is 10.5.
func tenths(digits string) float64 {
	n, _ := strconv.Atoi(digits) // two to four digits, by the expression
	return float64(n) / 10
}

func lineText(line float64) string {
	if math.IsNaN(line) {
		return ""
	}
	return "@" + strconv.FormatFloat(line, 'f', -1, 64)
}

// drawID is the selection id of "The Draw" in every sport.
const drawID = 58805

// selection returns a runner's name and side.
func (mk *market) selection(rd runnerDef) (string, odds.Side) {
	name := strconv.FormatInt(rd.ID, 10)
	if mk.named && rd.Name != "" {
		name = rd.Name
	}
	switch {
	case mk.shared:
		return overOrUnder(name, rd)
	case rd.ID == drawID:
		return name, odds.Draw
	case mk.key != "h2h" && mk.key != "spreads" && mk.kind != "SET_WINNER":
		return name, odds.OtherSide
	}
	return name, mk.team(rd)
}

// overOrUnder goes by the name; unnamed runners are in Betfair's order, Under first.
func overOrUnder(name string, rd runnerDef) (string, odds.Side) {
	switch {
	case strings.HasPrefix(name, "Over") || rd.Name == "" && rd.Sort == 2:
		return "Over", odds.Over
	case strings.HasPrefix(name, "Under") || rd.Name == "" && rd.Sort == 1:
		return "Under", odds.Under
	}
	return name, odds.OtherSide
}

// team tells home from away by name, or by the order of the runners if they are unnamed and
// Betfair lists home first.
func (mk *market) team(rd runnerDef) odds.Side {
	if mk.named {
		switch e := mk.event; {
		case e == nil || e.Home == "" || rd.Name == "":
			return odds.OtherSide
		case rd.Name == e.Home:
			return odds.Home
		case rd.Name == e.Away:
			return odds.Away
		}
		return odds.OtherSide
	}
	switch {
	case awayFirst(mk.sport) || mk.first == 0:
		return odds.OtherSide
	case rd.ID == mk.first:
		return odds.Home
	}
	return odds.Away
}

// event returns the event of a definition: the one shared with its other markets, with any
// new facts added. A changed event is a new value.
func (s *stream) event(mk *market, d *definition) *odds.Event {
	old := s.events[mk.eventID]
	e := odds.Event{ID: mk.eventID, Sport: mk.sport}
	if old != nil {
		e = *old
	}
	fill(&e.League, strings.ToLower(cmpOr(d.Competition, d.Country)))
	if t := timeOf(d.MarketTime); t != 0 {
		e.Start = t
	}
	if mk.racing {
		fill(&e.Title, raceTitle(d))
		if f := field(d); len(f) > len(e.Participants) {
			e.Participants = f
		}
	} else if e.Home == "" {
		e.Home, e.Away = sides(d)
	}
	fill(&e.Title, d.EventName)
	if !mk.racing && e.Home == "" && len(e.Participants) == 0 {
		e.Participants = names(d)
	}
	if old != nil && same(&e, old) {
		return old
	}
	s.events[mk.eventID] = &e
	return &e
}

func fill(field *string, s string) {
	if *field == "" {
		*field = strings.Clone(s)
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func same(a, b *odds.Event) bool {
	return a.League == b.League && a.Start == b.Start && a.Home == b.Home && a.Away == b.Away &&
		a.Title == b.Title && len(a.Participants) == len(b.Participants)
}

// raceTitle is the meeting and the start: "Ham 14th Jun 18:55 UTC".
func raceTitle(d *definition) string {
	title, t := cmpOr(d.EventName, d.Venue), timeOf(d.MarketTime)
	if title == "" || t == 0 {
		return title
	}
	if d.EventName == "" {
		title += " " + t.Std().Format(time.DateOnly)
	}
	return title + " " + t.Std().Format("15:04") + " UTC"
}

// names lists the runners of a single-winner market, for an event of many sides.
func names(d *definition) (ns []string) {
	if d.Winners != 1 {
		return nil
	}
	for _, r := range d.Runners {
		if r.Name != "" && r.ID != drawID {
			ns = append(ns, strings.Clone(saddle.ReplaceAllString(r.Name, "")))
		}
	}
	return ns
}

// field lists the runners of a race, whatever its market asks: they tell it from other
// races. One without a name is "selection" and its id.
func field(d *definition) (ns []string) {
	for _, r := range d.Runners {
		switch {
		case r.Name != "":
			ns = append(ns, strings.Clone(saddle.ReplaceAllString(r.Name, "")))
		case r.ID != 0:
			ns = append(ns, "selection "+strconv.FormatInt(r.ID, 10))
		}
	}
	return ns
}

// sides tells home and away: "A v B", "A @ B" (B at home). The runners' names are fuller
// ("Casper Ruud" for "Ruud") and take precedence if the market has exactly these two.
func sides(d *definition) (home, away string) {
	var found bool
	if home, away, found = strings.Cut(d.EventName, " v "); !found {
		if away, home, found = strings.Cut(d.EventName, " @ "); !found {
			return "", ""
		}
	}
	home, away = strings.TrimSpace(home), strings.TrimSpace(away)
	if d.MarketType != "MATCH_ODDS" && d.MarketType != "SET_WINNER" {
		return strings.Clone(home), strings.Clone(away)
	}
	for _, r := range d.Runners {
		// The shorter name must occur in only one runner.
		inHome, inAway := strings.Contains(r.Name, home), strings.Contains(r.Name, away)
		switch {
		case inHome && !inAway:
			home = r.Name
		case inAway && !inHome:
			away = r.Name
		}
	}
	return strings.Clone(home), strings.Clone(away)
}
