package kalshi

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// The frames of these tests are synthetic: written after the venue's AsyncAPI description.
const (
	cle    = "KXNBAGAME-25DEC25CLENYK-CLE"
	nyk    = "KXNBAGAME-25DEC25CLENYK-NYK"
	second = odds.Time(1_766_700_000_000)
)

// feedT gives a decoder frames, a second apart.
type feedT struct {
	t    testing.TB
	d    *Decoder
	recv odds.Time
	conn int
}

func newFeed(t testing.TB) *feedT {
	return &feedT{t, NewDecoder(Options{}), second, 1}
}

func (f *feedT) frame(k frames.Kind, channel, data string) (frames.Told, error) {
	f.recv += 1000
	return f.d.Frame(&frames.Frame{Recv: f.recv, Conn: f.conn, Kind: k, Channel: channel, Data: []byte(data)})
}

// say gives a message of the socket that must be readable.
func (f *feedT) say(format string, args ...any) frames.Told {
	f.t.Helper()
	told, err := f.frame(frames.In, Socket, fmt.Sprintf(format, args...))
	if err != nil {
		f.t.Fatalf("%v: "+format, append([]any{err}, args...)...)
	}
	return told
}

func (f *feedT) note(n frames.Notice) frames.Told {
	f.t.Helper()
	data, _ := json.Marshal(n)
	told, err := f.frame(frames.Note, "", string(data))
	if err != nil {
		f.t.Fatal(err)
	}
	return told
}

// image shows a market whole: bids of YES and of NO.
func (f *feedT) image(ticker string, seq int, yes, no string) frames.Told {
	f.t.Helper()
	return f.say(`{"type":"orderbook_snapshot","sid":2,"seq":%d,"msg":{"market_ticker":%q,"market_id":"x","yes_dollars_fp":[%s],"no_dollars_fp":[%s]}}`, seq, ticker, yes, no)
}

func (f *feedT) delta(ticker string, seq int, side, price, delta string) frames.Told {
	f.t.Helper()
	return f.say(`{"type":"orderbook_delta","sid":2,"seq":%d,"msg":{"market_ticker":%q,"market_id":"x","price_dollars":%q,"delta_fp":%q,"side":%q,"ts_ms":%d}}`,
		seq, ticker, price, delta, side, f.recv+900)
}

// shown writes what was told, for comparison.
func shown(told frames.Told) string {
	var out []string
	for _, b := range told.Batches {
		for _, u := range b.Updates {
			line := u.Market + " " + u.Status.String()
			if u.Image {
				line += " image"
			}
			for _, q := range u.Quotes {
				line += " " + q.Selection
				if !math.IsNaN(q.Line) {
					line += fmt.Sprintf("%+g", q.Line)
				}
				if q.Status == odds.Open {
					line += fmt.Sprintf("=%.4f", 1/q.Price)
				} else {
					line += "=" + q.Status.String()
				}
			}
			out = append(out, line)
		}
	}
	for _, c := range told.Changes {
		out = append(out, c.Market[strings.LastIndexByte(c.Market, '-')+1:]+" "+string(c.State))
	}
	return strings.Join(out, "; ")
}

func want(t testing.TB, told frames.Told, text string) {
	t.Helper()
	if got := shown(told); got != text {
		t.Errorf("told %q\nwant %q", got, text)
	}
}

