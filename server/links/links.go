// Package links keeps what people decided of bets and names, lists what could be decided, and
// puts decisions into force at the door. A Keeper is safe for concurrent use.
package links

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"corrgraph/catalog"
	"corrgraph/catalog/contract"
	"corrgraph/engine/bets"
	"corrgraph/odds"
	"corrgraph/store"
)

// Store keeps decisions.
type Store interface {
	SetLink(ctx context.Context, l store.Link) error
	DropLink(ctx context.Context, id string) (bool, error)
	Links(ctx context.Context, limit int) ([]store.Link, error)
}

// Bounds of lists.
const (
	mostCandidates = 500
	MostListed     = 1000 // links of a page
	keepWithdrawn  = odds.Millis(7 * 86_400_000)
	freshFor       = odds.Millis(10_000)
)

// Errors for callers to distinguish.
var (
	ErrUnknown  = errors.New("there is no such link")
	ErrInvalid  = errors.New("invalid")
	ErrConflict = errors.New("it contradicts another decision")
)

// Keeper owns the decisions of a service. Make one with [New].
type Keeper struct {
	Door  contract.Door
	store Store
	facts *catalog.Facts
	bets  func(context.Context) ([]bets.Event, error)

	deciding sync.Mutex // held while a decision is made

	mu    sync.Mutex
	seen  []bets.Event   // guarded by mu; immutable
	found contract.Found // guarded by mu; among seen
	at    odds.Time      // guarded by mu; when they were looked at
}

// New returns a Keeper without decisions; Load reads them.
func New(s Store, facts *catalog.Facts, quoted func(context.Context) ([]bets.Event, error)) *Keeper {
	return &Keeper{store: s, facts: facts, bets: quoted}
}

// Load reads the decisions and puts them into force. Those that can't be read are left out; their
// number is returned.
func (k *Keeper) Load(ctx context.Context) (unread int, err error) {
	rows, err := k.store.Links(ctx, contract.MaxDecisions)
	if err != nil {
		return 0, err
	}
	all, unread := store.Decisions(rows)
	k.Door.Set(contract.NewBook(all))
	return unread, nil
}

// look returns the bets that are quoted, and the candidates among them, as of a few seconds ago.
func (k *Keeper) look(ctx context.Context, now odds.Time) ([]bets.Event, contract.Found, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at != 0 && now >= k.at && now.Sub(k.at) < freshFor {
		return k.seen, k.found, nil
	}
	all, err := k.bets(ctx)
	if err != nil {
		return nil, contract.Found{}, err
	}
	var list []contract.Bet
	for i := range all {
		for _, q := range all[i].Bets() {
			list = append(list, q.Bet)
		}
	}
	k.seen, k.found, k.at = all, contract.Search(list, mostCandidates), now
	return k.seen, k.found, nil
}

// List lists links: decided ones, candidates, and with an event those made by rule.
func (k *Keeper) List(ctx context.Context, q contract.Query, now odds.Time) (*contract.Page, error) {
	from, err := strconv.Atoi(cmp.Or(q.Cursor, "0"))
	if err != nil || from < 0 {
		return nil, fmt.Errorf("%w: cursor %q", ErrInvalid, q.Cursor)
	}
	seen, found, err := k.look(ctx, now)
	if err != nil {
		return nil, err
	}
	var all []contract.Link
	for _, l := range k.all(seen, found, q.EventID) {
		if matches(&l, &q) {
			all = append(all, l)
		}
	}
	p := &contract.Page{AsOf: now, Total: len(all), Dropped: found.Dropped, Links: []contract.Link{}}
	limit := min(cmp.Or(max(0, q.Limit), 100), MostListed)
	if from < len(all) {
		p.Links = all[from:min(len(all), from+limit)]
	}
	for i := range p.Links {
		if p.Links[i].Since != 0 {
			p.Links[i].Explain()
		}
	}
	if next := from + len(p.Links); next < len(all) {
		p.Next = strconv.Itoa(next)
	}
	return p, nil
}

