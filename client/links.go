package client

import (
	"context"
	"net/http"
	"net/url"
)

// Links reads a page of how bets of venues are related and decodes it. The filter has the
// parameters of GET /v1/links.
func (c *Client) Links(ctx context.Context, filter url.Values, into any) error {
	return c.Ask(ctx, "/v1/links?"+filter.Encode(), into)
}

// LinkDecision is what a person says of two bets.
type LinkDecision struct {
	State    string `json:"state"`              // confirmed or rejected
	Relation string `json:"relation,omitempty"` // identity, complement, subset, superset, overlap or disjoint; of a rejection what they are not
	Note     string `json:"note,omitempty"`
}

// DecideLink confirms or rejects a link and decodes it as it then is. It needs the role
// operator, like WithdrawLink and DecideName.
func (c *Client) DecideLink(ctx context.Context, id string, d LinkDecision, into any) error {
	return c.Send(ctx, http.MethodPost, "/v1/links/"+url.PathEscape(id)+"/decision", d, into)
}

// WithdrawLink withdraws the decision on a link.
func (c *Client) WithdrawLink(ctx context.Context, id string) error {
	return c.Send(ctx, http.MethodDelete, "/v1/links/"+url.PathEscape(id), nil, nil)
}

// NameDecision is what a name means at a source.
type NameDecision struct {
	Source string `json:"source"`
	League string `json:"league,omitempty"` // empty: in every league
	Name   string `json:"name"`             // as the source spells it
	Means  string `json:"means"`            // id of a candidate; empty: none, the name is left as it is
	Note   string `json:"note,omitempty"`
}

// DecideName says what an ambiguous name means at a source.
func (c *Client) DecideName(ctx context.Context, d NameDecision) error {
	return c.Send(ctx, http.MethodPost, "/v1/ambiguities/decision", d, nil)
}