func TestBook(t *testing.T) {
	f := newFeed(t)
	want(t, f.image(cle, 1, `["0.3900","10.00"],["0.4000","20.00"]`, `["0.5700","5.00"],["0.5800","7.00"]`), "h2h open image CLE=0.4100; CLE live")
	want(t, f.delta(cle, 2, "yes", "0.3900", "-4.00"), "")                     // depth
	want(t, f.delta(cle, 3, "yes", "0.4000", "-20.00"), "h2h open CLE=0.4050") // the best bid is gone
	want(t, f.delta(cle, 4, "no", "0.5900", "1.00"), "h2h open CLE=0.4000")    // a better ask: 1 - 0.59
	want(t, f.image(nyk, 5, `["0.5800","1"]`, `["0.4000","1"]`), "h2h open image CLE=0.4000 NYK=0.5900; NYK live")
	want(t, f.delta(nyk, 6, "no", "0.4000", "-1.00"), "h2h open NYK=suspended") // no ask
	want(t, f.delta(nyk, 7, "no", "0.2000", "1.00"), "")                        // one that is too far away
	want(t, f.delta(nyk, 8, "no", "0.4100", "1.00"), "h2h open NYK=0.5850")
	want(t, f.delta(nyk, 9, "no", "0.4300", "1.00"), "h2h open NYK=suspended") // crossed
	told := f.delta(nyk, 10, "no", "0.4300", "-1.00")
	b := told.Batches[0]
	if b.At != f.recv-100 || b.Recv != f.recv || b.Updates[0].Updated != b.At || !b.Updates[0].Terms.Middle || told.Heard[0] != nyk {
		t.Errorf("%+v", b)
	}
	if q := b.Updates[0].Quotes[0]; math.Abs(q.Size-1*0.59) > 1e-9 || q.Side != odds.Home {
		t.Errorf("%+v", q) // one contract at 0.59
	}
}

func TestStampIsNeverLaterThanReceiptNorGoesBack(t *testing.T) {
	f := newFeed(t)
	f.image(cle, 1, `["0.40","20"]`, `["0.58","7"]`)
	at := f.recv // of what was told
	for i, late := range []odds.Millis{-1_000_000, 300_000, 200} {
		told := f.say(`{"type":"orderbook_delta","sid":2,"seq":%d,"msg":{"market_ticker":%q,"price_dollars":"0.4%d","delta_fp":"1","side":"yes","ts_ms":%d}}`,
			i+2, cle, i+1, f.recv.Add(1000-late))
		b := told.Batches[0]
		// A clock that is ahead, one that is far behind, and one that is right.
		if wanted := []odds.Time{f.recv, at, f.recv - 200}[i]; b.At != wanted || b.Recv != f.recv {
			t.Errorf("%d: stamped %v, received %v, want %v", i, b.At, b.Recv, wanted)
		}
		at = b.At
	}
}

// Older recordings have whole cents and contracts, and stamps as text.
func TestOlderFields(t *testing.T) {
	f := newFeed(t)
	want(t, f.say(`{"type":"orderbook_snapshot","sid":2,"seq":1,"msg":{"market_ticker":%q,"yes":[[39,10],[40,20]],"no":[[58,7]]}}`, cle), "h2h open image CLE=0.4100; CLE live")
	told := f.say(`{"type":"orderbook_delta","sid":2,"seq":2,"msg":{"market_ticker":%q,"price":41,"delta":3,"side":"yes","ts":"2025-12-25T22:00:01.5Z"}}`, cle)
	want(t, told, "h2h open CLE=0.4150")
	// Both forms in one message are one book, whichever comes first.
	for i, msg := range []string{`"yes":[[1,1]],"yes_dollars":[["0.44",1]]`, `"yes_dollars":[["0.44",1]],"yes":[[1,1]]`} {
		f.say(`{"type":"orderbook_snapshot","sid":2,"seq":%d,"msg":{"market_ticker":%q,%s}}`, i+3, cle, msg)
		if yes, _, ok := f.d.Book(cle); !ok || len(yes) != 1 || yes[0].Price != 0.44 {
			t.Errorf("%s: %v", msg, yes)
		}
	}
	f.say(`{"type":"ticker","sid":3,"msg":{"market_ticker":%q,"price":48,"yes_bid":44,"yes_ask":100,"ts":1766700000}}`, cle)
}