// all are the links there are: decided ones, the newest first, then candidates, then those by
// rule in an event.
func (k *Keeper) all(seen []bets.Event, found contract.Found, event string) (all []contract.Link) {
	book, decided := k.Door.Book(), map[string]bool{}
	for _, d := range slices.Backward(book.Decisions()) {
		if d.Name != nil || d.State == contract.Withdrawn {
			continue
		}
		decided[d.ID] = true
		l := d.Link()
		if why := book.Inert(d.ID); why != "" {
			l.Effect = "none: " + why
		}
		all = append(all, l)
	}
	for _, l := range found.Links {
		if !decided[l.ID] {
			all = append(all, l)
		}
	}
	for i := range seen {
		if e := &seen[i]; e.EventID == event {
			for _, l := range contract.ByCatalogue(e.Bet, e.ByVenue()) {
				if !decided[l.ID] {
					all = append(all, l)
				}
			}
		}
	}
	return all
}

func matches(l *contract.Link, q *contract.Query) bool {
	return (q.State == "" || l.State == q.State) && (q.Relation == "" || l.Relation == q.Relation) &&
		(q.EventID == "" || l.A.EventID == q.EventID || l.B.EventID == q.EventID) &&
		(q.Venue == "" || slices.Contains(l.A.Venues, q.Venue) || slices.Contains(l.B.Venues, q.Venue))
}

// Decide records what somebody says of a link, or of two bets that the verdict names.
func (k *Keeper) Decide(ctx context.Context, actor, id string, v contract.Verdict, now odds.Time) (contract.Link, error) {
	k.deciding.Lock()
	defer k.deciding.Unlock()
	if v.State != contract.Confirmed && v.State != contract.Rejected {
		return contract.Link{}, fmt.Errorf("%w: state %q: want confirmed or rejected", ErrInvalid, v.State)
	}
	a, b, err := k.meant(ctx, id, &v, now)
	if err != nil {
		return contract.Link{}, err
	}
	return k.decide(ctx, a, b, contract.Decision{Relation: v.Relation, State: v.State, Note: v.Note, Actor: actor, MadeAt: now})
}

