package drill

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/guard/fault"
)

func span() Span {
	return Span{From: 5 * time.Second, To: 15 * time.Second, ShowWithin: 2 * time.Second, RecoverWithin: 4 * time.Second}
}

func sec(s float64) time.Duration { return time.Duration(s * 1e9) }

// recorded is a drill of 25 s at 20 requests per second against a service in which
// layer 4 fails from 5 s on, which shows it after a second and recovers two seconds
// after the end.
func recorded() (all []Outcome) {
	for i := range 500 {
		o := Outcome{Due: sec(float64(i) / 20), Took: time.Millisecond, Probe: at(i), Code: 200}
		ill := o.Due >= sec(6) && o.Due < sec(17)
		switch o.Probe {
		case Health, Graph:
			if o.Health = healthy; ill {
				o.Health = degraded
			}
			if o.Probe == Graph {
				o.Layers = [4]string{healthy, healthy, healthy, healthy}
				if ill {
					o.Layers[3] = failed
				}
			}
		case Ticks:
			o.Code = 202
		}
		all = append(all, o)
	}
	return all
}

// change applies f to the outcomes of a probe that were due in a span of seconds.
func change(all []Outcome, p Probe, from, to float64, f func(*Outcome)) {
	for i := range all {
		if o := &all[i]; o.Probe == p && o.Due >= sec(from) && o.Due < sec(to) {
			f(o)
		}
	}
}

func TestJudgeKillLayer(t *testing.T) {
	v := Judge(PromiseOf(Fault{Kind: fault.KillLayer, Layer: 4}), span(), recorded())
	if !v.Kept || v.Requests != 500 || v.Shown == nil || *v.Shown < 1 || *v.Shown > 1.5 || v.Recovered == nil || *v.Recovered < 2 || *v.Recovered > 2.5 {
		t.Errorf("%s: %+v", v.Sentence(), v)
	}
}

func TestJudgeFindsBrokenPromises(t *testing.T) {
	status := func(s string) func(*Outcome) { return func(o *Outcome) { o.Health = s } }
	code := func(c int) func(*Outcome) { return func(o *Outcome) { o.Code = c } }
	layer := func(l int, s string) func(*Outcome) { return func(o *Outcome) { o.Layers[l-1] = s } }
	kill := Fault{Kind: fault.KillLayer, Layer: 4}
	for name, c := range map[string]struct {
		fault Fault
		spoil func([]Outcome)
		want  string // expected in the verdict; empty: kept
	}{
		"failed read":           {kill, func(a []Outcome) { change(a, Leaders, 10, 11, code(503)) }, "reads of unaffected parts failed"},
		"failed read before":    {kill, func(a []Outcome) { change(a, Graph, 1, 2, code(500)) }, "reads of unaffected parts failed"},
		"no answer":             {kill, func(a []Outcome) { change(a, Anomalies, 10, 11, func(o *Outcome) { o.Code, o.Error = 0, "timeout" }) }, "reads of unaffected parts failed"},
		"ticks lost":            {kill, func(a []Outcome) { change(a, Ticks, 10, 11, code(503)) }, "tick requests failed in ways"},
		"never shown":           {kill, func(a []Outcome) { change(a, Health, 5, 17, status(healthy)) }, "health never said DEGRADED"},
		"shown late":            {kill, func(a []Outcome) { change(a, Health, 5, 9, status(healthy)) }, "health said DEGRADED only 4."},
		"taken back":            {kill, func(a []Outcome) { change(a, Health, 10, 11, status(healthy)) }, "health was wrong"},
		"said too much":         {kill, func(a []Outcome) { change(a, Health, 10, 11, status(failed)) }, "health was wrong"},
		"ill before":            {kill, func(a []Outcome) { change(a, Health, 0, 1, status(degraded)) }, "not healthy before"},
		"never well":            {kill, func(a []Outcome) { change(a, Health, 15, 25, status(degraded)) }, "not lastingly HEALTHY"},
		"well late":             {kill, func(a []Outcome) { change(a, Health, 15, 20, status(degraded)) }, "health was HEALTHY only 5."},
		"relapse":               {kill, func(a []Outcome) { change(a, Health, 22, 23, status(degraded)) }, "health was HEALTHY only 8."},
		"layer seemed well":     {kill, func(a []Outcome) { change(a, Graph, 10, 11, layer(4, healthy)) }, "gave a layer the wrong status"},
		"other layer failed":    {kill, func(a []Outcome) { change(a, Graph, 10, 11, layer(2, failed)) }, "gave a layer the wrong status"},
		"other layer off":       {kill, func(a []Outcome) { change(a, Graph, 10, 11, layer(2, off)) }, "gave a layer the wrong status"},
		"layer failed for long": {kill, func(a []Outcome) { change(a, Graph, 20, 25, layer(4, failed)) }, "gave a layer the wrong status"},
		"layer off all along":   {kill, func(a []Outcome) { change(a, Graph, 0, 25, layer(3, off)) }, ""},
	} {
		all := recorded()
		c.spoil(all)
		v := Judge(PromiseOf(c.fault), span(), all)
		if v.Kept != (c.want == "") || !strings.Contains(strings.Join(v.Broken, "; "), c.want) {
			t.Errorf("%s: %s", name, v.Sentence())
		}
	}
	if v := Judge(Promise{}, span(), nil); v.Kept {
		t.Error("kept though nothing was asked")
	}
}

