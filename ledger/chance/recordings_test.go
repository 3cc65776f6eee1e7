package chance

import (
	"cmp"
	"compress/bzip2"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"corrgraph/odds"
)

// TestRecordings sets the model beside a constant on real opportunities: the moments at which
// a venue could follow others, and whether it did. They are made from recorded polls as the
// reference program opportunities.py, kept beside the recordings, makes them; counts and
// scores in the table are its own. The constant is the rate of the earlier matches; skill is
// that of a regression fitted to all of these at once; both are judged on the later matches.
// The model goes through the recording once, predicts at each poll and learns what has been
// received by then.
func TestRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("reads recordings; run without -short")
	}
	for _, c := range []struct {
		files           string
		found, judged   int
		constant, skill float64 // Brier score of the constant; skill of the logistic regression
	}{
		{"the-odds-api-more/kbo_*.bz2", 2515, 1675, 0.1127, 0.084},
		{"the-odds-api-v4/wnba_*.bz2", 9131, 4553, 0.0700, 0.065},
	} {
		l := readLeague(t, c.files)
		calls := l.opportunities()
		split := l.split()
		var brier, stated, came float64
		var n int
		New().judge(calls, func(o *opportunity, p float64) {
			if l.start[o.event] >= split {
				y := indicator(o.hit)
				brier, stated, came, n = brier+(p-y)*(p-y), stated+p, came+y, n+1
			}
		})
		if len(calls) != c.found || n != c.judged {
			t.Fatalf("%s: %d opportunities, %d of later matches; want %d, %d", c.files, len(calls), n, c.found, c.judged)
		}
		skill := 1 - brier/float64(n)/c.constant
		t.Logf("%s: skill %+.3f, of the fitted regression %+.3f; stated %.3f, came %.3f", c.files, skill, c.skill, stated/float64(n), came/float64(n))
		if skill < 0.75*c.skill {
			t.Errorf("%s: skill %+.3f, three quarters of the fitted regression's are %+.3f", c.files, skill, 0.75*c.skill)
		}
		near(t, c.files+": mean stated chance", stated/float64(n), came/float64(n), 0.03)
	}
}

// judge predicts each call at its poll and learns outcomes once they have been received.
func (m *Model) judge(calls []*opportunity, told func(*opportunity, float64)) {
	known := slices.Clone(calls)
	slices.SortStableFunc(known, func(a, b *opportunity) int { return cmp.Compare(a.over, b.over) })
	for _, o := range calls {
		for len(known) > 0 && known[0].over <= o.at {
			m.Learn(&known[0].Features, known[0].hit)
			known = known[1:]
		}
		told(o, m.Predict(&o.Features))
	}
}

// opportunity is a poll at which others moved and the follower had not.
type opportunity struct {
	Features
	event    string
	at, over int // polls
	hit      bool
}

type (
	series struct{ event, market string }
	quotes map[int]float64 // by poll
	seat   struct {
		series
		venue string
	}
)

// recorded is one league's polls, in order.
type recorded struct {
	name   string
	at     []int64                      // seconds
	start  map[string]int64             // of events, as stated last
	seen   map[string]map[int]int64     // seconds to the start, as stated in each poll
	values map[series]map[string]quotes // by venue
	step   float64
}

// poll is one line of a recording.
type poll struct {
	Timestamp time.Time
	Data      []struct {
		ID         string
		SportKey   string    `json:"sport_key"`
		Commence   time.Time `json:"commence_time"`
		Home       string    `json:"home_team"`
		Away       string    `json:"away_team"`
		Bookmakers []struct {
			Key     string
			Markets []market
		}
	}
}

type market struct {
	Key      string
	Outcomes []struct {
		Name  string
		Price float64
		Point *float64
	}
}

