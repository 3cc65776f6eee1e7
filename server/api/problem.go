package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/answer"
	"corrgraph/server/service"
)

// Problem is an error as defined by RFC 9457.
type Problem struct {
	Type      string        `json:"type" doc:"about:blank: the status is the kind of problem. Or urn:corrgraph:problem:outcome-unknown: whether it was done is not known, and repeating it is safe." example:"about:blank"`
	Title     string        `json:"title" doc:"The status in words." example:"Not Found"`
	Status    int           `json:"status" doc:"The HTTP status." example:"404"`
	Detail    string        `json:"detail" doc:"What is wrong, for people." example:"there is no such event"`
	Instance  string        `json:"instance" doc:"The requested path." example:"/v1/events/none/graph"`
	RequestID string        `json:"request_id" doc:"As in X-Request-Id; also in traces and logs." example:"0190f5d4-7a30-7c1b-9c39-7f6d2b8f4f11"`
	Errors    []ProblemItem `json:"errors,omitempty" doc:"Individual mistakes, if there can be several."`

	retry time.Duration // 0: unknown
	cause error         // for the audit log, not for clients
	noted bool          // the service has recorded it in the audit log
}

// ProblemItem is one mistake: in a parameter or member (location), or in a line.
type ProblemItem struct {
	Message  string `json:"message,omitempty" doc:"What is wrong with the parameter." example:"expected number <= 1"`
	Location string `json:"location,omitempty" doc:"Where the mistake is." example:"query.min_confidence"`
	Value    any    `json:"value,omitempty" doc:"The invalid value."`
	Line     int    `json:"line,omitempty" doc:"Line of the body, or element of the array, from 1." example:"3"`
	Reason   string `json:"reason,omitempty" doc:"A fixed word." example:"bad_price"`
	Detail   string `json:"detail,omitempty" doc:"What is wrong with the line."`
}

// outcomeUnknown is the Type of a Problem that leaves open whether anything was done.
const outcomeUnknown = "urn:corrgraph:problem:outcome-unknown"

// problem makes a Problem; detail is for people.
func problem(status int, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// statusOf returns the HTTP status of a service code.
func statusOf(c service.Code) int {
	switch c {
	case service.Unknown:
		return http.StatusNotFound
	case service.Invalid:
		return http.StatusUnprocessableEntity
	case service.Limited:
		return http.StatusTooManyRequests
	case service.Unavailable, service.Undecided:
		return http.StatusServiceUnavailable
	case service.Forbidden:
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// statusGone is counted when a client left before its answer; it is never sent. The
// number is nginx's.
const statusGone = 499

// failure returns the Problem for an error of the service.
func (a *API) failure(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		p = problem(http.StatusServiceUnavailable, "the client left")
		p.Status, p.noted = statusGone, true
		return p
	}
	e := service.Classify(err)
	p = problem(statusOf(e.Code), e.Detail)
	p.retry, p.cause, p.noted = e.RetryAfter, err, true
	if e.Code == service.Undecided {
		p.Type, p.Title = outcomeUnknown, "Outcome Unknown"
	}
	if p.Status == http.StatusServiceUnavailable && p.retry == 0 {
		p.retry = time.Second
	}
	var filter *answer.Error
	if errors.As(err, &filter) && filter.Parameter != "" {
		p.Errors = []ProblemItem{{Message: filter.Detail, Location: "query." + filter.Parameter, Value: clip(filter.Value)}}
	}
	if e.Code == service.Internal {
		a.o.Log.ErrorContext(ctx, "a request failed", "request_id", requestID(ctx), "error", err.Error())
	}
	return p
}

// Error implements error, so that handlers can return a Problem.
func (p *Problem) Error() string { return p.Detail }

// problemOf turns huma's error about parameters into a Problem.
func problemOf(m *huma.ErrorModel) *Problem {
	p := problem(m.Status, m.Detail)
	for _, e := range m.Errors {
		if e != nil && len(p.Errors) < mostErrors {
			p.Errors = append(p.Errors, ProblemItem{Message: clip(e.Message), Location: clip(e.Location), Value: clipAny(e.Value)})
		}
	}
	return p
}

// mostEchoed limits the bytes of an invalid value that are sent back.
const mostEchoed = 200

func clip(s string) string {
	if len(s) > mostEchoed {
		return s[:mostEchoed] + "…"
	}
	return s
}

func clipAny(v any) any {
	switch v := v.(type) {
	case string:
		return clip(v)
	case bool, int, int64, uint64, nil:
		return v
	case float64:
		if !math.IsInf(v, 0) && !math.IsNaN(v) { // JSON can't represent the rest
			return v
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return nil
}

// seconds returns a wait in whole seconds, rounded up, at least 1.
func seconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64(math.Ceil(d.Seconds()))), 10)
}
