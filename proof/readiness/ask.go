package readiness

import (
	"context"
	"fmt"
	"time"

	"corrgraph/client"
)

// newClient returns a client for measuring an instance: answers come as they are.
func newClient(url, token string) (*client.Client, error) {
	return client.New(client.Options{URL: url, Token: token, Connections: 256, Identity: true})
}

// The longest waits before a request is repeated that was told to come again.
const (
	graphWait = 100 * time.Millisecond
	ticksWait = 250 * time.Millisecond
)

// get asks for a path; head is names and values of headers.
func get(ctx context.Context, c *client.Client, path string, head ...string) (*client.Answer, error) {
	return c.Do(ctx, client.Request{Path: path, Header: head})
}

// ticks sends a body of ticks, again while the instance asks to come again.
func ticks(ctx context.Context, c *client.Client, csv []byte) (client.Receipt, error) {
	return c.Ticks(ctx, client.CSV, csv, ticksWait)
}

// sights are the events and nodes that an instance knows.
type sights struct {
	events []string
	nodes  []string    // with links
	pairs  [][2]string // linked
}

// look finds what there is to ask for, of at most so many events.
func look(ctx context.Context, c *client.Client, most int) (s *sights, err error) {
	s = &sights{}
	if s.events, err = c.EventIDs(ctx, most); err != nil {
		return nil, err
	}
	for _, id := range s.events {
		g, err := c.Graph(ctx, id, graphWait)
		if err != nil {
			return nil, err
		}
		for _, l := range g.Layers {
			for _, x := range l.Edges {
				s.pairs, s.nodes = append(s.pairs, [2]string{x.Source, x.Target}), append(s.nodes, x.Source)
			}
		}
	}
	return s, nil
}

// lookForOne is look where a gate needs an event; without one it can't be run.
func lookForOne(ctx context.Context, c *client.Client, most int) (*sights, error) {
	s, err := look(ctx, c, most)
	if err != nil {
		return nil, notRun("asking a scratch instance: %w", err)
	}
	if len(s.events) == 0 {
		return nil, notRun("a scratch instance has no events")
	}
	return s, nil
}

// patience is how long a gate waits for what has no limit of its own. It guards
// against hanging alone: no verdict follows from how fast a machine is.
const patience = time.Minute

// within asks again and again, at short intervals, until what is asked for is so or
// limit is over, and returns how long that took. An error of f ends it.
func within(ctx context.Context, limit time.Duration, f func(context.Context) (bool, error)) (took time.Duration, ok bool, err error) {
	start := time.Now()
	for {
		ok, err := f(ctx)
		took := time.Since(start)
		if ok || err != nil || took >= limit {
			return took, ok, err
		}
		if err := client.Pause(ctx, 20*time.Millisecond); err != nil {
			return took, false, err
		}
	}
}

// ready waits until an instance says that it is.
func ready(ctx context.Context, c *client.Client, limit time.Duration) (took time.Duration, err error) {
	var last string
	took, ok, err := within(ctx, limit, func(ctx context.Context) (ok bool, err error) {
		if ok, last, err = c.Ready(ctx); err != nil {
			last = err.Error() // it does not listen yet
			return false, ctx.Err()
		}
		return ok, nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("not ready after %s: %s", took.Round(time.Second), last)
	}
	return took, err
}
