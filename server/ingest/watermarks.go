package ingest

import (
	"fmt"

	"corrgraph/odds"
)

const (
	// longestDelay is how slow a source may be and still be waited for: whoever learns and
	// decides lags behind by the delay of the slowest source that counts. Feeds of betting
	// venues are seconds behind, scraped ones a minute or two; what is slower is a recording,
	// a backlog or a wrong clock, and holds nobody up.
	longestDelay odds.Millis = 5 * minute
	// mostSources limits the memory that a client can take up by inventing names. Further
	// sources are not waited for.
	mostSources = mostFeeds

	minute  odds.Millis = 60_000
	minutes int64       = 60 // that a delay, and a source, is remembered
)

// SourceOptions are what is known of one source. Zero fields take the default.
type SourceOptions struct {
	// OutOfOrder is how much older than the source's newest accepted tick an accepted one of
	// it may be. Zero means Options.OutOfOrder.
	OutOfOrder odds.Millis
	// Delay is how long after its event time a tick of the source comes. Zero means as it was
	// measured in the last hour. It counts up to five minutes.
	Delay odds.Millis
}

// watermarks say up to which event time each source has said everything. They read no clock.
//
// What a source may still send is younger than its newest tick by no more than its bound, or
// comes no later than its delay after its event time. So its watermark is the later of the two
// times, the newest tick and the clock minus the delay, minus the bound. It never falls.
type watermarks struct {
	bound  odds.Millis // of sources without one of their own
	known  map[string]SourceOptions
	idle   odds.Millis // after which sources that are slower than any that count have paused
	of     map[string]*heard
	waited bool // some source counted when the limit was last asked for
	slow   Slowest
}

// heard is what came of one source.
type heard struct {
	last   odds.Time // clock when it was heard last
	newest odds.Time // event time, at most the clock when it came
	mark   odds.Time
	delays delays
}

// Slowest is the source that holds up what is learnt from.
type Slowest struct {
	Source string      // empty: none does
	UpTo   odds.Time   // everything of it has come that is of this event time or older
	Behind odds.Millis // that is so far behind the clock
}

// told is how far a source may be behind before notes name it.
const told odds.Millis = 10_000

// Notes names a source that is far behind; nil if none is.
func (s Slowest) Notes() []string {
	if s.Source == "" || s.Behind < told {
		return nil
	}
	return []string{fmt.Sprintf("what is learnt waits for source %s, as its ticks come late: it goes up to %s, %s behind", shown(s.Source), s.UpTo, s.Behind.Std())}
}

func newWatermarks(o *Options) watermarks {
	return watermarks{bound: o.OutOfOrder, known: o.Sources, idle: odds.MillisOf(o.Idle), of: map[string]*heard{}}
}

// outOfOrder returns the bound of a source.
func (w *watermarks) outOfOrder(source string) odds.Millis {
	if own := w.known[source].OutOfOrder; own > 0 {
		return own
	}
	return w.bound
}

// widest returns the largest bound of any source.
func (w *watermarks) widest() odds.Millis {
	most := w.bound
	for _, o := range w.known {
		most = max(most, o.OutOfOrder)
	}
	return most
}

// newest returns the newest event time heard of a source in the last hour; Ever if it was
// silent.
func (w *watermarks) newest(source string) odds.Time {
	if h := w.of[source]; h != nil {
		return h.newest
	}
	return odds.Ever
}

// hear records a batch that was accepted when the clock said so. One that is ahead of the clock
// counts as of its time.
func (w *watermarks) hear(b *odds.Batch, clock odds.Time) {
	h := w.of[b.Source]
	if h == nil {
		if len(w.of) >= mostSources {
			return
		}
		h = &heard{last: clock, newest: odds.Ever, mark: odds.Ever}
		w.of[b.Source] = h
	}
	h.last = max(h.last, clock)
	h.newest = max(h.newest, min(b.At, clock))
	h.delays.add(b, clock)
}

// limit returns the event time up to which nothing can come any more of any source that is
// waited for. Sources silent for an hour are forgotten.
//
// Where all sources are slower than any that count, it is a recording that is sent: then its own
// ticks say how far it is, or the clock once it has paused.
func (w *watermarks) limit(clock odds.Time) odds.Time {
	out, slow := odds.Never, heard{last: odds.Ever, newest: odds.Ever}
	bound := w.bound
	for name, h := range w.of {
		if minuteOf(clock)-minuteOf(h.last) >= minutes {
			delete(w.of, name)
			continue
		}
		own := w.outOfOrder(name)
		if delay, counts := w.delay(name, h, clock); counts {
			h.mark = max(h.mark, max(h.newest, clock.Add(-delay)).Add(-own)-1)
			if h.mark < out || h.mark == out && name < w.slow.Source {
				w.slow = Slowest{name, h.mark, clock.Sub(h.mark)}
			}
			out = min(out, h.mark)
			continue
		}
		slow.last, slow.newest, bound = max(slow.last, h.last), max(slow.newest, h.newest), max(bound, own)
	}
	if w.waited = out != odds.Never; !w.waited {
		w.slow = Slowest{}
	}
	switch {
	case out != odds.Never:
		return out
	case slow.last != odds.Ever && clock.Sub(slow.last) < w.idle:
		return slow.newest.Add(-bound) - 1
	}
	return clock.Add(-w.bound) - 1
}

// delay returns the delay of a source; counts is false if it is slower than any that counts.
func (w *watermarks) delay(source string, h *heard, clock odds.Time) (d odds.Millis, counts bool) {
	if stated := w.known[source].Delay; stated > 0 {
		return min(stated, longestDelay), true
	}
	return h.delays.largest(clock)
}

// delays are the delays of a source in each of the last minutes of the clock. A batch that
// states when it was received counts with that. Of the times of acceptance, the shortest way of
// a minute counts: it is all that is known of the delay of a source that states nothing, and
// a backlog that is sent at once makes no source slow for longer than it lasts.
type delays struct {
	begun    [minutes]int64 // number of the minute; 0: none
	received [minutes]odds.Millis
	accepted [minutes]odds.Millis // longestDelay+1: more than counts
	computed int64                // the minute for which most was found last; 0: none
	most     odds.Millis
	counts   bool
}

func minuteOf(clock odds.Time) int64 { return int64(clock) / int64(minute) }

func (d *delays) add(b *odds.Batch, clock odds.Time) {
	n := minuteOf(clock)
	k := n % minutes
	if d.begun[k] != n {
		d.begun[k], d.received[k], d.accepted[k] = n, 0, longestDelay+1
	}
	if received := b.Recv.Sub(b.At); received <= longestDelay {
		d.received[k] = max(d.received[k], received)
	}
	d.accepted[k] = min(d.accepted[k], max(0, clock.Sub(b.At)))
	d.computed = 0
}

// largest returns the largest delay of the last hour that counts.
func (d *delays) largest(clock odds.Time) (most odds.Millis, counts bool) {
	now := minuteOf(clock)
	if d.computed == now {
		return d.most, d.counts
	}
	for k, n := range d.begun {
		if n == 0 || now-n >= minutes || d.accepted[k] > longestDelay {
			continue
		}
		most, counts = max(most, d.received[k], d.accepted[k]), true
	}
	d.computed, d.most, d.counts = now, most, counts
	return most, counts
}
