package series

import (
	"math"
	"sync/atomic"

	"corrgraph/odds"
)

// Keep is how many moves a node remembers by default; older ones are forgotten.
const Keep = 4096

// tiny is the change below which a value counts as unchanged: far below any venue's price
// step, far above rounding error.
const tiny = 1e-9

// Node is the series of one selection at one venue (or of a consensus) in one
// phase: its present value and its moves.
type Node struct {
	ID    odds.NodeID
	Hash  uint64 // of ID; seeds its decoys
	Value float64
	Open  bool      // Value is a current price, not the last one before a break
	Stamp odds.Time // the venue's own, of what is observed next; 0 unknown
	Recv  odds.Time // when that is received; 0 unknown

	SeenAt    odds.Time // last observation
	ChangedAt odds.Time // last move
	Keep      int       // moves remembered; 0 means Keep. It must not change

	Looks int     // observations at which a move was possible
	ss    float64 // Σ raw² over Looks

	moves   []Increment
	lent    uint32 // atomic; 1: somebody else may be reading moves, which must not change
	white   Whitener
	Gaps    int // breaks that no increment spans
	Dropped int // moves forgotten
}

// Observe takes the node's value at a time. joined means that the series is unbroken since
// the last observation (no suspension, no missed poll, no change of phase). Without it the
// value is adopted and no move is counted. moved reports whether an increment was added.
func (n *Node) Observe(at odds.Time, value float64, joined bool) (inc Increment, moved bool) {
	was, open := n.Value, n.Open
	n.Value, n.Open, n.SeenAt = value, true, at
	if !open || !joined {
		if n.ChangedAt != 0 {
			n.Gaps++
		}
		n.ChangedAt = at
		return inc, false
	}
	n.Looks++
	d := value - was
	if math.Abs(d) < tiny {
		n.Value = was
		return inc, false
	}
	return n.Push(at, d), true
}

// Push appends a move of size d at a time not before the last one's.
func (n *Node) Push(at odds.Time, d float64) Increment {
	inc := Increment{At: at, White: n.white.Next(d), Raw: d, Stamp: n.Stamp, Recv: n.Recv}
	n.ss += d * d
	n.ChangedAt = at
	if keep := n.keep(); len(n.moves) >= keep+keep/4+1 { // rare, because it moves all the remaining ones
		drop, to := len(n.moves)-keep, n.moves
		if n.lent != 0 {
			to, n.lent = make([]Increment, len(n.moves)), 0
		}
		n.moves = to[:copy(to, n.moves[drop:])]
		n.Dropped += drop
	}
	n.moves = append(n.moves, inc)
	return inc
}

func (n *Node) keep() int {
	if n.Keep > 0 {
		return n.Keep
	}
	return Keep
}

// Break marks the node as having no price now: the series starts afresh with the next one.
func (n *Node) Break() { n.Open = false }

// Moves returns the remembered moves, oldest first. The slice is valid until the
// next Push.
func (n *Node) Moves() []Increment {
	return n.moves[max(0, len(n.moves)-n.keep()):]
}

// Still returns the node as it stands, with its moves, for whoever goes on reading while this
// one changes. Several may call it at once, but not beside Push. Once a node that was asked
// has too many moves, it leaves them where they are and goes on elsewhere.
func (n *Node) Still() Node {
	atomic.StoreUint32(&n.lent, 1)
	return Node{ID: n.ID, Hash: n.Hash, SeenAt: n.SeenAt, Keep: n.Keep, Looks: n.Looks, ss: n.ss, moves: n.moves, Dropped: n.Dropped}
}

// Nth is how many of the remembered moves were made at the instant of the last one.
func (n *Node) Nth() (same int) {
	for i := len(n.moves) - 1; i >= 0 && n.moves[i].At == n.moves[len(n.moves)-1].At; i-- {
		same++
	}
	return same
}

// Count is the number of moves the node has made, including forgotten ones.
func (n *Node) Count() int { return n.Dropped + len(n.moves) }

// RMS returns the root mean square of moves over all looks: for a polled source all polls,
// including unchanged ones; for a stream all ticks. 0 before the first move.
func (n *Node) RMS() float64 {
	if n.Looks == 0 {
		return 0
	}
	return math.Sqrt(n.ss / float64(n.Looks))
}

// Walk is how far some series moved in all. A look is a poll or tick that could have shown a
// move, whether it did or not.
type Walk struct {
	Looks   int
	Squares float64 // Σ move², log-odds
}

// Add adds a series. It knows of its looks until it was last observed; looks are all of them.
func (w *Walk) Add(n *Node, looks int) {
	w.Looks, w.Squares = w.Looks+max(n.Looks, looks), w.Squares+n.ss
}

// Since returns the moves from a time on. Cost: their number.
func Since(m []Increment, since odds.Time) []Increment {
	i := len(m)
	for i > 0 && m[i-1].At >= since {
		i--
	}
	return m[i:]
}
