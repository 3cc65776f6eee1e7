package ticklog

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"corrgraph/odds"
)

// Encoder writes chunks. The zero value is ready to use; reusing one saves the compressor's
// tables (about a megabyte). It is not safe for concurrent use.
type Encoder struct {
	zip  *zstd.Encoder
	body writer
}

// Encode returns a chunk of batches, which it neither modifies nor keeps. Statuses, sides
// and formats must be among the constants of odds, or the chunk will not decode. Cost:
// O(quotes), about 0.2 µs per quote.
func (e *Encoder) Encode(batches []*odds.Batch) []byte { return e.encode(&Part{Batches: batches}) }

func (e *Encoder) encode(p *Part) []byte {
	if e.zip == nil {
		// NewWriter only fails on bad options.
		e.zip, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	}
	w := &e.body
	w.reset()
	w.part(p)
	out := append([]byte(magic), 0)
	out[len(magic)] = w.version
	out = binary.AppendUvarint(out, uint64(len(w.buf)))
	out = e.zip.EncodeAll(w.buf, out)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
}

// key identifies an update's venue, event and market by their numbers in the chunk.
type key struct{ venue, event, market uint64 }

// said is a key's last update, and the key that followed it.
type said struct {
	last odds.Update
	next uint64
}

// writer holds one chunk's body and the dictionaries that grow with it.
type writer struct {
	buf      []byte
	strings  map[string]uint64
	events   map[*odds.Event]uint64
	eventsBy map[uint64]numbered // by a hash of their facts, so that equal events are written once
	written  uint64              // events
	floats   map[uint64]uint64
	keys     map[key]uint64
	said     []said
	at       odds.Time // of the previous batch
	seq      int64
	stamp    odds.Time // Updated of the previous update
	previous uint64    // key of the previous update
	version  byte      // the lowest that can hold what was written
}

// numbered is an event already written.
type numbered struct {
	event  *odds.Event
	number uint64
}

func (w *writer) reset() {
	clear(w.said)
	*w = writer{
		buf: w.buf[:0], strings: emptied(w.strings), events: emptied(w.events), eventsBy: emptied(w.eventsBy),
		floats: emptied(w.floats), keys: emptied(w.keys), said: append(w.said[:0], said{}), version: version1,
	}
}

// emptied returns m without entries. A large map is replaced, because clearing takes time
// in proportion to its size.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if m == nil || len(m) > 1<<14 {
		return map[K]V{}
	}
	clear(m)
	return m
}

func (w *writer) part(p *Part) {
	isLate := func(b *odds.Batch) bool { return b.Late }
	hasMarks := func(b *odds.Batch) bool { return len(b.Marks) > 0 }
	switch {
	case slices.ContainsFunc(p.Batches, hasMarks):
		w.version = version6
	case slices.ContainsFunc(p.Batches, hasMiddle):
		w.version = version5
	case p.Head != (Head{}) || slices.ContainsFunc(p.Batches, isLate):
		w.version = version4
	}
	if w.version >= version4 {
		w.int(int64(p.Clock))
		w.int(int64(p.Verdict))
	}
	w.uint(uint64(len(p.Batches)))
	for _, b := range p.Batches {
		w.batch(b)
	}
}

func (w *writer) batch(b *odds.Batch) {
	w.string(b.Source)
	w.int(int64(b.At - w.at))
	var flags byte
	if b.Polled {
		flags |= polled
	}
	if b.Recv != b.At {
		flags |= hasRecv
	}
	if b.Resolution != 0 {
		flags |= hasResolution
	}
	if b.Seq != w.seq {
		flags |= hasSeq
	}
	if b.Late {
		flags |= late
	}
	if len(b.Marks) > 0 {
		flags |= marked
	}
	w.byte(flags)
	if flags&hasRecv != 0 {
		w.int(int64(b.Recv - b.At))
	}
	if flags&hasResolution != 0 {
		w.int(int64(b.Resolution))
	}
	if flags&hasSeq != 0 {
		w.int(b.Seq - w.seq)
	}
	w.at, w.seq = b.At, b.Seq
	w.length(len(b.Updates), b.Updates == nil)
	for i := range b.Updates {
		w.update(&b.Updates[i])
	}
	if flags&marked != 0 {
		w.marks(b.Marks)
	}
}

func (w *writer) marks(all []odds.Mark) {
	w.uint(uint64(len(all)))
	for i := range all {
		m := &all[i]
		w.event(m.Event)
		w.string(string(m.Kind))
		w.string(m.Value)
		w.string(m.Was)
		ended := byte(0)
		if m.Ended {
			ended = 1
		}
		w.byte(ended)
	}
}

