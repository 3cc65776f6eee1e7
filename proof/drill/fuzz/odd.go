package fuzz

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// oddQuery changes the parameters.
func (g *generator) oddQuery(r *rand.Rand, d *draft, s *shot) {
	switch r.IntN(8) {
	case 0:
		if len(d.query) > 0 {
			d.query, s.what = d.query[1:], "parameter missing"
			return
		}
	case 1:
		if len(d.query) > 0 {
			d.query, s.what = append(d.query, d.query...), "parameters twice"
			return
		}
	case 2:
		d.query = append(d.query, pick(r, []string{"unknown=1", "=", "=1", "&&", "a;b=1", "limit", "limit[]=1", "LIMIT=1", "%6cimit=3", "?", "#x", "a=b=c", "%00=1", "_=" + strings.Repeat("z", 3000), strings.Repeat("q=1&", 500)}))
		s.what = "odd parameter"
		return
	}
	o := pick(r, pick(r, g.odd))
	spelt, how := escapes(r, o.value)
	name := "limit"
	var in []string
	for i := range d.op.params {
		if p := &d.op.params[i]; p.In == "query" {
			in = append(in, p.Name)
		}
	}
	if len(in) > 0 {
		name = pick(r, in)
	}
	var kept []string
	for _, q := range d.query {
		if !strings.HasPrefix(q, url.QueryEscape(name)+"=") {
			kept = append(kept, q)
		}
	}
	d.query = append(kept, url.QueryEscape(name)+"="+spelt)
	s.what = strings.TrimSuffix("parameter: "+o.what+", "+how, ", ")
}

// oddPath changes the path.
func (g *generator) oddPath(r *rand.Rand, d *draft, s *shot) {
	s.what = "odd path"
	switch r.IntN(7) {
	case 0:
		d.path = pick(r, []string{"/", "//", "/v1", "/v1/", "/v2/events", "/favicon.ico", "/.env", "/admin", "/v1/events/", "/v1/events//graph", "/v1/events/%2F/graph", "/debug/pprof/", "/v1/nothing", "/%76%31/events", "/V1/EVENTS", "/v1/events/./graph", "/v1/events/../events", "/..%2f..%2fetc%2fpasswd", "/v1\\events", "/v1/events%00", "/v1/events;a=b", "/v1/events/%e0%80%af/graph", "/" + strings.Repeat("a/", 5000), "/" + strings.Repeat("%61", 8000)})
		s.route, s.what = unknownRoute, "unknown path"
	case 1:
		d.path += pick(r, []string{"/", "//", "/.", "/..", "%2f", "%00", ";x=1", "/graph", "%20", ".json", "/%2e%2e"})
	case 2:
		d.path = strings.Replace(d.path, "/", pick(r, []string{"//", "/./", "/%2e/", "/x/../", "/%2e%2e/"}), 1+r.IntN(2))
	case 3:
		d.path = strings.Replace(d.path, "v1", pick(r, []string{"V1", "%761", "v%31", "v1 ", "v１"}), 1)
	default:
		if i := strings.IndexByte(d.op.path, '{'); i >= 0 {
			o := pick(r, pick(r, g.odd))
			spelt, how := escapes(r, o.value)
			spelt = strings.ReplaceAll(spelt, "+", "%20")
			_, rest, _ := strings.Cut(d.op.path[i:], "}")
			d.path = d.op.path[:i] + spelt + rest
			s.what = strings.TrimSuffix("path: "+o.what+", "+how, ", ")
		} else {
			d.path += "/" + url.PathEscape(pick(r, pick(r, g.odd)).value)
		}
	}
}

