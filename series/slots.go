package series

import (
	"math"
	"slices"

	"corrgraph/odds"
)

// SlotWidth is how long a slot is.
const SlotWidth odds.Millis = 15_000

// cutAt is how many r.m.s. of a series' moves one of them counts for at most in Slot.Cut.
const cutAt = 4

// Slot sums moves of a series. Times are in ms from the origin of its Slots.
type Slot struct {
	White, Raw float64
	Cut        float64 // Σ raw, each move within 4 r.m.s. of the series
	At, Recv   float64 // Σ white·(time of the move), and of its receipt
}

// Minus is the difference of two sums.
func (a Slot) Minus(b Slot) Slot {
	return Slot{a.White - b.White, a.Raw - b.Raw, a.Cut - b.Cut, a.At - b.At, a.Recv - b.Recv}
}

// Slots are the moves of a series summed by slots of [SlotWidth], which begin at whole
// multiples of it. The sum of any run of slots is the difference of two of Before. The zero value is empty, ready to
// Fill and to be filled again.
type Slots struct {
	from   int64   // number of the first slot: its time divided by SlotWidth
	ranks  []int32 // by slot: of the first slot that is not empty, from there on
	number []int64 // by rank
	before []Slot  // by rank: the sum of all slots before it; one more than there are ranks
}

// Fill sums the moves, oldest first, of the slots [from, to), a caller's bug if from > to.
// Times count from the start of slot origin. Cost: O(moves from there on + to − from).
func (s *Slots) Fill(moves []Increment, origin, from, to int64) {
	s.from, s.ranks, s.number, s.before = from, s.ranks[:0], s.number[:0], append(s.before[:0], Slot{})
	start, _ := slices.BinarySearchFunc(moves, odds.Time(from*int64(SlotWidth)), func(m Increment, t odds.Time) int { return int(m.At - t) })
	end := start
	var square float64
	for ; end < len(moves) && int64(moves[end].At) < to*int64(SlotWidth); end++ {
		square += moves[end].Raw * moves[end].Raw
	}
	most, zero := cutAt*math.Sqrt(square/float64(max(1, end-start))), float64(origin*int64(SlotWidth))
	var sum Slot
	for i := start; i < end; i++ {
		m := &moves[i]
		n := int64(m.At) / int64(SlotWidth)
		if k := len(s.number); k == 0 || s.number[k-1] != n {
			s.reach(n, int32(k))
			s.number, s.before = append(s.number, n), append(s.before, Slot{})
		}
		sum.White += m.White
		sum.Raw += m.Raw
		sum.Cut += math.Max(-most, math.Min(most, m.Raw))
		sum.At += m.White * (float64(m.At) - zero)
		recv := m.Recv
		if recv == 0 {
			recv = m.At
		}
		sum.Recv += m.White * (float64(recv) - zero)
		s.before[len(s.before)-1] = sum
	}
	s.reach(to, int32(len(s.number)))
}

// reach notes that up to slot number n no slot of this rank or a higher one begins.
func (s *Slots) reach(n int64, rank int32) {
	for range n + 1 - s.from - int64(len(s.ranks)) {
		s.ranks = append(s.ranks, rank)
	}
}

// Rank returns how many of the filled slots before number n are not empty. It panics unless
// from ≤ n ≤ to.
func (s *Slots) Rank(n int64) int { return int(s.ranks[n-s.from]) }

// Len is the number of slots that are not empty.
func (s *Slots) Len() int { return len(s.number) }

// Number is that of the slot of a rank below Len.
func (s *Slots) Number(rank int) int64 { return s.number[rank] }

// Sum is that of the slot of a rank below Len.
func (s *Slots) Sum(rank int) Slot { return s.before[rank+1].Minus(s.before[rank]) }

// Before is the sum of all slots of lower ranks; rank may be Len.
func (s *Slots) Before(rank int) *Slot { return &s.before[rank] }
