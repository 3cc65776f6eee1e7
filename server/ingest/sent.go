package ingest

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// old reports whether a request of a group begins with what happened longer ago than any source
// is slow: it is a recording that is sent.
func old(group []*request, now odds.Time) bool {
	return slices.ContainsFunc(group, func(r *request) bool {
		return len(r.batches) > 0 && r.batches[0].At < now.Add(-longestDelay)
	})
}

// takeRecording takes requests of a recording while nothing else comes, minute by minute of its
// own time: it comes as fast as it can be read, and what is told of a minute rests on what the
// ones before have shown. If an append fails, the pieces before it are accepted, and will be
// duplicates when they are sent again.
func (g *Ingester) takeRecording(group []*request, to Sink) error {
	for i, r := range group {
		for _, p := range r.pieces() {
			g.settle(to, g.stage.advance(g.now()))
			g.o.CatchUp()
			if err := g.takeGroup([]*request{p.request}, to); err != nil {
				refuse(group[i:], ErrRecovering)
				return err
			}
			if r.err = p.err; r.err != nil {
				r.receipt = Receipt{}
				break
			}
			r.add(p)
		}
		close(r.done)
	}
	return nil
}

// piece is a part of a request.
type piece struct {
	*request
	of []int // where its batches are in the request
}

// mostPieces is in how many pieces a request is taken at most: each costs an append, and a
// sender chooses the times. A longer recording has longer pieces.
const mostPieces = 240

// pieces are the minutes of a request, in order; longer spans where that would be too many.
func (r *request) pieces() (out []piece) {
	order := make([]int, len(r.batches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.batches[a].At, r.batches[b].At) })
	if len(order) == 0 {
		return nil
	}
	first, last := r.batches[order[0]].At, r.batches[order[len(order)-1]].At
	span := max(minute, last.Sub(first)/mostPieces+1)
	nth := odds.Millis(-1)
	for _, i := range order {
		if k := r.batches[i].At.Sub(first) / span; k != nth {
			nth = k
			out = append(out, piece{request: &request{done: make(chan struct{})}})
		}
		p := &out[len(out)-1]
		p.batches, p.of = append(p.batches, r.batches[i]), append(p.of, i)
	}
	return out
}

// add adds the receipt of a piece.
func (r *request) add(p piece) {
	r.receipt.Accepted += p.receipt.Accepted
	r.receipt.Duplicates += p.receipt.Duplicates
	for _, no := range p.receipt.Refused {
		no.Batch = p.of[no.Batch]
		r.receipt.Refused = append(r.receipt.Refused, no)
	}
}
