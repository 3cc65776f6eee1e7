package polymarket

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// t0 is when the tests begin.
const t0 = odds.Time(1_790_000_000_000)

// told is a decoder and what it has said.
type told struct {
	*testing.T
	d    *Decoder
	at   odds.Time
	last frames.Told
	err  error
}

// listing has a match of two results with a total, one of three, and a question with two answers.
// It is made up, in the form of the venue's answers.
const listing = `[
{"id":"11","slug":"nba-bos-nyk-2026-10-01","title":"Celtics vs. Knicks","startTime":"2026-10-01T23:00:00Z","gameId":5001,
 "tags":[{"slug":"sports"},{"slug":"nba"}],"teams":[{"name":"Celtics","abbreviation":"bos","ordering":"away"},{"name":"Knicks","abbreviation":"nyk","ordering":"home"}],
 "markets":[
 {"conditionId":"c1","question":"Celtics vs. Knicks","sportsMarketType":"moneyline","outcomes":"[\"Celtics\", \"Knicks\"]","clobTokenIds":"[\"a1\", \"b1\"]","active":true,"closed":false,"acceptingOrders":true},
 {"conditionId":"c2","question":"Celtics vs. Knicks: O/U 221.5","sportsMarketType":"totals","line":221.5,"outcomes":"[\"Over\", \"Under\"]","clobTokenIds":"[\"a2\", \"b2\"]"}]},
{"id":"12","slug":"epl-ars-che-2026-10-01","title":"Arsenal FC vs. Chelsea FC","startTime":"2026-10-01T19:00:00Z","negRisk":true,"tags":[{"slug":"soccer"}],
 "markets":[
 {"conditionId":"c3","question":"Will Arsenal FC win on 2026-10-01?","groupItemTitle":"Arsenal FC","sportsMarketType":"moneyline","outcomes":["Yes","No"],"clobTokenIds":["a3","b3"]},
 {"conditionId":"c4","question":"Will Arsenal FC vs. Chelsea FC end in a draw?","groupItemTitle":"Draw (Arsenal FC vs. Chelsea FC)","sportsMarketType":"moneyline","outcomes":["Yes","No"],"clobTokenIds":["a4","b4"]}]},
{"id":"13","slug":"cup-winner","title":"World Cup winner","negRisk":true,"tags":[{"slug":"soccer"}],
 "markets":[
 {"conditionId":"c5","question":"Will Spain win?","groupItemTitle":"Spain","outcomes":"[\"Yes\",\"No\"]","clobTokenIds":"[\"a5\",\"b5\"]"},
 {"conditionId":"c6","question":"Will Japan win?","groupItemTitle":"Japan","outcomes":"[\"Yes\",\"No\"]","clobTokenIds":"[\"a6\",\"b6\"]"}]}
]`

// follow returns a decoder that knows the listing and follows its first tokens.
func follow(t *testing.T) *told {
	x := &told{T: t, d: New(Options{}), at: t0}
	x.frame(frames.In, Events, listing)
	x.clean()
	x.frame(frames.Out, Market, `{"assets_ids":["a1","a2","a3","a4","a5","a6"],"type":"market"}`)
	x.clean()
	return x
}

// frame passes a frame on, a second after the one before it.
func (x *told) frame(kind frames.Kind, channel, data string) frames.Told {
	x.at += 1000
	return x.now(kind, channel, data)
}

// now passes a frame on at once.
func (x *told) now(kind frames.Kind, channel, data string) frames.Told {
	x.last, x.err = x.d.Frame(&frames.Frame{Recv: x.at, Conn: 1, Kind: kind, Channel: channel, Data: []byte(data)})
	return x.last
}

func (x *told) in(data string) frames.Told { return x.frame(frames.In, Market, data) }

// clean fails the test if something could not be read.
func (x *told) clean() {
	x.Helper()
	if x.err != nil || len(x.last.Unknown) != 0 {
		x.Errorf("error %v, unknown %q", x.err, x.last.Unknown)
	}
}

// book is an image of a token with one level on each side, stamped by the test's clock.
func (x *told) book(token, bid, ask string) string {
	return fmt.Sprintf(`{"event_type":"book","asset_id":%q,"market":"c","timestamp":"%d","hash":"h","bids":[{"price":"0.01","size":"9"},{"price":%q,"size":"100"}],"asks":[{"price":"0.99","size":"9"},{"price":%q,"size":"50"}]}`,
		token, x.at+900, bid, ask)
}

