package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
)

// NewClient returns a client for measuring an instance: answers are not compressed.
func NewClient(url, token string) (*client.Client, error) {
	return client.New(client.Options{URL: url, Token: token, Connections: 256, Identity: true})
}

// GraphWait is the longest wait before a graph refused by the governor is requested
// again; ticksWait is the same for ticks.
const (
	GraphWait = 100 * time.Millisecond
	ticksWait = 250 * time.Millisecond
)

// Get requests a path; head is names and values of headers.
func Get(ctx context.Context, c *client.Client, path string, head ...string) (*client.Answer, error) {
	return c.Do(ctx, client.Request{Path: path, Header: head})
}

// Ticks sends a body of ticks, and repeats it as Retry-After asks.
func Ticks(ctx context.Context, c *client.Client, csv []byte) (client.Receipt, error) {
	return c.Ticks(ctx, client.CSV, csv, ticksWait)
}

// Sights are the events and nodes that an instance knows.
type Sights struct {
	Events []string
	Nodes  []string    // with links
	Pairs  [][2]string // joined by a link
}

// Look collects targets for questions, from at most that many events.
func Look(ctx context.Context, c *client.Client, most int) (s *Sights, err error) {
	s = &Sights{}
	if s.Events, err = c.EventIDs(ctx, most); err != nil {
		return nil, err
	}
	for _, id := range s.Events {
		g, err := c.Graph(ctx, id, GraphWait)
		if err != nil {
			return nil, err
		}
		for _, l := range g.Layers {
			for _, x := range l.Edges {
				s.Pairs, s.Nodes = append(s.Pairs, [2]string{x.Source, x.Target}), append(s.Nodes, x.Source)
			}
		}
	}
	return s, nil
}

// LookForOne is Look for a gate that needs an event; without one the gate can't be
// run.
func LookForOne(ctx context.Context, c *client.Client, most int) (*Sights, error) {
	s, err := Look(ctx, c, most)
	if err != nil {
		return nil, NotRun("asking a scratch instance: %w", err)
	}
	if len(s.Events) == 0 {
		return nil, NotRun("a scratch instance has no events")
	}
	return s, nil
}

// Patience is the limit of waits that have none of their own. It only guards
// against hanging: no verdict depends on the machine's speed.
const Patience = time.Minute

// Within calls f at short intervals until it succeeds or limit is over, and returns
// how long that took. An error of f ends it.
func Within(ctx context.Context, limit time.Duration, f func(context.Context) (bool, error)) (took time.Duration, ok bool, err error) {
	start := time.Now()
	for {
		ok, err := f(ctx)
		took := time.Since(start)
		if ok || err != nil || took >= limit {
			return took, ok, err
		}
		if err := pause.For(ctx, 20*time.Millisecond); err != nil {
			return took, false, err
		}
	}
}

// catchingUp reports whether an instance is ready and has not told yet what its log got since a
// checkpoint. last is what it says.
func catchingUp(ctx context.Context, c *client.Client, last *string) bool {
	h, err := c.Health(ctx)
	if err != nil {
		*last = err.Error()
		return true
	}
	for _, *last = range h.Reasons {
		if strings.HasPrefix(*last, "catching up") {
			return true
		}
	}
	return false
}

// ready waits until an instance is ready, and stands where the one before stood.
func ready(ctx context.Context, c *client.Client, limit time.Duration) (took time.Duration, err error) {
	var last string
	took, ok, err := Within(ctx, limit, func(ctx context.Context) (ok bool, err error) {
		if ok, last, err = c.Ready(ctx); err != nil {
			last = err.Error() // it does not listen yet
			return false, ctx.Err()
		}
		return ok && !catchingUp(ctx, c, &last), nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("not ready after %s: %s", took.Round(time.Second), last)
	}
	return took, err
}
