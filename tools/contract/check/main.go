//go:build contract

// Command check sends every request of the API through the generated client, and
// fails if an answer does not match the document.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"corrgraph/tools/contract/client"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: check URL")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	n, err := run(ctx, os.Args[1], os.Getenv("CORRGRAPH_TOKEN"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d operations answered as the document says\n", n)
}

// answer is implemented by every answer of the generated client.
type answer interface{ StatusCode() int }

// checker counts answers and collects their errors.
type checker struct {
	n    int
	errs []error
}

// got checks one answer: its status, and that it was decoded.
func (k *checker) got(what string, a answer, err error, status int, decoded bool) {
	k.n++
	switch {
	case err != nil:
		k.errs = append(k.errs, fmt.Errorf("%s: %w", what, err))
	case a.StatusCode() != status:
		k.errs = append(k.errs, fmt.Errorf("%s: status %d, want %d", what, a.StatusCode(), status))
	case !decoded:
		k.errs = append(k.errs, fmt.Errorf("%s: the answer is of no type that the document names", what))
	}
}

const event = "contract-check"

func run(ctx context.Context, url, secret string) (int, error) {
	c, err := client.NewClientWithResponses(url, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+secret)
		return nil
	}))
	if err != nil {
		return 0, err
	}
	k := &checker{}
	if err := send(ctx, c, k); err != nil {
		return k.n, err
	}
	events(ctx, c, k)
	market(ctx, c, k)
	operation(ctx, c, k)
	problems(ctx, c, k)
	return k.n, errors.Join(k.errs...)
}

// send sends two ticks and waits until their event is visible.
func send(ctx context.Context, c *client.ClientWithResponses, k *checker) error {
	var body strings.Builder
	at := time.Now().UTC().Format(time.RFC3339Nano)
	for _, side := range []string{"home", "away"} {
		fmt.Fprintf(&body, `{"ts_source":%q,"bookmaker":"a","event_id":%q,"sport":"tennis","home":"Ann","away":"Bea","market":"h2h","selection":%q,"price":1.9}`+"\n", at, event, side)
	}
	r, err := c.SendTicksWithBodyWithResponse(ctx, nil, "application/x-ndjson", strings.NewReader(body.String()))
	k.got("send-ticks", r, err, http.StatusAccepted, err == nil && r.JSON202 != nil && r.JSON202.Rejected == 0)
	if len(k.errs) > 0 {
		return errors.Join(k.errs...)
	}
	// Later ticks release batches that wait for earlier ones.
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := c.GetEventWithResponse(ctx, event, nil)
		if err != nil {
			return err
		}
		if r.StatusCode() == http.StatusOK {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the event of acknowledged ticks does not appear: %w", ctx.Err())
		}
	}
}

func events(ctx context.Context, c *client.ClientWithResponses, k *checker) {
	limit, format, least := int64(10), client.GetEventParamsOddsFormat("american"), 0.1
	list, err := c.ListEventsWithResponse(ctx, &client.ListEventsParams{Limit: &limit})
	k.got("list-events", list, err, 200, err == nil && list.JSON200 != nil && list.JSON200.Total > 0)
	open, err := c.ListAmbiguitiesWithResponse(ctx, &client.ListAmbiguitiesParams{Limit: &limit})
	k.got("list-ambiguities", open, err, 200, err == nil && open.JSON200 != nil && open.JSON200.Ambiguities != nil)
	one, err := c.GetEventWithResponse(ctx, event, &client.GetEventParams{OddsFormat: &format})
	k.got("get-event", one, err, 200, err == nil && one.JSON200 != nil && one.JSON200.EventId == event)
	graph, err := c.GetGraphWithResponse(ctx, event, &client.GetGraphParams{Limit: &limit})
	k.got("get-graph", graph, err, 200, err == nil && graph.JSON200 != nil && len(graph.JSON200.Layers) == 4)
	past, err := c.GetGraphWithResponse(ctx, event, &client.GetGraphParams{At: &graph.JSON200.AsOf})
	k.got("get-graph of then", past, err, 200, err == nil && past.JSON200 != nil)
	moves, err := c.GetMovesWithResponse(ctx, event, &client.GetMovesParams{Limit: &limit})
	k.got("get-moves", moves, err, 200, err == nil && moves.JSON200 != nil && len(moves.JSON200.Graphs) > 0)
	found, err := c.GetEventAnomaliesWithResponse(ctx, event, &client.GetEventAnomaliesParams{MinConfidence: &least})
	k.got("get-event-anomalies", found, err, 200, err == nil && found.JSON200 != nil)
	all, err := c.ListAnomaliesWithResponse(ctx, &client.ListAnomaliesParams{Limit: &limit})
	k.got("list-anomalies", all, err, 200, err == nil && all.JSON200 != nil)
	wins, err := c.ListArbitrageWithResponse(ctx, &client.ListArbitrageParams{Suppressed: new(true)})
	k.got("list-arbitrage", wins, err, 200, err == nil && wins.JSON200 != nil && wins.JSON200.Windows != nil)
}