// If NO levels were asked for in YES prices, they are.
func TestYesPrices(t *testing.T) {
	f := newFeed(t)
	if _, err := f.frame(frames.Out, Socket, `{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"use_yes_price":true}}`); err != nil {
		t.Fatal(err)
	}
	want(t, f.image(cle, 1, `["0.40","1"]`, `["0.42","1"],["0.43","1"]`), "h2h open image CLE=0.4100; CLE live")
	want(t, f.delta(cle, 2, "no", "0.42", "-1"), "h2h open CLE=0.4150")
	f.conn = 2
	want(t, f.image(cle, 1, `["0.40","1"]`, `["0.58","1"]`), "h2h open CLE=0.4100")
}

// A number that is missing loses all markets of its subscription, and no others.
func TestGap(t *testing.T) {
	const other = "KXNBAGAME-25DEC25SASOKC-OKC"
	up := func(t *testing.T) *feedT {
		f := newFeed(t)
		f.say(`{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":2}}`)
		f.image(cle, 1, `["0.40","20"]`, `["0.58","7"]`)
		f.image(nyk, 2, `["0.57","20"]`, `["0.40","7"]`)
		f.say(`{"type":"orderbook_snapshot","sid":9,"seq":1,"msg":{"market_ticker":%q,"yes_dollars_fp":[["0.5","1"]],"no_dollars_fp":[["0.49","1"]]}}`, other)
		return f
	}
	const lost = "h2h unknown; CLE gap; NYK gap"
	t.Run("missing", func(t *testing.T) {
		f := up(t)
		want(t, f.delta(cle, 4, "yes", "0.41", "1.00"), lost)
		want(t, f.delta(cle, 3, "yes", "0.42", "1.00"), "") // it comes late
		want(t, f.delta(cle, 5, "yes", "0.43", "1.00"), "")
		want(t, f.image(nyk, 6, `["0.50","1"]`, `["0.49","1"]`), "h2h open image NYK=0.5050; NYK live")
		want(t, f.image(cle, 7, `["0.40","1"]`, `["0.58","1"]`), "h2h open image CLE=0.4100 NYK=0.5050; CLE live")
	})
	t.Run("answers have numbers", func(t *testing.T) {
		f := up(t)
		f.say(`{"id":7,"sid":2,"seq":3,"type":"ok","msg":{"market_tickers":[]}}`)
		want(t, f.delta(cle, 4, "yes", "0.41", "1.00"), "h2h open CLE=0.4150")
		f.say(`{"id":8,"type":"ok","msg":[{"channel":"orderbook_delta","sid":2}]}`)
		want(t, f.delta(cle, 5, "yes", "0.41", "-1.00"), "h2h open CLE=0.4100")
		want(t, f.say(`{"id":9,"sid":2,"seq":7,"type":"ok"}`), lost)
	})
	t.Run("an image that was asked for", func(t *testing.T) {
		f := up(t)
		// It may have a number of its own, or that of the newest message.
		f.say(`{"id":7,"type":"orderbook_snapshot","sid":2,"seq":3,"msg":{"market_ticker":%q,"yes_dollars_fp":[["0.30","1"]]}}`, cle)
		f.say(`{"id":7,"type":"orderbook_snapshot","sid":2,"seq":3,"msg":{"market_ticker":%q,"yes_dollars_fp":[["0.30","1"]]}}`, nyk)
		want(t, f.delta(cle, 4, "no", "0.69", "1.00"), "h2h open CLE=0.3050")
		want(t, f.delta(nyk, 5, "no", "0.69", "1.00"), "h2h open NYK=0.3050")
	})
	t.Run("duplicate", func(t *testing.T) {
		f := up(t)
		f.delta(cle, 3, "yes", "0.41", "1.00")
		want(t, f.delta(cle, 3, "yes", "0.41", "1.00"), "")
		want(t, f.delta(cle, 4, "yes", "0.41", "-1.00"), "h2h open CLE=0.4100")
	})
	for name, data := range map[string]string{
		"error 25":           `{"type":"error","sid":2,"seq":3,"msg":{"code":25,"msg":"Subscription buffer overflow"}}`,
		"error 10":           `{"type":"error","sid":2,"msg":{"code":10,"msg":"Channel error"}}`,
		"unsubscribed":       `{"type":"unsubscribed","sid":2,"seq":3}`,
		"of an unknown type": `{"type":"news","sid":2,"seq":9}`,
	} {
		t.Run(name, func(t *testing.T) { want(t, up(t).say("%s", data), lost) })
	}
	t.Run("error 25 without sid", func(t *testing.T) {
		want(t, up(t).say(`{"type":"error","msg":{"code":25,"msg":"x"}}`), "h2h unknown; h2h unknown; CLE gap; NYK gap; OKC gap")
	})
	t.Run("another error", func(t *testing.T) {
		want(t, up(t).say(`{"id":3,"type":"error","msg":{"code":7,"msg":"Unknown subscription ID"}}`), "")
	})
	t.Run("less than nothing", func(t *testing.T) {
		want(t, up(t).delta(cle, 3, "yes", "0.40", "-21.00"), "h2h open image NYK=0.5850; CLE gap")
	})
	t.Run("unreadable", func(t *testing.T) {
		f := up(t)
		told, err := f.frame(frames.In, Socket, fmt.Sprintf(`{"type":"orderbook_delta","sid":2,"seq":3,"msg":{"market_ticker":%q,"price_dollars":"0.41234","delta_fp":"1","side":"yes"}}`, cle))
		if err == nil {
			t.Error("five decimals were read")
		}
		want(t, told, "h2h open image NYK=0.5850; CLE gap")
	})
	t.Run("sizes of trades and lifecycle", func(t *testing.T) {
		f := up(t)
		f.say(`{"type":"market_lifecycle_v2","sid":5,"seq":1,"msg":{"market_ticker":"X","event_type":"activated"}}`)
		told := f.say(`{"type":"market_lifecycle_v2","sid":5,"seq":3,"msg":{"market_ticker":"X","event_type":"activated"}}`)
		if !slices.Equal(told.Unknown, []string{LostLifecycle}) {
			t.Errorf("%v", told.Unknown)
		}
		want(t, told, "")
	})
}

