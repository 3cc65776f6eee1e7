package service

import (
	"context"
	"encoding/json"

	"corrgraph/odds"
	"corrgraph/store"
)

// Proof is the newest result of a test run beside the service: load, a drill.
type Proof struct {
	Kind    string    `json:"kind"`
	MadeAt  odds.Time `json:"made_at"`
	Actor   string    `json:"actor"`
	Passed  bool      `json:"passed"`
	Summary string    `json:"summary"`
	Report  any       `json:"report"` // as it was sent
}

// NewProof is a result to record.
type NewProof struct {
	Kind, Summary string
	Passed        bool
	Report        json.RawMessage
}

// ProofStore stores the newest proof of each kind.
type ProofStore interface {
	SetProof(ctx context.Context, p store.Proof) error
	Proofs(ctx context.Context) ([]store.Proof, error)
}

// mostProof limits a report in bytes, mostKinds the number of kinds.
const (
	mostProof = 1 << 20
	mostKinds = 64
)

// RecordProof stores a result in place of the earlier one of its kind.
func (s *Service) RecordProof(ctx context.Context, in NewProof) (out *Proof, err error) {
	err = s.run(ctx, OpProof, in.Kind, func(ctx context.Context) error {
		switch {
		case in.Kind == "" || len(in.Kind) > 64 || len(in.Summary) > 2000:
			return invalid("a proof has a kind of up to 64 bytes and a summary of up to 2000")
		case len(in.Report) > mostProof || !json.Valid(in.Report):
			return invalid("a report is JSON of up to %d bytes", mostProof)
		}
		p := store.Proof{Kind: in.Kind, MadeAt: s.now(), Actor: ActorOf(ctx).Name, Passed: in.Passed, Summary: in.Summary, Body: string(in.Report)}
		return s.ask(ctx, func(ctx context.Context) error {
			held, err := s.proofs.Proofs(ctx)
			if err != nil {
				return err
			}
			known := false
			for i := range held {
				known = known || held[i].Kind == p.Kind
			}
			if !known && len(held) >= mostKinds {
				return invalid("%d kinds of proof are stored already, the most there can be", len(held))
			}
			if err := s.proofs.SetProof(ctx, p); err != nil {
				return err
			}
			shown := shownProof(&p)
			out = &shown
			return nil
		})
	})
	return out, err
}

// Proofs lists the newest result of every kind.
func (s *Service) Proofs(ctx context.Context) (out []Proof, err error) {
	err = s.run(ctx, OpProof, "list", func(ctx context.Context) error {
		return s.ask(ctx, func(ctx context.Context) error {
			held, err := s.proofs.Proofs(ctx)
			out = make([]Proof, 0, len(held))
			for i := range held {
				out = append(out, shownProof(&held[i]))
			}
			return err
		})
	})
	return out, err
}

func shownProof(p *store.Proof) Proof {
	return Proof{p.Kind, p.MadeAt, p.Actor, p.Passed, p.Summary, json.RawMessage(p.Body)}
}
