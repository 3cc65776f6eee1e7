package sqlite

import (
	"bufio"
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"

	"corrgraph/store/sqlite/db"
)

// dumped lists the tables of results with the columns and order of their canonical form:
// natural keys, no row numbers.
func dumped() []db.Statement {
	dump := func(table, columns, order string) db.Statement {
		return db.Statement{Name: "dump_" + table, SQL: "SELECT " + columns + " FROM " + table + " ORDER BY " + order, Deadline: db.Listing}
	}
	return []db.Statement{
		dump("state", "name, value", "name"),
		dump("events", eventTable.Columns, "event_id"),
		dump("families", familyTable.Columns, "family"),
		dump("venue_groups", groupTable.Columns, "sport, league, venues"),
		dump("multi_layer_correlations", "severity_level, "+edgeTable.Columns, edgeTable.Columns),
		dump("anomalies", anomalyTable.Columns, anomalyTable.Columns),
		dump("predictions", predictionTable.Columns, "prediction_id"),
		dump("documents", documentTable.Columns, "name"),
	}
}

// CanonicalDump writes every table of results as text that depends only on the conclusions:
// two stores hold the same conclusions exactly if their dumps are equal byte by byte. The
// tick log, the audit and the readiness matrix are left out, because they describe runs,
// not results. Floats have their shortest exact form.
func (s *Store) CanonicalDump(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	whole := db.Statement{Name: "dump", Deadline: db.Upkeep}
	err := s.db.Read(ctx, whole, func(ctx context.Context, c *db.Conn) error {
		for _, d := range dumped() {
			fmt.Fprintln(out, "--", d.SQL)
			if err := c.Query(ctx, d, func(row []driver.Value) error {
				_, err := out.Write(append(spell(nil, row), '\n'))
				return err
			}); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	return s.named(err)
}

func spell(b []byte, row []driver.Value) []byte {
	for i, v := range row {
		if i > 0 {
			b = append(b, '\t')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, "null"...)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case float64:
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		case string:
			b = strconv.AppendQuote(b, v)
		default:
			b = fmt.Appendf(b, "%x", v)
		}
	}
	return b
}
