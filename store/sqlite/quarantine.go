package sqlite

import (
	"context"
	"fmt"

	"corrgraph/odds"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// setAside is a chunk in quarantine.
type setAside struct {
	ticklog.Damage
	foundAt odds.Time
}

var quarantineTable = db.Table[setAside]{Name: "quarantine", Summed: true, Columns: "session, seq, from_at, to_at, quotes, payload, sources, why, found_at", Walk: func(c *db.Cells, q *setAside) {
	at := placeOf(q.Position)
	db.Number(c, &at.session)
	db.Number(c, &at.seq)
	q.Position = at.position()
	db.Number(c, &q.From)
	db.Number(c, &q.To)
	db.Number(c, &q.Quotes)
	c.Blob(&q.Payload)
	c.JSON(&q.Sources)
	db.Text(c, &q.Why)
	db.Number(c, &q.foundAt)
}}

// quarantined lists the chunks in quarantine.
func quarantined(ctx context.Context, c *db.Conn) ([]setAside, error) {
	return quarantineTable.Read(ctx, c, nil, statements()[listAside])
}

// Quarantine moves a damaged chunk out of the tick log, as it is, so that the log reads on
// without it. A chunk whose row can't be read stays where it is: SQLite would make the
// damage worse.
func (s *Store) Quarantine(ctx context.Context, d ticklog.Damage) error {
	row := setAside{Damage: d}
	if s.clock != nil {
		row.foundAt = odds.TimeOf(s.clock())
	}
	if row.Sources == nil {
		row.Sources = []string{}
	}
	err := s.db.Write(ctx, func(c *db.Conn) error {
		at := placeOf(d.Position)
		n, err := c.Exec(ctx, s.table[dropChunk], at.session, at.seq)
		if err != nil || n == 0 {
			return err
		}
		s.floor = max(s.floor, at.session) // its position is not used again
		return quarantineTable.Write(ctx, c, []setAside{row})
	})
	if err != nil {
		return fmt.Errorf("quarantine of chunk %d: %w", d.Position, err)
	}
	return nil
}