// oddHeader adds or changes a header that handlers see.
func (g *generator) oddHeader(r *rand.Rand, d *draft, s *shot) {
	s.what = "odd header"
	if r.IntN(4) == 0 {
		for i, h := range d.headers {
			if strings.HasPrefix(h, "Authorization:") {
				d.headers = append(d.headers[:i:i], d.headers[i+1:]...)
				break
			}
		}
		d.headers = append(d.headers, "Authorization: "+pick(r, []string{"", "Bearer", "Bearer ", "Basic YTpi", "bearer x", "Bearer " + strings.Repeat("t", 9000), "Bearer \xff\xfe", "Digest x=1", "Bearer a b c"}))
		s.what = "odd credentials"
		return
	}
	d.headers = append(d.headers, pick(r, []string{
		"Accept: application/xml", "Accept: */*;q=NaN", "Accept: ,,,;;;", "Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0, *;q=0", "Accept-Encoding: br, zstd, x-y;q=9e99",
		`If-None-Match: *`, `If-None-Match: "x", W/"y", z`, `If-None-Match: ` + strings.Repeat(`"a",`, 3000), "If-Modified-Since: never",
		"Range: bytes=0-0,5-,-9", "Range: bytes=99999999999999999999-", "Last-Event-ID: x", "Last-Event-ID: 18446744073709551616", "Last-Event-ID: \xff", "Last-Event-ID: a-1",
		"X-Request-Id: \xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "X-Request-Id: " + strings.Repeat("i", 4000), "X-Request-Id: ../../../../x", "Traceparent: 00-" + strings.Repeat("f", 32) + "-" + strings.Repeat("0", 16) + "-01", "Traceparent: zz",
		"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: x", "Cookie: " + strings.Repeat("a=b; ", 2000), "X-Forwarded-For: 127.0.0.1, " + strings.Repeat("9.", 500),
		"X-Forwarded-Host: evil.example", "Content-Type: multipart/form-data; boundary=x", "Content-Type: ;;;", "Content-Language: " + strings.Repeat("x", 9000), "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA", "Upgrade: websocket\r\nConnection: Upgrade",
		"Connection: close", "Connection: keep-alive, Content-Length", "TE: trailers, deflate;q=0.5", "Via: 1.1 x", "Forwarded: for=\"_x\"", "Max-Forwards: -1", "X-Empty:", "X-Tab:\ta\tb", strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 300), "\r\n"),
	}))
	if r.IntN(8) == 0 {
		d.host = pick(r, []string{"evil.example", "127.0.0.1.evil.example", "[::1]", "localhost", "LOCALHOST:1", "127.0.0.1:99999", "0x7f.1", "a", "[fe80::1%25lo]"})
		s.what = "odd host"
	}
	s.last = true // some of them end the connection or start another protocol
}

// oddBody changes the body or its description in headers.
func (g *generator) oddBody(r *rand.Rand, d *draft, s *shot, now time.Time) {
	if len(d.op.forms) == 0 { // the operation takes no body
		d.form = "application/json"
		d.body = validBody(r, d.form, now)
		d.length = strconv.Itoa(len(d.body))
	}
	switch r.IntN(20) {
	case 0:
		d.form = pick(r, []string{"text/plain", "application/xml", "text/csv; charset=utf-16", "application/json; charset=\"", "", "application/", "a/b/c", "application/x-ndjson, text/csv", strings.Repeat("a", 5000)})
		s.what = "another media type"
	case 1, 2:
		d.body = zip(d.body)
		d.headers, s.what = append(d.headers, "Content-Encoding: gzip"), "gzip"
	case 3, 4:
		d.body = zip(d.body)
		d.body, s.what = broken(r, d.body)
		d.headers, s.what = append(d.headers, "Content-Encoding: gzip"), "gzip: "+s.what
	case 5:
		if r.IntN(3) == 0 && len(g.packed.bombs) > 0 { // each costs the service tens of ms
			o := pick(r, g.packed.bombs)
			d.body, s.what = []byte(o.value), o.what
			d.headers = append(d.headers, "Content-Encoding: gzip")
		}
	case 6:
		d.headers = append(d.headers, "Content-Encoding: "+pick(r, []string{"br", "gzip, gzip", "deflate", "identity", "GZIP", "x-gzip", "gzip;q=1", "\xff", ""}))
		s.what = "another encoding"
	case 7:
		d.body, s.what = chunked(r, d.body), "chunks"
		d.length = ""
		d.headers = append(d.headers, "Transfer-Encoding: chunked")
		s.last = true
		if r.IntN(2) == 0 {
			at := r.IntN(len(d.body))
			d.body[at], s.what, s.deliver = byte(r.UintN(256)), "broken chunks", cut
		}
	case 8, 9, 10, 11, 12:
		d.body, s.what = broken(r, d.body)
	case 13:
		if len(d.op.forms) > 0 {
			d.body, s.what = validBody(r, pick(r, d.op.forms), now), "form and media type differ"
		}
	default:
		d.body, s.what = oddTicks(r, d.form, now)
	}
	if d.length != "" {
		d.length = strconv.Itoa(len(d.body))
	}
}

