package sqlite

import (
	"context"

	"corrgraph/odds"
	"corrgraph/store"
)

var reviewTable = table[store.Review]{
	"reviews",
	"review_id, action, kind, event_id, node, at, verdict, note, actor, made_at, expires_at",
	func(c *cells, r *store.Review) {
		number(c, &r.ID)
		text(c, &r.Action)
		text(c, &r.Kind)
		text(c, &r.Event)
		text(c, &r.Node)
		number(c, &r.At)
		text(c, &r.Verdict)
		text(c, &r.Note)
		text(c, &r.Actor)
		number(c, &r.MadeAt)
		number(c, &r.Expires)
	},
}

var proofTable = table[store.Proof]{"proofs", "kind, made_at, actor, passed, summary, body", func(c *cells, p *store.Proof) {
	text(c, &p.Kind)
	number(c, &p.MadeAt)
	text(c, &p.Actor)
	c.bool(&p.Passed)
	text(c, &p.Summary)
	text(c, &p.Body)
}}

// AddReview keeps a review and returns it with its id.
func (s *Store) AddReview(ctx context.Context, r store.Review) (store.Review, error) {
	err := s.write(ctx, func(c *conn) error {
		last, err := c.one(ctx, s.table[lastReview])
		if err != nil {
			return err
		}
		r.ID = last[0] + 1
		w := cells{writing: true}
		reviewTable.walk(&w, &r)
		_, err = c.exec(ctx, s.table[addReview], w.v...)
		return err
	})
	return r, err
}

// Reviews returns the reviews that have not expired at a time, oldest first, the
// newest limit of them.
func (s *Store) Reviews(ctx context.Context, now odds.Time, limit int) ([]store.Review, error) {
	return list(ctx, s, reviewTable, s.table[reviews], int64(now), int64(limit))
}

// DropReview takes a review back; ok is false where there is none of that id.
func (s *Store) DropReview(ctx context.Context, id int64) (ok bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		n, err := c.exec(ctx, s.table[dropReview], id)
		ok = n > 0
		return err
	})
	return ok, err
}

// SetProof keeps a result in place of the one of its kind.
func (s *Store) SetProof(ctx context.Context, p store.Proof) error {
	return s.write(ctx, func(c *conn) error {
		w := cells{writing: true}
		proofTable.walk(&w, &p)
		_, err := c.exec(ctx, s.table[setProof], w.v...)
		return err
	})
}

// Proofs returns the newest result of every kind.
func (s *Store) Proofs(ctx context.Context) ([]store.Proof, error) {
	return list(ctx, s, proofTable, s.table[proofs])
}
