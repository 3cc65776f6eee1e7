package contract

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Bounds of decisions.
const (
	MaxDecisions = 10_000
	MaxNote      = 2000
	maxName      = 1024 // bytes of a name or an id
	maxOutcomes  = 256
	maxOwn       = 256 // ids of one event
)

// Own is what a source calls an event.
type Own struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Outcome is one outcome of a market, in the terms of its event.
type Outcome struct {
	Name string    `json:"name"` // "home", "over", "Yes", or in its source's spelling
	Side odds.Side `json:"side"`
}

// Quoted is a bet with all that it takes to find its quotes in what sources say, and to say the
// same of it.
type Quoted struct {
	Bet
	Home     string    `json:"home"` // of the event; empty unless two sides meet
	Away     string    `json:"away"`
	Own      []Own     `json:"own"`      // what sources call the event
	Outcomes []Outcome `json:"outcomes"` // of the market; none of an event as a whole
}

// Decision is what somebody said of two bets, or of a name.
type Decision struct {
	ID       string    `json:"id"`   // of the link; of a name what [NameID] returns
	Name     *Name     `json:"name"` // nil: it is of two bets
	Spelled  string    `json:"spelled"`
	Subject  Quoted    `json:"subject"` // of a confirmed link: it is read as the object
	Object   Quoted    `json:"object"`
	Relation Relation  `json:"relation"`
	State    State     `json:"state"`
	Actor    string    `json:"actor"`
	Note     string    `json:"note"`
	MadeAt   odds.Time `json:"made_at"`
	Joined   bool      `json:"joined"` // an earlier decision read the subject as the object: prices of it may stand there
}

// Withdrawn is the state of a decision that is in force no longer. It is kept for as long as
// prices may stand where it had put them.
const Withdrawn State = "withdrawn"

// Withdraw takes a decision back.
func (d *Decision) Withdraw(at odds.Time) {
	d.Joined = d.Joined || d.joins()
	d.State, d.MadeAt = Withdrawn, at
}

// Follows says that a decision takes the place of an earlier one on the same two bets.
func (d *Decision) Follows(was *Decision) {
	if !was.joins() && !was.Joined {
		return
	}
	d.Joined = true
	if d.Subject.key() != was.Subject.key() { // they stay in their order, so that it is known what stands where
		d.Subject, d.Object, d.Relation = d.Object, d.Subject, d.Relation.Reversed()
	}
}

// Reversed is the relation of B to A.
func (r Relation) Reversed() Relation {
	switch r {
	case Subset:
		return Superset
	case Superset:
		return Subset
	}
	return r
}

// NameID names the decision on a name at a source.
func NameID(n *Name) string {
	return LinkID(&Bet{EventID: n.Source, Market: "name", Selection: catalog.Normalize(n.Name)}, &Bet{EventID: strings.ToLower(n.League)})
}

// Relations lists all relations.
func Relations() []Relation {
	return []Relation{Identity, Complement, Subset, Superset, Overlap, Disjoint}
}

// Check reports what is wrong with a decision.
func (d *Decision) Check() error {
	switch {
	case len(d.Note) > MaxNote:
		return fmt.Errorf("a note has %d bytes at most", MaxNote)
	case d.Name != nil:
		return d.Name.check()
	case d.State != Confirmed && d.State != Rejected && d.State != Withdrawn:
		return fmt.Errorf("state %q: want confirmed or rejected", d.State)
	case !slices.Contains(Relations(), d.Relation):
		return fmt.Errorf("relation %q: want identity, complement, subset, superset, overlap or disjoint", d.Relation)
	case d.Subject.key() == d.Object.key():
		return errors.New("a bet cannot be linked with itself")
	}
	for _, q := range []*Quoted{&d.Subject, &d.Object} {
		if err := q.check(); err != nil {
			return err
		}
	}
	if (d.Subject.Market == "") != (d.Object.Market == "") {
		return errors.New("a market is linked with a market, an event with an event")
	}
	if d.joins() && slices.ContainsFunc(d.Subject.Venues, func(v string) bool { return slices.Contains(d.Object.Venues, v) }) {
		return errors.New("one venue quotes both: it means two bets")
	}
	if d.Relation == Complement && d.State == Confirmed && (len(d.Subject.Outcomes) != 2 || len(d.Object.Outcomes) != 2) {
		return errors.New("only two markets of two outcomes each can be complements")
	}
	return nil
}

func (n *Name) check() error {
	for what, s := range map[string]string{"source": n.Source, "name": n.Name} {
		if s == "" || len(s) > maxName {
			return fmt.Errorf("a %s has 1 to %d bytes", what, maxName)
		}
	}
	if len(n.League) > maxName || len(n.Means) > maxName || len(n.Note) > MaxNote {
		return errors.New("league, meaning or note is too long")
	}
	return nil
}