// chunked writes a body in chunks.
func chunked(r *rand.Rand, body []byte) []byte {
	var b []byte
	for len(body) > 0 {
		n := 1 + r.IntN(len(body))
		b = fmt.Appendf(b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return append(b, "0\r\n\r\n"...)
}

// notHTTP makes input that the HTTP server refuses before it becomes a request.
func (g *generator) notHTTP(r *rand.Rand, d *draft, s *shot) {
	s.what, s.below = "no HTTP", true
	switch r.IntN(9) {
	case 0:
		s.target = d.path + pick(r, []string{"\x00", " x", "\x7f", "\x01", "%zz", "%"})
	case 1:
		s.method = pick(r, []string{"G ET", "", "GET\x00", "(GET)", "\xff"})
	case 2:
		d.headers = append(d.headers, pick(r, []string{"No-Colon", ": no name", "A B: 1", "X\x00: 1", "X: \x00", " folded: 1", "X: a\x01b", "É: 1", "X-Long: " + strings.Repeat("l", 90_000), "X-Long: " + strings.Repeat("l", 1_200_000)}))
	case 3:
		d.host = ""
	case 4:
		d.headers = append(d.headers, "Host: b")
	case 5:
		d.headers = append(d.headers, pick(r, []string{"Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: abc", "Content-Length: 99999999999999999999", "Content-Length: 0x5", "Content-Length: +1"}))
	case 6:
		d.headers = append(d.headers, pick(r, []string{"Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: \x0bchunked"}))
	case 7:
		d.headers = append(d.headers, "Expect: "+pick(r, []string{"nothing", "100-continue, x"}))
	case 8:
		d.host = pick(r, []string{"a b", "a/b\x00", "é\x01", "<x>"})
	}
	s.last = true
}

// oddDelivery sends a request in an unusual but possibly valid way.
func (g *generator) oddDelivery(r *rand.Rand, d *draft, s *shot, now time.Time, n uint64) {
	switch r.IntN(5) {
	case 0:
		s.deliver, s.what = abandoned, "left before the answer"
		return
	case 1:
		for _, o := range g.ops {
			if strings.HasSuffix(o.path, "/stream") {
				*d = g.draft(r, n, o, now)
				s.route, s.method, s.what, s.deliver, s.takes = o.name(), o.method, "stream, left", listened, time.Duration(r.IntN(1500))*time.Millisecond
				return
			}
		}
	}
	*d = g.draft(r, n, g.withBody(r), now)
	s.route, s.method = d.op.name(), d.op.method
	switch {
	case len(d.body) == 0:
	case r.IntN(3) == 0:
		s.deliver, s.takes, s.what = slowly, time.Duration(100+r.IntN(900))*time.Millisecond, "slow body"
	case r.IntN(2) == 0:
		d.length, s.what, s.last = strconv.Itoa(r.IntN(len(d.body))), "Content-Length too small", true
	default:
		d.length, s.deliver, s.what = strconv.Itoa(len(d.body)+1+r.IntN(1000)), cut, "Content-Length too large"
	}
}
