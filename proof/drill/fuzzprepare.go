package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// prepareFuzz asks a service what there is.
func prepareFuzz(ctx context.Context, c *caller, o *FuzzOptions, host string) (*generator, []string, error) {
	status, text, err := c.call(ctx, 0, http.MethodGet, "/openapi.json", "", nil)
	if err != nil {
		return nil, nil, err
	}
	if status != http.StatusOK {
		return nil, nil, fmt.Errorf("GET %s/openapi.json: %d %s", o.URL, status, http.StatusText(status))
	}
	all, err := readSpec(text)
	if err != nil {
		return nil, nil, err
	}
	g := &generator{seed: o.Seed, host: host, tokens: o.Tokens, odd: oddValues()}
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

// discover looks for events and nodes. A service without any is fuzzed too.
func discover(ctx context.Context, c *caller) (corpus, error) {
	var found corpus
	events, err := c.events(ctx)
	if err != nil {
		return found, err
	}
	for _, escaped := range events {
		id, err := url.PathUnescape(escaped)
		if err != nil {
			return found, err
		}
		found.events = append(found.events, id)
		var graph struct {
			Layers []struct {
				Edges []struct{ Source, Target string } `json:"edges"`
			} `json:"layers"`
		}
		if err := c.ask(ctx, http.MethodGet, "/v1/events/"+escaped+"/graph", nil, &graph); err != nil {
			continue // the event may be gone by now
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
