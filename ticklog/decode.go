package ticklog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"

	"corrgraph/odds"
)

// Decoder reads chunks. The zero value is ready to use. Equal events share one *odds.Event
// over all chunks of a Decoder. It is not safe for concurrent use.
type Decoder struct {
	zip    *zstd.Decoder
	body   []byte
	events map[uint64]*odds.Event
}

// Decode returns the batches of a chunk, exactly equal to those encoded. The batches do not
// refer to chunk. Updates that repeat a market unchanged share one slice of quotes, which
// must not be modified. For an invalid chunk it returns ErrDamaged or ErrVersion and no
// batches. Cost: O(quotes), less than encoding.
func (d *Decoder) Decode(chunk []byte) ([]*odds.Batch, error) {
	p, err := d.DecodePart(chunk)
	return p.Batches, err
}

// DecodePart is Decode with the head of the chunk: zero in a recording.
func (d *Decoder) DecodePart(chunk []byte) (Part, error) {
	head := len(magic) + 1
	if len(chunk) < head+5 || string(chunk[:len(magic)]) != magic {
		return Part{}, fmt.Errorf("%w: no header in %d bytes", ErrDamaged, len(chunk))
	}
	version := chunk[len(magic)]
	if version < version1 || version > version6 {
		return Part{}, fmt.Errorf("%w: %d, this program reads up to %d", ErrVersion, version, version6)
	}
	end := len(chunk) - 4
	if crc32.Checksum(chunk[:end], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(chunk[end:]) {
		return Part{}, fmt.Errorf("%w: checksum differs", ErrDamaged)
	}
	size, n := binary.Uvarint(chunk[head:end])
	if n <= 0 || size > maxBody {
		return Part{}, fmt.Errorf("%w: size %d", ErrDamaged, size)
	}
	if err := d.unzip(chunk[head+n:end], int(size)); err != nil {
		return Part{}, err
	}
	return d.decodeBody(d.body, version)
}

func (d *Decoder) unzip(frame []byte, size int) (err error) {
	if d.zip == nil {
		// NewReader only fails on bad options.
		d.zip, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBody))
	}
	if d.body, err = d.zip.DecodeAll(frame, d.body[:0]); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(d.body) != size {
		return fmt.Errorf("%w: %d bytes unpacked, %d stated", ErrDamaged, len(d.body), size)
	}
	return nil
}

func (d *Decoder) decodeBody(body []byte, version byte) (Part, error) {
	if d.events == nil {
		d.events = map[uint64]*odds.Event{}
	}
	r := newReader(body, version, d.events)
	p := Part{Head: r.head()}
	n := r.count(r.uint())
	p.Batches = make([]*odds.Batch, 0, n)
	for range n {
		b := r.batch()
		if r.err != nil {
			return Part{}, r.err
		}
		p.Batches = append(p.Batches, b)
	}
	if len(r.rest) > 0 && r.err == nil {
		r.fail("bytes left over")
	}
	if r.err != nil {
		return Part{}, r.err
	}
	return p, nil
}

// reader decodes one body. After the first error its methods return zeros.
type reader struct {
	rest     []byte
	version  byte
	err      error
	strings  []string // by number; 0 means new
	floats   []float64
	events   []*odds.Event
	said     []said
	known    map[uint64]*odds.Event
	at       odds.Time
	seq      int64
	stamp    odds.Time
	previous uint64
	spare    []odds.Quote // quotes are cut from slabs, whose size doubles: a chunk may hold two quotes
	slab     int
}

func newReader(body []byte, version byte, known map[uint64]*odds.Event) reader {
	return reader{
		rest: body, version: version,
		strings: []string{""}, floats: []float64{0}, events: []*odds.Event{nil}, said: []said{{}}, known: known,
	}
}

// head is zero in versions without one.
func (r *reader) head() (h Head) {
	if r.version >= version4 {
		h = Head{odds.Time(r.int()), odds.Time(r.int())}
	}
	return h
}