func TestJudgeOtherFaults(t *testing.T) {
	well := func(a []Outcome) {
		change(a, Graph, 0, 25, func(o *Outcome) { o.Layers, o.Health = [4]string{healthy, healthy, healthy, healthy}, healthy })
	}
	calm := func(a []Outcome) {
		well(a)
		change(a, Health, 0, 25, func(o *Outcome) { o.Health = healthy })
	}
	refuse := func(code int) func([]Outcome) {
		return func(a []Outcome) { change(a, Ticks, 6, 15, func(o *Outcome) { o.Code = code }) }
	}
	for name, c := range map[string]struct {
		fault Fault
		spoil []func([]Outcome)
		kept  bool
	}{
		"full disk refuses ticks":     {Fault{Kind: fault.FullDisk}, []func([]Outcome){well, refuse(503)}, true},
		"full disk breaks ticks":      {Fault{Kind: fault.FullDisk}, []func([]Outcome){well, refuse(500)}, false},
		"full disk is not told":       {Fault{Kind: fault.FullDisk}, []func([]Outcome){calm, refuse(503)}, false},
		"memory sheds layer 4":        {Fault{Kind: fault.MemoryPressure}, []func([]Outcome){well, func(a []Outcome) { change(a, Graph, 6, 15, func(o *Outcome) { o.Layers[3] = off }) }}, true},
		"memory sheds layer 3":        {Fault{Kind: fault.MemoryPressure}, []func([]Outcome){well, func(a []Outcome) { change(a, Graph, 6, 15, func(o *Outcome) { o.Layers[2] = off }) }}, false},
		"a little slow, nothing said": {Fault{Kind: fault.SlowStore, Delay: 5 * time.Millisecond}, []func([]Outcome){calm}, true},
		"slow, nothing said":          {Fault{Kind: fault.SlowStore, Delay: time.Second}, []func([]Outcome){calm}, false},
		"slow, said":                  {Fault{Kind: fault.SlowStore, Delay: time.Second}, []func([]Outcome){well}, true},
		"skew rejects ticks":          {Fault{Kind: fault.ClockSkew}, []func([]Outcome){calm, func(a []Outcome) { change(a, Ticks, 6, 15, func(o *Outcome) { o.Refused = 3 }) }}, true},
		"stall":                       {Fault{Kind: fault.FeedStall}, []func([]Outcome){calm}, true},
		"rejects for ever":            {Fault{Kind: fault.FeedStall}, []func([]Outcome){calm, func(a []Outcome) { change(a, Ticks, 6, 25, func(o *Outcome) { o.Refused = 3 }) }}, false},
	} {
		all := recorded()
		for _, f := range c.spoil {
			f(all)
		}
		if v := Judge(PromiseOf(c.fault), span(), all); v.Kept != c.kept {
			t.Errorf("%s: %s", name, v.Sentence())
		}
	}
}

