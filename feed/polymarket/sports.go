package polymarket

import (
	"slices"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// game is what is known of a match beside its prices.
type game struct {
	event               *odds.Event
	ids                 []string
	markets             []*market
	spoken              bool // the sports channel has told its state
	live, ended         bool
	score, period, text string
}

// playing reports whether the match is on or over; begun is what its schedule says.
func (g *game) playing(begun bool) bool { return g.live || g.ended || !g.spoken && begun }

// join makes a market one of its game.
func (d *Decoder) join(m *market, c *Contract) {
	if c.Game == "" {
		return
	}
	g := d.games[c.Game]
	if g == nil {
		g = &game{event: c.Event}
		d.games[c.Game] = g
	}
	if c.GameID != "" && d.byGame[c.GameID] == "" {
		d.byGame[c.GameID] = c.Game
		g.ids = append(g.ids, c.GameID)
	}
	g.markets = append(g.markets, m)
	m.game = g
	d.seed(g, c)
}

// leave ends a market's part in its game.
func (d *Decoder) leave(m *market) {
	g := m.game
	if g == nil {
		return
	}
	g.markets = slices.DeleteFunc(g.markets, func(x *market) bool { return x == m })
	if len(g.markets) == 0 {
		for _, id := range g.ids {
			delete(d.byGame, id)
		}
		delete(d.games, m.c.Game)
	}
}

// seed takes over what a listing says of a game, until the sports channel says more.
func (d *Decoder) seed(g *game, c *Contract) {
	if g.spoken || g.live == c.Live && g.ended == c.Ended {
		return
	}
	g.live, g.ended = c.Live, c.Ended
	for _, m := range g.markets {
		d.touch(m, 0)
	}
}

// result is a frame of the sports channel.
type result struct {
	slug, id, status, score, period string
	live, ended                     bool
	at                              odds.Time
}

// sports reads a frame of the sports channel. Games that no listing has are passed over.
func (d *Decoder) sports(data []byte) {
	s := jsonscan.New(data, 0)
	switch s.Peek() {
	case '{':
		d.result(&s)
	case '[':
		for more := s.Array(); more && s.Err() == nil; more = s.More(']') {
			d.result(&s)
		}
	default:
		d.text(data)
		return
	}
	d.fail(s.Err())
}

func (d *Decoder) result(s *jsonscan.Scanner) {
	r := d.read(s)
	if s.Err() != nil {
		return
	}
	g := d.games[gameOf(r.slug)]
	if g == nil {
		g = d.games[d.byGame[r.id]]
	}
	if g == nil {
		return
	}
	at := d.frame.Recv
	if r.at != 0 {
		at = min(r.at, at)
	}
	changed := g.live != r.live || g.ended != r.ended || !g.spoken
	g.live, g.ended, g.spoken = r.live, r.ended, true
	said := max(at, d.newest.Add(-markBack))
	d.mark(g, odds.ScoreMark, &g.score, r.score, said)
	d.mark(g, odds.PeriodMark, &g.period, r.period, said)
	d.mark(g, odds.StatusMark, &g.text, r.status, said)
	if !changed {
		return
	}
	for _, m := range g.markets {
		d.touch(m, at)
	}
}

// markBack is how much older than the newest price a mark may be. Scores come seconds after their
// stamp, when nobody waits for what was said at that time any more.
const markBack odds.Millis = 1000

// mark tells of something that has changed; what is not said has not.
func (d *Decoder) mark(g *game, kind odds.MarkKind, was *string, is string, at odds.Time) {
	if is == "" || is == *was {
		return
	}
	b := d.batch(at)
	b.Marks = append(b.Marks, odds.Mark{Event: g.event, Kind: kind, Value: is, Was: *was, Ended: g.ended})
	*was = is
}

// read reads the members of a result.
func (d *Decoder) read(s *jsonscan.Scanner) (r result) {
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "slug":
			r.slug = word(s)
		case "gameId":
			r.id = word(s)
		case "status":
			r.status = word(s)
		case "score":
			r.score = word(s)
		case "period":
			r.period = word(s)
		case "live":
			r.live = string(s.Raw()) == "true"
		case "ended":
			r.ended = string(s.Raw()) == "true"
		case "last_update", "updatedAt":
			r.at = when(s)
		case "leagueAbbreviation", "homeTeam", "awayTeam", "elapsed", "turn", "finished_timestamp", "finishedTimestamp",
			"eventState", "sportradarGameId", "type", "event_type":
			s.Skip()
		default:
			d.unknown("member ", string(key))
			s.Skip()
		}
	}
	return r
}

// word reads a short string or number.
func word(s *jsonscan.Scanner) string {
	switch s.Peek() {
	case '"':
		b, _ := s.String()
		return cut(string(b), mostText)
	case 'n', 't', 'f', '{', '[':
		s.Skip()
		return ""
	}
	return cut(string(s.Raw()), mostText)
}

func when(s *jsonscan.Scanner) odds.Time {
	b, ok := s.String()
	if !ok {
		return 0
	}
	t, err := feed.ParseTime(b, nil)
	if err != nil {
		return 0
	}
	return t
}
