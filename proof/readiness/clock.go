package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/proof/readiness/lab"
)

// clockAhead is how far ahead the instance's clock is set: beyond every tolerance that can
// be configured.
const clockAhead = 6 * time.Hour

// presentQuotes is how many quotes of the present are sent each time.
const presentQuotes = 20

// Sources of the gate.
const (
	farSource     = "gate-far"     // in the log, of the year 2100
	aheadSource   = "gate-ahead"   // follows the clock that is ahead
	presentSource = "gate-present" // has the true time
)

// clocks is what was observed of an instance whose log and clock are of another time.
type clocks struct {
	first     int  // quotes of the present accepted after a start on a log that ends in 2100
	ahead     int  // quotes accepted from the future, while the clock was there
	named     bool // health was not HEALTHY then, and named the source whose quotes were of no use
	back      int  // quotes of the present accepted once the clock was put back
	restarted int  // and after a restart
	said      string
}

func foreignClock(ctx context.Context, l *session) (f lab.Finding, err error) {
	p, err := l.Place(ctx, lab.Setup{Empty: true})
	if err == nil {
		far := lab.Match(farSource, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 2)
		err = lab.WriteLog(ctx, p.Store, far)
	}
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	c, err := l.Spawn(ctx, p)
	if err != nil {
		return f, err
	}
	defer func() { c.Kill() }()
	var x clocks
	if err := x.shift(ctx, c); err != nil {
		return f, err
	}
	c.Kill()
	if c, err = l.Spawn(ctx, p); err != nil {
		return f, err
	}
	if x.restarted, err = deliver(ctx, c, presentSource, 0); err != nil {
		return f, err
	}
	return judgeClocks(&x), nil
}

// shift sends quotes of the present before, while and after the clock is ahead.
func (x *clocks) shift(ctx context.Context, c *lab.Child) (err error) {
	if x.first, err = deliver(ctx, c, presentSource, 0); err != nil {
		return err
	}
	fault := client.Fault{Kind: "clock-skew", OffsetMs: clockAhead.Milliseconds(), Seconds: faultLasts}
	if err := c.Admin.Inject(ctx, fault); err != nil {
		return lab.NotRun("a fault: %w", err)
	}
	if x.ahead, err = deliver(ctx, c, aheadSource, clockAhead); err != nil {
		return err
	}
	_, x.named, err = lab.Within(ctx, 2*noticed, func(ctx context.Context) (bool, error) {
		// By its clock they are old, and soon more than were of use before.
		if _, err := deliver(ctx, c, presentSource, 0); err != nil {
			return false, err
		}
		h, err := c.Viewer.Health(ctx)
		x.said = strings.Join(h.Reasons, "; ")
		return h.Status != "HEALTHY" && strings.Contains(x.said, presentSource), err
	})
	if err != nil {
		return err
	}
	if err := c.Admin.ClearFaults(ctx); err != nil {
		return err
	}
	x.back, err = deliver(ctx, c, presentSource, 0)
	return err
}

// deliver sends quotes of now and an offset until they are answered, and returns how many
// were accepted. The service may not listen for a moment.
func deliver(ctx context.Context, c *lab.Child, source string, offset time.Duration) (accepted int, err error) {
	at := time.Now().Add(offset)
	body, err := lab.Body(lab.Match(source, at, presentQuotes))
	if err != nil {
		return 0, err
	}
	var last error
	_, answered, err := lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		r, err := lab.Ticks(ctx, c.Admin, body)
		accepted = r.Accepted + r.Duplicates // sent again after an unknown outcome
		var refused *client.Problem
		last = err
		return err == nil || errors.As(err, &refused) && refused.Status == 422, ctx.Err()
	})
	if err == nil && !answered {
		err = fmt.Errorf("ticks were not answered: %w", last)
	}
	return accepted, err
}

func judgeClocks(x *clocks) (f lab.Finding) {
	present := x.first + x.back + x.restarted
	f.Pass = present == 3*presentQuotes && x.ahead == presentQuotes && x.named
	f.Measured = fmt.Sprintf("%d of %d quotes of the present accepted, named %v", present, 3*presentQuotes, x.named)
	f.Evidence = fmt.Sprintf("a log that ends in 2100, then a clock %s ahead with %d of %d quotes accepted there, and put back: accepted of %d each at the start %d, with the clock back %d, after a kill and a restart %d; health said %q",
		clockAhead, x.ahead, presentQuotes, presentQuotes, x.first, x.back, x.restarted, x.said)
	return f
}
