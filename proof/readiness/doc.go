// Package readiness runs the gates that a service must pass before production is
// authorised.
//
// Every gate tests its promise on a running service: the named instance, or a
// scratch instance with the same configuration and a store of its own. It returns
// the measured value beside its threshold. A gate that was not run, or could not
// be, is PENDING with the reason and never PASS.
//
// The package measures: it reads the clock, opens sockets and starts processes.
// Only verdicts, ageing and the table are pure.
package readiness