func market(ctx context.Context, c *client.ClientWithResponses, k *checker) {
	leaders, err := c.GetLeadersWithResponse(ctx, nil)
	k.got("get-leaders", leaders, err, 200, err == nil && leaders.JSON200 != nil)
	feeds, err := c.GetFeedsWithResponse(ctx)
	k.got("get-feeds", feeds, err, 200, err == nil && feeds.JSON200 != nil && feeds.JSON200.Feeds != nil)
	card, err := c.GetScorecardWithResponse(ctx)
	k.got("get-scorecard", card, err, 200, err == nil && card.JSON200 != nil)
	node := "a/" + event + "/h2h/home"
	next, err := c.GetPredictionsWithResponse(ctx, &client.GetPredictionsParams{Node: node})
	k.got("get-predictions", next, err, 200, err == nil && next.JSON200 != nil && next.JSON200.Node == node)
	links(ctx, c, k)
}

// links asks about the first link that any event has.
func links(ctx context.Context, c *client.ClientWithResponses, k *checker) {
	list, err := c.ListEventsWithResponse(ctx, nil)
	if err != nil || list.JSON200 == nil {
		return // already reported
	}
	for _, e := range list.JSON200.Events {
		graph, err := c.GetGraphWithResponse(ctx, e.EventId, nil)
		if err != nil || graph.JSON200 == nil {
			continue
		}
		for _, l := range graph.JSON200.Layers {
			if l.Edges == nil || len(*l.Edges) == 0 {
				continue
			}
			x := (*l.Edges)[0]
			edge, err := c.GetEdgeWithResponse(ctx, &client.GetEdgeParams{Source: x.Source, Target: x.Target})
			k.got("get-edge", edge, err, 200, err == nil && edge.JSON200 != nil && edge.JSON200.Edge.Source == x.Source)
			paths, err := c.GetPropagationWithResponse(ctx, &client.GetPropagationParams{Source: x.Source, Target: &x.Target})
			k.got("get-propagation", paths, err, 200, err == nil && paths.JSON200 != nil && paths.JSON200.Paths != nil)
			return
		}
	}
}

func operation(ctx context.Context, c *client.ClientWithResponses, k *checker) {
	limit := int64(3)
	ready, err := c.GetReadinessWithResponse(ctx)
	k.got("get-readiness", ready, err, 200, err == nil && ready.JSON200 != nil)
	audit, err := c.ListAuditWithResponse(ctx, &client.ListAuditParams{Limit: &limit})
	k.got("list-audit", audit, err, 200, err == nil && audit.JSON200 != nil && audit.JSON200.Rows != nil)
	took, err := c.ListPerformanceWithResponse(ctx, &client.ListPerformanceParams{Limit: &limit})
	k.got("list-performance", took, err, 200, err == nil && took.JSON200 != nil)
	faults, err := c.ListFaultsWithResponse(ctx)
	k.got("list-faults", faults, err, 200, err == nil && faults.JSON200 != nil)
	health, err := c.GetHealthWithResponse(ctx)
	k.got("get-health", health, err, 200, err == nil && health.JSON200 != nil && health.JSON200.Status != "")
	traffic, err := c.GetReadyWithResponse(ctx)
	k.got("get-ready", traffic, err, 200, err == nil && traffic.JSON200 != nil && traffic.JSON200.Ready)
	metrics, err := c.GetMetricsWithResponse(ctx)
	k.got("get-metrics", metrics, err, 200, err == nil && strings.Contains(string(metrics.Body), "corrgraph_requests_total"))
}

// problems sends requests that must be refused.
func problems(ctx context.Context, c *client.ClientWithResponses, k *checker) {
	none, err := c.GetGraphWithResponse(ctx, "no-such-event", nil)
	k.got("an unknown event", none, err, 404, err == nil && none.ApplicationproblemJSONDefault != nil && none.ApplicationproblemJSONDefault.RequestId != "")
	most := int64(100_000)
	wrong, err := c.ListEventsWithResponse(ctx, &client.ListEventsParams{Limit: &most})
	k.got("a wrong limit", wrong, err, 422, err == nil && wrong.ApplicationproblemJSONDefault != nil && wrong.ApplicationproblemJSONDefault.Errors != nil)
}
