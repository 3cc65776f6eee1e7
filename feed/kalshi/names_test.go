package kalshi

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"corrgraph/feed/frames"
)

func strike(v float64) *float64 { return &v }

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		l    Listed
		want string // event id, sport, league, away @ home, start, market, outcomes
	}{
		{Listed{Ticker: cle}, "nba-25DEC25CLENYK basketball nba CLE @ NYK - h2h CLE/away"},
		{Listed{Ticker: "KXMLBGAME-26APR301235STLPIT-PIT"}, "mlb-26APR301235STLPIT baseball mlb STL @ PIT 2026-04-30T16:35:00Z h2h PIT/home"},
		{Listed{Ticker: "KXMLBGAME-26MAR072010KCLAAG2-KC"}, "mlb-26MAR072010KCLAAG2 baseball mlb KC @ LAA 2026-03-08T01:10:00Z h2h KC/away"},
		{Listed{Ticker: "KXNFLGAME-25NOV30ARITB-TB"}, "nfl-25NOV30ARITB americanfootball nfl ARI @ TB - h2h TB/home"},
		{Listed{Ticker: "KXNHLGAME-26OCT14SEAVGK-TIE"}, "nhl-26OCT14SEAVGK icehockey nhl Seattle Kraken @ Vegas Golden Knights - h2h Draw/draw"},
		{Listed{Ticker: "KXNHLGAME-26SEP22UTALA-LA"}, "nhl-26SEP22UTALA icehockey nhl Utah Mammoth @ Los Angeles Kings - h2h Los Angeles Kings/home"},
		{Listed{Ticker: "KXNFLGAME-25NOV30LACAR-LA"}, "nfl-25NOV30LACAR americanfootball nfl Los Angeles Rams @ CAR - h2h Los Angeles Rams/away"},
		{
			Listed{Ticker: "KXNBATOTAL-25DEC25CLENYK-219", StrikeType: "greater", FloorStrike: strike(219.5)},
			"nba-25DEC25CLENYK basketball nba CLE @ NYK - totals Over/over@219.5 Under/under@219.5",
		},
		{
			Listed{Ticker: "KXNBATOTAL-25DEC25CLENYK-220", StrikeType: "greater_or_equal", FloorStrike: strike(220)},
			"nba-25DEC25CLENYK basketball nba CLE @ NYK - totals Over/over@219.5 Under/under@219.5",
		},
		{
			Listed{Ticker: "KXNBASPREAD-25DEC25CLENYK-NYK7", StrikeType: "greater", FloorStrike: strike(6.5)},
			"nba-25DEC25CLENYK basketball nba CLE @ NYK - spreads NYK/home@-6.5 CLE/away@6.5",
		},
		{
			Listed{Ticker: "KXEPLGAME-26SEP20BHAFUL-FUL", EventTitle: "Brighton vs Fulham", YesSubTitle: "Fulham"},
			"epl-26SEP20BHAFUL soccer epl Fulham @ Brighton - h2h Fulham/away",
		},
		{
			Listed{Ticker: "KXEPLGAME-26SEP20BHAFUL-TIE", EventTitle: "Brighton vs Fulham", YesSubTitle: "Tie"},
			"epl-26SEP20BHAFUL soccer epl Fulham @ Brighton - h2h Draw/draw",
		},
		{
			Listed{Ticker: "KXEPLGAME-26SEP20BHAFUL-BHA", Title: "Brighton vs Fulham Winner?", YesSubTitle: "BHA"},
			"epl-26SEP20BHAFUL soccer epl Fulham @ Brighton - h2h Brighton/home",
		},
		{
			Listed{Ticker: "KXNCAAMBGAME-26MAR08DUKEUNC-UNC", EventTitle: "Duke at North Carolina", YesSubTitle: "North Carolina"},
			"ncaab-26MAR08DUKEUNC basketball ncaab Duke @ North Carolina - h2h North Carolina/home",
		},
		// What is no market of a game is a question.
		{
			Listed{Ticker: "KXFED-27APR-T4.25", Title: "Will the rate be above 4.25%?", YesSubTitle: "Above 4.25%", Category: "Economics"},
			"KXFED-27APR-T4.25 economics kxfed Will the rate be above 4.25%? - yes_no Yes/yes No/no",
		},
		{
			Listed{Ticker: "KXNBACHAMP-26-BOS", Title: "Who wins?", YesSubTitle: "Boston"},
			"KXNBACHAMP-26-BOS  kxnbachamp Who wins?: Boston - yes_no Yes/yes No/no",
		},
		{
			Listed{Ticker: "KXNBATOTAL-25DEC25CLENYK-219", Title: "Under?", StrikeType: "less", FloorStrike: strike(219.5)},
			"KXNBATOTAL-25DEC25CLENYK-219  kxnbatotal Under? - yes_no Yes/yes No/no",
		},
		{Listed{Ticker: "KXNBAGAME-25FOO25CLENYK-CLE", Title: "?"}, "KXNBAGAME-25FOO25CLENYK-CLE  kxnbagame ? - yes_no Yes/yes No/no"},
		// Nothing is known of these.
		{Listed{Ticker: "KXNBATOTAL-25DEC25CLENYK-219"}, ""},
		{Listed{Ticker: "KXEPLGAME-26SEP20BHAFUL-FUL"}, ""},
		{Listed{Ticker: "X"}, ""},
		{Listed{Ticker: "KXNBAGAME-25DEC25CLENYK-LAL"}, ""},
	} {
		if got := written(&c.l); got != c.want {
			t.Errorf("%s is\n%s, want\n%s", c.l.Ticker, got, c.want)
		}
	}
}

