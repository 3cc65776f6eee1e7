package handoff

import (
	"testing"
	"testing/synctest"

	"corrgraph/odds"
)

// of is a parcel of one instant with so many quotes.
func of(at odds.Time, quotes int) Parcel {
	return Parcel{Instants: [][]*odds.Batch{{{At: at, Updates: []odds.Update{{Quotes: make([]odds.Quote, quotes)}}}}}}
}

// TestWhatThereIsNoRoomForIsLeftInTheLog and nobody waits, once that is read back; it comes after
// what was taken before, and before what was taken later.
func TestWhatThereIsNoRoomForIsLeftInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewInbox(10, true)
		x.Put(of(1, 8))
		put := false
		go func() { x.Put(of(2, 8)); put = true }()
		if synctest.Wait(); put {
			t.Fatal("nobody waits while the log is read back")
		}
		x.Next()
		synctest.Wait()
		x.Put(Parcel{End: make(chan struct{})})
		x.Put(of(3, 8))
		x.Put(of(4, 1)) // there would be room once the first is gone, but not before the third
		x.Put(Parcel{Quiet: true})
		if n := x.Waiting(); n != 9+9+2 {
			t.Errorf("%d quotes wait", n)
		}
		x.Next()
		x.Next()
		p, _ := x.Next()
		if p.Left == nil || *p.Left != (Left{After: 2, Until: 4, Quotes: 11, Quiet: true}) {
			t.Fatalf("left in the log: %+v", p.Left)
		}
		x.Put(of(5, 8))
		x.Put(of(6, 8))
		if x.Learnt(9); x.Waiting() != 2+9+9 {
			t.Errorf("%d quotes wait", x.Waiting())
		}
		if p, _ := x.Next(); len(p.Instants) != 1 || p.Instants[0][0].At != 5 {
			t.Errorf("got %+v, want what was put next", p)
		}
		if p, _ := x.Next(); p.Left == nil || *p.Left != (Left{After: 5, Until: 6, Quotes: 9}) {
			t.Errorf("left in the log: %+v", p.Left)
		}
	})
}

// TestTheEndComesAfterWhatIsLeft where a log is read on that nobody waits for.
func TestTheEndComesAfterWhatIsLeft(t *testing.T) {
	x := NewInbox(10, true)
	x.Live()
	end := make(chan struct{})
	for _, p := range []Parcel{of(1, 8), of(2, 8), {End: end}, of(3, 8), {Quiet: true}} {
		x.Put(p)
	}
	if p, _ := x.Next(); len(p.Instants) != 1 || p.End != nil {
		t.Errorf("first %+v", p)
	}
	p, _ := x.Next()
	if p.Left == nil || *p.Left != (Left{After: 1, Until: 3, Quotes: 18, Quiet: true, End: end}) {
		t.Errorf("then %+v", p.Left)
	}
	x.Put(of(4, 8))
	if p, _ := x.Next(); len(p.Instants) != 1 {
		t.Errorf("then %+v", p)
	}
}

// TestASenderWaitsForRoom if the log can't be read again.
func TestASenderWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewInbox(MostSettled, false)
		half := of(1, MostSettled/2)
		x.Put(half)
		put := false
		go func() { x.Put(half); put = true }()
		synctest.Wait()
		if n := x.Waiting(); put || n != MostSettled/2+1 {
			t.Errorf("%d quotes wait", n)
		}
		if put {
			t.Fatal("a parcel was taken for which there is no room")
		}
		if p, ok := x.Next(); !ok || len(p.Instants) != 1 {
			t.Fatal("the first parcel is not there")
		}
		synctest.Wait()
		if !put {
			t.Fatal("there is room, and the sender waits")
		}
		learnt := false
		go func() { x.Drain(); learnt = true }()
		x.Next()
		synctest.Wait()
		if learnt {
			t.Fatal("what was taken out last counts as learnt while it is worked on")
		}
		x.Close()
		if _, ok := x.Next(); ok {
			t.Fatal("there is a parcel after the last")
		}
		synctest.Wait()
		if !learnt {
			t.Fatal("all is learnt, and somebody waits for it")
		}
	})
}

// TestVerdictsComeOnceTheirWindowsAreDecided asks for verdicts before they are there.
func TestVerdictsComeOnceTheirWindowsAreDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDocket[int]()
		d.Put(100, 1)
		d.Put(300, 2)
		d.Reach(100)
		if got := d.UpTo(100); len(got) != 1 || got[0] != 1 {
			t.Fatalf("up to 100 there are %d verdicts", len(got))
		}
		if got := d.UpTo(250); len(got) != 0 { // a later one is there: none between will come
			t.Fatalf("up to 250 there are %d verdicts more", len(got))
		}
		d.Reach(300)
		if got := d.UpTo(300); len(got) != 1 || d.Newest() != 300 {
			t.Fatalf("up to 300 there are %d verdicts more, the newest of %d", len(got), d.Newest())
		}
		var got []int
		over := false
		go func() { got, over = d.UpTo(400), true }()
		synctest.Wait()
		if over {
			t.Fatal("windows up to 400 are not decided, and nobody waited for them")
		}
		d.Put(400, 3)
		d.Reach(400)
		synctest.Wait()
		if !over || len(got) != 1 || got[0] != 3 {
			t.Fatalf("got %d verdicts, over: %t", len(got), over)
		}
	})
}

// TestTheLearnerWaitsWithTooManyVerdicts fills the docket as a long log does.
func TestTheLearnerWaitsWithTooManyVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDocket[int]()
		n := 0
		go func() {
			for i := range 2 * mostVerdicts {
				d.Put(odds.Time(i), i)
				n++
			}
		}()
		synctest.Wait()
		if n != mostVerdicts {
			t.Fatalf("%d verdicts were taken, want %d", n, mostVerdicts)
		}
		d.Idle(true) // nothing is there to be told: nobody takes them out
		synctest.Wait()
		if n != 2*mostVerdicts {
			t.Fatalf("%d verdicts were taken while nobody would take them out", n)
		}
	})
}
