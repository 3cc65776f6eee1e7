package loadtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"corrgraph/client"
)

// asker makes the requests that prepare a run, outside the measured load.
type asker struct{ *client.Client }

func newAsker(t *client.Target) (*asker, error) {
	o := t.Options(1)
	o.Timeout = max(o.Timeout, time.Minute)
	c, err := client.New(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return &asker{c}, nil
}

// patience is the longest wait before a refused request is repeated.
const patience = 10 * time.Second

// ticks sends a batch and returns its receipt.
func (a *asker) ticks(ctx context.Context, body []byte) (client.Receipt, error) {
	return a.Ticks(ctx, NDJSON.contentType(), body, patience)
}

// tooOld reports whether a service refused all ticks of a request.
func tooOld(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity
}

// seed gives events a history up to now, or only current prices if the service
// already has newer ticks. It returns the number of accepted ticks.
func (a *asker) seed(ctx context.Context, m *market, span time.Duration, now time.Time) (taken int, err error) {
	const rows = 8000 // per request, below the service's default limit
	from := now.Add(-span)
	m.history(from, now.Add(-round), rows, func(body []byte, ticks int) bool {
		var r client.Receipt
		r, err = a.ticks(ctx, body)
		taken += r.Accepted + r.Duplicates
		return err == nil
	})
	if tooOld(err) && taken == 0 {
		err = nil // the service has newer ticks than the history
	}
	if err != nil {
		return taken, fmt.Errorf("seed: %w", err)
	}
	for range (len(m.events)*venues + m.turns - 1) / m.turns {
		r, err := a.ticks(ctx, m.batch(nil, now))
		if err != nil {
			return taken, fmt.Errorf("seed: %w", err)
		}
		taken += r.Accepted + r.Duplicates
	}
	return taken, nil
}

// sources returns what the service says of its sources; nil if it does not.
func (a *asker) sources(ctx context.Context) (heard []Heard) {
	var feeds struct {
		Feeds []struct {
			Heard
			Venue string `json:"venue"`
		} `json:"feeds"`
	}
	got, err := a.Patient(ctx, client.Request{Path: "/v1/feeds"}, patience)
	if err != nil || got.Into(&feeds) != nil {
		return nil
	}
	for _, f := range feeds.Feeds {
		if f.Venue == "" {
			heard = append(heard, f.Heard)
		}
	}
	return heard
}

// sights are the targets of questions.
type sights struct {
	events []string
	nodes  []string
	pairs  [][2]string // that are watched together
}

// look finds targets in at most that many events.
func (a *asker) look(ctx context.Context, most int) (s *sights, err error) {
	s = &sights{}
	if s.events, err = a.EventIDs(ctx, most); err != nil {
		return nil, err
	}
	for _, id := range s.events {
		if err := a.links(ctx, id, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// links adds the nodes and pairs of an event, from the ends of its links.
func (a *asker) links(ctx context.Context, event string, s *sights) error {
	got, err := a.Patient(ctx, client.Request{Path: client.GraphPath(event) + "?limit=8"}, patience)
	if err != nil {
		return err
	}
	var g client.Graph
	if err := got.Into(&g); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range g.Layers {
		for _, e := range l.Edges {
			s.pairs = append(s.pairs, [2]string{e.Source, e.Target})
			if !seen[e.Source] {
				seen[e.Source] = true
				s.nodes = append(s.nodes, e.Source)
			}
		}
	}
	return nil
}

// paths returns the requests of a route.
func (s *sights) paths(r Route) (out []string) {
	switch r {
	case Graph, Anomalies:
		for _, id := range s.events {
			out = append(out, "/v1/events/"+url.PathEscape(id)+"/"+r.String())
		}
	case Events:
		for i, id := range s.events {
			if out = append(out, "/v1/events/"+url.PathEscape(id)); i%4 == 0 {
				out = append(out, "/v1/events?limit=20")
			}
		}
	case Propagation, Edges:
		for _, p := range s.pairs {
			out = append(out, "/v1/"+r.String()+"?"+url.Values{"source": {p[0]}, "target": {p[1]}}.Encode())
		}
	case Predictions:
		for _, n := range s.nodes {
			out = append(out, "/v1/predictions?"+url.Values{"node": {n}}.Encode())
		}
	case Leaders, Scorecard, Feeds:
		out = []string{"/v1/" + r.String()}
	case Health:
		out = []string{"/healthz"}
	}
	return out
}

// errNothing says that there are no targets.
var errNothing = errors.New("there is nothing to request")

// variety is how many paths of a route are tried and used.
const variety = 256

// find returns the paths that a mix needs; each was requested once successfully.
func (a *asker) find(ctx context.Context, m Mix, events int) (all [routes][]string, err error) {
	s, err := a.look(ctx, events)
	if err != nil {
		return all, err
	}
	for i, w := range m {
		r := Route(i)
		if w == 0 || r == Ticks {
			continue
		}
		refused := error(nil)
		for _, path := range thin(s.paths(r), variety) {
			got, err := a.Patient(ctx, client.Request{Path: path}, patience)
			if err != nil {
				return all, err
			}
			if err := got.Err(); err != nil {
				refused = errors.Join(refused, err)
				continue
			}
			all[r] = append(all[r], path)
		}
		if len(all[r]) == 0 {
			return all, errors.Join(fmt.Errorf("%w for %s (%d events, %d links are known): send ticks or seed events first, or leave the route out of the mix",
				errNothing, r, len(s.events), len(s.pairs)), refused)
		}
	}
	return all, nil
}

// thin reduces a list to most elements, evenly spaced.
func thin(all []string, most int) []string {
	if len(all) <= most {
		return all
	}
	out := make([]string, 0, most)
	for i := range most {
		out = append(out, all[i*len(all)/most])
	}
	return out
}
