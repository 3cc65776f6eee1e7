package engine

import (
	"corrgraph/engine/board"
	"corrgraph/odds"
)

// heard knows how far each source has been heard, where they come as they come: a price that
// did not move is known to have stood only as far as its source has been heard. The zero value
// stands for sources that all come in the order of their event times, as recordings do.
type heard struct {
	of    map[string]*delay // by source
	live  bool              // the present part came as it was told, and not in order
	clock odds.Time         // newest receive time
}

// delay is how late a source comes.
type delay struct {
	newest odds.Time
	most   [2]odds.Millis // largest receive time minus event time: of the present hour of the clock, and the one before
	hour   odds.Time
}

// hourLong is how long the delay of a source is remembered at least.
const hourLong = 3_600_000

// spare is what the delay of a source is taken to vary by.
const spare odds.Millis = 2000

// mostDelay is how late a source can come and still be waited for. What comes later is a
// recording that is sent.
const mostDelay odds.Millis = 300_000

// take notes a batch.
func (h *heard) take(b *odds.Batch) {
	x := h.of[b.Source]
	if x == nil {
		x = &delay{}
		h.of[b.Source] = x
	}
	if hour := h.clock / hourLong; hour != x.hour {
		x.most[1] = 0
		if hour == x.hour+1 {
			x.most[1] = x.most[0]
		}
		x.most[0], x.hour = 0, hour
	}
	x.newest = max(x.newest, b.At)
	if d := h.came(b).Sub(b.At); d <= mostDelay {
		x.most[0] = max(x.most[0], d)
	}
}

// came is when a batch could be known.
func (h *heard) came(b *odds.Batch) odds.Time {
	if h.live && h.clock.Sub(b.At) <= mostDelay {
		return max(b.Recv, h.clock)
	}
	return b.Recv
}

// upTo is the time up to which what a source says is known; now where they come in order.
func (h *heard) upTo(source string, now odds.Time) odds.Time {
	x := h.of[source]
	if x == nil {
		return now
	}
	return min(now, max(x.newest, h.clock.Add(-max(x.most[0], x.most[1])-spare)))
}

// node is that time for a series: of its slowest source.
func (h *heard) node(n *board.Node, now odds.Time) odds.Time {
	if !h.live {
		return now
	}
	if n.Book != nil {
		return h.upTo(n.Book.Source.Name, now)
	}
	until := now
	for _, b := range n.Market.Books {
		if b.Source != nil {
			until = min(until, h.upTo(b.Source.Name, now))
		}
	}
	return until
}
