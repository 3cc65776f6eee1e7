package detect_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/graph"
	"corrgraph/odds"
)

// A scenario is a file of commands, one per line; # begins a comment. "want" checks the
// findings of the last command that looks (now, poll, tick, move, quiet, after, arrive,
// look). All settings stay in effect, so a near miss follows its case by changing one line.
type world struct {
	rng   *rand.Rand
	found []Anomaly
	edge  graph.Edge
	lags  []float64 // of the windows before the newest
	lead  edges.Lead

	view   MarketView
	step   odds.Millis
	venues map[string]*venue
	order  []string
	rel    RelationHistory
	at     odds.Time
}

type venue struct {
	group      int
	line       float64
	status     odds.Status
	base       []float64 // decimal prices
	last       []float64
	lastOthers []float64
	history    []NodeHistory
	seen       odds.Time
	silent     bool
	v          VenueView
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	fired, missed := cases{}, cases{}
	for _, f := range files {
		kind := strings.TrimSuffix(filepath.Base(f), ".txt")
		t.Run(kind, func(t *testing.T) { play(t, f, kind, fired, missed) })
	}
	for _, r := range Rules() {
		for _, l := range r.Layers {
			if !fired[kindIn{r.Kind, l}] || !missed[kindIn{r.Kind, l}] {
				t.Errorf("%s in layer %d: has a case that fires %v, a near miss %v", r.Kind, l, fired[kindIn{r.Kind, l}], missed[kindIn{r.Kind, l}])
			}
		}
	}
}

// cases are the kinds that scenarios cover, layer by layer.
type cases map[kindIn]bool

type kindIn struct {
	kind  string
	layer odds.Layer
}

// layerOf is the layer that a near miss of a kind refers to: the kind's only one, or else
// the edge's.
func (w *world) layerOf(kind string) odds.Layer {
	for _, r := range Rules() {
		if r.Kind == kind && len(r.Layers) == 1 {
			return r.Layers[0]
		}
	}
	return w.edge.Layer
}

func play(t *testing.T, file, kind string, fired, missed cases) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := newWorld()
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line, _, _ := strings.Cut(in.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] != "want" {
			if err := w.do(words); err != nil {
				t.Fatalf("%s:%d: %q: %v", file, n, line, err)
			}
			continue
		}
		if err := w.want(words[1:]); err != nil {
			t.Errorf("%s:%d: %q: %v", file, n, line, err)
		}
		if words[1] == "nothing" || words[1] == "no" {
			missed[kindIn{kind, w.layerOf(kind)}] = true
			continue
		}
		for _, a := range w.found {
			fired[kindIn{a.Kind, a.Layer}] = true
		}
	}
}

func newWorld() *world {
	w := &world{rng: rand.New(rand.NewPCG(7, 7)), venues: map[string]*venue{}, at: Clock("00:00")}
	w.edge = graph.Edge{
		Layer: 1, Event: "match", Source: "dk/match/h2h/home", Target: "mb/match/h2h/home",
		Score: 0.6, Beta: 0.8, Confidence: 0.95, Discovered: true, Evidence: graph.FromOwn, N: 500,
		DetectedAt: w.at, FirstSeen: w.at,
	}
	return w
}

// want: nothing | no kind | kind [ended] [SEVERITY] [node-part] [at HH:MM] [and more kinds separated by "and"]
func (w *world) want(words []string) error {
	if words[0] == "nothing" {
		if len(w.found) > 0 {
			return fmt.Errorf("found %s", List(w.found))
		}
		return nil
	}
	if words[0] == "no" {
		if slices.ContainsFunc(w.found, func(a Anomaly) bool { return matches(a, words[1:]) }) {
			return fmt.Errorf("found %s", List(w.found))
		}
		return nil
	}
	rest := slices.Clone(w.found)
	for _, clause := range strings.Split(strings.Join(words, " "), " and ") {
		i := slices.IndexFunc(rest, func(a Anomaly) bool { return matches(a, strings.Fields(clause)) })
		if i < 0 {
			return fmt.Errorf("%q not among %s", clause, List(rest))
		}
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) > 0 {
		return fmt.Errorf("also found %s", List(rest))
	}
	return nil
}