func TestTimeline(t *testing.T) {
	all := recorded()
	change(all, Leaders, 10, 11, func(o *Outcome) { o.Code = 503 })
	lines := Timeline(PromiseOf(Fault{Kind: fault.KillLayer, Layer: 4}), span(), all)
	if len(lines) != 25 {
		t.Fatalf("%d seconds", len(lines))
	}
	for _, want := range []Second{
		{Second: 0, Phase: "before", Requests: 20, Health: healthy, Layers: "HHHH"},
		{Second: 10, Phase: "fault", Requests: 20, Failed: 3, Health: degraded, Layers: "HHHF"},
		{Second: 24, Phase: "after", Requests: 20, Health: healthy, Layers: "HHHH"},
	} {
		want.P50Ms, want.P99Ms, want.MaxMs = 1, 1, 1
		if diff := cmp.Diff(want, lines[want.Second]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReadOutcome(t *testing.T) {
	for _, c := range []struct {
		probe Probe
		body  string
		want  Outcome
	}{
		{Health, `{"status":"DEGRADED","layers":[{"status":"FAILED"}]}`, Outcome{Health: "DEGRADED"}},
		{Graph, `{"status":"HEALTHY","layers":[{"status":"HEALTHY"},{"status":"OFF","reason":"shed"}]}`, Outcome{Health: "HEALTHY", Layers: [4]string{"HEALTHY", "OFF"}, Reasons: [4]string{"", "shed"}}},
		{Ticks, `{"accepted":1,"rejected":2}`, Outcome{Refused: 2}},
		{Ticks, `{"status":503,"detail":"x"}`, Outcome{}},
		{Graph, `nonsense`, Outcome{Error: "the answer is no JSON"}},
		{Leaders, `nonsense`, Outcome{}},
	} {
		o := Outcome{Probe: c.probe}
		o.read([]byte(c.body))
		c.want.Probe = c.probe
		if diff := cmp.Diff(c.want, o); diff != "" {
			t.Error(diff)
		}
	}
}

func TestComing(t *testing.T) {
	c := &config.Chaos{Enabled: true, Schedule: []config.ChaosFault{
		{Day: "sunday", At: "04:00", Fault: "kill-layer", Layer: 4, Duration: 30 * time.Second},
		{Day: "daily", At: "03:00", Fault: "slow-store", Delay: time.Second, Duration: time.Minute},
	}}
	now := time.Date(2026, 6, 20, 12, 0, 0, 0, time.UTC) // a Saturday
	var b strings.Builder
	if err := Coming(c, now).Text(&b); err != nil {
		t.Fatal(err)
	}
	want := "next                  in       every   fault\n" +
		"2026-06-21T03:00:00Z  15h0m0s  daily   slow-store by 1s for 1m0s\n" +
		"2026-06-21T04:00:00Z  16h0m0s  sunday  kill-layer of layer 4 for 30s\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := Coming(&config.Chaos{}, now).Text(&b); err != nil || !strings.Contains(b.String(), "chaos.enabled is false") || !strings.Contains(b.String(), "nothing is scheduled") {
		t.Errorf("%v, %q", err, b.String())
	}
}

func TestJudgeAck(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   state
	}{
		"all taken":            {202, `{"accepted":20,"duplicates":0}`, acked},
		"all known":            {202, `{"accepted":0,"duplicates":20}`, acked},
		"some of each":         {202, `{"accepted":7,"duplicates":13}`, acked},
		"one is missing":       {202, `{"accepted":7,"duplicates":12}`, refused},
		"one too many":         {202, `{"accepted":21}`, refused},
		"no receipt":           {202, `taken`, refused},
		"another success":      {200, `{"accepted":20}`, refused},
		"busy":                 {503, ``, unknown},
		"too many":             {429, ``, unknown},
		"an error":             {500, ``, unknown},
		"a proxy without peer": {502, ``, unknown},
		"wrong":                {422, `{"accepted":20}`, refused},
	} {
		if got := judgeAck(&client.Answer{Status: c.status, Body: []byte(c.body)}, 20); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestKillReportIsKept(t *testing.T) {
	good := func() KillReport {
		return KillReport{Tally: Tally{Acknowledged: 1}, RecoveriesMs: []float64{999, 30, 10, 20}}
	}
	r := good()
	r.sum([]*book{{sent: 3}, {sent: 4}})
	if !r.Kept || r.Sent != 7 || r.RecoveryP50Ms != 20 || r.RecoveryMaxMs != 30 {
		t.Errorf("%+v", r)
	}
	for name, spoil := range map[string]func(*KillReport){
		"lost":                func(r *KillReport) { r.Lost = 1 },
		"doubled":             func(r *KillReport) { r.Doubled = 1 },
		"nobody sent it":      func(r *KillReport) { r.Strange = 1 },
		"nothing was written": func(r *KillReport) { r.Acknowledged = 0 },
	} {
		r := good()
		if spoil(&r); r.Kept {
			t.Fatal("kept before it was judged")
		}
		if r.sum(nil); r.Kept {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestReconcile compares three requests (acknowledged, refused, unanswered) with
// possible contents of a log.
func TestReconcile(t *testing.T) {
	sent := func() []*book {
		return []*book{{ticks: 4, entries: []entry{{at: 10, state: acked}, {at: 20, state: refused}, {at: 30}}}}
	}
	tick := func(at odds.Time, venue, side string) *odds.Batch {
		return &odds.Batch{Source: source, At: at, Updates: []odds.Update{{Event: &odds.Event{ID: "kill-0"}, Venue: venue, Quotes: []odds.Quote{{Selection: side, Price: 2}}}}}
	}
	whole := []*odds.Batch{tick(10, "venue0", "home"), tick(10, "venue0", "away"), tick(10, "venue1", "home"), tick(10, "venue1", "away")}
	for name, c := range map[string]struct {
		log                            []*odds.Batch
		logged, lost, doubled, strange int
	}{
		"whole":               {whole, 4, 0, 0, 0},
		"in another order":    {[]*odds.Batch{whole[3], whole[1], whole[0], whole[2]}, 4, 0, 0, 0},
		"one is lost":         {whole[1:], 3, 1, 0, 0},
		"all are":             {nil, 0, 4, 0, 0},
		"one is there twice":  {append(whole[:4:4], whole[2]), 5, 0, 1, 0},
		"an unanswered one":   {append(whole[:4:4], tick(30, "venue0", "home")), 5, 0, 0, 0},
		"of another instant":  {append(whole[:4:4], tick(11, "venue0", "home")), 5, 0, 0, 1},
		"of another venue":    {append(whole[:4:4], tick(10, "venue2", "home")), 5, 0, 0, 1},
		"of another side":     {append(whole[:4:4], tick(10, "venue0", "draw")), 5, 0, 0, 1},
		"of another program":  {append(whole[:4:4], &odds.Batch{Source: "other", At: 10}), 4, 0, 0, 0},
		"refused, and logged": {append(whole[:4:4], tick(20, "venue0", "home"), tick(20, "venue0", "home")), 6, 0, 1, 0},
	} {
		got, err := reconcile(sent(), func(yield func(*odds.Batch, error) bool) {
			for _, b := range c.log {
				if !yield(b, nil) {
					return
				}
			}
		})
		want := Tally{Requests: 3, Acknowledged: 4, Refused: 4, Unanswered: 4, Logged: c.logged, Lost: c.lost, Doubled: c.doubled, Strange: c.strange}
		if err != nil || got != want {
			t.Errorf("%s: %+v, want %+v: %v", name, got, want, err)
		}
	}
	broken := errors.New("unreadable")
	if _, err := reconcile(nil, func(yield func(*odds.Batch, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// TestAnswersMayOvertakeOneAnother: a slow machine may answer an earlier question
// after a later one. Only questions asked after the fault was shown must show it.
func TestAnswersMayOvertakeOneAnother(t *testing.T) {
	const asked, heard = 6.0, 7.5
	for name, c := range map[string]struct {
		asks float64 // when the health request that still says HEALTHY was sent
		kept bool
	}{
		"asked before it was heard": {7.4, true},
		"asked after":               {7.6, false},
	} {
		p, s := PromiseOf(Fault{Kind: fault.KillLayer, Layer: 4}), span()
		s.ShowWithin = 3 * time.Second
		all := []Outcome{
			{Due: sec(asked), Took: sec(heard - asked), Probe: Health, Code: 200, Health: degraded},
			{Due: sec(c.asks), Took: sec(0.05), Probe: Health, Code: 200, Health: healthy},
			{Due: sec(14), Took: sec(0.1), Probe: Health, Code: 200, Health: degraded},
			{Due: sec(16), Took: sec(0.1), Probe: Health, Code: 200, Health: healthy},
		}
		if v := Judge(p, s, all); v.Kept != c.kept || *v.Shown != heard-s.From.Seconds() {
			t.Errorf("%s: %s", name, v.Sentence())
		}
	}
}
