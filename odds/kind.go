package odds

import (
	"math/bits"
	"slices"
	"strings"
)

// Sides is a set of sides.
type Sides uint8

// SidesOf returns the set of the given sides.
func SidesOf(sides ...Side) (s Sides) {
	for _, side := range sides {
		s = s.With(side)
	}
	return s
}

// With returns s with a side added.
func (s Sides) With(side Side) Sides { return s | 1<<side }

// Len returns the number of sides in s.
func (s Sides) Len() int { return bits.OnesCount8(uint8(s)) }

var (
	twoWay   = SidesOf(Home, Away)
	threeWay = SidesOf(Home, Draw, Away)
	// The words of these two say that one of them wins, whatever the market is called.
	overUnder = SidesOf(Over, Under)
	yesNo     = SidesOf(Yes, No)
)

// Kind is what the name of a market says about it. That all outcomes seen so far are all
// there are can't be known from seeing them; it is known of the markets that every venue
// offers alike, and of Over and Under or Yes and No. Other markets must state it, in
// [Terms].
type Kind struct {
	// Winners is the number of outcomes that win: 2 of a double chance, else 1 as long as
	// nothing else is stated.
	Winners int
	// Lines means that outcomes of the market have lines, of which 0 is one. Elsewhere a
	// line of 0 is how some tables write that there is none.
	Lines bool
	// Lay means that the prices are those of bets against the outcomes.
	Lay bool
	// Push means that bets are returned if the match is drawn.
	Push bool
	// EachWay means that a price is of two bets at once, to win and to be placed: no price is
	// the chance of an outcome.
	EachWay bool

	sets   [2]Sides // each is a complete set; 0 none
	race   bool     // one of a field wins
	unsure bool     // the sport does not say whether a match can be drawn
}

// Single reports whether the name says that one outcome wins. Of a market of any other name
// that must be stated: five of a field finish in the top five.
func (k Kind) Single() bool { return k.sets[0] != 0 || k.race }

// Complete reports whether the outcomes with the given sides are all outcomes of the market,
// of which one wins. Outcomes without a side are OtherSide.
func (k Kind) Complete(s Sides) bool {
	return s != 0 && (s == k.sets[0] || s == k.sets[1] || s == overUnder || s == yesNo)
}

// leastSum is what the chances of all outcomes add up to at the least, at one book.
const leastSum = 0.97

// LacksDraw reports whether a complete set must be one of three outcomes without the draw,
// where the sport leaves that open: no book offers all outcomes for less than certainty. sum
// is what their chances, 1/price, add up to.
func (k Kind) LacksDraw(s Sides, sum float64) bool {
	return k.unsure && s == twoWay && !k.Lay && sum < leastSum
}

// Result reports whether the outcomes are results of the match: there 1, X and 2 mean its
// sides.
func (k Kind) Result() bool { return k.sets[0] != 0 || k.Winners > 1 }

// standard are the markets that mean the same at all venues.
var standard = map[string]Kind{
	"h2h":           {sets: [2]Sides{twoWay, threeWay}},
	"h2h_3_way":     {sets: [2]Sides{threeWay}},
	"draw_no_bet":   {sets: [2]Sides{twoWay}, Push: true},
	"spreads":       {sets: [2]Sides{twoWay}, Lines: true},
	"spreads_3_way": {sets: [2]Sides{threeWay}, Lines: true},
	"totals":        {Lines: true},
	"team_totals":   {Lines: true},
	"double_chance": {Winners: 2},
	"outrights":     {race: true},
	"each_way":      {EachWay: true},
}

// aliases are further names of the standard markets.
var aliases = map[string]string{
	"moneyline": "h2h", "money_line": "h2h", "ml": "h2h", "match_winner": "h2h", "head_to_head": "h2h",
	"1x2": "h2h_3_way", "match_odds": "h2h", "match_result": "h2h_3_way", "full_time_result": "h2h_3_way", "3_way": "h2h_3_way", "h2h_3way": "h2h_3_way",
	"dnb": "draw_no_bet", "dc": "double_chance",
	"spread": "spreads", "handicap": "spreads", "handicaps": "spreads", "asian_handicap": "spreads", "ah": "spreads", "point_spread": "spreads",
	"run_line": "spreads", "runline": "spreads", "puck_line": "spreads", "puckline": "spreads",
	"handicap_3_way": "spreads_3_way", "spreads_3way": "spreads_3_way", "european_handicap": "spreads_3_way",
	"outright": "outrights", "outright_winner": "outrights", "winner": "outrights", "win": "outrights",
	"ew": "each_way", "win_each_way": "each_way", "eachway": "each_way",
	"total": "totals", "over_under": "totals", "ou": "totals", "team_total": "team_totals",
}

// drawn are the sports in which a match result without the draw is no complete set: two
// prices are those of another bet, or one of three is missing.
var drawn = []string{"soccer", "futsal", "handball", "bandy", "beachsoccer"}

// KindOf returns what is known of a market by its name, which may be prefixed
// "alternate_" and suffixed with a period ("_h1", "_q4", "_1st_5_innings") and "_lay". sport
// is the event's, normalised; empty unknown.
func KindOf(sport, market string) Kind {
	name, lay := strings.CutSuffix(word(market), "_lay")
	name = strings.TrimPrefix(name, "alternate_")
	k, ok := named(name)
	if !ok {
		k, _ = named(wholeGame(name))
	}
	if k.sets[0] == twoWay && k.sets[1] == threeWay && slices.Contains(drawn, sport) {
		k.sets = [2]Sides{threeWay}
	}
	k.unsure = k.sets[1] == threeWay && (sport == "" || sport == "football") // football is two sports
	k.Lay = lay
	k.Winners = max(1, k.Winners)
	return k
}

// StandardMarket returns the standard market that a name of the whole match means, such as
// h2h for Moneyline; empty if it means none.
func StandardMarket(name string) string {
	name = word(name)
	if of, ok := aliases[name]; ok {
		return of
	}
	if _, ok := standard[name]; ok {
		return name
	}
	return ""
}

func named(name string) (Kind, bool) {
	k, ok := standard[StandardMarket(name)]
	return k, ok
}

// word writes a market's name in lower case with underscores.
func word(market string) string {
	plain := true
	for i := range len(market) {
		c := market[i]
		plain = plain && c != ' ' && c != '-' && !('A' <= c && c <= 'Z')
	}
	if plain {
		return market
	}
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(market)))
}

// wholeGame cuts the period off a market's name.
func wholeGame(name string) string {
	if i := strings.Index(name, "_1st_"); i > 0 {
		return name[:i]
	}
	i := strings.LastIndexByte(name, '_')
	if i <= 0 {
		return name
	}
	switch p := name[i+1:]; {
	case len(p) == 2 && strings.IndexByte("hqps", p[0]) >= 0 && '1' <= p[1] && p[1] <= '9':
		return name[:i]
	}
	return name
}
