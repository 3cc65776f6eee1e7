package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"corrgraph/answer"
	"corrgraph/client"
)

type linksCmd struct {
	List     linksListCmd     `cmd:"" default:"withargs" help:"List links between bets of venues (the default)."`
	Confirm  linksConfirmCmd  `cmd:"" help:"Confirm how two bets are related."`
	Reject   linksRejectCmd   `cmd:"" help:"Say that two bets are not related, or not so."`
	Withdraw linksWithdrawCmd `cmd:"" help:"Withdraw a decision."`
}

// Help is that of the list, the default.
func (linksCmd) Help() string { return linksListCmd{}.Help() }

// deskFlags select a running service in which a person decides.
type deskFlags struct {
	URL       string        `default:"http://127.0.0.1:8080" placeholder:"URL" help:"The service (default ${default})."`
	TokenFile string        `placeholder:"FILE" help:"File with a bearer token; deciding requires the role operator."`
	CA        string        `name:"ca" placeholder:"FILE" help:"Certificates (PEM) to trust instead of the system's."`
	Timeout   time.Duration `default:"10s" help:"Timeout of a request (default ${default})."`
}

// with asks the service.
func (f *deskFlags) with(do func(*client.Client) error) error {
	t, err := (&serverFlags{URL: f.URL, TokenFile: f.TokenFile, CA: f.CA, Timeout: f.Timeout}).target()
	if err != nil {
		return err
	}
	c, err := client.New(t.Options(1))
	if err != nil {
		return usage(err)
	}
	defer c.Close()
	return explained(do(c))
}

// explained adds to a problem what it says of single parameters, and marks what was asked wrongly.
func explained(err error) error {
	var p *client.Problem
	if !errors.As(err, &p) {
		return err
	}
	for _, i := range p.Items {
		err = fmt.Errorf("%w; %s: %s", err, i.Location, i.Message)
	}
	if p.Status == http.StatusUnprocessableEntity {
		err = usage(err)
	}
	return err
}

type linksListCmd struct {
	deskFlags
	State    string `enum:"any,candidate,confirmed,rejected" default:"any" help:"Only candidate, confirmed or rejected ones."`
	Event    string `placeholder:"ID" help:"Only this match, with what is the same by rule."`
	Venue    string `placeholder:"NAME" help:"Only bets at this venue."`
	Relation string `enum:"any,identity,complement,subset,superset,overlap,disjoint" default:"any" help:"Only this relation; of candidates it is a guess."`
	Limit    uint32 `default:"20" help:"Links shown; 0 for all. JSON always has all."`
}

func (linksListCmd) Help() string {
	return "Is it the same bet at both venues, and who says so?\n\n" +
		"    corrgraph links --state candidate\n    corrgraph links --event 3f2a… --json\n\n" +
		"+ speaks for it, - against it, and = says what follows. Nothing follows from a candidate until somebody confirms it: see corrgraph links confirm --help. " +
		"It asks a running service, in which candidates are found." + codes
}

func (c *linksListCmd) Run(ctx context.Context, a *app) error {
	q := url.Values{"limit": {"1000"}}
	for name, v := range map[string]string{"state": c.State, "event_id": c.Event, "venue": c.Venue, "relation": c.Relation} {
		if v != "" && v != "any" {
			q.Set(name, v)
		}
	}
	most := int(c.Limit)
	if a.json {
		most = 0
	}
	if most > 0 {
		q.Set("limit", strconv.Itoa(min(most, 1000)))
	}
	return c.with(func(s *client.Client) error {
		l, err := readLinks(ctx, s, q, most)
		if err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style, most) })
	})
}

// readLinks reads pages until it has most links; 0 means all.
func readLinks(ctx context.Context, s *client.Client, q url.Values, most int) (*answer.Links, error) {
	var all *answer.Links
	for {
		page := &answer.Links{}
		if err := s.Links(ctx, q, page); err != nil {
			return nil, err
		}
		if all == nil {
			all = page
		} else {
			all.Links = slices.Concat(all.Links, page.Links)
		}
		all.Next = page.Next
		if page.Next == "" || len(page.Links) == 0 || len(all.Links) >= all.Total || most > 0 && len(all.Links) >= most {
			return all, nil
		}
		q.Set("cursor", page.Next)
	}
}

