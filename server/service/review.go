package service

import (
	"context"
	"fmt"
	"time"

	"corrgraph/answer"
	"corrgraph/odds"
	"corrgraph/server/review"
	"corrgraph/store"
)

// ReviewStore stores people's reviews of anomalies.
type ReviewStore interface {
	AddReview(ctx context.Context, r store.Review) (store.Review, error)
	DropReview(ctx context.Context, id int64) (bool, error)
	Reviews(ctx context.Context, now odds.Time, limit int) ([]store.Review, error)
}

// mostReviews limits the reviews that have not expired; further ones are refused.
const mostReviews = 20_000

// loadEvery is how often reviews are read again, to drop expired ones.
const loadEvery = time.Minute

// loadReviews reads the reviews that have not expired.
func (s *Service) loadReviews(ctx context.Context) error {
	return s.ask(ctx, func(ctx context.Context) error {
		all, err := s.people.Reviews(ctx, s.now(), mostReviews)
		if err == nil {
			s.reviews.Store(review.NewBook(all))
		}
		return err
	})
}

// note adds the reviews of anomalies to a list.
func (s *Service) note(list []answer.Anomaly) {
	book, now := s.reviews.Load(), s.now()
	for i := range list {
		a, last := &list[i], ""
		if n := len(a.Nodes); n > 0 {
			last = string(a.Nodes[n-1])
		}
		if o := book.Of(a.Kind, a.EventID, last, a.At, now); o != (review.Opinion{}) {
			shown := answer.Reviewed(o)
			a.Review = &shown
		}
	}
}

// Review stores a person's review of an anomaly.
func (s *Service) Review(ctx context.Context, in review.Request) (out *review.Review, err error) {
	err = s.run(ctx, OpReview, fmt.Sprintf("%s %s %s %s", in.Action, in.Kind, in.EventID, in.Node), func(ctx context.Context) error {
		if err := in.Check(); err != nil {
			return invalid("%v", err)
		}
		if n := s.reviews.Load().Len(); n >= mostReviews {
			return invalid("%d reviews are held already, the most there can be: withdraw some", n)
		}
		r := in.Row(ActorOf(ctx).Name, s.now())
		if err := s.ask(ctx, func(ctx context.Context) (err error) {
			r, err = s.people.AddReview(ctx, r)
			return err
		}); err != nil {
			return err
		}
		shown := review.New(&r)
		out = &shown
		return s.loadReviews(ctx)
	})
	return out, err
}

// DropReview withdraws a review.
func (s *Service) DropReview(ctx context.Context, id int64) error {
	return s.run(ctx, OpReview, fmt.Sprint("drop ", id), func(ctx context.Context) error {
		found := false
		if err := s.ask(ctx, func(ctx context.Context) (err error) {
			found, err = s.people.DropReview(ctx, id)
			return err
		}); err != nil {
			return err
		}
		if !found {
			return unknown("there is no review %d", id)
		}
		return s.loadReviews(ctx)
	})
}

// Reviews lists the newest reviews, and the precision of each kind of anomaly.
func (s *Service) Reviews(ctx context.Context, limit int) (out *review.Reviews, err error) {
	err = s.run(ctx, OpReview, "list", func(context.Context) error {
		out = s.reviews.Load().List(limit)
		return nil
	})
	return out, err
}