func (r *reader) batch() *odds.Batch {
	b := &odds.Batch{Source: r.string(), At: r.at + odds.Time(r.int())}
	flags := r.byte()
	b.Polled, b.Late = flags&polled != 0, flags&late != 0
	b.Recv, b.Seq = b.At, r.seq
	if flags&hasRecv != 0 {
		b.Recv += odds.Time(r.int())
	}
	if flags&hasResolution != 0 {
		b.Resolution = odds.Millis(r.int())
	}
	if flags&hasSeq != 0 {
		b.Seq += r.int()
	}
	if flags >= marked<<1 || b.Late && r.version < version4 || flags&marked != 0 && r.version < version6 {
		r.fail("unknown flags of a batch")
	}
	r.at, r.seq = b.At, b.Seq
	r.updates(b)
	if flags&marked != 0 {
		r.marks(b)
	}
	return b
}

func (r *reader) updates(b *odds.Batch) {
	n, isNil := r.length()
	if isNil || r.err != nil {
		return
	}
	// A forged count must not cause an allocation larger than the data.
	b.Updates = make([]odds.Update, 0, min(n, 4096))
	for range n {
		var u odds.Update
		r.update(&u)
		if r.err != nil {
			break
		}
		b.Updates = append(b.Updates, u)
	}
}

func (r *reader) marks(b *odds.Batch) {
	n := r.count(r.uint())
	b.Marks = make([]odds.Mark, 0, min(n, 4096))
	for range n {
		m := odds.Mark{Event: r.event(), Kind: odds.MarkKind(r.string()), Value: r.string(), Was: r.string()}
		ended := r.byte()
		if m.Ended = ended == 1; m.Event == nil || ended > 1 {
			r.fail("an unknown mark")
		}
		if r.err != nil {
			return
		}
		b.Marks = append(b.Marks, m)
	}
	if n == 0 {
		r.fail("marks announced, and none")
	}
}

func (r *reader) update(u *odds.Update) {
	header := r.byte()
	k := r.said[r.previous].next
	if header&keyAsBefore == 0 {
		k = r.key()
		r.said[r.previous].next = k
	}
	if k == 0 || header >= stampHigh<<1 {
		r.fail("an update of nothing")
		return
	}
	s := &r.said[k]
	*u = s.last
	switch header >> stampShift & 3 {
	case stampOfPrevious:
		u.Updated = r.stamp
	case stampSeconds:
		u.Updated = r.stamp + odds.Time(r.int()*1000)
	case stampMillis:
		u.Updated = r.stamp + odds.Time(r.int())
	}
	if header&fieldsAsBefore == 0 {
		r.fields(u)
	}
	if header&quotesAsBefore == 0 {
		u.Quotes = r.quotes(s.last.Quotes)
	}
	s.last, r.stamp, r.previous = *u, u.Updated, k
}

func (r *reader) key() uint64 {
	n := r.uint()
	if n >= uint64(len(r.said)) {
		r.fail("an update of an unknown market")
		return 0
	}
	if n != 0 {
		return n
	}
	u := odds.Update{Venue: r.string(), Event: r.event(), Market: r.string()}
	if r.err != nil {
		return 0
	}
	r.said = append(r.said, said{last: u})
	return uint64(len(r.said) - 1)
}

func (r *reader) fields(u *odds.Update) {
	b := r.byte()
	u.InPlay, u.Image = b&1 != 0, b&2 != 0
	u.Format, u.Status, u.Terms = odds.PriceFormat(b>>2&1), odds.Status(b&^(hasWinners|hasTerms)>>3), odds.Terms{}
	if b&hasWinners != 0 {
		u.Winners = int(r.int())
	}
	if b&hasTerms != 0 {
		terms := r.byte()
		u.Complete, u.Lay, u.Middle, u.Settlement = odds.Stated(terms&completeMask), terms&layTerm != 0, terms&middleTerm != 0, r.string()
		if u.Complete > odds.StatedYes || terms >= middleTerm<<1 || u.Middle && r.version < version5 {
			r.fail("unknown terms")
		}
	}
	if u.Status > odds.Unknown {
		r.fail("unknown status")
	}
}

