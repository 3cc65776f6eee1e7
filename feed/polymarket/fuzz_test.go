package polymarket

import (
	"fmt"
	"runtime"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// FuzzFrame: whatever is sent, nothing panics, prices are prices, times do not exceed the receipt,
// and books are sorted.
func FuzzFrame(f *testing.F) {
	x := &told{d: New(Options{}), at: t0}
	for _, data := range []string{
		x.book("a1", "0.38", "0.42"), "[" + x.book("a1", "0.38", "0.42") + "," + x.book("b2", "0.3", "0.5") + "]", "[]", "PONG", listing,
		x.change("a1", "BUY", "0.4", "10", "0.4", "0.42"), x.change("b1", "SELL", "0.6", "0", "0.58", "1"),
		`{"event_type":"price_change","asset_id":"a1","changes":[{"price":"0.40","size":"3","side":"BUY"}],"timestamp":"1790000000600"}`,
		`{"event_type":"market_resolved","market":"c3","winning_asset_id":"a3"}`, `{"event_type":"best_bid_ask","asset_id":"a1","best_bid":"0.73"}`,
		`{"gameId":5001,"slug":"nba-bos-nyk-2026-10-01","status":"InProgress","score":"3-16","period":"Q4","live":true,"ended":false}`,
		`{"state":"gap","why":"x"}`, `{"operation":"subscribe","assets_ids":["a1","b2"]}`, `{"assets_ids":["a1"],"operation":"unsubscribe"}`,
	} {
		for k := range 7 {
			f.Add(uint8(k), []byte(data), []byte(x.change("a1", "BUY", "0.4", "10", "0.4", "0.42")))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, one, two []byte) {
		x := &told{T: t, d: New(Options{}), at: t0}
		x.frame(frames.In, Events, listing)
		x.frame(frames.Out, Market, `{"assets_ids":["a1","a2","a3"],"type":"market"}`)
		x.in(x.book("a1", "0.38", "0.42"))
		kinds := [...]struct {
			kind    frames.Kind
			channel string
		}{{frames.In, Market}, {frames.In, Sports}, {frames.In, Events}, {frames.In, Book}, {frames.Out, Market}, {frames.Note, ""}, {frames.In, Markets}}
		k := kinds[int(kind)%len(kinds)]
		for _, data := range [][]byte{one, two, one} {
			x.frame(k.kind, k.channel, string(data))
			sane(t, x)
			x.in(string(two))
			sane(t, x)
		}
	})
}

func sane(t *testing.T, x *told) {
	for _, b := range x.last.Batches {
		if b.At > b.Recv || b.Recv != x.at || len(b.Updates) == 0 {
			t.Errorf("batch %+v", b)
		}
		for _, u := range b.Updates {
			if u.Event == nil || u.Event.ID == "" || u.Market == "" {
				t.Errorf("update %+v", u)
			}
			for _, q := range u.Quotes {
				if q.Status == odds.Open && (!odds.Odds(q.Price).Valid() || !(q.Size >= 0)) {
					t.Errorf("quote %+v", q)
				}
			}
		}
	}
	levels := 0
	for _, m := range x.d.order {
		for _, side := range [...]ladder{m.book.bids, m.book.asks} {
			levels += len(side)
			for i := 1; i < len(side); i++ {
				if side[i-1].rank >= side[i].rank {
					t.Errorf("market %s: levels %v", m.c.ID, side)
				}
			}
		}
	}
	if levels != x.d.levels {
		t.Errorf("%d levels are counted, there are %d", x.d.levels, levels)
	}
}

// many is a decoder that follows so many markets, each with a book.
func many(n int) *told {
	x := &told{d: New(Options{}), at: t0}
	for i := range n {
		x.frame(frames.In, Events, fmt.Sprintf(`[{"slug":"nba-a%d-b%d-2026-10-01","title":"A%d vs. B%d","gameId":%d,"markets":[{"conditionId":"c%d","outcomes":["A%d","B%d"],"clobTokenIds":["%076d","%077d"],"sportsMarketType":"moneyline"}]}]`,
			i, i, i, i, i+1, i, i, i, i, i))
		x.frame(frames.Out, Market, fmt.Sprintf(`{"assets_ids":["%076d"],"operation":"subscribe"}`, i))
		x.in(x.book(fmt.Sprintf("%076d", i), "0.38", "0.42"))
	}
	return x
}

// both states a change for both tokens of a market, as the venue does.
func both(i int, price, mirror, bid, ask, size string) []byte {
	return []byte(fmt.Sprintf(`{"market":"0x285746de0e4f751fd4dc8f9dc2cecd0101ba9ad0096a43145ed9643b09514f01","price_changes":[{"asset_id":"%076d","price":%q,"size":%q,"side":"BUY","hash":"b7623b6417b3ae46dbe5d608a65474c9cec84ef9","best_bid":%q,"best_ask":"0.42"},{"asset_id":"%077d","price":%q,"size":%q,"side":"SELL","hash":"c0978ce48e525b35579b9fb4556a08538ebf265a","best_bid":"0.58","best_ask":%q}],"timestamp":"%d","event_type":"price_change"}`,
		i, price, size, bid, i, mirror, size, ask, t0+10_000_000))
}

func BenchmarkFrame(b *testing.B) {
	const n = 500
	for _, x := range []struct {
		name   string
		change func(i, k int) []byte
	}{
		{"deep", func(i, k int) []byte { return both(i, "0.31", "0.69", "0.38", "0.62", fmt.Sprint(100+k)) }},
		{"price", func(i, k int) []byte {
			if k%2 == 0 {
				return both(i, "0.4", "0.6", "0.4", "0.6", "50")
			}
			return both(i, "0.4", "0.6", "0.38", "0.62", "0")
		}},
	} {
		b.Run(x.name, func(b *testing.B) {
			d := many(n)
			var all [][]byte
			size := 0
			for k := range 2 {
				for i := range n {
					all = append(all, x.change(i, k))
					size += len(all[len(all)-1])
				}
			}
			f := &frames.Frame{Recv: t0 + 20_000_000, Conn: 1, Kind: frames.In, Channel: Market}
			quotes := 0
			b.ReportAllocs()
			b.SetBytes(int64(size / len(all)))
			for i := 0; b.Loop(); i++ {
				f.Data = all[i%len(all)]
				told, err := d.d.Frame(f)
				if err != nil {
					b.Fatal(err)
				}
				quotes += len(told.Batches)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
			b.ReportMetric(float64(quotes)/float64(b.N), "batches/frame")
		})
	}
}

// TestFramesHoldNoMemory sends a million frames and compares what is in use.
func TestFramesHoldNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	x := many(100)
	use := func(n int) uint64 {
		f := &frames.Frame{Recv: t0 + 20_000_000, Conn: 1, Kind: frames.In, Channel: Market}
		for k := range n {
			f.Data = both(k%100, "0.4", "0.6", "0.4", "0.6", fmt.Sprint(50+k%7))
			if _, err := x.d.Frame(f); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := use(10_000)
	if after := use(200_000); after > before+1<<20 {
		t.Errorf("%d bytes are in use after 200 000 frames, %d after 10 000", after, before)
	}
}
