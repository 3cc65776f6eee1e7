package ticklog

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/odds"
)

// told names what is applied: source, whether it is a poll, and venue and first price of
// each update.
func told(bs []*odds.Batch) (out []string) {
	for _, b := range bs {
		s := b.Source
		if b.Polled {
			s += "*"
		}
		for _, u := range b.Updates {
			s += fmt.Sprint(" ", u.Venue, u.Quotes[0].Price)
		}
		out = append(out, s)
	}
	return out
}

func TestCombine(t *testing.T) {
	poll := func(source, venue string, price float64) *odds.Batch { return offer(source, 1, true, venue, price) }
	stream := func(source, venue string, price float64) *odds.Batch { return offer(source, 1, false, venue, price) }
	for name, c := range map[string]struct {
		in   []*odds.Batch
		want []string
	}{
		"nothing":                         {nil, nil},
		"one":                             {[]*odds.Batch{stream("s", "a", 2)}, []string{"s a2"}},
		"sources by name":                 {[]*odds.Batch{stream("t", "a", 2), poll("s", "a", 3)}, []string{"s* a3", "t a2"}},
		"a stream's own order":            {[]*odds.Batch{stream("s", "b", 3), stream("s", "a", 2)}, []string{"s b3", "s a2"}},
		"a stream that repeats itself":    {[]*odds.Batch{stream("s", "a", 2), stream("s", "a", 2)}, []string{"s a2"}},
		"a stream that changes its mind":  {[]*odds.Batch{stream("s", "a", 2), stream("s", "a", 3)}, []string{"s a2", "s a3"}},
		"there and back":                  {[]*odds.Batch{stream("s", "a", 2), stream("s", "a", 3), stream("s", "a", 2)}, []string{"s a2", "s a3"}},
		"a poll in two parts":             {[]*odds.Batch{poll("s", "b", 3), poll("s", "a", 2)}, []string{"s* a2 b3"}},
		"a poll that contradicts itself":  {[]*odds.Batch{poll("s", "a", 2), poll("s", "a", 3)}, []string{"s* a2 a3"}},
		"two sources say the same":        {[]*odds.Batch{poll("s", "a", 2), poll("t", "a", 2)}, []string{"s* a2", "t* a2"}},
		"a poll and a stream of one name": {[]*odds.Batch{poll("s", "a", 2), stream("s", "b", 3)}, []string{"s* a2", "s b3"}},
		"the stream first":                {[]*odds.Batch{stream("s", "b", 3), poll("s", "a", 2)}, []string{"s b3", "s* a2"}},
		"a stream between parts of a poll": {
			[]*odds.Batch{poll("s", "a", 2), stream("s", "b", 3), poll("s", "c", 4)}, []string{"s* a2 c4", "s b3"},
		},
	} {
		var fresh Combiner
		before := told(c.in)
		if got := told(fresh.Combine(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if after := told(c.in); !slices.Equal(after, before) {
			t.Errorf("%s: the batches were modified: %q, before %q", name, after, before)
		}
	}
}

func TestAPollInPartsTellsTimeAsCoarselyAsItsCoarsestPart(t *testing.T) {
	a, b := offer("s", 1, true, "a", 2), offer("s", 1, true, "b", 3)
	a.Resolution, b.Resolution = 1000, 5000
	var c Combiner
	if got := c.Combine([]*odds.Batch{a, b}); len(got) != 1 || got[0].Resolution != 5000 || a.Resolution != 1000 {
		t.Errorf("%+v", got)
	}
}

func TestAPollOfNothingIsAPoll(t *testing.T) {
	empty := &odds.Batch{Source: "s", At: 1, Polled: true}
	var c Combiner
	if got := c.Combine([]*odds.Batch{empty, offer("s", 1, true, "a", 2)}); len(got) != 1 || len(got[0].Updates) != 1 {
		t.Errorf("with a part that says something: %+v", got)
	}
	again := &odds.Batch{Source: "s", At: 1, Polled: true}
	if got := c.Combine([]*odds.Batch{empty, again}); len(got) != 1 || len(got[0].Updates) != 0 {
		t.Errorf("twice nothing: %+v", got)
	}
}

// What comes of an instant does not depend on how it was spread over batches, nor on
// which of them the log holds already.
func TestTheSpreadOfAPollMakesNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*odds.Batch // one update each, no two of one market that contradict
		for i := range rapid.IntRange(1, 6).Draw(t, "updates") {
			source := rapid.SampledFrom([]string{"p", "q"}).Draw(t, "source")
			all = append(all, offer(source, 1, true, fmt.Sprint("v", i), 1.5+float64(i)))
		}
		var whole Combiner
		want := told(whole.Combine(all))
		spread := rapid.Permutation(all).Draw(t, "order")
		for range rapid.IntRange(0, 3).Draw(t, "repeats") {
			spread = append(spread, rapid.SampledFrom(all).Draw(t, "again"))
		}
		n := rapid.IntRange(0, len(spread)).Draw(t, "held")
		applied, logged := mergedAll(t, spread[:n], spread[n:])
		if got := told(applied); !slices.Equal(got, want) {
			t.Fatalf("applied %q, want %q", got, want)
		}
		again, more := mergedAll(t, append(slices.Clone(spread[:n]), logged...), spread)
		if got := told(again); !slices.Equal(got, want) || len(more) != 0 {
			t.Fatalf("said once more: applied %q, want %q; %d batches to log", got, want, len(more))
		}
	})
}

