package leaders

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/internal/table"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// Reactions is the answer of `reactions`. Times are relative to the marks, whose channel is itself
// late: only comparisons of venues say anything.
type Reactions struct {
	AsOf   odds.Time               `json:"as_of"`
	Marks  int                     `json:"marks"`     // new scores behind it, the newest 4096 at most
	Before odds.Millis             `json:"before_ms"` // how long before a mark a reaction may come
	Wait   odds.Millis             `json:"horizon_ms"`
	Least  int                     `json:"least_events"` // below this nothing is said of a venue or a pair
	Venues []reaction.ReactionRow  `json:"venues"`       // by sport, league and market, the soonest first
	Pairs  []reaction.ReactionPair `json:"pairs"`
	Told   []reaction.EventMark    `json:"told"` // scores of the event that was asked for, oldest first; else empty
}

// ReactionFilter says what is asked for. Its zero value asks for all leagues.
type ReactionFilter struct {
	Sport string // as in words.LeagueFilter
	Event string // an event, and the league that it is of
}

// ReactionReader reads marks of scores.
type ReactionReader interface {
	// Leagues returns the leagues that are known.
	Leagues(ctx context.Context) ([]catalog.League, error)
	// Reactions returns the marks, and how venues reacted.
	Reactions(ctx context.Context) ([]reaction.EventMark, error)
}

// ReactionJudge is [reaction.Judge] of the marks of the leagues that scope names.
type ReactionJudge func(scope string, marks []reaction.EventMark) ([]reaction.ReactionRow, []reaction.ReactionPair)

// ListReactions compares the venues by judge; nil means that of package reaction. It returns words.ErrInvalid
// for a sport that is not known. Whether there is such an event is up to the caller.
func ListReactions(ctx context.Context, r ReactionReader, f ReactionFilter, asOf odds.Time, judge ReactionJudge) (*Reactions, error) {
	all, err := r.Reactions(ctx)
	if err != nil {
		return nil, err
	}
	leagues, err := r.Leagues(ctx)
	if err != nil {
		return nil, err
	}
	by := words.LeagueFilter{Sport: f.Sport}
	if err := by.CheckLeagues(leagues); err != nil {
		return nil, err
	}
	a := &Reactions{AsOf: asOf, Before: reaction.Before, Wait: reaction.Horizon, Least: reaction.Least, Told: []reaction.EventMark{}}
	of := map[[2]string]bool{}
	for i := range all {
		if m := &all[i]; f.Event != "" && m.Event == f.Event {
			a.Told = append(a.Told, *m)
			of[[2]string{m.Sport, m.League}] = true
		}
	}
	var marks []reaction.EventMark
	var scope []string
	for i := range all {
		if m := &all[i]; by.Matches(m.Sport, m.League) && (f.Event == "" || of[[2]string{m.Sport, m.League}]) {
			marks = append(marks, *m)
			scope = append(scope, m.Sport+"/"+m.League)
		}
	}
	slices.Sort(scope)
	a.Marks = len(marks)
	if judge == nil {
		judge = func(_ string, marks []reaction.EventMark) ([]reaction.ReactionRow, []reaction.ReactionPair) {
			return reaction.Judge(marks)
		}
	}
	a.Venues, a.Pairs = judge(strings.Join(slices.Compact(scope), " "), marks)
	return a, nil
}

