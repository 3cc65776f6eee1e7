package store

import (
	"fmt"
	"slices"
	"sync"
)

// Kinds of findings.
const (
	FindFile        = "file"        // it can't be opened at all
	FindPage        = "page"        // SQLite finds a page, row or cell that can't be
	FindIndex       = "index"       // an index disagrees with its table
	FindChunk       = "chunk"       // a chunk of the tick log can't be read
	FindGap         = "gap"         // chunks of the tick log are missing
	FindRow         = "row"         // a row is not what was written
	FindSchema      = "schema"      // somebody changed tables, indexes, triggers or views
	FindWAL         = "wal"         // commits in the WAL would be dropped
	FindLock        = "lock"        // another process has it open
	FindCheckpoint  = "checkpoint"  // a checkpoint can't be read
	FindQuarantine  = "quarantine"  // a file of what killed the service can't be read
	FindPermissions = "permissions" // others may read or write it
)

// Finding is something wrong with a store, or worth knowing.
type Finding struct {
	Kind   string `json:"kind"`
	Where  string `json:"where"` // file, table, index or position
	Detail string `json:"detail"`
	Harm   bool   `json:"harm"` // something is damaged or lost; false: worth knowing
}

// String is the finding in a line.
func (f Finding) String() string { return f.Kind + ": " + f.Where + ": " + f.Detail }

// Harmful returns the findings of harm.
func Harmful(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return !f.Harm })
}

// Damaged returns ErrDamaged with the first findings of harm; nil if there are none.
func Damaged(all []Finding) error {
	harm := Harmful(all)
	switch len(harm) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s", ErrDamaged, harm[0])
	}
	return fmt.Errorf("%w: %s, and %d more", ErrDamaged, harm[0], len(harm)-1)
}

// Condition is what is known to be wrong with a store while it is served. Nil is a store
// without fault. It is safe for concurrent use.
type Condition struct {
	mu    sync.Mutex
	found []Finding // guarded by mu
}

// Add adds findings of harm that are new; others are ignored.
func (c *Condition) Add(all ...Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range Harmful(all) {
		if !slices.Contains(c.found, f) {
			c.found = append(c.found, f)
		}
	}
}

// mostReasons is how many findings are told in full.
const mostReasons = 8

// Reasons returns what to say of the store's health; nil if nothing is wrong.
func (c *Condition) Reasons() (why []string) {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.found[:min(len(c.found), mostReasons)] {
		why = append(why, "store: "+f.String())
	}
	if more := len(c.found) - mostReasons; more > 0 {
		why = append(why, fmt.Sprintf("store: %d more findings: see the log, or corrgraph doctor", more))
	}
	return why
}
