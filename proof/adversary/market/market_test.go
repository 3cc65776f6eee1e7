package market_test

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
	"corrgraph/proof/adversary/market"
)

// named finds a market.
func named(t *testing.T, name string) *market.Market {
	t.Helper()
	for _, m := range market.List() {
		if m.Name == name {
			return &m
		}
	}
	t.Fatalf("there is no market %q", name)
	return nil
}

// rows reads a market as the product does: from its canonical ticks.
func rows(t *testing.T, m *market.Market, seed uint64) (out []*odds.Batch) {
	t.Helper()
	var text bytes.Buffer
	if err := m.Write(&text, seed, 0); err != nil {
		t.Fatal(err)
	}
	rep := &feed.Report{}
	if err := canonical.New(canonical.Options{}).Parse(context.Background(), m.Name, &text, func(b *odds.Batch) error {
		out = append(out, b)
		return nil
	}, rep); err != nil {
		t.Fatal(err)
	}
	if by, _ := rep.Rejected(); len(by) > 0 {
		t.Fatalf("%s: rejected %v", m.Name, by)
	}
	return out
}

// shown is what a venue shows of an event from a time on.
type shown struct {
	at    int64 // ms since the start
	x     float64
	price float64
	u     *odds.Update
	b     *odds.Batch
}

// series sorts rows by venue and event.
func series(batches []*odds.Batch) map[string]map[string][]shown {
	out := map[string]map[string][]shown{}
	for _, b := range batches {
		for i := range b.Updates {
			u := &b.Updates[i]
			p, q := 1/u.Quotes[0].Price, 1/u.Quotes[1].Price
			if out[u.Venue] == nil {
				out[u.Venue] = map[string][]shown{}
			}
			out[u.Venue][u.Event.ID] = append(out[u.Venue][u.Event.ID], shown{int64(b.At - market.Start), math.Log(p / q), u.Quotes[0].Price, u, b})
		}
	}
	return out
}

// jump is a large move.
type jump struct {
	at int64
	dx float64
}

// jumps lists the moves of at least 0.08.
func jumps(s []shown) (out []jump) {
	for i := 1; i < len(s); i++ {
		if dx := s[i].x - s[i-1].x; math.Abs(dx) >= 0.08 {
			out = append(out, jump{s[i].at, dx})
		}
	}
	return out
}

// lags pairs each large move of a, if it comes when it should, with the nearest one of b by
// the same amount within a minute and a half, and lists by how much b is later.
func lags(all map[string]map[string][]shown, a, b string, when func(at int64) bool) (out []int64) {
	const reach = 90_000
	for event := range all[a] {
		follows := jumps(all[b][event])
		for _, j := range jumps(all[a][event]) {
			best, found := int64(0), false
			for _, k := range follows {
				if d := k.at - j.at; d > -reach && d < reach && math.Abs(k.dx-j.dx) < 0.02 && (!found || abs(d) < abs(best)) {
					best, found = d, true
				}
			}
			if found && when(j.at) {
				out = append(out, best)
			}
		}
	}
	slices.Sort(out)
	return out
}

func abs(v int64) int64 { return max(v, -v) }

func always(int64) bool { return true }

// middle fails unless nine in ten of the values lie within low to high, and there are enough.
func middle(t *testing.T, what string, v []int64, low, high int64) {
	t.Helper()
	n := len(v)
	if n < 20 {
		t.Fatalf("%s: only %d values", what, n)
	}
	if a, b := v[n/20], v[n-1-n/20]; a < low || b > high {
		t.Errorf("%s: nine in ten of %d lie within %d to %d, want %d to %d", what, n, a, b, low, high)
	}
}

// share is the part of the values for which ok is true.
func share[T any](v []T, ok func(T) bool) float64 {
	n := 0
	for _, x := range v {
		if ok(x) {
			n++
		}
	}
	return float64(n) / math.Max(1, float64(len(v)))
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if !(got >= low && got <= high) {
		t.Errorf("%s: %.3f, want %.2f to %.2f", what, got, low, high)
	}
}

func TestEveryMarketIsAPureFunctionOfItsSeed(t *testing.T) {
	for _, m := range market.List() {
		var texts [3]bytes.Buffer
		for i, seed := range []uint64{1, 1, 2} {
			if err := m.Write(&texts[i], seed, market.Start+30*minute); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(texts[0].Bytes(), texts[1].Bytes()) || bytes.Equal(texts[0].Bytes(), texts[2].Bytes()) {
			t.Errorf("%s: equal seeds, different rows, or the other way round", m.Name)
		}
	}
}

// TestEveryMarketIsSane: what its links name exists, in enough events, and prices stay near
// even.
func TestEveryMarketIsSane(t *testing.T) {
	names := map[string]bool{}
	for _, m := range market.List() {
		names[m.Name] = true
		batches := m.Batches(1)
		if !slices.IsSortedFunc(batches, func(x, y *odds.Batch) int { return cmp.Compare(x.At, y.At) }) {
			t.Errorf("%s is not in event-time order", m.Name)
		}
		all, want := series(batches), 12
		if m.Name == "thin" || m.Name == "thin, nothing there" {
			want = 4
		}
		for _, look := range m.Looks {
			for _, l := range look.Links {
				if len(all[l.A]) < want || len(all[l.B]) < want || l.Via != "" && all[l.Via] == nil || l.Low > l.High {
					t.Errorf("%s: %+v is of what is not there", m.Name, l)
				}
			}
		}
		for venue, events := range all {
			for _, s := range events {
				if i := slices.IndexFunc(s, func(x shown) bool { return math.Abs(x.x) > 3 }); i >= 0 {
					t.Fatalf("%s: %s reaches log-odds of %.1f", m.Name, venue, s[i].x)
				}
			}
		}
	}
	if len(names) != 24 {
		t.Errorf("%d names of markets", len(names))
	}
}

func TestAnEarlyLookSeesNothingLater(t *testing.T) {
	m := named(t, "leader swaps")
	var text bytes.Buffer
	if err := m.Write(&text, 1, m.Looks[0].At); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text.Bytes(), []byte("T06:")); n > 0 || !bytes.Contains(text.Bytes(), []byte("T23:5")) {
		t.Errorf("%d rows of the hour of the swap or later", n)
	}
}
