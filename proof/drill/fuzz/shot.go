package fuzz

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// delivery is how a request is sent.
type delivery int

const (
	whole     delivery = iota // at once, then read the answer
	slowly                    // the body in parts, with pauses
	cut                       // less of the body than announced, then nothing
	abandoned                 // close the connection before the answer
	listened                  // read a stream for a while
)

// ticksPath accepts ticks: from them a service learns names.
const ticksPath = "/v1/ticks"

// unknownRoute is the route of requests that the document doesn't describe.
const unknownRoute = "unknown"

// shot is one request.
type shot struct {
	number         uint64
	route          string // of the operation on which it is based, or unknownRoute
	what           string // the change made to it
	method, target string
	headers        []string // lines
	body           []byte
	deliver        delivery
	takes          time.Duration // of slowly and listened
	below          bool          // not HTTP that a handler could see: the HTTP server answers by itself
	last           bool          // the connection can't be reused
}

// head returns the request up to the body.
func (s *shot) head() []byte {
	var b bytes.Buffer
	b.WriteString(s.method + " " + s.target + " HTTP/1.1\r\n")
	for _, h := range s.headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// draft is a request before it is encoded.
type draft struct {
	op      *operation
	path    string // escaped
	query   []string
	headers []string
	host    string
	body    []byte
	form    string
	length  string // value of Content-Length; empty: not sent
}

// generator makes requests. It is immutable and safe for concurrent use: a request
// follows from the seed, its number, the time and the corpus.
type generator struct {
	seed      uint64
	ops       []operation
	forbidden []operation
	host      string
	tokens    []string
	corpus    corpus
	odd       [][]oddity
	packed    packed
}

// shot makes request number n. With known set it teaches the service no names
// beyond those of valid ticks.
func (g *generator) shot(n uint64, now time.Time, known bool) *shot {
	r := rand.New(rand.NewPCG(g.seed, n))
	d := g.draft(r, n, pick(r, g.ops), now)
	s := &shot{number: n, route: d.op.name(), what: "valid", method: d.op.method}
	switch p := r.IntN(1000); {
	case p < 300:
	case p < 550:
		g.oddQuery(r, &d, s)
	case p < 650:
		g.oddPath(r, &d, s)
	case p < 700:
		s.method, s.what = pick(r, []string{"POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", "X", strings.Repeat("M", 300)}), "another method"
	case p < 780:
		g.oddHeader(r, &d, s)
	case p < 960:
		d = g.draft(r, n, g.withBody(r), now)
		s.route, s.method = d.op.name(), d.op.method
		if !known || d.op.path != ticksPath {
			g.oddBody(r, &d, s, now)
		}
	case p < 985:
		g.notHTTP(r, &d, s)
	default:
		g.oddDelivery(r, &d, s, now, n)
	}
	g.finish(&d, s)
	return s
}

// withBody returns an operation that takes a body, if there is one.
func (g *generator) withBody(r *rand.Rand) operation {
	var with []operation
	for _, o := range g.ops {
		if len(o.forms) > 0 {
			with = append(with, o)
		}
	}
	if len(with) == 0 {
		return pick(r, g.ops)
	}
	return pick(r, with)
}

// draft makes a valid request of an operation.
func (g *generator) draft(r *rand.Rand, n uint64, op operation, now time.Time) draft {
	d := draft{op: &op, path: op.path, host: g.host}
	for i := range op.params {
		p := &op.params[i]
		if !p.Required && (r.IntN(3) > 0 || strings.Contains(strings.ToLower(p.Name), "cursor")) {
			continue // cursors come from answers; an invented one is an oddity
		}
		v := g.corpus.valid(r, p, now)
		switch p.In {
		case "path":
			d.path = strings.ReplaceAll(d.path, "{"+p.Name+"}", url.PathEscape(v))
		case "query":
			d.query = append(d.query, url.QueryEscape(p.Name)+"="+url.QueryEscape(v))
		case "header":
			d.headers = append(d.headers, p.Name+": "+v)
		}
	}
	if len(g.tokens) > 0 {
		d.headers = append(d.headers, "Authorization: Bearer "+g.tokens[n%uint64(len(g.tokens))])
	}
	if len(op.forms) > 0 {
		d.form = pick(r, op.forms)
		d.body = validBody(r, d.form, now)
		d.length = strconv.Itoa(len(d.body))
	}
	return d
}

// finish encodes a draft and makes sure that it does no harm.
func (g *generator) finish(d *draft, s *shot) {
	if s.target == "" {
		s.target = d.path
		if len(d.query) > 0 {
			s.target += "?" + strings.Join(d.query, "&")
		}
	}
	if forbids(g.forbidden, s.method, s.target) {
		s.method = http.MethodGet
	}
	if forbids(g.forbidden, s.method, s.target) {
		s.target, s.what = "/openapi.json", "in place of a forbidden one"
	}
	head := []string{"Host: " + d.host}
	if d.host == "" {
		head = nil
	}
	head = append(head, d.headers...)
	if d.form != "" {
		head = append(head, "Content-Type: "+d.form)
	}
	if len(d.body) > 0 || d.form != "" {
		if d.length != "" {
			head = append(head, "Content-Length: "+d.length)
		}
		s.body = d.body
	}
	s.headers = head
	if strings.HasSuffix(d.op.path, "/stream") && s.deliver == whole {
		s.deliver, s.takes = listened, 20*time.Millisecond
	}
	if _, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.head()))); err != nil {
		s.below = true
	}
	s.last = s.last || s.below || s.deliver != whole && s.deliver != slowly
}
