package ticklog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"corrgraph/odds"
)

// chunkOf wraps a body as a chunk that states a size and a version.
func chunkOf(t *testing.T, body []byte, size uint64, version byte) []byte {
	t.Helper()
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.AppendUvarint(append([]byte(magic), version), size)
	out = zip.EncodeAll(body, out)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
}

func TestAChunkSaysWhatIsWrongWithIt(t *testing.T) {
	good := []byte{0} // no batches
	for name, c := range map[string]struct {
		chunk []byte
		want  error
		says  string
	}{
		"empty":          {nil, ErrDamaged, "no header in 0 bytes"},
		"another format": {[]byte("PK\x03\x04 and so on"), ErrDamaged, "no header in 14 bytes"},
		"a newer one":    {chunkOf(t, good, 1, 7), ErrVersion, "7, this program reads up to 6"},
		"version 0":      {chunkOf(t, good, 1, 0), ErrVersion, "0, this program reads up to 6"},
		"size too large": {chunkOf(t, good, maxBody+1, 1), ErrDamaged, "size 67108865"},
		"another size":   {chunkOf(t, good, 2, 1), ErrDamaged, "1 bytes unpacked, 2 stated"},
	} {
		var d Decoder
		batches, err := d.Decode(c.chunk)
		if batches != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want one that says %q", name, batches, err, c.says)
		}
	}
	var d Decoder
	if batches, err := d.Decode(chunkOf(t, good, 1, 1)); err != nil || len(batches) != 0 {
		t.Errorf("the same without a fault: %v, %v", batches, err)
	}
}