// What was applied from what is new is applied again from the log, streams included.
func TestALogThatIsReadBackGivesTheSameInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var fresh []*odds.Batch
		at := odds.Time(1)
		for range rapid.IntRange(1, 10).Draw(t, "batches") {
			at += odds.Time(rapid.IntRange(0, 1).Draw(t, "later"))
			venue := rapid.SampledFrom([]string{"a", "b"})
			b := offer(rapid.SampledFrom([]string{"s", "t"}).Draw(t, "source"), at, rapid.Bool().Draw(t, "polled"), venue.Draw(t, "venue"), 0)
			for i := range b.Updates[0].Quotes {
				b.Updates[0].Quotes[i].Price = rapid.SampledFrom([]float64{2, 3}).Draw(t, "price")
			}
			fresh = append(fresh, b)
		}
		applied, logged := mergedAll(t, nil, fresh)
		again, more := mergedAll(t, logged, fresh)
		if got, want := told(again), told(applied); !slices.Equal(got, want) || len(more) != 0 {
			t.Fatalf("applied %q, the first time %q; %d batches to log", got, want, len(more))
		}
	})
}

func mergedAll(t *rapid.T, held, fresh []*odds.Batch) (applied, logged []*odds.Batch) {
	m, stop := NewMerge(given(held), next(fresh))
	defer stop()
	for {
		g, ok, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return applied, logged
		}
		applied, logged = append(applied, g.Apply...), append(logged, g.Log...)
	}
}

func given(bs []*odds.Batch) iter.Seq2[*odds.Batch, error] {
	return func(yield func(*odds.Batch, error) bool) {
		for _, b := range bs {
			if !yield(b, nil) {
				return
			}
		}
	}
}

func next(bs []*odds.Batch) func() (*odds.Batch, error) {
	return func() (*odds.Batch, error) {
		if len(bs) == 0 {
			return nil, io.EOF
		}
		b := bs[0]
		bs = bs[1:]
		return b, nil
	}
}

func TestAnErrorOfEitherSideEndsAMerge(t *testing.T) {
	disk, cut := errors.New("disk gone"), errors.New("cut")
	held := func(yield func(*odds.Batch, error) bool) {
		_ = yield(offer("s", 1, false, "a", 2), nil) && yield(nil, disk)
	}
	m, stop := NewMerge(held, next([]*odds.Batch{offer("s", 9, false, "a", 3)}))
	defer stop()
	if _, ok, err := m.Next(); ok || !errors.Is(err, disk) {
		t.Errorf("of the log: %v, %v", ok, err) // whether more of the instant comes is not known
	}
	m, stop = NewMerge(given(nil), func() (*odds.Batch, error) { return nil, cut })
	defer stop()
	if _, ok, err := m.Next(); ok || !errors.Is(err, cut) {
		t.Errorf("of what is new: %v, %v", ok, err)
	}
}

func TestWhatContradictsIsNoPartOfAnUpdate(t *testing.T) {
	whole := func() *odds.Update {
		return &odds.Update{Quotes: []odds.Quote{{Selection: "home", Line: -1, Price: 1.9}, {Selection: "away", Line: 1, Price: 1.9}}}
	}
	for name, c := range map[string]struct {
		u     odds.Update
		added int // -1: it contradicts
	}{
		"a part":                   {odds.Update{Quotes: whole().Quotes[:1]}, 0},
		"another selection":        {odds.Update{Quotes: []odds.Quote{{Selection: "draw", Price: 3}}}, 1},
		"another line":             {odds.Update{Quotes: []odds.Quote{{Selection: "home", Line: -2, Price: 2.5}}}, 1},
		"another price":            {odds.Update{Quotes: []odds.Quote{{Selection: "home", Line: -1, Price: 1.8}}}, -1},
		"suspended":                {odds.Update{Status: odds.Suspended, Quotes: whole().Quotes}, -1},
		"in play":                  {odds.Update{InPlay: true, Quotes: whole().Quotes}, -1},
		"an update without quotes": {odds.Update{}, -1},
	} {
		added, ok := (&standing{last: whole()}).rest(&c.u)
		if ok != (c.added >= 0) || ok && len(added) != c.added {
			t.Errorf("%s: adds %v, %v", name, added, ok)
		}
	}
	main := odds.Update{Quotes: []odds.Quote{{Selection: "home", Line: -1, Main: true, Price: 1.9}}}
	moved := odds.Update{Quotes: []odds.Quote{{Selection: "home", Line: -2, Main: true, Price: 2.1}}}
	if added, ok := (&standing{last: &main}).rest(&moved); ok {
		t.Errorf("a second main line is taken for a part: %v", added)
	}
}

func TestPartsOfAnUpdateTakeItsNewestStampAndItsWinners(t *testing.T) {
	part := func(selection string, stamp odds.Time, winners int) *odds.Batch {
		b := offer("s", 9, false, "a", 2)
		b.Updates[0].Quotes[0].Selection, b.Updates[0].Updated, b.Updates[0].Winners = selection, stamp, winners
		return b
	}
	var c Combiner
	got := c.Combine([]*odds.Batch{part("home", 5, 0), part("away", 7, 2), part("draw", 6, 0)})
	if len(got) != 1 || len(got[0].Updates) != 1 {
		t.Fatalf("%+v", got)
	}
	if u := got[0].Updates[0]; len(u.Quotes) != 3 || u.Updated != 7 || u.Winners != 2 {
		t.Errorf("%+v", u)
	}
}