func matches(a Anomaly, words []string) bool {
	if a.Kind != words[0] {
		return false
	}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; word {
		case "LOW", "MEDIUM", "HIGH", "CRITICAL":
			if string(a.Severity) != word {
				return false
			}
		case "ended":
			if a.Until == 0 {
				return false
			}
		case "lasting":
			if a.Until != 0 {
				return false
			}
		case "suppressed":
			if a.Suppressed == "" {
				return false
			}
		case "at":
			i++
			if a.At != Clock(words[i]) {
				return false
			}
		default:
			if !slices.ContainsFunc(a.Nodes, func(n odds.NodeID) bool { return strings.HasPrefix(string(n), word+"/") }) {
				return false
			}
		}
	}
	return true
}

func (w *world) do(words []string) error {
	switch words[0] {
	case "edge":
		return w.setEdge(words[1:])
	case "history":
		return w.setHistory(words[1:])
	case "before": // before lag 75s 90s 78s: what the last windows said
		w.lags = nums(words[2:])
		return nil
	case "now":
		return w.now(words[1:])
	case "waves":
		return w.waves(words[1:])
	case "leader", "follower", "after", "arrive":
		return w.follow(words)
	case "market":
		return w.market(words[1:])
	case "group", "quote", "suspend", "silent", "wobble", "poll":
		return w.quotes(words)
	case "tick", "move", "quiet":
		return w.solo(words)
	case "relation", "look":
		return w.relate(words)
	case "worth":
		return w.worth(words[1:])
	}
	return fmt.Errorf("unknown command")
}

// worth: EV, by the most cautious way, confidence, step [live]
func (w *world) worth(words []string) error {
	x := nums(words[:4])
	v := ValueView{
		Event: "match", At: w.at, Live: len(words) > 4, Node: "mb/match/h2h/home", EV: x[0], Least: x[1], Groups: 5, Confidence: x[2], Resolution: odds.Millis(x[3]),
	}
	w.found = w.found[:0]
	if a, ok := Worth(&v); ok {
		w.found = append(w.found, a)
	}
	return nil
}

// num reads a number, a percentage, or a duration in milliseconds.
func num(s string) (float64, error) {
	s = strings.TrimRight(s, ",)")
	s = strings.TrimLeft(s, "(@")
	if d, err := time.ParseDuration(s); err == nil && s != "0" {
		return float64(d.Milliseconds()), nil
	}
	return strconv.ParseFloat(s, 64)
}

// nums reads all words that are numbers.
func nums(words []string) (out []float64) {
	for _, s := range words {
		if x, err := num(s); err == nil {
			out = append(out, x)
		}
	}
	return out
}

// edge layer 2, confidence 0.95, lag 60s 30s 120s, beta 0.8, score 0.6, external, found 3h ago
func (w *world) setEdge(words []string) error {
	for _, part := range strings.Split(strings.Join(words, " "), ",") {
		p := strings.Fields(part)
		x := nums(p[1:])
		switch p[0] {
		case "layer":
			w.edge.Layer = odds.Layer(x[0])
		case "confidence":
			w.edge.Confidence = x[0]
		case "lag":
			w.edge.Lag, w.edge.LagLow, w.edge.LagHigh = odds.Millis(x[0]), odds.Millis(x[1]), odds.Millis(x[2])
		case "beta":
			w.edge.Beta = x[0]
		case "score":
			w.edge.Score = x[0]
		case "external":
			w.edge.Evidence = graph.FromExternal
		case "family":
			w.edge.Evidence = graph.FromFamily
		case "own":
			w.edge.Evidence = graph.FromOwn
		case "simultaneous":
			w.edge.Simultaneous = true
		case "discovered", "undiscovered":
			w.edge.Discovered = p[0] == "discovered"
		case "found":
			w.edge.FirstSeen = w.edge.DetectedAt.Add(-odds.Millis(x[0]))
		default:
			return fmt.Errorf("unknown part %q", part)
		}
	}
	return nil
}

