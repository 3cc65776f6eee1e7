package sameness

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/server/ingest"
)

const (
	second odds.Millis = 1000
	minute             = 60 * second
)

// bound is how much older than its source's newest tick a tick may be: Options.OutOfOrder of the
// services that are compared.
const bound = 2 * second

// longest is the length of the simulated market in minutes, of which the end is taken: it has
// the same number of moves whatever its length.
const longest = 300

// silent is the share of the market for which a source, and an event, is not heard of.
const silent = 0.43

// source is one that sends ticks.
type source struct {
	name  string
	delay odds.Millis   // at most; from the event time to the arrival
	ticks []*odds.Batch // in the order in which it sends them, which is not quite that of their times
}

// market is what twelve sources say.
type market struct {
	from, to odds.Time
	sources  []source
}

// delays of the sources: half are streams of a second or so, as feeds of venues are; the
// others come up to a minute late.
var delays = []struct {
	source string
	most   odds.Millis
}{
	{"sharpline", 200},
	{"quickbet", 400},
	{"sleeper", 700},
	{"mirrorbet", 1500},
	{"midway", 2 * second},
	{"echo", 3 * second},
	{"oddspoll", 5 * second},
	{"slowhouse", 8 * second},
	{"northpoll", 15 * second},
	{"loner", 25 * second},
	{"latepoll", 40 * second},
	{"satellite", 60 * second},
}

// events of the simulated market that are kept: the first three are linked by a team and a
// city, the last two are played meanwhile. away is one of which nothing is quoted for a while.
var (
	events = []string{"mlb-nyy-bos", "mlb-tor-nyy", "wnba-nyl-lva", "kbo-lg-doosan", away}
	away   = "kbo-kia-lotte"
)

// newMarket makes a market. In a calm one each source has been heard before the first of them is
// waited for, and none comes late for the first time, so that it does not depend on the delays
// which ticks are learnt from.
func newMarket(seed uint64, minutes int, calm bool) (*market, error) {
	m := &market{from: 1_780_336_800_000}
	m.to = m.from.Add(odds.Millis(minutes) * minute)
	said, err := m.simulated(seed)
	if err != nil {
		return nil, err
	}
	said["echo"] = merged(
		copied(said["midway"], "echo", 0, func(at odds.Time) bool { return at < m.part(0.5) }),
		copied(said["loner"], "echo", 40, func(at odds.Time) bool { return at >= m.part(0.5) }),
	)
	said["sleeper"] = copied(said["sharpline"], "sleeper", 3*second, func(at odds.Time) bool { return at < m.part(0.35) || at > m.part(0.35+silent) })
	said["satellite"] = copied(said["quickbet"], "satellite", second, func(at odds.Time) bool { return calm || at > m.part(0.3) })
	said["northpoll"] = m.polled(said["quickbet"], "northpoll", func(at odds.Time) odds.Millis {
		if at < m.part(0.2) { // the median of all steps is another one once most are
			return 20 * second
		}
		return 45 * second
	})
	said["latepoll"] = m.polled(said["slowhouse"], "latepoll", func(odds.Time) odds.Millis { return 120 * second })
	said["quickbet"] = legged(said["quickbet"])
	r := rand.New(rand.NewPCG(seed, 99))
	for i, d := range delays {
		ticks := disturbed(r, received(r, said[d.source], d.most))
		if calm {
			ticks = append([]*odds.Batch{hello(said[d.source][0], m.from.Add(-10*minute+odds.Millis(i)*300))}, ticks...)
		}
		m.sources = append(m.sources, source{d.source, d.most, ticks})
	}
	return m, nil
}

// part is the time at which a share of the market is over.
func (m *market) part(share float64) odds.Time {
	return m.from.Add(odds.Millis(share * float64(m.to.Sub(m.from))))
}

// known are the delays, as an operator would state them.
func (m *market) known() map[string]ingest.SourceOptions {
	out := map[string]ingest.SourceOptions{}
	for _, s := range m.sources {
		out[s.name] = ingest.SourceOptions{Delay: s.delay}
	}
	return out
}

// simulated returns what the sources of a simulated market say, by source. The two venues of its
// poll are named apart from those that are added here.
func (m *market) simulated(seed uint64) (map[string][]*odds.Batch, error) {
	said := map[string][]*odds.Batch{}
	_, err := simulate.Run(simulate.Options{Seed: seed, Minutes: longest, Start: m.to.Add(-longest * minute)}, func(b *odds.Batch) error {
		if b.At < m.from {
			return nil
		}
		b.Updates = slices.DeleteFunc(b.Updates, func(u odds.Update) bool {
			return m.gone(b.At, u.Event) || !slices.Contains(events, u.Event.ID) || u.Market != "h2h" && (u.Market != "totals" || u.Event.ID != events[0])
		})
		if len(b.Updates) > 0 {
			said[b.Source] = append(said[b.Source], b)
		}
		return nil
	})
	return said, err
}

