package readiness

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"pgregory.net/rapid"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
)

func TestPercentileIsANearestRank(t *testing.T) {
	upTo := func(n int) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Duration(i+1))
		}
		return all
	}
	for _, c := range []struct{ n, p, want int }{
		{0, 99, 0}, {1, 50, 1}, {1, 99, 1}, {2, 50, 1}, {3, 50, 2}, {99, 99, 99}, {100, 99, 99}, {101, 99, 100}, {200, 99, 198}, {100, 100, 100}, {100, 1, 1},
	} {
		if got := percentile(upTo(c.n), c.p); got != time.Duration(c.want) {
			t.Errorf("p%d of 1 to %d is %d, want %d", c.p, c.n, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 50), func(n int) time.Duration { return time.Duration(n) }), 1, 300).Draw(t, "all")))
		p := rapid.IntRange(1, 100).Draw(t, "p")
		at := percentile(all, p)
		below, most := 0, 0
		for _, d := range all {
			if d < at {
				below++
			}
			if d <= at {
				most++
			}
		}
		if 100*most < p*len(all) || 100*below >= p*len(all) {
			t.Fatalf("p%d of %v is %d: %d below it and %d at most", p, all, at, below, most)
		}
	})
}

func TestAgoIsRough(t *testing.T) {
	for since, want := range map[time.Duration]string{
		0: "now", -time.Hour: "now", 2*time.Minute - 1: "now", 2 * time.Minute: "2 min ago", 2*time.Hour - time.Minute: "119 min ago",
		2 * time.Hour: "2 h ago", 47 * time.Hour: "47 h ago", 48 * time.Hour: "2 d ago", 10 * 24 * time.Hour: "10 d ago",
	} {
		at := noon().Add(-since)
		if got := ago(&at, noon()); got != want {
			t.Errorf("%s ago: %q, want %q", since, got, want)
		}
	}
	if got := ago(nil, noon()); got != "never" {
		t.Errorf("%q", got)
	}
}

func TestLayersOfADeadOne(t *testing.T) {
	layers := func(status ...string) *client.Graph {
		g := &client.Graph{}
		for _, s := range status {
			status, reason, _ := strings.Cut(s, " ")
			g.Layers = append(g.Layers, client.Layer{Status: status, Reason: reason})
		}
		return g
	}
	for _, c := range []struct {
		g              *client.Graph
		marked, others int
		first          string
	}{
		{layers("HEALTHY", "FAILED killed", "HEALTHY", "HEALTHY"), 1, 0, ""},
		{layers("HEALTHY", "FAILED", "HEALTHY", "HEALTHY"), 0, 0, ""},
		{layers("HEALTHY", "HEALTHY", "HEALTHY", "OFF"), 0, 0, ""},
		{layers("FAILED a", "FAILED b", "HEALTHY", "FAILED c"), 1, 2, "layer 1 was not served: a"},
	} {
		var k killed
		k.layers(c.g, 2)
		if k.marked != c.marked || k.others != c.others || k.first != c.first {
			t.Errorf("%+v: %+v", c.g, k)
		}
	}
	var k killed
	k.wrong("a")
	k.wrong("b")
	if k.first != "a" {
		t.Errorf("the first wrong thing is %q", k.first)
	}
}

func TestWayOfABreaker(t *testing.T) {
	rows := func(newestFirst ...string) (rows []client.AuditRow) {
		for _, r := range newestFirst {
			rows = append(rows, client.AuditRow{Operation: r})
		}
		return rows
	}
	for _, c := range []struct {
		rows  []client.AuditRow
		way   string
		whole bool
	}{
		{rows("CIRCUIT_CLOSED", "CIRCUIT_HALF_OPEN", "L4_BUILD_FAILED", "CIRCUIT_OPEN"), "OPEN HALF_OPEN CLOSED", true},
		{rows("CIRCUIT_HALF_OPEN", "CIRCUIT_CLOSED", "CIRCUIT_OPEN"), "OPEN CLOSED HALF_OPEN", true},
		{rows("CIRCUIT_CLOSED", "CIRCUIT_HALF_OPEN", "CIRCUIT_OPEN", "CIRCUIT_HALF_OPEN", "CIRCUIT_OPEN"), "OPEN HALF_OPEN OPEN HALF_OPEN CLOSED", true},
		{rows("CIRCUIT_HALF_OPEN", "CIRCUIT_OPEN"), "OPEN HALF_OPEN", false},
		{rows("CIRCUIT_CLOSED", "CIRCUIT_OPEN"), "OPEN CLOSED", false},
		{rows("CIRCUIT_CLOSED", "CIRCUIT_HALF_OPEN"), "HALF_OPEN CLOSED", false},
		{nil, "", false},
	} {
		if way := steps(c.rows); way != c.way || wholeWay(way) != c.whole {
			t.Errorf("%q, whole %t, want %q, %t", way, wholeWay(way), c.way, c.whole)
		}
	}
}

