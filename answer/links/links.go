// Package links answers how bets of different venues are related, and who says so: the same
// bet, its opposite, part of it. It is a question like those of package answer, with one JSON
// form and one table.
package links

import (
	"corrgraph/answer/words"
	"corrgraph/catalog/contract"
	"corrgraph/odds"
)

// Question is one of the two bets of a link, as its venues word it.
type Question struct {
	EventID    string     `json:"event_id"`
	Title      string     `json:"title"` // of the event
	Sport      string     `json:"sport"`
	League     string     `json:"league"`
	Start      *odds.Time `json:"start_time"` // null: unknown
	Venues     []string   `json:"venues"`     // that quote it
	Market     string     `json:"market"`     // empty: the event as a whole
	Selection  string     `json:"selection"`  // empty: the market as a whole
	Settlement string     `json:"settlement"` // empty: nobody states it
	Rules      string     `json:"rules"`      // in the venue's words; empty: nobody states them
}

// Link is how two bets of different venues are related, and who says so.
type Link struct {
	ID       string     `json:"id"` // the same for the same two bets
	A        Question   `json:"a"`
	B        Question   `json:"b"`
	Relation string     `json:"relation" enum:"identity,complement,subset,superset,overlap,disjoint" doc:"How a is related to b; of a candidate a guess. identity: one pays if and only if the other does. complement: one pays if and only if the other does not. subset: whenever a pays, b does too. superset: the other way round. overlap: both may pay, or only one. disjoint: both never pay."`
	State    string     `json:"state" enum:"candidate,confirmed,rejected" doc:"Nothing follows from a candidate until somebody confirms it."`
	By       string     `json:"by" doc:"Who decided: rule (the catalogue: same sides, start and market) or a person; empty of a candidate."`
	Likeness float64    `json:"likeness" doc:"Of their words, 0 to 1. It is no probability."`
	For      []string   `json:"for" doc:"What speaks for it."`
	Against  []string   `json:"against" doc:"What speaks against it, and what nobody states."`
	Effect   string     `json:"effect" doc:"What follows from it."`
	Note     string     `json:"note" doc:"Of who decided."`
	Since    *odds.Time `json:"since"` // when it was decided; null: not yet
}

// Links is the answer of `links`: a page of them.
type Links struct {
	AsOf    odds.Time `json:"as_of"`
	Links   []Link    `json:"links"`
	Total   int       `json:"total"`   // matching ones on all pages
	Dropped int       `json:"dropped"` // candidates beyond the most that are kept
	Next    string    `json:"next_cursor,omitempty"`
}

// New shows a page of links.
func New(p *contract.Page) *Links {
	out := &Links{AsOf: p.AsOf, Links: []Link{}, Total: p.Total, Dropped: p.Dropped, Next: p.Next}
	for i := range p.Links {
		out.Links = append(out.Links, Of(&p.Links[i]))
	}
	return out
}

// Of shows one link.
func Of(l *contract.Link) Link {
	return Link{
		ID: l.ID, A: question(&l.A), B: question(&l.B), Relation: string(l.Relation), State: string(l.State), By: l.By, Likeness: l.Likeness,
		For: append([]string{}, l.For...), Against: append([]string{}, l.Against...), Effect: l.Effect, Note: l.Note, Since: words.Known(l.Since),
	}
}

func question(b *contract.Bet) Question {
	return Question{
		EventID: b.EventID, Title: b.Title, Sport: b.Sport, League: b.League, Start: words.Known(b.Start), Venues: append([]string{}, b.Venues...),
		Market: b.Market, Selection: b.Selection, Settlement: b.Settlement, Rules: b.Rules,
	}
}
