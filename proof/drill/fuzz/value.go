package fuzz

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// corpus is the discovered content of the service.
type corpus struct{ events, nodes []string }

// pick returns a random element of a list, which must not be empty.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// valid returns a valid value for a parameter.
func (c *corpus) valid(r *rand.Rand, p *parameter, now time.Time) string {
	switch {
	case (p.Name == "id" || p.Name == "event") && len(c.events) > 0:
		return pick(r, c.events)
	case slices.Contains([]string{"node", "source", "target"}, p.Name) && len(c.nodes) > 0:
		return pick(r, c.nodes)
	case len(p.Schema.Enum) > 0:
		return fmt.Sprint(pick(r, p.Schema.Enum))
	case p.Schema.Format == "date-time":
		return now.Add(-time.Duration(r.IntN(7200)) * time.Second).UTC().Format(time.RFC3339)
	}
	switch p.Schema.kind() {
	case "integer", "number":
		return numeral(r, &p.Schema)
	case "boolean":
		return strconv.FormatBool(r.IntN(2) == 0)
	}
	if len(p.Schema.Examples) > 0 {
		return fmt.Sprint(pick(r, p.Schema.Examples))
	}
	return "fuzz"
}

func numeral(r *rand.Rand, s *schema) string {
	low, high := 0.0, 100.0
	if s.Minimum != nil {
		low = *s.Minimum
	}
	if s.Maximum != nil {
		high = *s.Maximum
	}
	if v := low + r.Float64()*(high-low); s.kind() == "number" {
		return strconv.FormatFloat(v, 'g', 4, 64)
	} else {
		return strconv.FormatInt(int64(v), 10)
	}
}

// oddity is a value that no user would send, with a description.
type oddity struct{ what, value string }

// oddValues returns oddities by class; those of a class are interchangeable.
func oddValues() [][]oddity {
	class := func(what string, values ...string) (all []oddity) {
		for _, v := range values {
			all = append(all, oddity{what, v})
		}
		return all
	}
	long := class("very long value", strings.Repeat("A", 129), strings.Repeat("A", 257), strings.Repeat("é", 128), strings.Repeat("9", 400), strings.Repeat("x", 5000), strings.Repeat("%41", 10_000))
	return [][]oddity{
		class("wrong type", "abc", "true", "1.5", "[]", "{}", "null", "[1,2]", `{"a":1}`, "undefined", "1,2"),
		class("huge number", "99999999999999999999999", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1e309", "-1e309", "1e-400", "4294967296", "-1", "0", "-0"),
		class("odd number", "NaN", "Inf", "-Inf", "+Inf", "0x10", "1_000", "٣", "1e", ".5", "5.", " 5", "+5", "0b1", "１"),
		class("odd time", "2026-13-45T99:99:99Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-02T00:00:00+99:99", "1700000000", "99999-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "2263-01-01T00:00:00Z"),
		class("unicode", "日本語", "\u202eabc\u202c", "e\u0301", "\U0001F3BE", "\ufeff", "İı", "ﬃ", "\u0000\u200b", "\U0010ffff"),
		class("control bytes", "\x00", "a\x00b", "\r\nX-Injected: 1\r\n", "\x1b[31m", "\x7f", "\t\n", "\x01\x02\x03"),
		class("invalid UTF-8", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "a\x80", "\xf8\x88\x80\x80\x80"),
		class("injection", "' OR 1=1 --", `"; DROP TABLE events; --`, "../../../etc/passwd", "%s%n%x", "${jndi:ldap://x}", "<script>alert(1)</script>", "*", "%", "_", `\`, "a:b/c/d", "::", "/", "a:/", "|", "`id`", "{id}"),
		class("empty value", "", " "),
		long,
	}
}

// escapes encodes a value for a query or a path, plainly or not. The last ones are
// not valid percent-encoding.
func escapes(r *rand.Rand, v string) (spelt, what string) {
	switch r.IntN(8) {
	case 0:
		return url.QueryEscape(url.QueryEscape(v)), "escaped twice"
	case 1:
		var b strings.Builder
		for i := range min(len(v), 4000) {
			fmt.Fprintf(&b, "%%%02x", v[i])
		}
		return b.String(), "every byte escaped"
	case 2:
		return url.QueryEscape(v) + pick(r, []string{"%", "%2", "%zz", "%u0041", "%-1", "%%", "%G0"}), "broken escape"
	case 3:
		return url.QueryEscape(v) + pick(r, []string{"%00", "%0a", "%0d%0aX:1", "%c0%af", "%2f..%2f", "%25%32%66", "%ff"}), "escaped bytes"
	}
	return url.QueryEscape(v), ""
}
