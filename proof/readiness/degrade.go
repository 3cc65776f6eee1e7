package readiness

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/proof/readiness/lab"
)

func degrades(layer int) string {
	return fmt.Sprintf("Layer %d fails under reads: the other three are still served, with the reason for the missing one, and health is DEGRADED, then HEALTHY.", layer)
}

const degradeThreshold = "0 reads fail, DEGRADED ≤ 2 s, HEALTHY after the fault"

// noticed is how soon health must show a failing layer.
const noticed = 2 * time.Second

// killed is what was observed while a layer was failing.
type killed struct {
	reads, failed int    // of graphs, from before the fault until after it
	others        int    // healthy layers that were not served
	marked        int    // reads that marked the failing layer, with the reason
	first         string // the first thing that was wrong
	degraded      bool
	after         time.Duration // until health said DEGRADED
	healed        bool
	healing       time.Duration // from the end of the fault until HEALTHY
	status        string        // health while the layer was failing
}

func degrade(layer int) func(context.Context, *session) (lab.Finding, error) {
	return func(ctx context.Context, l *session) (f lab.Finding, err error) {
		// A layer that is switched off can't fail.
		x, err := l.Start(ctx, lab.Setup{Set: []string{fmt.Sprintf("layers.l%d=hot", layer)}})
		if err != nil {
			return f, err
		}
		defer x.Stop()
		k, err := kill(ctx, x, layer)
		if err != nil {
			return f, err
		}
		return judgeKill(layer, &k), nil
	}
}

// kill reads graphs throughout, injects a layer fault, waits, and clears it.
func kill(ctx context.Context, x *lab.Scratch, layer int) (k killed, err error) {
	s, err := lab.LookForOne(ctx, x.Viewer, 4)
	if err != nil {
		return k, err
	}
	if _, ok, err := lab.Within(ctx, lab.Patience, func(ctx context.Context) (bool, error) {
		h, err := x.Viewer.Health(ctx)
		return h.Status == "HEALTHY", err
	}); err != nil || !ok {
		return k, lab.NotRun("a scratch instance that is not healthy: %w", orNothing(err))
	}
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() { k.read(ctx, x, s.Events, layer, stop) })
	end := func() { close(stop); reader.Wait() }
	if err := x.Admin.Inject(ctx, client.Fault{Kind: "kill-layer", Layer: layer, Seconds: faultLasts}); err != nil {
		end()
		return k, lab.NotRun("a fault: %w", err)
	}
	var after, healing time.Duration
	var degraded, healed bool
	var status string
	after, degraded, err = lab.Within(ctx, 2*noticed, func(ctx context.Context) (bool, error) {
		h, err := x.Viewer.Health(ctx)
		status = h.Status
		return h.Status == "DEGRADED", err
	})
	if err == nil {
		err = pause.For(ctx, time.Second) // reads of the failing layer
	}
	if err == nil {
		err = x.Admin.ClearFaults(ctx)
	}
	if err == nil {
		healing, healed, err = lab.Within(ctx, x.Config.Breakers.Delay+lab.Patience, func(ctx context.Context) (bool, error) {
			h, err := x.Viewer.Health(ctx)
			return h.Status == "HEALTHY", err
		})
	}
	end()
	k.after, k.degraded, k.status, k.healing, k.healed = after, degraded, status, healing, healed
	return k, err
}

// read reads graphs fifty times a second until stop: half of what the governor of
// staging permits.
func (k *killed) read(ctx context.Context, x *lab.Scratch, events []string, layer int, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		r, err := lab.Get(ctx, x.Viewer, client.GraphPath(events[i%len(events)]))
		if err == nil && r.Status != http.StatusTooManyRequests {
			var g client.Graph
			k.reads++
			if err := r.Into(&g); err != nil || len(g.Layers) != 4 {
				k.wrong(fmt.Sprintf("a read failed: %d, %v", r.Status, err))
				k.failed++
			} else {
				k.layers(&g, layer)
			}
		} else if err != nil {
			k.reads++
			k.failed++
			k.wrong(err.Error())
		}
		if pause.For(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
}

func (k *killed) wrong(what string) {
	if k.first == "" {
		k.first = what
	}
}

// layers checks the layers of one graph.
func (k *killed) layers(g *client.Graph, layer int) {
	for i := range g.Layers {
		v := &g.Layers[i]
		switch {
		case i+1 == layer && v.Status == "FAILED" && v.Reason != "":
			k.marked++
		case i+1 != layer && v.Status == "FAILED":
			k.others++
			k.wrong(fmt.Sprintf("layer %d was not served: %s", i+1, v.Reason))
		}
	}
}

func judgeKill(layer int, k *killed) (f lab.Finding) {
	f.Pass = k.failed == 0 && k.others == 0 && k.marked > 0 && k.degraded && k.after <= noticed && k.healed
	f.Measured = fmt.Sprintf("%d of %d reads fail, DEGRADED after %s, HEALTHY %v", k.failed, k.reads, k.after.Round(10*time.Millisecond), k.healed)
	f.Evidence = fmt.Sprintf("layer %d failed by an injected fault under 50 graphs per second: %d reads marked it with the reason, %d missed another layer; health was %s; HEALTHY %s after the fault was cleared",
		layer, k.marked, k.others, k.status, k.healing.Round(100*time.Millisecond))
	if k.first != "" {
		f.Evidence += "; first: " + k.first
	}
	return f
}
