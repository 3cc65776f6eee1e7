package venues

import (
	"testing"

	"corrgraph/engine/board"
)

// market is a board with one polled series that was looked at so many times, and that series.
func market(looks int) (*board.Board, *board.Node) {
	ev := &board.Event{Sport: "baseball", League: "mlb"}
	m := &board.Market{Event: ev, Family: "h2h"}
	n := &board.Node{Event: ev, Market: m}
	b := &board.Book{Market: m, Venue: &board.Venue{Name: "ann"}, Source: &board.Source{Polled: true}, Nodes: []*board.Node{nil, n}}
	n.Book, n.Looks = b, looks
	m.Books, ev.Markets = []*board.Book{b}, []*board.Market{m}
	return &board.Board{Order: []*board.Event{ev}}, n
}

func TestAMoveIsSetBesideTheSmallerScale(t *testing.T) {
	_, n := market(0)
	other := *n
	other.Live = true
	consensus := *n
	consensus.Book = nil
	u := Usual{habitOf(n): 0.02}
	for _, c := range []struct {
		node      *board.Node
		rms, want float64
	}{
		{n, 0.05, 0.02},
		{n, 0.01, 0.01},
		{n, 0, 0.02}, // its first move
		{&other, 0.05, 0.05},
		{&other, 0, 0},
		{&consensus, 0.05, 0.05},
	} {
		if got := u.Scale(&board.Move{Node: c.node, RMS: c.rms}); got != c.want {
			t.Errorf("r.m.s. %v, live %v: %v, want %v", c.rms, c.node.Live, got, c.want)
		}
	}
}

func TestLearnedFromEnoughPolls(t *testing.T) {
	for looks, want := range map[int]int{0: 0, 99: 0, 100: 1} {
		u := Usual{habit{venue: "gone"}: 1}
		b, n := market(looks)
		if u.Learn(b); len(u) != want {
			t.Errorf("%d polls: %v", looks, u)
		}
		if n.Book.Source.Polled = false; want == 1 {
			if u.Learn(b); len(u) != 0 {
				t.Errorf("a stream has polls: %v", u)
			}
		}
	}
}