func (w *writer) update(u *odds.Update) {
	at := len(w.buf)
	w.byte(0)
	header := byte(0)
	k := w.said[w.previous].next
	if k != 0 && w.said[k].names(u) {
		header |= keyAsBefore
	} else {
		k = w.key(u)
		w.said[w.previous].next = k
	}
	s := &w.said[k]
	header |= w.updated(u.Updated, s.last.Updated) << stampShift
	if sameFields(u, &s.last) {
		header |= fieldsAsBefore
	} else {
		w.fields(u)
	}
	if sameQuotes(u.Quotes, s.last.Quotes) {
		header |= quotesAsBefore
	} else {
		w.quotes(u.Quotes, s.last.Quotes)
	}
	w.buf[at] = header
	s.last, w.stamp, w.previous = *u, u.Updated, k
}

// names reports whether u has the key of s. It may miss one with an equal but not identical
// event; the slow path then finds it.
func (s *said) names(u *odds.Update) bool {
	return s.last.Event == u.Event && s.last.Venue == u.Venue && s.last.Market == u.Market
}

// key writes a key by number, or 0 and its parts if it is new.
func (w *writer) key(u *odds.Update) uint64 {
	k := key{w.numberOf(u.Venue), w.eventNumber(u.Event), w.numberOf(u.Market)}
	if n, ok := w.keys[k]; ok && k.venue != 0 && k.market != 0 && (k.event != 0 || u.Event == nil) {
		w.uint(n)
		return n
	}
	w.uint(0)
	w.string(u.Venue)
	w.event(u.Event)
	w.string(u.Market)
	n := uint64(len(w.said))
	w.keys[key{w.numberOf(u.Venue), w.eventNumber(u.Event), w.numberOf(u.Market)}] = n
	w.said = append(w.said, said{})
	return n
}

func (w *writer) updated(t, ofKey odds.Time) byte {
	switch d := int64(t - w.stamp); {
	case t == ofKey:
		return stampOfKey
	case d == 0:
		return stampOfPrevious
	case d%1000 == 0:
		w.int(d / 1000)
		return stampSeconds
	default:
		w.int(d)
		return stampMillis
	}
}

func (w *writer) quotes(q, last []odds.Quote) {
	w.length(len(q), q == nil)
	for i := range q {
		was := odds.Quote{}
		if i < len(last) {
			was = last[i]
		}
		w.quote(&q[i], &was)
	}
}

func (w *writer) quote(q, was *odds.Quote) {
	at := len(w.buf)
	w.byte(0)
	mask := byte(0)
	if q.Selection != was.Selection {
		mask |= newSelection
		w.string(q.Selection)
	}
	if q.Side != was.Side {
		mask |= newSide
		w.byte(byte(q.Side))
	}
	if !same(q.Line, was.Line) {
		mask |= newLine
		w.float(q.Line)
	}
	if q.Main != was.Main {
		mask |= newMain // a differing bool needs no value
	}
	if q.Status != was.Status {
		mask |= newGone
		w.byte(byte(q.Status))
		if q.Status == odds.Unpriced {
			w.version = max(w.version, version3)
		}
	}
	if !same(q.Price, was.Price) {
		mask |= newPrice
		w.float(q.Price)
	}
	if !same(q.Size, was.Size) {
		mask |= newSize
		w.float(q.Size)
	}
	if q.Subject != was.Subject {
		mask |= newSubject
		w.string(q.Subject)
		w.version = max(w.version, version3)
	}
	w.buf[at] = mask
}

// event writes the number of an event (0 for none, 1 for a new one, followed by its facts).
func (w *writer) event(e *odds.Event) {
	n := w.eventNumber(e)
	if e == nil {
		w.uint(0)
		return
	}
	if n != 0 {
		w.uint(n + 1)
		return
	}
	w.uint(1)
	w.written++
	w.events[e] = w.written
	if h := hash(e); w.eventsBy[h].event == nil {
		w.eventsBy[h] = numbered{e, w.written}
	}
	for _, s := range [...]string{e.ID, e.Sport, e.League, e.Home, e.Away, e.Title} {
		w.string(s)
	}
	w.int(int64(e.Start))
	w.length(len(e.Participants), e.Participants == nil)
	for _, p := range e.Participants {
		w.string(p)
	}
}