func TestNotices(t *testing.T) {
	f := newFeed(t)
	want(t, f.note(frames.Notice{State: frames.Subscribed, Markets: []string{cle, nyk}}), "")
	want(t, f.delta(cle, 1, "yes", "0.41", "1.00"), "") // no image yet
	f.image(cle, 2, `["0.40","20"]`, `["0.58","7"]`)
	f.image(nyk, 3, `["0.57","20"]`, `["0.40","7"]`)
	want(t, f.note(frames.Notice{State: frames.Stale, Why: "x", Markets: []string{cle}}), "h2h open image NYK=0.5850")
	want(t, f.note(frames.Notice{State: frames.Stale, Why: "x", Markets: []string{cle}}), "")
	want(t, f.note(frames.Notice{State: frames.Gap, Why: "the connection was lost"}), "h2h unknown")
	want(t, f.note(frames.Notice{State: frames.Gap, Why: "the connection was lost"}), "")
	if len(f.d.streams) != 0 {
		t.Error("the subscriptions of a lost connection are kept")
	}
	f.conn = 2
	want(t, f.image(nyk, 1, `["0.57","20"]`, `["0.40","7"]`), "h2h open image NYK=0.5850; NYK live")
	if _, err := f.frame(frames.Note, "", "x"); err == nil {
		t.Error("a notice that is none")
	}
}

