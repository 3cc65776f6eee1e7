package series_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

const slot = int64(series.SlotWidth)

func alike(a, b series.Slot) bool {
	d := a.Minus(b)
	for _, x := range []float64{d.White, d.Raw, d.Cut, d.At / 1e6, d.Recv / 1e6} {
		if math.Abs(x) > 1e-9 {
			return false
		}
	}
	return true
}

func TestSlotsSumTheMovesOfEach(t *testing.T) {
	moves := []series.Increment{
		{At: odds.Time(9*slot + 5), Raw: 9, White: 9}, // before the slots
		{At: odds.Time(10 * slot), Raw: 1, White: 2, Recv: odds.Time(10*slot + 40)},
		{At: odds.Time(11*slot - 1), Raw: -3, White: -1},
		{At: odds.Time(13 * slot), Raw: 0.5, White: 1},
		{At: odds.Time(14 * slot), Raw: 9, White: 9}, // after them
	}
	var s series.Slots
	s.Fill(moves, 8, 10, 14)
	if s.Len() != 2 || s.Number(0) != 10 || s.Number(1) != 13 {
		t.Fatalf("%d slots: %+v", s.Len(), s)
	}
	for n, rank := range map[int64]int{10: 0, 11: 1, 12: 1, 13: 1, 14: 2} {
		if got := s.Rank(n); got != rank {
			t.Errorf("before slot %d are %d, not %d", n, got, rank)
		}
	}
	// Times count from the start of slot 8. A move without a time of receipt was received at once.
	first := series.Slot{White: 1, Raw: -2, Cut: -2, At: 2*2*float64(slot) - float64(3*slot-1), Recv: 2*(2*float64(slot)+40) - float64(3*slot-1)}
	last := series.Slot{White: 1, Raw: 0.5, Cut: 0.5, At: 5 * float64(slot), Recv: 5 * float64(slot)}
	if got := s.Sum(0); !alike(got, first) {
		t.Errorf("got %+v, want %+v", got, first)
	}
	if got := s.Sum(1); !alike(got, last) {
		t.Errorf("got %+v, want %+v", got, last)
	}
	if got := s.Before(0); *got != (series.Slot{}) {
		t.Errorf("before the first: %+v", got)
	}
	if got, want := s.Before(2).Minus(*s.Before(0)), first.Minus(series.Slot{}.Minus(last)); !alike(got, want) {
		t.Errorf("both: got %+v, want %+v", got, want)
	}
}

// Of one huge move no more than four r.m.s. count, in Cut alone.
func TestSlotsCutWhatIsHuge(t *testing.T) {
	var moves []series.Increment
	for i := range int64(99) {
		moves = append(moves, series.Increment{At: odds.Time(i * slot), Raw: 1, White: 1})
	}
	moves = append(moves, series.Increment{At: odds.Time(99 * slot), Raw: -100, White: -6})
	var s series.Slots
	s.Fill(moves, 0, 0, 100)
	most := 4 * math.Sqrt((99+100*100)/100.0)
	if got := s.Sum(99); got.Raw != -100 || got.White != -6 || math.Abs(got.Cut+most) > 1e-9 {
		t.Errorf("%+v, at most %g", got, most)
	}
	if got := s.Sum(0); got.Cut != 1 {
		t.Errorf("an ordinary one: %+v", got)
	}
}

// Filled again, it holds the new moves alone; without any it has ranks all the same.
func TestSlotsAreFilledAgain(t *testing.T) {
	var s series.Slots
	s.Fill([]series.Increment{{At: 3, Raw: 1, White: 1}, {At: odds.Time(2 * slot), Raw: 1, White: 1}}, 0, 0, 5)
	s.Fill(nil, 7, 7, 9)
	if s.Len() != 0 || s.Rank(7) != 0 || s.Rank(9) != 0 || *s.Before(0) != (series.Slot{}) {
		t.Errorf("%+v", s)
	}
	s.Fill([]series.Increment{{At: odds.Time(7 * slot), Raw: 2, White: 3}}, 7, 7, 7)
	if s.Len() != 0 || s.Rank(7) != 0 {
		t.Errorf("no slots at all: %+v", s)
	}
}

// The sum of any run of slots is that of its moves.
func TestSlotsSumAnyRun(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var moves []series.Increment
	at := odds.Time(1000 * slot)
	for range 400 {
		at += odds.Time(r.Int64N(3 * slot))
		m := series.Increment{At: at, Raw: r.NormFloat64(), White: r.NormFloat64()}
		if r.IntN(2) == 0 {
			m.Recv = at + odds.Time(r.Int64N(500))
		}
		moves = append(moves, m)
	}
	const from, to = 1010, 1500
	var s series.Slots
	s.Fill(moves, 1000, from, to)
	for range 200 {
		a := from + r.Int64N(to-from)
		b := a + r.Int64N(to-a+1)
		var want series.Slot
		for _, m := range moves {
			if n := int64(m.At) / slot; n < a || n >= b {
				continue
			}
			recv := m.Recv
			if recv == 0 {
				recv = m.At
			}
			want.White, want.Raw, want.Cut = want.White+m.White, want.Raw+m.Raw, want.Cut+m.Raw // none is huge
			want.At, want.Recv = want.At+m.White*float64(m.At-odds.Time(1000*slot)), want.Recv+m.White*float64(recv-odds.Time(1000*slot))
		}
		if got := s.Before(s.Rank(b)).Minus(*s.Before(s.Rank(a))); !alike(got, want) {
			t.Fatalf("slots %d to %d: got %+v, want %+v", a, b, got, want)
		}
	}
}
