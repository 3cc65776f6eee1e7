package kalshi

import (
	"bytes"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// seeds are frames after the venue's AsyncAPI description, and their older forms: no recording of
// real ones may be had.
var seeds = []string{
	`{"type":"orderbook_snapshot","sid":2,"seq":2,"msg":{"market_ticker":"KXNBAGAME-25DEC25CLENYK-CLE","market_id":"9b0f6b43","yes_dollars_fp":[["0.0800","300.00"],["0.2200","333.00"]],"no_dollars_fp":[["0.5400","20.00"],["0.5600","146.00"]]}}`,
	`{"type":"orderbook_delta","sid":2,"seq":3,"msg":{"market_ticker":"KXNBAGAME-25DEC25CLENYK-CLE","price_dollars":"0.2200","delta_fp":"-54.00","side":"yes","ts":"2022-11-22T20:44:01Z","ts_ms":1669149841000}}`,
	`{"type":"orderbook_snapshot","sid":2,"seq":4,"msg":{"market_ticker":"KXNBAGAME-25DEC25CLENYK-NYK","yes":[[8,300]],"no":[[54,20]]}}`,
	`{"type":"orderbook_delta","sid":2,"seq":5,"msg":{"market_ticker":"KXNBAGAME-25DEC25CLENYK-NYK","price":96,"delta":-54,"side":"no"}}`,
	`{"type":"ticker","sid":11,"msg":{"market_ticker":"KXNBAGAME-25DEC25CLENYK-CLE","price_dollars":"0.4800","yes_bid_dollars":"0.4500","yes_ask_dollars":"0.5300","volume_fp":"33896.00","ts":1669149841,"ts_ms":1669149841000}}`,
	`{"type":"trade","sid":12,"seq":2,"msg":{"trade_id":"d91bc706","market_ticker":"KXNBAGAME-25DEC25CLENYK-CLE","yes_price_dollars":"0.3600","no_price_dollars":"0.6400","count_fp":"136.00","taker_side":"no","ts_ms":1669149841000}}`,
	`{"type":"market_lifecycle_v2","sid":13,"seq":3,"msg":{"market_ticker":"INXD-23SEP14-B4487","open_ts":1694635200,"additional_metadata":{"title":"S&P 500","yes_sub_title":"up","strike_type":"greater","floor_strike":4487},"event_type":"created"}}`,
	`{"type":"market_lifecycle_v2","sid":13,"seq":4,"msg":{"event_type":"metadata_updated","market_ticker":"INXD-23SEP14-B4487","strike_type":"between","floor_strike":95000,"cap_strike":95250}}`,
	`{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":2}}`,
	`{"id":102,"sid":2,"seq":7,"type":"unsubscribed"}`,
	`{"id":123,"sid":2,"seq":6,"type":"ok","msg":{"market_tickers":["A"]}}`,
	`{"type":"error","sid":2,"seq":9,"msg":{"code":25,"msg":"Subscription buffer overflow"}}`,
	`{"markets":[{"ticker":"KXNBASPREAD-25DEC25CLENYK-CLE5","title":"t","status":"active","strike_type":"greater","floor_strike":4.5}],"cursor":""}`,
	`{"events":[{"event_ticker":"KXEPLGAME-26SEP20BHAFUL","title":"Brighton vs Fulham","markets":[{"ticker":"KXEPLGAME-26SEP20BHAFUL-FUL","yes_sub_title":"Fulham"}]}]}`,
	`{"state":"gap","markets":["KXNBAGAME-25DEC25CLENYK-CLE"]}`,
	`{"id":1,"cmd":"subscribe","params":{"use_yes_price":true}}`,
}

// FuzzFrame gives any lines as frames: nothing panics, and what is told is valid.
func FuzzFrame(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(seeds[0] + "\n" + seeds[1] + "\n" + s + "\n" + seeds[(i+1)%len(seeds)]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := NewDecoder(Options{})
		var r Replies
		recv := second
		for i, line := range bytes.Split(data, []byte("\n")) {
			for _, fr := range []frames.Frame{
				{Kind: frames.In, Channel: Socket}, {Kind: frames.In, Channel: "GET /markets"}, {Kind: frames.Note}, {Kind: frames.Out, Channel: Socket},
			} {
				recv++
				fr.Recv, fr.Conn, fr.Data = recv, 1+i%2, line
				told, _ := d.Frame(&fr)
				valid(t, told, recv)
			}
			r.Read(line)
		}
		valid(t, invariant(t, d, recv), recv)
	})
}

// valid checks what was told.
func valid(t *testing.T, told frames.Told, recv odds.Time) {
	t.Helper()
	for _, b := range told.Batches {
		if b.At > recv || b.Recv != recv || len(b.Updates) == 0 {
			t.Fatalf("%+v", b)
		}
		for _, u := range b.Updates {
			if u.Event == nil || u.Event.ID == "" || u.Market == "" || u.Status == odds.Unknown && u.Quotes != nil {
				t.Fatalf("%+v", u)
			}
			for _, q := range u.Quotes {
				if q.Selection == "" || (q.Status == odds.Open) != (q.Price > 1) || q.Size < 0 {
					t.Fatalf("%+v", q)
				}
			}
		}
	}
}

// invariant checks books, and that nothing is known after the connections are gone.
func invariant(t *testing.T, d *Decoder, recv odds.Time) (told frames.Told) {
	t.Helper()
	for _, c := range d.order {
		for _, l := range []ladder{c.yes, c.no} {
			for i, e := range l {
				if !usable(int64(e.price)) || e.size < 0 || i > 0 && l[i-1].price >= e.price {
					t.Fatalf("%s: %v", c.id, l)
				}
			}
		}
	}
	for conn := 1; conn <= 2; conn++ {
		told, _ = d.Frame(&frames.Frame{Recv: recv, Conn: conn, Kind: frames.Note, Data: []byte(`{"state":"gap"}`)})
	}
	for _, c := range d.order {
		if c.state == frames.Live || c.shown {
			t.Fatalf("%s is live without a connection", c.id)
		}
	}
	return told
}

// BenchmarkFrame reads changes of books: every fourth moves a price.
func BenchmarkFrame(b *testing.B) {
	f := newFeed(b)
	f.image(cle, 1, `["0.3900","1000.00"],["0.4000","2000.00"]`, `["0.5700","500.00"],["0.5800","700.00"]`)
	var all [][]byte
	for i := range 4 {
		price, size := "0.3900", []string{"5.00", "-5.00"}[i%2]
		if i == 3 {
			price = "0.4100"
		}
		if i == 1 {
			price, size = "0.4100", "-5.00"
		}
		if i == 3 {
			size = "5.00"
		}
		all = append(all, []byte(`{"type":"orderbook_delta","sid":2,"seq":0,"msg":{"market_ticker":"`+cle+`","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","price_dollars":"`+price+`","delta_fp":"`+size+`","side":"yes","ts":"2025-12-25T20:44:01Z","ts_ms":1766700000100}}`))
	}
	f.delta(cle, 2, "yes", "0.4100", "5.00")
	fr := &frames.Frame{Recv: f.recv, Conn: 1, Kind: frames.In, Channel: Socket}
	var r Replies
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		fr.Data = all[i%4]
		told, err := f.d.Frame(fr)
		if err != nil || len(told.Changes) > 0 {
			b.Fatal(i, err, told.Changes)
		}
		r.Read(fr.Data) // as a connection does
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}
