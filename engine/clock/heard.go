package clock

import "corrgraph/odds"

// Heard knows how far each source has been heard, where they come as they come: a price that
// did not move is known to have stood only as far as its source has been heard. The zero value
// stands for sources that all come in the order of their event times, as recordings do.
type Heard struct {
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

// MostDelay is how late a source can come and still be waited for. What comes later is a
// recording that is sent.
const MostDelay odds.Millis = 300_000

// mostHeard is how many sources are told apart; further ones count as prompt.
const mostHeard = 4096

// Begin begins a part that came at a time of the clock; 0 for a part of a recording.
func (h *Heard) Begin(clock odds.Time, part []*odds.Batch) {
	if h.of == nil {
		h.of = map[string]*delay{}
	}
	h.clock, h.live = max(h.clock, clock), clock != 0
	if !h.live {
		for _, b := range part {
			h.clock = max(h.clock, b.Recv)
		}
	}
}

// Clock is the newest receive time.
func (h *Heard) Clock() odds.Time { return h.clock }

// Live reports whether the present part came as it was told, and not in order.
func (h *Heard) Live() bool { return h.live }

// Take notes a batch.
func (h *Heard) Take(b *odds.Batch) {
	x := h.of[b.Source]
	if x == nil {
		if len(h.of) >= mostHeard {
			return
		}
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
	if d := h.Came(b).Sub(b.At); d <= MostDelay {
		x.most[0] = max(x.most[0], d)
	}
}

// Came is when a batch of the present part could be known.
func (h *Heard) Came(b *odds.Batch) odds.Time {
	if h.live && h.clock.Sub(b.At) <= MostDelay {
		return h.clock
	}
	return b.Recv
}

// UpTo is the time up to which what a source says is known; now where they come in order.
func (h *Heard) UpTo(source string, now odds.Time) odds.Time {
	x := h.of[source]
	if !h.live || x == nil {
		return now
	}
	return min(now, max(x.newest, h.clock.Add(-max(x.most[0], x.most[1])-spare)))
}
