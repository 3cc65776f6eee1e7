package fuzz

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Violation is a request whose answer broke a promise.
type Violation struct {
	Number  uint64   `json:"number"` // of the request; it follows from the seed, apart from times and ids of the run
	Broken  []string `json:"broken"`
	What    string   `json:"what"` // change made to a valid request
	Route   string   `json:"route"`
	Method  string   `json:"method"`
	Target  string   `json:"target"`
	Headers []string `json:"headers"` // each quoted in Go syntax, without credentials
	Body    string   `json:"body"`    // quoted; at most the first 64 KiB
	Bytes   int      `json:"body_bytes"`
	Status  int      `json:"status"` // 0: no answer
	Answer  string   `json:"answer"` // quoted, the first 500 bytes
}

// violation describes a broken promise.
func violation(s *shot, p *reply, broken []string) Violation {
	o := Violation{
		Number: s.number, Broken: broken, What: s.what, Route: s.route, Method: strconv.Quote(s.method), Target: strconv.Quote(s.target),
		Body: strconv.Quote(string(s.body[:min(len(s.body), 64<<10)])), Bytes: len(s.body), Status: p.status,
		Answer: strconv.Quote(string(p.body[:min(len(p.body), 500)])),
	}
	for _, h := range s.headers {
		if secret, ok := strings.CutPrefix(h, "Authorization: Bearer "); ok && len(secret) > 2 {
			h = "Authorization: Bearer …"
		}
		o.Headers = append(o.Headers, strconv.Quote(h))
	}
	return o
}

// judgeReply lists the promises that an answer breaks. Input that is not HTTP is
// handled by the HTTP server and not by the service: it only has to be refused or
// closed.
func judgeReply(s *shot, p *reply) (broken []string) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	switch {
	case p.refused:
		say("no connection: %s", p.err)
	case p.err == "timeout":
		say("no answer in time")
	case p.err != "" && !s.below && s.deliver != cut:
		say("no whole answer: %s", p.err)
	}
	if p.status < 400 {
		return broken
	}
	if s.below && (p.status < 500 || p.status == http.StatusNotImplemented || p.status == http.StatusHTTPVersionNotSupported) || p.status == http.StatusRequestHeaderFieldsTooLarge {
		return broken
	}
	if p.status == http.StatusServiceUnavailable && s.route == "GET /readyz" {
		return broken // a document of its own, which lists what is missing
	}
	if p.status >= 500 && p.status != http.StatusServiceUnavailable {
		say("status %d", p.status)
	}
	if waits := p.status == http.StatusServiceUnavailable || p.status == http.StatusTooManyRequests; waits {
		if n, err := strconv.Atoi(p.header.Get("Retry-After")); err != nil || n < 1 {
			say("%d without a Retry-After in seconds", p.status)
		}
	}
	if why := notProblem(s, p); why != "" && p.err == "" {
		say("%s", why)
	}
	return broken
}

// notProblem says why an answer is not a problem document; empty if it is one.
func notProblem(s *shot, p *reply) string {
	if t, _, err := mime.ParseMediaType(p.header.Get("Content-Type")); err != nil || t != "application/problem+json" {
		return fmt.Sprintf("%d is %q, not problem+json", p.status, p.header.Get("Content-Type"))
	}
	if s.method == http.MethodHead {
		return ""
	}
	var said struct {
		Status int `json:"status"`
	}
	if err := json.Unmarshal(p.body, &said); err != nil {
		return fmt.Sprintf("the problem of %d is not JSON: %v", p.status, err)
	}
	if said.Status != p.status {
		return fmt.Sprintf("the problem of %d says %d", p.status, said.Status)
	}
	return ""
}

// Answers counts the statuses of one route or one kind of request.
type Answers struct {
	Name       string      `json:"name"`
	Requests   int         `json:"requests"`
	Statuses   map[int]int `json:"statuses"` // 0: no answer, including unwanted ones
	Violations int         `json:"violations"`
}

// class counts the statuses of a class (2: 200 to 299).
func (t *Answers) class(n int) (sum int) {
	for s, count := range t.Statuses {
		if s/100 == n {
			sum += count
		}
	}
	return sum
}

// tallies counts by name. The zero value is empty.
type tallies map[string]*Answers

func (t tallies) add(name string, status int, violation bool) {
	if t[name] == nil {
		t[name] = &Answers{Name: name, Statuses: map[int]int{}}
	}
	t[name].Requests++
	t[name].Statuses[status]++
	if violation {
		t[name].Violations++
	}
}

// kindOf returns the kind of change made to a request, without details.
func kindOf(what string) string {
	kind, _, _ := strings.Cut(what, ":")
	switch {
	case strings.HasPrefix(what, "gzip"), strings.Contains(what, "body"), strings.HasPrefix(what, "tick "), strings.Contains(what, "chunks"), what == "random bytes":
		return "body"
	}
	return kind
}