// change is a change of a level, with the best prices after it.
func (x *told) change(token, side, price, size, bid, ask string) string {
	return fmt.Sprintf(`{"event_type":"price_change","market":"c","timestamp":"%d","price_changes":[{"asset_id":%q,"price":%q,"size":%q,"side":%q,"hash":"h","best_bid":%q,"best_ask":%q}]}`,
		x.at+900, token, price, size, side, bid, ask)
}

// says compares what was told with lines like "h2h open: home 2.5 40".
func (x *told) says(want ...string) {
	x.Helper()
	x.clean()
	if got := lines(x.last.Batches); !slices.Equal(got, want) {
		x.Errorf("told %q, want %q", got, want)
	}
}

func lines(batches []*odds.Batch) (out []string) {
	for _, b := range batches {
		for i := range b.Updates {
			u := &b.Updates[i]
			s := u.Market + " " + u.Status.String() + ":"
			for _, q := range u.Quotes {
				s += " " + strings.TrimSpace(q.Subject+" "+q.Selection)
				if q.Status != odds.Open {
					s += " " + q.Status.String()
					continue
				}
				s += fmt.Sprintf(" %.4g/%.4g", q.Price, q.Size)
			}
			out = append(out, s)
		}
	}
	return out
}

// state fails the test unless the frame changed a market's state.
func (x *told) state(market string, want frames.State) {
	x.Helper()
	for _, c := range x.last.Changes {
		if c.Market == market && c.State == want {
			return
		}
	}
	x.Errorf("changes %+v, want %s of %s", x.last.Changes, want, market)
}

func TestPrices(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	x.says("h2h open: Celtics 2.5/21 Knicks 1.667/62")
	x.state("c1", frames.Live)
	b := x.last.Batches[0]
	if u := &b.Updates[0]; b.Source != "polymarket" || b.Recv != x.at || b.At != x.at-100 || !u.Image || !u.Middle || u.Complete != odds.StatedYes ||
		u.Venue != "polymarket" || u.Updated != b.At || u.Event.Home != "Knicks" || u.Event.Sport != "basketball" || u.Event.League != "nba" {
		t.Errorf("batch %+v", b)
	}
	x.in(x.change("a1", "BUY", "0.4", "10", "0.4", "0.42"))
	x.says("h2h open: Celtics 2.439/21 Knicks 1.695/6")
	x.in(x.change("a1", "BUY", "0.2", "10", "0.4", "0.42"))
	x.says()
	x.in(x.change("b1", "BUY", "0.595", "10", "0.595", "0.6")) // the other token: an ask at 0.405
	x.says("h2h open: Celtics 2.484/4.05 Knicks 1.674/6")
	x.in(x.change("a1", "SELL", "0.405", "0", "0.4", "0.42"))
	x.says("h2h open: Celtics 2.439/21 Knicks 1.695/6")
	x.in(x.change("a1", "SELL", "0.42", "0", "0.4", "0.99"))
	x.says("h2h open: Celtics suspended Knicks suspended")
	x.in(x.change("a1", "SELL", "0.99", "0", "0.4", "1"))
	x.says()
	x.in(x.change("a1", "SELL", "0.44", "7", "0.4", "0.44"))
	x.says("h2h open: Celtics 2.381/3.08 Knicks 1.724/6")
	bids, asks, ok := x.d.Book("c1")
	if want := []Level{{0.4, 10}, {0.38, 100}, {0.2, 10}, {0.01, 9}}; !ok || !slices.Equal(bids, want) || !slices.Equal(asks, []Level{{0.44, 7}}) {
		t.Errorf("book %v %v %v", bids, asks, ok)
	}
}

func TestBookOfTheOtherTokenIsTheSame(t *testing.T) {
	x := follow(t)
	x.in(x.book("b1", "0.58", "0.62"))
	x.says("h2h open: Celtics 2.5/42 Knicks 1.667/31")
	x.in(x.book("a2", "0.01", "0.02"))
	x.says("totals open: Over unpriced Under unpriced")
}

