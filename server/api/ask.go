package api

import (
	"context"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/answer"
	"corrgraph/answer/leaders"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/service"
)

// invalid is the problem of a parameter that schemas can't check.
func invalid(location, detail string) *Problem {
	p := problem(http.StatusUnprocessableEntity, "validation failed")
	p.Errors = []ProblemItem{{Message: detail, Location: location}}
	return p
}

// nothing is the input of an operation without parameters.
type nothing struct{}

type nodeInput struct {
	Node string `query:"node" required:"true" maxLength:"128" doc:"The node in question." example:"a:match-1/h2h/home"`
}

type pairInput struct {
	Source string `query:"source" required:"true" maxLength:"128" doc:"The node that moves first." example:"a:match-1/h2h/home"`
	Target string `query:"target" required:"true" maxLength:"128" doc:"The node that follows." example:"b:match-1/h2h/home"`
	Layer  int    `query:"layer" minimum:"1" maximum:"4" doc:"Only a link in this layer." example:"1"`
}

type pathInput struct {
	Source string `query:"source" required:"true" maxLength:"128" doc:"The node that moves." example:"a:match-1/h2h/home"`
	Target string `query:"target" maxLength:"128" doc:"The node that may follow. Without it: everything downstream." example:"b:match-1/h2h/home"`
	Depth  int    `query:"max_depth" minimum:"1" maximum:"32" default:"8" doc:"Maximum number of hops in a path." example:"8"`
	Paths  int    `query:"paths" minimum:"1" maximum:"10" default:"1" doc:"Maximum number of paths to the target." example:"3"`
}

type leadersInput struct {
	Sport  string `query:"sport" maxLength:"64" doc:"Sport, league, or both as sport_league." example:"baseball_mlb"`
	Market string `query:"market" maxLength:"64" doc:"Market." example:"h2h"`
}

type reactionsInput struct {
	Sport string `query:"sport" maxLength:"64" doc:"Sport, league, or both as sport_league." example:"soccer_epl"`
	Event string `query:"event" maxLength:"256" doc:"Also lists the scores of this event; venues are those of its league." example:"match-1"`
}

// confidence rejects NaN, which passes every bound of a schema.
func confidence(c float64) error {
	if math.IsNaN(c) {
		return invalid("query.min_confidence", "expected a number from 0 to 1")
	}
	return nil
}

// ask registers the questions about the whole market.
func (a *API) ask() {
	register(a, route{method: "GET", path: "/v1/predictions", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-predictions", Tags: []string{"forecasts"}, Summary: "Forecasts about a node, and the expected effects of a move of it now",
	}, service.Predictions{}, func(ctx context.Context, in *nodeInput) (reply, error) {
		return shared(a.o.Service.Predictions(ctx, odds.NodeID(in.Node)))
	})
	register(a, route{method: "GET", path: "/v1/propagation", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-propagation", Tags: []string{"forecasts"}, Summary: "Expected effects of a move: the best path, several paths, or everything downstream",
	}, service.Propagation{}, func(ctx context.Context, in *pathInput) (reply, error) {
		return shared(a.o.Service.Propagation(ctx, answer.PropagationQuery{
			Source: odds.NodeID(in.Source), Target: odds.NodeID(in.Target), Depth: in.Depth, Paths: in.Paths,
		}))
	})
	register(a, route{method: "GET", path: "/v1/leaders", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "get-leaders", Tags: []string{"market"}, Summary: "Leaders and followers, by league and market",
	}, service.Leaders{}, func(ctx context.Context, in *leadersInput) (reply, error) {
		return shared(a.o.Service.Leaders(ctx, answer.LeagueFilter{Sport: in.Sport, Market: in.Market}))
	})
	register(a, route{method: "GET", path: "/v1/reactions", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-reactions", Tags: []string{"market"}, Summary: "How soon venues react to the same scores, by league and market",
	}, service.Reactions{}, func(ctx context.Context, in *reactionsInput) (reply, error) {
		return shared(a.o.Service.Reactions(ctx, leaders.ReactionFilter{Sport: in.Sport, Event: in.Event}))
	})
	register(a, route{method: "GET", path: "/v1/edges", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-edge", Tags: []string{"market"}, Summary: "One link with its evidence: correlation by lag with null band, both series, n, q and reasons",
	}, service.EdgeDetail{}, func(ctx context.Context, in *pairInput) (reply, error) {
		d, err := a.o.Service.Edge(ctx, odds.NodeID(in.Source), odds.NodeID(in.Target))
		if err == nil && in.Layer != 0 && int(d.Edge.Layer) != in.Layer {
			return reply{}, problem(http.StatusNotFound, "these nodes are linked in layer "+d.Edge.Layer.Key()+" only")
		}
		return fresh(d, err)
	})
	register(a, route{method: "GET", path: "/v1/scorecard", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-scorecard", Tags: []string{"forecasts"}, Summary: "Hit rates of the forecasts, beside the base rate and simple baselines",
	}, service.Scorecard{}, func(ctx context.Context, _ *nothing) (reply, error) {
		return fresh(a.o.Service.Scorecard(ctx))
	})
	register(a, route{method: "GET", path: "/v1/feeds", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "get-feeds", Tags: []string{"market"}, Summary: "State of every source and venue",
	}, service.Feeds{}, func(ctx context.Context, _ *nothing) (reply, error) {
		return fresh(a.o.Service.Feeds(ctx))
	})
	register(a, route{method: "GET", path: "/v1/connections", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "get-connections", Tags: []string{"market"}, Summary: "Connections to venues, and the markets whose prices are not to be relied on, why and since when",
	}, service.Connections{}, func(ctx context.Context, _ *nothing) (reply, error) {
		return fresh(a.o.Service.Connections(ctx))
	})
}
