package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Problem is an error answer: the service's problem+json, or as much of it as the
// answer had.
type Problem struct {
	Asked      string // method and path
	Type       string // about:blank, or OutcomeUnknown
	Status     int
	Detail     string
	RequestID  string        // as in the service's traces and logs
	RetryAfter time.Duration // 0: not in the answer
	Items      []Item        // individual mistakes, if there can be several
	Body       []byte        // the body as received
}

// OutcomeUnknown is the Type of a Problem that leaves open whether the request was carried
// out. Sending it again is safe: ticks that were accepted count as duplicates.
const OutcomeUnknown = "urn:corrgraph:problem:outcome-unknown"

// Item is one mistake in a request: in a parameter, a member, or a line of ticks.
type Item struct {
	Message  string `json:"message"`
	Location string `json:"location"`
	Line     int    `json:"line"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail"`
}

// Error returns the request, the status and the detail.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s: %d %s", p.Asked, p.Status, http.StatusText(p.Status))
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

// RetryAfter returns the wait that the service asks for; 0 if none.
func (a *Answer) RetryAfter() time.Duration {
	n, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Err returns nil for a status below 300 and a *Problem for any other.
func (a *Answer) Err() error {
	if a.Status < 300 {
		return nil
	}
	var said struct {
		Type      string `json:"type"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
		Errors    []Item `json:"errors"`
	}
	_ = json.Unmarshal(a.Body, &said) // anything but a problem document has no detail
	return &Problem{a.asked, said.Type, a.Status, said.Detail, said.RequestID, a.RetryAfter(), said.Errors, a.Body}
}

// Into decodes the JSON of an answer with a status below 300; v may be nil. For
// other statuses it returns Err.
func (a *Answer) Into(v any) error {
	if err := a.Err(); err != nil || v == nil {
		return err
	}
	return a.decode(v)
}

// decode reads the JSON of an answer, whatever its status.
func (a *Answer) decode(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return fmt.Errorf("%s: %w", a.asked, err)
	}
	return nil
}

// Reason describes a connection error briefly, in the same words for the same
// cause.
func Reason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	what := ""
	if errors.As(err, &op) && op.Op == "dial" {
		what = "dial: "
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return what + "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return what + "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return what + "connection reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return what + "connection closed"
	case errors.As(err, &dns):
		return what + "no such host"
	}
	return err.Error()
}
