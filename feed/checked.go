package feed

import (
	"fmt"
	"slices"
	"strconv"

	"corrgraph/odds"
)

// MaxName is how many bytes a name may have: of a source, venue, event, market, selection,
// team and so on. Names are kept, repeated in node ids and told to every reader.
const MaxName = 256

// Reasons of what Checked refuses.
const (
	Reserved    = "reserved_name" // a venue has a name of our own
	NameTooLong = "name_too_long"
	BadMark     = "bad_mark" // what happened is of no event, or of an unknown kind
)

// Checked returns an Emit that passes on what emit may have: all that enters the program,
// recorded or live, goes through it. An update with a name that is too long, or of a venue
// whose name is reserved, is refused whole, because a market with some of its outcomes
// missing has other probabilities: its quotes are rejected at the line that rep read last,
// and taken back from the accepted ones.
func Checked(file string, emit Emit, rep *Report) Emit {
	refuse := func(reason, detail string, quotes int) {
		rep.TakeBack(quotes, Reject{file, rep.Line(), reason, detail})
	}
	return func(b *odds.Batch) error {
		if len(b.Source) > MaxName {
			refuse(NameTooLong, tooLong("source", len(b.Source)), b.Quotes())
			return nil
		}
		marks := checkedMarks(b.Marks, refuse)
		var kept []odds.Update // nil while all are
		for i := range b.Updates {
			u := &b.Updates[i]
			reason, detail := refused(u)
			switch {
			case reason != "":
				if kept == nil {
					kept = append(make([]odds.Update, 0, len(b.Updates)), b.Updates[:i]...)
				}
				refuse(reason, detail, u.Prices())
			case kept != nil:
				kept = append(kept, *u)
			}
		}
		if kept == nil && len(marks) == len(b.Marks) {
			return emit(b)
		}
		own := *b
		if own.Marks = marks; kept != nil {
			own.Updates = kept
		}
		if len(own.Updates)+len(marks) == 0 && !b.Polled {
			return nil
		}
		return emit(&own)
	}
}

// checkedMarks returns the marks that may be passed on: all itself, if it is all of them.
func checkedMarks(all []odds.Mark, refuse func(reason, detail string, quotes int)) []odds.Mark {
	kept := all
	for i := range all {
		m := &all[i]
		field, size := longestOf(&odds.Update{Event: m.Event}, "mark", m.Value, "mark", m.Was)
		reason, detail := "", ""
		switch {
		case m.Event == nil || m.Event.ID == "":
			reason, detail = BadMark, "a mark of no event"
		case !slices.Contains(odds.MarkKinds(), m.Kind):
			reason, detail = BadMark, fmt.Sprintf("a mark of kind %.40q, want one of %v", string(m.Kind), odds.MarkKinds())
		case size > MaxName:
			reason, detail = NameTooLong, tooLong(field, size)
		case len(kept) < len(all):
			kept = append(kept, *m)
		}
		if reason != "" {
			refuse(reason, detail, 0)
			if len(kept) == len(all) {
				kept = append(make([]odds.Mark, 0, len(all)), all[:i]...)
			}
		}
	}
	return kept
}

func tooLong(field string, size int) string {
	return fmt.Sprintf("%s is %d bytes long, want at most %d", field, size, MaxName)
}

// refused returns why an update is refused; an empty reason if it is not.
func refused(u *odds.Update) (reason, detail string) {
	if field, size := longestOf(u); size > MaxName {
		return NameTooLong, tooLong(field, size)
	}
	if odds.ReservedVenue(u.Venue) {
		return Reserved, "the name " + strconv.Quote(u.Venue) + " is reserved: rename the venue"
	}
	return "", ""
}

// longestOf returns the longest name of an update, and of further names each behind what it names,
// and what it names.
func longestOf(u *odds.Update, further ...string) (field string, size int) {
	look := func(name, value string) {
		if len(value) > size {
			field, size = name, len(value)
		}
	}
	for i := 0; i < len(further); i += 2 {
		look(further[i], further[i+1])
	}
	look("bookmaker", u.Venue)
	look("market", u.Market)
	look("settlement", u.Settlement)
	if e := u.Event; e != nil {
		look("event_id", e.ID)
		look("sport", e.Sport)
		look("league", e.League)
		look("home", e.Home)
		look("away", e.Away)
		look("title", e.Title)
		for _, p := range e.Participants {
			look("participant", p)
		}
	}
	for i := range u.Quotes {
		look("selection", u.Quotes[i].Selection)
		look("player", u.Quotes[i].Subject)
	}
	return field, size
}
