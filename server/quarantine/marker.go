package quarantine

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"corrgraph/odds"
)

// The marker holds one slot for each engine. A slot is written by its engine alone, and read by the
// next process.
const (
	slotBytes = 1024
	mostName  = 255 // bytes of each name
	applying  = 0x636f727267726170
)

// Places in a slot. The state comes last when a batch begins: the rest is complete if it says
// applying.
const (
	atState  = 0
	atID     = 8
	atTime   = 16
	atQuotes = 24
	atNames  = 32 // three, each with its length before it
)

// mark is a slot of the marker.
type mark []byte

func (m mark) state() *uint64 { return (*uint64)(unsafe.Pointer(&m[atState])) } // aligned: slots lie on whole pages

// begin notes a batch.
func (m mark) begin(id uint64, b *odds.Batch) {
	binary.LittleEndian.PutUint64(m[atID:], id)
	binary.LittleEndian.PutUint64(m[atTime:], uint64(b.At))
	binary.LittleEndian.PutUint64(m[atQuotes:], uint64(b.Quotes()))
	event, market := first(b)
	names := m[atNames:]
	for _, name := range [...]string{b.Source, event, market} {
		n := copy(names[1:1+mostName], name)
		names[0] = byte(n)
		names = names[1+mostName:]
	}
	atomic.StoreUint64(m.state(), applying)
}

// end says that nothing is being applied.
func (m mark) end() { atomic.StoreUint64(m.state(), 0) }

// read returns the batch that a slot names; false if nothing was being applied.
func (m mark) read() (i Item, ok bool) {
	if atomic.LoadUint64(m.state()) != applying {
		return i, false
	}
	i.ID = hexID(binary.LittleEndian.Uint64(m[atID:]))
	i.At = odds.Time(binary.LittleEndian.Uint64(m[atTime:]))
	i.Quotes = int(binary.LittleEndian.Uint64(m[atQuotes:]))
	names := m[atNames:]
	for _, name := range [...]*string{&i.Source, &i.Event, &i.Market} {
		*name = string(names[1 : 1+int(names[0])])
		names = names[1+mostName:]
	}
	return i, true
}

// first names the first event and market of a batch.
func first(b *odds.Batch) (event, market string) {
	if len(b.Updates) == 0 && len(b.Marks) > 0 {
		return b.Marks[0].Event.ID, string(b.Marks[0].Kind)
	}
	if len(b.Updates) == 0 {
		return "", ""
	}
	u := &b.Updates[0]
	if u.Event != nil {
		event = u.Event.ID
	}
	return event, u.Market
}
