package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/answer/links"
	"corrgraph/catalog/contract"
	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/service"
)

type linksInput struct {
	State    string `query:"state" enum:"candidate,confirmed,rejected" doc:"Only links in this state." example:"candidate"`
	EventID  string `query:"event_id" maxLength:"256" doc:"Only links of this event, those by rule too." example:"match-1"`
	Venue    string `query:"venue" maxLength:"64" doc:"Only links of a bet at this venue." example:"kalshi"`
	Relation string `query:"relation" enum:"identity,complement,subset,superset,overlap,disjoint" doc:"Only this relation; of candidates it is a guess." example:"identity"`
	Cursor   string `query:"cursor" maxLength:"256" doc:"next_cursor of the previous page."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of links in a page." example:"50"`
}

// LinkID names a link. Huma reads embedded fields only of exported types.
type LinkID struct {
	ID string `path:"id" maxLength:"128" doc:"Of the link, as listed." example:"l7f3a2b1c90ab"`
}

// LinkDecision is what a person says of two bets.
type LinkDecision struct {
	State    string `json:"state" enum:"confirmed,rejected" doc:"confirmed: they are related so. rejected: they are not related, or not so." example:"confirmed"`
	Relation string `json:"relation,omitempty" enum:"identity,complement,subset,superset,overlap,disjoint" doc:"How a is related to b; required to confirm. Of a rejection: what they are not, identity if left out." example:"identity"`
	Note     string `json:"note,omitempty" maxLength:"2000" doc:"Why, for those who come later."`
}

type linkDecision struct {
	LinkID
	Body LinkDecision
}

// WithdrawnLink identifies a link whose decision was withdrawn.
type WithdrawnLink struct {
	Withdrawn string `json:"withdrawn"`
}

// NameDecision is what a name means at a source.
type NameDecision struct {
	Source string `json:"source" minLength:"1" maxLength:"128" doc:"The source that uses the name." example:"feed"`
	League string `json:"league,omitempty" maxLength:"64" doc:"Where it does; empty: in every league." example:"mlb"`
	Name   string `json:"name" minLength:"1" maxLength:"256" doc:"The name, as the source spells it." example:"New York"`
	Means  string `json:"means" maxLength:"256" doc:"Id of the candidate that it means; empty: none of them, the name is left as it is." example:"team:mlb:new-york-yankees"`
	Note   string `json:"note,omitempty" maxLength:"2000" doc:"Why, for those who come later."`
}

type nameDecision struct{ Body NameDecision }

// DecidedName is a name whose meaning a person decided.
type DecidedName struct {
	NameDecision
	By string `json:"by" doc:"Who decided."`
}

// Links is a page of links, and whether who asked may decide on them.
type Links struct {
	links.Links
	MayDecide bool `json:"may_decide" doc:"Whether the role of who asks allows to decide."`
}

// links registers the routes for how bets of venues are related, and for ambiguous names.
func (a *API) links() {
	s := a.o.Links
	register(a, route{method: "GET", path: "/v1/links", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "list-links", Tags: []string{"market"}, Summary: "How bets of different venues are related, who says so, and candidates for review",
	}, Links{}, func(ctx context.Context, in *linksInput) (reply, error) {
		p, err := s.Links(ctx, contract.Query{
			State: contract.State(in.State), EventID: in.EventID, Venue: in.Venue, Relation: contract.Relation(in.Relation), Limit: in.Limit, Cursor: in.Cursor,
		})
		if err != nil {
			return reply{}, err
		}
		return fresh(Links{*links.New(p), service.ActorOf(ctx).Role >= access.Operator}, nil)
	})
	register(a, route{method: "POST", path: "/v1/links/{id}/decision", role: access.Operator}, huma.Operation{
		OperationID: "decide-link", Tags: []string{"market"}, Summary: "Confirm how two bets are related, or reject it", DefaultStatus: 201, MaxBodyBytes: min(a.o.Body, 64<<10),
	}, links.Link{}, func(ctx context.Context, in *linkDecision) (reply, error) {
		b := &in.Body
		if b.State == string(contract.Confirmed) && b.Relation == "" {
			return reply{}, invalid("body.relation", "say how they are related: identity, complement, subset, superset, overlap or disjoint")
		}
		if b.Relation == "" {
			b.Relation = string(contract.Identity)
		}
		l, err := s.DecideLink(ctx, service.ActorOf(ctx).Name, in.ID, contract.Verdict{Relation: contract.Relation(b.Relation), State: contract.State(b.State), Note: b.Note})
		return created(fresh(links.Of(&l), err))
	})
	register(a, route{method: "DELETE", path: "/v1/links/{id}", role: access.Operator}, huma.Operation{
		OperationID: "withdraw-link", Tags: []string{"market"}, Summary: "Withdraw the decision on a link",
	}, WithdrawnLink{}, func(ctx context.Context, in *LinkID) (reply, error) {
		return fresh(WithdrawnLink{in.ID}, s.WithdrawLink(ctx, service.ActorOf(ctx).Name, in.ID))
	})
	register(a, route{method: "POST", path: "/v1/ambiguities/decision", role: access.Operator}, huma.Operation{
		OperationID: "decide-name", Tags: []string{"events"}, Summary: "Say what an ambiguous name means at a source", DefaultStatus: 201, MaxBodyBytes: min(a.o.Body, 64<<10),
	}, DecidedName{}, func(ctx context.Context, in *nameDecision) (reply, error) {
		b, by := &in.Body, service.ActorOf(ctx).Name
		err := s.DecideName(ctx, by, contract.Name{Source: b.Source, League: b.League, Name: b.Name, Means: b.Means, Note: b.Note})
		return created(fresh(DecidedName{*b, by}, err))
	})
}
