package kalshi

import (
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"corrgraph/odds"
)

// identity is what a contract is in the product's words.
type identity struct {
	event    odds.Event
	market   string
	outcomes []outcome

	home, away string // codes of the sides, if those are known
}

// ticker is a market's ticker, taken apart: SERIES-25DEC25CLENYK-CLE, or with the start in
// Eastern time and the number of a game of two in a day, SERIES-26APR301235STLPITG1-PIT.
type ticker struct {
	series, game, end string
	block             string // the codes of both sides
	start             odds.Time
}

var gamePart = regexp.MustCompile(`^(\d\d)([A-Z]{3})(\d\d)(\d{4})?([A-Z]+?)(G[12])?$`)

// takeApart reads a ticker; ok is false if it is not of a game.
func takeApart(id string) (t ticker, ok bool) {
	var found bool
	if t.series, t.game, found = strings.Cut(id, "-"); !found {
		return t, false
	}
	if t.game, t.end, found = strings.Cut(t.game, "-"); !found || t.end == "" {
		return t, false
	}
	m := gamePart.FindStringSubmatch(t.game)
	if m == nil {
		return t, false
	}
	month := m[2][:1] + strings.ToLower(m[2][1:])
	date, err := time.Parse("06Jan02", m[1]+month+m[3])
	if err != nil {
		return t, false
	}
	t.block = m[5]
	if m[4] != "" {
		clock, err := time.Parse("1504", m[4])
		if err != nil {
			return t, false
		}
		local := date.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
		t.start = odds.TimeOf(local.Add(behind(local)))
	}
	return t, true
}

// behind is how far Eastern time is behind UTC at a local time: four hours between the second
// Sunday of March and the first of November, at two o'clock, else five.
func behind(local time.Time) time.Duration {
	year := local.Year()
	from := sunday(time.Date(year, time.March, 8, 2, 0, 0, 0, time.UTC))
	to := sunday(time.Date(year, time.November, 1, 2, 0, 0, 0, time.UTC))
	if !local.Before(from) && local.Before(to) {
		return 4 * time.Hour
	}
	return 5 * time.Hour
}

// sunday is the first Sunday not before t.
func sunday(t time.Time) time.Time { return t.AddDate(0, 0, (7-int(t.Weekday()))%7) }

// identify says what a contract is; ok is false if too little is known of it.
func identify(l *Listed) (is *identity, ok bool) {
	t, ok := takeApart(l.Ticker)
	if !ok {
		return question(l)
	}
	league, market, ok := seriesOf(t.series)
	if !ok {
		return question(l)
	}
	is = &identity{market: market, event: odds.Event{
		ID: league.Name + "-" + t.game, Sport: league.Sport, League: league.Name, Start: t.start,
	}}
	if !is.sides(league, &t, l) {
		return question(l)
	}
	switch market {
	case "h2h":
		ok = is.winner(league, &t, l)
	case "spreads":
		ok = is.spread(league, &t, l)
	default:
		ok = is.total(l)
	}
	if !ok {
		return question(l)
	}
	return is, true
}

var (
	versus   = regexp.MustCompile(`^(?:[^:]+: )?(.+?) (at|@|vs\.?|v) (.+?)(?: Winner)?(?:: .*)?\??$`)
	atTheEnd = regexp.MustCompile(`^([A-Z]+?)(\d*)$`)
)

// sides names the two sides: by their codes where those are known, else by the title.
func (is *identity) sides(league *League, t *ticker, l *Listed) bool {
	e := &is.event
	if league.codes != nil {
		first, second, ok := league.split(t.block)
		if code := atTheEnd.FindStringSubmatch(t.end); !ok && code != nil {
			first, second, ok = cut(t.block, code[1])
		}
		is.home, is.away = second, first
		e.Home, e.Away = league.team(second), league.team(first)
		return ok
	}
	m := versus.FindStringSubmatch(cmpOr(l.EventTitle, l.Title))
	if m == nil {
		return false
	}
	e.Home, e.Away = title(m[3]), title(m[1])
	if league.homeFirst && strings.HasPrefix(m[2], "v") {
		e.Home, e.Away = e.Away, e.Home
	}
	return e.Home != e.Away
}

