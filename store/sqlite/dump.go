package sqlite

import (
	"bufio"
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
)

// dumped lists the tables of results with the columns and the order of their
// canonical form: natural keys, no row numbers.
func dumped() []statement {
	dump := func(table, columns, order string) statement {
		return statement{name: "dump_" + table, sql: "SELECT " + columns + " FROM " + table + " ORDER BY " + order, deadline: listing}
	}
	return []statement{
		dump("state", "name, value", "name"),
		dump("events", eventTable.columns, "event_id"),
		dump("families", familyTable.columns, "family"),
		dump("venue_groups", groupTable.columns, "sport, league, venues"),
		dump("multi_layer_correlations", "severity_level, "+edgeTable.columns, edgeTable.columns),
		dump("anomalies", anomalyTable.columns, anomalyTable.columns),
		dump("predictions", predictionTable.columns, "prediction_id"),
		dump("ambiguities", ambiguityTable.columns, ambiguityTable.columns),
		dump("documents", documentTable.columns, "name"),
	}
}

// CanonicalDump writes every table of results as text that depends on what was
// concluded alone: two stores conclude the same exactly when their dumps are
// equal byte by byte. The tick log, the audit and the readiness matrix are left
// out: they tell of runs, not of results. Floats have their shortest exact form.
func (s *Store) CanonicalDump(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	whole := statement{name: "dump", deadline: upkeep}
	err := s.read(ctx, whole, func(ctx context.Context, c *conn) error {
		for _, d := range dumped() {
			fmt.Fprintln(out, "--", d.sql)
			if err := c.query(ctx, d, func(row []driver.Value) error {
				_, err := out.Write(append(spell(nil, row), '\n'))
				return err
			}); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if err != nil {
		return fmt.Errorf("store %s: %w", s.path, err)
	}
	return nil
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
