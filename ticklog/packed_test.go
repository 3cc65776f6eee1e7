package ticklog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"corrgraph/odds"
)

// polls makes a recording of one source: events × venues × markets of two
// quotes, polled every five minutes; change is the share of markets that moved.
func polls(n, events, venues, markets int, change float64, seed uint64) []*odds.Batch {
	rng := rand.New(rand.NewPCG(seed, 1))
	evs := make([]*odds.Event, events)
	for i := range evs {
		evs[i] = &odds.Event{
			ID: fmt.Sprintf("e%032x", i), Sport: "baseball", League: "mlb", Start: odds.Time(1_700_000_000_000 + i*3_600_000),
			Home: fmt.Sprintf("Home %d", i), Away: fmt.Sprintf("Away %d", i),
		}
	}
	prices := make([]float64, events*venues*markets)
	var out []*odds.Batch
	for p := range n {
		at := odds.Time(1_700_000_000_000 + p*300_000)
		b := &odds.Batch{Source: "baseball_mlb", At: at, Recv: at, Polled: true}
		for i := range prices {
			if prices[i] == 0 || rng.Float64() < change {
				prices[i] = math.Round(100*(1.2+3*rng.Float64())) / 100
				if rng.IntN(4) == 0 {
					prices[i] = 1 + 100/float64(101+rng.IntN(80)) // an American price
				}
			}
			m, v, e := i%markets, i/markets%venues, i/markets/venues
			line := math.NaN()
			if m > 0 {
				line = 8.5
			}
			b.Updates = append(b.Updates, odds.Update{
				Event: evs[e], Venue: fmt.Sprintf("venue%d", v), Market: [...]string{"h2h", "totals", "spreads"}[m],
				Updated: at - odds.Time(1000*rng.IntN(40)),
				Quotes: []odds.Quote{
					{Selection: evs[e].Home, Side: odds.Home, Line: line, Price: prices[i]},
					{Selection: evs[e].Away, Side: odds.Away, Line: line, Price: math.Round(1000/(1-0.95/prices[i]+0.05)) / 1000},
				},
			})
		}
		out = append(out, b)
	}
	return out
}

// oddities are batches that use every field and every value that is easily lost.
func oddities() []*odds.Batch {
	e := &odds.Event{ID: "x", Participants: []string{}, Title: "Derby", Start: -1}
	again := &odds.Event{ID: "x", Participants: []string{}, Title: "Derby", Start: -1}
	more := &odds.Event{ID: "x", Participants: []string{"A", ""}, Title: "Derby", Start: -1}
	nan := math.Float64frombits(0x7ff8000000000123)
	q := []odds.Quote{
		{Selection: "a", Side: odds.Yes, Line: nan, Main: true, Status: odds.Removed, Price: math.Inf(1), Size: 12345.678},
		{Selection: "", Side: odds.No, Line: math.Copysign(0, -1), Price: 1 + 1.0/3, Size: 1e300},
		{Selection: "c", Line: -3.5, Price: 1.91, Status: odds.Suspended},
	}
	return []*odds.Batch{
		{Source: "betfair", At: 5, Recv: 9, Resolution: 20, Seq: 7, Updates: []odds.Update{
			{Event: e, Venue: "v", Market: "m", Format: odds.Raw, Status: odds.Unknown, InPlay: true, Image: true, Updated: 3, Quotes: q},
			{Event: again, Venue: "v", Market: "m", Format: odds.Raw, Status: odds.Unknown, InPlay: true, Image: true, Updated: 3, Quotes: q},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Winners: 3}, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Winners: 3}, InPlay: true, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Winners: -1}, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Complete: odds.StatedYes}, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Winners: 2, Complete: odds.StatedNo, Lay: true, Settlement: "overtime"}, Quotes: q[:1]},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Terms: odds.Terms{Lay: true}, Quotes: []odds.Quote{{Subject: "Al Stone", Selection: "Over", Price: 2}}},
			{Event: more, Venue: "v", Market: "m", Updated: 4007, Quotes: q[:1]},
			{Venue: "", Market: "", Quotes: []odds.Quote{}},
			{},
			{},
		}},
		{Source: "", At: math.MaxInt64, Recv: math.MinInt64, Seq: -1, Updates: []odds.Update{}},
		{At: math.MinInt64, Recv: math.MinInt64, Polled: true, Seq: math.MaxInt64, Updates: []odds.Update{
			{Event: e, Venue: "v", Market: "m", Updated: math.MinInt64, Quotes: q[1:]},
			{Event: e, Venue: "v", Market: "m", Updated: math.MaxInt64, Quotes: nil},
		}},
		{Source: "betfair", At: 10, Recv: 10},
	}
}

