package service

import (
	"cmp"
	"context"
	"errors"

	"corrgraph/catalog/contract"
	"corrgraph/engine/bets"
	"corrgraph/server/connect"
	"corrgraph/server/links"
)

// Quoted lists the bets that are quoted.
type Quoted interface {
	Bets(ctx context.Context) ([]bets.Event, error)
}

// OpLinks is decisions on links between bets, as named in the audit log.
const OpLinks = "LINKS"

// LoadLinks puts the decisions of the store into force, before anything is accepted.
func (s *Service) LoadLinks(ctx context.Context) error {
	unread, err := s.links.Load(ctx)
	if unread > 0 {
		s.o.Log.Warn("decisions on links between bets can't be read and have no effect", "decisions", unread)
	}
	return err
}

// linked performs an operation on links.
func (s *Service) linked(ctx context.Context, subject string, f func(context.Context) error) error {
	return s.run(ctx, OpLinks, subject, func(ctx context.Context) error {
		err := s.ask(ctx, f)
		switch {
		case errors.Is(err, links.ErrUnknown):
			return unknown("%v", err)
		case errors.Is(err, links.ErrInvalid), errors.Is(err, links.ErrConflict):
			return invalid("%v", err)
		}
		return err
	})
}

// Links lists links between bets of different venues: decided ones, candidates, and with an event
// those that the catalogue made.
func (s *Service) Links(ctx context.Context, q contract.Query) (p *contract.Page, err error) {
	err = s.linked(ctx, "list "+q.EventID, func(ctx context.Context) (err error) {
		p, err = s.links.List(ctx, q, s.now())
		return err
	})
	return p, err
}

// DecideLink records what somebody says of a link, or of two bets that the verdict names.
func (s *Service) DecideLink(ctx context.Context, actor, id string, v contract.Verdict) (l contract.Link, err error) {
	err = s.linked(ctx, string(v.State)+" "+string(v.Relation)+" "+id, func(ctx context.Context) (err error) {
		l, err = s.links.Decide(ctx, actor, id, v, s.now())
		return err
	})
	return l, err
}

// WithdrawLink takes a decision on a link back.
func (s *Service) WithdrawLink(ctx context.Context, _, id string) error {
	return s.linked(ctx, "withdraw "+id, func(ctx context.Context) error { return s.links.Withdraw(ctx, id, s.now()) })
}

// DecideName records what a name means at a source.
func (s *Service) DecideName(ctx context.Context, actor string, n contract.Name) error {
	return s.linked(ctx, n.Source+" "+n.Name, func(ctx context.Context) error {
		return s.links.Name(ctx, actor, n, s.o.Live.State().Ambiguities, s.now())
	})
}

// quoted lists the bets that are quoted, with the rules that their venues state.
func (s *Service) quoted(ctx context.Context) ([]bets.Event, error) {
	all, err := s.o.Live.Bets(ctx)
	if err != nil || s.o.Desk == nil {
		return all, err
	}
	rules := s.o.Desk.Rules()
	for i := range all {
		for k := range all[i].Markets {
			m := &all[i].Markets[k]
			for _, own := range m.Own {
				m.Rules = cmp.Or(m.Rules, rules[connect.MarketName{Source: own.Source, Event: own.ID, Market: m.Market}])
			}
		}
	}
	return all, nil
}