// cut splits the codes of two sides, of which one is known.
func cut(block, code string) (first, second string, ok bool) {
	rest, front := strings.CutPrefix(block, code)
	other, back := strings.CutSuffix(block, code)
	switch {
	case code == "" || front == back || rest == "" || other == "":
		return "", "", false
	case front:
		return code, rest, true
	}
	return other, code, true
}

// side tells which side a contract is about, by its code or by the name of YES.
func (is *identity) side(league *League, t *ticker, code string, l *Listed) odds.Side {
	if league.codes != nil {
		switch code {
		case is.home:
			return odds.Home
		case is.away:
			return odds.Away
		}
		return odds.OtherSide
	}
	yes := strings.ToLower(l.YesSubTitle)
	home, away := strings.HasPrefix(yes, strings.ToLower(is.event.Home)), strings.HasPrefix(yes, strings.ToLower(is.event.Away))
	if home == away {
		first, _, ok := cut(t.block, code)
		if !ok {
			return odds.OtherSide
		}
		home = (first == code) == league.homeFirst
	}
	if home {
		return odds.Home
	}
	return odds.Away
}

// winner is a contract on one outcome of a game. Its NO is not the other side, which has a
// contract of its own.
func (is *identity) winner(league *League, t *ticker, l *Listed) bool {
	o := outcome{line: math.NaN()}
	if t.end == "TIE" || t.end == "DRAW" {
		o.name, o.side = "Draw", odds.Draw
	} else {
		o.side = is.side(league, t, t.end, l)
		o.name = is.team(o.side)
	}
	is.outcomes = []outcome{o}
	return o.name != ""
}

func (is *identity) team(s odds.Side) string {
	switch s {
	case odds.Home:
		return is.event.Home
	case odds.Away:
		return is.event.Away
	}
	return ""
}

// spread is a contract on a side that wins by more than so much: it is that side with the line
// below zero, and its NO the other side with the same line above.
func (is *identity) spread(league *League, t *ticker, l *Listed) bool {
	code := atTheEnd.FindStringSubmatch(t.end)
	line, ok := l.above()
	if code == nil || !ok {
		return false
	}
	s := is.side(league, t, code[1], l)
	other := odds.Home
	if s == odds.Home {
		other = odds.Away
	}
	is.outcomes = []outcome{{name: is.team(s), side: s, line: -line}, {name: is.team(other), side: other, line: line, no: true}}
	return s != odds.OtherSide
}

// total is a contract on more points than so many.
func (is *identity) total(l *Listed) bool {
	line, ok := l.above()
	is.outcomes = []outcome{{name: "Over", side: odds.Over, line: line}, {name: "Under", side: odds.Under, line: line, no: true}}
	return ok
}

// above is the line that YES needs more than.
func (l *Listed) above() (line float64, ok bool) {
	if l.FloorStrike == nil || !odds.ValidLine(*l.FloorStrike) {
		return 0, false
	}
	switch line = *l.FloorStrike; {
	case l.StrikeType == "greater":
		return line, true
	case l.StrikeType == "greater_or_equal" && line == math.Trunc(line):
		return line - 0.5, true
	}
	return 0, false
}

// question makes an event of a contract that is no market of a game.
func question(l *Listed) (*identity, bool) {
	if l.Title == "" {
		return nil, false
	}
	text := l.Title
	if yes := l.YesSubTitle; yes != "" && !strings.Contains(strings.ToLower(text), strings.ToLower(yes)) {
		text += ": " + yes
	}
	series, _, _ := strings.Cut(l.Ticker, "-")
	return &identity{
		event:  odds.Event{ID: l.Ticker, Sport: word(l.Category), League: strings.ToLower(series), Title: title(text)},
		market: "yes_no",
		outcomes: []outcome{
			{name: "Yes", side: odds.Yes, line: math.NaN()}, {name: "No", side: odds.No, line: math.NaN(), no: true},
		},
	}, true
}

// title cuts a text to a length that names may have.
func title(s string) string { return shorten(strings.TrimSpace(s), mostTitle) }

// shorten cuts a text between characters.
func shorten(s string, most int) string {
	if len(s) > most+utf8.UTFMax {
		s = strings.ToValidUTF8(s[:most+utf8.UTFMax], "")
	}
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// word makes a name of one word.
func word(s string) string { return strings.ReplaceAll(strings.ToLower(title(s)), " ", "_") }

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