// decideLink decides on a link and shows it as it then is.
func (f *deskFlags) decideLink(ctx context.Context, a *app, id string, d client.LinkDecision) error {
	return f.with(func(s *client.Client) error {
		l := &answer.Link{}
		if err := s.DecideLink(ctx, id, d, l); err != nil {
			return err
		}
		return a.print(l, func(w io.Writer) error { return l.Text(w, a.style) })
	})
}

type linksConfirmCmd struct {
	deskFlags
	ID       string `arg:"" help:"Id of the link, as listed."`
	Relation string `required:"" enum:"identity,complement,subset,superset,overlap,disjoint" help:"How the first bet is related to the second: identity, complement, subset, superset, overlap or disjoint."`
	Note     string `placeholder:"TEXT" help:"Why."`
}

func (linksConfirmCmd) Help() string {
	return "Say how two bets are related, once you have read the rules of both:\n\n" +
		"    corrgraph links confirm l7f3a2b1c90ab --relation identity --note \"same source, same hour\"\n\n" +
		"identity: one pays if and only if the other does. complement: one pays if and only if the other does not. subset: whenever the first pays, the second does. superset: the other way round. " +
		"overlap: both may pay, or only one. disjoint: both never pay. Bets that are identity or complement are one from then on: links and arbitrage between them are looked for. The others are kept and shown." + codes
}

func (c *linksConfirmCmd) Run(ctx context.Context, a *app) error {
	return c.decideLink(ctx, a, c.ID, client.LinkDecision{State: "confirmed", Relation: c.Relation, Note: c.Note})
}

type linksRejectCmd struct {
	deskFlags
	ID       string `arg:"" help:"Id of the link, as listed."`
	Relation string `enum:"identity,complement,subset,superset,overlap,disjoint" default:"identity" help:"What they are not (default ${default})."`
	Note     string `placeholder:"TEXT" help:"Why."`
}

func (linksRejectCmd) Help() string {
	return "Say that two bets are not related, or not so:\n\n    corrgraph links reject l7f3a2b1c90ab --note \"other hour\"\n\n" +
		"What is the same by rule can be rejected too: the two are kept apart from then on." + codes
}

func (c *linksRejectCmd) Run(ctx context.Context, a *app) error {
	return c.decideLink(ctx, a, c.ID, client.LinkDecision{State: "rejected", Relation: c.Relation, Note: c.Note})
}

type linksWithdrawCmd struct {
	deskFlags
	ID string `arg:"" help:"Id of the link, as listed."`
}

func (linksWithdrawCmd) Help() string {
	return "Withdraw a decision, so that the link is what it was before:\n\n    corrgraph links withdraw l7f3a2b1c90ab" + codes
}

func (c *linksWithdrawCmd) Run(ctx context.Context, a *app) error {
	return c.with(func(s *client.Client) error {
		if err := s.WithdrawLink(ctx, c.ID); err != nil {
			return err
		}
		reply := struct {
			Withdrawn string `json:"withdrawn"`
		}{c.ID}
		return a.print(reply, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "withdrawn: the decision on %s\n", answer.Plain(c.ID))
			return err
		})
	})
}

type ambiguitiesDecideCmd struct {
	deskFlags
	Name   string `arg:"" help:"The name, as the source spells it."`
	Source string `required:"" placeholder:"NAME" help:"The source that uses it."`
	League string `placeholder:"NAME" help:"Where it does (default: every league)."`
	Means  string `required:"" placeholder:"ID" help:"Id of the candidate that it means, or none: it is left as it is."`
	Note   string `placeholder:"TEXT" help:"Why."`
}

func (ambiguitiesDecideCmd) Help() string {
	return "Say which of its candidates a name means at a source:\n\n" +
		"    corrgraph ambiguities decide \"New York\" --source feed --league mlb --means team:mlb:new-york-yankees\n\n" +
		"It holds for what the source sends from then on, and asks a running service." + codes
}

func (c *ambiguitiesDecideCmd) Run(ctx context.Context, a *app) error {
	d := client.NameDecision{Source: c.Source, League: c.League, Name: c.Name, Means: c.Means, Note: c.Note}
	said := c.Means
	if c.Means == "none" {
		d.Means, said = "", "none of them: it is left as it is"
	}
	return c.with(func(s *client.Client) error {
		if err := s.DecideName(ctx, d); err != nil {
			return err
		}
		return a.print(d, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s at %s means %s\n", answer.Plain(c.Name), answer.Plain(c.Source), answer.Plain(said))
			return err
		})
	})
}
