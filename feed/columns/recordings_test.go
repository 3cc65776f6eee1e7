package columns

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"corrgraph/feed"
	"corrgraph/odds"
)

// recordings returns the decompressed files of a pattern among the recordings
// that are kept beside the repository, by base name without compression.
func recordings(tb testing.TB, pattern string) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("../../../shared/data", pattern))
	if err != nil {
		tb.Fatal(err)
	}
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			tb.Fatal("no recordings", pattern)
		}
		tb.Skip("no recordings beside the repository")
	}
	files := map[string][]byte{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		var r io.Reader = bzip2.NewReader(f)
		if filepath.Ext(path) == ".gz" {
			if r, err = gzip.NewReader(f); err != nil {
				tb.Fatal(err)
			}
		}
		b, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(path, err)
		}
		f.Close()
		base := filepath.Base(path)
		files[strings.TrimSuffix(base, filepath.Ext(base))] = b
	}
	return files
}

func shippedMap(tb testing.TB, name string) *Map {
	tb.Helper()
	for _, m := range Shipped() {
		if m.Name == name {
			return m
		}
	}
	tb.Fatalf("no shipped map %q", name)
	return nil
}

// parse reads one file and fails on any reject.
func parse(tb testing.TB, m *Map, name string, in []byte) ([]*odds.Batch, *feed.Report) {
	tb.Helper()
	bs, rep, err := parseErr(m, name, in)
	if err != nil {
		tb.Fatal(err)
	}
	if by, n := rep.Rejected(); n > 0 {
		tb.Fatalf("%s: %d rejects %v: %v", name, n, by, rep.Shown())
	}
	return bs, rep
}

func parseErr(m *Map, name string, in []byte) ([]*odds.Batch, *feed.Report, error) {
	var bs []*odds.Batch
	rep := new(feed.Report)
	err := New(m).Parse(context.Background(), name, bytes.NewReader(in), func(b *odds.Batch) error {
		bs = append(bs, b)
		return nil
	}, rep)
	return bs, rep, err
}

// counts of what was read.
type counts struct{ batches, updates, quotes, gone, notOpen, events int }

func count(bs []*odds.Batch) (c counts) {
	c.batches = len(bs)
	events := map[string]bool{}
	for _, b := range bs {
		c.updates += len(b.Updates)
		c.quotes += b.Quotes()
		for _, u := range b.Updates {
			events[u.Event.ID] = true
			if u.Status != odds.Open {
				c.notOpen++
			}
			for _, q := range u.Quotes {
				if q.Status != odds.Open {
					c.gone++
				}
			}
		}
	}
	c.events = len(events)
	return c
}