// eventNumber is 0 for no event and for one not yet written.
func (w *writer) eventNumber(e *odds.Event) uint64 {
	if e == nil {
		return 0
	}
	n, ok := w.events[e]
	if !ok {
		if was := w.eventsBy[hash(e)]; was.event != nil && equal(was.event, e) {
			n = was.number
		}
		w.events[e] = n // even 0, so that its facts are not hashed again
	}
	return n
}

// hash is equal for two events with the same facts.
func hash(e *odds.Event) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, s := range [...]string{e.ID, e.Sport, e.League, e.Home, e.Away, e.Title} {
		_, _ = d.WriteString(s) // never fails
		_, _ = d.WriteString("\x00")
	}
	for _, s := range e.Participants {
		_, _ = d.WriteString(s)
		_, _ = d.WriteString("\x00")
	}
	if e.Participants != nil {
		_, _ = d.WriteString("\x00") // none named is not an empty list
	}
	return d.Sum64() ^ uint64(e.Start)
}

// equal reports whether all facts of two events are the same.
func equal(a, b *odds.Event) bool {
	return a.ID == b.ID && a.Sport == b.Sport && a.League == b.League && a.Home == b.Home && a.Away == b.Away && a.Title == b.Title &&
		a.Start == b.Start && (a.Participants == nil) == (b.Participants == nil) && slices.Equal(a.Participants, b.Participants)
}

// numberOf is 0 for a string not yet written.
func (w *writer) numberOf(s string) uint64 { return w.strings[s] }

// string writes the number of s, or 0 and s if it is new.
func (w *writer) string(s string) {
	n := w.strings[s]
	w.uint(n)
	if n == 0 {
		w.strings[s] = uint64(len(w.strings) + 1)
		w.uint(uint64(len(s)))
		w.buf = append(w.buf, s...)
	}
}

// float writes a short decimal as an even number, any other float as an odd one: its number
// in the chunk, or 1 and its bits if it is new.
func (w *writer) float(f float64) {
	if n, ok := asDecimal(f); ok {
		w.uint(zigzag(n) << 1)
		return
	}
	bits := math.Float64bits(f)
	n := w.floats[bits]
	w.uint(n<<1 | 1)
	if n == 0 {
		w.floats[bits] = uint64(len(w.floats) + 1)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, bits)
	}
}

// asDecimal returns n with n/decimals == f to the last bit, if it exists.
func asDecimal(f float64) (int64, bool) {
	if !(f > -1e12 && f < 1e12) {
		return 0, false
	}
	n := int64(math.RoundToEven(f * decimals))
	return n, same(float64(n)/decimals, f)
}

func (w *writer) byte(b byte)   { w.buf = append(w.buf, b) }
func (w *writer) uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }
func (w *writer) int(n int64)   { w.uint(zigzag(n)) }

// length distinguishes a nil slice from an empty one.
func (w *writer) length(n int, isNil bool) {
	if isNil {
		w.uint(0)
		return
	}
	w.uint(uint64(n) + 1)
}

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

// same compares bits: a NaN equals itself and -0 differs from 0.
func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func sameFields(a, b *odds.Update) bool {
	return a.Format == b.Format && a.Status == b.Status && a.InPlay == b.InPlay && a.Image == b.Image && a.Terms == b.Terms
}

func (w *writer) fields(u *odds.Update) {
	b := byte(u.Status)<<3 | byte(u.Format)<<2
	if u.InPlay {
		b |= 1
	}
	if u.Image {
		b |= 2
	}
	further := u.Terms != odds.Terms{Winners: u.Winners}
	if u.Winners != 0 {
		b |= hasWinners
		w.version = max(w.version, version2)
	}
	if further {
		b |= hasTerms
		w.version = max(w.version, version3)
	}
	w.byte(b)
	if u.Winners != 0 {
		w.int(int64(u.Winners))
	}
	if further {
		terms := byte(u.Complete)
		if u.Lay {
			terms |= layTerm
		}
		if u.Middle {
			terms |= middleTerm
		}
		w.byte(terms)
		w.string(u.Settlement)
	}
}

// hasMiddle reports whether the prices of some update are middles.
func hasMiddle(b *odds.Batch) bool {
	return slices.ContainsFunc(b.Updates, func(u odds.Update) bool { return u.Middle })
}

func sameQuotes(a, b []odds.Quote) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	for i := range a {
		p, q := &a[i], &b[i]
		if !same(p.Price, q.Price) || !same(p.Line, q.Line) || !same(p.Size, q.Size) ||
			p.Side != q.Side || p.Main != q.Main || p.Status != q.Status || p.Selection != q.Selection || p.Subject != q.Subject {
			return false
		}
	}
	return true
}
