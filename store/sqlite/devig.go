package sqlite

import (
	"context"
	"fmt"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// UseDevig fixes the store's de-vig method before conclusions are written. A store that
// holds quotes or conclusions keeps the method it was built with, because values of two
// methods cannot be mixed: any other gives store.ErrDevig. A store without a recorded
// method was built with odds.Multiplicative. One transaction.
func (s *Store) UseDevig(ctx context.Context, m odds.Method) error {
	return s.db.Write(ctx, func(c *db.Conn) error {
		v, err := c.One(ctx, s.table[devig])
		if err != nil {
			return err
		}
		held, inUse := v[0], v[1] != 0
		switch {
		case held == int64(m):
			return nil
		case inUse:
			return fmt.Errorf("%w: %s, not %s", store.ErrDevig, odds.Method(held), m)
		case m == odds.Multiplicative:
			_, err = c.Exec(ctx, s.table[clearDevig])
		default:
			_, err = c.Exec(ctx, s.table[setDevig], int64(m))
		}
		return err
	})
}

// Devig returns the method the store was built with.
func (s *Store) Devig(ctx context.Context) (odds.Method, error) {
	m, err := s.ask(ctx, devig)
	return odds.Method(m), err
}
