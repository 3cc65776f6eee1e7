package readiness

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"corrgraph/proof/drill"
	"corrgraph/proof/readiness/lab"
)

// back is how soon after a kill the service must be ready again.
const back = 30 * time.Second

// longestLife is the maximum time from ready to kill: late enough that ticks are in
// flight and results are being saved.
const longestLife = 1200 * time.Millisecond

func crashRecovery(ctx context.Context, l *session) (f lab.Finding, err error) {
	// The drill sends without a token.
	p, err := l.Place(ctx, lab.Setup{Empty: true, Set: []string{"access.tokens_file=", "access.anonymous_loopback=operator"}})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	if _, err := l.Load(p); err != nil {
		return f, err
	}
	args, err := l.Command(p)
	if err != nil {
		return f, err
	}
	kills := 0
	r, err := drill.Kill(ctx, drill.KillOptions{
		Command: func(ctx context.Context, addr string) *exec.Cmd {
			c := exec.CommandContext(ctx, args[0], append(args[1:len(args):len(args)], "--set", "server.listen="+addr)...)
			c.Env, c.SysProcAttr = l.o.Config.Env, lab.DieWithParent()
			return c
		},
		DB: p.Store, Runs: l.o.Kills, Longest: longestLife, Ready: lab.StartWithin,
		Progress: func(run, _, _ int, _ time.Duration) { kills = run },
	})
	if err != nil && kills == 0 {
		return f, lab.NotRun("a scratch process: %w", err)
	}
	if err != nil {
		return f, fmt.Errorf("after kill %d: %w", kills, err)
	}
	return judgeCrash(r), nil
}

func judgeCrash(r *drill.KillReport) (f lab.Finding) {
	slowest := time.Duration(r.RecoveryMaxMs * 1e6)
	f.Pass = r.Runs > 0 && r.Kept && slowest <= back
	f.Measured = fmt.Sprintf("%d lost, %d doubled over %d kills, ready within %s", r.Lost, r.Doubled, r.Runs, slowest.Round(10*time.Millisecond))
	f.Evidence = fmt.Sprintf("kill -9 at random moments (seed %d) under load: %d requests, %d acknowledged ticks looked up in the tick log; ready again after %.0f ms (median), %.0f ms at most",
		r.Seed, r.Sent, r.Acknowledged, r.RecoveryP50Ms, r.RecoveryMaxMs)
	if r.Strange > 0 {
		f.Evidence += fmt.Sprintf("; %d ticks in the log that were never sent", r.Strange)
	}
	return f
}