func readLeague(t *testing.T, pattern string) *recorded {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../../shared/data", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no recordings %s under ../shared/data", pattern)
		}
		t.Skipf("no recordings %s under ../shared/data", pattern)
	}
	var polls []*poll
	for _, path := range files {
		polls = append(polls, readPolls(t, path)...)
	}
	slices.SortFunc(polls, func(a, b *poll) int { return a.Timestamp.Compare(b.Timestamp) }) // some lines are out of order
	l := &recorded{start: map[string]int64{}, seen: map[string]map[int]int64{}, values: map[series]map[string]quotes{}}
	for _, p := range polls {
		l.add(p)
	}
	steps := make([]float64, 0, len(l.at))
	for i := range l.at[1:] {
		steps = append(steps, float64(l.at[i+1]-l.at[i]))
	}
	l.step = median(steps)
	return l
}

func readPolls(t *testing.T, path string) (polls []*poll) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := json.NewDecoder(bzip2.NewReader(f)); d.More(); {
		p := &poll{}
		if err := d.Decode(p); err != nil {
			t.Fatal(path, err)
		}
		polls = append(polls, p)
	}
	return polls
}

func (l *recorded) add(p *poll) {
	k := len(l.at)
	l.at = append(l.at, p.Timestamp.Unix())
	for i := range p.Data {
		e := &p.Data[i]
		l.name = e.SportKey
		if l.seen[e.ID] == nil {
			l.seen[e.ID] = map[int]int64{}
		}
		l.seen[e.ID][k] = e.Commence.Unix() - l.at[k]
		l.start[e.ID] = e.Commence.Unix()
		for _, b := range e.Bookmakers {
			for _, m := range b.Markets {
				v, ok := m.value(l.name, e.Home, e.Away)
				if !ok {
					continue
				}
				s := series{e.ID, m.Key}
				if l.values[s] == nil {
					l.values[s] = map[string]quotes{}
				}
				if l.values[s][b.Key] == nil {
					l.values[s][b.Key] = quotes{}
				}
				l.values[s][b.Key][k] = v
			}
		}
	}
}

// value is the log-odds of home, or of over, with the line joined: by spread points of a
// result's standard deviation.
func (m *market) value(league, home, away string) (float64, bool) {
	spread := map[string][2]float64{"baseball_kbo": {4.7, 4.7}, "basketball_wnba": {16.5, 11.5}}[league]
	if !slices.Contains([]string{"h2h", "spreads", "totals"}, m.Key) {
		return 0, false
	}
	if m.Key == "totals" {
		home, away = "Over", "Under"
	}
	var a, b, draw float64
	var point *float64
	for _, o := range m.Outcomes {
		switch p := implied(o.Price); o.Name {
		case home:
			a, point = p, o.Point
		case away:
			b = p
		case "Draw":
			draw = p
		}
	}
	if sum := a + b + draw; a == 0 || b == 0 || sum <= 0.9 || sum >= 1.4 {
		return 0, false
	}
	v := math.Log(a / (b + draw))
	if point != nil && m.Key == "totals" {
		v += 4 / math.Sqrt(2*math.Pi) / spread[0] * *point
	} else if point != nil && m.Key == "spreads" {
		v -= 4 / math.Sqrt(2*math.Pi) / spread[1] * *point
	}
	return v, true
}

// implied is 1 / decimal odds of American odds; 0 without odds.
func implied(american float64) float64 {
	switch {
	case american > 0:
		return 100 / (100 + american)
	case american < 0:
		return american / (american - 100)
	}
	return 0
}

// split is the start of the first match of the later half.
func (l *recorded) split() int64 {
	var starts []int64
	for _, s := range l.start {
		starts = append(starts, s)
	}
	slices.Sort(starts)
	return starts[len(starts)/2]
}

// linked reports whether an event can have moved at poll k: seen before and there, in one
// phase, without a gap.
func (l *recorded) linked(event string, k int) bool {
	if k <= 0 || k >= len(l.at) {
		return false
	}
	now, ok := l.seen[event][k]
	before, was := l.seen[event][k-1]
	return ok && was && float64(l.at[k]-l.at[k-1]) <= 1.75*l.step && (now <= 0) == (before <= 0)
}

