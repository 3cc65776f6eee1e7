package betfair

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"corrgraph/feed"
	"corrgraph/odds"
)

// recording returns a decompressed file of the recordings that are kept beside
// the repository.
func recording(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data/betfair-stream", name+".bz2"))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		tb.Skip("no recordings beside the repository")
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(bzip2.NewReader(f))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func parse(tb testing.TB, in []byte) ([]*odds.Batch, *feed.Report) {
	tb.Helper()
	bs, rep, err := parseErr(in)
	if err != nil {
		tb.Fatal(err)
	}
	return bs, rep
}

func parseErr(in []byte) ([]*odds.Batch, *feed.Report, error) {
	var bs []*odds.Batch
	rep := new(feed.Report)
	err := New(Options{}).Parse(context.Background(), "x", bytes.NewReader(in), func(b *odds.Batch) error {
		bs = append(bs, b)
		return nil
	}, rep)
	return bs, rep, err
}

// valid checks the guarantees for every batch of this parser.
func valid(tb testing.TB, bs []*odds.Batch) {
	tb.Helper()
	for _, b := range bs {
		if b.Source != Source || b.At <= 0 || b.Polled || len(b.Updates) == 0 || b.Resolution < 0 {
			tb.Fatalf("batch %+v", b)
		}
		for _, u := range b.Updates {
			if u.Event == nil || u.Event.ID == "" || u.Market == "" || u.Venue != Source || u.Format != odds.Decimal {
				tb.Fatalf("update %+v", u)
			}
			for _, q := range u.Quotes {
				open := q.Status == odds.Open
				if q.Selection == "" || open != (q.Price > 1) || open && u.Status != odds.Open || q.Price > 1000 || math.IsInf(q.Line, 0) {
					tb.Fatalf("quote %+v of %+v", q, u)
				}
			}
		}
	}
}

func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		file       string
		event      odds.Event // of the last update, without participants
		market     string
		markets    int
		resolution odds.Millis
		winners    int
	}{
		{"1.197931750", odds.Event{ID: "31389771-1826", Sport: "greyhounds", League: "gb", Title: "Sheffield 2022-04-19 18:26 UTC"}, "win", 1, 1000, 1},
		{"1.197931751", odds.Event{ID: "31389771-1826", Sport: "greyhounds", League: "gb", Title: "Sheffield 2022-04-19 18:26 UTC"}, "place", 1, 1000, 2},
		{"1.200806927", odds.Event{ID: "31573045", Sport: "cricket", League: "gb"}, "h2h", 1, 0, 1},
		{"BASIC-1.132153978", odds.Event{ID: "28270094-1855", Sport: "horse_racing", League: "gb", Title: "Ham 14th Jun 18:55 UTC"}, "win", 1, 60_000, 1},
		{"1.223716976", odds.Event{ID: "32948895", Sport: "tennis", Home: "Cameron Norrie", Away: "Casper Ruud", Title: "Cameron Norrie v Casper Ruud"}, "h2h", 1, 60_000, 1},
		{"1.223716981", odds.Event{ID: "32948895", Sport: "tennis", Home: "Cameron Norrie", Away: "Casper Ruud", Title: "Cameron Norrie v Casper Ruud"}, "set_winner_4", 1, 60_000, 1},
		{"1.242971311", odds.Event{ID: "34258228", Sport: "soccer", League: "es"}, "spreads", 200, 0, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			bs, rep := parse(t, recording(t, c.file))
			valid(t, bs)
			if by, n := rep.Rejected(); n != 0 {
				t.Fatalf("%d rejects %v: %v", n, by, rep.Shown())
			}
			quotes, markets := 0, map[string]bool{}
			for _, b := range bs {
				quotes += b.Quotes()
				for _, u := range b.Updates {
					markets[u.Event.ID+" "+u.Market] = true
				}
			}
			b := bs[len(bs)/2]
			u := b.Updates[len(b.Updates)-1]
			if len(markets) != c.markets || rep.Quotes() != quotes || b.Resolution != c.resolution || u.Winners != c.winners || u.Market != c.market {
				t.Errorf("%d markets, %d of %d quotes, resolution %d, %d winners, %s", len(markets), rep.Quotes(), quotes, b.Resolution, u.Winners, u.Market)
			}
			if c.markets > 1 {
				return
			}
			got := *bs[len(bs)-1].Updates[0].Event
			if got.Start == 0 {
				t.Error("no start")
			}
			got.Participants, got.Start = nil, 0
			if !same(&got, &c.event) || got.ID != c.event.ID || got.Sport != c.event.Sport {
				t.Errorf("event %+v, want %+v", got, c.event)
			}
		})
	}
}

