package polymarket

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"corrgraph/odds"
)

// leagues are the first words of the slugs of matches, with the names that The Odds API has for
// them.
var leagues = map[string][2]string{
	"nba": {"basketball", "nba"}, "wnba": {"basketball", "wnba"}, "cbb": {"basketball", "ncaab"}, "cwbb": {"basketball", "wncaab"},
	"nfl": {"americanfootball", "nfl"}, "cfb": {"americanfootball", "ncaaf"},
	"mlb": {"baseball", "mlb"}, "kbo": {"baseball", "kbo"}, "npb": {"baseball", "npb"}, "nhl": {"icehockey", "nhl"},
	"epl": {"soccer", "epl"}, "lal": {"soccer", "spain_la_liga"}, "bun": {"soccer", "germany_bundesliga"}, "sea": {"soccer", "italy_serie_a"},
	"fl1": {"soccer", "france_ligue_one"}, "ere": {"soccer", "netherlands_eredivisie"}, "por": {"soccer", "portugal_primeira_liga"},
	"tur": {"soccer", "turkey_super_league"}, "ucl": {"soccer", "uefa_champs_league"}, "uel": {"soccer", "uefa_europa_league"},
	"mls": {"soccer", "usa_mls"}, "mex": {"soccer", "mexico_ligamx"}, "bra": {"soccer", "brazil_campeonato"},
	"arg": {"soccer", "argentina_primera_division"}, "elc": {"soccer", "efl_champ"}, "fifwc": {"soccer", "fifa_world_cup"},
	"atp": {"tennis", "atp"}, "wta": {"tennis", "wta"}, "ufc": {"mma", "mixed_martial_arts"}, "ipl": {"cricket", "ipl"},
	"cs2": {"esports", "cs2"}, "lol": {"esports", "lol"}, "dota2": {"esports", "dota2"}, "val": {"esports", "valorant"},
}

// tagged are the tags that say what an event is about, the narrowest first.
var tagged = [...][2]string{
	{"basketball", "basketball"},
	{"baseball", "baseball"},
	{"nfl", "americanfootball"},
	{"cfb", "americanfootball"},
	{"hockey", "icehockey"},
	{"nhl", "icehockey"},
	{"soccer", "soccer"},
	{"tennis", "tennis"},
	{"cricket", "cricket"},
	{"golf", "golf"},
	{"ufc", "mma"},
	{"mma", "mma"},
	{"boxing", "boxing"},
	{"rugby", "rugby"},
	{"pickleball", "pickleball"},
	{"formula1", "motorsport"},
	{"f1", "motorsport"},
	{"esports", "esports"},
	{"chess", "chess"},
	{"politics", "politics"},
	{"elections", "politics"},
	{"crypto", "crypto"},
	{"economy", "economy"},
	{"finance", "finance"},
	{"weather", "weather"},
	{"pop-culture", "culture"},
}

func sportOfTags(tags []string) string {
	for _, t := range tagged {
		if slices.Contains(tags, t[0]) {
			return t[1]
		}
	}
	return ""
}

// sportOf returns the sport and league of a match.
func sportOf(game string, tags []string) (sport, league string) {
	code, _, _ := strings.Cut(game, "-")
	if known, ok := leagues[code]; ok {
		return known[0], known[1]
	}
	return sportOfTags(tags), code
}

var dated = regexp.MustCompile(`^.{1,150}?-\d{4}-\d{2}-\d{2}`)

// gameOf returns the slug of the match that an event is about: "epl-ars-bou-2026-04-11" of
// "epl-ars-bou-2026-04-11-more-markets".
func gameOf(slug string) string {
	if game := dated.FindString(slug); game != "" {
		return game
	}
	return slug
}

// awayFirst reports whether the title of a match names the away side first.
func awayFirst(sport string) bool {
	switch sport {
	case "americanfootball", "baseball", "basketball", "icehockey":
		return true
	}
	return false
}

