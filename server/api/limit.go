package api

import (
	"net/http"
	"strconv"
	"time"

	"corrgraph/server/guard"
)

// allow takes a token from the client's bucket and reports the limit in headers. If
// the bucket is empty it returns the problem.
func (x *exchange) allow(key string) *Problem {
	d := x.api.o.Limiter.Allow(key, 1)
	x.tell(d)
	if d.OK {
		return nil
	}
	x.api.o.Metrics.RateLimited.WithLabelValues("client").Inc()
	p := problem(http.StatusTooManyRequests, "the rate limit of this client is exceeded; see the RateLimit headers")
	p.retry = d.RetryAfter
	return p
}

// tell sets the headers that describe a client's limit.
func (x *exchange) tell(d guard.Decision) {
	x.set("Ratelimit-Limit", strconv.Itoa(d.Limit))
	x.set("Ratelimit-Remaining", strconv.Itoa(d.Remaining))
	x.set("Ratelimit-Reset", strconv.FormatInt(int64((d.Reset+time.Second-1)/time.Second), 10))
	x.set("Ratelimit-Policy", x.api.policy(d.Limit))
}

// policy returns the header "1000;w=1": requests per seconds.
func (a *API) policy(limit int) string {
	set := a.settings.Load()
	if p := a.said.Load(); p != nil && p.limit == limit && p.of == set {
		return p.text
	}
	window := max(1, int64(float64(limit)/set.ClientRate+0.5))
	p := &policyText{limit, set, strconv.Itoa(limit) + ";w=" + strconv.FormatInt(window, 10)}
	a.said.Store(p)
	return p.text
}

// policyText caches the header for the current limit.
type policyText struct {
	limit int
	of    *Settings
	text  string
}

// govern takes one request of the instance's budget for graphs.
func (a *API) govern() *Problem {
	d := a.o.Governor.Allow(1)
	if d.OK {
		return nil
	}
	a.o.Metrics.RateLimited.WithLabelValues("governor").Inc()
	p := problem(http.StatusTooManyRequests, "this instance serves at most "+strconv.Itoa(d.Limit)+" graphs per second to all clients together")
	p.retry = max(d.RetryAfter, 0)
	return p
}
