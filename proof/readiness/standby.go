package readiness

import (
	"context"
	"fmt"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
)

// standbyAges is what was observed of layer 4 beside layer 1.
type standbyAges struct {
	mode    string
	busy    time.Duration // largest age of layer 4 while the engine was busy
	unaged  int           // answers without the layer's time
	reads   int
	idle    time.Duration // age after the ticks ended
	idled   bool          // it fell to 0
	within  time.Duration // after the end of ticks
	hotMode string
	hotAge  time.Duration // largest while the engine was busy and the layer hot
	hot     int           // reads of it
}

func failoverStandby(ctx context.Context, l *session) (f lab.Finding, err error) {
	x, err := l.Start(ctx, lab.Setup{Empty: true, Set: []string{"layers.l4=standby", "limits.graph_rate=0"}})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	all, err := lab.SeedBatches()
	if err != nil {
		return f, err
	}
	third := len(all) / 3
	var a standbyAges
	if err := feed(ctx, x, all[:third], nil); err != nil {
		return f, err
	}
	event := lab.SeedEvents[0]
	if _, ok, err := lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		r, err := lab.Get(ctx, x.Viewer, client.GraphPath(event))
		return err == nil && r.Status == 200, err
	}); err != nil || !ok {
		return f, lab.NotRun("the first ticks did not appear: %w", orNothing(err))
	}
	err = feed(ctx, x, all[third:2*third], func(g *client.Graph) {
		a.reads++
		a.mode = g.Layers[3].Mode
		if g.Layers[3].AsOf.IsZero() {
			a.unaged++
		}
		a.busy = max(a.busy, age(g))
	})
	if err != nil {
		return f, err
	}
	a.within, a.idled, err = lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		g, err := x.Viewer.Graph(ctx, event, lab.GraphWait)
		a.idle = age(&g)
		return err == nil && a.idle == 0 && applied(x, all[:2*third]), err
	})
	if err != nil {
		return f, err
	}
	next := *x.Config
	next.Layers.L4 = "hot"
	if _, err := x.Instance.Reload(&next); err != nil {
		return f, err
	}
	err = feed(ctx, x, all[2*third:], func(g *client.Graph) {
		a.hotMode = g.Layers[3].Mode
		if a.hot++; a.hot > 3 { // the first ones were published before the switch
			a.hotAge = max(a.hotAge, age(g))
		}
	})
	return judgeStandby(&a), err
}

// age returns how much older layer 4 is than layer 1.
func age(g *client.Graph) time.Duration {
	if len(g.Layers) != 4 || g.Layers[3].AsOf.IsZero() {
		return 0
	}
	return g.Layers[0].AsOf.Sub(g.Layers[3].AsOf)
}

// feed keeps the engine busy with ticks, and passes each graph read meanwhile to
// see.
func feed(ctx context.Context, x *lab.Scratch, batches []*odds.Batch, see func(*client.Graph)) error {
	const requests = 24
	done := make(chan error, 1)
	go func() {
		for i := range requests {
			part := batches[i*len(batches)/requests : (i+1)*len(batches)/requests]
			text, err := lab.Body(part)
			if err == nil {
				_, err = lab.Ticks(ctx, x.Admin, text)
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			return err
		default:
		}
		if see != nil {
			r, err := lab.Get(ctx, x.Viewer, client.GraphPath(lab.SeedEvents[0]))
			if err == nil && r.Status == 200 {
				var g client.Graph
				if err := r.Into(&g); err == nil && len(g.Layers) == 4 {
					see(&g)
				}
			}
		}
		if err := pause.For(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// applied reports whether the engine has reached the end of batches.
func applied(x *lab.Scratch, batches []*odds.Batch) bool {
	return x.Instance.Applied(batches[len(batches)-1].At)
}

func judgeStandby(a *standbyAges) (f lab.Finding) {
	f.Pass = a.mode == "standby" && a.reads > 0 && a.unaged == 0 && a.busy > 0 && a.idled && a.hotMode == "hot" && a.hot > 3 && a.hotAge == 0
	f.Measured = fmt.Sprintf("age %s while busy, %s when idle, %s when hot", a.busy, a.idle, a.hotAge)
	f.Evidence = fmt.Sprintf("age of layer 4 relative to layer 1 in event time: on %q %d reads while ticks arrived, %d of them without its time; renewed %s after the last tick; switched by a reload, then on %q %d reads while ticks arrived",
		a.mode, a.reads, a.unaged, a.within.Round(10*time.Millisecond), a.hotMode, a.hot)
	return f
}