// Bodies are written by hand: one batch of source "s" at 1, unless said otherwise.
func TestABodySaysWhatIsWrongWithIt(t *testing.T) {
	head := []byte{1, 0, 1, 's', 2, 0} // one batch; new string of one byte; at +1; no flags
	with := func(rest ...byte) []byte { return append(append([]byte{}, head...), rest...) }
	key := []byte{0, 0, 1, 'v', 0, 0, 1, 'm'} // a new key: venue "v", no event, market "m"
	update := func(header byte, rest ...byte) []byte {
		return append(append(with(2, header), key...), rest...)
	}
	bad := map[string]struct {
		body []byte
		says string
	}{
		"nothing":                   {nil, "cut off in a number"},
		"more batches than bytes":   {[]byte{9, 0}, "a length beyond the end"},
		"a batch missing":           {[]byte{2, 0, 1, 's', 2, 0, 0}, "cut off in a number"},
		"a string of no number":     {[]byte{1, 7, 0, 0, 0}, "an unknown string"},
		"a string beyond the end":   {[]byte{1, 0, 9, 's', 2, 0}, "a length beyond the end"},
		"flags nobody set":          {[]byte{1, 0, 1, 's', 2, marked << 1, 0}, "unknown flags of a batch"},
		"cut behind the flags":      {[]byte{1, 0, 1, 's', 2, hasRecv}, "cut off in a number"},
		"more after the last":       {with(0, 0), "bytes left over"},
		"more updates than bytes":   {with(99), "a length beyond the end"},
		"no next key":               {with(2, keyAsBefore), "an update of nothing"},
		"a header nobody wrote":     {update(stampHigh<<1, 0, 0), "an update of nothing"},
		"a key of no number":        {with(2, 0, 5), "an update of an unknown market"},
		"an event of no number":     {with(2, 0, 0, 0, 1, 'v', 9, 0, 1, 'm'), "an unknown event"},
		"a status nobody has":       {update(quotesAsBefore, 5<<3), "unknown status"},
		"terms nobody stated":       {update(quotesAsBefore, hasTerms, layTerm<<1, 0, 0), "unknown terms"},
		"completeness nobody knows": {update(quotesAsBefore, hasTerms, 3, 0, 0), "unknown terms"},
		"a quote's side":            {update(fieldsAsBefore, 2, newSide, byte(odds.No)+1), "unknown side or status of a quote"},
		"a quote's status":          {update(fieldsAsBefore, 2, newGone, byte(odds.Unpriced)+1), "unknown side or status of a quote"},
		"a number of no number":     {update(fieldsAsBefore, 2, newPrice, 5), "an unknown number"},
		"a number that is cut":      {update(fieldsAsBefore, 2, newPrice, 1, 0, 0), "cut off in a number"},
		"more quotes than bytes":    {update(fieldsAsBefore, 9, 0), "a length beyond the end"},
		"a stamp that is cut":       {update(stampMillis << stampShift), "cut off in a number"},
		"a number of eleven bytes":  {append(with(), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), "cut off in a number"},
		"participants beyond these": {with(2, 0, 0, 0, 1, 'v', 1, 0, 1, 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99), "a length beyond the end"},
	}
	refused := func(name string, body []byte, version byte, says string) {
		t.Helper()
		var d Decoder
		p, err := d.decodeBody(body, version)
		if p.Batches != nil || p.Head != (Head{}) || !errors.Is(err, ErrDamaged) || !strings.HasSuffix(err.Error(), ": "+says) {
			t.Errorf("%s: %+v, %v; want %q", name, p, err, says)
		}
	}
	for name, c := range bad {
		refused(name, c.body, version1, c.says)
		refused(name+", behind a head", append([]byte{20, 6}, c.body...), version4, c.says)
	}
	refused("no head", nil, version4, "cut off in a number")
	refused("a head that is cut", []byte{20, 0x80}, version4, "cut off in a number")
	refused("a head and no more", []byte{20, 6}, version4, "cut off in a number")
	refused("a head and too much", []byte{20, 6, 0, 0}, version4, "bytes left over")
	refused("marks before there was such a thing", []byte{0, 0, 1, 0, 1, 's', 2, marked, 1, 1}, version5, "unknown flags of a batch")
	refused("marks, and none", []byte{0, 0, 1, 0, 1, 's', 2, marked, 1, 0}, version6, "marks announced, and none")
	refused("a mark of no event", []byte{0, 0, 1, 0, 1, 's', 2, marked, 1, 1, 0, 1, 1, 1, 0}, version6, "an unknown mark")
	refused("a mark that ended twice", []byte{0, 0, 1, 0, 1, 's', 2, marked, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 2}, version6, "an unknown mark")
	refused("late before there was such a thing", []byte{1, 0, 1, 's', 2, late, 0}, version3, "unknown flags of a batch")
	one := update(fieldsAsBefore, 2, newPrice|newMain, 24)
	for version, body := range map[byte][]byte{version1: one, version3: one, version4: append([]byte{20, 6}, one...)} {
		var d Decoder
		p, err := d.decodeBody(body, version)
		if got := p.Batches; err != nil || len(got) != 1 || got[0].Source != "s" || got[0].At != 1 || got[0].Late ||
			got[0].Updates[0].Venue != "v" || got[0].Updates[0].Quotes[0] != (odds.Quote{Price: 0.006, Main: true}) {
			t.Errorf("the same without a fault, version %d: %+v, %v", version, got, err)
		}
		if want := (Head{10, 3}); (p.Head == want) != (version == version4) {
			t.Errorf("version %d has the head %+v", version, p.Head)
		}
	}
}

// An encoder and a decoder that have been used say the same as new ones.
func TestChunksDecodeOnTheirOwn(t *testing.T) {
	var enc Encoder
	var used Decoder
	for i, batches := range [][]*odds.Batch{polls(3, 2, 2, 2, 0.5, 1), oddities(), {}, polls(2, 3, 1, 3, 1, 2), oddities()} {
		var fresh Encoder
		var own Decoder
		chunk := enc.Encode(batches)
		if string(chunk) != string(fresh.Encode(batches)) {
			t.Errorf("chunk %d depends on those before it", i)
		}
		for name, d := range map[string]*Decoder{"used": &used, "new": &own} {
			got, err := d.Decode(chunk)
			if err != nil {
				t.Fatalf("%s decoder, chunk %d: %v", name, i, err)
			}
			if diff := difference(batches, got); diff != "" {
				t.Errorf("%s decoder, chunk %d: %s", name, i, diff)
			}
		}
	}
}

