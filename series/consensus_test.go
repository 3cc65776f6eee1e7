package series

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bruteLevel is the definition: the mean over groups, each the mean of its members, pulled
// in to 3 robust s.d. of their median.
func bruteLevel(m []Member, leaveOut int, value func(Member) (float64, bool)) (float64, int) {
	sums, counts := map[int]float64{}, map[int]float64{}
	for _, x := range m {
		if v, ok := value(x); ok && x.Group != leaveOut {
			sums[x.Group] += v
			counts[x.Group]++
		}
	}
	var v []float64
	for g, s := range sums {
		v = append(v, s/counts[g])
	}
	if len(v) == 0 {
		return 0, 0
	}
	mid := bruteMedian(v)
	var dev []float64
	for _, x := range v {
		dev = append(dev, math.Abs(x-mid))
	}
	reach := 3 * math.Max(0.02, 1.4826*bruteMedian(dev))
	var sum float64
	for _, x := range v {
		sum += math.Min(mid+reach, math.Max(mid-reach, x))
	}
	return sum / float64(len(v)), len(v)
}

func bruteMedian(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func now(m Member) (float64, bool)  { return m.Now, true }
func then(m Member) (float64, bool) { return m.Now, m.Both }
func prev(m Member) (float64, bool) { return m.Prev, m.Both }

func drawMembers(t *rapid.T) []Member {
	value := rapid.OneOf(rapid.Float64Range(-0.05, 0.05), rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 0.3, 0.5}), rapid.Just(50.0))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Member {
		return Member{rapid.IntRange(0, 7).Draw(t, "group"), value.Draw(t, "now"), value.Draw(t, "prev"), rapid.Bool().Draw(t, "both")}
	}), 0, 14).Draw(t, "members")
}

// TestPanelIsTheDefinition reuses one Panel, to expose leaks.
func TestPanelIsTheDefinition(t *testing.T) {
	var p Panel
	check(t, func(t *rapid.T) {
		m := drawMembers(t)
		p.Load(m)
		for leaveOut := -1; leaveOut < 9; leaveOut++ {
			want, n := bruteLevel(m, leaveOut, now)
			got, groups := p.Level(leaveOut)
			if groups != n || math.Abs(got-want) > 1e-9 {
				t.Fatalf("level but %d: %v of %d groups, want %v of %d", leaveOut, got, groups, want, n)
			}
			a, n := bruteLevel(m, leaveOut, then)
			b, _ := bruteLevel(m, leaveOut, prev)
			move, groups := p.Move(leaveOut)
			if groups != n || math.Abs(move-(a-b)) > 1e-9 {
				t.Fatalf("move but %d: %v of %d groups, want %v of %d", leaveOut, move, groups, a-b, n)
			}
		}
	})
}

// TestPanelLeavesGroupsOut: a venue's values have no effect on the consensus without its
// group.
func TestPanelLeavesGroupsOut(t *testing.T) {
	check(t, func(t *rapid.T) {
		m := drawMembers(t)
		if len(m) == 0 {
			return
		}
		out := m[rapid.IntRange(0, len(m)-1).Draw(t, "out")].Group
		var p, q Panel
		p.Load(m)
		changed := slices.Clone(m)
		for i := range changed {
			if changed[i].Group == out {
				changed[i].Now, changed[i].Prev = rapid.Float64Range(-9, 9).Draw(t, "new"), -7
			}
		}
		q.Load(changed)
		a, n := p.Level(out)
		b, k := q.Level(out)
		c, _ := p.Move(out)
		d, _ := q.Move(out)
		if n != k || math.Abs(a-b) > 1e-9 || math.Abs(c-d) > 1e-9 {
			t.Fatalf("group %d left out, yet %v became %v, move %v became %v", out, a, b, c, d)
		}
	})
}

// TestPanelMembershipMovesNothing: a venue that joins, leaves or lacks a previous value
// does not contribute to a move.
func TestPanelMembershipMovesNothing(t *testing.T) {
	check(t, func(t *rapid.T) {
		m := drawMembers(t)
		var p, q Panel
		p.Load(m)
		q.Load(append(slices.Clone(m), Member{rapid.IntRange(0, 9).Draw(t, "group"), rapid.Float64Range(-9, 9).Draw(t, "new"), 0, false}))
		a, n := p.Move(-1)
		b, k := q.Move(-1)
		if a != b || n != k {
			t.Fatalf("a venue came: move %v of %d became %v of %d", a, n, b, k)
		}
	})
}

