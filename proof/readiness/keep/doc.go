// Package keep holds the readiness gates that need a store but no instance: that
// the report's SQL runs, that deadlines interrupt queries, and that the audit log
// keeps exactly what it should.
package keep