func TestWhatWasDecodedDoesNotReferToTheChunk(t *testing.T) {
	var enc Encoder
	var dec Decoder
	chunk := enc.Encode(oddities())
	got, err := dec.Decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	clear(chunk)
	if _, err := dec.Decode(enc.Encode(polls(3, 2, 2, 2, 0.5, 1))); err != nil { // uses the body's memory again
		t.Fatal(err)
	}
	if diff := difference(oddities(), got); diff != "" {
		t.Error(diff)
	}
}

// drawn are batches of few names and values, so that updates repeat one another often.
func drawn(t *rapid.T) (all []*odds.Batch) {
	events := []*odds.Event{nil, {ID: "a"}, {ID: "a"}, {ID: "b", Participants: []string{"x"}}, {ID: "b"}}
	name := rapid.SampledFrom([]string{"", "v", "w"})
	price := rapid.SampledFrom([]float64{0, 1.5, 1.91, 1 + 1.0/3, -2.5, 1e13})
	stamp := rapid.SampledFrom([]odds.Time{0, 1, 1000, 2000, -1})
	for range rapid.IntRange(0, 4).Draw(t, "batches") {
		b := &odds.Batch{
			Source: name.Draw(t, "source"), At: stamp.Draw(t, "at"), Recv: stamp.Draw(t, "recv"), Polled: rapid.Bool().Draw(t, "polled"),
			Resolution: odds.Millis(rapid.IntRange(0, 1).Draw(t, "resolution")), Seq: rapid.Int64Range(-1, 1).Draw(t, "seq"),
			Late: rapid.Bool().Draw(t, "late"),
		}
		for range rapid.IntRange(0, 5).Draw(t, "updates") {
			u := odds.Update{
				Event: rapid.SampledFrom(events).Draw(t, "event"), Venue: name.Draw(t, "venue"), Market: name.Draw(t, "market"),
				Updated: stamp.Draw(t, "updated"), InPlay: rapid.Bool().Draw(t, "in play"), Image: rapid.Bool().Draw(t, "image"),
				Status: odds.Status(rapid.IntRange(0, int(odds.Unknown)).Draw(t, "status")), Terms: odds.Terms{
					Winners: rapid.IntRange(-1, 1).Draw(t, "winners"), Complete: odds.Stated(rapid.IntRange(0, 2).Draw(t, "complete")),
					Lay: rapid.Bool().Draw(t, "lay"), Settlement: name.Draw(t, "settlement"),
				},
			}
			for range rapid.IntRange(0, 3).Draw(t, "quotes") {
				u.Quotes = append(u.Quotes, odds.Quote{
					Subject: name.Draw(t, "subject"), Selection: name.Draw(t, "selection"), Side: odds.Side(rapid.IntRange(0, int(odds.No)).Draw(t, "side")),
					Line: price.Draw(t, "line"), Main: rapid.Bool().Draw(t, "main"), Price: price.Draw(t, "price"), Size: price.Draw(t, "size"),
				})
			}
			b.Updates = append(b.Updates, u)
		}
		for range rapid.IntRange(0, 2).Draw(t, "marks") {
			b.Marks = append(b.Marks, odds.Mark{
				Event: rapid.SampledFrom(events[1:]).Draw(t, "event of a mark"), Kind: rapid.SampledFrom(odds.MarkKinds()).Draw(t, "kind"),
				Value: name.Draw(t, "value"), Was: name.Draw(t, "was"), Ended: rapid.Bool().Draw(t, "ended"),
			})
		}
		all = append(all, b)
	}
	return all
}

func TestWhateverIsEncodedIsDecoded(t *testing.T) {
	var enc Encoder
	var dec Decoder
	rapid.Check(t, func(t *rapid.T) {
		batches := drawn(t)
		stamp := rapid.SampledFrom([]odds.Time{0, 1, -1, 1_700_000_000_000, odds.Ever, odds.Never})
		h := Head{stamp.Draw(t, "clock"), stamp.Draw(t, "verdict")}
		for want, payload := range map[Head][]byte{{}: enc.Encode(batches), h: enc.PackLive(batches, h).Payload} {
			p, err := dec.DecodePart(payload)
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(batches, p.Batches); diff != "" || p.Head != want {
				t.Fatal(diff, p.Head)
			}
			if got, err := dec.Decode(payload); err != nil || difference(batches, got) != "" {
				t.Fatal("without the head it is another one", err)
			}
		}
	})
}