// TestPanelOneWrongQuote: one of ten venues is wrong, by any amount. The others lie within
// ±0.02, so the median moves by at most 0.02. The wrong one is pulled in to 3 robust s.d.
// of it and counts a tenth.
func TestPanelOneWrongQuote(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var p Panel
		m := make([]Member, 10)
		for g := range m {
			v := 0.02 * (2*rng.Float64() - 1)
			m[g] = Member{g, v, v, true}
		}
		p.Load(m)
		right, _ := p.Level(-1)
		m[rng.IntN(10)].Now = 100 * rng.NormFloat64()
		p.Load(m)
		wrong, _ := p.Level(-1)
		move, _ := p.Move(-1)
		const most = (0.02 + 3*1.4826*0.04 + 0.02) / 10
		if math.Abs(wrong-right) > most || math.Abs(move) > most {
			t.Fatalf("a wrong quote moved the consensus by %v, %v; at most %v", wrong-right, move, most)
		}
	}
}

// TestPanelGroupsCountOnce: ten venues of one group weigh as much as one venue.
func TestPanelGroupsCountOnce(t *testing.T) {
	var p Panel
	m := []Member{{0, 0.01, 0, true}, {1, 0.03, 0, true}}
	for range 10 {
		m = append(m, Member{2, -0.01, 0, true})
	}
	p.Load(m)
	if v, n := p.Level(-1); n != 3 || math.Abs(v-0.01) > 1e-12 {
		t.Errorf("%v of %d groups", v, n)
	}
	if v, n := p.Level(2); n != 2 || math.Abs(v-0.02) > 1e-12 {
		t.Errorf("without the big group: %v of %d groups", v, n)
	}
	p.Load(nil)
	if v, n := p.Level(-1); n != 0 || v != 0 {
		t.Errorf("nobody: %v of %d groups", v, n)
	}
}

// The consensus of −0.1, 0, 0.1 and 9 worked by hand: the median is 0.05, the
// deviations 0.05, 0.05, 0.15 and 8.95 have the median 0.1, and 9 is drawn in to
// 0.05 + 3·0.14826 = 0.49478.
func TestPanelWorked(t *testing.T) {
	var p Panel
	p.Load([]Member{{0, -0.1, 0, false}, {1, 0, 0, false}, {2, 0.1, 0, false}, {3, 9, 0, false}})
	if v, n := p.Level(-1); n != 4 || math.Abs(v-0.49478/4) > 1e-12 {
		t.Errorf("%v of %d groups, want %v of 4", v, n, 0.49478/4)
	}
	if v, n := p.Level(3); n != 3 || math.Abs(v) > 1e-15 {
		t.Errorf("without the far one: %v of %d groups, want 0 of 3", v, n)
	}
	if v, n := p.Move(-1); n != 0 || v != 0 {
		t.Errorf("nobody has a previous value, yet the move is %v of %d groups", v, n)
	}
	// Three agree to the digit: the reach is never less than 3·0.02, and 2 counts as 1.06.
	p.Load([]Member{{0, 1, 1, true}, {1, 1, 1, true}, {2, 1, 1, true}, {3, 2, 1, true}})
	if v, n := p.Level(-1); n != 4 || math.Abs(v-1.015) > 1e-12 {
		t.Errorf("%v of %d groups, want 1.015 of 4", v, n)
	}
	if v, n := p.Move(-1); n != 4 || math.Abs(v-0.015) > 1e-12 {
		t.Errorf("a move of %v over %d groups, want 0.015 over 4", v, n)
	}
}

// All venues moved up by c: so do level and nothing else.
func TestPanelShifts(t *testing.T) {
	check(t, func(t *rapid.T) {
		m := drawMembers(t)
		c := rapid.Float64Range(-3, 3).Draw(t, "shift")
		var p, q Panel
		p.Load(m)
		up, mirrored := slices.Clone(m), slices.Clone(m)
		for i := range m {
			up[i].Now, up[i].Prev = m[i].Now+c, m[i].Prev+c
			mirrored[i].Now, mirrored[i].Prev = -m[i].Now, -m[i].Prev
		}
		level, n := p.Level(-1)
		move, _ := p.Move(-1)
		q.Load(up)
		if got, _ := q.Level(-1); n > 0 && math.Abs(got-level-c) > 1e-9 {
			t.Fatalf("level %v became %v, shifted by %v", level, got, c)
		}
		if got, _ := q.Move(-1); math.Abs(got-move) > 1e-9 {
			t.Fatalf("move %v became %v", move, got)
		}
		q.Load(mirrored)
		if got, _ := q.Level(-1); math.Abs(got+level) > 1e-9 {
			t.Fatalf("level %v, mirrored %v", level, got)
		}
	})
}

func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
