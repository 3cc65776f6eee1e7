package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/answer"
	"corrgraph/answer/arbitrage"
	"corrgraph/answer/forecast"
	"corrgraph/answer/identity"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/service"
)

// longestID is the maximum length in bytes of an event's id in a path.
const longestID = 256

type eventsInput struct {
	Sport  string `query:"sport" maxLength:"64" doc:"Sport, league, or both as sport_league." example:"baseball_mlb"`
	Search string `query:"q" maxLength:"128" doc:"Part of the title or the id, in any case." example:"yankees"`
	Cursor string `query:"cursor" maxLength:"256" doc:"next_cursor of the previous page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of events in a page." example:"50"`
}

type ambiguitiesInput struct {
	Kind   string `query:"kind" enum:"participant,event,id,roles,name" doc:"Only this kind: a name that fits several, events that could be one, an id with several meanings, exchanged roles, other spellings." example:"id"`
	Cursor string `query:"cursor" maxLength:"32" doc:"next_cursor of the previous page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of ambiguities in a page." example:"50"`
}

type eventInput struct {
	ID     string `path:"id" maxLength:"256" doc:"The event." example:"match-1"`
	Format string `query:"odds_format" enum:"decimal,american,fractional,probability" default:"decimal" doc:"Format of prices." example:"american"`
}

type graphInput struct {
	ID    string    `path:"id" maxLength:"256" doc:"The event." example:"match-1"`
	Limit int       `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Maximum number of edges in each layer." example:"10"`
	At    time.Time `query:"at" doc:"An instant of event time: answers with the newest remembered graph that is not newer. Without it: the current graph." example:"2026-01-02T15:04:05Z"`
}

type movesInput struct {
	ID    string    `path:"id" maxLength:"256" doc:"The event." example:"match-1"`
	From  time.Time `query:"from" doc:"The first instant." example:"2026-01-02T15:00:00Z"`
	To    time.Time `query:"to" doc:"The last instant." example:"2026-01-02T16:00:00Z"`
	Limit int       `query:"limit" minimum:"1" maximum:"2000" default:"500" doc:"Maximum number of moves; the newest are returned." example:"100"`
}

// AnomalyParams are the parameters of both lists of anomalies. Huma reads embedded
// fields only of exported types.
type AnomalyParams struct {
	MinConfidence float64 `query:"min_confidence" minimum:"0" maximum:"1" doc:"Minimum confidence." example:"0.6"`
	Kind          string  `query:"kind" maxLength:"64" doc:"Only this kind." example:"hidden_edge"`
	Suppressed    bool    `query:"suppressed" doc:"Include suppressed ones, with the reason." example:"true"`
}

func (p AnomalyParams) query(event string, newest int) answer.AnomalyQuery {
	return answer.AnomalyQuery{Event: event, MinConfidence: p.MinConfidence, Kind: p.Kind, Suppressed: p.Suppressed, Newest: newest}
}

type eventAnomaliesInput struct {
	ID string `path:"id" maxLength:"256" doc:"The event." example:"match-1"`
	AnomalyParams
}

type anomaliesInput struct {
	AnomalyParams
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of anomalies." example:"20"`
}

type forecastsInput struct {
	Event  string    `query:"event" maxLength:"256" doc:"Only this event." example:"match-1"`
	Since  time.Time `query:"since" doc:"Only those issued from this instant on." example:"2026-01-02T15:00:00Z"`
	Cursor string    `query:"cursor" maxLength:"64" doc:"next_cursor of the previous page."`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of forecasts in a page." example:"50"`
	Kelly  bool      `query:"kelly" doc:"State for each bet with an EV the share of a bankroll by Kelly's rule, from 0 to its fair probability. It is arithmetic on that probability, an estimate, and no advice." example:"true"`
}

// Forecasts is a page of forecasts.
type Forecasts struct {
	forecast.List
	service.Freshness
}

// Windows are the current arbitrages, newest first.
type Windows struct {
	arbitrage.List
	service.Freshness
}

type arbitrageInput struct {
	Suppressed bool    `query:"suppressed" doc:"Include those with a stale leg, suppressed or muted ones." example:"true"`
	MinProfit  float64 `query:"min_profit" minimum:"0" maximum:"1" doc:"Smallest profit, as a share of the stakes." example:"0.005"`
}

// defaultEdges asks for the service's own limit of a graph.
const defaultEdges = 0

