package polymarket

import (
	"fmt"
	"strings"
	"testing"

	"corrgraph/odds"
)

// written is a contract in one line.
func written(c *Contract) string {
	e := c.Event
	s := fmt.Sprintf("%s|%s|%s|", c.Event.ID, e.Sport, e.League)
	if e.Home != "" {
		s += e.Home + " v " + e.Away
	} else {
		s += e.Title
	}
	s += "|" + c.Market
	if c.Shared {
		s += "+"
	}
	for _, q := range c.Legs {
		s += fmt.Sprintf("|%s,%s,%s,%v", q.Subject, q.Selection, q.Side, q.Line)
		if q.Main {
			s += ",main"
		}
	}
	return s
}

func TestListingNames(t *testing.T) {
	const tokens = `"clobTokenIds":"[\"1\",\"2\"]","conditionId":"c"`
	for _, x := range []struct{ event, market, want string }{
		{
			`"slug":"nfl-car-ari-2026-08-07","title":"Panthers vs. Cardinals","gameId":19453,"startTime":"2026-08-07T00:00:00Z"`,
			`"outcomes":"[\"Panthers\",\"Cardinals\"]","sportsMarketType":"moneyline"`,
			"nfl-car-ari-2026-08-07|americanfootball|nfl|Cardinals v Panthers|h2h|,Panthers,away,NaN,main|,Cardinals,home,NaN,main",
		},
		{
			`"slug":"nfl-car-ari-2026-08-07","title":"Panthers vs. Cardinals","gameId":19453`,
			`"outcomes":["Over","Under"],"sportsMarketType":"totals","question":"Panthers vs. Cardinals: O/U 32.5","line":null`,
			"nfl-car-ari-2026-08-07|americanfootball|nfl|Cardinals v Panthers|totals+|,Over,over,32.5|,Under,under,32.5",
		},
		{
			`"slug":"wnba-sea-atl-2026-07-09","title":"Storm vs. Dream","teams":[{"name":"Seattle Storm","alias":"Storm","ordering":"away"},{"name":"Atlanta Dream","alias":"Dream","ordering":"home"}]`,
			`"outcomes":["Seattle Storm","Dream"],"sportsMarketType":"spreads","line":-16.5`,
			"wnba-sea-atl-2026-07-09|basketball|wnba|Atlanta Dream v Seattle Storm|spreads+|,Seattle Storm,away,-16.5|,Atlanta Dream,home,16.5",
		},
		{
			`"slug":"epl-ars-bou-2026-04-11-more-markets","title":"Arsenal FC vs. AFC Bournemouth - More Markets","gameId":"7"`,
			`"outcomes":["Yes","No"],"sportsMarketType":"both_teams_to_score","groupItemTitle":"Both Teams to Score"`,
			"epl-ars-bou-2026-04-11|soccer|epl|Arsenal FC v AFC Bournemouth|both_teams_to_score+|Both Teams to Score,Yes,yes,NaN,main|Both Teams to Score,No,no,NaN,main",
		},
		{
			`"slug":"epl-ars-bou-2026-04-11","title":"Arsenal FC vs. AFC Bournemouth"`,
			`"outcomes":["Yes","No"],"sportsMarketType":"moneyline","question":"Will AFC Bournemouth win on 2026-04-11?"`,
			"epl-ars-bou-2026-04-11|soccer|epl|Arsenal FC v AFC Bournemouth|h2h+|,AFC Bournemouth,away,NaN,main",
		},
		{
			`"slug":"epl-ars-bou-2026-04-11","title":"Arsenal FC vs. AFC Bournemouth"`,
			`"outcomes":["Yes","No"],"sportsMarketType":"moneyline","question":"Will Arsenal FC vs. AFC Bournemouth end in a draw?"`,
			"epl-ars-bou-2026-04-11|soccer|epl|Arsenal FC v AFC Bournemouth|h2h+|,Draw,draw,NaN,main",
		},
		{
			`"slug":"cs2-faze-ill-2026-04-05","title":"Counter-Strike: FaZe vs illwill (BO3) - HLC Belgrade Pro Playoffs","gameId":1427074`,
			`"outcomes":"[\"FaZe\", \"illwill\"]","sportsMarketType":"moneyline","groupItemTitle":"Match Winner"`,
			"cs2-faze-ill-2026-04-05|esports|cs2|FaZe v illwill|h2h|,FaZe,home,NaN,main|,illwill,away,NaN,main",
		},
		{
			`"slug":"nba-bos-nyk-2026-10-01","title":"Celtics vs. Knicks","gameId":1`,
			`"outcomes":["Over","Under"],"sportsMarketType":"points","question":"Jaylen Brown: points","groupItemTitle":"Jaylen Brown","line":"25.5"`,
			"nba-bos-nyk-2026-10-01|basketball|nba|Knicks v Celtics|points+|Jaylen Brown,Over,over,25.5|Jaylen Brown,Under,under,25.5",
		},
		{
			`"slug":"mlp-stl-tex-2026-08-14","title":"Playoffs: St. Louis Shock vs Texas Ranchers (Match 1)","gameId":287,"tags":[{"slug":"pickleball"}]`,
			`"outcomes":["STL","TEX"],"sportsMarketType":"soccer_team_to_advance","groupItemTitle":"Team to Advance"`,
			"mlp-stl-tex-2026-08-14|pickleball|mlp|St. Louis Shock v Texas Ranchers|soccer_team_to_advance+|Team to Advance,STL,,NaN,main|Team to Advance,TEX,,NaN,main",
		},
		{
			`"slug":"fed-october","title":"Fed decision in October?","tags":[{"slug":"economy"}]`,
			`"outcomes":["Yes","No"],"groupItemTitle":"25 bps cut","question":"Fed cuts by 25 bps?"`,
			"fed-october|economy||Fed decision in October?|yes_no+|25 bps cut,Yes,yes,NaN,main|25 bps cut,No,no,NaN,main",
		},
		{
			`"slug":"one-question","title":"Will it rain?"`, `"outcomes":["Yes","No"],"question":"Will it rain?"`,
			"one-question|||Will it rain?|yes_no|,Yes,yes,NaN,main|,No,no,NaN,main",
		},
		{
			`"id":77,"title":"Bitcoin up or down?"`, `"outcomes":["Up","Down"],"question":"Bitcoin up or down?"`,
			"77|||Bitcoin up or down?|yes_no|,Up,,NaN,main|,Down,,NaN,main",
		},
	} {
		got, err := Listing([]byte(`[{` + x.event + `,"markets":[{` + tokens + `,` + x.market + `}]}]`))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d contracts, %v", x.event, len(got), err)
			continue
		}
		if w := written(&got[0]); w != x.want {
			t.Errorf("got\n%s, want\n%s", w, x.want)
		}
	}
}

