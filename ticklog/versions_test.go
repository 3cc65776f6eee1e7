package ticklog

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"corrgraph/odds"
)

// written are chunks as they stand in logs, by version: one batch, told twice.
var written = map[byte]string{
	version1: "434754014428b52ffd000021020002000173d00f0f142806021a00000176010001650004676f6c660000050505904e0000016d880e03230004686f6d6501f02e2300046177617902f85501d00f0802020601a8ea5eba",
	version2: "434754024628b52ffd000031020002000173d00f0f142806021800000176010001650004676f6c660000050505904e0000016d880e400403230004686f6d6501f02e2300046177617902f85501d00f08020206018379acef",
	version3: "434754035028b52ffd000081020002000173d00f0f142806021800000176010001650004676f6c660000050505904e0000016d880e800400086f76657274696d6503230004686f6d6501f02e2300046177617902f85501d00f080202060159e33b2a",
}

// saidIn returns their batches.
func saidIn(version byte) []*odds.Batch {
	terms := map[byte]odds.Terms{version2: {Winners: 2}, version3: {Lay: true, Settlement: "overtime"}}[version]
	u := []odds.Update{{
		Event: &odds.Event{ID: "e", Sport: "golf", Start: 5000}, Venue: "v", Market: "m", Updated: 900, Terms: terms,
		Quotes: []odds.Quote{{Selection: "home", Side: odds.Home, Price: 1.5}, {Selection: "away", Side: odds.Away, Price: 2.75}},
	}}
	return []*odds.Batch{
		{Source: "s", At: 1000, Recv: 1010, Polled: true, Resolution: 20, Seq: 3, Updates: u},
		{Source: "s", At: 2000, Recv: 2000, Seq: 4, Updates: u},
	}
}

func TestChunksOfOlderVersionsAreReadAndWrittenAsBefore(t *testing.T) {
	var enc Encoder
	for version, text := range written {
		payload, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var dec Decoder
		p, err := dec.DecodePart(payload)
		if err != nil || p.Head != (Head{}) {
			t.Fatalf("version %d: %+v, %v", version, p.Head, err)
		}
		if diff := difference(saidIn(version), p.Batches); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
		for name, c := range map[string]Chunk{"packed": enc.Pack(p.Batches), "packed live without a head": enc.PackLive(p.Batches, Head{})} {
			if hex.EncodeToString(c.Payload) != text || c.From != 1000 || c.To != 2000 || c.Quotes != 4 {
				t.Errorf("version %d is %s as %x", version, name, c.Payload)
			}
		}
		bare, err := dec.Head(payload)
		if err != nil || bare.From != 1000 || bare.To != 2000 || bare.Quotes != 4 {
			t.Errorf("version %d proves %+v, %v", version, bare, err)
		}
	}
}

func TestALiveChunkKeepsItsHead(t *testing.T) {
	var enc Encoder
	var dec Decoder
	h := Head{Clock: 9000, Verdict: 700}
	for name, c := range map[string]struct {
		batches  []*odds.Batch
		from, to odds.Time
		quotes   int
	}{
		"two batches": {saidIn(version3), 1000, 2000, 4}, "one": {saidIn(version1)[1:], 2000, 2000, 2}, "none": {nil, 9000, 9000, 0},
	} {
		chunk := enc.PackLive(c.batches, h)
		if chunk.From != c.from || chunk.To != c.to || chunk.Quotes != c.quotes {
			t.Errorf("%s: the chunk states %d quotes from %d to %d", name, chunk.Quotes, chunk.From, chunk.To)
		}
		p, err := dec.DecodePart(chunk.Payload)
		if err != nil || p.Head != h || difference(c.batches, p.Batches) != "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if got, err := dec.Decode(chunk.Payload); err != nil || difference(c.batches, got) != "" {
			t.Errorf("%s: %d batches, %v", name, len(got), err)
		}
		proved, err := dec.Head(chunk.Payload)
		if err != nil || proved.From != c.from || proved.To != c.to || proved.Quotes != c.quotes || string(proved.Payload) != string(chunk.Payload) {
			t.Errorf("%s: it proves %+v, %v", name, proved, err)
		}
		e := Entry{Position: 1, Chunk: chunk}
		if d := dec.Check(&e); d != nil {
			t.Errorf("%s: %v", name, d)
		}
		for wrong, change := range map[string]func(e *Entry){
			"from": func(e *Entry) { e.From-- }, "to": func(e *Entry) { e.To++ }, "quotes": func(e *Entry) { e.Quotes++ },
		} {
			e := e
			if change(&e); dec.Check(&e) == nil {
				t.Errorf("%s: another %s is not noticed", name, wrong)
			}
		}
	}
}

func TestAChunkOfNothingProvesNothing(t *testing.T) {
	var enc Encoder
	var dec Decoder
	for name, payload := range map[string][]byte{"none": enc.Encode(nil), "none, live": enc.PackLive(nil, Head{}).Payload, "a head of zeros": chunkOf(t, []byte{0, 0, 0}, 3, version4)} {
		if c, err := dec.Head(payload); err != nil || c.Payload != nil {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if d := dec.Check(&Entry{Position: 1, Chunk: Chunk{Payload: payload}}); d != nil {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func TestEveryCutAndEveryFlippedBitOfALiveChunkIsAnError(t *testing.T) {
	var enc Encoder
	var dec Decoder
	came := saidIn(version3)
	came[1].Late = true
	for _, batches := range [][]*odds.Batch{nil, came} {
		chunk := enc.PackLive(batches, Head{Clock: 9000, Verdict: 700})
		for n := range chunk.Payload {
			if _, err := dec.DecodePart(chunk.Payload[:n]); !errors.Is(err, ErrDamaged) {
				t.Fatalf("cut to %d of %d: %v", n, len(chunk.Payload), err)
			}
		}
		for i := range len(chunk.Payload) * 8 {
			bad := append([]byte(nil), chunk.Payload...)
			bad[i/8] ^= 1 << (i % 8)
			if _, err := dec.DecodePart(bad); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Fatalf("bit %d flipped: %v", i, err)
			}
		}
	}
}

func TestTheSourcesOfADamagedLiveChunkAreNamed(t *testing.T) {
	var enc Encoder
	var dec Decoder
	chunk := enc.PackLive(saidIn(version1), Head{Clock: 9000, Verdict: 700})
	chunk.Payload[len(chunk.Payload)-1] ^= 1
	d := dec.Check(&Entry{Position: 1, Chunk: chunk})
	if d == nil || strings.Join(d.Sources, " ") != "s" {
		t.Errorf("%+v", d)
	}
}

func TestAnUpdateThatComesLateIsTheSame(t *testing.T) {
	b, u := saidIn(version1)[0], saidIn(version1)[0].Updates[0]
	came := *b
	came.Late = true
	s := NewSeen(1)
	if s.Hash(b, &u) != s.Hash(&came, &u) {
		t.Error("its hash tells it from one in time")
	}
	var c Combiner
	if got := c.Combine([]*odds.Batch{b, &came}); len(got) != 1 || got[0].Late || len(got[0].Updates) != 1 {
		t.Errorf("both together give %+v", got)
	}
	if got := c.Combine([]*odds.Batch{&came, &came}); len(got) != 1 || !got[0].Late {
		t.Errorf("twice late gives %+v", got)
	}
}