func (q *Quoted) check() error {
	for _, s := range []string{q.EventID, q.Title, q.Sport, q.League, q.Market, q.Selection, q.Settlement, q.Home, q.Away} {
		if len(s) > maxName {
			return fmt.Errorf("what names a bet has %d bytes at most", maxName)
		}
	}
	switch {
	case q.EventID == "":
		return errors.New("name both bets by their event_id")
	case len(q.Rules) > MaxRules:
		return fmt.Errorf("rules have %d bytes at most", MaxRules)
	case len(q.Own) > maxOwn || len(q.Outcomes) > maxOutcomes || len(q.Venues) > maxOwn:
		return errors.New("a bet has too many ids, outcomes or venues")
	}
	return nil
}

// joins reports whether the subject is read as the object.
func (d *Decision) joins() bool {
	return d.Name == nil && d.State == Confirmed && (d.Relation == Identity || d.Relation == Complement) && d.Subject.EventID != d.Object.EventID
}

// parts reports whether venues of one event are kept apart.
func (d *Decision) parts() bool {
	return d.Name == nil && d.Subject.EventID == d.Object.EventID && (d.State == Rejected || d.State == Confirmed && d.Relation != Identity)
}

// Link shows a decision on two bets, without what speaks for and against it: see [Link.Explain].
func (d *Decision) Link() Link {
	l := Link{
		ID: d.ID, A: d.Subject.Bet, B: d.Object.Bet, Relation: d.Relation, State: d.State, By: d.Actor, Note: d.Note, Since: d.MadeAt,
	}
	l.Effect = effectOf(&l)
	return l
}

// Explain adds what speaks for and against a link that was decided. Cost: about 80 µs, for the words
// of both bets.
func (l *Link) Explain() {
	a, b := read(&l.A), read(&l.B)
	if shown, ok := compare(a, b, evenly(a, b)); ok {
		l.Likeness, l.For, l.Against = shown.Likeness, shown.For, shown.Against
	}
}

// evenly weighs all words alike.
func evenly(rs ...*reading) map[string]float64 {
	w := map[string]float64{}
	for _, r := range rs {
		for _, x := range r.words {
			w[x] = 1
		}
	}
	return w
}

// outcome returns which outcome of a bet a quote is of; −1 if it is of none.
func (q *Quoted) outcome(e *odds.Event, x *odds.Quote) int {
	name, side := catalog.Normalize(x.Selection), x.Side
	switch {
	case name == "":
	case name == catalog.Normalize(q.Home) || name == catalog.Normalize(e.Home) && like(e.Home, q.Home):
		side = odds.Home
	case name == catalog.Normalize(q.Away) || name == catalog.Normalize(e.Away) && like(e.Away, q.Away):
		side = odds.Away
	}
	for i, o := range q.Outcomes {
		if catalog.Normalize(o.Name) == name || side != odds.OtherSide && o.Side == side {
			return i
		}
	}
	return -1
}

// like reports whether two names share a word.
func like(a, b string) bool {
	both, _, _ := split(read(&Bet{Title: a}).words, read(&Bet{Title: b}).words)
	return len(both) > 0
}

// turn returns which outcome of the object each of the subject's is; −1: it has none.
func (d *Decision) turn() []int {
	s, o := d.Subject.Outcomes, d.Object.Outcomes
	out := make([]int, len(s))
	for i := range s {
		out[i] = slices.IndexFunc(o, func(x Outcome) bool {
			return catalog.Normalize(x.Name) == catalog.Normalize(s[i].Name) || x.Side != odds.OtherSide && x.Side == s[i].Side
		})
	}
	if len(s) == 2 && len(o) == 2 {
		i, j := first(s, d.Subject.Selection), first(o, d.Object.Selection)
		if d.Relation == Complement {
			j = 1 - j
		}
		out[i], out[1-i] = j, 1-j
	}
	return out
}

// first returns the outcome named, or the one that represents the market.
func first(of []Outcome, name string) int {
	for i, o := range of {
		if name != "" && catalog.Normalize(o.Name) == catalog.Normalize(name) {
			return i
		}
	}
	if of[1].Side.Rank() < of[0].Side.Rank() {
		return 1
	}
	return 0
}

// say makes a quote of an outcome of the object's.
func (q *Quoted) say(i int, x odds.Quote) odds.Quote {
	o := q.Outcomes[i]
	x.Subject, x.Selection, x.Side, x.Line = "", o.Name, o.Side, math.NaN()
	switch { // by its name it is the same side in every orientation
	case o.Side == odds.Home && q.Home != "":
		x.Selection, x.Side = q.Home, odds.OtherSide
	case o.Side == odds.Away && q.Away != "":
		x.Selection, x.Side = q.Away, odds.OtherSide
	}
	return x
}