// waves 3 of 40 answered, before 0.5; as-before | nobody | reversed
func (w *world) waves(words []string) error {
	x := nums(words)
	c := edges.Changed{
		Layer: w.edge.Layer, Event: w.edge.Event, Leader: w.edge.Source, Follower: w.edge.Target, Since: w.at,
		Answered: int(x[0]), Waves: int(x[1]), Least: x[2], Was: w.edge.Confidence, Is: w.edge.Confidence,
	}
	var known bool
	c.Direction, known = map[string]edges.Direction{"as-before": edges.SameLeader, "nobody": edges.NoLeader, "reversed": edges.Reversed}[words[len(words)-1]]
	if !known {
		return fmt.Errorf("who leads?")
	}
	w.found = w.found[:0]
	if a, ok := edges.Change(&c); ok {
		w.found = append(w.found, a)
	}
	return nil
}

// history score 0.62 ± 0.05 over 40 windows of 30 moves
func (w *world) setHistory(words []string) error {
	x, t := nums(words[1:]), &w.edge.Trend
	mean, sd := float32(x[0]), float32(x[1])
	if len(x) > 2 && words[0] != "weekday" {
		t.N = int32(x[2])
	}
	if len(x) > 3 {
		t.CountMean = float32(x[3])
		t.CountNow = t.CountMean
	}
	switch words[0] {
	case "score":
		t.ScoreMean, t.ScoreSD, t.ScoreNow = mean, sd, mean
	case "lag":
		t.LagMean, t.LagSD, t.LagNow = mean, sd, mean
	case "beta":
		t.BetaMean, t.BetaSD, t.BetaNow = mean, sd, mean
	case "lead":
		t.LeadMean, t.LeadSD, t.LeadNow = mean, sd, mean
	case "weekday":
		t.WeekdayMean, t.WeekdaySD, t.WeekdayN = mean, sd, int32(x[2])
	default:
		return fmt.Errorf("unknown column %q", words[0])
	}
	return nil
}

// now score 0.10 over 40 moves | now lag 30s | now off-hours | now usual-hours
func (w *world) now(words []string) error {
	x, t := nums(words[1:]), &w.edge.Trend
	switch words[0] {
	case "score":
		t.ScoreNow = float32(x[0])
	case "lag":
		t.LagNow, t.LagShift = float32(x[0]), w.lagShift(x[0])
	case "beta":
		t.BetaNow = float32(x[0])
	case "lead":
		t.LeadNow = float32(x[0])
	case "off-hours":
		t.OffHours = true
	case "usual-hours":
		t.OffHours = false
	case "listed":
	default:
		return fmt.Errorf("unknown column %q", words[0])
	}
	if len(x) > 1 {
		t.CountNow = float32(x[1])
	}
	all := []graph.Edge{w.edge}
	w.found = edges.Find(w.edge.Layer, all, []float32{float32(w.edge.Confidence)}, edges.Options{MinConfidence: 0.6, Departures: edges.Departures(all, nil)}, nil)
	return nil
}

func (w *world) lagShift(now float64) float32 {
	if len(w.lags) != graph.LagRecent-1 {
		return 0
	}
	usual, newest := float64(w.edge.Trend.LagMean), append([]float64{now}, w.lags...)
	switch low, high := slices.Min(newest)-usual, slices.Max(newest)-usual; {
	case low > 0:
		return float32(low)
	case high < 0:
		return float32(high)
	}
	return 0
}

// leader moved 0.30 rms 0.10 | follower moved 0.01 | after 90s | arrive 300s
func (w *world) follow(words []string) error {
	x := nums(words)
	w.lead.Edge = &w.edge
	w.lead.At = w.at
	var a Anomaly
	ok := false
	switch words[0] {
	case "leader":
		w.lead.Move, w.lead.RMS, w.lead.FollowerMoved = x[0], x[1], 0
	case "follower":
		w.lead.FollowerMoved = x[0]
	case "after":
		a, ok = edges.Await(&w.lead, w.at.Add(odds.Millis(x[0])))
	case "arrive":
		a, ok = edges.Arrive(&w.lead, w.at.Add(odds.Millis(x[0])))
	}
	w.found = nil
	if ok {
		w.found = []Anomaly{a}
	}
	return nil
}

