package fuzz

import (
	"context"
	"slices"
	"time"

	"corrgraph/client"
)

// prepare learns what the service holds.
func prepare(ctx context.Context, c *client.Client, o *Options) (*generator, []string, error) {
	spec, err := c.Do(ctx, client.Request{Path: "/openapi.json"})
	if err != nil {
		return nil, nil, err
	}
	if err := spec.Err(); err != nil {
		return nil, nil, err
	}
	all, err := readSpec(spec.Body)
	if err != nil {
		return nil, nil, err
	}
	g := &generator{seed: o.Seed, host: c.Host(), tokens: o.Tokens, odd: oddValues()}
	g.ops, g.forbidden = split(all, o.AdminRoutes)
	if slices.ContainsFunc(g.ops, func(o operation) bool { return len(o.forms) > 0 }) {
		g.packed = newPacked()
	}
	skipped := []string{}
	for i := range g.forbidden {
		skipped = append(skipped, g.forbidden[i].name())
	}
	if g.corpus, err = discover(ctx, c); err != nil {
		return nil, nil, err
	}
	return g, skipped, nil
}

// discover collects events and nodes. A service without any is fuzzed too.
func discover(ctx context.Context, c *client.Client) (found corpus, err error) {
	if found.events, err = c.EventIDs(ctx, 20); err != nil {
		return found, err
	}
	for _, id := range found.events {
		graph, err := c.Graph(ctx, id, time.Second)
		if err != nil {
			continue // the event may have been forgotten since
		}
		for _, l := range graph.Layers {
			for _, e := range l.Edges {
				found.nodes = append(found.nodes, e.Source, e.Target)
			}
		}
	}
	slices.Sort(found.nodes)
	found.nodes = slices.Compact(found.nodes)
	return found, nil
}
