package readiness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/answer"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
	"corrgraph/server/service"
	"corrgraph/store"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func TestTheGates(t *testing.T) {
	want := map[string]bool{}
	for _, name := range strings.Fields("rate_limit memory_ceiling query_deadline circuit_breaker degrade_l1 degrade_l2 degrade_l3 degrade_l4 failover_standby " +
		"latency_critical_paths audit_complete audit_retention backup_restore metrics_export trace_propagation sql_compliance determinism foreign_clock calibration_and_decoys crash_recovery load") {
		want[name] = true
	}
	got := map[string]bool{}
	var o Options
	o.fill()
	for _, g := range gates(&o) {
		got[g.Name] = true
		if g.Description == "" || g.Threshold == "" || g.run == nil || g.Takes <= 0 {
			t.Errorf("%s lacks something: %+v", g.Name, g)
		}
		if g.Severity != Critical && g.Severity != High && g.Severity != Medium {
			t.Errorf("%s: severity %q", g.Name, g.Severity)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(Names()) != 21 {
		t.Error(diff)
	}
}

func TestVerdicts(t *testing.T) {
	g := Gate{Name: "load", Severity: Critical, Description: "d", Threshold: "< 5 ms"}
	for name, c := range map[string]struct {
		f        lab.Finding
		err      error
		status   string
		measured string
		evidence string
		checked  bool
	}{
		"kept":                    {lab.Finding{Pass: true, Measured: "4 ms", Evidence: "n = 9"}, nil, Pass, "4 ms", "n = 9; took 2s", true},
		"broken":                  {lab.Finding{Measured: "6 ms", Evidence: "n = 9"}, nil, Fail, "6 ms", "n = 9; took 2s", true},
		"an error":                {lab.Finding{}, errors.New("boom"), Fail, "an error", "boom; took 2s", true},
		"an error never passes":   {lab.Finding{Pass: true, Measured: "4 ms", Evidence: "n = 9"}, errors.New("boom"), Fail, "4 ms", "n = 9; boom; took 2s", true},
		"not run":                 {lab.Finding{}, lab.NotRun("no permission"), Pending, "", "not run: no permission", false},
		"not run is never passed": {lab.Finding{Pass: true, Measured: "1"}, lab.NotRun("x"), Pending, "", "not run: x", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := g.verdict(c.f, c.err, noon(), 2*time.Second)
			want := store.Check{
				Component: service.Component, Name: "load", Severity: Critical, Status: c.status, Description: "d", Threshold: "< 5 ms",
				Measured: c.measured, Evidence: c.evidence, Runbook: "docs/runbooks/gates.md#load",
			}
			if c.checked {
				want.LastChecked = odds.TimeOf(noon())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// passed is a matrix in which every gate passed that long ago.
func passed(ago time.Duration) []store.Check {
	var o Options
	o.fill()
	var out []store.Check
	for _, g := range gates(&o) {
		out = append(out, g.verdict(lab.Finding{Pass: true, Measured: "x", Evidence: "y"}, nil, noon().Add(-ago), 0))
	}
	return out
}

func TestAuthorisation(t *testing.T) {
	const week = 7 * 24 * time.Hour
	change := func(name string, f func(*store.Check)) []store.Check {
		all := passed(time.Hour)
		for i := range all {
			if all[i].Name == name {
				f(&all[i])
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		held       []store.Check
		authorised bool
		says       string
	}{
		"all pass":               {passed(time.Hour), true, "production is authorised"},
		"nothing was run":        {nil, false, "gates pending: sql_compliance"},
		"one is missing":         {passed(time.Hour)[1:], false, "gates pending: sql_compliance"},
		"a critical one fails":   {change("load", func(c *store.Check) { c.Status = Fail }), false, "critical gates fail: load"},
		"a high one fails":       {change("metrics_export", func(c *store.Check) { c.Status = Fail }), true, "production is authorised"},
		"a pending medium one":   {change("trace_propagation", func(c *store.Check) { c.Status = Pending }), false, "gates pending: trace_propagation"},
		"all are too old":        {passed(week + time.Minute), false, "gates pending"},
		"just young enough":      {passed(week), true, "production is authorised"},
		"another's word":         {change("load", func(c *store.Check) { c.Status = "GREAT" }), false, "gates pending: load"},
		"a severity played down": {change("load", func(c *store.Check) { c.Status, c.Severity = Fail, "LOW" }), false, "critical gates fail: load"},
		"another component's":    {change("load", func(c *store.Check) { c.Component = "other" }), false, "gates pending: load"},
	} {
		t.Run(name, func(t *testing.T) {
			r := service.NewReadiness(Matrix(Options{}, c.held, noon(), week))
			if r.Authorised != c.authorised || !strings.Contains(Sentence(r), c.says) || r.Total != 21 {
				t.Errorf("authorised %v of %d: %s", r.Authorised, r.Total, Sentence(r))
			}
		})
	}
}

func TestAnOldResultKeepsItsTime(t *testing.T) {
	got := Matrix(Options{}, passed(8*24*time.Hour), noon(), 7*24*time.Hour)[0]
	if got.Status != Pending || got.LastChecked != odds.TimeOf(noon().Add(-8*24*time.Hour)) || got.Measured != "x" || !strings.HasPrefix(got.Evidence, "was PASS 192h") {
		t.Errorf("%+v", got)
	}
}

func TestRowsComeBackFromAService(t *testing.T) {
	held := passed(time.Hour)
	held[3] = (&Gate{Name: held[3].Name, Severity: High}).row() // never run
	text, err := json.Marshal(service.NewReadiness(held))
	if err != nil {
		t.Fatal(err)
	}
	var r service.Readiness
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(held, Checks(&r)); diff != "" {
		t.Error(diff)
	}
}

func TestText(t *testing.T) {
	held := passed(3 * time.Hour)
	held[1].Status, held[1].Evidence = Fail, "why\x1b[2J it failed"
	var b bytes.Buffer
	r := service.NewReadiness(Matrix(Options{}, held[:20], noon(), time.Hour*24))
	if err := Text(&b, r, noon(), false, answer.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"sql_compliance          HIGH      PASS     x         0 statements fail", "3 h ago", "never",
		"query_deadline FAIL: why\ufffd[2J it failed\n  see docs/runbooks/gates.md#query_deadline",
		"19 of 21 pass, 1 fail (1 critical), 1 pending: production is not authorised: critical gates fail: query_deadline; gates pending: load",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestRunRefusesAnUnknownGate(t *testing.T) {
	err := Run(t.Context(), Options{Dir: t.TempDir()}, []string{"no_such"}, nil)
	if !errors.Is(err, ErrUnknownGate) {
		t.Errorf("%v", err)
	}
}

func TestAGateThatPanicsFails(t *testing.T) {
	l := &session{o: Options{Clock: noon}}
	g := Gate{Name: "x", Severity: Critical, run: func(context.Context, *session) (lab.Finding, error) { panic("oh") }}
	if c := l.try(t.Context(), &g); c.Status != Fail || !strings.Contains(c.Evidence, "oh") {
		t.Errorf("%+v", c)
	}
}
