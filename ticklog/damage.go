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

// decode returns what an entry holds, or ErrDamaged.
func (d *Decoder) decode(e *Entry) (Part, error) {
	p, err := d.DecodePart(e.Payload)
	if err != nil || p.nothing() {
		return p, err
	}
	if c := p.describe(); c.From != e.From || c.To != e.To || c.Quotes != e.Quotes {
		return Part{}, fmt.Errorf("%w: it holds %d quotes from %s to %s, which is not what the log says of it", ErrDamaged, c.Quotes, c.From, c.To)
	}
	return p, nil
}

// Head returns what a payload proves of its chunk, the payload included; a zero Chunk if
// there is neither a batch nor a head in it.
func (d *Decoder) Head(payload []byte) (Chunk, error) {
	p, err := d.DecodePart(payload)
	if err != nil || p.nothing() {
		return Chunk{}, err
	}
	c := p.describe()
	c.Payload = payload
	return c, nil
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
	r := newReader(d.body, chunk[len(magic)], map[uint64]*odds.Event{})
	r.head()
	for left := r.uint(); left > 0 && r.err == nil; left-- {
		b := r.batch()
		if s := b.Source; s != "" && len(s) <= longestSource && utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