// decide records a decision on two bets.
func (k *Keeper) decide(ctx context.Context, a, b contract.Quoted, d contract.Decision) (contract.Link, error) {
	d.ID, d.Subject, d.Object = contract.LinkID(&a.Bet, &b.Bet), a, b
	if a.EventID == b.EventID { // the others are of one venue each, or of several
		d.ID = byRuleID(&a, &b)
	}
	if err := d.Check(); err != nil {
		return contract.Link{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	was, before := k.Door.Book().Decision(d.ID)
	if before {
		d.Follows(&was)
	}
	if why := k.Door.Book().Conflict(&d); why != "" {
		// The other way round it may agree with the rest.
		e := d
		e.Subject, e.Object, e.Relation = d.Object, d.Subject, d.Relation.Reversed()
		if before || k.Door.Book().Conflict(&e) != "" {
			return contract.Link{}, fmt.Errorf("%w: %s", ErrConflict, why)
		}
		d = e
	}
	if err := k.keep(ctx, &d); err != nil {
		return contract.Link{}, err
	}
	l := d.Link()
	l.Explain()
	return l, nil
}

// byRuleID names the link of a venue's quotes with those of the others, as
// [contract.ByCatalogue] does.
func byRuleID(a, b *contract.Quoted) string {
	return contract.LinkID(&a.Bet, &contract.Bet{EventID: b.EventID, Market: b.Market})
}

// keep stores a decision and puts it into force.
func (k *Keeper) keep(ctx context.Context, d *contract.Decision) error {
	book := k.Door.Book()
	if _, ok := book.Decision(d.ID); !ok && len(book.Decisions()) >= contract.MaxDecisions {
		return fmt.Errorf("%w: %d decisions are held already, the most there can be: withdraw some", ErrInvalid, contract.MaxDecisions)
	}
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := k.store.SetLink(ctx, store.Link{ID: d.ID, MadeAt: d.MadeAt, Actor: d.Actor, Body: string(body)}); err != nil {
		return err
	}
	_, err = k.Load(ctx)
	return err
}

// meant returns the two bets of a link. The one with fewer venues comes first: it is read as the
// other. The relation of v is then that of the first to the second.
func (k *Keeper) meant(ctx context.Context, id string, v *contract.Verdict, now odds.Time) (a, b contract.Quoted, err error) {
	if d, ok := k.Door.Book().Decision(id); ok && d.Name == nil && d.State != contract.Withdrawn && v.A == nil && v.B == nil {
		return d.Subject, d.Object, nil
	}
	seen, found, err := k.look(ctx, now)
	if err != nil {
		return a, b, err
	}
	x, y := v.A, v.B
	if x == nil || y == nil {
		l := linkOf(id, seen, found)
		if l == nil {
			return a, b, fmt.Errorf("%w: %q", ErrUnknown, id)
		}
		x, y = &l.A, &l.B
	}
	if a, err = quoted(seen, x); err != nil {
		return a, b, err
	}
	if b, err = quoted(seen, y); err != nil {
		return a, b, err
	}
	if len(b.Venues) < len(a.Venues) {
		a, b, v.Relation = b, a, v.Relation.Reversed()
	}
	return a, b, nil
}

// linkOf finds a candidate, or a link by rule of any event.
func linkOf(id string, seen []bets.Event, found contract.Found) *contract.Link {
	for i := range found.Links {
		if found.Links[i].ID == id {
			return &found.Links[i]
		}
	}
	for i := range seen {
		for _, l := range contract.ByCatalogue(seen[i].Bet, seen[i].ByVenue()) {
			if l.ID == id {
				return &l
			}
		}
	}
	return nil
}

func quoted(seen []bets.Event, want *contract.Bet) (contract.Quoted, error) {
	for i := range seen {
		if seen[i].EventID != want.EventID {
			continue
		}
		if q, ok := seen[i].Find(want); ok {
			return q, nil
		}
		return contract.Quoted{}, fmt.Errorf("%w: event %q has no market %q", ErrUnknown, want.EventID, want.Market)
	}
	return contract.Quoted{}, fmt.Errorf("%w: there is no event %q", ErrUnknown, want.EventID)
}

// Withdraw takes a decision back.
func (k *Keeper) Withdraw(ctx context.Context, id string, now odds.Time) error {
	k.deciding.Lock()
	defer k.deciding.Unlock()
	d, ok := k.Door.Book().Decision(id)
	if !ok || d.State == contract.Withdrawn {
		return fmt.Errorf("%w: there is no decision on %q", ErrUnknown, id)
	}
	for _, old := range k.Door.Book().Decisions() { // whose prices are long gone
		if old.State == contract.Withdrawn && now.Sub(old.MadeAt) > keepWithdrawn {
			if _, err := k.store.DropLink(ctx, old.ID); err != nil {
				return err
			}
		}
	}
	if d.Withdraw(now); d.Joined {
		return k.keep(ctx, &d)
	}
	if _, err := k.store.DropLink(ctx, id); err != nil {
		return err
	}
	_, err := k.Load(ctx)
	return err
}

// Name records what a name means at a source; for an ambiguous event, which other event it is.
func (k *Keeper) Name(ctx context.Context, actor string, n contract.Name, doubts *catalog.Ambiguities, now odds.Time) error {
	k.deciding.Lock()
	defer k.deciding.Unlock()
	if n.Means != "" {
		if e := eventMeant(doubts, &n); e != "" {
			return k.nameEvent(ctx, actor, e, &n, now)
		}
	}
	d := contract.Decision{ID: contract.NameID(&n), Name: &n, Actor: actor, Note: n.Note, MadeAt: now}
	if n.Means != "" {
		e, ok := k.facts.Entity(n.Means)
		if !ok {
			return fmt.Errorf("%w: nothing is known of %q", ErrUnknown, n.Means)
		}
		d.Spelled = e.Name
	}
	if err := d.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return k.keep(ctx, &d)
}

// eventMeant returns the event of which it is not certain whether it is the one that a name means;
// empty if the ambiguity is not of events.
func eventMeant(doubts *catalog.Ambiguities, n *contract.Name) string {
	if doubts == nil {
		return ""
	}
	for _, a := range doubts.List {
		if a.Kind == "event" && a.Source == n.Source && a.Name == n.Name && len(a.Candidates) > 1 && slices.Contains(a.Candidates[1:], n.Means) {
			return a.Candidates[0]
		}
	}
	return ""
}

func (k *Keeper) nameEvent(ctx context.Context, actor, event string, n *contract.Name, now odds.Time) error {
	v := contract.Verdict{A: &contract.Bet{EventID: event}, B: &contract.Bet{EventID: n.Means}}
	a, b, err := k.meant(ctx, "", &v, now)
	if err != nil {
		return err
	}
	_, err = k.decide(ctx, a, b, contract.Decision{Relation: contract.Identity, State: contract.Confirmed, Note: n.Note, Actor: actor, MadeAt: now})
	return err
}
