package ticklog

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"corrgraph/odds"
)

// Damage is a chunk that could not be read. From, To and Quotes are what the log says of it
// and may be wrong too.
type Damage struct {
	Position Position
	From, To odds.Time
	Quotes   int
	Sources  []string // those that can be made out in what is left, sorted
	Payload  []byte   // what is left; nil if nothing could be read
	Why      string
}

// String names the damage in a line.
func (d *Damage) String() string {
	from := ""
	if len(d.Sources) > 0 {
		from = " of " + strings.Join(d.Sources, ", ")
	}
	return fmt.Sprintf("chunk %d (%d/%d): %d quotes%s from %s to %s: %s", d.Position, d.Position>>32, d.Position&0xffffffff, d.Quotes, from, d.From, d.To, d.Why)
}

// damage describes a chunk.
func (d *Decoder) damage(e *Entry, why error) Damage {
	return Damage{Position: e.Position, From: e.From, To: e.To, Quotes: e.Quotes, Sources: d.sources(e.Payload), Payload: e.Payload, Why: why.Error()}
}

// Check decodes the payload of an entry and compares it with what the entry says of it. It
// returns nil, or the damage.
func (d *Decoder) Check(e *Entry) *Damage {
	if _, err := d.decode(e); err != nil {
		x := d.damage(e, err)
		return &x
	}
	return nil
}

// decode returns the batches of an entry, or ErrDamaged.
func (d *Decoder) decode(e *Entry) ([]*odds.Batch, error) {
	batches, err := d.Decode(e.Payload)
	if err != nil || len(batches) == 0 {
		return batches, err
	}
	if c := headOf(batches); c.From != e.From || c.To != e.To || c.Quotes != e.Quotes {
		return nil, fmt.Errorf("%w: it holds %d quotes from %s to %s, which is not what the log says of it", ErrDamaged, c.Quotes, c.From, c.To)
	}
	return batches, nil
}

// Head returns what a payload proves of its chunk, the payload included.
func (d *Decoder) Head(payload []byte) (Chunk, error) {
	batches, err := d.Decode(payload)
	if err != nil || len(batches) == 0 {
		return Chunk{}, err
	}
	c := headOf(batches)
	c.Payload = payload
	return c, nil
}

// headOf describes the chunk of batches, of which there must be one.
func headOf(batches []*odds.Batch) Chunk {
	c := Chunk{From: batches[0].At, To: batches[len(batches)-1].At}
	for _, b := range batches {
		c.Quotes += b.Quotes()
	}
	return c
}

// longestSource is how long a name may be to be believed.
const longestSource = 256

// sources returns the sources of the batches before the damage, as far as they can be told.
func (d *Decoder) sources(chunk []byte) (names []string) {
	head := len(magic) + 1
	if len(chunk) < head+5 {
		return nil
	}
	_, n := binary.Uvarint(chunk[head:])
	if n <= 0 {
		return nil
	}
	_ = d.unzip(chunk[head+n:len(chunk)-4], -1) // fails, but may have unpacked something
	r := reader{rest: d.body, strings: []string{""}, floats: []float64{0}, events: []*odds.Event{nil}, said: []said{{}}, known: map[uint64]*odds.Event{}}
	for left := r.uint(); left > 0 && r.err == nil; left-- {
		b := r.batch()
		if s := b.Source; s != "" && len(s) <= longestSource && utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