func TestAnswersOfOneQuestion(t *testing.T) {
	x := follow(t)
	x.in(`[` + x.book("a3", "0.44", "0.46") + `,` + x.book("a4", "0.27", "0.29") + `,` + x.book("a5", "0.18", "0.22") + `,` + x.book("a6", "0.09", "0.11") + `]`)
	x.says("h2h open: Arsenal FC 2.222/23", "h2h open: Draw 3.571/14.5", "yes_no open: Spain Yes 5/11 Spain No 1.25/82", "yes_no open: Japan Yes 10/5.5 Japan No 1.111/91")
	if len(x.last.Heard) != 4 || len(x.last.Batches) != 1 {
		t.Errorf("told %+v", x.last)
	}
	for i, u := range x.last.Batches[0].Updates {
		if u.Image || (u.Event.Title == "World Cup winner") != (i > 1) {
			t.Errorf("update %+v", u)
		}
	}
	note := `{"state":"gap","why":"lost","markets":["c4","c5"]}`
	x.frame(frames.Note, "", note)
	x.says("h2h open: Draw unknown", "yes_no open: Spain Yes unknown Spain No unknown")
	x.frame(frames.Note, "", note)
	x.says()
}

// TestMatchIsHeld goes through what a match looks like: frames of one stamp, each with the best
// prices after all of them.
func TestMatchIsHeld(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	at := x.at + 900
	frame := func(side, price, size string) {
		x.now(frames.In, Market, fmt.Sprintf(`{"event_type":"price_change","timestamp":"%d","price_changes":[{"asset_id":"a1","price":%q,"size":%q,"side":%q,"best_bid":"0.01","best_ask":"0.37"}]}`, at, price, size, side))
	}
	frame("SELL", "0.37", "20")
	x.says()
	if len(x.last.Doubts) != 1 || len(x.last.Changes) != 0 {
		t.Errorf("told %+v", x.last)
	}
	frame("BUY", "0.38", "0")
	x.says("h2h open: Celtics suspended Knicks suspended")
	x.in(x.change("a1", "BUY", "0.36", "5", "0.36", "0.37"))
	x.says("h2h open: Celtics 2.74/7.4 Knicks 1.575/3.2")
}

func TestCrossedForTooLongIsLost(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	x.in(x.change("a1", "BUY", "0.43", "5", "0.43", "0.42"))
	x.says()
	x.in(x.change("a1", "BUY", "0.2", "5", "0.43", "0.42"))
	x.says()
	x.in(x.change("a1", "BUY", "0.21", "5", "0.43", "0.42"))
	x.says("h2h unknown:")
	x.state("c1", frames.Gap)
	x.in(x.change("a1", "BUY", "0.22", "5", "0.22", "0.42"))
	x.says()
	x.in(x.book("a1", "0.38", "0.42"))
	x.says("h2h open: Celtics 2.5/21 Knicks 1.667/62")
}

func TestLost(t *testing.T) {
	for name, spoil := range map[string]func(x *told){
		"a change is missing": func(x *told) {
			for range 3 {
				x.in(x.change("a1", "BUY", "0.2", "5", "0.39", "0.42"))
			}
		},
		"a change comes late": func(x *told) {
			late := x.change("a1", "BUY", "0.2", "5", "0.38", "0.42")
			x.at++
			x.in(x.change("a1", "BUY", "0.2", "6", "0.38", "0.42"))
			x.in(late)
		},
		"a change can't be read": func(x *told) { x.in(x.change("a1", "BUY", "many", "5", "0.38", "0.42")) },
		"an image can't be read": func(x *told) { x.in(x.book("a1", "0.38", "2")) },
		"an image has no sides":  func(x *told) { x.in(`{"event_type":"book","asset_id":"a1"}`) },
		"the connection ends":    func(x *told) { x.frame(frames.Note, "", `{"state":"gap","why":"end of file"}`) },
		"it is stale":            func(x *told) { x.frame(frames.Note, "", `{"state":"stale","why":"silent","markets":["c1"]}`) },
		"it is asked for again":  func(x *told) { x.frame(frames.Out, Market, `{"operation":"subscribe","assets_ids":["a1"]}`) },
		"it is not followed":     func(x *told) { x.frame(frames.Out, Market, `{"operation":"unsubscribe","assets_ids":["a1"]}`) },
	} {
		t.Run(name, func(t *testing.T) {
			x := follow(t)
			x.in(x.book("a1", "0.38", "0.42"))
			spoil(x)
			if got := lines(x.last.Batches); !slices.Equal(got, []string{"h2h unknown:"}) {
				t.Errorf("told %q", got)
			}
			if _, _, ok := x.d.Book("c1"); ok {
				t.Error("the book is still shown")
			}
			x.in(x.change("a1", "BUY", "0.2", "5", "0.2", "0.42"))
			if len(x.last.Batches) != 0 {
				t.Error("a change is told before the image")
			}
		})
	}
}

func TestOlderThanTheImageIsKnown(t *testing.T) {
	x := follow(t)
	old := x.change("a1", "BUY", "0.4", "5", "0.4", "0.42")
	x.at++
	x.in(x.book("a1", "0.38", "0.42"))
	x.in(old)
	x.says()
	older := x.book("a1", "0.1", "0.12")
	x.at++
	x.in(x.book("a1", "0.38", "0.44"))
	x.in(older)
	x.says()
	if _, asks, _ := x.d.Book("c1"); asks[0].Price != 0.44 {
		t.Errorf("asks %v", asks)
	}
}

func TestOtherConnectionsAreNotHeard(t *testing.T) {
	x := follow(t)
	f := &frames.Frame{Recv: x.at, Conn: 2, Kind: frames.In, Channel: Market, Data: []byte(x.book("a1", "0.38", "0.42"))}
	if told, err := x.d.Frame(f); err != nil || len(told.Batches)+len(told.Changes)+len(told.Heard) != 0 {
		t.Errorf("told %+v, %v", told, err)
	}
}

func TestShapes(t *testing.T) {
	x := follow(t)
	for _, data := range []string{
		"[]", "PONG", "", `{"event_type":"new_market","id":"1","question":"?","anything":[{}]}`,
		`{"event_type":"tick_size_change","asset_id":"a1","old_tick_size":"0.01","new_tick_size":"0.0025"}`,
		`[{"event_type":"last_trade_price","asset_id":"a1","price":"0.456","size":"219.2","fee_rate_bps":"0","side":"BUY","timestamp":"1750428146322"}]`,
	} {
		x.in(data)
		x.says()
	}
	x.in(`{"event_type":"book","asset_id":"a1","market":"c1","bids":[{"price":0.3825,"size":10}],"asks":[{"price":".42","size":"1e2"}],"timestamp":1790000000500}`)
	x.says("h2h open: Celtics 2.492/42 Knicks 1.67/6.175")
	x.in(`{"event_type":"price_change","asset_id":"a1","changes":[{"price":"0.40","size":"3","side":"BUY"}],"timestamp":"1790000000600"}`)
	x.says("h2h open: Celtics 2.439/42 Knicks 1.695/1.8")
	for data, want := range map[string]string{
		`{"event_type":"weather"}`: "type weather",
		"INVALID OPERATION":        "text INVALID OPERATION",
		`{"event_type":"book","asset_id":"zz","bids":[],"asks":[]}`:              "an asset that no listing has",
		`{"event_type":"price_change","price_changes":[],"sequence":7}`:          "member sequence",
		`[{"event_type":"price_change","price_changes":[{"asset_id":"zz"}]},{}]`: "an asset that no listing has",
	} {
		if got := x.in(data); x.err != nil || !slices.Contains(got.Unknown, want) {
			t.Errorf("%s: unknown %q, %v, want %q", data, got.Unknown, x.err, want)
		}
	}
	for _, data := range []string{`{"event_type":"book"`, `[{"event_type":"book"},3]`, `{} {}`, `[{"event_type":"price_change","price_changes":[`, "{\x00"} {
		if x.in(data); x.err == nil {
			t.Errorf("%s: no error", data)
		}
	}
}

func TestClosedAndPaused(t *testing.T) {
	x := follow(t)
	x.in(`[` + x.book("a1", "0.38", "0.42") + `,` + x.book("a3", "0.44", "0.46") + `]`)
	x.frame(frames.In, Events, strings.Replace(listing, `"acceptingOrders":true`, `"acceptingOrders":false`, 1))
	x.says("h2h suspended:")
	x.frame(frames.In, Events, listing)
	x.says("h2h open: Celtics 2.5/21 Knicks 1.667/62")
	x.in(`{"event_type":"market_resolved","market":"c3","winning_asset_id":"a3","winning_outcome":"Yes","timestamp":"1790000009000"}`)
	x.says("h2h open: Arsenal FC closed")
	x.in(`{"event_type":"market_resolved","market":"x","winning_asset_id":"b1"}`)
	x.says("h2h closed:")
	x.frame(frames.Note, "", `{"state":"gap"}`)
	x.says()
}