// Text writes the venues as a table, then who is sooner, then what was told of the event.
func (a *Reactions) Text(w io.Writer, s table.Style) error {
	var b bytes.Buffer
	if len(a.Venues) == 0 {
		b.WriteString("No new score was told of an event that venues quoted.\n")
	} else {
		a.venues(&b, s)
		a.pairs(&b, s)
	}
	for i := range a.Told {
		fmt.Fprintf(&b, "%s\n", table.Plain(MarkLine(&a.Told[i])))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (a *Reactions) venues(b *bytes.Buffer, s table.Style) {
	t := table.New("Venue", "Where", ">Median", "95 % interval", ">Reacted", ">Suspended first", ">First", ">Without a score", ">Marks", ">Events")
	for i := range a.Venues {
		r := &a.Venues[i]
		median, interval := "–", "–"
		if r.Median != nil {
			median = after(*r.Median)
		}
		if r.MedianLow != nil {
			interval = after(*r.MedianLow) + " to " + "more"
			if r.MedianHigh != nil {
				interval = after(*r.MedianLow) + " to " + after(*r.MedianHigh)
			}
		}
		enough := r.Events >= a.Least
		t.Add(r.Venue, words.Place(r.Sport, r.League, r.Market, ""), median, interval, part(r.Reacted, r.Marks, enough), part(r.Suspended, r.Reacted, enough),
			part(r.First, r.Compared, enough), part(r.Quiet, r.Controls, enough), fmt.Sprint(r.Marks), fmt.Sprint(r.Events))
	}
	t.Write(b, s)
	fmt.Fprintf(b, "Seconds after the mark of a new score, which comes late itself: only differences between venues count. – : fewer than %d events, or fewer than half reacted. "+
		"Without a score: how often the same was seen in a span of the same length five minutes earlier.\n", a.Least)
}

func (a *Reactions) pairs(b *bytes.Buffer, s table.Style) {
	t := table.New("Sooner than", "Where", ">By", ">First", ">Second", ">Marks", ">q")
	for i := range a.Pairs {
		p := &a.Pairs[i]
		if p.First == "" {
			continue
		}
		by := "–"
		if p.ByLow != nil && p.ByHigh != nil {
			by = words.Between(max(0, *p.ByLow), max(0, *p.ByHigh))
		}
		t.Add(p.A+" before "+p.B, words.Place(p.Sport, p.League, p.Market, ""), by, fmt.Sprint(p.AFirst), fmt.Sprint(p.BFirst), fmt.Sprint(p.Marks), words.Small(*p.Q))
	}
	b.WriteByte('\n')
	if t.Len() == 0 {
		b.WriteString("No venue is known to react sooner than another one.\n")
		return
	}
	t.Write(b, s)
}

// part is a part in per cent; "–" of too little.
func part(n, of int, enough bool) string {
	if of == 0 || !enough {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
}

// after is a time after a mark, in seconds.
func after(t odds.Millis) string {
	return fmt.Sprintf("%+.1f s", math.Round(float64(t)/100)/10+0)
}

// MarkLine is a mark in a line: "19:05:02 score 0-1 (was 0-0): a +1.0 s, b no reaction within 120 s".
func MarkLine(m *reaction.EventMark) string {
	text := fmt.Sprintf("%s %s %s", m.At.Std().Format("2006-01-02 15:04:05"), m.Kind, m.Value)
	if m.Was != "" {
		text += " (was " + m.Was + ")"
	}
	var venues []string
	for i := range m.Books {
		r := &m.Books[i]
		venues = append(venues, r.Venue+" "+r.Market+" "+did(&r.Seen))
	}
	if len(venues) > 0 {
		text += ": " + strings.Join(venues, ", ")
	}
	return text
}

// did says what a venue did.
func did(s *reaction.Seen) string {
	switch {
	case s.How == reaction.Suspended:
		return "suspended " + after(s.High)
	case s.Reacted() && s.High-s.Low >= 1000:
		return after(s.Low) + " to " + after(s.High)
	case s.Reacted():
		return after(s.High)
	}
	why := map[reaction.Why]string{
		reaction.AtHorizon: "", reaction.NextScore: ", then the score changed again", reaction.InGap: ", then it was lost", reaction.IsStale: ", then it was stale",
		reaction.IsClosed: ", then it was closed", reaction.AtEnd: " so far",
	}[s.Why]
	return fmt.Sprintf("no reaction until %s%s", after(s.Low), why)
}
