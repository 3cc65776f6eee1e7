package sqlite

import (
	"context"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

var reviewTable = db.Table[store.Review]{
	Name: "reviews", Summed: true,
	Columns: "review_id, action, kind, event_id, node, at, verdict, note, actor, made_at, expires_at",
	Walk: func(c *db.Cells, r *store.Review) {
		db.Number(c, &r.ID)
		db.Text(c, &r.Action)
		db.Text(c, &r.Kind)
		db.Text(c, &r.Event)
		db.Text(c, &r.Node)
		db.Number(c, &r.At)
		db.Text(c, &r.Verdict)
		db.Text(c, &r.Note)
		db.Text(c, &r.Actor)
		db.Number(c, &r.MadeAt)
		db.Number(c, &r.Expires)
	},
}

var proofTable = db.Table[store.Proof]{Name: "proofs", Summed: true, Columns: "kind, made_at, actor, passed, summary, body", Walk: func(c *db.Cells, p *store.Proof) {
	db.Text(c, &p.Kind)
	db.Number(c, &p.MadeAt)
	db.Text(c, &p.Actor)
	c.Bool(&p.Passed)
	db.Text(c, &p.Summary)
	db.Text(c, &p.Body)
}}

// AddReview stores a review and returns it with its id. Reviews that had expired when it was
// made are removed.
func (s *Store) AddReview(ctx context.Context, r store.Review) (store.Review, error) {
	err := s.db.Write(ctx, func(c *db.Conn) error {
		last, err := c.One(ctx, s.table[lastReview])
		if err != nil {
			return err
		}
		if _, err := c.Exec(ctx, s.table[pruneReviews], int64(r.MadeAt)); err != nil {
			return err
		}
		r.ID = last[0] + 1
		w := db.Cells{Writing: true}
		reviewTable.Row(&w, &r)
		_, err = c.Exec(ctx, s.table[addReview], w.V...)
		return err
	})
	return r, err
}

// Reviews returns the newest limit reviews that have not expired at a time, oldest first.
func (s *Store) Reviews(ctx context.Context, now odds.Time, limit int) ([]store.Review, error) {
	return list(ctx, s, reviewTable, s.table[reviews], int64(now), int64(limit))
}

// DropReview removes a review; ok is false if there is none with that id.
func (s *Store) DropReview(ctx context.Context, id int64) (ok bool, err error) {
	err = s.db.Write(ctx, func(c *db.Conn) error {
		n, err := c.Exec(ctx, s.table[dropReview], id)
		ok = n > 0
		return err
	})
	return ok, err
}

// SetProof stores a result, replacing the one of its kind.
func (s *Store) SetProof(ctx context.Context, p store.Proof) error {
	return s.db.Write(ctx, func(c *db.Conn) error {
		w := db.Cells{Writing: true}
		proofTable.Row(&w, &p)
		_, err := c.Exec(ctx, s.table[setProof], w.V...)
		return err
	})
}

// Proofs returns the newest result of every kind.
func (s *Store) Proofs(ctx context.Context) ([]store.Proof, error) {
	return list(ctx, s, proofTable, s.table[proofs])
}
