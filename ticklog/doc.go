// Package ticklog is the log of everything that sources said: what it is made of,
// where things stand in it, and how it is read.
//
// A [Chunk] holds some hundred batches of quotes in packed form, decodes on its
// own and yields exactly what was encoded. A [Log] keeps chunks in the order in
// which they were appended and gives each a [Position]; store/sqlite has a driver,
// package logtest the contract and a driver for tests. [ByTime] reads a log in
// event-time order. [Merge] reads one together with what is new and takes out what
// is there twice; [Combiner] does the same for the batches of one instant, and
// [Seen] recognises an update that is sent again later.
//
// Venues repeat themselves: of the quotes of a poll nine in ten equal those of
// the poll before, in the same order. So a chunk keeps, for each (venue, event,
// market), what was said last and which of them was named next; an update that
// says the same again in the same order costs one to three bytes. The rest is
// written as the fields that changed. zstd goes over the whole.
//
// A chunk is laid out as
//
//	"CGT" version        4 bytes
//	size                 uvarint, bytes of the body before compression
//	body                 zstd frame
//	CRC-32C              4 bytes, little endian, of everything before it
//
// and its body as
//
//	n batches: source, at, recv, flags, resolution, seq, n updates
//	update:    header byte, key, changed fields, changed quotes
//
// Strings, events and floats that are no short decimals are written where they
// first occur and named by number from then on.
package ticklog

import "errors"

// ErrDamaged is returned for a chunk that was cut, altered, or never was one.
var ErrDamaged = errors.New("damaged tick log chunk")

// ErrVersion is returned for a chunk written by a newer version.
var ErrVersion = errors.New("tick log chunk of an unknown version")

const (
	magic    = "CGT"
	version1 = 1
	version2 = 2 // some update states its number of winners
	// maxBody bounds what a chunk may unpack to, so that a forged size can't
	// exhaust memory. Ten million changed quotes fit.
	maxBody = 64 << 20
)

// Bits of an update's header byte.
const (
	keyAsBefore    = 1 << iota // the key that followed the previous one last time
	fieldsAsBefore             // format, status, in-play, image
	quotesAsBefore
	stampLow // two bits: one of the stamp constants
	stampHigh
)

// How Update.Updated is written.
const (
	stampOfKey      = 0 // as this key's last
	stampOfPrevious = 1 // as the update before this one in the chunk
	stampSeconds    = 2 // whole seconds after the latter, zigzag
	stampMillis     = 3 // milliseconds after the latter, zigzag
	stampShift      = 3
)

// Bits of a quote's mask: which fields differ from the quote that stood in its
// place, or from the zero Quote where none did.
const (
	newSelection = 1 << iota
	newSide
	newLine
	newMain
	newGone
	newPrice
	newSize
)

// hasWinners is the bit of an update's fields that says that Winners follows; the
// lower six are in-play, image, format and status.
const hasWinners = 1 << 6

// Bits of a batch's flags.
const (
	polled = 1 << iota
	hasRecv
	hasResolution
	hasSeq
)

// decimals is the scale of floats written as integers: odds, lines and stakes
// mostly have at most three.
const decimals = 1000