// naming is what the markets of one event are called.
type naming struct {
	event      *odds.Event
	game       string
	tags       []string
	home, away []string // spellings, in lower case
}

// parties returns the two sides of a title: "Counter-Strike: FaZe vs illwill (BO3) - HLC".
func parties(title string) (first, second string, ok bool) {
	at, n := strings.Index(title, " vs. "), 5
	if at < 0 {
		at, n = strings.Index(title, " vs "), 4
	}
	if at <= 0 {
		return "", "", false
	}
	first, second = title[:at], title[at+n:]
	if i := strings.LastIndex(first, ": "); i >= 0 {
		first = first[i+2:]
	}
	for _, end := range [...]string{" - ", " (", ": "} {
		second, _, _ = strings.Cut(second, end)
	}
	first, second = strings.TrimSpace(first), strings.TrimSpace(second)
	return cut(first, mostText), cut(second, mostText), first != "" && second != "" && first != second
}

// sides finds out who meets, and who is at home.
func (x *naming) sides(e *gammaEvent) {
	ev := x.event
	first, second, ok := parties(e.Title)
	home, away := e.team("home"), e.team("away")
	if home != nil && away != nil {
		ev.Home, ev.Away = cut(home.Name, mostText), cut(away.Name, mostText)
		x.home, x.away = home.spellings(), away.spellings()
	}
	if ok {
		swapped := awayFirst(ev.Sport)
		switch {
		case slices.Contains(x.away, lower(first)) || slices.Contains(x.home, lower(second)):
			swapped = true
		case slices.Contains(x.home, lower(first)) || slices.Contains(x.away, lower(second)):
			swapped = false
		}
		if swapped {
			first, second = second, first
		}
		if ev.Home == "" {
			ev.Home, ev.Away = first, second
		}
		x.home, x.away = append(x.home, lower(first)), append(x.away, lower(second))
	}
	x.home, x.away = append(x.home, lower(ev.Home)), append(x.away, lower(ev.Away))
}

func (e *gammaEvent) team(ordering string) *gammaTeam {
	var found *gammaTeam
	for i := range e.Teams {
		if t := &e.Teams[i]; t.Ordering == ordering && t.Name != "" {
			if found != nil {
				return nil
			}
			found = t
		}
	}
	return found
}

func (t *gammaTeam) spellings() (all []string) {
	for _, s := range [...]string{t.Name, t.Alias, t.Abbreviation} {
		if s != "" {
			all = append(all, lower(s))
		}
	}
	return all
}

func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// side returns the side that a name means.
func (x *naming) side(name string) odds.Side {
	name = lower(name)
	home, away := slices.Contains(x.home, name), slices.Contains(x.away, name)
	switch {
	case home && !away:
		return odds.Home
	case away && !home:
		return odds.Away
	}
	switch name {
	case "over":
		return odds.Over
	case "under":
		return odds.Under
	case "yes":
		return odds.Yes
	case "no":
		return odds.No
	case "draw", "tie":
		return odds.Draw
	}
	return odds.OtherSide
}

// leg is an outcome by its name. Sides are spelt as in the event.
func (x *naming) leg(name string, line float64) odds.Quote {
	q := odds.Quote{Selection: cut(name, mostText), Side: x.side(name), Line: line}
	switch q.Side {
	case odds.Home:
		q.Selection = x.event.Home
	case odds.Away:
		q.Selection = x.event.Away
	}
	return q
}

// standard are the types of markets that other venues have as well.
var standard = map[string]string{
	"moneyline": "h2h", "spreads": "spreads", "spread": "spreads", "totals": "totals", "total": "totals",
	"first_half_moneyline": "h2h_h1", "first_half_spreads": "spreads_h1", "first_half_totals": "totals_h1",
	"second_half_moneyline": "h2h_h2", "second_half_spreads": "spreads_h2", "second_half_totals": "totals_h2",
}