// A ticker contradicts a book only if the book has been still for a while.
func TestTicker(t *testing.T) {
	f := newFeed(t)
	f.image(cle, 1, `["0.40","20"]`, `["0.58","7"]`)
	say := func(bid, ask string) frames.Told {
		return f.say(`{"type":"ticker","sid":3,"msg":{"market_ticker":%q,"yes_bid_dollars":%q,"yes_ask_dollars":%q,"ts_ms":%d}}`, cle, bid, ask, f.recv+900)
	}
	want(t, say("0.3900", "0.4200"), "")
	f.recv += 10_000
	want(t, say("0.4000", "0.4200"), "")
	want(t, say("0.3900", "0.4200"), "h2h unknown; CLE gap")
	f.image(cle, 2, `["0.40","20"]`, ``)
	f.recv += 10_000
	want(t, say("0.4000", "1.0000"), "")
	want(t, f.say(`{"type":"ticker","sid":3,"msg":{"market_ticker":%q,"yes_bid_dollars":"0.1","yes_ask_dollars":"0.2","ts_ms":%d}}`, cle, second), "") // an old one
	want(t, f.say(`{"type":"ticker","sid":3,"msg":{"market_ticker":"KXOTHER-1"}}`), "")
}

func TestLifecycle(t *testing.T) {
	f := newFeed(t)
	f.image(cle, 1, `["0.40","20"]`, `["0.58","7"]`)
	life := func(rest string) frames.Told {
		return f.say(`{"type":"market_lifecycle_v2","sid":5,"msg":{"market_ticker":%q,%s}}`, cle, rest)
	}
	want(t, life(`"event_type":"deactivated"`), "h2h open CLE=suspended")
	want(t, f.delta(cle, 2, "yes", "0.41", "1.00"), "")
	want(t, life(`"event_type":"activated"`), "h2h open CLE=0.4150")
	want(t, life(`"event_type":"close_date_updated","is_deactivated":true,"close_ts":1`), "h2h open CLE=suspended")
	want(t, life(`"event_type":"close_date_updated","is_deactivated":false`), "h2h open CLE=0.4150")
	want(t, life(`"event_type":"price_level_structure_updated","price_level_structure":"deci_cent","price_ranges":[{"start":"0"}]`), "")
	want(t, life(`"event_type":"determined","result":"yes","determination_ts":1`), "h2h open CLE=closed")
	want(t, life(`"event_type":"settled"`), "")
	if told := life(`"event_type":"renamed"`); !slices.Equal(told.Unknown, []string{"event_type renamed"}) {
		t.Errorf("%v", told.Unknown)
	}
	const q = "KXBTC-25APR30-B95000"
	f.say(`{"type":"market_lifecycle_v2","sid":5,"msg":{"market_ticker":%q,"event_type":"created","additional_metadata":{"title":"Bitcoin on Apr 30?","yes_sub_title":"95,000 or more"}}}`, q)
	if m, ok := f.d.Market(q); !ok || m.Event.Title != "Bitcoin on Apr 30?: 95,000 or more" || m.Name != "yes_no" {
		t.Errorf("%+v", m)
	}
	f.say(`{"type":"market_lifecycle_v2","sid":5,"msg":{"market_ticker":%q,"event_type":"metadata_updated","yes_sub_title":"96,000 or more","strike_type":"greater","floor_strike":96000}}`, q)
	if m, _ := f.d.Market(q); m.Event.Title != "Bitcoin on Apr 30?: 96,000 or more" {
		t.Errorf("%+v", m.Event)
	}
	want(t, f.image(q, 3, `["0.10","1"]`, `["0.89","1"]`), "yes_no open image Yes=0.1050 No=0.8950; B95000 live")
}

