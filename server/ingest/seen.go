package ingest

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"

	"corrgraph/odds"
)

// seen remembers the newest n to 2·n updates as 64-bit hashes, so that one that is
// sent again counts once. A new update is mistaken for a known one with a chance of
// 2·n in 2⁶⁴. It is for one goroutine.
type seen struct {
	n        int
	old, new map[uint64]struct{}
	buf      []byte
}

func newSeen(n int) *seen { return &seen{n: n, new: map[uint64]struct{}{}} }

// add remembers a hash and reports whether it is new.
func (s *seen) add(h uint64) bool {
	if s.has(h) {
		return false
	}
	if len(s.new) >= s.n {
		s.old, s.new = s.new, make(map[uint64]struct{}, s.n)
	}
	s.new[h] = struct{}{}
	return true
}

func (s *seen) has(h uint64) bool {
	if _, ok := s.new[h]; ok {
		return true
	}
	_, ok := s.old[h]
	return ok
}

// undo forgets a hash that was added for an update that could not be kept.
func (s *seen) undo(h uint64) {
	delete(s.new, h)
	delete(s.old, h)
}

// of hashes an update with its instant and source, and of its quotes what a
// duplicate would repeat.
func (s *seen) of(b *odds.Batch, u *odds.Update) uint64 {
	p := s.buf[:0]
	word := func(w string) { p = append(append(p, w...), 0) }
	number := func(v uint64) { p = binary.LittleEndian.AppendUint64(p, v) }
	number(uint64(b.At))
	word(b.Source)
	word(u.Event.ID)
	word(u.Venue)
	word(u.Market)
	p = append(p, byte(u.Format), byte(u.Status), flag(u.InPlay), flag(u.Image))
	for i := range u.Quotes {
		q := &u.Quotes[i]
		word(q.Selection)
		line := q.Line
		if math.IsNaN(line) {
			line = math.Inf(1) // NaNs differ in their bits
		}
		number(math.Float64bits(line))
		number(math.Float64bits(q.Price))
		p = append(p, byte(q.Status))
	}
	s.buf = p
	return xxhash.Sum64(p)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