func TestSpotChecks(t *testing.T) {
	answer := func(x *told, bid, ask string) string {
		return strings.Replace(x.book("a1", bid, ask), `"event_type":"book",`, "", 1)
	}
	spot := func(x *told, data string) { x.frame(frames.In, Book, data) }
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	spot(x, answer(x, "0.38", "0.42"))
	if len(x.last.Doubts)+len(x.last.Changes)+len(x.last.Heard) != 0 {
		t.Errorf("told %+v", x.last)
	}
	old := answer(x, "0.38", "0.43")
	x.at++
	x.in(x.change("a1", "BUY", "0.2", "5", "0.38", "0.42"))
	spot(x, old)
	if len(x.last.Doubts) != 0 {
		t.Error("an answer older than the stream counts")
	}
	spot(x, answer(x, "0.38", "0.43"))
	if len(x.last.Doubts) != 1 {
		t.Errorf("told %+v", x.last)
	}
	spot(x, answer(x, "0.38", "0.43"))
	if len(x.last.Doubts) != 1 || len(x.last.Changes) != 0 {
		t.Errorf("too soon: told %+v", x.last)
	}
	x.in(x.change("a1", "BUY", "0.21", "5", "0.38", "0.42"))
	spot(x, answer(x, "0.38", "0.43"))
	x.says("h2h unknown:")
	x.state("c1", frames.Gap)
	spot(x, answer(x, "0.38", "0.43"))
	x.says()
	for _, data := range []string{"", "[]", `{"asset_id":"zz"}`, `{"error":"no book"}`} {
		if spot(x, data); len(x.last.Batches)+len(x.last.Changes) != 0 {
			t.Errorf("%s: told %+v", data, x.last)
		}
	}
}

func TestSpotCheckEndsADoubt(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	x.in(x.change("a1", "BUY", "0.4", "5", "0.41", "0.42")) // what was stated was wrong
	x.says()
	x.frame(frames.In, Book, fmt.Sprintf(`{"asset_id":"a1","timestamp":"%d","bids":[{"price":"0.01","size":"9"},{"price":"0.38","size":"100"},{"price":"0.4","size":"5"}],"asks":[{"price":"0.99","size":"9"},{"price":"0.42","size":"50"}]}`, x.at))
	x.says("h2h open: Celtics 2.439/21 Knicks 1.695/3")
}

// marks are those of the last frame, without their events.
func marks(x *told) (all []odds.Mark) {
	for _, b := range x.last.Batches {
		for _, m := range b.Marks {
			m.Event = nil
			all = append(all, m)
		}
	}
	return all
}

func TestScores(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	sports := func(data string) {
		x.frame(frames.In, Sports, data)
		x.clean()
	}
	sports(`{"gameId":5001,"leagueAbbreviation":"nba","slug":"nba-bos-nyk-2026-10-01","homeTeam":"NYK","awayTeam":"BOS","status":"InProgress","score":"0-0","period":"Q1","elapsed":"12:00","live":true,"ended":false,"last_update":"2026-09-21T14:13:22.5Z"}`)
	want := []odds.Mark{{Kind: odds.ScoreMark, Value: "0-0"}, {Kind: odds.PeriodMark, Value: "Q1"}, {Kind: odds.StatusMark, Value: "InProgress"}}
	if got := marks(x); !slices.Equal(got, want) {
		t.Errorf("marks %+v, want %+v", got, want)
	}
	b := x.last.Batches
	if len(b) != 2 || b[0].At != min(1790000002500, x.at) || b[0].Recv != x.at || b[0].Source != Source || b[1].At < b[0].At || !b[1].Updates[0].InPlay || len(b[1].Updates[0].Quotes) != 2 {
		t.Fatalf("batches %q: %+v", lines(b), b)
	}
	if e := b[0].Marks[0].Event; e != b[1].Updates[0].Event || e.ID != "nba-bos-nyk-2026-10-01" {
		t.Errorf("marks of %+v", e)
	}
	sports(`{"gameId":5001,"score":"2-0","period":"Q1","live":true,"ended":false}`)
	if got := marks(x); !slices.Equal(got, []odds.Mark{{Kind: odds.ScoreMark, Value: "2-0", Was: "0-0"}}) || x.last.Batches[0].At != x.at || len(x.last.Batches[0].Updates) != 0 {
		t.Errorf("told %+v", x.last)
	}
	x.at += 60_000
	x.in(x.book("a1", "0.38", "0.44"))
	newest := x.last.Batches[0].At
	sports(`{"gameId":5001,"score":"4-0","live":true,"ended":false,"last_update":"2026-09-21T14:13:22.5Z"}`)
	if b := x.last.Batches; len(b) != 1 || b[0].At != newest-1000 {
		t.Errorf("a score with an old stamp is told of %d, the newest price of %d", b[0].At, newest)
	}
	for _, data := range []string{"ping", `{"gameId":77,"score":"9-9","live":true}`, `{"gameId":null,"slug":5}`} {
		if sports(data); len(x.last.Batches) != 0 {
			t.Errorf("%s: told %+v", data, x.last)
		}
	}
	sports(`{"gameId":"5001","score":"99-80","status":"Final","live":false,"ended":true}`)
	if m := marks(x); len(m) != 2 || !m[0].Ended || m[0].Was != "4-0" {
		t.Errorf("marks %+v", m)
	}
	x.frame(frames.In, Sports, `{"gameId":5001,"mood":"good"}`)
	if !slices.Equal(x.last.Unknown, []string{"member mood"}) {
		t.Errorf("unknown %q", x.last.Unknown)
	}
}

