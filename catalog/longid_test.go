package catalog

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"corrgraph/odds"
)

// An id that two sources use for different events gets the source's name, and must not become
// longer by that than a request may name.
func TestNoIDIsLongerThanASourceMayUse(t *testing.T) {
	c := New(builtinFacts(t), Options{})
	seen := map[string]bool{}
	for _, id := range []string{strings.Repeat("x", longestID), strings.Repeat("é", longestID/2), "1"} {
		for _, source := range []string{"a", strings.Repeat("s", longestID), strings.Repeat("日", longestID/3)} {
			for n := range 3 {
				e := odds.Event{ID: id, Sport: "soccer", League: "epl", Home: fmt.Sprint("Home ", source, n), Away: fmt.Sprint("Away ", source, n), Start: t0}
				got := c.Resolve(source, &e, t0).Event.ID
				if len(got) > longestID || !utf8.ValidString(got) || seen[got] {
					t.Errorf("%d bytes %q, valid %v, used before %v", len(got), got, utf8.ValidString(got), seen[got])
				}
				seen[got] = true
			}
		}
	}
}
