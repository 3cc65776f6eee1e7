package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// asker asks what a run must know before it starts, at its leisure.
type asker struct {
	base   string
	token  string
	client *http.Client
	wait   func(context.Context, time.Duration) error
}

func newAsker(t *Target) *asker {
	a := &asker{base: t.URL, client: &http.Client{Timeout: max(t.Timeout, time.Minute)}, wait: pause}
	if len(t.Tokens) > 0 {
		a.token = t.Tokens[0]
	}
	if t.TLS != nil {
		a.client.Transport = &http.Transport{TLSClientConfig: t.TLS.Clone()}
	}
	return a
}

func (a *asker) close() { a.client.CloseIdleConnections() }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// statusError is an answer that says no.
type statusError struct {
	path   string
	status int
	detail string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.path, e.status, http.StatusText(e.status), e.detail)
}

// patience is how often a request is repeated that was told to come again.
const patience = 20

// do sends a request, again after 429 and 503 when the answer says so, and returns
// the body of an answer below 300.
func (a *asker) do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	for try := 0; ; try++ {
		status, head, text, err := a.once(ctx, method, path, contentType, body)
		if err != nil {
			return nil, err
		}
		if status < 300 {
			return text, nil
		}
		after, err := strconv.Atoi(head.Get("Retry-After"))
		if again := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable; !again || err != nil || try == patience {
			var problem struct {
				Detail string `json:"detail"`
			}
			_ = json.Unmarshal(text, &problem) // what is no problem document has no detail
			return text, &statusError{path, status, problem.Detail}
		}
		if err := a.wait(ctx, time.Duration(min(max(after, 1), 10))*time.Second); err != nil {
			return nil, err
		}
	}
}

func (a *asker) once(ctx context.Context, method, path, contentType string, body []byte) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	r, err := a.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 256<<20))
	return r.StatusCode, r.Header, text, errors.Join(err, r.Body.Close())
}

func (a *asker) get(ctx context.Context, path string, into any) error {
	text, err := a.do(ctx, http.MethodGet, path, "", nil)
	if err == nil {
		if err = json.Unmarshal(text, into); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}
	return err
}

// ticks sends a batch and returns what became of it, of a refused one (422) too.
func (a *asker) ticks(ctx context.Context, contentType string, body []byte) (receipt, error) {
	var r receipt
	text, err := a.do(ctx, http.MethodPost, "/v1/ticks", contentType, body)
	var said *statusError
	if errors.As(err, &said) && said.status == http.StatusUnprocessableEntity && json.Unmarshal(text, &r) == nil && len(r.Errors) > 0 {
		return r, err
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// seed gives events a history up to now, or where the service already knows newer
// ticks, their present prices alone. It returns how many ticks were taken.
func (a *asker) seed(ctx context.Context, m *market, span time.Duration, now time.Time) (taken int, err error) {
	const rows = 8000 // in a request, below the default limit of the service
	from := now.Add(-span)
	m.history(from, now.Add(-round), rows, func(body []byte, ticks int) bool {
		var r receipt
		r, err = a.ticks(ctx, NDJSON.contentType(), body)
		taken += r.Accepted + r.Duplicates
		return err == nil
	})
	var said *statusError
	if errors.As(err, &said) && said.status == http.StatusUnprocessableEntity && taken == 0 {
		err = nil // its ticks are newer than the history
	}
	if err != nil {
		return taken, fmt.Errorf("seed: %w", err)
	}
	for range (len(m.events)*venues + m.turns - 1) / m.turns {
		r, err := a.ticks(ctx, NDJSON.contentType(), m.batch(nil, now))
		if err != nil {
			return taken, fmt.Errorf("seed: %w", err)
		}
		taken += r.Accepted + r.Duplicates
	}
	return taken, nil
}

// sights are what there is to ask for.
type sights struct {
	events []string
	nodes  []string
	pairs  [][2]string // that are watched together
}

type eventList struct {
	Events []struct {
		ID string `json:"event_id"`
	} `json:"events"`
	Next string `json:"next_cursor"`
}

// look finds up to so many events with nodes and links to ask for.
func (a *asker) look(ctx context.Context, most int) (*sights, error) {
	s := &sights{}
	for cursor := ""; len(s.events) < most; {
		q := url.Values{"limit": {strconv.Itoa(min(most, 100))}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var page eventList
		if err := a.get(ctx, "/v1/events?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events[:min(len(page.Events), most-len(s.events))] {
			s.events = append(s.events, e.ID)
		}
		if cursor = page.Next; cursor == "" || len(page.Events) == 0 {
			break
		}
	}
	for _, id := range s.events {
		if err := a.links(ctx, id, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// links adds the nodes and pairs of an event: the ends of its links.
func (a *asker) links(ctx context.Context, event string, s *sights) error {
	var g struct {
		Layers []struct {
			Edges []struct {
				Source string `json:"source"`
				Target string `json:"target"`
			} `json:"edges"`
		} `json:"layers"`
	}
	if err := a.get(ctx, "/v1/events/"+url.PathEscape(event)+"/graph?limit=8", &g); err != nil {
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

// paths are the requests of a route.
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

// errNothing says that there is nothing to ask for.
var errNothing = errors.New("there is nothing to ask for")

// variety is how many paths of a route are tried and used.
const variety = 256

// find returns the paths that a mix needs; each was asked once and answered.
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
			_, err := a.do(ctx, http.MethodGet, path, "", nil)
			var said *statusError
			if err != nil && !errors.As(err, &said) {
				return all, err
			}
			if refused = errors.Join(refused, err); err == nil {
				all[r] = append(all[r], path)
			}
		}
		if len(all[r]) == 0 {
			return all, errors.Join(fmt.Errorf("%w by %s (%d events, %d links are known): send ticks or seed events first, or leave the route out of the mix",
				errNothing, r, len(s.events), len(s.pairs)), refused)
		}
	}
	return all, nil
}

// thin keeps so many of a list, evenly.
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