func TestMatchIsInPlayOnScheduleIfNobodySaysMore(t *testing.T) {
	x := follow(t)
	for _, c := range []struct {
		at   odds.Time
		want bool
	}{{1_790_895_599_000, false}, {1_790_895_601_000, true}} { // 23:00 is 1 790 895 600
		x.at = c.at
		x.in(x.book("a1", "0.38", "0.42"))
		if b := x.last.Batches; len(b) != 1 || b[0].Updates[0].InPlay != c.want {
			t.Errorf("at %s: told %q, want in play %v", c.at, lines(b), c.want)
		}
	}
}

func TestMarket(t *testing.T) {
	x := follow(t)
	if m, ok := x.d.Market("c2"); !ok || m.Name != "totals" || m.Venue != "polymarket" || m.Event.Away != "Celtics" {
		t.Errorf("market %+v, %v", m, ok)
	}
	if _, ok := x.d.Market("zz"); ok {
		t.Error("an unknown market is known")
	}
}

func TestBounds(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	for i := range mostLevels + 10 {
		x.in(x.change("a1", "BUY", fmt.Sprintf("%.6f", 0.1+float64(i)/1e6), "1", "0.38", "0.42"))
		if x.err != nil {
			break
		}
	}
	x.state("c1", frames.Gap)
	var b strings.Builder
	for page := range 3 {
		b.Reset()
		for i := range mostMarkets / 2 {
			fmt.Fprintf(&b, `,{"slug":"e%d-%d","markets":[{"conditionId":"k%d-%d","outcomes":["Yes","No"],"clobTokenIds":["p%d-%d","q%d-%d"]}]}`, page, i, page, i, page, i, page, i)
		}
		x.frame(frames.In, Events, "["+b.String()[1:]+"]")
		if len(x.d.markets) > mostMarkets || len(x.d.order) != len(x.d.markets) || len(x.d.tokens) != 2*len(x.d.markets) || len(x.d.events) > mostMarkets {
			t.Errorf("%d markets, %d in order, %d tokens, %d events", len(x.d.markets), len(x.d.order), len(x.d.tokens), len(x.d.events))
		}
	}
	if x.d.markets["c1"] == nil || len(x.d.games) != 2 {
		t.Errorf("what is followed was forgotten; %d games", len(x.d.games))
	}
	for i := range 3 * mostNames {
		x.in(fmt.Sprintf(`{"event_type":"t%d"}`, i))
	}
	if !slices.Equal(x.last.Unknown, []string{"others"}) || len(x.d.names) > mostNames {
		t.Errorf("unknown %q, %d names", x.last.Unknown, len(x.d.names))
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int32{"0.5": 500_000, "1": one, "0": 0, "0.0025": 2500, ".5": 500_000, "0.1234560": 123_456, "1.000": one} {
		if got, ok := price([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", ".", "2", "1.1", "-0.1", "0.1234567", "1e-2", "0,5", "00.5", "0.5x", "0.."} {
		if got, ok := price([]byte(text)); ok && text != "." {
			t.Errorf("%s: %d", text, got)
		}
	}
	if math.Abs(logit(0.52)-logit(0.48)-0.16) > 0.001 {
		t.Error("the width of 0.48 to 0.52 is not as documented")
	}
}
