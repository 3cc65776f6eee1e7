package ticklog

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"corrgraph/odds"
)

// unsaid are the fields in which a repetition may differ.
var unsaid = []string{"Updated", "Winners", "Complete", "Middle"}

// change sets a field to a different value.
func change(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Float64:
		v.SetFloat(v.Float() + 0.5)
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	default:
		v.SetInt(v.Int() + 1)
	}
}

// Merge compares and Seen hashes the same fields. A field added to a quote or an update is
// among them unless explicitly excluded.
func TestMergeAndSeenAgreeOnWhatIsSaidAgain(t *testing.T) {
	event := &odds.Event{ID: "game"}
	fresh := func() *odds.Update {
		return &odds.Update{Event: event, Venue: "v", Market: "m", Quotes: []odds.Quote{
			{Selection: "home", Line: math.NaN(), Price: 1.9, Size: 5}, {Selection: "away", Line: math.NaN(), Price: 2.1},
		}}
	}
	b, seen := &odds.Batch{Source: "s", At: 7}, NewSeen(10)
	seen.Add(seen.Hash(b, fresh()))
	check := func(what string, u *odds.Update, again bool) {
		t.Helper()
		if got := Same(fresh(), u); got != again {
			t.Errorf("%s: Same says %v", what, got)
		}
		if got := seen.Has(seen.Hash(b, u)); got != again {
			t.Errorf("%s: Seen says %v", what, got)
		}
	}
	check("the same again", fresh(), true)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[odds.Update]()) {
		u := fresh()
		switch name := field.Name; name {
		case "Event", "Venue", "Market": // which market, not what is said of it
		case "Terms": // its fields follow
		case "Quotes":
			u.Quotes = u.Quotes[:1]
			check("one quote less", u, false)
		default:
			change(reflect.ValueOf(u).Elem().FieldByIndex(field.Index))
			check(name, u, slices.Contains(unsaid, name))
		}
	}
	for i := range reflect.TypeFor[odds.Quote]().NumField() {
		for k := range 2 {
			u := fresh()
			f := reflect.ValueOf(&u.Quotes[k]).Elem().Field(i)
			if name := reflect.TypeFor[odds.Quote]().Field(i).Name; name == "Line" {
				f.SetFloat(2.5)
			} else {
				change(f)
			}
			check(fmt.Sprint("quote ", k, ", member ", i), u, false)
		}
	}
	u := fresh()
	u.Quotes[0].Line, u.Quotes[1].Size = math.Float64frombits(0x7ff8000000000123), math.Copysign(0, -1)
	check("another NaN and the other zero", u, true)
}

func TestSeenIsOfOneSourceInstantAndMarket(t *testing.T) {
	u := odds.Update{Event: &odds.Event{ID: "game"}, Venue: "v", Market: "m", Quotes: []odds.Quote{{Selection: "home", Price: 1.9}}}
	b := odds.Batch{Source: "s", At: 7}
	seen := NewSeen(10)
	h := seen.Hash(&b, &u)
	if !seen.Add(h) || seen.Add(h) {
		t.Error("an update is new once")
	}
	for what, spoil := range map[string]func(*odds.Batch, *odds.Update){
		"source":  func(b *odds.Batch, _ *odds.Update) { b.Source = "t" },
		"instant": func(b *odds.Batch, _ *odds.Update) { b.At++ },
		"event":   func(_ *odds.Batch, u *odds.Update) { u.Event = &odds.Event{ID: "other"} },
		"venue":   func(_ *odds.Batch, u *odds.Update) { u.Venue = "w" },
		"market":  func(_ *odds.Batch, u *odds.Update) { u.Market = "n" },
		"border":  func(_ *odds.Batch, u *odds.Update) { u.Venue, u.Market = "vm", "" },
	} {
		b, u := b, u
		spoil(&b, &u)
		if seen.Has(seen.Hash(&b, &u)) {
			t.Errorf("another %s: taken for the same", what)
		}
	}
	seen.Remove(h)
	if seen.Has(h) {
		t.Error("what was removed is remembered")
	}
}

func TestSeenRemembersTheNewest(t *testing.T) {
	s := NewSeen(100)
	for h := range uint64(1000) {
		s.Add(h)
	}
	for h := uint64(900); h < 1000; h++ {
		if !s.Has(h) {
			t.Fatalf("%d of the newest 100 is forgotten", 1000-h)
		}
	}
	if n := len(s.old) + len(s.new); n > 200 {
		t.Errorf("%d are remembered", n)
	}
}

// Merge and Seen take a mark for the same if all that it says is, at one instant of one source.
func TestAMarkThatIsSaidAgainIsOne(t *testing.T) {
	goal := odds.Mark{Event: &odds.Event{ID: "game"}, Kind: odds.ScoreMark, Value: "1-0", Was: "0-0"}
	others := []odds.Mark{goal, goal, goal, goal, goal}
	others[0].Event, others[1].Kind, others[2].Value, others[3].Was, others[4].Ended = &odds.Event{ID: "other"}, odds.PeriodMark, "0-1", "", true
	b, seen := &odds.Batch{Source: "s", At: 7, Marks: []odds.Mark{goal}}, NewSeen(10)
	seen.Add(seen.HashMark(b, &goal))
	again := goal
	again.Event = &odds.Event{ID: "game", Start: 5}
	if !seen.Has(seen.HashMark(b, &again)) || !again.Same(&goal) {
		t.Error("another description of its event makes it another mark")
	}
	for i := range others {
		if seen.Has(seen.HashMark(b, &others[i])) || others[i].Same(&goal) {
			t.Errorf("%+v is taken for the same", others[i])
		}
	}
	for _, other := range []odds.Batch{{Source: "t", At: 7}, {Source: "s", At: 8}} {
		if seen.Has(seen.HashMark(&other, &goal)) {
			t.Errorf("it is taken for the same of %s at %d", other.Source, other.At)
		}
	}
	var c Combiner
	price := &odds.Batch{Source: "s", At: 7, Updates: []odds.Update{{Event: goal.Event, Venue: "v", Market: "m"}}, Marks: []odds.Mark{again, others[2]}}
	got := c.Combine([]*odds.Batch{b, price, b})
	if len(got) != 2 || len(got[0].Marks) != 1 || len(got[1].Marks) != 1 || got[1].Marks[0].Value != "0-1" || len(got[1].Updates) != 1 {
		t.Errorf("combined: %+v", got)
	}
	if got := c.Combine([]*odds.Batch{{Source: "s", At: 7}, b}); len(got) != 2 || len(got[1].Marks) != 1 {
		t.Errorf("beside an empty batch: %+v", got)
	}
}
