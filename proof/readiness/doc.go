// Package readiness runs the gates that a service must pass before production is
// authorised, and keeps what they said.
//
// Every gate does what its name says against a running service: the instance that
// was named, or a scratch instance with the same configuration on a store of its
// own. It returns what was measured beside its threshold. A gate that was not run,
// or could not be, is PENDING with the reason and never PASS.
//
// The package reads the clock, opens sockets and starts processes: it measures.
// Only verdicts, ageing and the table are pure.
package readiness