// market EVENT MARKET pre|live STEP from HH:MM: selection, selection
func (w *world) market(words []string) error {
	head, tail, _ := strings.Cut(strings.Join(words, " "), ": ")
	h := strings.Fields(head)
	step, err := num(h[3])
	if err != nil {
		return err
	}
	w.step, w.at = odds.Millis(step), Clock(h[5])
	w.view = MarketView{Event: h[0], Market: h[1], Live: h[2] == "live", Selections: strings.Split(tail, ", ")}
	w.view.Kind = odds.KindOf("", w.view.Market)
	w.view.Lay = w.view.Kind.Lay
	for _, s := range w.view.Selections {
		w.view.Sides = append(w.view.Sides, SideNamed(s))
	}
	return nil
}

func (w *world) venue(name string) *venue {
	v := w.venues[name]
	if v == nil {
		k := len(w.view.Selections)
		v = &venue{group: len(w.order), line: math.NaN(), history: make([]NodeHistory, k)}
		w.venues[name] = v
		w.order = append(w.order, name)
	}
	return v
}

// american or decimal odds
func price(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	switch {
	case x >= 100:
		return 1 + x/100, err
	case x <= -100:
		return 1 - 100/x, err
	}
	return x, err
}

func (w *world) quotes(words []string) error {
	switch words[0] {
	case "group": // group a b: they copy each other
		for _, n := range words[2:] {
			w.venue(n).group = w.venue(words[1]).group
		}
	case "quote": // quote venue [@line] price price
		v := w.venue(words[1])
		v.base, v.status, v.silent = nil, odds.Open, false
		for _, s := range words[2:] {
			if l, ok := strings.CutPrefix(s, "@"); ok {
				v.line, _ = strconv.ParseFloat(l, 64)
				continue
			}
			p, err := price(s)
			if err != nil {
				return err
			}
			v.base = append(v.base, p)
		}
	case "suspend":
		w.venue(words[1]).status = odds.Suspended
	case "silent": // the venue is missing from the polls that follow
		w.venue(words[1]).silent = true
	case "wobble": // wobble 40 by 0.03: 40 polls around these prices
		x := nums(words)
		for range int(x[0]) {
			w.poll(x[1])
			if len(w.found) > 0 {
				return fmt.Errorf("found %s while wobbling", List(w.found))
			}
		}
	case "poll": // poll [3 times]
		n := 1.0
		if x := nums(words); len(x) > 0 {
			n = x[0]
		}
		var all []Anomaly
		for range int(n) {
			w.poll(0)
			all = append(all, w.found...)
		}
		w.found = all
	}
	return nil
}

// poll shows all venues' prices to the market, each with noise in log-odds.
func (w *world) poll(noise float64) {
	w.view.At = w.at
	w.view.Venues = w.view.Venues[:0]
	for _, name := range w.order {
		v := w.venues[name]
		w.fill(name, v, noise)
	}
	for _, name := range w.order {
		v := w.venues[name]
		w.others(v)
		w.view.Venues = append(w.view.Venues, v.v)
		if !v.silent {
			v.last, v.lastOthers = v.v.Values, v.v.Others
			if v.status != odds.Open {
				v.last = nil
			}
		}
	}
	w.found = Market(&w.view, nil)
	w.at = w.at.Add(w.step)
}

// fill sets one venue's part of the view, margin removed in proportion.
func (w *world) fill(name string, v *venue, noise float64) {
	k := len(w.view.Selections)
	prices, values, moved := make([]float64, k), make([]float64, k), make([]float64, k)
	sum := 0.0
	for s := range k {
		prices[s] = v.base[s] * math.Exp(noise*w.rng.NormFloat64())
		sum += 1 / prices[s]
	}
	v.v.Nodes, v.v.History, v.v.Listed, v.v.Lines = nil, nil, nil, nil
	for s := range k {
		p := 1 / prices[s] / sum
		values[s] = math.Log(p / (1 - p))
		moved[s] = math.NaN()
		if v.last != nil {
			moved[s] = values[s] - v.last[s]
		}
		v.v.Nodes = append(v.v.Nodes, odds.Node(name, w.view.Event, w.view.Market, math.NaN(), w.view.Selections[s]))
		v.v.History = append(v.v.History, &v.history[s])
		line := v.line
		if w.view.Sides[s] == odds.Away {
			line = -line
		}
		v.v.Listed, v.v.Lines = append(v.v.Listed, true), append(v.v.Lines, line)
	}
	if !v.silent {
		v.seen = w.at
	}
	v.v.Venue, v.v.Group, v.v.State, v.v.Complete = name, v.group, v.status, true
	v.v.Prices, v.v.Values, v.v.Moved = prices, values, moved
	v.v.SeenAt, v.v.ChangedAt, v.v.Seen, v.v.Resolution = v.seen, v.seen, !v.silent, w.step
}