// gone reports whether an event is not quoted at a time.
func (m *market) gone(at odds.Time, e *odds.Event) bool {
	return e.ID == away && at > m.part(0.2) && at < m.part(0.2+silent)
}

// copied returns what a venue says that shows the prices of another one some time later, where it
// shows them at all.
func copied(of []*odds.Batch, name string, lag odds.Millis, shows func(odds.Time) bool) (out []*odds.Batch) {
	for _, b := range of {
		if !shows(b.At) {
			continue
		}
		c := own(b)
		c.Source, c.At, c.Recv = name, b.At.Add(lag), b.Recv.Add(lag)
		for i := range c.Updates {
			c.Updates[i].Venue, c.Updates[i].Updated = name, c.Updates[i].Updated.Add(lag)
		}
		out = append(out, c)
	}
	return out
}

// own returns a copy of a batch whose updates may be changed.
func own(b *odds.Batch) *odds.Batch {
	c := *b
	c.Updates = slices.Clone(b.Updates)
	return &c
}

func merged(a, b []*odds.Batch) []*odds.Batch {
	out := append(slices.Clone(a), b...)
	slices.SortStableFunc(out, func(a, b *odds.Batch) int { return cmp.Compare(a.At, b.At) })
	return out
}

// polled returns what a poll sees of a stream. Its first answer comes half a step after it.
func (m *market) polled(of []*odds.Batch, name string, step func(odds.Time) odds.Millis) (out []*odds.Batch) {
	var shown []odds.Update // in the order of first sight
	at := of[0].At.Add(step(of[0].At) / 2)
	for i := 0; i < len(of); at = at.Add(step(at)) {
		for ; i < len(of) && of[i].At <= at; i++ {
			for _, u := range of[i].Updates {
				u.Venue = name + "book"
				k := slices.IndexFunc(shown, func(v odds.Update) bool { return v.Event.ID == u.Event.ID && v.Market == u.Market })
				if k < 0 {
					shown = append(shown, u)
					continue
				}
				shown[k] = u
			}
		}
		answer := slices.DeleteFunc(slices.Clone(shown), func(u odds.Update) bool { return m.gone(at, u.Event) })
		out = append(out, &odds.Batch{Source: name, At: at, Recv: at, Polled: true, Updates: answer})
	}
	return out
}

// legged returns a stream whose h2h markets come one outcome at a time.
func legged(of []*odds.Batch) (out []*odds.Batch) {
	for _, b := range of {
		first, rest := own(b), own(b)
		rest.At, rest.Recv, rest.Updates = b.At.Add(30), b.Recv.Add(30), nil
		for i := range first.Updates {
			u := &first.Updates[i]
			if u.Market != "h2h" || u.Status != odds.Open || len(u.Quotes) < 2 {
				continue
			}
			u.Image = false
			other := *u
			u.Quotes, other.Quotes = u.Quotes[:1:1], u.Quotes[1:]
			rest.Updates = append(rest.Updates, other)
		}
		out = append(out, first)
		if len(rest.Updates) > 0 {
			out = append(out, rest)
		}
	}
	return merged(out, nil)
}

// received states when ticks were received: a source of which the delay is known by its ticks.
func received(r *rand.Rand, of []*odds.Batch, delay odds.Millis) []*odds.Batch {
	if delay > 4*second {
		return of // it states nothing
	}
	for _, b := range of {
		b.Recv = b.At.Add(1 + odds.Millis(r.Int64N(int64(delay))))
	}
	return of
}

// disturbed returns ticks in the order in which they are sent: a few a little too late, a few so
// late that their source may not send them any more.
func disturbed(r *rand.Rand, of []*odds.Batch) []*odds.Batch {
	type sent struct {
		*odds.Batch
		place odds.Time
	}
	all := make([]sent, len(of))
	for i, b := range of {
		all[i] = sent{b, b.At}
		switch n := r.IntN(1000); {
		case n < 30:
			all[i].place = b.At.Add(odds.Millis(r.IntN(600)))
		case n < 33:
			all[i].place = b.At.Add(5*second + odds.Millis(r.IntN(25_000)))
		}
	}
	slices.SortStableFunc(all, func(a, b sent) int { return cmp.Compare(a.place, b.place) })
	out := make([]*odds.Batch, len(all))
	for i := range all {
		out[i] = all[i].Batch
	}
	return out
}

// hello is what a source says before anything happens.
func hello(b *odds.Batch, at odds.Time) *odds.Batch {
	c := own(b)
	c.At, c.Recv = at, at
	for i := range c.Updates {
		c.Updates[i].Updated = 0
	}
	return c
}

// ordered are all batches in the order of their times, without those that no service would take.
func (m *market) ordered() (all []*odds.Batch) {
	for _, s := range m.sources {
		newest := odds.Ever
		for _, b := range s.ticks {
			if newest == odds.Ever || b.At >= newest.Add(-bound) {
				all = append(all, b)
			}
			newest = max(newest, b.At)
		}
	}
	slices.SortStableFunc(all, func(a, b *odds.Batch) int { return cmp.Compare(a.At, b.At) })
	return all
}