// askEvents registers the questions about events.
func (a *API) askEvents() {
	register(a, route{method: "GET", path: "/v1/events", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "list-events", Tags: []string{"events"}, Summary: "Events, most recently quoted first",
	}, service.Events{}, func(ctx context.Context, in *eventsInput) (reply, error) {
		return fresh(a.o.Service.Events(ctx, answer.EventQuery{Sport: in.Sport, Search: in.Search, Cursor: in.Cursor, Limit: in.Limit}))
	})
	register(a, route{method: "GET", path: "/v1/ambiguities", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "list-ambiguities", Tags: []string{"events"}, Summary: "What could be two things, why, and what was done, newest first",
	}, identity.Ambiguities{}, func(ctx context.Context, in *ambiguitiesInput) (reply, error) {
		return fresh(a.o.Service.Ambiguities(ctx, identity.Query{Kind: in.Kind, Cursor: in.Cursor, Limit: in.Limit}))
	})
	register(a, route{method: "GET", path: "/v1/events/{id}", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "get-event", Tags: []string{"events"}, Summary: "An event with its quotes and forecasts",
	}, service.EventDetail{}, func(ctx context.Context, in *eventInput) (reply, error) {
		n, err := odds.ParseNotation(in.Format)
		if err != nil {
			return reply{}, invalid("query.odds_format", err.Error())
		}
		return shared(a.o.Service.Event(ctx, in.ID, n))
	})
	register(a, route{method: "GET", path: "/v1/events/{id}/graph", role: access.Viewer, shed: guard.ShedReads, plain: a.plainGraph}, huma.Operation{
		OperationID: "get-graph", Tags: []string{"events"}, Summary: "The four layers of an event's graph",
	}, service.Graph{}, func(ctx context.Context, in *graphInput) (reply, error) {
		if in.Limit == 50 { // the default: both ways to ask share one document
			in.Limit = defaultEdges
		}
		return a.graph(ctx, in.ID, odds.TimeOf(in.At), in.Limit)
	})
	register(a, route{method: "GET", path: "/v1/events/{id}/moves", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "get-moves", Tags: []string{"events"}, Summary: "Remembered moves of an event, the waves in them with their likely origins, and the times of its remembered graphs",
	}, service.Moves{}, func(ctx context.Context, in *movesInput) (reply, error) {
		return fresh(a.o.Service.Moves(ctx, answer.MovesQuery{Event: in.ID, From: odds.TimeOf(in.From), To: odds.TimeOf(in.To), Limit: in.Limit}))
	})
	register(a, route{method: "GET", path: "/v1/events/{id}/anomalies", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "get-event-anomalies", Tags: []string{"events"}, Summary: "Anomalies of an event, current and past",
	}, service.Anomalies{}, func(ctx context.Context, in *eventAnomaliesInput) (reply, error) {
		if err := confidence(in.MinConfidence); err != nil {
			return reply{}, err
		}
		return shared(a.o.Service.Anomalies(ctx, in.query(in.ID, 0)))
	})
	register(a, route{method: "GET", path: "/v1/anomalies", role: access.Viewer, shed: guard.ShedReads}, huma.Operation{
		OperationID: "list-anomalies", Tags: []string{"market"}, Summary: "The newest anomalies of all events",
	}, service.RecentAnomalies{}, func(ctx context.Context, in *anomaliesInput) (reply, error) {
		if err := confidence(in.MinConfidence); err != nil {
			return reply{}, err
		}
		return fresh(a.o.Service.RecentAnomalies(ctx, in.query("", in.Limit)))
	})
	register(a, route{method: "GET", path: "/v1/forecasts", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "list-forecasts", Tags: []string{"forecasts"}, Summary: "Forecasts of all events, one of a follower at a time, the newest first",
	}, Forecasts{}, func(ctx context.Context, in *forecastsInput) (reply, error) {
		out, q := &Forecasts{}, forecast.Query{Event: in.Event, Since: odds.TimeOf(in.Since), Cursor: in.Cursor, Limit: in.Limit, Kelly: in.Kelly}
		return fresh(out, a.o.Service.Examine(ctx, service.OpPredictions, &out.Freshness, out.Find(q)))
	})
	register(a, route{method: "GET", path: "/v1/arbitrage", role: access.Viewer, shed: guard.ShedCostly}, huma.Operation{
		OperationID: "list-arbitrage", Tags: []string{"market"}, Summary: "Arbitrage at the current prices, leg by leg",
	}, Windows{}, func(ctx context.Context, in *arbitrageInput) (reply, error) {
		if math.IsNaN(in.MinProfit) {
			return reply{}, invalid("query.min_profit", "expected a number from 0 to 1")
		}
		out := &Windows{}
		err := a.o.Service.Examine(ctx, service.OpArbitrage, &out.Freshness, out.Find(arbitrage.Query{Suppressed: in.Suppressed, MinProfit: in.MinProfit}))
		return fresh(out, err)
	})
}

// graph answers with the graph of an event, of now (0) or a past one, if the governor permits
// it.
func (a *API) graph(ctx context.Context, id string, at odds.Time, limit int) (reply, error) {
	if p := a.govern(); p != nil {
		return reply{}, p
	}
	if at != 0 {
		return fresh(a.o.Service.GraphAt(ctx, id, at, limit))
	}
	return shared(a.o.Service.Graph(ctx, id, limit))
}

// plainGraph answers the most frequent question, the graph without parameters. It
// avoids the reflection that parsing parameters costs.
func (a *API) plainGraph(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if len(id) > longestID {
		w.(*exchange).fail(invalid("path.id", "expected length <= 256"))
		return
	}
	out, err := a.graph(r.Context(), id, 0, defaultEdges)
	w.(*exchange).reply(out, err)
}