func written(l *Listed) string {
	is, ok := identify(l)
	if !ok {
		return ""
	}
	e := &is.event
	start := "-"
	if e.Start != 0 {
		start = e.Start.String()
	}
	who := e.Away + " @ " + e.Home
	if e.Home == "" {
		who = e.Title
	}
	out := []string{e.ID, e.Sport, e.League, who, start, is.market}
	for _, o := range is.outcomes {
		text := o.name + "/" + o.side.String()
		if !math.IsNaN(o.line) {
			text += "@" + strconv.FormatFloat(o.line, 'f', -1, 64)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// recordedTickers are those of the recorded candles.
func recordedTickers(t *testing.T) (out []string) {
	t.Helper()
	paths, err := filepath.Glob("../../../shared/data/kalshi-nba-1min/*.bz2")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("no recordings")
		}
		t.Skip("no recordings beside the repository")
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(bzip2.NewReader(f))
		for in.Scan() {
			if fields := strings.Split(in.Text(), ","); len(fields) > 1 && strings.HasPrefix(fields[1], "KX") {
				out = append(out, fields[1])
				break
			}
		}
		if err := errors.Join(in.Err(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestLongTitlesAreCut(t *testing.T) {
	is, ok := identify(&Listed{Ticker: "KXLONG-1", Title: strings.Repeat("é", 5000)})
	if !ok || len(is.event.Title) > mostTitle {
		t.Errorf("%d bytes", len(is.event.Title))
	}
}

// The tickers of all games of the recorded candles are known, with the home team last.
func TestTickersOfTheRecordedCandles(t *testing.T) {
	for _, ticker := range recordedTickers(t) {
		is, ok := identify(&Listed{Ticker: ticker})
		if !ok || is.event.Home == "" || !strings.HasSuffix(is.event.ID, is.event.Away+is.event.Home) {
			t.Errorf("%s: %+v", ticker, is)
		}
	}
}

// A list names contracts; what changes in it is taken over.
func TestListing(t *testing.T) {
	f := newFeed(t)
	say := func(channel, data string) frames.Told {
		t.Helper()
		told, err := f.frame(frames.In, channel, data)
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	const over = "KXNBATOTAL-25DEC25CLENYK-219"
	row := func(status string, strike string) string {
		return `{"ticker":"` + over + `","event_ticker":"KXNBATOTAL-25DEC25CLENYK","title":"t","status":"` + status + `","strike_type":"greater","floor_strike":` + strike + `}`
	}
	f.image(over, 1, `["0.40","1"]`, `["0.58","1"]`) // nothing is known of it: no price
	want(t, say("GET /events", `{"events":[{"event_ticker":"KXNBATOTAL-25DEC25CLENYK","title":"Cleveland at New York: Total Points","category":"Sports","markets":[`+
		row("active", "219.5")+`]}],"cursor":""}`), "totals open image Over+219.5=0.4100 Under+219.5=0.5900")
	want(t, say("GET /markets", `{"markets":[`+row("active", "219.5")+`],"cursor":"x"}`), "")
	want(t, say("GET /markets/x", `{"market":`+row("paused", "219.5")+`}`), "totals open Over+219.5=suspended Under+219.5=suspended")
	want(t, say("GET /markets", `{"markets":[`+row("active", "221.5")+`]}`), "totals open image Over+221.5=0.4100 Under+221.5=0.5900")
	want(t, say("GET /events/x", `{"event":{"event_ticker":"e","title":"x"},"markets":[`+row("finalized", "221.5")+`]}`), "totals open Over+221.5=closed Under+221.5=closed")
	say("GET /markets", `{"markets":[{"ticker":"KXOVER-1","title":"gone","status":"settled"}]}`)
	if _, ok := f.d.Market("KXOVER-1"); ok {
		t.Error("a market that is over is kept")
	}
	list, err := ReadListing([]byte(`{"markets":[{"ticker":"a","close_time":"2026-01-02T03:00:00Z"},{"ticker":"b","expected_expiration_time":"2026-01-01T03:00:00Z","close_time":"2026-01-02T03:00:00Z","status":"settled"}]}`))
	if err != nil || !list.Markets[0].Open() || !list.Markets[1].Over() || list.Markets[1].Ends().Day() != 1 || list.Markets[0].Ends().Day() != 2 || !(&Listed{}).Ends().IsZero() {
		t.Errorf("%+v %v", list, err)
	}
}

func TestSeries(t *testing.T) {
	for _, l := range Leagues() {
		for _, s := range l.Series() {
			if got, _, ok := seriesOf(s); !ok || got.Name != l.Name {
				t.Errorf("%s is of %+v", s, got)
			}
		}
	}
	if _, _, ok := seriesOf("KXNBA1HTOTAL"); ok {
		t.Error("a half is no game")
	}
}