func TestCountersThatStandStill(t *testing.T) {
	family := func(values ...float64) *dto.MetricFamily {
		f := &dto.MetricFamily{}
		for _, v := range values {
			f.Metric = append(f.Metric, &dto.Metric{Counter: &dto.Counter{Value: &v}})
		}
		return f
	}
	names := moving()
	before := map[string]*dto.MetricFamily{names[0]: family(1, 2), names[1]: family(5)}
	after := map[string]*dto.MetricFamily{names[0]: family(1, 3), names[1]: family(4, 1), names[2]: family(1)}
	if got := still(before, after); !slices.Equal(got, names[1:2]) {
		t.Errorf("%v; it moved by labels, and in all not at all", got)
	}
	if got := still(nil, nil); !slices.Equal(got, names) {
		t.Errorf("without a scrape %v", got)
	}
	if sum(nil) != 0 {
		t.Error("a family that is missing counts something")
	}
}

func TestSpansBelowOneAnother(t *testing.T) {
	id := func(b byte) []byte { return []byte{b} }
	spans := map[string]*otlp.Span{}
	for child, parent := range map[byte]byte{1: 0, 2: 1, 3: 2, 8: 9, 9: 8} {
		spans[string(id(child))] = &otlp.Span{SpanId: id(child), ParentSpanId: id(parent)}
	}
	for _, c := range []struct {
		s, top byte
		below  bool
	}{{2, 1, true}, {3, 1, true}, {1, 3, false}, {1, 1, false}, {8, 1, false}, {8, 9, true}} {
		if got := below(spans, spans[string(id(c.s))], spans[string(id(c.top))]); got != c.below {
			t.Errorf("%d is below %d: %t", c.s, c.top, got)
		}
	}
}

// TestAgeOfLayer4 is by event time, and none where the answer doesn't say.
func TestAgeOfLayer4(t *testing.T) {
	g := &client.Graph{Layers: make([]client.Layer, 4)}
	g.Layers[0].AsOf = noon()
	if got := age(g); got != 0 {
		t.Errorf("without a time it is %s old", got)
	}
	g.Layers[3].AsOf = noon().Add(-3 * time.Second)
	if got := age(g); got != 3*time.Second {
		t.Errorf("%s", got)
	}
	if got := age(&client.Graph{}); got != 0 {
		t.Errorf("without layers: %s", got)
	}
}

// TestFeedSendsEverythingInOrder: in 24 parts, however few the batches, while graphs
// are read.
func TestFeedSendsEverythingInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 23, 24, 50} {
		synctest.Test(t, func(t *testing.T) {
			var lines, posts atomic.Int64
			x := onStage(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					fmt.Fprint(w, `{"layers":[{},{},{},{}]}`)
					return
				}
				posts.Add(1)
				time.Sleep(10 * time.Millisecond)
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				lines.Add(int64(strings.Count(string(body), "floodbook,")))
				fmt.Fprint(w, "{}")
			}))
			var batches []*odds.Batch
			for i := range n {
				batches = append(batches, lab.Market(odds.TimeOf(noon())+odds.Time(i), i, 1)...)
			}
			seen := 0
			if err := feed(t.Context(), x, batches, func(*client.Graph) { seen++ }); err != nil {
				t.Fatal(err)
			}
			if lines.Load() != int64(2*n) || posts.Load() != 24 || seen < 20 {
				t.Errorf("%d batches: %d ticks in %d requests, %d graphs seen", n, lines.Load(), posts.Load(), seen)
			}
		})
	}
}

func TestFeedPassesOnARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := onStage(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
		var p *client.Problem
		if err := feed(t.Context(), x, lab.Market(odds.TimeOf(noon()), 0, 1), nil); !errors.As(err, &p) || p.Status != http.StatusForbidden {
			t.Error(err)
		}
	})
}

// TestMarketOfAFlood: each is a whole market of its own event, with odds that are odds.
func TestMarketOfAFlood(t *testing.T) {
	at := odds.TimeOf(noon())
	all := lab.Market(at, 3, 25)
	if len(all) != 1 || len(all[0].Updates) != 25 || lab.Count(all) != 50 || all[0].At != at {
		t.Fatalf("%+v", all)
	}
	events := map[string]bool{}
	for _, u := range all[0].Updates {
		events[u.Event.ID] = true
		if u.Event.Start <= at {
			t.Errorf("%s begins at %s, before its quotes", u.Event.ID, u.Event.Start)
		}
		for _, q := range u.Quotes {
			if q.Price <= 1 || !math.IsNaN(q.Line) {
				t.Errorf("%+v", q)
			}
		}
	}
	if len(events) != 25 || events[lab.Market(at, 4, 1)[0].Updates[0].Event.ID] {
		t.Errorf("%d events of 25, or runs share one", len(events))
	}
}

// TestADigestIsOfItsTables: however the dump is cut, and whatever stands in front.
func TestADigestIsOfItsTables(t *testing.T) {
	const text = "-- SELECT a FROM state ORDER BY a\n1\n-- SELECT b FROM empty ORDER BY b\n-- SELECT c\n FROM edges ORDER BY c\nx\ny\n"
	whole := newDigest()
	if n, err := whole.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
	want := whole.sums()
	rapid.Check(t, func(t *rapid.T) {
		d := newDigest()
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if _, err := d.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		got := d.sums()
		if len(got) != 3 || got["state"] != want["state"] || got["empty"] != want["empty"] || got["edges"] != want["edges"] || d.size != int64(len(text)) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