// naive rebuilds the books with maps from decoded JSON.
type naive struct {
	ladders map[string]map[float64][2]float64 // "atb" → price or level → price, size
	ltp     float64
}

func (n *naive) apply(rc map[string]any) {
	for _, k := range []string{"atb", "atl", "bdatb", "bdatl"} {
		rows, ok := rc[k].([]any)
		if !ok {
			continue
		}
		if n.ladders[k] == nil {
			n.ladders[k] = map[float64][2]float64{}
		}
		for _, row := range rows {
			v := row.([]any)
			n.ladders[k][v[0].(float64)] = [2]float64{v[len(v)-2].(float64), v[len(v)-1].(float64)}
		}
	}
	if v, ok := rc["ltp"].(float64); ok {
		n.ltp = v
	}
}

func (n *naive) best(k string, better func(a, b float64) bool) (best float64) {
	for _, l := range n.ladders[k] {
		if l[1] > 0 && (best == 0 || better(l[0], best)) {
			best = l[0]
		}
	}
	return best
}

func (n *naive) price() float64 {
	back, lay := "atb", "atl"
	if n.ladders["bdatb"] != nil || n.ladders["bdatl"] != nil {
		back, lay = "bdatb", "bdatl"
	}
	b := n.best(back, func(a, b float64) bool { return a > b })
	l := n.best(lay, func(a, b float64) bool { return a < b })
	crossed := b > 0 && l > 0 && b > l
	if b > 0 && l > 0 && !crossed && math.Log(l-1)-math.Log(b-1) <= 0.5 {
		return 2 / (1/b + 1/l)
	}
	p := n.ltp
	if !crossed && p > 0 && b > 0 {
		p = math.Max(p, b)
	}
	if !crossed && p > 0 && l > 0 {
		p = math.Min(p, l)
	}
	return p
}

// TestAgainstNaiveBook follows every line with a second, slow implementation and compares
// each runner's current price after it, in and out of suspensions.
func TestAgainstNaiveBook(t *testing.T) {
	for _, file := range []string{"1.197931750", "1.197931751", "1.200806927", "1.223716976", "1.223716981"} {
		in := recording(t, file)
		bs, _ := parse(t, in)
		books, stand := map[string]*naive{}, map[string]float64{}
		status, checked := "", 0
		for line := range bytes.Lines(in) {
			var m map[string]any
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatal(err)
			}
			mc := m["mc"].([]any)[0].(map[string]any)
			if d, ok := mc["marketDefinition"].(map[string]any); ok {
				if status != "OPEN" && status != "" && d["status"] == "OPEN" {
					for _, b := range books {
						b.ltp = 0
					}
				}
				status = d["status"].(string)
			}
			rcs, _ := mc["rc"].([]any)
			for _, rc := range rcs {
				rc := rc.(map[string]any)
				id := strconv.FormatInt(int64(rc["id"].(float64)), 10)
				if books[id] == nil {
					books[id] = &naive{ladders: map[string]map[float64][2]float64{}}
				}
				books[id].apply(rc)
			}
			for len(bs) > 0 && float64(bs[0].At) <= m["pt"].(float64) {
				for _, q := range bs[0].Updates[0].Quotes {
					stand[q.Selection] = q.Price
				}
				bs = bs[1:]
			}
			if status != "OPEN" {
				continue
			}
			for id, b := range books {
				for _, name := range []string{id, named[id]} {
					got, ok := stand[name]
					if want := b.price(); ok && math.Abs(got-want) > 1e-12*want {
						t.Fatalf("%s at %v: runner %s is at %v, want %v", file, m["pt"], name, got, want)
					} else if ok {
						checked++
					}
				}
			}
		}
		if len(bs) != 0 || checked < 50 {
			t.Fatalf("%s: %d batches left, %d prices compared", file, len(bs), checked)
		}
	}
}

// named are the runners of the tennis files.
var named = map[string]string{"42669524": "Cameron Norrie", "9629711": "Casper Ruud"}

func BenchmarkParse(b *testing.B) {
	in := recording(b, "1.200806927")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		err := New(Options{}).Parse(context.Background(), "x", bytes.NewReader(in), func(*odds.Batch) error { return nil }, new(feed.Report))
		if err != nil {
			b.Fatal(err)
		}
	}
}