// table reads a recording with encoding/csv alone.
func table(tb testing.TB, in []byte) (col map[string]int, rows [][]string) {
	tb.Helper()
	rows, err := csv.NewReader(bytes.NewReader(in)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	col = map[string]int{}
	for i, h := range rows[0] {
		col[h] = i
	}
	return col, rows[1:]
}

// The figures of this and the following tests are from the recordings' README files, or
// were counted independently with encoding/csv.

func TestKalshi(t *testing.T) {
	m := shippedMap(t, "kalshi-nba-1min")
	files := recordings(t, "kalshi-nba-1min/*.bz2")
	traded, empty, events := 0, 0, map[string]bool{}
	for name, in := range files {
		bs, rep := parse(t, m, name, in)
		c := count(bs)
		traded += c.quotes
		empty += rep.Skipped()["no trade in that minute"]
		for _, b := range bs {
			u := b.Updates[0]
			events[u.Event.ID] = true
			if side := u.Quotes[0].Side; side != odds.Home && side != odds.Away || b.Resolution != 60_000 || b.Polled || u.Event.League != "nba" {
				t.Fatalf("%s: %+v %+v", name, b, u)
			}
		}
	}
	if len(files) != 109 || traded != 94_920 || traded+empty != 210_850 || len(events) != 82 {
		t.Errorf("%d files, %d trades, %d without, %d events", len(files), traded, empty, len(events))
	}
	bs, _ := parse(t, m, "0022500009_CLE_at_NYK_2025-12-25_candles.csv", files["0022500009_CLE_at_NYK_2025-12-25_candles.csv"])
	u := bs[0].Updates[0]
	want := odds.Event{ID: "25DEC25CLENYK", Sport: "basketball", League: "nba", Home: "NYK", Away: "CLE", Title: "CLE @ NYK 25 DEC 25"}
	if bs[0].At != 1766534580_000 || !reflect.DeepEqual(*u.Event, want) || u.Quotes[0].Side != odds.Home || math.Abs(u.Quotes[0].Price-100.0/66) > 1e-12 {
		t.Errorf("%v %+v %+v", bs[0].At, *u.Event, u)
	}
}

func TestBitcoin(t *testing.T) {
	m := shippedMap(t, "btcjpy-two-exchanges")
	ticks := map[string]int{}
	for name, in := range recordings(t, "btcjpy-two-exchanges/*.gz") {
		bs, _ := parse(t, m, name, in)
		c := count(bs)
		_, rows := table(t, in)
		u := bs[0].Updates[0]
		ticks[u.Venue] = c.quotes
		last, err := strconv.ParseFloat(rows[len(rows)-1][1], 64)
		if end := bs[len(bs)-1]; err != nil || end.Updates[0].Quotes[0].Price != last || end.At.Std().Format(time.DateTime) != rows[len(rows)-1][0] {
			t.Errorf("%s ends with %+v, want %v", name, end, rows[len(rows)-1])
		}
		if u.Format != odds.Raw || bs[0].Resolution != 1000 || bs[0].Source != u.Venue || u.Event.ID != "btcjpy" {
			t.Errorf("%+v %+v", bs[0], u)
		}
	}
	if want := map[string]int{"bitflyer": 10_024, "btcbox": 6_115}; !reflect.DeepEqual(ticks, want) {
		t.Errorf("%v, want %v", ticks, want)
	}
}

func TestPredictionMarkets(t *testing.T) {
	for name, in := range recordings(t, "prediction-markets-multi/*.bz2") {
		bs, _ := parse(t, shippedMap(t, "prediction-markets-multi"), name, in)
		rows, markets := map[string]int{}, map[string]map[string]bool{}
		for _, b := range bs {
			for _, u := range b.Updates {
				rows[u.Venue]++
				if markets[u.Venue] == nil {
					markets[u.Venue] = map[string]bool{}
				}
				markets[u.Venue][u.Event.ID+"|"+u.Market] = true
			}
		}
		if want := map[string]int{"polymarket": 885, "manifold": 543, "predictit": 636}; !reflect.DeepEqual(rows, want) {
			t.Errorf("%v, want %v", rows, want)
		}
		if p, f, i := len(markets["polymarket"]), len(markets["manifold"]), len(markets["predictit"]); p != 56 || f != 100 || i != 252 {
			t.Errorf("%d, %d, %d markets", p, f, i)
		}
		col, table := table(t, in)
		gone, closed := 0, 0
		for _, r := range table {
			if yes, err := strconv.ParseFloat(r[col["yes_price"]], 64); r[col["status"]] == "closed" {
				closed++
			} else if err != nil || yes == 0 || yes == 1 {
				gone += 2
			}
		}
		if c := count(bs); c.gone != gone || c.notOpen != closed || c.quotes != 2*(len(table)-closed) {
			t.Errorf("%+v, want %d gone, %d closed", c, gone, closed)
		}
	}
}

func TestProtoLiveOdds(t *testing.T) {
	for name, in := range recordings(t, "proto-vs-overseas/live_odds*.bz2") {
		bs, _ := parse(t, shippedMap(t, "proto-live-odds"), name, in)
		c := count(bs)
		col, rows := table(t, in)
		polls, prices := map[string]bool{}, 0
		for _, r := range rows {
			polls[r[col["observed_at"]]] = true
			prices += strings.Count(r[col["odds"]], ",") + 1
		}
		if c.batches != len(polls) || c.updates != 18_752 || c.quotes != prices || !bs[0].Polled || bs[0].Resolution != 0 {
			t.Errorf("%+v, want %d polls, %d prices", c, len(polls), prices)
		}
		// A meeting must not occur twice in a poll, as it would with a shared key.
		for _, b := range bs {
			seen := map[*odds.Event]bool{}
			for _, u := range b.Updates {
				if seen[u.Event] {
					t.Fatalf("%v: %s twice", b.At, u.Event.ID)
				}
				seen[u.Event] = true
			}
		}
		// The K League has 11 matches in the file; the page lost some of them for hours.
		league := map[string]bool{}
		for _, b := range bs {
			for _, u := range b.Updates {
				if u.Event.League == "k-league-1" {
					league[u.Event.ID] = true
				}
			}
		}
		if len(league) != 11 {
			t.Errorf("%d matches of the K League", len(league))
		}
		// The first two meetings of Detroit and Baltimore, as one reads them in the file.
		first, second := homePrices(bs, "mlb:Detroit Tigers:Baltimore Orioles:20260727T1001"), homePrices(bs, "mlb:Detroit Tigers:Baltimore Orioles:20260727T1802")
		if len(first) == 0 || len(second) == 0 || first[0] != 1.86 || first[len(first)-1] != 1.79 || second[0] != 1.69 || !slices.Contains(second, 1.71) {
			t.Errorf("%v and %v", first, second)
		}
	}
}

// homePrices returns the home prices of an event in order.
func homePrices(bs []*odds.Batch, id string) (ps []float64) {
	for _, b := range bs {
		for _, u := range b.Updates {
			if u.Event.ID == id {
				ps = append(ps, u.Quotes[0].Price)
			}
		}
	}
	return ps
}

func TestProtoChanges(t *testing.T) {
	for name, in := range recordings(t, "proto-vs-overseas/changes*.bz2") {
		bs, _ := parse(t, shippedMap(t, "proto-changes"), name, in)
		c := count(bs)
		col, rows := table(t, in)
		closed, prices, stamps := 0, 0, map[string]bool{}
		for _, r := range rows {
			stamps[r[col["ts"]]] = true
			if r[col["result"]] != "경기전" {
				closed++
			} else {
				prices += strings.Count(r[col["odds"]], ",") + 1
			}
		}
		if len(rows) != 503 || c.batches != len(stamps) || c.quotes-c.gone != prices || c.notOpen == 0 || c.gone == 0 || c.updates > len(rows) || c.updates < len(rows)-5 {
			t.Errorf("%+v, want %d closed, %d prices, %d stamps", c, closed, prices, len(stamps))
		}
		u := bs[0].Updates[2] // 핸디캡 H +2.5 세이부 소프트뱅 "1.32,2.64", 07.26 17:00 in Korea
		start := time.Date(2026, 7, 26, 8, 0, 0, 0, time.UTC)
		want := []odds.Quote{{Selection: "세이부", Side: odds.Home, Line: 2.5, Price: 1.32}, {Selection: "소프트뱅", Side: odds.Away, Line: -2.5, Price: 2.64}}
		if u.Market != "spreads" || u.Event.Start != odds.TimeOf(start) || !reflect.DeepEqual(u.Quotes, want) {
			t.Errorf("%+v %+v", *u.Event, u)
		}
		u = bs[0].Updates[5] // 언더오버 U 10.5 "1.82,1.70": under first
		want = []odds.Quote{{Selection: "Under", Side: odds.Under, Line: 10.5, Price: 1.82}, {Selection: "Over", Side: odds.Over, Line: 10.5, Price: 1.7}}
		if u.Market != "totals" || !reflect.DeepEqual(u.Quotes, want) {
			t.Errorf("%+v", u)
		}
		for _, b := range bs {
			for _, u := range b.Updates {
				if strings.ContainsAny(u.Event.Home[len(u.Event.Home)-1:]+u.Event.Away[:1], "0123456789") {
					t.Errorf("a score in %q and %q", u.Event.Home, u.Event.Away)
				}
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, in := range recordings(b, "proto-vs-overseas/live_odds*.bz2") {
		m := shippedMap(b, "proto-live-odds")
		b.SetBytes(int64(len(in)))
		b.ReportAllocs()
		for b.Loop() {
			err := New(m).Parse(context.Background(), name, bytes.NewReader(in), func(*odds.Batch) error { return nil }, new(feed.Report))
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
