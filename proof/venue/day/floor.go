package day

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	streamfeed "corrgraph/feed/stream"
	"corrgraph/proof/venue"
	"corrgraph/proof/venue/kalshi"
	"corrgraph/proof/venue/polymarket"
	"corrgraph/proof/venue/stream"
	"corrgraph/server/connect"
	connectkalshi "corrgraph/server/connect/kalshi"
	connectpolymarket "corrgraph/server/connect/polymarket"
	connectstream "corrgraph/server/connect/stream"
)

// teams of games: away and home, as Kalshi's tickers have them and in full. No two share a city.
var teams = [...][4]string{
	{"CLE", "NYK", "Cleveland Cavaliers", "New York Knicks"},
	{"SAS", "OKC", "San Antonio Spurs", "Oklahoma City Thunder"},
	{"BOS", "MIA", "Boston Celtics", "Miami Heat"},
	{"DAL", "DEN", "Dallas Mavericks", "Denver Nuggets"},
	{"CHI", "DET", "Chicago Bulls", "Detroit Pistons"},
	{"PHX", "UTA", "Phoenix Suns", "Utah Jazz"},
	{"TOR", "PHI", "Toronto Raptors", "Philadelphia 76ers"},
	{"ORL", "ATL", "Orlando Magic", "Atlanta Hawks"},
	{"MIL", "MIN", "Milwaukee Bucks", "Minnesota Timberwolves"},
	{"POR", "SAC", "Portland Trail Blazers", "Sacramento Kings"},
	{"HOU", "MEM", "Houston Rockets", "Memphis Grizzlies"},
	{"IND", "CHA", "Indiana Pacers", "Charlotte Hornets"},
}

// hosts of the servers whose addresses are free.
const (
	kalshiHost = "kalshi.test:80"
	streamHost = "feed.test:80"
	streamKey  = "a key of the feed"
	keyID      = "a952bcbe-ec3b-4b5b-b8f9-11dae589608c"
)

// key is the one that Kalshi's handshake is signed with.
var key = sync.OnceValues(kalshi.NewKey)

// floor is where the market is held: three servers, and what they have shown.
type floor struct {
	net    venue.Net
	poly   *polymarket.Server
	kalshi *kalshi.Server
	stream *stream.Server
	story  story

	contracts []*polymarket.Contract
	tickers   [][2]string // of the away and the home side
	ids       map[string]int
	values    [][len(books)]float64 // by game
}

// open starts the servers. All games begin at a time, and all prices are even.
func open(games int, start time.Time) *floor {
	f := &floor{ids: map[string]int{}, values: make([][len(books)]float64, games)}
	f.poly = polymarket.New(&f.net, 1)
	var markets []kalshi.Market
	var matches []stream.Game
	local := start.Add(-5 * time.Hour) // Eastern time, in winter
	for g := range games {
		away, home := teams[g][2], teams[g][3]
		e := f.poly.Game(home, away, start, 50)
		f.contracts, f.ids[e.Slug] = append(f.contracts, e.Markets[0]), g
		code := strings.ToUpper(local.Format("06Jan021504")) + teams[g][0] + teams[g][1]
		f.ids["nba-"+code] = g
		event := "KXNBAGAME-" + code
		f.tickers = append(f.tickers, [2]string{event + "-" + teams[g][0], event + "-" + teams[g][1]})
		title := teams[g][0] + " at " + teams[g][1]
		for k, ticker := range f.tickers[g] {
			markets = append(markets, kalshi.Market{Ticker: ticker, Event: event, Title: title + " Winner?", EventTitle: title, Yes: teams[g][k]})
		}
		id := fmt.Sprintf("game-%d", g)
		f.ids[id] = g
		matches = append(matches, stream.Game{ID: id, Home: home, Away: away, Start: start, Books: []string{books[leader].name, "circa", books[loner].name}})
	}
	private, _ := key()
	f.kalshi = kalshi.Start(kalshi.Options{Net: &f.net, Address: kalshiHost, KeyID: keyID, Public: &private.PublicKey, Seed: 1, Markets: markets, Page: 10, Latency: 50 * time.Millisecond})
	f.stream = stream.Start(stream.Options{Net: &f.net, Address: streamHost, Key: streamKey, Games: matches, Keep: 2000})
	for g := range games {
		for b := range books {
			f.put(step{game: g, book: b})
		}
	}
	return f
}

func (f *floor) close() {
	f.poly.Close()
	f.kalshi.Close()
	f.stream.Close()
}

// put shows a move, and notes what is shown from now on: the decimal prices of both sides.
func (f *floor) put(s step) {
	x := max(-farthest, min(farthest, f.values[s.game][s.book]+s.move))
	f.values[s.game][s.book] = x
	middle := cents(x)
	home, away := 100/float64(middle), 100/float64(100-middle)
	at := time.Now()
	f.story.mu.Lock() // what is shown is told at once, and must be known by then
	defer f.story.mu.Unlock()
	switch name := books[s.book].name; name {
	case "polymarket":
		f.poly.Put(f.contracts[s.game], middle)
	case "kalshi":
		f.kalshi.Put(map[string]int{f.tickers[s.game][0]: 100 - middle, f.tickers[s.game][1]: middle})
	default:
		home, away = f.stream.Put(fmt.Sprintf("game-%d", s.game), name, chance(x))
	}
	f.story.showLocked(s.book, s.game, shown{at, home, away})
}

// passed reports whether Kalshi's book of a side went through a price on its way: a move of some
// cents is told level by level.
func (f *floor) passed(game int, home bool, price float64) bool {
	k := 0
	if home {
		k = 1
	}
	return f.kalshi.Shown(f.tickers[game][k], 1/price)
}

// venues are the connections to the servers, by the name of their source.
func (f *floor) venues(t *testing.T) map[string]connect.Venue {
	t.Helper()
	p, err := connectpolymarket.New(connectpolymarket.Options{
		Stream: "ws://" + polymarket.StreamHost + "/ws/market", SportsStream: "ws://" + polymarket.SportsHost + "/ws",
		Gamma: "http://" + polymarket.GammaHost, CLOB: "http://" + polymarket.CLOBHost, Leagues: []string{"nba"},
	})
	if err != nil {
		t.Fatal(err)
	}
	socket, rest := f.kalshi.URLs()
	m, err := streamfeed.Load("../../../feed/stream/testdata/websocket.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := connectstream.New(connectstream.Options{Map: m, URL: "ws://feed.test/odds"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]connect.Venue{}
	for _, v := range []connect.Venue{p, connectkalshi.New(connectkalshi.Options{Socket: socket, REST: rest, Leagues: []string{"nba"}}), s} {
		out[v.Name()] = v
	}
	return out
}

// sources are the names of what is connected, in order.
func sources(of map[string]connect.Venue) []string { return slices.Sorted(maps.Keys(of)) }

func secret(name string) (string, error) {
	_, private := key()
	text, ok := map[string]string{"kalshi_key_id": keyID, "kalshi_private_key": private, "feed_key": streamKey}[name]
	if !ok {
		return "", fmt.Errorf("no secret %s", name)
	}
	return text, nil
}

// client returns one whose connections are in memory.
func (f *floor) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: f.net.Dial, ResponseHeaderTimeout: 15 * time.Second}}
}
