package contract

import (
	"cmp"
	"slices"
	"strings"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Book holds the decisions that are in force, and applies them to what sources say. It is
// immutable and safe for concurrent use. Nil is an empty one.
type Book struct {
	all    []Decision // the newest of each, oldest first
	of     map[Own][]*rule
	was    map[Own][]*rule          // where prices may stand that go there no longer
	names  map[[2]string][]nameRule // by source and normalised name
	named  map[string]bool          // sources with names
	joined map[string][]*Decision   // in force, by the events of both bets
	inert  map[string]string        // decisions without effect, and why
}

type nameRule struct{ league, spelled string }

// rule is what is done with a subject's quotes.
type rule struct {
	d     *Decision
	event *odds.Event // that takes the place of the subject's; nil: the subject is kept apart
	turn  []int
}

// NewBook returns a book of decisions, oldest first: of the same bets the last one counts. Where
// two contradict each other the later one has no effect. It keeps the slice.
func NewBook(all []Decision) *Book {
	b := &Book{of: map[Own][]*rule{}, was: map[Own][]*rule{}, names: map[[2]string][]nameRule{}, named: map[string]bool{}, joined: map[string][]*Decision{}, inert: map[string]string{}}
	last := map[string]int{}
	for i := range all {
		last[all[i].ID] = i
	}
	for i := range all {
		if last[all[i].ID] == i && all[i].Check() == nil {
			b.all = append(b.all, all[i])
		}
	}
	for i := range b.all {
		b.enter(&b.all[i])
	}
	return b
}

func (b *Book) enter(d *Decision) {
	switch {
	case d.Name != nil && d.Name.Means != "" && d.Spelled != "":
		k := [2]string{d.Name.Source, catalog.Normalize(d.Name.Name)}
		b.names[k] = append(b.names[k], nameRule{d.Name.League, d.Spelled})
		b.named[d.Name.Source] = true
	case d.joins():
		if why := b.conflict(d); why != "" {
			b.inert[d.ID] = why
			return
		}
		b.joined[d.Subject.EventID] = append(b.joined[d.Subject.EventID], d)
		b.joined[d.Object.EventID] = append(b.joined[d.Object.EventID], d)
		index(b.of, d, joining(d))
	case d.parts():
		index(b.of, d, &rule{d: d})
	case d.Joined && d.Name == nil:
		index(b.was, d, joining(d))
	}
}

// joining is the rule that reads a decision's subject as its object.
func joining(d *Decision) *rule {
	return &rule{d: d, turn: d.turn(), event: &odds.Event{
		ID: ownOf(&d.Object), Sport: d.Object.Sport, League: d.Object.League, Start: d.Object.Start,
		Home: d.Object.Home, Away: d.Object.Away, Title: titleOf(&d.Object),
	}}
}

func index(of map[Own][]*rule, d *Decision, r *rule) {
	for _, o := range d.Subject.Own {
		of[o] = append(of[o], r)
		slices.SortStableFunc(of[o], func(x, y *rule) int { return cmp.Compare(len(y.d.Subject.Market), len(x.d.Subject.Market)) }) // markets before events
	}
}

// ownOf is the id by which a source calls the object's event.
func ownOf(q *Quoted) string {
	if len(q.Own) > 0 && !slices.ContainsFunc(q.Own, func(o Own) bool { return o.ID == q.EventID }) {
		return q.Own[0].ID
	}
	return q.EventID
}

func titleOf(q *Quoted) string {
	if q.Home != "" {
		return "" // two sides say it better
	}
	return q.Title
}

// thing is what is joined: an event, or a market of one.
func (q *Quoted) thing() [2]string { return [2]string{q.EventID, q.Market} }

// conflict says why a decision cannot be in force with those that are: each bet is read as one
// other at most, and nothing is read as what is itself read as another, so that nothing goes in
// circles.
func (b *Book) conflict(d *Decision) string {
	for _, x := range slices.Concat(b.joined[d.Subject.EventID], b.joined[d.Object.EventID]) {
		if x.ID == d.ID {
			continue
		}
		s, o, xs, xo := d.Subject.thing(), d.Object.thing(), x.Subject.thing(), x.Object.thing()
		switch {
		case meets(xs, s):
			return name(&d.Subject) + " is read as " + name(&x.Object) + " already: withdraw that, or link the other with it"
		case meets(xs, o):
			return name(&d.Object) + " is itself read as " + name(&x.Object) + ": link with that"
		case meets(xo, s):
			return name(&x.Subject) + " is read as " + name(&d.Subject) + ": withdraw that first"
		}
	}
	return ""
}

// meets reports whether two things are the same, or one is part of the other.
func meets(a, b [2]string) bool {
	return a[0] == b[0] && (a[1] == b[1] || a[1] == "" || b[1] == "")
}

func name(q *Quoted) string {
	n := cmp.Or(q.Title, q.EventID)
	if q.Market != "" {
		n += " (" + q.Market + ")"
	}
	return n
}

// Conflict says why a decision could not be in force beside the others; empty if it could.
func (b *Book) Conflict(d *Decision) string {
	if b == nil || !d.joins() {
		return ""
	}
	return b.conflict(d)
}

// Decisions returns all decisions, oldest first.
func (b *Book) Decisions() []Decision {
	if b == nil {
		return nil
	}
	return b.all
}

// Decision returns the decision on a link.
func (b *Book) Decision(id string) (Decision, bool) {
	for i := range b.Decisions() {
		if b.all[i].ID == id {
			return b.all[i], true
		}
	}
	return Decision{}, false
}

// Inert returns why a decision has no effect; empty if it has.
func (b *Book) Inert(id string) string {
	if b == nil {
		return ""
	}
	return b.inert[id]
}

// Apply returns a batch as it is read by the decisions: the same pointer if none of them means
// any of it, which allocates nothing. It never modifies its input.
func (b *Book) Apply(in *odds.Batch) *odds.Batch {
	if b == nil || len(b.of) == 0 && len(b.named) == 0 {
		return in
	}
	var out *odds.Batch
	for i := range in.Updates {
		u := &in.Updates[i]
		r := b.ruleOf(in.Source, u)
		named := b.named[in.Source] && b.namesIn(in.Source, u)
		if r == nil && !named {
			continue
		}
		if out == nil {
			c := *in
			c.Updates = slices.Clone(in.Updates)
			out = &c
		}
		if named {
			b.respell(in.Source, &out.Updates[i])
		}
		if r != nil {
			r.apply(&out.Updates[i])
		}
	}
	if out == nil {
		return in
	}
	return out
}

// ruleOf returns the rule for an update, nil if there is none.
func (b *Book) ruleOf(source string, u *odds.Update) *rule {
	if b == nil || u.Event == nil {
		return nil
	}
	for _, r := range b.of[Own{source, u.Event.ID}] {
		if r.means(u) {
			return r
		}
	}
	return nil
}

// formerOf returns the rule by which an update was read before it was withdrawn; nil if there is none.
func (b *Book) formerOf(source string, u *odds.Update) *rule {
	if b == nil {
		return nil
	}
	for _, r := range b.was[Own{source, u.Event.ID}] {
		if r.means(u) {
			return r
		}
	}
	return nil
}

// means reports whether an update is of the subject.
func (r *rule) means(u *odds.Update) bool {
	s := &r.d.Subject
	if s.Market != "" && u.Market != s.Market || (s.Market != "" || r.event == nil) && !slices.Contains(s.Venues, u.Venue) {
		return false
	}
	return s.describes(u.Event)
}

// describes reports whether a source's description can be of the event that its id meant: an id
// may be used again.
func (q *Quoted) describes(e *odds.Event) bool {
	switch {
	case far(e.Start, q.Start) > 14:
		return false
	case e.Home != "" && q.Home != "":
		return like(e.Home, q.Home) || like(e.Home, q.Away) || like(e.Away, q.Home) || like(e.Away, q.Away)
	case e.Title != "" && q.Title != "" && q.Home == "":
		return like(e.Title, q.Title)
	}
	return true
}

// apply changes an update, whose quotes are not the caller's to modify.
func (r *rule) apply(u *odds.Update) {
	if r.event == nil {
		u.Settlement = apart(u)
		return
	}
	d := r.d
	was := u.Event
	u.Event = r.event
	if d.Subject.Market == "" {
		u.Quotes = r.sides(was, u.Quotes)
		return
	}
	u.Market = d.Object.Market
	u.Settlement = d.Object.Settlement
	quotes := make([]odds.Quote, 0, len(u.Quotes))
	for i := range u.Quotes {
		q := &u.Quotes[i]
		if k := d.Subject.outcome(was, q); k >= 0 && r.turn[k] >= 0 {
			quotes = append(quotes, d.Object.say(r.turn[k], *q))
		} else if len(d.Subject.Outcomes) == 0 {
			quotes = append(quotes, *q)
		}
	}
	u.Quotes = quotes
}

// apart is the settlement of a venue that is kept apart.
func apart(u *odds.Update) string {
	if u.Settlement != "" {
		return "apart:" + u.Venue + ":" + u.Settlement
	}
	return "apart:" + u.Venue
}

// sides spells the subject's sides as the object does.
func (r *rule) sides(was *odds.Event, in []odds.Quote) []odds.Quote {
	s, o := &r.d.Subject, &r.d.Object
	if s.Home == "" || o.Home == "" || was.Home == "" {
		return in
	}
	home, away := o.Home, o.Away
	straight, crossed := alike(was.Home, o.Home)+alike(was.Away, o.Away), alike(was.Home, o.Away)+alike(was.Away, o.Home)
	if crossed > straight {
		home, away = away, home
	}
	out := slices.Clone(in)
	for i := range out {
		q := &out[i]
		switch n := catalog.Normalize(q.Selection); {
		case n == "" && q.Side == odds.OtherSide:
		case n == catalog.Normalize(was.Home), q.Side == odds.Home:
			q.Selection, q.Side = home, odds.OtherSide
		case n == catalog.Normalize(was.Away), q.Side == odds.Away:
			q.Selection, q.Side = away, odds.OtherSide
		}
	}
	return out
}

// alike is the share of words that two names have in common.
func alike(a, b string) float64 {
	both, x, y := split(read(&Bet{Title: a}).words, read(&Bet{Title: b}).words)
	if len(both) == 0 {
		return 0
	}
	return float64(len(both)) / float64(len(both)+len(x)+len(y))
}

// spelling returns how a name is read at a source.
func (b *Book) spelling(source, league, name string) (string, bool) {
	if name == "" {
		return name, false
	}
	for _, r := range b.names[[2]string{source, catalog.Normalize(name)}] {
		if r.league == "" || league == "" || strings.EqualFold(r.league, league) {
			return r.spelled, r.spelled != name
		}
	}
	return name, false
}

// namesIn reports whether an update has a name that is to be read as another.
func (b *Book) namesIn(source string, u *odds.Update) bool {
	e := u.Event
	if e == nil {
		return false
	}
	for _, n := range [...]string{e.Home, e.Away} {
		if _, ok := b.spelling(source, e.League, n); ok {
			return true
		}
	}
	if slices.ContainsFunc(e.Participants, func(n string) bool { _, ok := b.spelling(source, e.League, n); return ok }) {
		return true
	}
	return slices.ContainsFunc(u.Quotes, func(q odds.Quote) bool { _, ok := b.spelling(source, e.League, q.Selection); return ok })
}

// respell writes the names of an update as they are read.
func (b *Book) respell(source string, u *odds.Update) {
	e := *u.Event
	e.Participants = slices.Clone(e.Participants)
	e.Home, _ = b.spelling(source, u.Event.League, e.Home)
	e.Away, _ = b.spelling(source, u.Event.League, e.Away)
	for i := range e.Participants {
		e.Participants[i], _ = b.spelling(source, u.Event.League, e.Participants[i])
	}
	u.Quotes = slices.Clone(u.Quotes)
	for i := range u.Quotes {
		u.Quotes[i].Selection, _ = b.spelling(source, u.Event.League, u.Quotes[i].Selection)
	}
	u.Event = &e
}