// happened are batches with marks: beside updates, alone, and of an event that no update names.
func happened() []*odds.Batch {
	all := oddities()
	other := &odds.Event{ID: "y", Title: "Cup"}
	all[0].Marks = []odds.Mark{
		{Event: all[0].Updates[0].Event, Kind: odds.ScoreMark, Value: "1-0", Was: "0-0"}, {Event: other, Kind: odds.StatusMark, Value: "Final", Ended: true},
	}
	return append(all, &odds.Batch{Source: "betfair", At: 11, Recv: 12, Marks: []odds.Mark{{Event: other, Kind: odds.PeriodMark, Value: "Q4", Was: ""}}})
}

func TestRoundTripIsExact(t *testing.T) {
	var enc Encoder
	var dec Decoder
	for name, batches := range map[string][]*odds.Batch{
		"nothing": {}, "oddities": oddities(), "marks": happened(), "polls": polls(20, 5, 4, 3, 0.11, 1), "all change": polls(5, 3, 3, 2, 1, 2),
	} {
		got, err := dec.Decode(enc.Encode(batches))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := difference(batches, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// difference compares bit by bit, and nil with empty; events by value.
func difference(want, got []*odds.Batch) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d batches, want %d", len(got), len(want))
	}
	for i := range want {
		if w, g := spell(want[i]), spell(got[i]); w != g {
			return fmt.Sprintf("batch %d\ngot  %s\nwant %s", i, g, w)
		}
	}
	return ""
}

func spell(b *odds.Batch) string {
	s := fmt.Sprintf("%q %d %d %v %d %d %v %v", b.Source, int64(b.At), int64(b.Recv), b.Polled, b.Resolution, b.Seq, b.Late, b.Updates == nil)
	for _, u := range b.Updates {
		s += fmt.Sprintf("\n  %#v", u.Event)
		if u.Event != nil {
			s += fmt.Sprintf(" %#v", *u.Event)
		}
		s = fmt.Sprintf("%s %q %q %d %d %v %v %d %d %v", s, u.Venue, u.Market, u.Format, u.Status, u.InPlay, u.Image, int64(u.Updated), u.Winners, u.Quotes == nil)
		for _, q := range u.Quotes {
			s += fmt.Sprintf("\n    %q %d %v %d %x %x %x", q.Selection, q.Side, q.Main, q.Status,
				math.Float64bits(q.Line), math.Float64bits(q.Price), math.Float64bits(q.Size))
		}
	}
	for _, m := range b.Marks {
		s += fmt.Sprintf("\n  %#v %q %q %q %v", *m.Event, m.Kind, m.Value, m.Was, m.Ended)
	}
	return s
}

// A log written before chunks could state winners is read unchanged, and chunks without
// winners are still written in that version, so that earlier programs can read them.
func TestChunksAreOfTheLowestVersion(t *testing.T) {
	var enc Encoder
	for want, terms := range map[byte]odds.Terms{version1: {}, version2: {Winners: 2}, version3: {Lay: true}, version5: {Middle: true}} {
		b := &odds.Batch{Updates: []odds.Update{{Venue: "v", Market: "m", Terms: terms}}}
		came := *b
		came.Late = true
		for name, c := range map[string]struct {
			batch *odds.Batch
			head  Head
			want  byte
		}{
			"a recording": {b, Head{}, want}, "late": {&came, Head{}, max(want, version4)},
			"a clock": {b, Head{Clock: 1}, max(want, version4)}, "a verdict": {b, Head{Verdict: 1}, max(want, version4)},
		} {
			chunk := enc.PackLive([]*odds.Batch{b, c.batch}, c.head)
			if got := chunk.Payload[len(magic)]; got != c.want {
				t.Errorf("%s with %+v is in version %d, want %d", name, terms, got, c.want)
			}
		}
	}
	mark := odds.Mark{Event: &odds.Event{ID: "e"}, Kind: odds.ScoreMark, Value: "1-0"}
	if got := enc.Encode([]*odds.Batch{{At: 1}, {At: 2, Marks: []odds.Mark{mark}}})[len(magic)]; got != version6 {
		t.Errorf("a mark is in version %d", got)
	}
	for h, want := range map[Head]byte{{}: version1, {Clock: 5}: version4} {
		if got := enc.PackLive(nil, h).Payload[len(magic)]; got != want {
			t.Errorf("no batches and %+v are in version %d, want %d", h, got, want)
		}
	}
}

func TestEqualEventsBecomeOneOverChunks(t *testing.T) {
	var enc Encoder
	var dec Decoder
	a, err := dec.Decode(enc.Encode(oddities()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := dec.Decode(enc.Encode(oddities()))
	if err != nil {
		t.Fatal(err)
	}
	u := a[0].Updates
	if u[0].Event != u[1].Event || u[0].Event != b[0].Updates[0].Event {
		t.Error("one event, several pointers")
	}
	if u[0].Event == u[2].Event {
		t.Error("an event with more facts is taken for the one without")
	}
}

// TestASmallChunkTakesLittleMemory decodes the chunk of a request with one market: what is read
// back waits decoded, and a log may have a million such chunks.
func TestASmallChunkTakesLittleMemory(t *testing.T) {
	var enc Encoder
	chunk := enc.PackLive(polls(1, 1, 1, 1, 1, 1), Head{Clock: 1})
	var d Decoder
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept := make([]Part, 200)
	for i := range kept {
		p, err := d.DecodePart(chunk.Payload)
		if err != nil {
			t.Fatal(err)
		}
		kept[i] = p
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	if each := (after.TotalAlloc - before.TotalAlloc) / 200; each > 16<<10 {
		t.Errorf("a chunk of two quotes takes %d bytes", each)
	}
}

func TestAnUnchangedUpdateCostsAtMostThreeBytes(t *testing.T) {
	var e Encoder
	one := polls(1, 10, 5, 3, 0, 1)
	e.Encode(one)
	first := len(e.body.buf)
	var two []*odds.Batch
	for i := range 2 {
		b := *one[0]
		b.At += odds.Time(i * 300_000)
		b.Recv = b.At
		b.Updates = append([]odds.Update(nil), b.Updates...)
		for j := range b.Updates {
			b.Updates[j].Updated += odds.Time(i * 300_000) // the venue's stamp moves with the poll
		}
		two = append(two, &b)
	}
	e.Encode(two)
	if per := float64(len(e.body.buf)-first) / float64(len(one[0].Updates)); per > 3 {
		t.Errorf("%.2f bytes an unchanged update", per)
	}
}

func TestEveryCutAndEveryFlippedBitIsAnError(t *testing.T) {
	var enc Encoder
	var dec Decoder
	chunk := enc.Encode(oddities())
	for n := range chunk {
		if _, err := dec.Decode(chunk[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d of %d: %v", n, len(chunk), err)
		}
	}
	for i := range len(chunk) * 8 {
		bad := append([]byte(nil), chunk...)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := dec.Decode(bad); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var enc Encoder
	for _, b := range [][]*odds.Batch{{}, oddities(), happened(), polls(3, 2, 2, 2, 0.3, 1)} {
		for _, h := range []Head{{}, {Clock: 1_700_000_000_000, Verdict: 1_699_999_999_000}} {
			enc.PackLive(b, h)
			f.Add(append([]byte(nil), enc.body.buf...), enc.body.version)
		}
		if len(b) > 0 {
			b[0].Late = true
			enc.Encode(b)
			f.Add(append([]byte(nil), enc.body.buf...), enc.body.version)
		}
	}
	// The fuzzer writes bodies, because it would not get past the checksum.
	f.Fuzz(func(t *testing.T, body []byte, version byte) {
		var e Encoder
		var d Decoder
		p, err := d.decodeBody(body, version)
		if err != nil {
			return
		}
		again, err := d.DecodePart(e.PackLive(p.Batches, p.Head).Payload)
		if err != nil {
			t.Fatalf("what was decoded can't be encoded: %v", err)
		}
		if diff := difference(p.Batches, again.Batches); diff != "" || again.Head != p.Head {
			t.Fatal(diff, p.Head, again.Head)
		}
	})
}

func FuzzChunk(f *testing.F) {
	var enc Encoder
	f.Add(enc.Encode(oddities()))
	f.Add(enc.Encode(happened()))
	f.Add(enc.PackLive(oddities(), Head{Clock: 5}).Payload)
	f.Add(enc.PackLive(nil, Head{Clock: 5, Verdict: 4}).Payload)
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if n := len(chunk) - 4; n > 0 { // a valid checksum, so that the frame is reached
			binary.LittleEndian.PutUint32(chunk[n:], crc32.Checksum(chunk[:n], crc32.MakeTable(crc32.Castagnoli)))
		}
		var d Decoder
		d.Decode(chunk) // must return
	})
}

// A day of baseball: 350,000 updates of two quotes, 89 % of them unchanged.
func BenchmarkEncode(b *testing.B) {
	day := polls(290, 15, 27, 3, 0.11, 3)
	var enc Encoder
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		size = 0
		for i := 0; i < len(day); i += 10 {
			size += len(enc.Encode(day[i:min(i+10, len(day))]))
		}
	}
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkDecode(b *testing.B) {
	day := polls(290, 15, 27, 3, 0.11, 3)
	var enc Encoder
	var chunks [][]byte
	for i := 0; i < len(day); i += 10 {
		chunks = append(chunks, enc.Encode(day[i:min(i+10, len(day))]))
	}
	b.ReportAllocs()
	for b.Loop() {
		var dec Decoder
		for _, c := range chunks {
			if _, err := dec.Decode(c); err != nil {
				b.Fatal(err)
			}
		}
	}
}