// yesNo is the market of a question.
const yesNo = "yes_no"

// name says what a contract is called: see docs/feeds/polymarket.md.
func (x *naming) name(c *Contract, m *gammaMarket) {
	kind := lower(m.Type)
	base := standard[kind]
	a, b := x.side(m.Outcomes[0]), x.side(m.Outcomes[1])
	none := math.NaN()
	teams := a == odds.Home && b == odds.Away || a == odds.Away && b == odds.Home
	line, hasLine := m.line()
	switch {
	case x.game == "" || x.event.Home == "" && base != "totals":
	case strings.HasPrefix(base, "h2h") && teams:
		c.Market, c.Legs = base, []odds.Quote{x.leg(m.Outcomes[0], none), x.leg(m.Outcomes[1], none)}
		c.mainLine()
		return
	case strings.HasPrefix(base, "h2h") && a == odds.Yes:
		if side := x.about(m); side != "" {
			c.Market, c.Legs, c.Shared = base, []odds.Quote{x.leg(side, none)}, true
			c.mainLine()
			return
		}
	case strings.HasPrefix(base, "spreads") && teams && hasLine:
		c.Market, c.Legs, c.Shared = base, []odds.Quote{x.leg(m.Outcomes[0], line), x.leg(m.Outcomes[1], 0-line)}, true
		return
	case strings.HasPrefix(base, "totals") && a == odds.Over && b == odds.Under && hasLine:
		c.Market, c.Legs, c.Shared = base, []odds.Quote{x.leg(m.Outcomes[0], line), x.leg(m.Outcomes[1], line)}, true
		return
	}
	x.other(c, m, kind, line, hasLine)
}

// other names a contract about anything else.
func (x *naming) other(c *Contract, m *gammaMarket, kind string, line float64, hasLine bool) {
	c.Market, c.Shared = yesNo, true
	if kind != "" && standard[kind] == "" {
		c.Market = cut(kind, 60)
	}
	if !hasLine || !slices.Contains([]odds.Side{odds.Over, odds.Home, odds.Away}, x.side(m.Outcomes[0])) {
		line = math.NaN()
	}
	c.Legs = []odds.Quote{x.leg(m.Outcomes[0], line), x.leg(m.Outcomes[1], line)}
	if c.Legs[1].Side == odds.Home || c.Legs[1].Side == odds.Away {
		c.Legs[1].Line = 0 - line
	}
	subject := m.Group
	if subject == "" && (x.game != "" || m.Question != x.event.Title) {
		subject = m.Question
	}
	for i := range c.Legs {
		c.Legs[i].Subject = cut(subject, mostText)
	}
	if subject == "" {
		c.Shared = false
	}
	c.mainLine()
}

// mainLine marks outcomes without a line.
func (c *Contract) mainLine() {
	for i := range c.Legs {
		c.Legs[i].Main = math.IsNaN(c.Legs[i].Line)
	}
}

// about returns whom a question of a match is about: a side, or "Draw".
func (x *naming) about(m *gammaMarket) string {
	group, _, _ := strings.Cut(m.Group, " (")
	if group == "" {
		switch q := strings.TrimPrefix(m.Question, "Will "); {
		case strings.Contains(q, " end in a draw"):
			return "Draw"
		default:
			group, _, _ = strings.Cut(q, " win")
		}
	}
	switch x.side(group) {
	case odds.Home, odds.Away, odds.Draw:
		return group
	}
	return ""
}

var overUnder = regexp.MustCompile(`O/U (\d{1,4}(?:\.\d{1,2})?)`)

// line returns the handicap of the first outcome, or the total.
func (m *gammaMarket) line() (float64, bool) {
	text := string(m.Line)
	if text == "" {
		if found := overUnder.FindStringSubmatch(m.Question); found != nil {
			text = found[1]
		}
	}
	x, err := odds.ParseLine(text)
	return x, err == nil && odds.ValidLine(x)
}