func TestListingForms(t *testing.T) {
	const market = `{"conditionId":"c","outcomes":"[\"A\",\"B\"]","clobTokenIds":"[\"1\",\"2\"]","sportsMarketType":"moneyline","events":[{"id":"5","slug":"nba-a-b-2026-01-02","title":"A vs. B","gameId":9,"live":true}]}`
	for _, data := range []string{market, "[" + market + "]"} {
		got, err := Listing([]byte(data))
		if err != nil || len(got) != 1 || got[0].Game != "nba-a-b-2026-01-02" || got[0].GameID != "9" || !got[0].Live || got[0].Market != "h2h" {
			t.Errorf("%s: %+v, %v", data, got, err)
		}
	}
	for _, left := range []string{
		`{"conditionId":"c","outcomes":["A"],"clobTokenIds":["1"]}`, `{"conditionId":"","outcomes":["A","B"],"clobTokenIds":["1","2"]}`,
		`{"conditionId":"c","outcomes":["A","B"],"clobTokenIds":["1","1"]}`, `{"conditionId":"c","outcomes":["A","B"],"clobTokenIds":["1","2"],"enableOrderBook":false}`,
		`{"conditionId":"c","outcomes":null,"clobTokenIds":""}`, `{"conditionId":"c","outcomes":["A","B"],"clobTokenIds":["` + strings.Repeat("1", 200) + `","2"]}`,
	} {
		if got, err := Listing([]byte(`[{"slug":"s","markets":[` + left + `]}]`)); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", left, got, err)
		}
	}
	got, err := Listing([]byte(`[{"slug":"bad","markets":"none"},{"slug":"good","title":"?","markets":[{"conditionId":"c","outcomes":["Yes","No"],"clobTokenIds":["1","2"]}]}]`))
	if err == nil || len(got) != 1 || got[0].Event.ID != "good" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, data := range []string{"", "[", "3", `"x"`, "[3]"} {
		if got, err := Listing([]byte(data)); err == nil || len(got) != 0 {
			t.Errorf("%s: %+v", data, got)
		}
	}
}

func TestStartOfAMatch(t *testing.T) {
	got, _ := Listing([]byte(`[{"slug":"nba-a-b-2026-01-02","title":"A vs. B","startDate":"2026-01-01T00:00:00Z","markets":[{"conditionId":"c","outcomes":["A","B"],"clobTokenIds":["1","2"],"sportsMarketType":"moneyline","gameStartTime":"2026-04-05 15:10:00+00"}]}]`))
	if want, _ := odds.Time(0), 0; len(got) != 1 || got[0].Event.Start == want || got[0].Event.Start.String() != "2026-04-05T15:10:00Z" {
		t.Errorf("%+v", got)
	}
}