// broken is a log of which some chunks are damaged, missing or unreadable.
type broken struct {
	Reader
	spoil func(e *Entry) error // errGone: the chunk is not there
}

func (b broken) Read(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range b.Reader.Read(ctx, from) {
			switch bad := b.spoil(&e); {
			case bad == errGone:
				continue
			case bad != nil:
				e, err = Entry{}, bad
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// memory is a log of three chunks in memory.
type memory []Entry

func (m memory) Read(_ context.Context, from Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range m {
			if e.Position >= from && !yield(e, nil) {
				return
			}
		}
	}
}

func (m memory) List(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return m.Read(ctx, from)
}
func (m memory) Last(context.Context) (Position, error) { return m[len(m)-1].Position, nil }

func threeChunks() memory {
	var enc Encoder
	var m memory
	for i := range 3 {
		at := odds.Time(1000 * i)
		c := enc.Pack([]*odds.Batch{
			{Source: fmt.Sprintf("source %d", i), At: at, Recv: at, Updates: []odds.Update{{Venue: "v", Market: "m", Quotes: []odds.Quote{{Selection: "home", Price: 2}}}}},
			{Source: "both", At: at + 10, Recv: at + 10},
		})
		m = append(m, Entry{Position: Position(1<<32 + i + 1), Chunk: c})
	}
	return m
}

func TestADamagedChunkIsNamedAndTheRestRead(t *testing.T) {
	unreadable := errors.New("a page can't be read")
	for name, c := range map[string]struct {
		spoil   func(e *Entry) error
		sources string
		says    string
	}{
		"its sum": {func(e *Entry) error {
			e.Payload = slices.Clone(e.Payload)
			e.Payload[len(e.Payload)-1] ^= 1
			return nil
		}, "[both source 1]", "checksum differs"},
		"cut":        {func(e *Entry) error { e.Payload = e.Payload[:5]; return nil }, "[]", "no header in 5 bytes"},
		"empty":      {func(e *Entry) error { e.Payload = nil; return nil }, "[]", "no header in 0 bytes"},
		"its time":   {func(e *Entry) error { e.From--; return nil }, "[both source 1]", "not what the log says"},
		"its quotes": {func(e *Entry) error { e.Quotes++; return nil }, "[both source 1]", "not what the log says"},
		"gone":       {func(e *Entry) error { return errGone }, "[]", "not there"},
		"unreadable": {func(e *Entry) error { return unreadable }, "[]", "can't be read"},
	} {
		l := broken{threeChunks(), func(e *Entry) error {
			if e.Position == 1<<32+2 {
				return c.spoil(e)
			}
			return nil
		}}
		var found []Damage
		var at []odds.Time
		for b, err := range ByTimeAround(t.Context(), l, func(d Damage) { found = append(found, d) }) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at = append(at, b.At)
		}
		if fmt.Sprint(at) != fmt.Sprint([]odds.Time{0, 10, 2000, 2010}) {
			t.Errorf("%s: batches at %v", name, at)
		}
		if len(found) != 1 || found[0].Position != 1<<32+2 || fmt.Sprint(found[0].Sources) != c.sources || !strings.Contains(found[0].String(), c.says) {
			t.Errorf("%s: %+v", name, found)
		}
		failed := false
		for _, err := range ByTime(t.Context(), l) {
			failed = failed || err != nil
		}
		if !failed {
			t.Errorf("%s: passed over without a word", name)
		}
	}
}

// What is left of a chunk may name nonsense, but never break the reader.
func TestSourcesOfWhatIsLeft(t *testing.T) {
	whole := threeChunks()[0]
	var d Decoder
	for at := range whole.Payload {
		for bit := range 8 {
			e := whole
			e.Payload = slices.Clone(e.Payload)
			e.Payload[at] ^= 1 << bit
			if x := d.Check(&e); x == nil {
				t.Errorf("byte %d: not noticed", at)
			}
		}
	}
	if x := d.Check(&whole); x != nil {
		t.Errorf("whole: %v", x)
	}
}