func TestUnknownIsCounted(t *testing.T) {
	f := newFeed(t)
	for data, unknown := range map[string][]string{
		`{"type":"hello","msg":{}}`: {"type hello"},
		`{"type":"orderbook_snapshot","sid":2,"seq":1,"new":1,"msg":{"market_ticker":"X-1-1","flag":{"a":[1]}}}`:       {"member new of orderbook_snapshot", "member flag of orderbook_snapshot"},
		`{"type":"event_lifecycle","sid":5,"msg":{"event_ticker":"X","title":"t","subtitle":"s","series_ticker":"X"}}`: nil,
		`{"type":"event_fee_update","sid":5,"seq":9,"msg":{"event_ticker":"X","fee_type_override":null}}`:              nil,
	} {
		if told := f.say("%s", data); !slices.Equal(told.Unknown, unknown) {
			t.Errorf("%s: %q, want %q", data, told.Unknown, unknown)
		}
	}
	for _, bad := range []string{``, `[]`, `{`, `{}`, `{"type":1}`, `{"type":"ok"}{}`, `{"type":"orderbook_delta","sid":-1}`, `x`} {
		if _, err := f.frame(frames.In, Socket, bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for _, bad := range []string{``, `[]`, `{"error":{"code":"x"}}`, `{"markets":1}`} {
		if _, err := f.frame(frames.In, "GET /markets", bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestReplies(t *testing.T) {
	var r Replies
	for data, want := range map[string]Reply{
		`{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":3}}`:           {Type: "subscribed", ID: 1, SID: 3, Channel: "orderbook_delta"},
		`{"id":102,"sid":2,"seq":7,"type":"unsubscribed"}`:                                   {Type: "unsubscribed", ID: 102, SID: 2},
		`{"id":123,"type":"error","msg":{"code":7,"msg":"Unknown subscription ID"}}`:         {Type: "error", ID: 123, Code: 7, Text: "Unknown subscription ID"},
		`{"id":5,"type":"orderbook_snapshot","sid":2,"seq":2,"msg":{"market_ticker":"A-1"}}`: {Type: "orderbook_snapshot", ID: 5, SID: 2, Market: "A-1"},
	} {
		if got, ok := r.Read([]byte(data)); !ok || got != want {
			t.Errorf("%s: %+v %v", data, got, ok)
		}
	}
	for _, data := range []string{`{"type":"ticker","id":1}`, `{"type":"orderbook_snapshot","sid":2,"seq":2,"msg":{}}`, `x`} {
		if got, ok := r.Read([]byte(data)); ok {
			t.Errorf("%s: %+v", data, got)
		}
	}
}

func TestFixed(t *testing.T) {
	for text, want := range map[string]int64{
		"0.9600": 9600, "0.96": 9600, "1": 10_000, "-54.00": -540_000, ".5": 5000, "0.0001": 1, "0.00010000": 1, "7.": 70_000,
	} {
		if got, ok := fixed([]byte(text), 4); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1e3", "0.00001", "x", "1.2.3", "99999999999999999999", "--1", " 1"} {
		if got, ok := fixed([]byte(text), 4); ok || got != unset {
			t.Errorf("%s: %d", text, got)
		}
	}
}

// What is kept is bounded: markets that are over make room, and no others do.
func TestRoom(t *testing.T) {
	f := newFeed(t)
	for i := range mostMarkets {
		f.note(frames.Notice{State: frames.Subscribed, Markets: []string{fmt.Sprintf("KXNBAGAME-25DEC25CLENYK-X%d", i)}})
	}
	if told, err := f.frame(frames.In, Socket, `{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"ONE-MORE"}}`); err == nil || len(f.d.contracts) != mostMarkets {
		t.Errorf("%d contracts, %+v", len(f.d.contracts), told)
	}
	f.recv += odds.Time(2 * day)
	f.image(cle, 2, `["0.40","20"]`, `["0.58","7"]`)
	if n := len(f.d.contracts); n != 1 || len(f.d.groups) != 1 || len(f.d.events) != 1 || len(f.d.order) != 1 {
		t.Errorf("%d contracts, %d groups, %d events", n, len(f.d.groups), len(f.d.events))
	}
	for i := range mostStreams + 10 {
		_, _ = f.frame(frames.In, Socket, fmt.Sprintf(`{"type":"trade","sid":%d,"seq":1,"msg":{}}`, i+10))
	}
	if len(f.d.streams) > mostStreams {
		t.Errorf("%d streams", len(f.d.streams))
	}
}
