package kalshi

import (
	"maps"
	"slices"
	"strings"
)

// League is a competition whose games Kalshi lists.
type League struct {
	Prefix string // of its series: "KXNBA"
	Sport  string // as The Odds API spells it: "basketball"
	Name   string // likewise: "nba"

	codes     []string // of its teams; nil if they are not known: then its games are named by titles
	homeFirst bool     // in tickers, and in titles with "vs"
}

// hockey names the teams of the NHL, whose codes differ from venue to venue.
var hockey = map[string]string{
	"ANA": "Anaheim Ducks", "BOS": "Boston Bruins", "BUF": "Buffalo Sabres", "CAR": "Carolina Hurricanes", "CBJ": "Columbus Blue Jackets",
	"CGY": "Calgary Flames", "CHI": "Chicago Blackhawks", "COL": "Colorado Avalanche", "DAL": "Dallas Stars", "DET": "Detroit Red Wings",
	"EDM": "Edmonton Oilers", "FLA": "Florida Panthers", "LA": "Los Angeles Kings", "LAK": "Los Angeles Kings", "MIN": "Minnesota Wild",
	"MTL": "Montreal Canadiens", "NJ": "New Jersey Devils", "NJD": "New Jersey Devils", "NSH": "Nashville Predators", "NYI": "New York Islanders",
	"NYR": "New York Rangers", "OTT": "Ottawa Senators", "PHI": "Philadelphia Flyers", "PIT": "Pittsburgh Penguins", "SEA": "Seattle Kraken",
	"SJ": "San Jose Sharks", "SJS": "San Jose Sharks", "STL": "St. Louis Blues", "TB": "Tampa Bay Lightning", "TBL": "Tampa Bay Lightning",
	"TOR": "Toronto Maple Leafs", "UTA": "Utah Mammoth", "VAN": "Vancouver Canucks", "VGK": "Vegas Golden Knights", "WPG": "Winnipeg Jets",
	"WSH": "Washington Capitals",
}

// team is what a code is told as: a name where the code alone would not be understood.
func (l *League) team(code string) string {
	switch {
	case l.Name == "nhl":
		return cmpOr(hockey[code], code)
	case l.Name == "nfl" && code == "LA":
		return "Los Angeles Rams"
	}
	return code
}

// leagues are those whose series are known. A league whose prefix begins with that of another
// comes first.
var leagues = []League{
	{"KXNBA", "basketball", "nba", strings.Fields(`ATL BKN BOS CHA CHI CLE DAL DEN DET GSW HOU IND LAC LAL MEM MIA MIL MIN NOP NYK
		OKC ORL PHI PHX POR SAC SAS TOR UTA WAS`), false},
	{"KXWNBA", "basketball", "wnba", strings.Fields("ATL CHI CONN CON DAL GSV GS IND LVA LV LA LAS MIN NYL NY PHX POR SEA TOR WSH WAS"), false},
	{"KXMLB", "baseball", "mlb", strings.Fields(`AZ ARI ATH ATL BAL BOS CHC CIN CLE COL CWS DET HOU KC LAA LAD MIA MIL MIN NYM NYY PHI PIT
		SD SEA SF STL TB TEX TOR WSH`), false},
	{"KXNFL", "americanfootball", "nfl", strings.Fields(`ARI ATL BAL BUF CAR CHI CIN CLE DAL DEN DET GB HOU IND JAC JAX KC LA LAC LAR LV MIA
		MIN NE NO NYG NYJ PHI PIT SEA SF TB TEN WAS`), false},
	{"KXNHL", "icehockey", "nhl", slices.Sorted(maps.Keys(hockey)), false},
	{Prefix: "KXNCAAF", Sport: "americanfootball", Name: "ncaaf"},
	{Prefix: "KXNCAAMB", Sport: "basketball", Name: "ncaab"},
	{Prefix: "KXNCAAWB", Sport: "basketball", Name: "wncaab"},
	{Prefix: "KXEPL", Sport: "soccer", Name: "epl", homeFirst: true},
	{Prefix: "KXUCL", Sport: "soccer", Name: "uefa_champs_league", homeFirst: true},
	{Prefix: "KXLALIGA", Sport: "soccer", Name: "spain_la_liga", homeFirst: true},
	{Prefix: "KXBUNDESLIGA", Sport: "soccer", Name: "germany_bundesliga", homeFirst: true},
	{Prefix: "KXSERIEA", Sport: "soccer", Name: "italy_serie_a", homeFirst: true},
	{Prefix: "KXLIGUE1", Sport: "soccer", Name: "france_ligue_one", homeFirst: true},
	{Prefix: "KXMLS", Sport: "soccer", Name: "usa_mls", homeFirst: true},
	{Prefix: "KXATP", Sport: "tennis", Name: "atp", homeFirst: true},
	{Prefix: "KXWTA", Sport: "tennis", Name: "wta", homeFirst: true},
	{Prefix: "KXUFC", Sport: "mma", Name: "mixed_martial_arts", homeFirst: true},
}

// kinds are the ends of the series of games, and our market.
var kinds = []struct{ end, market string }{
	{"GAME", "h2h"}, {"MATCH", "h2h"}, {"FIGHT", "h2h"}, {"SPREAD", "spreads"}, {"TOTAL", "totals"},
}

// Leagues lists the leagues whose series are known.
func Leagues() []League { return slices.Clone(leagues) }

// Series lists the series of a league's games: who wins, by how much, and how many points.
func (l League) Series() []string {
	first := "GAME"
	switch l.Sport {
	case "tennis":
		return []string{l.Prefix + "MATCH"}
	case "mma":
		return []string{l.Prefix + "FIGHT"}
	}
	return []string{l.Prefix + first, l.Prefix + "SPREAD", l.Prefix + "TOTAL"}
}

// seriesOf tells the league and market of a series; ok is false for any other series.
func seriesOf(series string) (l *League, market string, ok bool) {
	for i := range leagues {
		rest, found := strings.CutPrefix(series, leagues[i].Prefix)
		if !found {
			continue
		}
		for _, k := range kinds {
			if rest == k.end {
				return &leagues[i], k.market, true
			}
		}
	}
	return nil, "", false
}

// split cuts the codes of two teams apart; ok is false if there is not exactly one way to.
func (l *League) split(block string) (first, second string, ok bool) {
	ways := 0
	for i := 2; i <= len(block)-2; i++ {
		if slices.Contains(l.codes, block[:i]) && slices.Contains(l.codes, block[i:]) {
			first, second = block[:i], block[i:]
			ways++
		}
	}
	return first, second, ways == 1
}
