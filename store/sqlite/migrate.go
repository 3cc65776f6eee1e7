package sqlite

import (
	"context"
	"embed"
	"fmt"
)

//go:embed migrations/*.sql
var files embed.FS

// migrations returns the scripts in order; the n-th brings a store from version
// n−1 to n. A released script is never edited. (The number lives in SQLite's own
// user_version: a migration library keeps a table for it, and would cost every
// command of the CLI a few statements more.)
func migrations() []string {
	entries, err := files.ReadDir("migrations")
	if err != nil {
		panic(err) // embedded
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		b, err := files.ReadFile("migrations/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[i] = string(b)
	}
	return out
}

// Version returns the version of the schema that this program writes.
func Version() int { return len(migrations()) }

// migrate brings the store from a version to the newest, each step in a
// transaction of its own, so that a killed process leaves it at one or the next.
func (s *Store) migrate(ctx context.Context, from int) error {
	for i, script := range migrations()[from:] {
		to := from + i + 1
		err := s.write(ctx, func(c *conn) error {
			step := statement{deadline: upkeep}
			ctx, cancel := step.context(ctx)
			defer cancel()
			return c.script(ctx, fmt.Sprintf("%s\nPRAGMA application_id = %d; PRAGMA user_version = %d;", script, applicationID, to))
		})
		if err != nil {
			return fmt.Errorf("migration to version %d: %w", to, err)
		}
	}
	return nil
}
