// Package ticklog is the log of all data received from sources: the format of its
// chunks, positions in it, and ways to read it.
//
// A [Chunk] packs some hundred batches of quotes, decodes independently and yields
// exactly what was encoded. A [Log] keeps chunks in append order and gives each a
// [Position]; store/sqlite has a driver, package logtest the contract and a driver for
// tests. [ByTime] reads a log in event-time order. [Merge] combines a log with new
// batches and removes duplicates; [Combiner] does the same for the batches of one
// instant, and [Seen] recognises an update that is resent later. [InOrder] reads a log as it
// was appended, which repeats what a service told.
//
// Venues repeat themselves: nine in ten quotes of a poll equal those of the previous
// poll, in the same order. So for each (venue, event, market) a chunk remembers the last
// update and the key that followed it. An update that repeats both takes one to three
// bytes; any other is written as the fields that changed. zstd compresses the whole.
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
//	head:      clock, verdict (of version 4 only)
//	n batches: source, at, recv, flags, resolution, seq, n updates, n marks (from version 6 on)
//	update:    header byte, key, changed fields, changed quotes
//
// A chunk is of the lowest version that can hold it, so that older programs read what they
// can and refuse the rest: a recording that uses no newer field is of version 1. A service's
// chunks state a [Head], which makes them version 4; they may hold no batches.
//
// Strings, events and floats other than short decimals are written at their first
// occurrence and referred to by number after that.
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
	version3 = 3 // some update states further terms, some quote its subject, or that it is unpriced
	version4 = 4 // the chunk has a head, or some batch came late
	version5 = 5 // the prices of some update are middles
	version6 = 6 // some batch has marks
	// maxBody limits the unpacked size of a chunk, so that a forged size cannot
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

// Encodings of Update.Updated.
const (
	stampOfKey      = 0 // as this key's last
	stampOfPrevious = 1 // as the update before this one in the chunk
	stampSeconds    = 2 // whole seconds after the latter, zigzag
	stampMillis     = 3 // milliseconds after the latter, zigzag
	stampShift      = 3
)

// Bits of a quote's mask: the fields that differ from the previous quote in its place,
// or from the zero Quote if there was none.
const (
	newSelection = 1 << iota
	newSide
	newLine
	newMain
	newGone
	newPrice
	newSize
	newSubject
)

// Bits of an update's fields that announce terms; the lower six are in-play, image, format
// and status.
const (
	hasWinners = 1 << 6
	hasTerms   = 1 << 7 // a byte of completeness and lay, and the settlement
)

// Bits of the byte of terms.
const (
	completeMask = 3
	layTerm      = 4
	middleTerm   = 8 // from version 5 on
)

// Bits of a batch's flags.
const (
	polled = 1 << iota
	hasRecv
	hasResolution
	hasSeq
	late   // from version 4 on
	marked // from version 6 on
)

// decimals is the scale of floats written as integers: odds, lines and stakes
// mostly have at most three.
const decimals = 1000
