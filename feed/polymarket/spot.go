package polymarket

import (
	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsonscan"
)

// odd is a level of which a spot check said otherwise.
type odd struct {
	buy          bool
	rank         int32
	ours, theirs float64 // sizes; 0 none
}

// mostOdd limits what is remembered of a spot check.
const mostOdd = 64

// spot compares an answer of /book with what was streamed. The two are read at different moments:
// only a difference that stands in a second answer, no sooner than [Held], counts. It stands if a level has the same two
// sizes as before, or is still odd and nothing was streamed in between.
func (d *Decoder) spot(data []byte) {
	s := jsonscan.New(data, 0)
	msg := &d.msg
	if msg.read(&s); s.Err() != nil {
		d.fail(s.Err())
		return
	}
	t, ok := d.tokens[string(msg.asset)]
	if !ok || msg.broken || !msg.image || t.m.state != frames.Live {
		return
	}
	m := t.m
	if msg.stamp != 0 && msg.stamp < m.stamp { // older than the stream
		if len(m.odd) > 0 {
			d.told.Doubts = append(d.told.Doubts, m.c.ID)
		}
		return
	}
	if t.second {
		msg.mirror()
	}
	var theirs book
	theirs.bids.fill(msg.bids)
	theirs.asks.fill(msg.asks)
	now := differ(theirs.asks, m.book.asks, false, differ(theirs.bids, m.book.bids, true, nil))
	switch {
	case len(now) > 0 && len(m.odd) > 0 && d.frame.Recv.Sub(m.oddSince) < Held: // too soon: it may be one and the same delay
		d.told.Doubts = append(d.told.Doubts, m.c.ID)
		return
	case len(now) > 0 && m.stands(now):
		d.lose(m, frames.Gap, "GET /book said otherwise, twice")
		return
	}
	m.odd, m.oddAt, m.oddSince = now, m.changes, d.frame.Recv
	if len(now) > 0 {
		d.told.Doubts = append(d.told.Doubts, m.c.ID)
	} else if m.doubt != 0 {
		m.expect = top{} // the book is right
		d.touch(m, msg.stamp)
	}
}

// stands reports whether a difference was there at the last check already.
func (m *market) stands(now []odd) bool {
	still := m.oddAt == m.changes
	for _, x := range now {
		for _, y := range m.odd {
			if x == y || still && x.buy == y.buy && x.rank == y.rank {
				return true
			}
		}
	}
	return false
}

// differ appends the levels in which two ladders differ, the best first.
func differ(theirs, ours ladder, buy bool, to []odd) []odd {
	i, j := len(theirs)-1, len(ours)-1
	for (i >= 0 || j >= 0) && len(to) < mostOdd {
		switch {
		case j < 0 || i >= 0 && theirs[i].rank > ours[j].rank:
			to = append(to, odd{buy, theirs[i].rank, 0, theirs[i].size})
			i--
		case i < 0 || ours[j].rank > theirs[i].rank:
			to = append(to, odd{buy, ours[j].rank, ours[j].size, 0})
			j--
		default:
			if theirs[i].size != ours[j].size {
				to = append(to, odd{buy, ours[j].rank, ours[j].size, theirs[i].size})
			}
			i, j = i-1, j-1
		}
	}
	return to
}
