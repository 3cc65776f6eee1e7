package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/review"
	"corrgraph/server/service"
)

// ReviewRequest is a person's review of an anomaly, or a mute.
type ReviewRequest struct {
	Action   string    `json:"action" enum:"acknowledge,mute,verdict" example:"acknowledge"`
	Kind     string    `json:"kind,omitempty" maxLength:"64" doc:"Of the anomaly; in a mute empty for every kind." example:"outlier_quote"`
	EventID  string    `json:"event_id,omitempty" maxLength:"256" doc:"Of the anomaly; in a mute empty for every event." example:"match-1"`
	Node     string    `json:"node,omitempty" maxLength:"128" doc:"The anomaly's last node; in a mute empty for every node." example:"dk/match-1/h2h/home"`
	At       time.Time `json:"at,omitzero" doc:"Of the anomaly; left out in a mute." example:"2026-01-02T15:04:05Z"`
	Verdict  string    `json:"verdict,omitempty" enum:"true,false,unsure" doc:"Whether it was right; only with the action verdict."`
	Note     string    `json:"note,omitempty" maxLength:"2000"`
	ExpiresS float64   `json:"expires_in_s,omitempty" minimum:"0" maximum:"2592000" doc:"Time until it expires; required for a mute."`
}

type reviewInput struct{ Body ReviewRequest }

type reviewID struct {
	ID int64 `path:"id" minimum:"1" doc:"Of the review." example:"1"`
}

type reviewsInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of reviews." example:"50"`
}

// ProofRequest is the result of a test run beside the service.
type ProofRequest struct {
	Kind    string `json:"kind" minLength:"1" maxLength:"64" example:"load"`
	Passed  bool   `json:"passed"`
	Summary string `json:"summary" maxLength:"2000" example:"5,000 requests a second for 10m: 0 failed, p99 3.1 ms"`
	Report  any    `json:"report" doc:"Any JSON."`
}

type proofInput struct{ Body ProofRequest }

// Proofs are the newest results of tests run beside the service.
type Proofs struct {
	Proofs []service.Proof `json:"proofs"`
}

// reviews registers the routes for reviews of anomalies and for proofs.
func (a *API) reviews() {
	s := a.o.Service
	register(a, route{method: "GET", path: "/v1/reviews", role: access.Viewer}, huma.Operation{
		OperationID: "list-reviews", Tags: []string{"anomalies"}, Summary: "Reviews of anomalies, and the precision of each kind",
	}, review.Reviews{}, func(ctx context.Context, in *reviewsInput) (reply, error) { return fresh(s.Reviews(ctx, in.Limit)) })
	register(a, route{method: "POST", path: "/v1/reviews", role: access.Operator}, huma.Operation{
		OperationID: "review-anomaly", Tags: []string{"anomalies"}, Summary: "Acknowledge an anomaly, judge whether it was right, or mute unwanted ones",
		DefaultStatus: 201, MaxBodyBytes: min(a.o.Body, 64<<10),
	}, review.Review{}, func(ctx context.Context, in *reviewInput) (reply, error) {
		b := &in.Body
		return created(fresh(s.Review(ctx, review.Request{
			Action: b.Action, Kind: b.Kind, EventID: b.EventID, Node: b.Node, At: odds.TimeOf(b.At), Verdict: b.Verdict, Note: b.Note,
			ExpiresIn: time.Duration(b.ExpiresS * float64(time.Second)),
		})))
	})
	register(a, route{method: "DELETE", path: "/v1/reviews/{id}", role: access.Operator}, huma.Operation{
		OperationID: "drop-review", Tags: []string{"anomalies"}, Summary: "Withdraw a review",
	}, Dropped{}, func(ctx context.Context, in *reviewID) (reply, error) {
		return fresh(Dropped{in.ID}, s.DropReview(ctx, in.ID))
	})
	register(a, route{method: "GET", path: "/v1/proofs", role: access.Viewer}, huma.Operation{
		OperationID: "list-proofs", Tags: []string{"operation"}, Summary: "Latest results of load tests and drills",
	}, Proofs{}, func(ctx context.Context, _ *nothing) (reply, error) {
		all, err := s.Proofs(ctx)
		return fresh(Proofs{all}, err)
	})
	register(a, route{method: "POST", path: "/v1/proofs", role: access.Admin}, huma.Operation{
		OperationID: "record-proof", Tags: []string{"operation"}, Summary: "Record the result of a load test or a drill",
		DefaultStatus: 201, MaxBodyBytes: min(a.o.Body, 2<<20),
	}, service.Proof{}, func(ctx context.Context, in *proofInput) (reply, error) {
		b := &in.Body
		report, err := json.Marshal(b.Report)
		if err != nil {
			return reply{}, err
		}
		return created(fresh(s.RecordProof(ctx, service.NewProof{Kind: b.Kind, Summary: b.Summary, Passed: b.Passed, Report: report})))
	})
}

// Dropped identifies a withdrawn review.
type Dropped struct {
	Dropped int64 `json:"dropped"`
}
