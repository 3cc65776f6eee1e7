package sqlite

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/storetest"
	"corrgraph/ticklog"
)

// full is a closed store with forty chunks, results, an audit, reviews, a proof and checks.
func full(t *testing.T) string {
	t.Helper()
	s := open(t, Options{})
	var enc ticklog.Encoder
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 40 {
		at := odds.Time(1000 * i)
		b := &odds.Batch{Source: fmt.Sprintf("source %d", i%3), At: at, Recv: at}
		for k := range 40 {
			b.Updates = append(b.Updates, odds.Update{Venue: fmt.Sprint("venue ", r.IntN(1000)), Market: fmt.Sprint("m", k), Quotes: []odds.Quote{{Selection: "home", Price: 1 + r.Float64()}}})
		}
		if _, err := s.Log().Append(t.Context(), enc.Pack([]*odds.Batch{b})); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 50, 2, 2)); err != nil {
		t.Fatal(err)
	}
	var audit []store.AuditRow
	for i := range 40 {
		audit = append(audit, store.AuditRow{At: odds.Time(1000 * i), Operation: "GRAPH_BUILD", Subject: fmt.Sprint("event ", i), Status: "OK", Actor: "desk", Took: 1234})
		if _, err := s.AddReview(t.Context(), store.Review{Action: "verdict", Kind: "arbitrage", Event: fmt.Sprint("e", i), Verdict: "true", Note: "checked by phone", Actor: "desk", MadeAt: 5}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		s.Audit(t.Context(), audit),
		s.RecordPerformance(t.Context(), []store.Performance{{At: 1, Operation: "GRAPH_BUILD", PerSecond: 2, MemoryMB: 3, CPU: 4}}),
		s.SetProof(t.Context(), store.Proof{Kind: "load", MadeAt: 7, Passed: true, Summary: "fine", Body: "{}"}),
		s.SetChecks(t.Context(), []store.Check{{Component: "correlation-engine", Name: "audit", Severity: "HIGH", Status: "PASSED", LastChecked: 8}}),
		s.Close(),
	); err != nil {
		t.Fatal(err)
	}
	return s.Path()
}

// told is what a store tells beside its log and its results.
func told(ctx context.Context, s *Store) (string, error) {
	audit, err1 := s.AuditTail(ctx, 1000)
	held, err2 := s.AuditHeld(ctx)
	reviews, err3 := s.Reviews(ctx, 0, 1000)
	proofs, err4 := s.Proofs(ctx)
	checks, err5 := s.Checks(ctx, "correlation-engine")
	performance, err6 := s.Performance(ctx, 0, 10, "", 10)
	return fmt.Sprintln(audit, held, reviews, proofs, checks, performance), errors.Join(err1, err2, err3, err4, err5, err6)
}

// contentOf is what a store that was opened for a service tells: its log and its results.
// found reports whether it said that something is wrong.
func contentOf(t *testing.T, path string) (log, results string, found bool) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		return "", "", true
	}
	defer s.Close()
	findings, err := s.Examine(t.Context())
	found = err != nil || len(findings) > 0
	var out bytes.Buffer
	for b, err := range ticklog.ByTimeAround(t.Context(), s.Log(), func(ticklog.Damage) { found = true }) {
		if err != nil {
			found = true
			break
		}
		fmt.Fprintln(&out, b.Source, b.At, b.Updates)
	}
	pages, err := s.CheckPages(t.Context())
	found = found || err != nil || len(pages) > 0
	var dump bytes.Buffer
	if err := s.CanonicalDump(t.Context(), &dump); err != nil {
		found = true
	}
	rest, err := told(t.Context(), s)
	return out.String(), dump.String() + rest, found || err != nil
}

var flips = flag.Int("flips", 40, "bits that TestNoFlipIsSilent flips")

func TestNoFlipIsSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("reads forty stores, one at a time; run without -short")
	}
	path := full(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, results, found := contentOf(t, path)
	if found {
		t.Fatal("a whole store is called damaged")
	}
	r := rand.New(rand.NewPCG(2, 1))
	dir := t.TempDir()
	var n struct{ found, harmless, log, results int }
	for i := range *flips {
		b := bytes.Clone(whole)
		at, bit := r.IntN(len(b)), r.IntN(8)
		b[at] ^= 1 << bit
		bad := filepath.Join(dir, fmt.Sprint(i, ".db"))
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, res, found := contentOf(t, bad)
		checked, err := Check(t.Context(), bad, bad)
		switch {
		case found || err != nil || len(checked) > 0:
			n.found++
		case l != log:
			n.log++
			t.Errorf("byte %d, bit %d: the log differs and nothing was said", at, bit)
		case res != results:
			n.results++
			t.Errorf("byte %d, bit %d, page %d: results differ and nothing was said", at, bit, at/4096+1)
		default:
			n.harmless++
		}
		os.Remove(bad)
	}
	t.Logf("%+v of %d bytes", n, len(whole))
}