func (r *reader) quotes(last []odds.Quote) []odds.Quote {
	n, isNil := r.length()
	if isNil || r.err != nil {
		return nil
	}
	if len(r.spare) < n {
		r.slab = min(max(16, 2*r.slab), 2048)
		r.spare = make([]odds.Quote, max(n, r.slab))
	}
	q := r.spare[:n:n]
	r.spare = r.spare[n:]
	copy(q, last)
	for i := range q {
		r.quote(&q[i])
	}
	return q
}

func (r *reader) quote(q *odds.Quote) {
	mask := r.byte()
	if mask&newSelection != 0 {
		q.Selection = r.string()
	}
	if mask&newSide != 0 {
		q.Side = odds.Side(r.byte())
	}
	if mask&newLine != 0 {
		q.Line = r.float()
	}
	if mask&newMain != 0 {
		q.Main = !q.Main
	}
	if mask&newGone != 0 {
		q.Status = odds.Status(r.byte())
	}
	if mask&newPrice != 0 {
		q.Price = r.float()
	}
	if mask&newSize != 0 {
		q.Size = r.float()
	}
	if mask&newSubject != 0 {
		q.Subject = r.string()
	}
	if q.Side > odds.No || q.Status > odds.Unpriced {
		r.fail("unknown side or status of a quote")
	}
}

func (r *reader) event() *odds.Event {
	n := r.uint()
	switch {
	case n == 0:
		return nil
	case n > uint64(len(r.events)):
		r.fail("an unknown event")
		return nil
	case n > 1:
		return r.events[n-1]
	}
	e := &odds.Event{ID: r.string(), Sport: r.string(), League: r.string(), Home: r.string(), Away: r.string(), Title: r.string()}
	e.Start = odds.Time(r.int())
	if n, isNil := r.length(); !isNil && r.err == nil {
		e.Participants = make([]string, n)
		for i := range e.Participants {
			e.Participants[i] = r.string()
		}
	}
	if r.err != nil {
		return nil
	}
	if h := hash(e); r.known[h] == nil {
		r.known[h] = e
	} else if was := r.known[h]; equal(was, e) {
		e = was
	}
	r.events = append(r.events, e)
	return e
}

func (r *reader) string() string {
	n := r.uint()
	if n >= uint64(len(r.strings)) {
		r.fail("an unknown string")
		return ""
	}
	if n != 0 {
		return r.strings[n]
	}
	size := r.count(r.uint())
	s := string(r.rest[:size])
	r.rest = r.rest[size:]
	r.strings = append(r.strings, s)
	return s
}

func (r *reader) float() float64 {
	n := r.uint()
	if n&1 == 0 {
		return float64(unzigzag(n>>1)) / decimals
	}
	switch n >>= 1; {
	case n >= uint64(len(r.floats)):
		r.fail("an unknown number")
		return 0
	case n != 0:
		return r.floats[n]
	case len(r.rest) < 8:
		r.fail("cut off in a number")
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(r.rest))
	r.rest = r.rest[8:]
	r.floats = append(r.floats, f)
	return f
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("cut off")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) uint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		b := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(b)
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("cut off in a number")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) int() int64 { return unzigzag(r.uint()) }

// count returns n as a length if the data can hold that many: every element takes at least
// one byte.
func (r *reader) count(n uint64) int {
	if n > uint64(len(r.rest)) {
		r.fail("a length beyond the end")
		return 0
	}
	return int(n)
}

func (r *reader) length() (n int, isNil bool) {
	v := r.uint()
	if v == 0 {
		return 0, true
	}
	return r.count(v - 1), false
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrDamaged, why)
	}
	r.rest = nil
}

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }
