package ticklog

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"corrgraph/odds"
)

// An update repeats another if both are of one source, instant, event, venue and market and
// Same holds for them. This file alone defines that: Merge compares updates in memory with
// Same, Seen compares hashes of the same fields.

// Same reports whether two updates of one market are equal: format, states and quotes in
// order, field by field. Unset lines and other numbers (NaN) are equal. The venue's own
// stamp, the number of winners and completeness are ignored: a repeated update with a new stamp is still
// a repetition. So is one that comes late, or that came late the first time.
func Same(a, b *odds.Update) bool {
	if !alike(a, b) || len(a.Quotes) != len(b.Quotes) {
		return false
	}
	for i := range a.Quotes {
		if !sameQuote(&a.Quotes[i], &b.Quotes[i]) {
			return false
		}
	}
	return true
}

// alike reports whether two updates agree on their market as a whole.
func alike(a, b *odds.Update) bool {
	return a.Lay == b.Lay && a.Settlement == b.Settlement && a.Status == b.Status && a.InPlay == b.InPlay && a.Image == b.Image && a.Format == b.Format
}

func sameQuote(p, q *odds.Quote) bool {
	return p.Subject == q.Subject && p.Selection == q.Selection && p.Side == q.Side && p.Main == q.Main && p.Status == q.Status &&
		sameNumber(p.Price, q.Price) && sameNumber(p.Line, q.Line) && sameNumber(p.Size, q.Size)
}

// sameNumber is ==, but two NaNs are equal.
func sameNumber(x, y float64) bool { return x == y || x != x && y != y }

// Seen remembers which updates came, so that a resent one counts once: the newest n to 2·n
// of them, as 64-bit hashes of about 48 bytes each. Two different updates are confused with
// a probability of 2·n in 2⁶⁴. It is not safe for concurrent use.
type Seen struct {
	n        int
	old, new map[uint64]struct{}
	was, is  []uint64 // the keys of old and new in the order of their coming
	buf      []byte
}

// NewSeen returns a Seen that remembers at least the n newest updates.
func NewSeen(n int) *Seen { return &Seen{n: n, new: map[uint64]struct{}{}} }

// Add remembers an update by its hash and reports whether it is new.
func (s *Seen) Add(h uint64) bool {
	if s.Has(h) {
		return false
	}
	if len(s.new) >= s.n {
		s.old, s.new = s.new, make(map[uint64]struct{}, s.n)
		s.was, s.is = s.is, make([]uint64, 0, s.n)
	}
	s.new[h] = struct{}{}
	s.is = append(s.is, h)
	return true
}

// List returns all that is remembered, the older half and the newer one, each in the order of its
// coming. Of what it returns, only what was removed since changes.
func (s *Seen) List() (older, newer []uint64) { return slices.Clip(s.was), slices.Clip(s.is) }

// Restored returns a Seen of what List returned of one that remembers as many.
func Restored(n int, older, newer []uint64) *Seen {
	s := NewSeen(n)
	for _, h := range older {
		s.Add(h)
	}
	if len(older) > 0 {
		s.old, s.was, s.new, s.is = s.new, s.is, make(map[uint64]struct{}, n), make([]uint64, 0, n)
	}
	for _, h := range newer {
		s.Add(h)
	}
	return s
}

// Has reports whether an update with that hash is remembered.
func (s *Seen) Has(h uint64) bool {
	if _, ok := s.new[h]; ok {
		return true
	}
	_, ok := s.old[h]
	return ok
}

// Remove forgets an update that could not be stored after all, one of the newest.
func (s *Seen) Remove(h uint64) {
	delete(s.new, h)
	delete(s.old, h)
	for _, list := range []*[]uint64{&s.is, &s.was} {
		for i := len(*list) - 1; i >= 0; i-- {
			if (*list)[i] == h {
				*list = slices.Delete(*list, i, i+1)
				return
			}
		}
	}
}

// Hash returns the same number for two updates if one repeats the other. u is one of b's
// updates. Cost: some 10 ns per quote, no allocation.
func (s *Seen) Hash(b *odds.Batch, u *odds.Update) uint64 {
	p := binary.LittleEndian.AppendUint64(s.buf[:0], uint64(b.At))
	p = appendWord(p, b.Source)
	if u.Event != nil {
		p = appendWord(p, u.Event.ID)
	}
	p = appendWord(p, u.Venue)
	p = appendWord(p, u.Market)
	p = append(p, byte(u.Format), byte(u.Status), flag(u.InPlay), flag(u.Image))
	if u.Lay || u.Settlement != "" {
		p = append(p, flag(u.Lay))
		p = appendWord(p, u.Settlement)
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		if q.Subject != "" {
			p = appendWord(p, q.Subject)
		}
		p = appendWord(p, q.Selection)
		p = append(p, byte(q.Side), flag(q.Main), byte(q.Status))
		p = appendNumber(p, q.Price)
		p = appendNumber(p, q.Line)
		p = appendNumber(p, q.Size)
	}
	s.buf = p
	return xxhash.Sum64(p)
}

// HashMark is Hash of one of b's marks.
func (s *Seen) HashMark(b *odds.Batch, m *odds.Mark) uint64 {
	p := binary.LittleEndian.AppendUint64(append(s.buf[:0], "mark\x00"...), uint64(b.At))
	for _, w := range [...]string{b.Source, m.Event.ID, string(m.Kind), m.Value, m.Was} {
		p = appendWord(p, w)
	}
	s.buf = append(p, flag(m.Ended))
	return xxhash.Sum64(s.buf)
}

func appendWord(p []byte, w string) []byte { return append(append(p, w...), 0) }

// appendNumber writes all NaNs the same way, and both zeros.
func appendNumber(p []byte, x float64) []byte {
	switch {
	case x != x:
		x = math.Inf(1)
	case x == 0:
		x = 0
	}
	return binary.LittleEndian.AppendUint64(p, math.Float64bits(x))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