// others is the median over the other groups of their first venue's value.
func (w *world) others(v *venue) {
	k := len(w.view.Selections)
	v.v.Others, v.v.OthersMoved = make([]float64, k), make([]float64, k)
	for s := range k {
		var values []float64
		groups := map[int]bool{v.group: true}
		for _, n := range w.order {
			if o := w.venues[n]; !groups[o.group] && o.status == odds.Open && !o.silent {
				groups[o.group] = true
				values = append(values, o.v.Values[s])
			}
		}
		slices.Sort(values)
		v.v.OtherGroups = len(values)
		v.v.Others[s], v.v.OthersMoved[s] = math.NaN(), math.NaN()
		if len(values) > 0 {
			v.v.Others[s] = (values[len(values)/2] + values[(len(values)-1)/2]) / 2
		}
		if v.lastOthers != nil {
			v.v.OthersMoved[s] = v.v.Others[s] - v.lastOthers[s]
		}
	}
}

// One node alone: tick 40 every 10m by 0.10 | move 1.2 after 10m | quiet 1h
func (w *world) solo(words []string) error {
	x := nums(words)
	var all []Anomaly
	switch words[0] {
	case "tick":
		for range int(x[0]) {
			size := x[2] * math.Exp(0.3*w.rng.NormFloat64())
			if w.rng.IntN(2) == 0 {
				size = -size
			}
			w.step1(odds.Millis(x[1]*(0.7+0.6*w.rng.Float64())), size)
			all = append(all, w.found...)
		}
	case "move":
		w.step1(odds.Millis(x[1]), x[0])
		all = w.found
	case "quiet":
		w.step1(odds.Millis(x[0]), 0)
		all = w.found
	}
	w.found = all
	return nil
}

func (w *world) step1(after odds.Millis, move float64) {
	v := w.venue("dk")
	w.at = w.at.Add(after)
	nan := math.NaN()
	v.v = VenueView{
		Venue: "dk", Seen: true, SeenAt: w.at, ChangedAt: w.at, Nodes: []odds.NodeID{"dk/match/h2h/home", "dk/match/h2h/away"},
		Values: []float64{0, 0}, Prices: []float64{2, 2}, Moved: []float64{move, -move}, Others: []float64{nan, nan},
		OthersMoved: []float64{nan, nan}, Complete: true, Listed: []bool{true, true}, Resolution: w.step, History: []*NodeHistory{&v.history[0], &v.history[1]},
	}
	w.view.At, w.view.Venues = w.at, []VenueView{v.v}
	w.found = Market(&w.view, nil)
}

// relation 40 looks slope 0.8 noise 0.03 | look 0.5 0.9
func (w *world) relate(words []string) error {
	x := nums(words)
	v := RelationView{Event: "match", A: "dk/match/spreads/home", B: "dk/match/h2h/home", History: &w.rel}
	w.found = nil
	if words[0] == "look" {
		w.at = w.at.Add(Minute)
		v.At, v.ValueA, v.ValueB = w.at, x[0], x[1]
		w.found = Relate(&v, nil)
		return nil
	}
	for range int(x[0]) {
		w.at = w.at.Add(Minute)
		v.At, v.ValueB = w.at, 0.5*w.rng.NormFloat64()
		v.ValueA = x[1]*v.ValueB + x[2]*w.rng.NormFloat64()
		w.found = Relate(&v, w.found)
	}
	return nil
}
