package fault

import (
	"runtime/debug"
	"strings"
	"sync/atomic"

	"corrgraph/odds"
)

// The events whose ticks are poison.
const (
	PoisonPanic  = "poison-panic"
	PoisonFatal  = "poison-fatal"
	PoisonLoop   = "poison-loop"
	PoisonMemory = "poison-memory"
)

// Poisons lists the ways in which Poison kills, as event ids begin.
func Poisons() []string { return []string{PoisonPanic, PoisonFatal, PoisonLoop, PoisonMemory} }

// Poison kills the process, or never returns, if a batch has an event whose id begins with one of
// [Poisons]: as a batch would that meets a fault of the engine. It is no fault of a [Registry],
// because it must come back at each start.
func Poison(b *odds.Batch) {
	for i := range b.Updates {
		ev := b.Updates[i].Event
		if ev == nil {
			continue
		}
		switch id := ev.ID; {
		case strings.HasPrefix(id, PoisonPanic):
			panic("injected fault: " + id)
		case strings.HasPrefix(id, PoisonFatal):
			debug.SetMaxStack(1 << 20) // a gigabyte takes seconds to fill
			taken.Add(overflow(1))
		case strings.HasPrefix(id, PoisonLoop):
			for {
				taken.Add(1)
			}
		case strings.HasPrefix(id, PoisonMemory):
			devour()
		}
	}
}

// taken is what poison counts for nobody.
var taken atomic.Int64

// overflow ends in a fatal error that nothing recovers from, long before n is below 0.
func overflow(n int64) int64 {
	if n < 0 {
		return 0
	}
	return overflow(n+1) + 1
}

// devour takes memory until the process is killed or refused more.
func devour() {
	var all [][]byte
	for len(all) < mostDevoured {
		piece := make([]byte, 64<<20)
		for k := 0; k < len(piece); k += 4096 {
			piece[k] = 1
		}
		all = append(all, piece)
	}
	panic("injected fault: a terabyte of memory was there")
}

const mostDevoured = 16 << 10
