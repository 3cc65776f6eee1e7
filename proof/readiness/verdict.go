package readiness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/server/service"
	"corrgraph/store"
)

// Statuses of a gate.
const (
	Pass    = "PASS"
	Fail    = "FAIL"
	Pending = "PENDING"
)

// row is a gate that was never run.
func (g *Gate) row() store.Check {
	return store.Check{
		Component: service.Component, Name: g.Name, Severity: g.Severity, Status: Pending, Description: g.Description,
		Threshold: g.Threshold, Runbook: runbook(g.Name),
	}
}

// verdict returns the row of a gate run at now for took: PASS if its threshold was
// kept; PENDING with the reason if it could not be run; FAIL otherwise, including
// after an error.
func (g *Gate) verdict(f lab.Finding, err error, now time.Time, took time.Duration) store.Check {
	c := g.row()
	c.LastChecked = odds.TimeOf(now)
	c.Measured, c.Evidence = f.Measured, f.Evidence
	switch {
	case errors.Is(err, lab.ErrNotRun):
		c.LastChecked, c.Measured, c.Evidence = 0, "", err.Error()
		return c
	case err != nil:
		c.Status, c.Evidence = Fail, strings.TrimPrefix(f.Evidence+"; "+err.Error(), "; ")
		if c.Measured == "" {
			c.Measured = "an error"
		}
	case f.Pass:
		c.Status = Pass
	default:
		c.Status = Fail
	}
	c.Evidence = fmt.Sprintf("%s; took %s", c.Evidence, took.Round(100*time.Millisecond))
	return c
}

// Matrix returns the current matrix: one row per gate, in order, from the stored
// results. A gate without a result is PENDING, and so is one run longer than maxAge
// ago, which keeps its evidence and time.
func Matrix(o Options, held []store.Check, now time.Time, maxAge time.Duration) []store.Check {
	o.fill()
	all := gates(&o)
	out := make([]store.Check, 0, len(all))
	for i := range all {
		g := &all[i]
		k := slices.IndexFunc(held, func(c store.Check) bool { return c.Component == service.Component && c.Name == g.Name })
		if k < 0 {
			out = append(out, g.row())
			continue
		}
		c := held[k]
		// The program decides the severity, not the store.
		c.Severity = g.Severity
		if age := now.Sub(c.LastChecked.Std()); c.Status != Pending && age > maxAge {
			c.Evidence = fmt.Sprintf("was %s %s ago, more than %s: run it again; %s", c.Status, age.Round(time.Minute), maxAge, c.Evidence)
			c.Status, c.Since = Pending, c.LastChecked.Add(odds.MillisOf(maxAge))
		}
		if c.Status != Pass && c.Status != Fail {
			c.Status = Pending // another program's status proves nothing
		}
		out = append(out, c)
	}
	return out
}

// Names lists the gates in the order in which they run.
func Names() (names []string) {
	for _, g := range gates(&Options{}) {
		names = append(names, g.Name)
	}
	return names
}

// Checks returns the rows behind a service's matrix.
func Checks(r *service.Readiness) []store.Check {
	out := make([]store.Check, 0, len(r.Gates))
	for i := range r.Gates {
		g := &r.Gates[i]
		c := store.Check{
			Component: service.Component, Name: g.Name, Severity: g.Severity, Status: g.Status, Description: g.Description,
			Evidence: g.Evidence, Threshold: g.Threshold, Measured: g.Measured, Runbook: g.Runbook,
		}
		if g.LastChecked != nil {
			c.LastChecked = odds.TimeOf(*g.LastChecked)
		}
		out = append(out, c)
	}
	return out
}
