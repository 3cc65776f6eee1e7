package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// openMark opens the store's mark and compares the log with it.
func (s *Store) openMark(ctx context.Context) error {
	return s.db.Read(ctx, s.table[identity], func(ctx context.Context, c *db.Conn) error {
		id, held, err := reached(ctx, c)
		if err != nil {
			return fmt.Errorf("store %s: %w", s.Path(), err)
		}
		m, at, err := db.OpenMark(s.Path(), id)
		if err != nil {
			return err
		}
		s.mark = m
		s.db.KeepTail(m)
		noted := ticklog.Position(at)
		s.floor = placeOf(max(held, noted)).session
		if noted > held {
			s.beyond = append(s.beyond, lostEnd(placeOf(held), placeOf(noted)))
			s.floor++ // a session that nobody used, so that the gap stays visible
		}
		m.Reach(int64(held))
		return nil
	})
}

// reached returns the store's identity and the last position that it holds, or held.
func reached(ctx context.Context, c *db.Conn) (id []byte, held ticklog.Position, err error) {
	all := statements()
	err = c.Query(ctx, all[identity], func(row []driver.Value) error {
		id, _ = row[0].([]byte)
		return nil
	})
	if err == nil && len(id) != db.MarkID {
		err = fmt.Errorf("%w: its identity has %d bytes", store.ErrDamaged, len(id))
	}
	for _, n := range []name{lastChunk, lastAside} {
		var v []int64
		if err == nil {
			v, err = c.One(ctx, all[n])
		}
		if err == nil {
			held = max(held, place{v[0], v[1]}.position())
		}
	}
	return id, held, err
}

// beyond compares a log with the mark beside the store at path.
func beyond(ctx context.Context, c *db.Conn, path string) ([]store.Finding, error) {
	id, held, err := reached(ctx, c)
	if err != nil {
		return damage(store.FindPage, "identity", err)
	}
	at, err := db.ReadMark(path, id)
	if err != nil {
		return nil, err
	}
	if noted := ticklog.Position(at); noted > held {
		return []store.Finding{lostEnd(placeOf(held), placeOf(noted))}, nil
	}
	return nil, nil
}

// lostEnd is the finding of a log that ends before what was acknowledged.
func lostEnd(held, noted place) store.Finding {
	return store.Finding{
		Kind: store.FindGap, Where: fmt.Sprintf("tick_log %d/%d", held.session, held.seq), Harm: true,
		Detail: fmt.Sprintf("the log ends here, but chunks up to %d/%d were acknowledged: the WAL was removed or damaged while no process had it open, or an older copy was put in place",
			noted.session, noted.seq),
	}
}