// opportunities lists them in the order of polls, those that cannot be judged left out.
func (l *recorded) opportunities() (found []*opportunity) {
	s := search{l, map[spot]*squares{}, map[seat]float64{}, map[seat]int{}, map[seat]int{}}
	all := make([]series, 0, len(l.values))
	for k := range l.values {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b series) int { return cmp.Or(cmp.Compare(a.event, b.event), cmp.Compare(a.market, b.market)) })
	for k := 1; k < len(l.at); k++ {
		var moved []move
		for _, of := range all {
			if l.linked(of.event, k) {
				moves := l.moves(of, k)
				moved = append(moved, moves...)
				found = append(found, s.of(of, k, moves)...)
			}
		}
		s.learn(moved, k)
	}
	return found
}

type move struct {
	seat
	live bool
	by   float64
}

const small = 1e-9 // rounding, not a move

func (l *recorded) moves(of series, k int) (moves []move) {
	for venue, q := range l.values[of] {
		now, ok := q[k]
		if before, was := q[k-1]; ok && was {
			moves = append(moves, move{seat{of, venue}, l.seen[of.event][k] <= 0, now - before})
		}
	}
	slices.SortFunc(moves, func(a, b move) int { return cmp.Compare(a.venue, b.venue) })
	return moves
}

// search is what is known up to a poll.
type search struct {
	*recorded
	squares map[spot]*squares
	last    map[seat]float64 // own last move
	moved   map[seat]int     // at which poll
	busy    map[seat]int     // last poll of an opportunity under way
}

type spot struct {
	market, venue string
	live          bool
}

type squares struct{ n, sum float64 }

func (s *search) learn(moved []move, k int) {
	for _, m := range moved {
		at := spot{m.market, m.venue, m.live}
		if s.squares[at] == nil {
			s.squares[at] = &squares{}
		}
		s.squares[at].n++
		s.squares[at].sum += m.by * m.by
		if math.Abs(m.by) > small {
			s.last[m.seat], s.moved[m.seat] = m.by, k
		}
	}
}

// of lists the opportunities of one market at poll k.
func (s *search) of(of series, k int, moves []move) (found []*opportunity) {
	var large []float64
	for _, m := range moves {
		if q := s.squares[spot{m.market, m.venue, m.live}]; math.Abs(m.by) > small && q != nil && q.n >= 100 && math.Abs(m.by) >= 2*math.Sqrt(q.sum/q.n) {
			large = append(large, m.by)
		}
	}
	middle := median(large)
	if math.Abs(middle) <= small || !s.linked(of.event, k+1) || !s.linked(of.event, k+2) {
		return nil
	}
	for _, m := range moves {
		if math.Abs(m.by) <= small && k > s.busy[m.seat] {
			s.busy[m.seat] = k + 2
			if o, ok := s.opportunity(m.seat, k, middle, moves); ok {
				found = append(found, o)
			}
		}
	}
	return found
}

func (s *search) opportunity(who seat, k int, middle float64, moves []move) (*opportunity, bool) {
	sign := math.Copysign(1, middle)
	own := s.values[who.series][who.venue]
	o := &opportunity{event: who.event, at: k, over: k + 2}
	known := false
	for _, j := range []int{k + 1, k + 2} {
		if v, ok := own[j]; ok {
			known = true
			o.hit = o.hit || sign*(v-own[k]) >= math.Abs(middle)/2-small
		}
	}
	var others []float64
	for venue, q := range s.values[who.series] {
		if v, ok := q[k]; ok && venue != who.venue {
			others = append(others, v)
		}
	}
	toStart := s.seen[who.event][k]
	o.Features = Features{
		League: s.name, Follower: who.venue, Market: who.market, Live: toStart <= 0, Size: math.Abs(middle),
		Gap: sign * (median(others) - own[k]), OwnLast: sign * s.last[who], ToStart: odds.Millis(1000 * toStart),
	}
	if at, ok := s.moved[who]; ok {
		o.OwnAge = odds.Millis(1000 * (s.at[k] - s.at[at]))
	}
	for _, m := range moves {
		switch {
		case sign*m.by > small:
			o.With++
			o.Families = append(o.Families, m.venue+" → "+who.venue+" "+who.market)
		case sign*m.by < -small:
			o.Against++
		}
	}
	return o, known
}

// median is 0 of nothing.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
