package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"corrgraph/store"
)

// object is a table, index, view or trigger of a schema.
type object struct{ kind, name, table, sql string }

func (o object) String() string {
	if o.kind == "trigger" || o.kind == "index" {
		return fmt.Sprintf("%s %s on %s", o.kind, o.name, o.table)
	}
	return o.kind + " " + o.name
}

var objects = Statement{Name: "schema", SQL: `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY type, name`, Deadline: Upkeep}

func readSchema(ctx context.Context, c *Conn) (all []object, err error) {
	err = c.Query(ctx, objects, func(row []driver.Value) error {
		var o object
		r := Cells{V: row}
		for _, p := range []*string{&o.kind, &o.name, &o.table, &o.sql} {
			Text(&r, p)
		}
		o.sql = strings.Join(strings.Fields(o.sql), " ")
		all = append(all, o)
		return r.Err
	})
	return all, err
}

// expected makes the schema in memory and reads it. Cost: about a millisecond.
func (s Schema) expected(ctx context.Context, version int) (all []object, err error) {
	c, err := openConn(":memory:")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for _, script := range s.Migrations[:version] {
		if err := c.Script(ctx, script); err != nil {
			return nil, err
		}
	}
	return readSchema(ctx, c)
}

// Changed names what somebody changed in a schema that matters to whoever writes: what is
// missing or not as it was made, and triggers and unique indexes of others on our tables,
// which can drop or refuse rows. Tables, views and other indexes of others do no harm.
func (s Schema) Changed(ctx context.Context, c *Conn, version int) (names []string, err error) {
	want, err := s.expected(ctx, version)
	if err != nil {
		return nil, err
	}
	have, err := readSchema(ctx, c)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, o := range want {
		ours[o.table] = true
		i := slices.IndexFunc(have, func(h object) bool { return h.kind == o.kind && h.name == o.name })
		switch {
		case i < 0:
			names = append(names, o.String()+" is missing")
		case have[i] != o:
			names = append(names, o.String()+" was changed")
		}
	}
	for _, h := range have {
		known := slices.ContainsFunc(want, func(o object) bool { return h.kind == o.kind && h.name == o.name })
		meddles := h.kind == "trigger" || h.kind == "index" && strings.HasPrefix(strings.ToUpper(h.sql), "CREATE UNIQUE")
		if !known && meddles && ours[h.table] {
			names = append(names, h.String()+" is not ours")
		}
	}
	return names, nil
}

// sameSchema returns store.ErrSchema with the names of what was changed.
func (d *DB) sameSchema(ctx context.Context, c *Conn) error {
	names, err := d.schema.Changed(ctx, c, len(d.schema.Migrations))
	if err == nil && names != nil {
		err = fmt.Errorf("%w: %s", store.ErrSchema, strings.Join(names, ", "))
	}
	return err
}
